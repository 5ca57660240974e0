"""Each family's adders are proved equal, for all inputs, to the plain ones (SAT, in Yosys).

The proof goes case by case of the one-bit inputs: together, one width took a hundred times as long.
"""

from itertools import product
from pathlib import Path

import pytest
from amaranth.back import rtlil

from hadacast.errors import HadacastError
from hadacast.prove.cells import CELLS
from hadacast.tech.adders import ButterflyAdders, HoldingPairAdders, PairAdders
from hadacast.tech.family import FAMILIES, Target
from hadacast.tools import yosys

KINDS = {kind.kind: kind for kind in (ButterflyAdders, PairAdders, HoldingPairAdders)}
TWINS = [(name, family) for name, kind in KINDS.items() for family in sorted(kind.families)]


def prove(folder: Path, kind: str, family: str, width: int, text: str) -> str:
    """Prove `text`, a family's module, equal to the plain adders; HadacastError where it isn't."""
    adders = KINDS[kind](width)
    plain = rtlil.convert(adders, name="gold", platform=Target(FAMILIES["generic"]))
    Path(folder, "gold.il").write_text(plain)
    Path(folder, "gate.v").write_text(text)
    choices = [name for name in ("meets", "runs") if name in adders.signature.members]
    cases = [
        " ".join(f"-set in_{name} {value}" for name, value in zip(choices, values, strict=True))
        for values in product((0, 1), repeat=len(choices))
    ]
    proofs = "\n".join(f"sat -verify -prove trigger 0 {case} -show-inputs miter" for case in cases)
    script = f"""
        {CELLS[family]}
        read_verilog gate.v
        chparam -set WIDTH {width} {adders.module(family)}
        hierarchy -top {adders.module(family)}
        proc
        flatten
        rename -top gate
        read_rtlil gold.il
        proc gold
        miter -equiv -flatten -make_outputs gold gate miter
        hierarchy -top miter
        opt -full
        {proofs}
    """
    return yosys.run(script, cwd=folder, timeout=300)


@pytest.mark.parametrize("width", [1, 2, 3, 8, 17, pytest.param(32, marks=pytest.mark.long)])
@pytest.mark.parametrize(("kind", "family"), TWINS)
def test_equal_to_plain(tmp_path, kind, family, width):
    log = prove(tmp_path, kind, family, width, KINDS[kind].verilog(family))
    assert "SAT proof finished - no model found: SUCCESS!" in log


@pytest.mark.parametrize(
    ("kind", "family", "right", "wrong"),
    [
        ("butterfly", "ecp5", "16'h6A0A", "16'h6A0C"),
        ("butterfly", "ecp5", "16'hB408", "16'hB40A"),
        ("butterfly", "ice40", "16'hC66C", "16'hC66E"),
        ("butterfly", "gowin", "MULT = 9", "MULT = 0"),
        ("butterfly", "gowin", "{~meets}", "{meets}"),
        ("butterfly", "gowin", "carry[0] = 1'b1", "carry[0] = 1'b0"),
        ("butterfly", "xilinx7", "8'h6A", "8'h6C"),
        ("butterfly", "xilinx7", "AFAFAFAF", "A0A0A0A0"),
        ("butterfly", "xilinx7", "93939393", "99999999"),
        ("pair", "ecp5", "16'h660A", "16'h6605"),
        ("pair", "ecp5", "16'h000B", "16'h000F"),
        ("holding_pair", "ecp5", "16'h7B48", "16'h7B4A"),
        ("holding_pair", "ecp5", "16'hB784", "16'hB786"),
        ("holding_pair", "xilinx7", "A0A0A0A0", "AFAFAFAF"),
        ("holding_pair", "xilinx7", "909F909F", "9F909F90"),
    ],
)
def test_a_wrong_table_is_found(tmp_path, kind, family, right, wrong):
    text = KINDS[kind].verilog(family)
    assert right in text
    with pytest.raises(HadacastError, match="proof did fail"):
        prove(tmp_path, kind, family, 5, text.replace(right, wrong))
