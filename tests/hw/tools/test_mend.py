"""Mended netlists: the same function, in fewer cells or with paths that are timed."""

import json

import pytest
from hw.netlists import for_models

from hadacast.core.top import AxiTop
from hadacast.core.verilog import to_verilog
from hadacast.errors import HadacastError
from hadacast.recipe import load
from hadacast.tools import yosys
from hadacast.tools.mend import mend_file, widen_luts

CELLS = "read_verilog +/lattice/common_sim.vh +/lattice/ccu2c_sim.vh"


def prove_equal(folder, top):
    """Prove gate.json equal to gold.json, an open input (x) being any value."""

    for name in ("gold", "gate"):
        for_models(folder / f"{name}.json", top)
        yosys.run(
            f"""
            read_json {name}.json
            {CELLS}
            hierarchy -top {top}
            proc
            flatten
            setundef -anyseq
            rename -top {name}
            write_rtlil {name}.il
            """,
            cwd=folder,
        )
    yosys.run(
        """
        read_rtlil gold.il
        read_rtlil gate.il
        miter -equiv -flatten -make_outputs gold gate miter
        hierarchy -top miter
        opt -full
        sat -verify -prove trigger 0 miter
        """,
        cwd=folder,
        timeout=120,
    )


@pytest.fixture
def adders(tmp_path):
    """Two-lane butterflies after synthesis for ECP5, without their registers."""
    spec = load("rotate128", ["stream.frame=4", "stream.lanes=2", "input.width=5"]).pipeline
    verilog = to_verilog(AxiTop(spec), "ecp5")
    module = verilog[verilog.index("// The adders of a butterfly") :]
    (tmp_path / "adders.v").write_text(module)
    name = "hadacast_butterfly_ecp5"
    yosys.run(
        f"read_verilog adders.v; chparam -set WIDTH 5 {name}; synth_ecp5 -top {name} -json gold.json",
        cwd=tmp_path,
    )
    (tmp_path / "gate.json").write_text((tmp_path / "gold.json").read_text())
    mend_file(tmp_path / "gate.json", "ecp5")
    return tmp_path, name


def chain_ends(path, name):
    cells = json.loads(path.read_text())["modules"][name]["cells"].values()
    pins = [cell["connections"] for cell in cells if cell["type"] == "CCU2C"]
    return sum(p["CIN"] == ["x"] for p in pins), sum(p["COUT"] == ["x"] for p in pins)


def test_trimmed_carries_are_the_same_function(adders):
    folder, name = adders
    assert chain_ends(folder / "gold.json", name) == (0, 0)
    assert chain_ends(folder / "gate.json", name) == (2, 2)
    prove_equal(folder, name)


def test_a_carry_in_that_matters_would_be_noticed(adders):
    folder, name = adders
    design = json.loads((folder / "gate.json").read_text())
    for cell in design["modules"][name]["cells"].values():
        if cell["type"] == "CCU2C":
            cell["connections"]["CIN"] = ["x"]
    (folder / "gate.json").write_text(json.dumps(design))
    with pytest.raises(HadacastError, match="proof did fail"):
        prove_equal(folder, name)


def test_a_carry_in_that_matters_stays(tmp_path):
    (tmp_path / "add.v").write_text(
        "module add(input [7:0] a, b, output [7:0] y); assign y = a - b; endmodule\n"
    )
    yosys.run("read_verilog add.v; synth_ecp5 -top add -json add.json", cwd=tmp_path)
    mend_file(tmp_path / "add.json", "ecp5")
    assert chain_ends(tmp_path / "add.json", "add")[0] == 0


@pytest.mark.parametrize("inputs", [1, 2, 3])
def test_a_widened_lut_is_the_same_function(inputs):
    # Every function of so many inputs, at every value of all four.
    for function in range(1 << (1 << inputs)):
        table = format(function, f"0{1 << inputs}b")
        cell = {"type": f"LUT{inputs}", "parameters": {"INIT": table}}
        widen_luts({"cells": {"lut": cell}})
        assert cell["type"] == "LUT4"
        wide = int(cell["parameters"]["INIT"], 2)
        for value in range(16):
            assert wide >> value & 1 == function >> (value & ((1 << inputs) - 1)) & 1


def test_other_cells_stay():
    cells = {"a": {"type": "LUT4", "parameters": {"INIT": "1" * 16}}, "b": {"type": "ALU", "parameters": {}}}
    before = repr(cells)
    widen_luts({"cells": cells})
    assert repr(cells) == before
