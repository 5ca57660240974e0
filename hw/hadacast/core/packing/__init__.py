"""Parts of the pack and unpack stages."""
