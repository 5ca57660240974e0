"""One stage on its own between AXI4-Stream ports, whatever its formats: sides travel as more lanes."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from amaranth.hdl import ClockDomain, Module, Value
from amaranth.lib.wiring import Component, connect

from hadacast.core import beat
from hadacast.core.frame_buffer import FrameBuffer
from hadacast.core.framer import Framer
from hadacast.core.pipeline import COMPONENTS
from hadacast.core.quantizer.random import Xorshift32
from hadacast.core.top import lane_bits, ports
from hadacast.format import Codes, Format, Ints
from hadacast.frames import Block, Frames
from hadacast.settings import RegisterMap
from hadacast.sim.scoreboard import Comparison, compare
from hadacast.sim.simulators import simulate
from hadacast.sim.stimulus import Stimulus
from hadacast.sim.trace import Trace
from hadacast.spec.pipeline import FRAME_BUFFER
from hadacast.spec.stage import Stage


@dataclass(frozen=True)
class Side:
    """A side as lanes: its name, its shape, and the group in each slot of each beat, (beats, count)."""

    name: str
    width: int
    signed: bool
    group: Any


def sides(format_: Codes | Block, frame: int, lanes: int) -> list[Side]:
    """The sides of a format, in order."""
    if not isinstance(format_, Block):
        return []
    slots = np.arange(beat.groups(format_, lanes)) * format_.group
    place = np.arange(frame // lanes)[:, None] * lanes + slots
    group = place % (frame // format_.rows) // format_.group
    return [Side(name, width, signed, group) for name, (width, signed) in format_.sides.items()]


NOTHING_TO_SET = RegisterMap(())


@dataclass(frozen=True)
class Flat:
    """A stage as a Pipeline looks to the benches: lanes of unsigned patterns, those of the sides last."""

    stage: Stage
    name: str = "flat"
    random_bits: int = 0
    scales: Any = None
    registers: RegisterMap = NOTHING_TO_SET

    @property
    def sequential(self) -> bool:
        return self.stage.sequential

    @property
    def in_sides(self) -> list[Side]:
        return sides(self.stage.input, self.stage.frame, self.stage.lanes)

    @property
    def out_sides(self) -> list[Side]:
        return sides(self.stage.output, self.stage.frame, self.stage.lanes)

    def _width(self, format_: Codes | Block, found: list[Side]) -> Format:
        return Format(width=max(format_.width, *(s.width for s in found), 1), signed=False)

    @property
    def input(self) -> Format:
        return self._width(self.stage.input, self.in_sides)

    @property
    def output(self) -> Format:
        return self._width(self.stage.output, self.out_sides)

    @property
    def in_lanes(self) -> int:
        return self.stage.lanes + sum(s.group.shape[1] for s in self.in_sides)

    @property
    def out_lanes(self) -> int:
        return self.stage.lanes + sum(s.group.shape[1] for s in self.out_sides)

    @property
    def in_beats(self) -> int:
        return self.stage.beats

    out_beats = beats = in_beats

    @property
    def latency(self) -> int:
        return self.beats - 1 + FRAME_BUFFER + self.stage.latency

    def flatten(self, frames: Frames | Ints, format_: Codes | Block) -> Ints:
        """(f, beats·lanes) patterns of frames."""
        frames = frames if isinstance(frames, Frames) else Frames(codes=frames)
        codes = frames.codes.reshape(len(frames.codes), self.beats, self.stage.lanes) & (
            (1 << format_.width) - 1
        )
        parts = [codes]
        for side in sides(format_, self.stage.frame, self.stage.lanes):
            parts.append(getattr(frames, side.name)[:, side.group] & ((1 << side.width) - 1))
        lanes = np.concatenate(parts, axis=-1)
        return lanes.reshape(len(codes), lanes.shape[1] * lanes.shape[2])

    def compute(self, x: Ints) -> Ints:
        lanes, format_ = x.reshape(len(x), self.beats, self.in_lanes), self.stage.input
        codes = lanes[..., : self.stage.lanes].reshape(len(x), self.stage.frame)
        found, at = {}, self.stage.lanes
        for side in self.in_sides:
            values = np.zeros((len(x), format_.groups(self.stage.frame)), dtype=np.int64)
            values[:, side.group] = lanes[..., at : at + side.group.shape[1]]
            found[side.name] = _signed(values, side.width) if side.signed else values
            at += side.group.shape[1]
        codes = _signed(codes, format_.width) if format_.signed else codes
        result = self.stage.compute(Frames(codes=codes, **found) if isinstance(format_, Block) else codes)
        return self.flatten(result, self.stage.output)


def _signed(patterns: Ints, width: int) -> Ints:
    return np.where(patterns >> (width - 1) & 1, patterns - (1 << width), patterns)


class FlatTop(Component):
    """A framer, a frame buffer and the stage's component behind the ports of an AxiTop.

    A port for random numbers is fed by the generator of the spec.
    """

    def __init__(self, spec: Flat):
        self.spec = spec
        super().__init__(ports(spec))

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        spec = self.spec
        m.domains.sync = domain = ClockDomain(local=True)
        m.d.comb += [domain.clk.eq(self.aclk), domain.rst.eq(~self.aresetn)]
        framer = m.submodules.framer = Framer(spec.input, spec.in_lanes, spec.in_beats)
        buffer = m.submodules.buffer = FrameBuffer(spec.input, spec.in_lanes, spec.in_beats)
        stage = m.submodules.stage = COMPONENTS[spec.stage.kind](spec.stage)
        connect(m, framer.o, buffer.i)
        if getattr(spec.stage, "random", None) == "port":
            generator = m.submodules.generator = Xorshift32(spec.stage.generator)
            m.d.comb += [
                stage.random.eq(generator.random.as_value()),
                generator.taken.eq(stage.random_taken),
            ]
        in_bits, out_bits = lane_bits(spec.input), lane_bits(spec.output)
        for lane in range(spec.in_lanes):
            m.d.comb += framer.i.p.data[lane].eq(self.s_axis_tdata.word_select(lane, in_bits))
        for lane, value in enumerate(_lanes(stage.i.p, spec.in_sides, spec.stage.lanes)):
            m.d.comb += value.eq(buffer.o.p.data[lane])
        for lane, value in enumerate(_lanes(stage.o.p, spec.out_sides, spec.stage.lanes)):
            m.d.comb += self.m_axis_tdata.word_select(lane, out_bits).eq(value.as_unsigned())
        m.d.comb += [
            framer.i.valid.eq(self.s_axis_tvalid),
            framer.i.p.last.eq(self.s_axis_tlast),
            self.s_axis_tready.eq(framer.i.ready),
            stage.i.valid.eq(buffer.o.valid),
            buffer.o.ready.eq(stage.i.ready),
            stage.i.p.last.eq(buffer.o.p.last),
            stage.i.p.mark.eq(buffer.o.p.mark),
            self.m_axis_tvalid.eq(stage.o.valid),
            stage.o.ready.eq(self.m_axis_tready),
            self.m_axis_tlast.eq(stage.o.p.last),
            self.m_axis_tuser.eq(stage.o.p.mark),
            self.frame_error.eq(framer.frame_error),
        ]
        return m


def _lanes(payload: Any, found: list[Side], lanes: int) -> list[Value]:
    values = [Value.cast(payload.data[lane]) for lane in range(lanes)]
    for side in found:
        values += [Value.cast(payload[side.name][slot]) for slot in range(side.group.shape[1])]
    return values


def disturbed(x: Ints, lanes: int, seed: int) -> Stimulus:
    """Frames back to back; gaps and stalls in one half; some too short or too long; resets amid frames."""
    rng = np.random.default_rng(seed)
    rates = {"gap_rate": rng.choice([0.05, 0.5]), "stall_rate": rng.choice([0.05, 0.5])}
    plan = Stimulus.frames(x, lanes, seed=seed, **rates)
    gap, ready = plan.gap.copy(), plan.ready.copy()
    gap[len(gap) // 2 :] = 0
    ready[len(ready) // 2 :] = True
    plan = Stimulus(plan.data, plan.last, gap, ready)
    beats = x.shape[1] // lanes
    chosen = rng.choice(len(x), min(8, len(x) // 2), replace=False)
    half = len(chosen) // 2
    longer = {int(f): int(rng.integers(1, 2 * beats + 2)) for f in chosen[:half]}
    shorter = {int(f): -int(rng.integers(1, beats)) for f in chosen[half:] if beats > 1}
    plan = plan.resize(longer | shorter).lose_last(rng.choice(len(x), 1))
    resets = np.unique(rng.choice(plan.beats, 3, replace=False))
    return plan.with_resets(*(int(reset) for reset in resets))


def run(stage: Stage, frames: Frames | Ints, simulator: str = "amaranth", seed: int = 1) -> Comparison:
    """Frames through a stage's hardware under gaps, stalls, broken frames and resets, against its spec."""
    flat = Flat(stage)
    sent = disturbed(flat.flatten(frames, stage.input), flat.in_lanes, seed)
    return compare(flat, sent, simulate(FlatTop(flat), sent, simulator))


def undisturbed(stage: Stage, frames: Frames | Ints) -> Trace:
    """Frames through a stage's hardware at full rate, with nothing in the way."""
    flat = Flat(stage)
    sent = Stimulus.frames(flat.flatten(frames, stage.input), flat.in_lanes)
    return simulate(FlatTop(flat), sent)


def check(stage: Stage, frames: Frames | Ints, simulator: str = "amaranth", seed: int = 1) -> None:
    """The hardware equals the spec whatever the streams do, at the stated latency and one beat per clock."""
    result = run(stage, frames, simulator, seed)
    assert result.ok, result.problems
    assert result.frames > 2
    trace = undisturbed(
        stage,
        Frames(codes=frames.codes[:4], **{k: v[:4] for k, v in frames.sides.items()})
        if isinstance(frames, Frames)
        else frames[:4],
    )
    assert trace.latency == Flat(stage).latency
    assert (np.diff(trace.cycle) == 1).all()
