"""Proofs about the hardware: stream rules and exact values, by induction over all that can ever arrive."""
