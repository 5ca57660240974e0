"""The named DSP block does what the plain product does, by a model of the block written from its guide."""

from pathlib import Path

import pytest
from amaranth.back import rtlil

from hadacast.errors import HadacastError
from hadacast.tech.dsp import TileMultiplier
from hadacast.tech.family import FAMILIES, Target
from hadacast.tools import yosys

MODEL = Path(__file__).with_name("mult18x18d.v")


def prove(folder: Path, bits: tuple[int, int], text: str) -> str:
    """Six cycles from equal registers, whatever comes in: the pipe is two deep."""
    for name, family in (("gold", "generic"), ("gate", "ecp5")):
        top = rtlil.convert(TileMultiplier(*bits), name=name, platform=Target(FAMILIES[family]))
        Path(folder, f"{name}.il").write_text(top if name == "gold" else text or top)
    script = f"""
        read_verilog {MODEL}
        read_rtlil gate.il
        hierarchy -top gate
        proc
        flatten
        design -stash gate
        read_rtlil gold.il
        hierarchy -top gold
        proc
        flatten
        design -copy-from gate -as gate gate
        miter -equiv -flatten -make_outputs gold gate miter
        hierarchy -top miter
        opt -full
        sat -verify -seq 6 -set-init-zero -prove trigger 0 -show-inputs miter
    """
    return yosys.run(script, cwd=folder, timeout=300)


@pytest.mark.parametrize("bits", [(1, 1), (2, 5), (4, 4)])
def test_equal_to_plain(tmp_path, bits):
    assert "SAT proof finished - no model found: SUCCESS!" in prove(tmp_path, bits, "")


@pytest.mark.parametrize("register", ["INPUTA", "INPUTB", "OUTPUT"])
def test_a_missing_register_is_found(tmp_path, register):
    text = rtlil.convert(TileMultiplier(2, 3), name="gate", platform=Target(FAMILIES["ecp5"]))
    right = f'parameter \\REG_{register}_CLK "CLK0"'
    assert right in text
    with pytest.raises(HadacastError, match="proof did fail"):
        prove(tmp_path, (2, 3), text.replace(right, right.replace("CLK0", "NONE")))
