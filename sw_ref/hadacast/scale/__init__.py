"""Scales: how the elements of a group get the one number that they are divided by."""
