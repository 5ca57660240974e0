"""Counting cells, and ports on and off."""

import copy
import json

import pytest

from hadacast.errors import HadacastError
from hadacast.synth import netlist
from hadacast.synth.devices import FLOWS


def module():
    """d[1:0] -> LUT -> y[0]; d[0] -> flip-flop -> q; y[1] is constant."""
    lut = {
        "type": "SB_LUT4",
        "port_directions": {"I0": "input", "I1": "input", "O": "output"},
        "connections": {"I0": [3], "I1": [4], "O": [5]},
    }
    flipflop = {
        "type": "SB_DFF",
        "port_directions": {"C": "input", "D": "input", "Q": "output"},
        "connections": {"C": [2], "D": [3], "Q": [6]},
    }
    return {
        "ports": {
            "aclk": {"direction": "input", "bits": [2]},
            "d": {"direction": "input", "bits": [3, 4]},
            "y": {"direction": "output", "bits": [5, "0"]},
            "q": {"direction": "output", "bits": [6]},
        },
        "cells": {"lut": lut, "flipflop": flipflop},
        "netnames": {
            "aclk": {"bits": [2]},
            "inner.clk": {"bits": [2]},
            "d": {"bits": [3, 4]},
            "y": {"bits": [5]},
            "q": {"bits": [6]},
        },
    }


def test_cells_and_roles():
    counts = netlist.cells(module())
    assert counts == {"SB_DFF": 1, "SB_LUT4": 1}
    roles = netlist.roles({"SB_DFFESR": 2, "SB_LUT4": 3, "CCU2C": 4, "DP16KD": 5, "TRELLIS_DPR16X4": 6})
    assert roles == {
        "lut": 3, "carry": 4, "lut_mux": 0, "lut_ram": 6, "block_ram": 5, "multiplier": 0, "ff": 2
    }  # fmt: skip


def test_estimate_of_ice40_shares_sites_with_luts_only_where_that_can_be():
    # The flip-flop's input comes from a port: a site of its own.
    assert netlist.estimate(module(), FLOWS["ice40"]) == 2
    shared = module()
    shared["cells"]["flipflop"]["connections"]["D"] = [5]
    assert netlist.estimate(shared, FLOWS["ice40"]) == 2  # the LUT drives a port too
    shared["ports"]["y"]["bits"] = ["0", "0"]
    assert netlist.estimate(shared, FLOWS["ice40"]) == 1
    pins = {"I0": [3], "I1": [4], "CI": [7], "CO": [8]}
    directions = {"I0": "input", "I1": "input", "CI": "input", "CO": "output"}
    shared["cells"]["carry"] = {"type": "SB_CARRY", "port_directions": directions, "connections": pins}
    assert netlist.estimate(shared, FLOWS["ice40"]) == 2
    shared["cells"]["lut"]["connections"] |= {"I1": [3], "I2": [4], "I3": [7]}
    assert netlist.estimate(shared, FLOWS["ice40"]) == 1


def test_without_ports_the_cells_stay_and_the_clock_has_one_name():
    before = module()
    after = netlist.without_ports(before)
    assert before == module()
    assert after["ports"] == {}
    assert after["cells"] == before["cells"]
    assert set(after["netnames"]) == {"aclk", "d", "y", "q"}


@pytest.mark.parametrize("family", FLOWS)
def test_registered_ports_surround_an_untouched_core(family):
    before, flow = module(), FLOWS[family]
    after = netlist.with_registered_ports(copy.deepcopy(before), flow)
    added = {name: cell for name, cell in after["cells"].items() if name not in before["cells"]}
    assert {name: after["cells"][name] for name in before["cells"]} == before["cells"]
    assert {name.removeprefix("hadacast_port:") for name in added} == {"d[0]", "d[1]", "y[0]", "q"}
    assert {cell["type"] for cell in added.values()} == {flow.flipflop}

    def pin(name, which):
        return added[f"hadacast_port:{name}"]["connections"][which][0]

    assert (pin("d[0]", "Q"), pin("d[1]", "Q")) == (3, 4)
    assert (pin("y[0]", flow.data), pin("q", flow.data)) == (5, 6)
    clocks = [after["netnames"][name]["bits"][0] for name in (netlist.INPUT_CLOCK, netlist.OUTPUT_CLOCK)]
    assert [pin("d[0]", flow.clock), pin("q", flow.clock)] == clocks
    # Every net that was added is new.
    outer = [pin("d[0]", flow.data), pin("d[1]", flow.data), pin("y[0]", "Q"), pin("q", "Q"), *clocks]
    assert len(set(outer)) == 6
    assert min(outer) > 6


def test_port_cells_by_nextpnrs_names():
    found = netlist.port_cells(module())
    assert found["hadacast_port:d[1]"] == found["hadacast_port:d[1]_DFFLC"] == "d[1]"
    assert found["lut_LC"] == "y[0]"
    assert "hadacast_port:aclk" not in found


def test_load_reads_what_text_writes(tmp_path):
    path = tmp_path / "n.json"
    path.write_text(netlist.text(module(), "t"))
    assert netlist.load(path, "t") == module()
    with pytest.raises(HadacastError, match="no module 'u'"):
        netlist.load(path, "u")
    wrong = module()
    wrong["ports"]["aclk"]["direction"] = "output"
    path.write_text(json.dumps({"modules": {"t": wrong}}))
    with pytest.raises(HadacastError, match="no input 'aclk'"):
        netlist.load(path, "t")
