"""Which device stands for a board's FPGA when a core is measured alone."""

from hadacast.boards.board import Board
from hadacast.synth.devices import DEVICES, Device, device


def device_of(board: Board) -> Device:
    """The board's own FPGA if it can be measured, else the nearest of its family.

    Of iCE40 there are two speeds: UltraPlus and HX. A core too large for the board may so be
    measured all the same.
    """
    code = board.device.upper()
    if board.family == "ecp5":
        size = code.partition("-")[2].partition("F")[0]  # LFE5U-85F-6BG381C
        return DEVICES.get(f"ecp5-{size}k", device("ecp5-25k"))
    if board.family == "ice40":
        return device("ice40-up5k" if "UP5K" in code else "ice40-hx8k")
    return device("gw1nr-9c")
