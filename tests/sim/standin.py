"""A small core with the ports of AxiTop, right or with one planted fault: what the benches are tested on.

It adds 1 to every lane. A frame is stored until its TLAST and leaves only if its length was right.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from amaranth.hdl import Cat, ClockDomain, Const, Module, Mux, Signal
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import Component, In, Out
from numpy.typing import ArrayLike, NDArray

from hadacast.format import Format

FAULTS = {
    "wrong_value": "one lane of one beat, now and then, is one too large",
    "drops_beat": "the last beat of a frame is sometimes not sent",
    "repeats_beat": "a beat is sometimes sent twice",
    "endless": "the last beat is sent for ever",
    "loses_tlast": "TLAST is missing on some frames",
    "early_tlast": "TLAST comes on the first beat too",
    "loses_tuser": "TUSER is never set",
    "payload_changes": "TDATA changes while the beat is stalled",
    "tlast_changes": "TLAST changes while the beat is stalled",
    "valid_drops": "TVALID falls while the beat is stalled",
    "valid_waits": "TVALID is high only while TREADY is",
    "keeps_bad": "a short frame is not dropped",
    "no_pulse": "frame_error stays low",
    "ignores_valid": "a beat is taken whether or not TVALID is high",
    "ignores_reset": "a frame begun before a reset is finished after it",
    "trapped": "the last frame leaves only when another follows",
    "bad_padding": "the sign isn't extended over the padding of a lane",
    "swaps": "lanes 0 and 1 change places now and then",
    "hangs": "nothing is taken any more after some beats",
}
"""Planted faults and what they do."""


@dataclass(frozen=True)
class AddOne:
    """The spec of the stand-in, as far as benches look at it."""

    beats: int = 4
    lanes: int = 2
    width: int = 12
    name: str = "add_one"
    sequential: bool = False

    in_beats = out_beats = property(lambda self: self.beats)
    in_lanes = out_lanes = property(lambda self: self.lanes)

    @property
    def input(self) -> Format:
        return Format(width=self.width)

    @property
    def output(self) -> Format:
        return Format(width=self.width + 1)

    @property
    def frame(self) -> int:
        return self.beats * self.lanes

    @property
    def latency(self) -> int:
        return self.beats

    def compute(self, x: ArrayLike) -> NDArray[np.int64]:
        return np.asarray(x, dtype=np.int64) + 1


class StandIn(Component):
    """The core of an AddOne spec, with the named fault or none."""

    def __init__(self, spec: AddOne, fault: str | None = None):
        assert fault is None or fault in FAULTS
        self.spec, self.fault = spec, fault
        super().__init__(
            {
                "aclk": In(1),
                "aresetn": In(1, init=1),
                "s_axis_tdata": In(spec.lanes * 8 * spec.input.bytes),
                "s_axis_tvalid": In(1),
                "s_axis_tready": Out(1),
                "s_axis_tlast": In(1),
                "m_axis_tdata": Out(spec.lanes * 8 * spec.output.bytes),
                "m_axis_tvalid": Out(1),
                "m_axis_tready": In(1),
                "m_axis_tlast": Out(1),
                "m_axis_tuser": Out(1),
                "frame_error": Out(1),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        spec, fault = self.spec, self.fault
        m = Module()
        m.domains.sync = domain = ClockDomain(local=True)
        resets = Const(0, 1) if fault == "ignores_reset" else ~self.aresetn
        m.d.comb += [domain.clk.eq(self.aclk), domain.rst.eq(resets)]

        depth = 8 * spec.beats
        word = len(self.m_axis_tdata) + 2  # TDATA, TLAST, TUSER
        m.submodules.memory = memory = Memory(shape=word, depth=depth, init=[])
        write, read = memory.write_port(), memory.read_port(domain="comb")
        # `end` is where the last whole frame ends; beats from there to `written` may yet be dropped.
        written, end, taken = (Signal(range(2 * depth)) for _ in range(3))
        position = Signal(range(spec.beats + 1))
        after_bad, late = Signal(), Signal()
        sent = Signal(16)  # what makes a fault come now and then
        rarely = sent[:3].all()

        lanes = []
        for lane in range(spec.lanes):
            element = self.s_axis_tdata.word_select(lane, 8 * spec.input.bytes)[: spec.width].as_signed()
            result = Signal(8 * spec.output.bytes)
            total = (element + 1)[: spec.width + 1]
            m.d.comb += result.eq(total if fault == "bad_padding" else total.as_signed())
            lanes.append(result)
        valid = Const(1, 1) if fault == "ignores_valid" else self.s_axis_tvalid
        take = Signal()
        hung = sent >= 20 if fault == "hangs" else Const(0, 1)
        m.d.comb += [
            self.s_axis_tready.eq((written - taken)[: len(written)] < depth - 1),
            take.eq(valid & self.s_axis_tready),
            write.addr.eq(written),
            write.data.eq(Cat(*lanes, self.s_axis_tlast, after_bad & (fault != "loses_tuser"))),
            write.en.eq(take & ~late),
        ]
        with m.If(hung):
            m.d.comb += [self.s_axis_tready.eq(0)]
        last_place = position == spec.beats - 1
        m.d.sync += self.frame_error.eq(0)
        with m.If(take):
            m.d.sync += [written.eq(written + ~late), position.eq(Mux(late, position, position + 1))]
            with m.If(self.s_axis_tlast):
                m.d.sync += [position.eq(0), late.eq(0)]
                good = last_place & ~late
                with m.If(good | ((fault == "keeps_bad") & ~late)):
                    m.d.sync += [end.eq(written + 1), after_bad.eq(0)]
                with m.Else():
                    m.d.sync += [written.eq(end), after_bad.eq(1), self.frame_error.eq(fault != "no_pulse")]
            with m.Elif(last_place):
                m.d.sync += [late.eq(1), written.eq(end)]

        offered = Signal()
        m.d.comb += offered.eq(taken != end)
        if fault == "trapped":
            m.d.comb += offered.eq((end - taken)[: len(end)] > spec.beats)
        if fault == "endless":
            m.d.comb += offered.eq((taken != end) | sent.any())
        stalled = Signal()
        m.d.sync += stalled.eq(self.m_axis_tvalid & ~self.m_axis_tready)
        data = read.data[: len(self.m_axis_tdata)]
        last, user = read.data[-2], read.data[-1]
        if fault == "wrong_value":
            data = data + rarely
        if fault == "swaps":
            half = 8 * spec.output.bytes
            data = Mux(rarely, Cat(data[half : 2 * half], data[:half], data[2 * half :]), data)
        if fault == "payload_changes":
            data = data ^ stalled
        if fault == "tlast_changes":
            last = last ^ stalled
        if fault == "loses_tlast":
            last = last & ~rarely
        if fault == "early_tlast":
            last = last | (sent[: (spec.beats - 1).bit_length()] == 0)
        valid_out = offered
        if fault == "valid_drops":
            valid_out = offered & ~stalled
        if fault == "valid_waits":
            valid_out = offered & self.m_axis_tready
        skip = Signal()
        if fault == "drops_beat":
            m.d.comb += skip.eq(offered & read.data[-2] & rarely)
            valid_out = offered & ~skip
        m.d.comb += [
            read.addr.eq(taken),
            self.m_axis_tvalid.eq(valid_out),
            self.m_axis_tdata.eq(data),
            self.m_axis_tlast.eq(last),
            self.m_axis_tuser.eq(user),
        ]
        again = Signal()
        if fault == "repeats_beat":
            m.d.comb += again.eq(rarely)
        if fault == "endless":
            m.d.comb += again.eq(taken == end)
        with m.If(skip | (self.m_axis_tvalid & self.m_axis_tready)):
            m.d.sync += sent.eq(sent + 1)
            with m.If(~again):
                m.d.sync += taken.eq(taken + 1)
        return m
