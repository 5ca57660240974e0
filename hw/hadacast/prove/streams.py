"""Stream rules as properties, written once and put around any component."""

from dataclasses import dataclass
from typing import Any

from amaranth.hdl import Cat, Mux, Signal, Value, ValueLike

from hadacast.prove.claims import WAITED, Claims


def transfer(stream: Any) -> Value:
    """A beat passes."""
    return stream.valid & stream.ready


def drive(c: Claims, stream: Any, name: str) -> None:
    """An input stream with anything on it: free signals NAME_valid, NAME_last, NAME_mark and NAME_data."""
    fields = stream.payload.shape().members
    beside = [field for field in ("last", "mark") if field in fields]
    payload = Value.cast(stream.payload)
    c.m.d.comb += [
        stream.valid.eq(c.free(1, f"{name}_valid")),
        payload.eq(
            Cat(
                c.free(len(payload) - len(beside), f"{name}_data"),
                *(c.free(1, f"{name}_{field}") for field in beside),
            )
        ),
    ]


def receive(c: Claims, stream: Any, name: str) -> None:
    """An output stream whose receiver does anything."""
    c.m.d.comb += stream.ready.eq(c.free(1, f"{name}_ready"))


def _stalled(c: Claims, stream: Any, name: str) -> tuple[Signal, Value]:
    """Whether a beat stood still a cycle ago, and whether its payload isn't there any more."""
    stood = c.before(stream.valid & ~stream.ready, f"{name}_stood")
    was = c.before(stream.payload, f"{name}_was")
    return stood, was != Value.cast(stream.payload)


def obeyed(c: Claims, stream: Any, name: str) -> None:
    """Assume rule 1 of a stream that arrives."""
    stood, differs = _stalled(c, stream, name)
    c.assume(~(stood & (~stream.valid | differs)))


def kept(c: Claims, stream: Any, name: str, prefix: str = "") -> None:
    """Rule 1 of a stream that leaves: `valid` doesn't fall before `ready`, the payload holds until then."""
    stood, differs = _stalled(c, stream, name)
    c.never(f"{prefix}valid", stood & ~stream.valid)
    c.never(f"{prefix}payload", stood & stream.valid & differs)


def place(c: Claims, steps: ValueLike, count: int, name: str) -> Signal:
    """Which of a frame's `count` beats is next."""
    number = Signal(range(max(count, 2)), name=name)
    with c.m.If(Value.cast(steps)):
        c.m.d[c.clock] += number.eq(Mux(number == count - 1, 0, number + 1))
    return number


@dataclass
class Arrivals:
    """What is known of the frames that come in.

    Members
    -------
    takes: a beat of a frame passes. place: its number there.
    good: it completes a frame that is to leave. bad: it shows that a frame is broken.
    stays: a beat is offered and not taken.
    """

    takes: Value
    place: Signal
    good: Value
    bad: Value
    stays: Value


def whole(c: Claims, stream: Any, beats: int, drops: bool) -> Arrivals:
    """Assume frames of `beats` beats with `last` on the last one. Where broken ones are dropped, that one has
    their mark."""
    takes = transfer(stream)
    number = place(c, takes, beats, "i_place")
    last = number == beats - 1
    c.assume(~stream.valid | (stream.p.last == last))
    good, bad = takes & last, 0
    if drops:
        good, bad = takes & last & ~stream.p.mark, takes & last & stream.p.mark
    return Arrivals(takes, number, good, Value.cast(bad), stream.valid & ~stream.ready)


def raw(c: Claims, stream: Any, beats: int) -> Arrivals:
    """Frames of any length, ended by `last`: good are those of `beats` beats. A frame that ends too early is
    broken then; one that goes on too long is at that beat, and the rest of it belongs to none."""
    takes, last = transfer(stream), stream.p.last
    number, beyond = Signal(range(max(beats, 2)), name="i_place"), Signal(name="i_beyond")
    full = number == beats - 1
    inside = takes & ~beyond
    with c.m.If(takes):
        c.m.d[c.clock] += beyond.eq(~last & (beyond | full))
    with c.m.If(inside):
        c.m.d[c.clock] += number.eq(Mux(last | full, 0, number + 1))
    return Arrivals(
        inside,
        number,
        inside & last & full,
        inside & (last ^ full),
        stream.valid & ~stream.ready,
    )


@dataclass
class Departures:
    """What is known of the frames that leave.

    Members
    -------
    place: the number of the next beat in its frame. ends: one passes that is a frame's last.
    inside: whole good frames that have come and not yet left.
    """

    place: Signal
    ends: Value
    inside: Signal


def counted(
    c: Claims,
    arrivals: Arrivals,
    stream: Any,
    beats: int,
    capacity: int,
    name: str = "o",
    prefix: str = "",
    last: bool = True,
) -> Departures:
    """Frames leave whole, `last` on exactly each beat number `beats`; none leaves before it has come, and
    never are more than `capacity` inside."""
    number = place(c, transfer(stream), beats, f"{name}_place")
    final = number == beats - 1
    ends = transfer(stream) & final
    inside = Signal(range(capacity + 2), name=f"{name}_inside")
    c.m.d[c.clock] += inside.eq(inside + arrivals.good - ends)
    if last:
        c.never(f"{prefix}last", stream.valid & (stream.p.last != final))
    c.never(f"{prefix}frames", ends & ~arrivals.good & (inside == 0))
    c.never(f"{prefix}capacity", inside > capacity)
    return Departures(number, ends, inside)


def waited(c: Claims, value: ValueLike, most: int, name: str) -> Value:
    """`value` has held for more than `most` cycles in a row."""
    number = Signal(range(most + 2), name=f"waited_{name}")
    with c.m.If(~Value.cast(value).bool()):
        c.m.d[c.clock] += number.eq(0)
    with c.m.Elif(number <= most):
        c.m.d[c.clock] += number.eq(number + 1)
    c.hint(Cat(number > count for count in range(most + 1)), WAITED)
    return number > most


def offered(
    c: Claims, owed: ValueLike, stream: Any, most: int, prefix: str = "", unless: ValueLike = 0
) -> None:
    """What is owed is offered within `most` cycles, whatever the receiver does meanwhile. With a receiver
    that is ready again and again, all leaves."""
    waits = Value.cast(owed).bool() & ~stream.valid & ~Value.cast(unless).bool()
    c.never(f"{prefix}progress", waited(c, waits, most, f"{prefix}progress"))


def taken(c: Claims, arrivals: Arrivals, busy: ValueLike, most: int) -> None:
    """A beat that is offered is taken within `most` cycles in which nothing passes, or is held up, at the
    other side."""
    c.never("intake", waited(c, arrivals.stays & ~Value.cast(busy).bool(), most, "intake"))
