"""A matrix product between streams: an array that never stands still, and queues that keep to its pace."""

from typing import Any

from amaranth.hdl import Const, Module, Mux, Signal, Value
from amaranth.lib import data, stream
from amaranth.lib.wiring import Component, In, Out

from hadacast.core import beat
from hadacast.core.queue import Queue
from hadacast.core.rescale import Rescale
from hadacast.core.rotation.array import Array
from hadacast.core.rotation.cell import write_layout
from hadacast.core.shift import shifted
from hadacast.spec import rotate as spec_module
from hadacast.spec.rotate_plan import QUEUE
from hadacast.tech.family import of_platform


class Product(Component):
    """Each `steps` beats in a row become as many, by a Rotate spec's matrix.

    A vector waits until all of it is there, and until the queue behind the array is sure to have room for all
    that comes of it. So the array needs no enable, which would have to reach thousands of registers.

    Members
    -------
    i, o: beats (hadacast.core.beat.flowing). Sides, `last` and `mark` stay with the beat's place.
    write, coefficient: write one coefficient; where the spec is loadable.

    Attributes
    ----------
    latency: cycles from the first beat in to the first beat out, without stalls.
    """

    def __init__(self, spec: spec_module.Rotate):
        self.spec, self.plan = spec, spec.plan
        self.latency = spec.plan.latency
        ports: dict[str, Any] = {
            "i": In(stream.Signature(beat.flowing(spec.input, spec.lanes))),
            "o": Out(stream.Signature(beat.flowing(spec.output, spec.lanes))),
        }
        if spec.loadable:
            ports |= {"write": In(1), "coefficient": In(write_layout(spec.plan))}
        super().__init__(ports)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        spec, plan = self.spec, self.plan
        always = Const(1)
        passing = [*beat.sides(spec.output, spec.lanes), "last", "mark"]

        arrived = m.submodules.arrived = Queue(self.i.p.shape(), plan.in_depth, registers=QUEUE - 1)
        leaving = m.submodules.leaving = Queue(self.o.p.shape(), plan.out_depth, registers=QUEUE - 1)
        layout = data.StructLayout({name: self.o.p.shape().members[name] for name in passing})
        # A few bits wide: LUT RAM, where there is any.
        storage = "lutram" if of_platform(platform).lutram_depth else "auto"
        beside = m.submodules.beside = Queue(layout, plan.through + QUEUE, storage, registers=QUEUE - 1)

        # Room in a queue is counted down to below 0, so that a sign says whether there is any.
        room = Signal(range(-1, plan.in_depth), init=plan.in_depth - 1)
        credit = Signal(range(-plan.steps, plan.out_depth - plan.steps + 1), init=plan.out_depth - plan.steps)
        pushes, goes, starts, leaves = Signal(), Signal(), Signal(), Signal()
        m.d.comb += [
            self.i.ready.eq(~room[-1]),
            pushes.eq(self.i.valid & self.i.ready),
            arrived.push.eq(pushes),
            arrived.tail.eq(self.i.p),
        ]
        m.d.sync += [
            room.eq(room - pushes + goes),
            credit.eq(credit - Mux(starts, plan.steps, 0) + leaves),
        ]

        # Whole vectors, counted when their first beat has come to the queue's head.
        whole = Signal(range(plan.in_depth // plan.steps + 1))
        place, inside = Signal(range(plan.steps)), Signal()
        completes = self._turn(m, pushes, "arriving")
        completed = shifted(m, always, completes, QUEUE - 1, "completes", reset=True)
        m.d.sync += whole.eq(whole + completed - starts)
        m.d.comb += [
            starts.eq((whole != 0) & ~credit[-1] & ~inside),
            goes.eq(starts | inside),
            arrived.pop.eq(goes),
        ]
        if plan.steps > 1:
            ends = place == plan.steps - 1
            with m.If(goes):
                m.d.sync += [place.eq(Mux(ends, 0, place + 1)), inside.eq(~ends)]

        array = m.submodules.array = Array(plan)
        first, address = Signal(), Signal(range(plan.steps), reset_less=True)
        x = Signal(self.i.p.data.shape(), reset_less=True)
        m.d.sync += [first.eq(starts), address.eq(place), x.eq(arrived.head.data)]
        m.d.comb += [array.first.eq(first), array.address.eq(address), array.x.eq(x), beside.push.eq(goes)]
        for name in passing:
            m.d.comb += Value.cast(beside.tail[name]).eq(Value.cast(arrived.head[name]))

        done = shifted(m, always, goes, plan.through, "done", reset=True)
        m.d.comb += [beside.pop.eq(done), leaving.push.eq(done)]
        for name in passing:
            m.d.comb += Value.cast(leaving.tail[name]).eq(Value.cast(beside.head[name]))
        for tap in range(plan.taps):
            for column in range(plan.columns):
                lane = tap * plan.columns + column
                rescale = m.submodules[f"rescale_{lane}"] = Rescale(plan.rescale)
                m.d.comb += [
                    rescale.enable.eq(1),
                    rescale.i.eq(array.o[tap][column]),
                    leaving.tail.data[lane].eq(rescale.o),
                ]
        m.d.comb += [
            self.o.valid.eq(leaving.valid),
            self.o.payload.eq(leaving.head),
            leaves.eq(leaving.valid & self.o.ready),
            leaving.pop.eq(leaves),
        ]
        if spec.loadable:
            m.d.comb += [array.write.eq(self.write), array.coefficient.eq(self.coefficient)]
        return m

    def _turn(self, m: Module, counts: Value, name: str) -> Value:
        """Whether this beat is a vector's last."""
        if self.plan.steps == 1:
            return counts
        place, last = Signal(range(self.plan.steps), name=f"{name}_place"), Signal(name=f"{name}_last")
        m.d.comb += last.eq(counts & (place == self.plan.steps - 1))
        with m.If(counts):
            m.d.sync += place.eq(Mux(last, 0, place + 1))
        return last
