"""Gowin adders after their mends are the same function (SAT, in Yosys), and what it costs."""

import json
from collections import Counter
from importlib import resources

import pytest
from hw.netlists import for_models

from hadacast.errors import HadacastError
from hadacast.tech.adders import ButterflyAdders
from hadacast.tools import gowin_alu, yosys

RAW = f"read_verilog {resources.files('hadacast.synth') / 'models' / 'alu_raw.v'}"


def synthesized(folder, verilog, top):
    (folder / "core.v").write_text(verilog)
    yosys.run(f"read_verilog core.v\nsynth_gowin -noiopads -top {top} -json gold.json", cwd=folder)
    return json.loads((folder / "gold.json").read_text())["modules"][top]


def prove_equal(folder, module, top):
    """Prove a netlist equal to gold.json."""
    for cell in module["cells"].values():
        if "RAW_ALU_LUT" in cell["parameters"]:
            cell["type"] = "ALU_RAW"
    (folder / "gate.json").write_text(json.dumps({"modules": {top: module}}))
    for name in ("gold", "gate"):
        for_models(folder / f"{name}.json", top)
        models = f"read_verilog -defer +/gowin/cells_sim.v\n{RAW}"
        finish = f"hierarchy -top {top}\nproc\nflatten\nrename -top {name}\nwrite_rtlil {name}.il"
        yosys.run(f"read_json {name}.json\n{models}\n{finish}", cwd=folder)
    yosys.run(
        """
        read_rtlil gold.il
        read_rtlil gate.il
        miter -equiv -flatten -make_outputs gold gate miter
        hierarchy -top miter
        opt -full
        sat -verify -prove trigger 0 -show-inputs miter
        """,
        cwd=folder,
        timeout=120,
    )


def kinds(module):
    return Counter(cell["type"] for cell in module["cells"].values())


@pytest.fixture
def butterfly(tmp_path):
    """A butterfly's adders after synthesis, without and with their LUTs put into the ALUs."""
    name = "hadacast_butterfly_gowin"
    module = synthesized(tmp_path, ButterflyAdders.verilog("gowin").replace("WIDTH = 16", "WIDTH = 5"), name)
    before = kinds(module)
    gowin_alu.absorb_luts(module)
    return tmp_path, name, module, before


def test_one_alu_a_bit(butterfly):
    folder, name, module, before = butterfly
    assert (before["ALU"], before["LUT2"], before["LUT1"]) == (12, 6, 1)
    after = kinds(module)
    assert (after["ALU"], after["LUT2"], after["LUT1"]) == (12, 0, 0)
    prove_equal(folder, module, name)


@pytest.mark.parametrize("bit", [0, 4, 12])
def test_a_wrong_table_is_found(butterfly, bit):
    folder, name, module, _ = butterfly
    raw = [cell["parameters"] for cell in module["cells"].values() if "RAW_ALU_LUT" in cell["parameters"]]
    raw[0]["RAW_ALU_LUT"] = format(int(raw[0]["RAW_ALU_LUT"], 2) ^ 1 << bit, "016b")
    with pytest.raises(HadacastError, match="proof did fail"):
        prove_equal(folder, module, name)


@pytest.mark.parametrize(
    ("first", "second", "absorbed"),
    [
        ("a & {5{c}}", "b", 5),
        ("a ^ {5{c}}", "b", 5),
        ("a | ~b", "b", 5),  # two inputs in all
        ("a & b", "{c, d}", 5),
        ("a & {5{c}} & {5{d[0]}}", "b", 0),  # a LUT of three inputs
    ],
)
def test_other_luts_before_adders(tmp_path, first, second, absorbed):
    module = synthesized(
        tmp_path,
        "module top(input [4:0] a, b, input c, input [3:0] d, output [4:0] y);\n"
        f"(* keep *) wire [4:0] f = {first}; wire [4:0] s = {second}; wire [5:0] k; assign k[0] = 0;\n"
        "genvar i; generate for (i = 0; i < 5; i = i + 1) ALU #(.ALU_MODE(2)) add (\n"
        ".I0(f[i]), .I1(s[i]), .I3(1'b1), .CIN(k[i]), .COUT(k[i+1]), .SUM(y[i]));\n"
        "endgenerate endmodule",
        "top",
    )
    gowin_alu.absorb_luts(module)
    raw = [cell for cell in module["cells"].values() if "RAW_ALU_LUT" in cell["parameters"]]
    assert len(raw) == absorbed
    prove_equal(tmp_path, module, "top")


def test_a_lut_with_another_use_stays(tmp_path):
    module = synthesized(
        tmp_path,
        "module top(input [4:0] a, b, input c, output [4:0] y, f);\n"
        "assign f = a & {5{c}}; assign y = f - b; endmodule",
        "top",
    )
    before = kinds(module)
    gowin_alu.absorb_luts(module)
    assert kinds(module) == before


def test_a_signal_starts_a_chain_through_an_alu(tmp_path):
    module = synthesized(
        tmp_path,
        "module top(input [4:0] a, b, input c, output [4:0] y, z);\n"
        "assign y = a + b + c; assign z = a - b; endmodule",
        "top",
    )
    before = kinds(module)
    gowin_alu.start_carries(module)
    assert kinds(module) - before == Counter(ALU=1)
    prove_equal(tmp_path, module, "top")
    (start,) = [cell for name, cell in module["cells"].items() if name.endswith("_start")]
    start["connections"]["I1"] = ["0"]
    with pytest.raises(HadacastError, match="proof did fail"):
        prove_equal(tmp_path, module, "top")
