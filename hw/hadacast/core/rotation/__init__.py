"""Parts of the matrix product."""
