"""Mutants of a core: small faults of design, planted to see whether the benches find them."""
