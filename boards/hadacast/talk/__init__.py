"""The host side of a board's UART: packets, and the client that sends frames through a core."""
