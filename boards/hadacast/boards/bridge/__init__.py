"""The hardware between a board's serial port and a core, one component per file."""
