"""The catalogue against amaranth-boards."""

import sys

import pytest

from hadacast import boards
from hadacast.boards.bridge.uart import divisor
from hadacast.errors import HadacastError
from hadacast.tech import family


@pytest.mark.parametrize("name", boards.BOARDS)
def test_board_is_what_it_says(name):
    board = boards.get(name)
    platform = board.make_platform()
    assert board.name == name
    assert family.of_platform(platform).name == board.family
    assert ("uart", 0) in platform.resources
    assert divisor(board.clock, board.baud) >= 4
    part = getattr(platform, "part", None) or platform.device
    assert part in board.device
    assert board.load.format(file="x.bin") != board.load


def test_all_three_families_are_there():
    assert {board.family for board in boards.BOARDS.values()} == {"ice40", "ecp5", "gowin"}


def test_unknown_board_lists_the_known():
    with pytest.raises(HadacastError, match=r"board is 'de10': it must be one of icestick, .*ulx3s_85f"):
        boards.get("de10")


def test_amaranth_boards_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "amaranth_boards", None)
    monkeypatch.delitem(sys.modules, "amaranth_boards.icebreaker", raising=False)
    with pytest.raises(HadacastError, match=r"pip install 'hadacast\[synth\]'"):
        boards.get("icebreaker").make_platform()
