"""Tang Nano 9K."""

from hadacast.boards.board import Board

BOARD = Board(
    name="tang_nano_9k",
    title="Sipeed Tang Nano 9K",
    family="gowin",
    device="GW1NR-LV9QN88PC6/I5",
    platform="tang_nano_9k:TangNano9kPlatform",
    luts=8_640,
    ram_kbits=468,
    load="openFPGALoader -b tangnano9k {file}",
)
