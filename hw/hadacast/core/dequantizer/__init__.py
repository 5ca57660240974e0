"""Parts of the dequantizer."""
