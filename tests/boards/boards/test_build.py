"""Bitstreams, from the real tools."""

import hashlib
import json
from dataclasses import replace

import pytest
from boards.cores import core

from hadacast import boards
from hadacast.boards.build import build_bitstream
from hadacast.errors import HadacastError
from hadacast.tools import process

pytest.importorskip("amaranth_boards")


def installed(*tools):
    try:
        for tool in tools:
            process.find(tool)
    except HadacastError:
        return False
    return True


needs_ice40 = pytest.mark.skipif(not installed("nextpnr-ice40", "icepack"), reason="no iCE40 tools")
needs_all = pytest.mark.skipif(
    not installed("nextpnr-ice40", "nextpnr-ecp5", "nextpnr-himbaechel-gowin"), reason="no tools"
)


def check(name, spec, folder):
    board = boards.get(name)
    said = []
    result = build_bitstream(spec, board, folder, progress=said.append)
    data = result.bitstream.read_bytes()
    assert result.bitstream.parent == folder
    assert result.bitstream.suffix == board.suffix
    assert (result.bytes, result.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert result.fmax >= result.clock == board.clock / 1e6
    assert result.utilization
    assert all(0 < count["used"] <= count["available"] for count in result.utilization.values())
    assert str(result.bitstream) in result.load
    assert sum("synthesizing" in line or "placing" in line or "packing" in line for line in said) == 3
    assert result.to_dict()["board"] == name
    return result


@needs_ice40
def test_icebreaker(tmp_path):
    spec = core(16, 1, 8)
    result = check("icebreaker", spec, tmp_path / "a")
    # An iCE40 bitstream opens with a comment and has its preamble behind it.
    assert b"\x7e\xaa\x99\x7e" in result.bitstream.read_bytes()[:64]
    assert set(result.tools) == {"yosys", "nextpnr-ice40"}
    again = build_bitstream(spec, boards.get("icebreaker"), tmp_path / "b")
    assert again.sha256 == result.sha256


@needs_ice40
def test_too_large_a_core_is_one_line(tmp_path):
    said = r"does not fit Lattice iCEstick: it needs [\d,]+ of 1,280 ICESTORM_LC"
    with pytest.raises(HadacastError, match=said) as e:
        build_bitstream(core(16, 4, 16), boards.get("icestick"), tmp_path)
    assert "\n" not in str(e.value)


@needs_ice40
def test_missed_timing_is_one_line(tmp_path, monkeypatch):
    from amaranth_boards.icebreaker import ICEBreakerPlatform

    # A board with a clock that no iCE40UP5K reaches with this core.
    fast = [r for r in ICEBreakerPlatform.resources if r.name != "clk12"]
    (clock,) = (r for r in ICEBreakerPlatform.resources if r.name == "clk12")
    hurried = type(clock)(clock.name, clock.number, *clock.ios, clock.attrs)
    hurried.clock = type(clock.clock)(96e6)
    monkeypatch.setattr(ICEBreakerPlatform, "resources", [hurried, *fast])
    said = r"timing isn't met: core_16 reaches [\d.]+ MHz of .*'s 96 MHz, using"
    with pytest.raises(HadacastError, match=said) as e:
        build_bitstream(core(16, 1, 8), boards.get("icebreaker"), tmp_path)
    assert "ICESTORM_LC" in str(e.value)
    assert "\n" not in str(e.value)


def test_baud_that_the_clock_misses(tmp_path):
    board = replace(boards.get("icebreaker"), baud=2_800_000)
    with pytest.raises(HadacastError, match=r"baud is 2,800,000: a 12 MHz clock misses it by 7.1 %"):
        build_bitstream(core(16, 1, 8), board, tmp_path)


def test_bad_arguments(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(HadacastError, match="seed is -1"):
        build_bitstream(core(16, 1, 8), boards.get("icebreaker"), tmp_path, seed=-1)
    with pytest.raises(HadacastError, match="workdir"):
        build_bitstream(core(16, 1, 8), boards.get("icebreaker"), tmp_path / "file")


@needs_all
@pytest.mark.long
@pytest.mark.parametrize("name", [name for name in boards.BOARDS if name != "icestick"])
def test_every_board(name, tmp_path):
    check(name, core(64, 4, 16), tmp_path)
    for netlist in tmp_path.glob("top.syn.json"):  # Gowin's: narrower LUTs wouldn't be timed
        kinds = {cell["type"] for cell in json.loads(netlist.read_text())["modules"]["top"]["cells"].values()}
        assert "LUT4" in kinds
        assert not {"LUT1", "LUT2", "LUT3"} & kinds


@needs_all
@pytest.mark.long
def test_the_smallest_board(tmp_path):
    check("icestick", core(16, 1, 8), tmp_path)
