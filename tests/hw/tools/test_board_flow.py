"""Amaranth's own board flow, with nothing but the variables of `environment`."""

import os
import subprocess

import pytest
from amaranth.hdl import Module, Signal

from hadacast.tools.environment import environment


@pytest.mark.long
@pytest.mark.parametrize("family", ["ice40", "ecp5", "gowin"])
def test_a_bitstream_is_built(family, tmp_path, monkeypatch):
    from amaranth_boards.icebreaker import ICEBreakerPlatform
    from amaranth_boards.tang_nano_9k import TangNano9kPlatform
    from amaranth_boards.ulx3s import ULX3S_85F_Platform

    board, suffix = {
        "ice40": (ICEBreakerPlatform, "bin"),
        "ecp5": (ULX3S_85F_Platform, "bit"),
        "gowin": (TangNano9kPlatform, "fs"),
    }[family]
    monkeypatch.setenv("PATH", "/usr/bin:/bin")  # no activated environment
    for name, value in environment(family).items():
        monkeypatch.setenv(name, value)
    platform, module, count = board(), Module(), Signal(24)
    module.d.sync += count.eq(count + 1)
    module.d.comb += platform.request("led", 0).o.eq(count[-1] ^ (count[3] & count[7]))
    platform.prepare(module, "blinky").extract(tmp_path)
    done = subprocess.run(
        ["sh", "build_blinky.sh"], cwd=tmp_path, env=os.environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / f"blinky.{suffix}").stat().st_size > 1000
    if family == "gowin":
        assert '"LUT4"' in (tmp_path / "blinky.syn.lut4.json").read_text()
