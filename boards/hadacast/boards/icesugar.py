"""iCESugar."""

from hadacast.boards.board import Board

BOARD = Board(
    name="icesugar",
    title="Muse Lab iCESugar",
    family="ice40",
    device="iCE40UP5K-SG48",
    platform="icesugar:ICESugarPlatform",
    luts=5280,
    ram_kbits=120,
    load="cp {file} to the drive that the board appears as",
    baud=115_200,
    note="the on-board debugger is the serial port; its rate is kept low",
)
