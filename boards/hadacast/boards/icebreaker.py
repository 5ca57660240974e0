"""iCEBreaker."""

from hadacast.boards.board import Board

BOARD = Board(
    name="icebreaker",
    title="1BitSquared iCEBreaker",
    family="ice40",
    device="iCE40UP5K-SG48",
    platform="icebreaker:ICEBreakerPlatform",
    luts=5280,
    ram_kbits=120,
    load="openFPGALoader -b ice40_generic {file}",
)
