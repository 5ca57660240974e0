"""Icepi Zero."""

from hadacast.boards.board import Board

BOARD = Board(
    name="icepi_zero",
    title="Icepi Zero v1.3",
    family="ecp5",
    device="LFE5U-25F-6BG256C",
    platform="icepi_zero:IcepiZero1_3Platform",
    luts=24_288,
    ram_kbits=1_008,
    load="openFPGALoader -b icepi-zero {file}",
)
