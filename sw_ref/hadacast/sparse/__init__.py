"""Sparse Walsh-Hadamard spectra: which samples to take, and the spectrum from what the core says of them."""
