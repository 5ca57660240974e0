"""The parts that stages are made of, each behind streams: what is claimed of them."""

from collections.abc import Callable
from typing import Any

from amaranth.hdl import Module, Signal, Value
from amaranth.lib import data, stream
from amaranth.lib.wiring import Component, In, Out, connect, flipped

from hadacast.core.frame_buffer import FrameBuffer
from hadacast.core.framer import Framer
from hadacast.core.holding import HoldingButterfly
from hadacast.core.queue import Queue
from hadacast.core.relay import Relay
from hadacast.core.span import Beat, Skid
from hadacast.format import Format
from hadacast.prove import inside, streams, traced
from hadacast.prove.claims import Claims
from hadacast.prove.small import small_memories
from hadacast.prove.stage import SLACK

# A word with a bit of data, and what the monitors look at.
WORD = data.StructLayout({"data": 1, "last": 1, "mark": 1})


class Span(Component):
    """A register and the Skid that it belongs to."""

    latency = 1

    def __init__(self) -> None:
        super().__init__({"i": In(stream.Signature(WORD)), "o": Out(stream.Signature(WORD))})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        skid = m.submodules.skid = Skid(WORD)
        last = Beat(self.i.payload, self.i.valid, 0).registered(m, skid.enable, "span")
        m.d.comb += [
            self.i.ready.eq(skid.enable),
            skid.i_valid.eq(last.valid),
            Value.cast(skid.i).eq(Value.cast(last.value)),
        ]
        connect(m, skid.o, flipped(self.o))
        return m


class Holding(Component):
    """A HoldingButterfly of two lanes, its input in a register as it is in a transform."""

    latency = 2

    def __init__(self) -> None:
        width = 1
        self.butterfly = HoldingButterfly(2, width, 1, data.StructLayout({"last": 1, "mark": 1}).as_shape())
        layouts = [
            data.StructLayout({"data": data.ArrayLayout(bits, 2), "last": 1, "mark": 1})
            for bits in (width, width + 1)
        ]
        super().__init__({"i": In(stream.Signature(layouts[0])), "o": Out(stream.Signature(layouts[1]))})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.butterfly = end = self.butterfly
        last = Beat(self.i.payload, self.i.valid, 0).registered(m, end.enable, "span")
        m.d.comb += [
            self.i.ready.eq(end.enable),
            end.i_valid.eq(last.valid),
            Value.cast(end.i).eq(Value.cast(last.value.data)),
            end.i_beside.eq(Value.cast(last.value)[2:]),
            self.o.valid.eq(end.o.valid),
            Value.cast(self.o.payload).eq(Value.cast(end.o.payload)),
            end.o.ready.eq(self.o.ready),
        ]
        return m


class Waiting(Component):
    """A Queue or Relay behind a count of its words, as its users keep one."""

    def __init__(self, queue: Queue | Relay, latency: int):
        self.queue, self.latency = queue, latency
        super().__init__({"i": In(stream.Signature(WORD)), "o": Out(stream.Signature(WORD))})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.queue = queue = self.queue
        # Bit k: more than k words are in it.
        held = Signal(queue.depth)
        push, pop = queue.push, queue.pop
        with m.If(push & ~pop):
            m.d.sync += held.eq((held << 1) | 1)
        with m.Elif(pop & ~push):
            m.d.sync += held.eq(held >> 1)
        m.d.comb += [
            self.i.ready.eq(~held[-1]),
            push.eq(streams.transfer(self.i)),
            Value.cast(queue.tail).eq(Value.cast(self.i.payload)),
            self.o.valid.eq(queue.valid),
            Value.cast(self.o.payload).eq(Value.cast(queue.head)),
            pop.eq(streams.transfer(self.o)),
        ]
        return m


def flowing(
    family: str,
    component: Any,
    *,
    beats: int,
    capacity: int,
    drops: bool = False,
    paths: tuple[tuple[str, ...], tuple[str, ...]] = (("",), ("",)),
    arrives: Callable[[Claims, Any, int, bool], streams.Arrivals] = streams.whole,
    mark: bool = True,
    changes: bool = False,
) -> tuple[Claims, Any, streams.Arrivals, streams.Departures, traced.Traced]:
    """What is claimed of any component through which frames flow unchanged in number.

    Args:
        paths: the free signals that no path leads from, to `o.valid` and the payload, and to `i.ready`.
        arrives: what is assumed of the frames that come.
    """
    c = Claims(family)
    fragment = c.place(component, "part")
    streams.drive(c, component.i, "i")
    streams.receive(c, component.o, "o")
    streams.obeyed(c, component.i, "i")
    streams.kept(c, component.o, "o")
    arrivals = (
        arrives(c, component.i, beats, drops)
        if arrives is streams.whole
        else streams.raw(c, component.i, beats)
    )
    departures = streams.counted(c, arrivals, component.o, beats, capacity)
    most = component.latency + SLACK
    streams.offered(c, departures.inside != 0, component.o, most)
    streams.taken(c, arrivals, component.o.valid, most)
    inside.contracts(c, fragment)
    for value, names in zip((component.o.valid, component.i.ready), paths, strict=True):
        c.apart("paths", value, *names)
    followed = traced.traced(c, component.i, arrivals, beats, departures)
    if drops:
        traced.noted(c, followed, arrivals, component.o)
    elif mark:
        traced.carried(c, followed, component.i, component.o, True)
    if not changes:
        unchanged(c, component, beats, arrivals, departures, followed)
    return c, component, arrivals, departures, followed


