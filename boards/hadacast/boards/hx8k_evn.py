"""iCE40-HX8K breakout board."""

from hadacast.boards.board import Board

BOARD = Board(
    name="hx8k_evn",
    title="Lattice iCE40HX8K-B-EVN",
    family="ice40",
    device="iCE40HX8K-CT256",
    platform="ice40_hx8k_b_evn:ICE40HX8KBEVNPlatform",
    luts=7680,
    ram_kbits=128,
    load="openFPGALoader -b ice40_generic {file}",
    note="the command writes the flash: set the jumpers for that first",
)
