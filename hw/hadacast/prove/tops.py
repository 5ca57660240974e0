"""What is claimed of a whole core: of its stages behind the framer, and of the ports of the top."""

from typing import Any

from amaranth.hdl import ClockSignal, ResetSignal, Signal, Value
from amaranth.lib import data, stream

from hadacast.core.top import AxiTop, lane_bits
from hadacast.prove import function, inside, streams, traced
from hadacast.prove.claims import Claims
from hadacast.prove.stage import DEEPEST, SLACK
from hadacast.spec.pipeline import Pipeline


def _ports(c: Claims, spec: Pipeline, top: AxiTop) -> tuple[Any, Any]:
    """Drive the ports, and give the streams at them as streams."""
    m = c.m
    i = stream.Signature(data.StructLayout({"data": len(top.s_axis_tdata), "last": 1})).create(path=("i",))
    o_layout = data.StructLayout({"data": len(top.m_axis_tdata), "last": 1, "mark": 1})
    o = stream.Signature(o_layout).create(path=("o",))
    streams.drive(c, i, "i")
    streams.receive(c, o, "o")
    m.d.comb += [
        top.aclk.eq(ClockSignal(c.clock)),
        top.aresetn.eq(~ResetSignal(c.clock)),
        top.s_axis_tdata.eq(i.p.data),
        top.s_axis_tvalid.eq(i.valid),
        top.s_axis_tlast.eq(i.p.last),
        i.ready.eq(top.s_axis_tready),
        o.p.data.eq(top.m_axis_tdata),
        o.p.last.eq(top.m_axis_tlast),
        o.p.mark.eq(top.m_axis_tuser),
        o.valid.eq(top.m_axis_tvalid),
        top.m_axis_tready.eq(o.ready),
    ]
    if spec.random_bits:
        m.d.comb += top.random.eq(c.free(len(top.random), "random"))
    return i, o


def _begun(spec: Pipeline, family: str) -> tuple[Claims, AxiTop, Any, Any, Any, Any, Any, Any]:
    c = Claims(family, clock="ports")
    top = AxiTop(spec)
    fragment = c.place(top, "top")
    i, o = _ports(c, spec, top)
    arrivals = streams.raw(c, i, spec.in_beats)
    least = min(spec.in_beats, spec.out_beats)
    frames = 4 + (spec.latency + DEEPEST) // least
    departures = streams.counted(c, arrivals, o, spec.out_beats, frames)
    followed = traced.traced(c, i, arrivals, spec.in_beats, departures)
    return c, top, fragment, i, o, arrivals, departures, followed


def rules(spec: Pipeline, family: str) -> Claims:
    """The stream rules, with anything at all at the input: not even rule 1 is assumed there."""
    c, top, fragment, _, o, arrivals, departures, followed = _begun(spec, family)
    streams.kept(c, o, "o")
    most = spec.latency + spec.in_beats + SLACK
    streams.offered(c, departures.inside != 0, o, most)
    streams.taken(c, arrivals, o.valid, most)
    c.never("frame_error", top.frame_error != c.before(arrivals.bad, "bad_before"))
    inside.contracts(c, fragment)
    traced.noted(c, followed, arrivals, o)
    for value in (top.m_axis_tvalid, top.s_axis_tready, top.frame_error):
        c.apart("paths", value, "")
    c.apart("paths", Value.cast(o.payload), "i", "o")
    return c


def values(spec: Pipeline, family: str) -> Claims:
    """What leaves is what the spec computes, for each frame that there is."""
    c, _, _, i, o, arrivals, departures, followed = _begun(spec, family)
    streams.obeyed(c, i, "i")
    arriving = function.Shape(spec.input, spec.in_beats, spec.in_lanes)
    leaving = function.Shape(spec.output, spec.out_beats, spec.out_lanes)
    table = function.Function(spec, arriving, leaving)
    frame: Signal = c.fixed(table.bits, "frame")
    c.assume(table.legal(frame))
    here, there = table.sent(frame, arrivals.place), table.expected(c.m, frame, departures.place)
    in_bits, out_bits = lane_bits(spec.input), lane_bits(spec.output)
    for lane in range(spec.in_lanes):
        width = spec.input.width
        came = i.p.data.word_select(lane, in_bits)[:width]
        c.assume(~(followed.comes & (came != here.word_select(lane, width))))
    for lane in range(spec.out_lanes):
        width = spec.output.width
        expected = there.word_select(lane, width)
        extended = Signal(out_bits, name=f"expected_{lane}")
        c.m.d.comb += extended.eq(expected.as_signed() if spec.output.signed else expected)
        left = o.p.data.word_select(lane, out_bits)
        c.never("value", followed.leaves & o.valid & (left != extended))
    return c
