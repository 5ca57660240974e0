"""Mended netlists: the same function, in fewer cells or with paths that are timed."""

import json
from pathlib import Path

import pytest
from amaranth.back import rtlil
from hw.netlists import for_models

from hadacast.core.delay import Delay
from hadacast.core.top import AxiTop
from hadacast.core.verilog import to_verilog
from hadacast.errors import HadacastError
from hadacast.prove import cells
from hadacast.recipe import load
from hadacast.tech.family import FAMILIES, Target
from hadacast.tools import yosys
from hadacast.tools.mend import bound_fan_out, mend_file, widen_luts

CELLS = cells.CELLS["ecp5"]


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


@pytest.fixture
def named(tmp_path):
    """Named LUTs behind others: of one input to spare, of two, with a net that both have, and of none."""
    (tmp_path / "named.v").write_text(
        "module named(input [8:0] a, output [4:0] o);\n"
        "LUT4 #(.INIT(16'h8d2b)) one_lut(.A(a[0] ^ a[1]), .B(a[2]), .C(a[3]), .D(1'b1), .Z(o[0]));\n"
        "LUT4 #(.INIT(16'h1e47)) two_lut(.A(a[2]), .B(a[3] & a[4] | a[5]), .C(1'b0), .D(1'b0), .Z(o[1]));\n"
        "LUT4 #(.INIT(16'hd2c6)) both_lut(.A(a[6]), .B(a[6] ^ a[7]), .C(a[0]), .D(~a[0] & a[7]), .Z(o[2]));\n"
        "LUT4 #(.INIT(16'h6a3d)) full_lut(.A(a[6] | a[8]), .B(a[1]), .C(a[2]), .D(a[3]), .Z(o[3]));\n"
        "assign o[4] = a[6] | a[8];\nendmodule\n"
    )
    yosys.run("read_verilog named.v; synth_ecp5 -top named -json gold.json", cwd=tmp_path)
    (tmp_path / "gate.json").write_text((tmp_path / "gold.json").read_text())
    mend_file(tmp_path / "gate.json", "ecp5")
    return tmp_path


def test_filled_luts_are_the_same_function(named):
    cells = json.loads((named / "gate.json").read_text())["modules"]["named"]["cells"]
    # Beside the four only what feeds the full one, and a port.
    assert len([cell for cell in cells.values() if cell["type"] == "LUT4"]) == 5
    prove_equal(named, "named")


def test_a_wrong_table_would_be_noticed(named):
    design = json.loads((named / "gate.json").read_text())
    parameters = design["modules"]["named"]["cells"]["both_lut"]["parameters"]
    parameters["INIT"] = parameters["INIT"][::-1]
    (named / "gate.json").write_text(json.dumps(design))
    with pytest.raises(HadacastError, match="proof did fail"):
        prove_equal(named, "named")


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


MEMORY = f"read_verilog {Path(__file__).with_name('dp16kd.v')}"


@pytest.fixture
def queue(tmp_path):
    """A delay in block RAM after synthesis for ECP5, and the same mended."""
    delay = Delay(20, 8, "bram")
    text = rtlil.convert(delay, name="delay", platform=Target(FAMILIES["ecp5"]))
    (tmp_path / "delay.il").write_text(text)
    # By way of Verilog, as all cores go.
    yosys.run("read_rtlil delay.il; proc; memory_collect; write_verilog delay.v", cwd=tmp_path)
    yosys.run("read_verilog delay.v; synth_ecp5 -top delay -json gold.json", cwd=tmp_path)
    (tmp_path / "gate.json").write_text((tmp_path / "gold.json").read_text())
    mend_file(tmp_path / "gate.json", "ecp5")
    return tmp_path


def memory_of(path):
    cells = json.loads(path.read_text())["modules"]["delay"]["cells"].values()
    (memory,) = [cell for cell in cells if cell["type"] == "DP16KD"]
    return memory


def prove_queues_equal(folder):
    """Fourteen cycles from reset, whatever comes in: more than a block, words of it through the memory."""
    for name in ("gold", "gate"):
        for_models(folder / f"{name}.json", "delay")
        yosys.run(
            f"""
            read_json {name}.json
            {CELLS}
                        {MEMORY}
            hierarchy -top delay
            proc
            flatten
            memory -nordff
            opt -full
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
        sat -verify -seq 14 -set-init-zero -set-at 1 in_rst 1 -prove trigger 0 miter
        """,
        cwd=folder,
        timeout=200,
    )


def test_block_ram_with_its_own_output_register_is_the_same_function(queue):
    assert memory_of(queue / "gold.json")["parameters"]["REGMODE_B"] == "NOREG"
    mended = memory_of(queue / "gate.json")
    assert mended["parameters"]["REGMODE_A"] == mended["parameters"]["REGMODE_B"] == "OUTREG"
    prove_queues_equal(queue)


def test_an_output_register_that_never_waits_would_be_noticed(queue):
    design = json.loads((queue / "gate.json").read_text())
    for cell in design["modules"]["delay"]["cells"].values():
        if cell["type"] == "DP16KD":
            cell["connections"]["OCEB"] = ["1"]
    (queue / "gate.json").write_text(json.dumps(design))
    with pytest.raises(HadacastError, match="proof did fail"):
        prove_queues_equal(queue)


def test_copies_of_a_register_are_the_same_function(tmp_path):
    """A bit that goes to many: each input has the register or a copy, and none has more than the limit."""
    (tmp_path / "many.v").write_text(
        "module many(input clk, e, d, input [199:0] a, output [199:0] o);\n"
        "reg q; always @(posedge clk) if (e) q <= d;\n"
        "assign o = a ^ {200{q}};\nendmodule\n"
    )
    yosys.run("read_verilog many.v; synth_ecp5 -top many -json many.json", cwd=tmp_path)
    module = json.loads((tmp_path / "many.json").read_text())["modules"]["many"]
    bound_fan_out(module, 48)
    registers = [cell for cell in module["cells"].values() if cell["type"] == "TRELLIS_FF"]
    assert len(registers) == 5
    drivers = {cell["connections"]["Q"][0] for cell in registers}
    for cell in registers:
        assert cell["connections"]["DI"] == registers[0]["connections"]["DI"]
        assert cell["connections"]["CE"] == registers[0]["connections"]["CE"]
    sinks = [
        bits[0]
        for cell in module["cells"].values()
        for pin, bits in cell["connections"].items()
        if pin != "Q" and bits[0] in drivers
    ]
    assert len(sinks) == 200
    assert max(sinks.count(net) for net in drivers) <= 48
