"""Each family's adders are proved equal, for all inputs, to the plain ones (SAT, in Yosys).

The proof goes case by case of `meets`: together, one width took a hundred times as long.
"""

from pathlib import Path

import pytest
from amaranth.back import rtlil

from hadacast.errors import HadacastError
from hadacast.tech.adders import MODULES, ButterflyAdders, verilog
from hadacast.tech.family import FAMILIES, Target
from hadacast.tools import yosys

# Yosys's own models of the primitives.
CELLS = {
    "ecp5": "read_verilog +/lattice/common_sim.vh +/lattice/ccu2c_sim.vh",
    # Deferred, so that only the cells in use are built: the file's large memories take half a minute.
    "ice40": "read_verilog -defer -D NO_INCLUDES -D NO_ICE40_DEFAULT_ASSIGNMENTS -D ICE40_HX"
    " +/ice40/cells_sim.v",
}


def prove(folder: Path, family: str, width: int, text: str) -> str:
    """Prove `text`, a family's module, equal to the plain adders; HadacastError where it isn't."""
    plain = rtlil.convert(ButterflyAdders(width), name="gold", platform=Target(FAMILIES["generic"]))
    Path(folder, "gold.il").write_text(plain)
    Path(folder, "gate.v").write_text(text)
    script = f"""
        {CELLS[family]}
        read_verilog gate.v
        chparam -set WIDTH {width} {MODULES[family]}
        hierarchy -top {MODULES[family]}
        proc
        flatten
        rename -top gate
        read_rtlil gold.il
        proc gold
        miter -equiv -flatten -make_outputs gold gate miter
        hierarchy -top miter
        opt -full
        sat -verify -prove trigger 0 -set in_meets 0 -show-inputs miter
        sat -verify -prove trigger 0 -set in_meets 1 -show-inputs miter
    """
    return yosys.run(script, cwd=folder, timeout=300)


@pytest.mark.parametrize("width", [1, 2, 3, 8, 17, 32])
@pytest.mark.parametrize("family", MODULES)
def test_equal_to_plain(tmp_path, family, width):
    assert "SAT proof finished - no model found: SUCCESS!" in prove(tmp_path, family, width, verilog(family))


@pytest.mark.parametrize(
    ("family", "right", "wrong"),
    [("ecp5", "16'h6A0A", "16'h6A0C"), ("ecp5", "16'hB408", "16'hB40A"), ("ice40", "16'hC66C", "16'hC66E")],
)
def test_a_wrong_table_is_found(tmp_path, family, right, wrong):
    text = verilog(family)
    assert right in text
    with pytest.raises(HadacastError, match="proof did fail"):
        prove(tmp_path, family, 4, text.replace(right, wrong))
