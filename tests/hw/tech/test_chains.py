"""Each family's chains are proved equal, for all inputs, to what they stand for (SAT, in Yosys)."""

from pathlib import Path

import pytest
from amaranth.back import rtlil

from hadacast.errors import HadacastError
from hadacast.prove.cells import CELLS
from hadacast.tech.chains import Above, AboveEither, AddSubtract, Chain, Magnitude, verilog
from hadacast.tech.family import FAMILIES, Target
from hadacast.tools import yosys

TWINS = [(chain, family) for chain in (Above, AboveEither, AddSubtract) for family in sorted(chain.families)]


def held(bits: int) -> Magnitude:
    return Magnitude(2 * bits, bits, 2)


def prove(folder: Path, chain: Chain, family: str, text: str) -> str:
    """Prove `text`, a family's module, equal to the plain chain; HadacastError where it isn't."""
    plain = rtlil.convert(chain, name="gold", platform=Target(FAMILIES["generic"]))
    Path(folder, "gold.il").write_text(plain)
    Path(folder, "gate.v").write_text(text)
    name = f"{chain.module}_{family}"
    parameters = " ".join(f"-set {key} {value}" for key, value in chain.parameters.items())
    script = f"""
        {CELLS[family]}
        read_verilog gate.v
        chparam {parameters} {name}
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
    ("bits", "width", "ones"),
    [(1, 1, 0), (2, 2, 0), (9, 9, 0), (2, 1, 1), (8, 7, 2), (8, 6, 3), (9, 6, 1), (12, 8, 3), (13, 4, 3)],
)
def test_magnitude(tmp_path, bits, width, ones):
    made = Magnitude(bits, width, ones)
    text = verilog(f"{made.module}_ecp5")
    assert "SAT proof finished - no model found: SUCCESS!" in prove(tmp_path, made, "ecp5", text)


@pytest.mark.parametrize(
    ("chain", "family", "right", "wrong"),
    [
        (Above, "ecp5", "16'h990A", "16'h990C"),
        (AboveEither, "ecp5", "16'hA965", "16'hA963"),
        (AddSubtract, "ecp5", "16'h960A", "16'h960C"),
        (held, "ecp5", "16'hF600", "16'hF60F"),
        (held, "ecp5", "16'h4002", "16'h4000"),
        (AddSubtract, "gowin", ".I3(~subtract)", ".I3(subtract)"),
        (Above, "gowin", "1'b1", "1'b0"),
        (Above, "xilinx7", "4'h9", "4'h6"),
    ],
)
def test_a_wrong_table_is_found(tmp_path, chain, family, right, wrong):
    made = chain(3)
    text = verilog(f"{made.module}_{family}")
    assert right in text
    with pytest.raises(HadacastError, match="proof did fail"):
        prove(tmp_path, made, family, text.replace(right, wrong))
