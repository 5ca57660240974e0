"""Hardware with a fault planted in it, and the property that must see it."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from amaranth.hdl import Const, Module, Mux, Signal, Value
from amaranth.lib import stream
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import Component, In, Out, connect, flipped

from hadacast.core import butterfly, fwht
from hadacast.core.delay import Delay
from hadacast.core.frame_buffer import FrameBuffer
from hadacast.core.framer import Framer
from hadacast.core.queue import Queue
from hadacast.core.span import Skid
from hadacast.format import Format
from hadacast.prove import parts, stage, tops
from hadacast.prove.claims import Claims
from hadacast.spec.fwht import Fwht
from hadacast.spec.pipeline import Pipeline
from hadacast.spec.signs import Signs


@dataclass(frozen=True)
class Fault:
    """A fault: the property that fails, the design with it and the same without it."""

    property: str
    claims: Callable[[], Claims]
    sound: Callable[[], Claims]


class Span(Component):
    """A register and a skid, with one thing wrong with it, or none."""

    latency = 1

    def __init__(self, wrong: str = ""):
        self.wrong = wrong
        super().__init__({"i": In(stream.Signature(parts.WORD)), "o": Out(stream.Signature(parts.WORD))})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        wrong = self.wrong
        enable, valid = Signal(init=1), Signal()
        word, spare = Signal(parts.WORD), Signal(parts.WORD)
        took = self.i.valid & self.i.ready
        stopped = Signal()
        with m.If(enable):
            m.d.sync += [word.eq(self.i.p), spare.eq(word)]
            if wrong == "repeats":
                m.d.sync += valid.eq(took | (valid & ~stopped))
                m.d.sync += stopped.eq(valid)
            elif wrong == "loses":
                m.d.sync += valid.eq(took & self.o.ready)
            else:
                m.d.sync += valid.eq(took)
        if wrong == "stops":
            with m.If(~enable):
                m.d.sync += stopped.eq(1)
        shown = Mux(enable, word, spare) if wrong != "spare" else Value.cast(word)
        m.d.comb += [
            self.i.ready.eq(enable & {"path": self.o.ready, "stops": ~stopped}.get(wrong, Const(1, 1))),
            self.o.valid.eq(valid & enable if wrong == "falls" else ~enable | valid),
            Value.cast(self.o.payload).eq(shown),
        ]
        if wrong == "last":
            m.d.comb += self.o.p.last.eq(Value.cast(shown)[1] | Value.cast(shown)[0])
        if wrong == "mark":
            m.d.comb += self.o.p.mark.eq(0)
        if wrong == "data":
            m.d.comb += self.o.p.data.eq(Value.cast(shown)[0] & ~Value.cast(shown)[2])
        m.d.sync += enable.eq(self.o.ready | ~self.o.valid)
        return m


def span(wrong: str, capacity: int = 2) -> Callable[[], Claims]:
    return lambda: parts.flowing("generic", Span(wrong), beats=2, capacity=capacity)[0]


class Overfull(Component):
    """A queue whose user counts one word too few."""

    latency = 1

    def __init__(self, more: int):
        self.queue, self.more = Queue(parts.WORD, 2, "ff"), more
        super().__init__({"i": In(stream.Signature(parts.WORD)), "o": Out(stream.Signature(parts.WORD))})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.queue = queue = self.queue
        held = Signal(3)
        m.d.sync += held.eq(held + queue.push - queue.pop)
        m.d.comb += [
            self.i.ready.eq(held < 2 + self.more),
            queue.push.eq(self.i.valid & self.i.ready),
            queue.tail.eq(self.i.p),
            queue.pop.eq(self.o.valid & self.o.ready),
            self.o.valid.eq(queue.valid),
            self.o.payload.eq(queue.head),
        ]
        return m


class Storing(Component):
    """A register whose data goes through a memory of three words, by an address that turns too late."""

    latency = 1

    def __init__(self, last: int):
        self.last = last
        super().__init__({"i": In(stream.Signature(parts.WORD)), "o": Out(stream.Signature(parts.WORD))})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        memory = m.submodules.memory = Memory(shape=1, depth=3, init=[])
        write = memory.write_port()
        address = Signal(2)
        m.submodules.span = inner = parts.Span()
        connect(m, flipped(self.i), inner.i)
        connect(m, inner.o, flipped(self.o))
        m.d.comb += [
            write.en.eq(self.i.valid & self.i.ready),
            write.addr.eq(address),
            write.data.eq(self.i.p.data),
        ]
        with m.If(write.en):
            m.d.sync += address.eq(Mux(address == self.last, 0, address + 1))
        return m


class Silent(Framer):
    """A framer that says nothing of a frame that is too long."""

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.inner = inner = Framer.__new__(Framer)
        Framer.__init__(inner, Format(width=1, signed=False), len(self.i.p.data), self.beats)
        connect(m, flipped(self.i), inner.i)
        connect(m, inner.o, flipped(self.o))
        late = Signal()
        m.d.sync += late.eq(inner.o.p.last & ~self.i.p.last)
        m.d.comb += self.frame_error.eq(inner.frame_error & ~late)
        return m


class Unmarked(FrameBuffer):
    """A frame buffer that doesn't say that frames were dropped."""

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.inner = inner = FrameBuffer(Format(width=1, signed=False), 1, self.beats)
        connect(m, flipped(self.i), inner.i)
        connect(m, inner.o, flipped(self.o))
        m.d.comb += self.o.p.mark.eq(0)
        return m