def unchanged(
    c: Claims, component: Any, beats: int, arrivals: Any, departures: Any, followed: traced.Traced
) -> None:
    """A frame leaves with the elements that it came with."""
    width = len(Value.cast(component.o.p.data))
    frame = c.fixed(beats * width, "frame")
    word = lambda place: frame.word_select(place, width)  # noqa: E731
    traced.valued(c, followed, arrivals, departures, component.i, component.o, word, word)


def span(family: str) -> Claims:
    return flowing(family, Span(), beats=2, capacity=2)[0]


def holding(family: str) -> Claims:
    return flowing(family, Holding(), beats=2, capacity=3, changes=True)[0]


def queue(family: str, depth: int, storage: str, registers: int | None) -> Claims:
    """Words in order, none lost or repeated, however they come and go."""
    part = Waiting(Queue(WORD, depth, storage, registers=registers), 3)
    return flowing(family, part, beats=1, capacity=depth)[0]


def small_queue(family: str, depth: int, storage: str, registers: int | None) -> Claims:
    """The same with a memory of few words, which it fills."""
    with small_memories():
        return queue(family, depth, storage, registers)


def small_relay(family: str, depth: int) -> Claims:
    """Two memories of few words, which it fills."""
    with small_memories():
        return flowing(family, Waiting(Relay(WORD, depth), 4), beats=1, capacity=depth)[0]


class Checked(Component):
    """A Framer, with the payload as it is sent."""

    latency = 0

    def __init__(self, lanes: int, beats: int):
        self.framer = Framer(Format(width=1, signed=False), lanes, beats)
        super().__init__({"i": self.framer.signature.members["i"], "o": self.framer.signature.members["o"]})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.framer = self.framer
        connect(m, flipped(self.i), self.framer.i)
        connect(m, self.framer.o, flipped(self.o))
        return m


def framer(family: str, lanes: int, beats: int) -> Claims:
    """Any beats in, whole frames out; the good ones as they came, the others with a mark on the last beat,
    and one pulse of frame_error each."""
    c = Claims(family)
    part = Checked(lanes, beats)
    c.place(part, "part")
    streams.drive(c, part.i, "i")
    streams.receive(c, part.o, "o")
    streams.obeyed(c, part.i, "i")
    stood = c.before(part.o.valid & ~part.o.ready, "o_stood")
    c.never("valid", stood & ~part.o.valid)
    was = c.before(part.o.payload, "o_was")
    # What a broken frame is filled up with is nobody's.
    lost = Signal(name="lost")
    c.m.d.comb += lost.eq(part.framer.o.p.last & part.o.p.mark)
    c.never("payload", stood & ~lost & (was[lanes:] != Value.cast(part.o.payload)[lanes:]))
    arrivals = streams.raw(c, part.i, beats)
    number = streams.place(c, streams.transfer(part.o), beats, "o_place")
    final = number == beats - 1
    leaves = streams.transfer(part.o) & final
    c.never("last", part.o.valid & (part.o.p.last != final))
    c.never("mark", part.o.valid & ~final & part.o.p.mark)
    # Good frames pass as they come: none waits, and what is in their place at the output is of them.
    c.never("frames", arrivals.good != (leaves & ~part.o.p.mark))
    passes = arrivals.takes & streams.transfer(part.o)
    c.never("value", arrivals.takes & ~streams.transfer(part.o))
    c.never(
        "value",
        passes & ((arrivals.place != number) | (part.i.p.data.as_value() != part.o.p.data.as_value())),
    )
    c.never("frame_error", part.framer.frame_error != c.before(arrivals.bad, "bad_before"))
    # Behind an early end the input waits until the frame is filled up, and no longer.
    waits = part.i.valid & ~part.i.ready & part.o.ready
    c.never("intake", streams.waited(c, waits, beats, "intake"))
    c.never("progress", arrivals.takes & ~part.o.valid)
    c.apart("paths", part.o.valid, "o")
    c.apart("paths", part.i.ready, "i")
    return c


def buffer(family: str, lanes: int, beats: int) -> Claims:
    part = FrameBuffer(Format(width=1, signed=False), lanes, beats)
    return flowing(family, part, beats=beats, capacity=2 + 4 // beats, drops=True)[0]
