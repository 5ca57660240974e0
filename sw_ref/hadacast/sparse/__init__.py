"""Sparse Walsh-Hadamard spectra from few samples: what to sample, and the spectrum from what the core says."""
