"""The bit-parallel run of a mapped netlist: equal to the exact result, and it notices what is wrong."""

from dataclasses import replace

import numpy as np
import pytest
from hw.synth.cells.tiny import LIBRARY, PATH

from hadacast import recipe
from hadacast.core.top import AxiTop
from hadacast.core.verilog import module_name, to_verilog
from hadacast.errors import HadacastError
from hadacast.sim import gates
from hadacast.synth.cells import mapping
from hadacast.synth.cells.flat import Flat, Placed

SMALL = ("stream.frame=8", "stream.lanes=2", "input.width=6", "input.fraction=2")
SPEC = recipe.load("rotate128", SMALL).pipeline


@pytest.fixture(scope="module")
def flat(tmp_path_factory):
    return mapping.map_cells(
        to_verilog(AxiTop(SPEC)),
        top=module_name(SPEC),
        liberty=PATH,
        library=LIBRARY,
        period=10.0,
        workdir=tmp_path_factory.mktemp("cells"),
    ).flat


@pytest.fixture(scope="module")
def frames():
    return np.random.default_rng(0).integers(-32, 32, (37, 8))


def test_the_mapped_core_is_the_exact_one_from_any_first_state(flat, frames):
    for seed in (0, 1):
        run = gates.run(SPEC, flat, LIBRARY, frames, seed=seed)
        assert run.mismatches == 0
        assert run.samples == run.streams * run.frames * 8
        # The window begins with the first result and ends with the last beat in.
        assert run.cycles == run.streams * (run.frames * SPEC.in_beats - SPEC.latency - 1)


def test_streams_side_by_side_are_each_a_stream_alone(flat, frames):
    one = gates.run(SPEC, flat, LIBRARY, frames[:1], streams=1)
    many = gates.run(SPEC, flat, LIBRARY, frames[:1], streams=9)
    clocked = [net for net in one.activity if one.activity[net] != many.activity[net]]
    # The same frames: what differs was left over from another first state and isn't reset.
    assert len(clocked) < 0.02 * len(one.activity)


def test_activity_of_known_inputs(flat):
    """Every bit of every element toggles with each beat; the handshake never does."""
    beats = np.tile(np.array([0, 0, -1, -1]), 2)
    run = gates.run(SPEC, flat, LIBRARY, beats.reshape(1, 8), streams=3)
    data = flat.ports["s_axis_tdata"][1]
    valid = flat.ports["s_axis_tvalid"][1][0]
    assert run.activity[data[0]].toggles == run.activity[data[8 + 5]].toggles == 1
    assert abs(run.activity[data[0]].ones - 0.5) < 0.1
    assert (run.activity[valid].toggles, run.activity[valid].ones) == (0, 1)
    assert 0 < run.toggles < 1


def test_a_wrong_gate_is_noticed(flat, frames):
    """Any of some gates of the data path turned into another: mismatches, or a handshake that isn't one."""
    found = 0
    nands = [k for k, cell in enumerate(flat.cells) if cell.kind == "NAND2" and cell.stage == "fwht_0"]
    for index in nands[:: len(nands) // 8]:
        cells = list(flat.cells)
        cells[index] = replace(cells[index], kind="NOR2")
        try:
            found += gates.run(SPEC, replace(flat, cells=tuple(cells)), LIBRARY, frames).mismatches > 0
        except HadacastError:
            found += 1
    assert found >= 8


def test_a_register_with_another_clock_is_refused():
    cell = Placed(kind="DFF", pins={"CK": 1, "D": 1, "Q": 2}, stage="x", storage=False)
    ports = {"aclk": ("input", (0,)), "a": ("input", (1,))}
    with pytest.raises(HadacastError, match="a DFF isn't clocked by the rising edge of aclk"):
        gates.Gates(Flat(name="t", cells=(cell,), ports=ports, nets=3), LIBRARY)


def test_a_core_that_never_answers_is_noticed(flat, frames):
    ports = flat.ports | {"m_axis_tvalid": ("output", ("0",))}
    with pytest.raises(HadacastError, match=r"0 of .* beats left the mapped core"):
        gates.run(SPEC, replace(flat, ports=ports), LIBRARY, frames)
