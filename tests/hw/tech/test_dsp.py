"""The named DSP block does what the plain product does, by a model of the block written from its guide."""

from pathlib import Path

import pytest
from amaranth.back import rtlil

from hadacast.errors import HadacastError
from hadacast.tech.dsp import TileMultiplier
from hadacast.tech.family import FAMILIES, Target
from hadacast.tools import yosys

MODEL = Path(__file__).with_name("mult18x18d.v")


def prove(folder: Path, bits: tuple[int, int], text: str, b: int | None = None, **signs: bool) -> str:
    """Six cycles from equal registers, whatever comes in, or with one b only: the pipe is two deep."""
    fixed = "" if b is None else f"-set in_b {b}"
    for name, family in (("gold", "generic"), ("gate", "ecp5")):
        top = rtlil.convert(TileMultiplier(*bits, **signs), name=name, platform=Target(FAMILIES[family]))
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
        sat -verify -seq 6 -set-init-zero -prove trigger 0 {fixed} -show-inputs miter
    """
    return yosys.run(script, cwd=folder, timeout=300)


@pytest.mark.parametrize("bits", [(1, 1), (2, 5), (4, 4)])
def test_equal_to_plain(tmp_path, bits):
    assert "SAT proof finished - no model found: SUCCESS!" in prove(tmp_path, bits, "")


@pytest.mark.parametrize(
    "signs", [{"a_signed": True}, {"b_signed": True}, {"a_signed": True, "b_signed": True}], ids="+".join
)
@pytest.mark.parametrize("bits", [(1, 2), (3, 1), (4, 3)])
def test_signed_factors(tmp_path, bits, signs):
    assert "SAT proof finished - no model found: SUCCESS!" in prove(tmp_path, bits, "", **signs)


@pytest.mark.parametrize("b", [0, 1, 5, 1 << 17, (1 << 18) - 1])
@pytest.mark.parametrize("signs", [{}, {"a_signed": True}, {"b_signed": True}])
def test_signs_of_long_factors(tmp_path, b, signs):
    """Up to 18 bits of a product, extended factors would give the same either way."""
    assert "SAT proof finished - no model found: SUCCESS!" in prove(tmp_path, (4, 18), "", b, **signs)


@pytest.mark.parametrize(("pin", "b"), [("SIGNEDA", 5), ("SIGNEDB", 1 << 17)])
def test_a_wrong_sign_is_found(tmp_path, pin, b):
    bits, signs = (4, 18), {"a_signed": True, "b_signed": True}
    right = rtlil.convert(TileMultiplier(*bits, **signs), name="gate", platform=Target(FAMILIES["ecp5"]))
    wrong = right.replace(f"connect \\{pin} 1'1", f"connect \\{pin} 1'0")
    assert wrong != right
    with pytest.raises(HadacastError, match="proof did fail"):
        prove(tmp_path, bits, wrong, b, **signs)


@pytest.mark.parametrize("register", ["INPUTA", "INPUTB", "OUTPUT"])
def test_a_missing_register_is_found(tmp_path, register):
    text = rtlil.convert(TileMultiplier(2, 3), name="gate", platform=Target(FAMILIES["ecp5"]))
    right = f'parameter \\REG_{register}_CLK "CLK0"'
    assert right in text
    with pytest.raises(HadacastError, match="proof did fail"):
        prove(tmp_path, (2, 3), text.replace(right, right.replace("CLK0", "NONE")))
