"""What docs/stream.md says of single ports: reset, bits that don't count, frames without an end."""

import numpy as np
import pytest
from amaranth.sim import Simulator
from hw.core.test_control import rotation
from hw.core.test_copies import load

from hadacast.core.top import AxiTop
from hadacast.format import Format
from hadacast.sim.packing import Packing
from hadacast.spec.fwht import Fwht
from hadacast.spec.pipeline import Pipeline

SPECS = {
    "transform": load("rotate128", "stream.frame=16", "stream.lanes=2", "input.width=6", "input.fraction=2"),
    "one beat": load("rotate128", "stream.frame=4", "stream.lanes=4", "input.width=5"),
    "two registers": load("rotate128", "stream.frame=16", "stage.fwht.registers=2", "input.width=6"),
    "spans": load("rotate128", "stream.frame=16", "stage.fwht.stall_span=1", "input.width=6"),
    "quantizer": load(
        "int4_token128", "stream.frame=16", "stream.lanes=4", "input.width=6", "input.fraction=2"
    ),
    "frame buffer": load("rotate128", "stream.frame=16", "stage.fwht.size=4", "input.width=6"),
    "settings": rotation(16, 4, 1),
}


def run(spec, cycles, drive):
    """What the two streams showed in each clock: (tready, tvalid, tlast, frame_error, bytes).

    `drive(clock)` gives aresetn, s_axis_tvalid, s_axis_tlast, s_axis_tdata and m_axis_tready.
    """
    top, seen = AxiTop(spec), []
    inputs = ("aresetn", "s_axis_tvalid", "s_axis_tlast", "s_axis_tdata", "m_axis_tready")
    outputs = ("s_axis_tready", "m_axis_tvalid", "m_axis_tlast", "frame_error", "m_axis_tdata")

    async def bench(ctx):
        for clock in range(cycles):
            for name, value in zip(inputs, drive(clock), strict=True):
                ctx.set(getattr(top, name), value)
            seen.append(tuple(ctx.get(getattr(top, name)) for name in outputs))
            ctx.set(top.aclk, 1)
            ctx.set(top.aclk, 0)

    simulator = Simulator(top)
    simulator.add_testbench(bench)
    simulator.run()
    return seen


def packed(spec, frames):
    """Frames as words of s_axis_tdata."""
    data = Packing.of(spec.in_lanes, spec.input).pack(frames.reshape(-1, spec.in_lanes))
    return [int.from_bytes(bytes(beat.tolist()), "little") for beat in data]


def numbers(spec, words):
    """Frames of words of m_axis_tdata."""
    width = Packing.of(spec.out_lanes, spec.output).bytes
    data = np.array([list(word.to_bytes(width, "little")) for word in words], dtype=np.uint8)
    return Packing.of(spec.out_lanes, spec.output).unpack(data).reshape(-1, spec.out_beats * spec.out_lanes)


def codes(spec, count, seed):
    rng = np.random.default_rng(seed)
    return rng.integers(spec.input.min, spec.input.max + 1, (count, spec.in_beats * spec.in_lanes))


@pytest.mark.parametrize("name", SPECS)
def test_one_clock_of_reset_forgets_everything(name):
    """After more and more clocks of frames, the receiver ready or not: the ports, and the frame behind it."""
    spec = SPECS[name]
    frames = codes(spec, 3, 1)
    words, beats = packed(spec, frames), spec.in_beats
    clocks, resets = [], []
    for moment in np.linspace(1, 2 * beats + spec.latency, 5).astype(int):
        for ready in (True, False):
            for at in range(moment):
                at %= len(words)
                clocks.append((1, 1, at % beats == beats - 1, words[at], ready))
            resets.append(len(clocks))
            # Nothing is taken, though it is offered, and a last beat too.
            clocks.append((0, 1, 1, words[0], 1))
            for at in range(beats):
                clocks.append((1, 1, at == beats - 1, words[at], 1))
            clocks += [(1, 0, 0, words[0], 1)] * (spec.latency + spec.out_beats + 20)
            resets.append(len(clocks))
    seen = run(spec, len(clocks), clocks.__getitem__)
    want = spec.compute(frames[:1]).reshape(1, -1)
    for reset, end in zip(resets[::2], resets[1::2], strict=True):
        after = seen[reset + 1 : end]
        assert after[0][:2] == (1, 0), "ready, and nothing offered"
        assert all(taken for taken, *_ in after[:beats])
        assert not any(error for _, _, _, error, _ in after)
        got = [word for _, valid, _, _, word in after if valid]
        np.testing.assert_array_equal(numbers(spec, got), want)


@pytest.mark.parametrize("name", ["transform", "quantizer", "frame buffer"])
def test_bits_between_lanes_do_not_count(name):
    spec = SPECS[name]
    frames = codes(spec, 4, 2)
    words, beats = packed(spec, frames), spec.in_beats
    step = 8 * spec.input.bytes
    above = sum(((1 << step) - (1 << spec.input.width)) << step * lane for lane in range(spec.in_lanes))
    assert above
    rng = np.random.default_rng(3)
    noise = [int.from_bytes(rng.bytes(spec.in_lanes * spec.input.bytes), "little") for _ in words]

    def drive(clock):
        # TREADY stays high: the receiver is always ready, and frames are whole.
        at = min(clock, len(words) - 1)
        return 1, clock < len(words), at % beats == beats - 1, words[at] & ~above | noise[at] & above, 1

    got = [word for _, valid, _, _, word in run(spec, len(words) + 2 * spec.latency + 40, drive) if valid]
    np.testing.assert_array_equal(numbers(spec, got), spec.compute(frames).reshape(4, -1))


@pytest.mark.parametrize("name", SPECS)
def test_without_tlast_nothing_comes_out_again(name):
    spec = SPECS[name]
    frames = codes(spec, 2, 3)
    words, beats = packed(spec, frames), spec.in_beats

    def drive(clock):
        at = clock % len(words)
        return 1, 1, clock == beats - 1, words[at], 1  # the first frame ends, and no other one

    seen = run(spec, 12 * beats + 2 * spec.latency + 40, drive)
    got = [word for _, valid, _, _, word in seen if valid]
    np.testing.assert_array_equal(numbers(spec, got), spec.compute(frames[:1]).reshape(1, -1))
    assert sum(error for _, _, _, error, _ in seen) == 1


def test_bits_above_a_result_are_copies_of_its_sign():
    spec = Pipeline(name="core", stages=(Fwht(frame=4, lanes=2, input=Format(width=3)),))
    frames = codes(spec, 20, 4)
    words = packed(spec, frames)

    def drive(clock):
        at = min(clock, len(words) - 1)
        return 1, clock < len(words), at % 2, words[at], 1

    got = [word for _, valid, _, _, word in run(spec, len(words) + 30, drive) if valid]
    results = spec.compute(frames).reshape(-1, 2)
    assert got == [int(a) & 0xFF | (int(b) & 0xFF) << 8 for a, b in results]
