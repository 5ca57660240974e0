"""Cells by part, of a netlist made up for it."""

from hadacast.synth.account import account, carry_ends


def cell(kind, inputs=None, outputs=None):
    pins = {**(inputs or {}), **(outputs or {})}
    directions = {**dict.fromkeys(inputs or {}, "input"), **dict.fromkeys(outputs or {}, "output")}
    return {"type": kind, "connections": pins, "port_directions": directions}


MODULE = {
    "cells": {
        "core.fwht_0.stage_1.lane_4.sum_LUT4_Z": cell("LUT4"),
        "core.fwht_0.stage_2.lane_0.pair[3].add": cell("CCU2C", {"CIN": [5]}, {"COUT": [6]}),
        "core.fwht_0.stage_2.lane_0.pair[4].add": cell("CCU2C", {"CIN": [6]}, {"COUT": [7]}),
        "core.quantize_1.replay.memory.0.0": cell("TRELLIS_DPR16X4"),
        "core.quantize_1.x_TRELLIS_FF_Q": cell("TRELLIS_FF", {"DI": [7]}),
        "core.quantize_1.x": cell("$scopeinfo"),
        "frame_errors_LUT4_Z": cell("LUT4", {"A": [8]}, {"Z": [5]}),
    }
}


def test_parts_by_depth():
    assert {name: part.logic_cells for name, part in account(MODULE, 1).items()} == {
        "quantize_1": 6,
        "fwht_0": 5,
        "carry ends": 4,
        "top": 1,
    }
    deeper = account(MODULE, 3)
    assert list(deeper) == [
        "quantize_1.replay.memory",
        "fwht_0.stage_*.lane_*",
        "carry ends",
        "top",
        "quantize_1",
    ]
    assert deeper["quantize_1"].kinds == {"TRELLIS_FF": 1}


def test_a_carry_from_logic_and_one_to_logic():
    assert carry_ends(MODULE) == 2
    inner = {name: one for name, one in MODULE["cells"].items() if "pair" in name}
    assert carry_ends({"cells": inner}) == 1  # what comes from nowhere
    inner["core.fwht_0.stage_2.lane_0.pair[3].add"]["connections"]["CIN"] = ["x"]
    assert carry_ends({"cells": inner}) == 0
