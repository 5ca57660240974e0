"""Netlists after synthesis, and after place and route, give the exact result in the bench."""

import importlib.util
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from hadacast.core.top import AxiTop
from hadacast.core.verilog import module_name, to_verilog
from hadacast.errors import HadacastError
from hadacast.recipe import load
from hadacast.sim import Stimulus, compare, run_gates, soak
from hadacast.synth import gates
from hadacast.synth.devices import device
from hadacast.synth.placed import place
from hadacast.tools import process

PAGE = Path(__file__).parents[2] / "docs" / "gates.py"
_spec = importlib.util.spec_from_file_location("docs_gates", PAGE)
docs = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(docs)

FAMILIES = tuple(gates.DEVICES)
SMALL = load("rotate128", ["stream.frame=4", "stream.lanes=2", "input.width=4"]).pipeline


@pytest.fixture(autouse=True)
def simulator():
    try:
        run_gates.available()
    except HadacastError as missing:
        pytest.skip(str(missing))


def checked(spec, made, elements=2000):
    """A run under gaps, stalls, resets and broken frames, held against the exact result."""
    sent = soak.stimulus(spec, soak.Plan(batch=elements), 0)
    return compare(spec, sent, run_gates.run(made, SimpleNamespace(spec=spec), sent))


def mapped(family, folder):
    text = to_verilog(AxiTop(SMALL), family)
    return gates.synthesized(text, top=module_name(SMALL), family=family, workdir=folder)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_small_core(family):
    made = run_gates.netlist(AxiTop(SMALL), family)
    result = checked(SMALL, made)
    assert result.ok, result.problems
    assert result.samples > 1900
    assert result.dropped > 0
    assert sum(made.cells.values()) > 50


@pytest.mark.parametrize("family", FAMILIES)
def test_a_small_core_placed(family, tmp_path):
    flow = device(gates.DEVICES[family]).flow
    try:
        process.find(flow.nextpnr)
    except HadacastError as missing:
        pytest.skip(str(missing))
    placed = place(mapped(family, tmp_path), module_name(SMALL), device(gates.DEVICES[family]), tmp_path)
    result = checked(SMALL, gates.modelled(placed, family, tmp_path))
    assert result.ok, result.problems
    assert result.samples > 1900


@pytest.mark.long
@pytest.mark.parametrize(
    ("row", "family", "placed"), docs.runs(), ids=[docs.key(*run) for run in docs.runs()]
)
def test_gates_equal_the_spec(row, family, placed):
    found = docs.measure(row, family, placed)
    assert found["problems"] == []
    assert found["samples"] > 5000


def wrong(module):
    """The netlist with the table wrong of a LUT that drives a port."""
    ports = {
        bit for port in module["ports"].values() for bit in port["bits"] if port["direction"] == "output"
    }
    for gate in module["cells"].values():
        driven = {bit for pin in ("Z", "F", "O") for bit in gate["connections"].get(pin, ())}
        for name in ("INIT", "LUT_INIT"):
            if "LUT" in gate["type"] and driven & ports and name in gate["parameters"]:
                table = gate["parameters"][name]
                gate["parameters"][name] = table.translate(str.maketrans("01", "10"))
                return
    raise AssertionError("no LUT drives a port")


@pytest.mark.parametrize(
    "family", ["ecp5", *(pytest.param(name, marks=pytest.mark.long) for name in ("ice40", "gowin"))]
)
def test_a_wrong_table_is_found(family, tmp_path):
    module = mapped(family, tmp_path)
    wrong(module)
    made = gates.modelled(module, family, tmp_path)
    try:
        problems = checked(SMALL, made).problems
    except HadacastError as hung:
        problems = (str(hung),)
    assert problems


def test_it_must_begin_with_a_reset():
    made = gates.Gates(family="ecp5", cells={}, rtlil="", verilog="")
    with pytest.raises(HadacastError, match="doesn't begin with a reset"):
        run_gates.run(made, SimpleNamespace(spec=SMALL), Stimulus.frames([[0] * 4], 2))


def test_an_unknown_family(tmp_path):
    with pytest.raises(HadacastError, match="no gates of 'xilinx': it must be one of ice40, ecp5, gowin"):
        gates.synthesized("", top="top", family="xilinx", workdir=tmp_path)


def test_a_simulator_that_has_no_gates():
    with pytest.raises(HadacastError, match="simulator is 'icarus': gates want one of verilator, cxxrtl"):
        run_gates.available("icarus")


def cell(kind, pins, **parameters):
    return {
        "type": kind,
        "hide_name": 0,
        "parameters": parameters,
        "attributes": {},
        "port_directions": dict.fromkeys(pins, "input"),
        "connections": pins,
    }


def test_a_block_ram_that_holds_something_is_refused(tmp_path):
    module = {"ports": {}, "netnames": {}, "cells": {"m": cell("DP16KD", {}, INITVAL_00="0" * 319 + "1")}}
    with pytest.raises(HadacastError, match="DP16KD m doesn't begin empty"):
        gates.modelled(module, "ecp5", tmp_path)


def test_a_cell_without_a_model_is_refused(tmp_path):
    module = {"ports": {}, "netnames": {}, "cells": {"m": cell("ALU54B_X", {"A": [2]})}}
    with pytest.raises(HadacastError, match="ALU54B_X"):
        gates.modelled(module, "ecp5", tmp_path)


def test_too_many_port_bits_for_gowins_package(tmp_path):
    port = {"direction": "input", "bits": list(range(2, 102))}
    module = {"ports": {"aclk": port}, "netnames": {}, "cells": {}}
    with pytest.raises(HadacastError, match="the core has 100 port bits: the package has"):
        place(module, "top", device(gates.DEVICES["gowin"]), tmp_path)


def test_what_was_run_is_in_the_store():
    store = json.loads(docs.STORE.read_text(encoding="utf-8"))
    assert set(store) == {docs.key(*run) for run in docs.runs()}
    for name, found in store.items():
        assert found["problems"] == [], name
        assert found["mismatches"] == 0, name
        assert found["dropped"] > 0, name
        assert found["resets"] > 1, name
    for family in FAMILIES:
        assert sum(name.startswith(f"{family}: ") for name in store) >= 6


def test_the_page_is_what_was_run():
    store = json.loads(docs.STORE.read_text(encoding="utf-8"))
    text = docs.PAGE.read_text(encoding="utf-8")
    assert docs.page(text, store) == text
