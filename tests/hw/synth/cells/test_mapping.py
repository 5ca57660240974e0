"""Mapping a core to cells: hierarchy kept by stage, memories told apart, constants and pass-through nets."""

import pytest
from hw.synth.cells.tiny import LIBRARY, PATH

from hadacast import recipe
from hadacast.core.top import AxiTop
from hadacast.core.verilog import module_name, to_verilog
from hadacast.errors import HadacastError
from hadacast.synth.cells import estimate, libraries, mapping
from hadacast.synth.cells.flat import TOP, flatten

SMALL = ("stream.frame=16", "stream.lanes=2", "input.width=6", "input.fraction=2")


@pytest.fixture(scope="module")
def mapped(tmp_path_factory):
    spec = recipe.load("rotate128", (*SMALL, "stage.fwht.storage=lutram")).pipeline
    return mapping.map_cells(
        to_verilog(AxiTop(spec)),
        top=module_name(spec),
        liberty=PATH,
        library=LIBRARY,
        period=10.0,
        workdir=tmp_path_factory.mktemp("cells"),
    )


def test_stages_and_storage_are_told_apart(mapped):
    names = estimate.stages(mapped.flat)
    assert {"framer", "fwht_0"} <= set(names) <= {"framer", "fwht_0", "cast_1", TOP}
    whole = estimate.area(mapped.flat, LIBRARY)
    parts = [estimate.area(mapped.flat, LIBRARY, stage=name) for name in names]
    assert whole.area == sum(part.area for part in parts) > 0
    storage = estimate.area(mapped.flat, LIBRARY, storage=True)
    # A flip-flop for each bit, and the registers of its reading port, of 2 lanes of 7 bits; multiplexers too.
    assert mapped.storage_bits == 4 * 14
    assert storage.flops == mapped.storage_bits + 14
    assert {cell.stage for cell in mapped.flat.cells if cell.storage} == {"fwht_0"}


def test_every_pin_has_a_net_and_every_net_one_driver(mapped):
    drivers = [net for net, _ in _drivers(mapped.flat)]
    assert len(set(drivers)) == len(drivers)
    inputs = {bit for way, bits in mapped.flat.ports.values() if way == "input" for bit in bits}
    read = {net for cell in mapped.flat.cells for pin, net in cell.pins.items()
            if pin in LIBRARY.cells[cell.kind].inputs and isinstance(net, int)}  # fmt: skip
    assert read <= set(drivers) | inputs
    assert max(drivers) < mapped.flat.nets


def _drivers(flat):
    for cell in flat.cells:
        for pin in LIBRARY.cells[cell.kind].outputs:
            if isinstance(cell.pins.get(pin), int):
                yield cell.pins[pin], cell


def test_abc_is_told_what_drives_and_what_loads():
    assert mapping.constraints(LIBRARY) == "set_driving_cell BUF\nset_load 40.000 [all_outputs]\n"


def test_more_memory_than_anyone_builds_of_flip_flops_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(mapping, "MAX_STORAGE_BITS", 10)
    spec = recipe.load("rotate128", (*SMALL, "stage.fwht.storage=lutram")).pipeline
    with pytest.raises(HadacastError, match=r"bits of memory, which become flip-flops here: at most 10"):
        mapping.map_cells(
            to_verilog(AxiTop(spec)),
            top=module_name(spec),
            liberty=PATH,
            library=LIBRARY,
            period=10.0,
            workdir=tmp_path,
        )


def module(ports, cells):
    return {
        "ports": {name: {"direction": way, "bits": bits} for name, (way, bits) in ports.items()},
        "cells": {
            name: {"type": kind, "connections": {pin: [bit] if not isinstance(bit, list) else bit
                                                 for pin, bit in pins.items()}}
            for name, (kind, pins) in cells.items()
        },
    }  # fmt: skip


def test_an_input_or_constant_handed_through_a_module_is_one_net():
    inner = module({"a": ("input", [2]), "y": ("output", [2]), "one": ("output", ["1"])}, {})
    top = module(
        {"aclk": ("input", [2]), "i": ("input", [3]), "o": ("output", [4]), "k": ("output", [5])},
        {"core.pass": ("inner", {"a": 3, "y": 4, "one": 5}), "u": ("INV", {"A": 5, "Y": 6})},
    )
    flat = flatten({"top": top, "inner": inner}, "top", LIBRARY)
    assert flat.ports["i"][1] == flat.ports["o"][1]
    assert flat.ports["k"][1] == ("1",)
    assert flat.cells[0].pins["A"] == "1"
    assert flat.nets == 3


def test_a_cell_that_the_library_lacks_is_refused():
    top = module({"aclk": ("input", [2])}, {"u": ("$_AND_", {"A": 2})})
    with pytest.raises(HadacastError, match=r"top: \$_AND_ of tiny is no cell for this flow"):
        flatten({"top": top}, "top", LIBRARY)


def test_a_library_that_is_not_there(tmp_path):
    with pytest.raises(HadacastError, match="no library 'nosuch': it must be one of osu018, osu035"):
        libraries.find("nosuch")
    with pytest.raises(HadacastError, match="no library"):
        libraries.find(str(tmp_path))


def test_a_known_library_that_is_missing_says_what_to_install(monkeypatch, tmp_path):
    known = libraries.Known(path=tmp_path / "x.lib", package="qflow-tech-osu018", title="")
    monkeypatch.setattr(libraries, "LIBRARIES", {"osu018": known})
    with pytest.raises(HadacastError, match="apt install qflow-tech-osu018"):
        libraries.find("osu018")
