"""One frame followed from its way in to its way out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from amaranth.hdl import Cat, Mux, Signal, Value

from hadacast.prove.claims import Claims
from hadacast.prove.streams import Arrivals, Departures


@dataclass
class Traced:
    """A frame that begins at any time, the others before and behind it being anything.

    Members
    -------
    begins: its first beat passes. comes: one of its beats passes, or waits to, but for the first; it is the
        `final` one or not.
    leaves: what is offered at the output, if there is something, is of it.
    """

    begins: Value
    comes: Signal
    final: Value
    leaves: Signal


def traced(c: Claims, arriving: Any, arrivals: Arrivals, beats: int, departures: Departures) -> Traced:
    """Follow a good frame of `beats` beats: count those that are before it."""
    m = c.m
    begun, coming, left = Signal(name="begun"), Signal(name="coming"), Signal(name="left")
    ahead, before = (Signal.like(departures.inside, name=name) for name in ("ahead", "before"))
    begins = arrivals.takes & (arrivals.place == 0) & c.free(1, "begins") & ~begun
    final = arrivals.place == beats - 1
    comes, leaves = Signal(name="comes"), Signal(name="leaves")
    m.d.comb += [
        comes.eq(begins | (coming & arriving.valid)),
        before.eq(Mux(begins, departures.inside, ahead)),
        leaves.eq((begins | begun) & ~left & (before == 0)),
    ]
    m.d[c.clock] += [
        begun.eq(begun | begins),
        ahead.eq(before - (departures.ends & (before != 0))),
        left.eq(left | (leaves & departures.ends)),
    ]
    with m.If(comes & arrivals.takes):
        m.d[c.clock] += coming.eq(~final)
    c.assume(~(comes & arrivals.takes & ((arrivals.good != final) | arrivals.bad)))
    return Traced(begins, comes, final, leaves)


def carried(c: Claims, traced: Traced, arriving: Any, leaving: Any, either: bool) -> None:
    """The mark that all beats of a frame come with is on all beats that leave. With `either`, one that only
    the final beat comes with, as before frames are dropped, is on the final one that leaves."""
    mark = c.fixed(1, "mark")
    final_only = Value.cast(c.fixed(1, "final_only") if either else 0).bool()
    c.assume(~(traced.comes & (arriving.p.mark != (mark & (traced.final | ~final_only)))))
    looked_at = leaving.valid & (leaving.p.last | ~final_only)
    c.never("mark", traced.leaves & looked_at & (leaving.p.mark != mark))


def noted(c: Claims, traced: Traced, arrivals: Arrivals, leaving: Any) -> None:
    """All beats of a frame are marked if the one before it was broken, and none if not."""
    broken, noted_ = Signal(name="broken_before"), Signal(name="noted")
    with c.m.If(arrivals.good | arrivals.bad):
        c.m.d[c.clock] += broken.eq(arrivals.bad)
    expected = Mux(traced.begins, broken, noted_)
    c.m.d[c.clock] += noted_.eq(expected)
    c.never("mark", traced.leaves & leaving.valid & (leaving.p.mark != expected))


def valued(
    c: Claims,
    traced: Traced,
    arrivals: Arrivals,
    departures: Departures,
    arriving: Any,
    leaving: Any,
    sent: Callable[[Value], Value],
    expected: Callable[[Value], Value],
) -> None:
    """What leaves is what `expected` says for what came in.

    `sent` and `expected` give the payload, but for `last` and `mark`, of a beat of a frame that comes, and of
    one that leaves, by its number.
    """
    here, there = sent(arrivals.place), expected(departures.place)
    came, left = Value.cast(arriving.payload)[: len(here)], Value.cast(leaving.payload)[: len(there)]
    c.assume(~(traced.comes & (came != here)))
    c.never("value", traced.leaves & leaving.valid & (left != there))


@dataclass
class Coloured:
    """A frame that is told from all others by its mark, which none of them has.

    Members
    -------
    owed: all of it has come, and not all has left. left: beats of it that have.
    """

    owed: Value
    left: Signal


def coloured(
    c: Claims, arriving: Any, arrivals: Arrivals, leaving: Any, beats: int, out_beats: int, prefix: str = ""
) -> Coloured:
    """A frame leaves once, in a row, after it has begun to come, with `last` on its last beat and its mark on
    all. As it may be any frame, that is true of all: none is lost, repeated, torn apart or overtaken in part.

    Nothing is counted but its own beats. That what is shown with one marked frame holds with any marks is a
    property too, structural: no mark, and no data, has any influence on `valid`, `ready` and `last`.
    """
    m = c.m
    begun, coming, come = (Signal(name=f"{prefix}{name}") for name in ("begun", "coming", "come"))
    first, final = arrivals.place == 0, arrivals.place == beats - 1
    mark = arriving.p.mark
    if not prefix:
        # No mark where there is no beat, and none from before a reset.
        c.assume(mark == (arriving.valid & Mux(first, mark & ~begun, coming)))
        ever = Signal(name="ever_begun", reset_less=True)
        m.d[c.clock] += ever.eq(ever | (arrivals.takes & mark))
        c.assume(begun | ~ever)
    here = arrivals.takes & mark
    came = Signal(range(beats + 1), name=f"{prefix}came")
    with m.If(here):
        m.d[c.clock] += [begun.eq(1), coming.eq(~final), come.eq(final), came.eq(came + 1)]
    left = Signal(range(out_beats + 1), name=f"{prefix}left")
    if not prefix:
        c.hint(Cat(came, left, begun, coming, come, Mux(coming, arrivals.place, 0)))
    shown = leaving.valid & leaving.p.mark
    with m.If(shown & leaving.ready):
        m.d[c.clock] += left.eq(left + 1)
    for value in (leaving.valid, leaving.p.last, arriving.ready):
        c.apart(f"{prefix}independent", value, "i_mark", "i_data", ever=True)
    c.never(f"{prefix}last", shown & (leaving.p.last != (left == out_beats - 1)))
    c.never(f"{prefix}frames", shown & (left == out_beats))
    c.never(f"{prefix}frames", shown & ~(begun | (arriving.valid & mark)))
    c.never(f"{prefix}frames", leaving.valid & ~leaving.p.mark & (left != 0) & (left != out_beats))
    return Coloured(come & (left != out_beats), left)
