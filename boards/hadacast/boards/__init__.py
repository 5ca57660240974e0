"""The boards that hadacast builds bitstreams for, by name."""

from hadacast.boards import (
    ecpix5,
    hx8k_evn,
    icebreaker,
    icepi_zero,
    icestick,
    icesugar,
    tang_nano_9k,
    tang_primer_20k,
    ulx3s,
)
from hadacast.boards.board import Board
from hadacast.errors import HadacastError

BOARDS: dict[str, Board] = {
    board.name: board
    for board in (
        icestick.BOARD,
        icebreaker.BOARD,
        icesugar.BOARD,
        hx8k_evn.BOARD,
        icepi_zero.BOARD,
        *ulx3s.BOARDS,
        *ecpix5.BOARDS,
        tang_nano_9k.BOARD,
        tang_primer_20k.BOARD,
    )
}
"""Every board, by name, smallest of a family first."""


def get(name: str) -> Board:
    """The board called `name`. Raises HadacastError, with all names, if there is none."""
    if name not in BOARDS:
        raise HadacastError(f"board is {name!r}: it must be one of {', '.join(BOARDS)}")
    return BOARDS[name]


__all__ = ["BOARDS", "Board", "get"]
