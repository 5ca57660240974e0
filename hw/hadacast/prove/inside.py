"""Contracts of what stands inside a component: its queues and its memories."""

from collections.abc import Iterator
from typing import Any

from amaranth.hdl import Const, Fragment, Signal
from amaranth.hdl._mem import MemoryInstance

from hadacast.core import queue as queues
from hadacast.core.packing.section import Section
from hadacast.core.queue import Queue
from hadacast.core.relay import Relay
from hadacast.prove.claims import Claims
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
    for part in fragments(fragment):
        if isinstance(part, MemoryInstance):
            _memory(c, part)


def _memory(c: Claims, memory: MemoryInstance) -> None:
    depth = memory._data.depth
    for port in (*memory._read_ports, *memory._write_ports):
        addresses = 1 << len(port._addr)
        if addresses > depth and depth > 1:
            c.never("addresses", port._en.any() & (port._addr >= Const(depth, depth.bit_length())))
