"""Family-specific primitives, each behind one interface with a plain RTL implementation."""
