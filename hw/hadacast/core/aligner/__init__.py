"""Parts of the align stage."""
