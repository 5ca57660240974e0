"""Where delays live, and which family an elaboration is for."""

import pytest
from amaranth_boards.arty_a7 import ArtyA7_35Platform
from amaranth_boards.icebreaker import ICEBreakerPlatform
from amaranth_boards.kcu105 import KCU105Platform
from amaranth_boards.tang_nano_9k import TangNano9kPlatform
from amaranth_boards.ulx3s import ULX3S_85F_Platform

from hadacast.core.top import AxiTop
from hadacast.core.verilog import to_verilog
from hadacast.errors import HadacastError
from hadacast.recipe import load
from hadacast.tech import family


@pytest.mark.parametrize(
    ("name", "depth", "storage"),
    [
        ("ecp5", 4, "ff"),
        ("ecp5", 8, "lutram"),
        ("ecp5", 16, "lutram"),
        ("ecp5", 32, "bram"),
        ("gowin", 32, "bram"),
        ("ice40", 2, "ff"),
        ("ice40", 4, "bram"),
        ("xilinx7", 4, "ff"),
        ("xilinx7", 64, "lutram"),
        ("xilinx7", 128, "bram"),
    ],
)
def test_auto_storage(name, depth, storage):
    assert family.get(name).storage(depth) == storage


@pytest.mark.parametrize(
    ("platform", "name"),
    [
        (None, "generic"),
        (family.Target(family.get("gowin")), "gowin"),
        (ICEBreakerPlatform(), "ice40"),
        (TangNano9kPlatform(toolchain="Apicula"), "gowin"),
        (ULX3S_85F_Platform(), "ecp5"),
        (ArtyA7_35Platform(), "xilinx7"),
        (KCU105Platform(), "generic"),
    ],
    ids=["none", "target", "icebreaker", "tang_nano_9k", "ulx3s", "arty_a7", "kcu105"],
)
def test_of_platform(platform, name):
    assert family.of_platform(platform).name == name


def test_unknown_family():
    with pytest.raises(
        HadacastError, match="family is 'xc7': it must be one of generic, ecp5, gowin, xilinx7, ice40"
    ):
        family.get("xc7")


def test_no_lut_ram():
    spec = load("rotate128", ["stage.fwht.storage=lutram"]).pipeline
    with pytest.raises(HadacastError, match="ice40 has no LUT RAM; it must be auto, ff or bram"):
        to_verilog(AxiTop(spec), "ice40")
    assert to_verilog(AxiTop(spec), "ecp5")
