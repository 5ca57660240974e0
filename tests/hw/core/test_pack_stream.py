"""Codes on one stream and scales on another, joined into one for the bench."""

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pytest
from amaranth.hdl import Array, ClockDomain, Const, Module, Mux, Signal
from amaranth.lib.wiring import Component, Out
from hw.core.campaign import stimulus
from hw.core.test_pack import OFTEN, SHAPES, Shape

from hadacast.core.top import PORTS, AxiTop, ports
from hadacast.errors import HadacastError
from hadacast.format import Format, Ints
from hadacast.packed import Packed
from hadacast.sim.scoreboard import compare
from hadacast.sim.simulators import simulate
from hadacast.sim.stimulus import Stimulus
from hadacast.spec.pipeline import Pipeline
from hadacast.spec.unpack import Unpack

SCALED = [
    pytest.param(shape, marks=[] if index in OFTEN else pytest.mark.long, id=str(shape))
    for index, shape in enumerate(SHAPES)
    if shape.scale is not None
]


@dataclass(frozen=True)
class Joined:
    """What the joined streams carry: the scales of groups come before the word in which their codes begin.

    The lane behind the bytes tells them apart: 0 with codes, 2 with scales, 3 with the last ones of a frame.
    """

    pipeline: Pipeline
    name: str = "joined"
    sequential: bool = False
    output: Format = field(default=Format(width=8, signed=False))

    @property
    def packed(self) -> Packed:
        packed = self.pipeline.scales
        assert packed is not None
        return packed

    @cached_property
    def order(self) -> Ints:
        """What each beat of a frame is: -1 - t for beat t of scales, w for word w."""
        packed = self.packed
        begins = np.arange(packed.units) * packed.unit_beats * packed.code_bits // (8 * packed.bus)
        found = []
        for word in range(packed.beats):
            found += [-1 - unit for unit in np.flatnonzero(begins == word)] + [word]
        return np.array(found)

    def __getattr__(self, name):
        return getattr(self.pipeline, name)

    @property
    def out_lanes(self) -> int:
        return max(self.packed.bus, self.packed.side_bytes) + 1

    @property
    def out_beats(self) -> int:
        return len(self.order)

    @property
    def latency(self) -> int:
        return self.pipeline.latency - self.pipeline.stages[-1].latency + 3

    def compute(self, x):
        packed = self.packed
        frames = self.pipeline.taps(x)[-2]
        codes = packed.pack(frames).reshape(len(x), -1, packed.bus)
        scales = packed.pack_sides(frames)
        result = np.zeros((len(x), self.out_beats, self.out_lanes), dtype=np.int64)
        for beat, item in enumerate(self.order):
            source = codes[:, item] if item >= 0 else scales[:, -1 - item]
            result[:, beat, : source.shape[-1]] = source
            if item < 0:
                result[:, beat, -1] = 2 + (item == -packed.units)
        return result.reshape(len(x), -1)


class Joiner(Component):
    """Both streams of a core as one, in that order."""

    def __init__(self, spec: Joined):
        self.spec = spec
        own = ports(replace(spec.pipeline, stages=(*spec.pipeline.stages[:1], plain(spec))))
        super().__init__(own | {"m_axis_tdata": Out(8 * spec.out_lanes)})

    def elaborate(self, platform):
        m = Module()
        spec = self.spec
        m.domains.join = domain = ClockDomain("join", local=True)
        m.d.comb += [domain.clk.eq(self.aclk), domain.rst.eq(~self.aresetn)]
        core = m.submodules.core = AxiTop(spec.pipeline)
        for name in self.signature.members:
            if name.startswith("s_axis") or name.startswith("frame_error") or name in ("aclk", "aresetn"):
                mine, its = getattr(self, name), getattr(core, name)
                taken = name.endswith("tready") or name.startswith("frame_error")
                m.d.comb += mine.eq(its) if taken else its.eq(mine)
        beat = Signal(range(spec.out_beats))
        scales = Array(Const(int(item < 0), 1) for item in spec.order)[beat]
        last = Signal()
        m.d.comb += [
            self.m_axis_tvalid.eq(Mux(scales, core.m_axis_scale_tvalid, core.m_axis_tvalid)),
            core.m_axis_scale_tready.eq(self.m_axis_tready & scales),
            core.m_axis_tready.eq(self.m_axis_tready & ~scales),
            self.m_axis_tdata.eq(Mux(scales, core.m_axis_scale_tdata, core.m_axis_tdata)),
            self.m_axis_tdata[-8:].eq(Mux(scales, 2 + core.m_axis_scale_tlast, 0)),
            last.eq(core.m_axis_tlast & ~scales),
            self.m_axis_tlast.eq(last),
            self.m_axis_tuser.eq(Mux(scales, core.m_axis_scale_tuser, core.m_axis_tuser)),
        ]
        with m.If(self.m_axis_tvalid & self.m_axis_tready):
            m.d.join += beat.eq(Mux(last, 0, beat + 1))
        return m


def plain(spec: Joined):
    """A last stage without a second stream, for the ports that are left."""
    return replace(spec.pipeline.stages[-1], layout="beside", bus=0)


def joined(shape: Shape) -> Joined:
    return Joined(shape.pack("stream"))


def check(spec: Joined, samples: int, simulator: str) -> None:
    plan = stimulus(spec, samples, seed=spec.frame)
    result = compare(spec, plan, simulate(Joiner(spec), plan, simulator))
    assert result.ok, result.problems
    assert result.frames > 5
    assert result.dropped > 0


@pytest.mark.parametrize("shape", SCALED)
def test_equals_the_spec(shape):
    check(joined(shape), 300, "amaranth")


def test_equals_the_spec_at_length():
    check(joined(SHAPES[1]), 20_000, "cxxrtl")


@pytest.mark.parametrize("shape", SCALED)
def test_latency_and_throughput_are_as_stated(shape):
    """With both streams taken at once: the stated latency of the codes, and a beat in per clock."""
    spec = shape.pack("stream")
    x = np.random.default_rng(1).integers(0, 256, (30, spec.in_beats * spec.in_lanes))

    class Open(AxiTop):
        def elaborate(self, platform):
            m = super().elaborate(platform)
            m.d.comb += self.m_axis_scale_tready.eq(1)
            return m

    trace = simulate(Open(spec), Stimulus.frames(x, spec.in_lanes))
    assert trace.offer[0] - trace.accept[0] == spec.latency
    assert (np.diff(trace.accept) == 1).all()
    assert (trace.data.reshape(len(x), -1) == spec.compute(x)).all()


def test_ports_are_there_only_when_used():
    shape = SHAPES[0]
    scale = {name for name in PORTS if "scale" in name}
    assert scale <= set(ports(shape.pack("stream")))
    assert not scale & set(ports(shape.pack("ahead")))


def test_unpack_takes_one_stream():
    packed = SHAPES[0].packed("stream")
    with pytest.raises(
        HadacastError, match="layout is 'stream': an unpack stage takes beside, ahead or behind"
    ):
        Unpack(frame=packed.frame, lanes=packed.lanes, input=packed)