class Losing(Delay):
    """A delay from which the last word that is owed doesn't leave."""

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.inner = inner = Delay(len(self.tail), self.depth, self.storage)
        m.d.comb += [
            *(getattr(inner, name).eq(getattr(self, name)) for name in ("enable", "i_valid", "tail")),
            *(getattr(self, name).eq(getattr(inner, name)) for name in ("head", "meets", "turns")),
            self.o_valid.eq(inner.o_valid & (inner.meets | self.i_valid)),
        ]
        return m


class Spareless(Skid):
    """A skid that shows its span's last register where it should show its spare."""

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.inner = inner = Skid(self.i.shape())
        m.d.comb += [
            self.enable.eq(inner.enable),
            inner.i_valid.eq(self.i_valid),
            inner.i.eq(self.i),
            inner.o.ready.eq(self.o.ready),
            self.o.valid.eq(inner.o.valid),
            self.o.payload.eq(self.i),
        ]
        return m


class WrongRow(Signs):
    """A spec that is wrong about one frame of all."""

    def transform(self, x: Any) -> Any:
        result = super().transform(x)
        result.codes[(result.codes == (1, -1)).all(axis=-1), 1] = 0
        return result


FWHT = Fwht(frame=4, lanes=2, input=Format(width=1))
CORE = Pipeline(name="core", stages=(FWHT,))
SIGNS = {"frame": 2, "lanes": 1, "input": Format(width=2), "pattern": "+-"}


def patched(where: Any, name: str, by: Any, make: Callable[[], Claims]) -> Callable[[], Claims]:
    def claims() -> Claims:
        with patch.object(where, name, by):
            return make()

    return claims


def flowing(component: Callable[[], Any], **settings: Any) -> Callable[[], Claims]:
    return lambda: parts.flowing("generic", component(), **{"beats": 1, "capacity": 3, **settings})[0]


def buffered(component: type[FrameBuffer]) -> Callable[[], Claims]:
    return flowing(lambda: component(Format(width=1, signed=False), 1, 2), beats=2, capacity=4, drops=True)


def core(family: str = "generic") -> Claims:
    return tops.rules(CORE, family)


def transform(family: str = "generic") -> Claims:
    return stage.rules(FWHT, family, True)


SOUND = span("")
FAULTS = {
    "a valid that falls": Fault("valid", span("falls"), SOUND),
    "a payload that changes": Fault("payload", span("spare"), SOUND),
    "a last that depends on data": Fault("last", span("last"), SOUND),
    "a beat that comes twice": Fault("frames", span("repeats"), SOUND),
    "more frames inside than are allowed": Fault("capacity", span("", 0), SOUND),
    "a beat that is lost": Fault("progress", span("loses"), SOUND),
    "a stall without an end": Fault("intake", span("stops"), SOUND),
    "a path from ready to ready": Fault("paths", span("path"), SOUND),
    "a mark that is lost": Fault("mark", span("mark"), SOUND),
    "an element that is wrong": Fault("value", span("data"), SOUND),
    "a queue that overflows": Fault("queues", flowing(lambda: Overfull(1)), flowing(lambda: Overfull(0))),
    "an address beyond the last": Fault(
        "addresses", flowing(lambda: Storing(3)), flowing(lambda: Storing(2))
    ),
    "a broken frame that nobody hears of": Fault(
        "frame_error",
        patched(parts, "Framer", Silent, lambda: parts.framer("generic", 1, 2)),
        lambda: parts.framer("generic", 1, 2),
    ),
    "dropped frames that nobody hears of": Fault("mark", buffered(Unmarked), buffered(FrameBuffer)),
    "a delay that loses a word": Fault("progress", patched(butterfly, "Delay", Losing, transform), transform),
    "a transform's skid without its spare": Fault(
        "payload", patched(fwht, "Skid", Spareless, transform), transform
    ),
    "a core's skid without its spare": Fault("payload", patched(fwht, "Skid", Spareless, core), core),
    "a row of the table that is wrong": Fault(
        "value",
        lambda: stage.values(WrongRow(**SIGNS), "generic"),
        lambda: stage.values(Signs(**SIGNS), "generic"),
    ),
}


def killed(family):
    """Of no hardware: the process is gone."""
    os._exit(1)
