"""Contracts of what stands inside a component: its queues and its memories."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from amaranth.hdl import Cat, Const, Fragment, Signal, Value
from amaranth.hdl._mem import MemoryInstance
from amaranth.lib import data

from hadacast.core import queue as queues
from hadacast.core.packing.section import Section
from hadacast.core.queue import Queue
from hadacast.core.relay import Relay
from hadacast.prove.claims import ENDS, TOLD, WAY, Claims
from hadacast.tech.family import Family


def fragments(fragment: Fragment) -> Iterator[Fragment]:
    """All of an elaborated design."""
    yield fragment
    for child, *_ in fragment.subfragments:
        yield from fragments(child)


def components(fragment: Fragment, *kinds: type) -> Iterator[Any]:
    """The components of these kinds that stand in it."""
    for part in fragments(fragment):
        for origin in part.origins or ():
            if isinstance(origin, kinds):
                yield origin


def capacity(queue: Any, family: Family) -> int:
    """Words that a queue's hardware holds: `depth`, or as many as its memory and the registers behind it
    have. It is the same hardware as that of a Queue of this depth."""
    if not isinstance(queue, Queue):
        return int(queue.depth)
    storage = family.storage(queue.depth) if queue.storage == "auto" else queue.storage
    if storage == "ff":
        return queue.depth
    registers = queues.OUTPUT_REGISTERS[storage] if queue.registers is None else queue.registers
    registers = max(registers, storage == "bram")
    grain = queues.GRAIN[storage]
    return -(-max(queue.depth - registers, 4) // grain) * grain + registers


def contracts(c: Claims, fragment: Fragment) -> None:
    """No queue inside is given more than it holds, or asked for what it hasn't; no memory is asked for a word
    beyond its last."""
    for number, queue in enumerate(components(fragment, Queue, Relay, Section)):
        most = capacity(queue, c.target.family)
        held = Signal(range(most + 2), name=f"held_{number}")
        c.m.d[c.clock] += held.eq(held + queue.push - queue.pop)
        c.never("queues", queue.push & ~queue.pop & (held >= most))
        c.never("queues", queue.pop & ~queue.valid)
        c.hint(held)
        if isinstance(queue, Queue):
            _waiting(c, queue, number)
    for number, component in enumerate(components(fragment, object)):
        if hasattr(component, "flight"):
            _flight(c, component, number)
        for step, (valid, clocks) in enumerate(getattr(component, "way", ())):
            c.hint(valid, WAY)
            for clock in range(clocks):
                valid = c.before(valid, f"way_{number}_{step}_{clock}")
                c.hint(valid, WAY)
    for part in fragments(fragment):
        if isinstance(part, MemoryInstance):
            _memory(c, part)


def _waiting(c: Claims, queue: Queue, number: int) -> None:
    """Hints: where words wait, and which of them belong to the frame that is told by its mark, and end it."""
    layout = queue.tail.shape()
    members = layout.members if isinstance(layout, data.StructLayout) else {}
    told = [layout[name].offset for name in ("mark", "last") if name in members]
    kinds = [
        (f"{kind}{number}", told[:count]) for count, kind in ((1, TOLD), (2, ENDS)) if len(told) >= count
    ]
    for kind, bits in kinds:
        # How many of these words are in it.
        count = Signal(range(capacity(queue, c.target.family) + 1), name=f"count_{kind}")
        come, go = (Cat(Value.cast(word)[bit] for bit in bits).all() for word in (queue.tail, queue.head))
        c.m.d[c.clock] += count.eq(count + (queue.push & come) - (queue.pop & go))
        c.hint(count)
    for (ahead, _), (full, _) in pairwise(queue.places):
        c.hint(full & ~ahead)
    for full, word in queue.places:
        c.hint(full)
        for kind, bits in kinds:
            c.hint(full & Cat(word[bit] for bit in bits).all(), kind)


def _flight(c: Claims, component: Any, number: int) -> None:
    """Hints: the same of beats in registers outside of queues."""
    for place, (valid, word, clocks) in enumerate(component.flight):
        for clock in range(clocks):
            valid = c.before(valid, f"there_{number}_{place}_{clock}")
        layout = word.shape()
        members = layout.members if isinstance(layout, data.StructLayout) else {}
        if "mark" in members:
            c.hint(valid)
            c.hint(valid & word.mark, TOLD)
            if "last" in members:
                c.hint(valid & word.mark & word.last, ENDS)


def _memory(c: Claims, memory: MemoryInstance) -> None:
    depth = memory._data.depth
    for port in (*memory._read_ports, *memory._write_ports):
        addresses = 1 << len(port._addr)
        if addresses > depth and depth > 1:
            c.never("addresses", port._en.any() & (port._addr >= Const(depth, depth.bit_length())))
