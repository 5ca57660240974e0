"""iCEstick."""

from hadacast.boards.board import Board

BOARD = Board(
    name="icestick",
    title="Lattice iCEstick",
    family="ice40",
    device="iCE40HX1K-TQ144",
    platform="icestick:ICEStickPlatform",
    luts=1280,
    ram_kbits=64,
    load="openFPGALoader -b ice40_generic {file}",
    note="room for small cores only, such as 16 elements on 1 lane of 8 bits",
)
