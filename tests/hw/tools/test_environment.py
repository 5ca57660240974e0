"""The variables that Amaranth's board flows read."""

import os
import sysconfig

import pytest
from amaranth._toolchain import tool_env_var

from hadacast.errors import HadacastError
from hadacast.tools.environment import FAMILIES, environment


def test_amaranth_would_find_every_tool(monkeypatch):
    for family, tools in FAMILIES.items():
        found = environment(family)
        for tool in tools:
            assert os.access(found[tool_env_var(tool)], os.X_OK)


def test_tools_named_here_are_those_amaranth_requires():
    from amaranth_boards.icebreaker import ICEBreakerPlatform
    from amaranth_boards.tang_nano_9k import TangNano9kPlatform
    from amaranth_boards.ulx3s import ULX3S_85F_Platform

    for family, board in zip(
        FAMILIES, (ICEBreakerPlatform, ULX3S_85F_Platform, TangNano9kPlatform), strict=True
    ):
        wanted = set(board().required_tools) - {"openFPGALoader"}
        assert set(FAMILIES[family]) == wanted


def test_all_families_and_programmers(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))  # no programmer here
    for name in ("OPENFPGALOADER", "DFU_UTIL", "DFU_SUFFIX"):
        monkeypatch.delenv(name, raising=False)
    found = environment()
    assert {tool_env_var(tool) for tools in FAMILIES.values() for tool in tools} <= set(found)
    assert found["OPENFPGALOADER"] == found["DFU_SUFFIX"] == found["DFU_UTIL"] == "true"


def test_the_users_choice_wins(monkeypatch):
    monkeypatch.setenv("NEXTPNR_ECP5", "/bin/echo")
    monkeypatch.setenv("OPENFPGALOADER", "/bin/echo")
    found = environment("ecp5")
    assert found["NEXTPNR_ECP5"] == found["OPENFPGALOADER"] == "/bin/echo"


def test_errors(monkeypatch, tmp_path):
    with pytest.raises(HadacastError, match="unknown FPGA family 'xilinx': one of ice40, ecp5, gowin"):
        environment("xilinx")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path))
    with pytest.raises(HadacastError, match=r"pip install hadacast$"):
        environment("gowin")
    assert "ECPPACK" not in environment()
