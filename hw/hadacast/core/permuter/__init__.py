"""Parts of the permuting stages."""
