"""Static permutations of streamed frames: which circuit each one takes, and the tables that drive it."""
