"""Stage specs: what each stage computes, exactly, and the widths it needs."""
