"""A core in standard cells: area, timing and power before layout, from any Liberty library."""
