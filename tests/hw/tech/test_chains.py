"""Each family's chains are proved equal, for all inputs, to what they stand for (SAT, in Yosys)."""

from pathlib import Path

import pytest
from amaranth.back import rtlil
from hw.tech.cells import CELLS

from hadacast.errors import HadacastError
from hadacast.tech.chains import AddSubtract, Chain, Exceeds, verilog
from hadacast.tech.family import FAMILIES, Target
from hadacast.tools import yosys

TWINS = [(chain, family) for chain in (AddSubtract, Exceeds) for family in sorted(chain.families)]


def prove(folder: Path, chain: Chain, family: str, text: str) -> str:
    """Prove `text`, a family's module, equal to the plain chain; HadacastError where it isn't."""
    plain = rtlil.convert(chain, name="gold", platform=Target(FAMILIES["generic"]))
    Path(folder, "gold.il").write_text(plain)
    Path(folder, "gate.v").write_text(text)
    name = f"{chain.module}_{family}"
    script = f"""
        {CELLS[family]}
        read_verilog gate.v
        chparam -set WIDTH {chain.width} {name}
        hierarchy -top {name}
        proc
        flatten
        rename -top gate
        read_rtlil gold.il
        proc gold
        miter -equiv -flatten -make_outputs gold gate miter
        hierarchy -top miter
        opt -full
        sat -verify -prove trigger 0 -show-inputs miter
    """
    return yosys.run(script, cwd=folder, timeout=300)


@pytest.mark.parametrize("width", [1, 2, 3, 8, 13])
@pytest.mark.parametrize(("chain", "family"), TWINS)
def test_equal_to_plain(tmp_path, chain, family, width):
    made = chain(width)
    text = verilog(f"{made.module}_{family}")
    assert "SAT proof finished - no model found: SUCCESS!" in prove(tmp_path, made, family, text)


@pytest.mark.parametrize(
    ("chain", "family", "right", "wrong"),
    [
        (AddSubtract, "ecp5", "16'h960A", "16'h960C"),
        (AddSubtract, "gowin", ".I3(~subtract)", ".I3(subtract)"),
        (Exceeds, "ecp5", "16'h6905", "16'h6903"),
        (Exceeds, "gowin", ".I1(more)", ".I1(~more)"),
        (Exceeds, "xilinx7", "8'h69", "8'h96"),
        (Exceeds, "xilinx7", "? ~more", "? more"),
    ],
)
def test_a_wrong_table_is_found(tmp_path, chain, family, right, wrong):
    made = chain(3)
    text = verilog(f"{made.module}_{family}")
    assert right in text
    with pytest.raises(HadacastError, match="proof did fail"):
        prove(tmp_path, made, family, text.replace(right, wrong))
