"""Proofs about the hardware: stream rules, progress, equality."""
