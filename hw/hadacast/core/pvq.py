"""Pyramid vector quantization in hardware."""

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import data, stream
from amaranth.lib.wiring import Component, In, Out

from hadacast.core import beat
from hadacast.core.pyramid.delay_line import delay
from hadacast.core.pyramid.pulse import Pulse
from hadacast.core.pyramid.reduce import group_sum
from hadacast.core.pyramid.start import Start
from hadacast.core.queue import Queue
from hadacast.spec import pvq as spec_module


class Slot(Component):
    """All there is to do for the groups in some lanes of a beat.

    Members
    -------
    valid, first, magnitude, norm: a beat of a group, without gaps within it, as in Start.
    o_valid, count: the same beat with all pulses.
    """

    def __init__(self, spec: spec_module.Pvq):
        self.spec = spec
        super().__init__(
            {
                "valid": In(1),
                "first": In(1),
                "magnitude": In(data.ArrayLayout(spec.magnitude_bits, spec.slot_lanes)),
                "norm": In(spec.norm.width),
                "o_valid": Out(1),
                "count": Out(data.ArrayLayout(range(spec.pulses + 1), spec.slot_lanes)),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        start = m.submodules.start = Start(self.spec)
        m.d.comb += [
            start.i_valid.eq(self.valid),
            start.first.eq(self.first),
            start.magnitude.eq(self.magnitude),
            start.norm.eq(self.norm),
        ]
        valid, flowing = start.o_valid, start.o
        for index in range(self.spec.units):
            unit = m.submodules[f"pulse_{index}"] = Pulse(self.spec)
            m.d.comb += [unit.i_valid.eq(valid), unit.i.eq(flowing)]
            history = Signal(unit.latency, name=f"valid_{index}")
            m.d.sync += history.eq(Cat(valid, history))
            valid, flowing = history[-1], unit.o
        m.d.comb += [self.o_valid.eq(valid), self.count.eq(flowing.count)]
        return m


class Pvq(Component):
    """The hardware of a Pvq spec, one beat per clock.

    Groups wait until their L1 norm is known, and then go without gaps through a chain that never stands
    still: a quotient, and a unit for each pulse that can be left. A queue behind the chain has room for all
    that is in it, so a beat is taken only if there is room for its result.

    Members
    -------
    i, o: beats (hadacast.core.beat.flowing); `last` and `mark` go with them.

    Attributes
    ----------
    latency: cycles from the first beat in to the first beat out, without stalls.
    flight: of beats before the queues, whether there is one, and its register so many clocks later. way: what
        goes towards the results, and in how many clocks. For proofs, and only once elaborated.
    """

    def __init__(self, spec: spec_module.Pvq):
        self.spec = spec
        self.latency = spec.latency
        self.slots = spec.lanes // spec.slot_lanes
        self._wait: list[Any] = []
        super().__init__(
            {
                "i": In(stream.Signature(beat.flowing(spec.input, spec.lanes))),
                "o": Out(stream.Signature(beat.flowing(spec.output, spec.lanes))),
            }
        )

    @property
    def way(self) -> list[tuple[Value, int]]:
        return [(self._arrival[0], self.spec.wait + self.spec.chain_latency - 1)]

    @property
    def flight(self) -> list[tuple[Value, Any, int]]:
        arrives, arrived = self._arrival
        words = [arrived, *(register.word for register in self._wait)]
        return [(arrives, word, clocks) for clocks, word in enumerate(words)]

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        spec = self.spec
        # What is in here takes so many clocks, and its room one or two more to be seen.
        depth = spec.latency + 3
        takes, pops = Signal(), Signal()
        free, room = Signal(range(depth + 1), init=depth), Signal(init=1)
        with m.If(takes & ~pops):
            m.d.sync += free.eq(free - 1)
        with m.Elif(pops & ~takes):
            m.d.sync += free.eq(free + 1)
        m.d.sync += room.eq(free[1:].any())
        m.d.comb += [self.i.ready.eq(room), takes.eq(self.i.valid & room)]

        signs = spec.lanes if spec.input.signed else 0
        arrived = Signal(
            data.StructLayout(
                {
                    "magnitude": data.ArrayLayout(spec.magnitude_bits, spec.lanes),
                    "negative": signs,
                    "last": 1,
                    "mark": 1,
                }
            ),
            reset_less=True,
        )
        arrives = Signal()
        self._arrival = arrives, arrived
        m.d.sync += [arrives.eq(takes), arrived.last.eq(self.i.p.last), arrived.mark.eq(self.i.p.mark)]
        for lane in range(spec.lanes):
            x = Value.cast(self.i.p.data[lane])
            if signs:
                m.d.sync += arrived.negative[lane].eq(x[-1])
            m.d.sync += arrived.magnitude[lane].eq(Mux(x[-1], -x, x) if signs else x)
        ready, first, head, norms = self._grouped(m, arrives, arrived)

        sides = data.StructLayout(
            {
                "negative": signs,
                "norm": data.ArrayLayout(spec.norm.width, self.slots),
                "last": 1,
                "mark": 1,
            }
        )
        beside = m.submodules.beside = Queue(sides, depth)
        results = m.submodules.results = Queue(
            data.ArrayLayout(range(spec.pulses + 1), spec.lanes), depth, registers=2
        )
        m.d.comb += [
            beside.push.eq(ready),
            beside.tail.negative.eq(head.negative),
            beside.tail.last.eq(head.last),
            beside.tail.mark.eq(head.mark),
        ]
        for index, norm in enumerate(norms):
            slot = m.submodules[f"slot_{index}"] = Slot(spec)
            low = index * spec.slot_lanes
            m.d.comb += [
                slot.valid.eq(ready),
                slot.first.eq(first),
                slot.norm.eq(norm),
                beside.tail.norm[index].eq(norm),
                results.push.eq(slot.o_valid),
            ]
            for lane in range(spec.slot_lanes):
                m.d.comb += [
                    slot.magnitude[lane].eq(head.magnitude[low + lane]),
                    results.tail[low + lane].eq(slot.count[lane]),
                ]

        m.d.comb += [
            self.o.valid.eq(results.valid & beside.valid),
            pops.eq(self.o.valid & self.o.ready),
            results.pop.eq(pops),
            beside.pop.eq(pops),
            self.o.p.last.eq(beside.head.last),
            self.o.p.mark.eq(beside.head.mark),
            self.o.p.scale.eq(beside.head.norm),
        ]
        for lane in range(spec.lanes):
            count = results.head[lane]
            signed = Mux(beside.head.negative[lane], -count, count) if signs else count
            m.d.comb += self.o.p.data[lane].eq(signed)
        return m

    def _grouped(self, m: Module, arrives: Signal, arrived: Any) -> tuple[Value, Value, Any, list[Value]]:
        """Groups without gaps beside their norms: whether there is a beat and whether it is a group's first,
        the beat, and the norm of each slot."""
        spec = self.spec
        norms, found = [], None
        for index in range(self.slots):
            reducer = m.submodules[f"norm_{index}"] = group_sum(spec, spec.norm.width)
            m.d.comb += reducer.i_valid.eq(arrives)
            for lane in range(spec.slot_lanes):
                m.d.comb += reducer.i[lane].eq(arrived.magnitude[index * spec.slot_lanes + lane])
            norms.append(reducer.o)
            found = reducer.found
        assert found is not None
        if spec.group_beats == 1:
            line = delay(m, "wait", arrived, spec.lane_levels + 1)
            self._wait = line.words
            return found, found, line.o.word, norms
        queue = m.submodules.wait = Queue(arrived.shape(), spec.group_beats + spec.lane_levels + 3)
        position = Signal(range(spec.group_beats))
        first, ready = Signal(), Signal()
        held = [Signal.like(norm, name=f"held_{index}", reset_less=True) for index, norm in enumerate(norms)]
        # While a group leaves its norm stays, though the next one's may be found.
        m.d.sync += first.eq(found)
        with m.If(found):
            m.d.sync += [register.eq(norm) for register, norm in zip(held, norms, strict=True)]
        m.d.comb += [
            ready.eq(first | (position != 0)),
            queue.push.eq(arrives),
            queue.tail.eq(arrived),
            queue.pop.eq(ready),
        ]
        with m.If(ready):
            m.d.sync += position.eq(position + 1)
        return ready, first, queue.head, held
