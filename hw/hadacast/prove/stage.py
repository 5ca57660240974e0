"""All that is claimed of a stage."""

from typing import Any, cast

from amaranth.hdl import Const, Signal, Value

from hadacast.core.pipeline import COMPONENTS
from hadacast.prove import function, inside, streams, traced
from hadacast.prove.claims import WAY, Claims
from hadacast.settings import Register
from hadacast.spec.stage import Stage

# Clocks beyond its latency in which a stage offers what it owes, and takes what is offered.
SLACK = 6


def _ports(c: Claims, component: Any, spec: Stage, values: bool) -> None:
    """What comes to a stage beside its frames: random numbers, and settings. Registers stand still; tables
    are written at any time, but where values are looked at."""
    if hasattr(component, "random"):
        c.m.d.comb += component.random.eq(c.free(len(component.random), "random"))
    for setting in spec.settings:
        port = getattr(component, f"set_{setting.name}")
        if isinstance(setting, Register):
            if not values:
                value = c.fixed(len(port), setting.name)
                number = value.as_signed() if setting.signed else value
                c.assume((number >= setting.low) & (number <= setting.high))
                c.m.d.comb += port.eq(value)
        elif not values:
            c.m.d.comb += Value.cast(port).eq(c.free(len(Value.cast(port)), setting.name))


def _begun(
    spec: Stage, family: str, drops: bool, values: bool
) -> tuple[Claims, Any, Any, streams.Arrivals, streams.Departures]:
    c, dut, fragment, arrivals = _entered(spec, family, drops, values)
    departures = streams.counted(c, arrivals, dut.o, spec.out_beats, capacity(spec), prefix="counted_")
    return c, dut, fragment, arrivals, departures


def _entered(
    spec: Stage, family: str, drops: bool, values: bool
) -> tuple[Claims, Any, Any, streams.Arrivals]:
    """A stage, and frames that come to it."""
    c = Claims(family)
    dut = COMPONENTS[spec.kind](spec, **({"drops": drops} if spec.whole else {}))
    fragment = c.place(dut, "stage")
    _ports(c, dut, spec, values)
    streams.drive(c, dut.i, "i")
    streams.receive(c, dut.o, "o")
    streams.obeyed(c, dut.i, "i")
    arrivals = streams.whole(c, dut.i, spec.in_beats, drops)
    return c, dut, fragment, arrivals


def capacity(spec: Any) -> int:
    """Frames that are inside at once, at most: those of which beats are in registers and queues."""
    return 3 + (spec.latency + DEEPEST) // min(spec.in_beats, spec.out_beats)


# Words of the smallest queue in a memory, which may be more than a stage asked for.
DEEPEST = 16


def rules(spec: Stage, family: str, drops: bool = False, by_count: bool = False) -> Claims:
    """The stream rules. What is owed is the marked frame; or, `by_count`, as many as have come and not left:
    for that no word in a queue matters, and all states of the counters can be found."""
    c, dut, fragment, arrivals = _entered(spec, family, drops, False)
    streams.kept(c, dut.o, "o")
    most = spec.latency + SLACK
    if drops:
        departures = streams.counted(c, arrivals, dut.o, spec.out_beats, capacity(spec))
        traced.noted(c, traced.traced(c, dut.i, arrivals, spec.in_beats, departures), arrivals, dut.o)
        owed: Any = departures.inside != 0
    else:
        owed = traced.coloured(c, dut.i, arrivals, dut.o, spec.in_beats, spec.out_beats).owed
        if by_count:
            departures = streams.counted(
                c, arrivals, dut.o, spec.out_beats, capacity(spec), prefix="counted_", last=False
            )
            owed = departures.inside != 0
    busy, held = dut.o.valid, Const(0, 1)
    if hasattr(dut, "scale"):
        busy, held = _scales(c, dut, spec, arrivals, most)
    if spec.latency:
        streams.offered(c, owed, dut.o, most, unless=held)
        streams.taken(c, arrivals, busy, most)
        c.apart("paths", dut.o.valid, "")
        c.apart("paths", dut.i.ready, "")
        c.apart("paths", dut.o.payload, "o", "i")
    else:
        # Wires: what is offered is offered on, and taken if it is taken behind.
        c.never("progress", dut.i.valid & ~dut.o.valid)
        c.never("intake", dut.o.ready & ~dut.i.ready)
        c.apart("paths", dut.o.valid, "o")
        c.apart("paths", dut.o.payload, "o")
        c.apart("paths", dut.i.ready, "i")
    inside.contracts(c, fragment)
    c.hint(dut.o.valid, WAY)
    return c


def counts(spec: Stage, family: str) -> Claims:
    """Frames inside, counted; and the mark of a frame that has one on its last beat only."""
    c, dut, _, arrivals, departures = _begun(spec, family, False, False)
    followed = traced.traced(c, dut.i, arrivals, spec.in_beats, departures)
    traced.carried(c, followed, dut.i, dut.o, not spec.whole)
    return c


def _scales(c: Claims, dut: Any, spec: Stage, arrivals: streams.Arrivals, most: int) -> tuple[Value, Value]:
    """The rules of the stream of scales, which has beats of its own. Whether either stream has one, and
    whether this one is held up."""
    streams.receive(c, dut.scale, "scale")
    streams.kept(c, dut.scale, "scale", "scale_")
    units = cast(Any, spec.output).units
    leaving = traced.coloured(c, dut.i, arrivals, dut.scale, spec.in_beats, units, "scale_")
    held = dut.scale.valid & ~dut.scale.ready
    streams.offered(c, leaving.owed, dut.scale, most, "scale_", dut.o.valid & ~dut.o.ready)
    c.apart("paths", dut.scale.valid, "")
    return dut.o.valid | dut.scale.valid, held


def values(spec: Stage, family: str, drops: bool = False) -> Claims:
    """What leaves is what the spec computes, for each frame that there is."""
    c, dut, _, arrivals, departures = _begun(spec, family, drops, True)
    followed = traced.traced(c, dut.i, arrivals, spec.in_beats, departures)
    arriving = function.Shape(spec.input, spec.in_beats, spec.in_lanes)
    leaving = function.Shape(spec.output, spec.out_beats, spec.out_lanes)
    table = function.Function(spec, arriving, leaving)
    frame: Signal = c.fixed(table.bits, "frame")
    c.assume(table.legal(frame))
    traced.valued(
        c,
        followed,
        arrivals,
        departures,
        dut.i,
        dut.o,
        lambda place: table.sent(frame, place),
        lambda place: table.expected(c.m, frame, place),
    )
    return c
