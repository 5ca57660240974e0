"""Parts of the quantizer: reduction, replay, the units that make scales and codes, and rounding."""
