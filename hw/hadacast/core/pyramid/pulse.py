"""One pulse of a group."""

from typing import Any

from amaranth.hdl import Cat, Const, Module, Signal
from amaranth.lib import data
from amaranth.lib.wiring import Component, In, Out

from hadacast.core.pyramid.delay_line import DelayLine, delayed
from hadacast.core.pyramid.multiply import Multiply, Square
from hadacast.core.pyramid.tournament import Tournament
from hadacast.spec.pvq import Pvq


def layout(spec: Pvq) -> data.StructLayout:
    """A beat of a group, and what is the same in all of its beats.

    - magnitude, count: |x| and y of each lane.
    - along: |x|·y. norm: y·y + 1. left: pulses yet to come.
    """
    return data.StructLayout(
        {
            "magnitude": data.ArrayLayout(spec.magnitude_bits, spec.slot_lanes),
            "count": data.ArrayLayout(range(spec.pulses + 1), spec.slot_lanes),
            "along": spec.sum_bits,
            "norm": spec.norm_bits,
            "left": range(spec.units + 1),
        }
    )


class Pulse(Component):
    """Adds a pulse to each group that has one left, where it is the best.

    Members
    -------
    i, o: beats of a group, without gaps within it. i_valid: whether there is one.

    Attributes
    ----------
    latency: clocks from beat to beat.
    """

    def __init__(self, spec: Pvq):
        self.spec = spec
        self.latency = spec.group_beats + spec.unit_latency
        shape = layout(spec)
        super().__init__({"i_valid": In(1), "i": In(shape), "o": Out(shape)})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        spec, i = self.spec, self.i
        tournament = m.submodules.tournament = Tournament(spec)
        square_latency = 0
        for lane in range(spec.slot_lanes):
            along = Signal(spec.sum_bits, name=f"along_{lane}", reset_less=True)
            m.d.sync += along.eq(i.along + i.magnitude[lane])
            square = m.submodules[f"square_{lane}"] = Square(spec.sum_bits)
            product = m.submodules[f"product_{lane}"] = Multiply(spec.square_bits, spec.norm_bits)
            square_latency = 1 + square.latency
            if lane == 0:
                norm = delayed(m, "norm", i.norm, square_latency)
            waits = square_latency + product.latency
            candidate = tournament.i[lane]
            m.d.comb += [
                square.a.eq(along),
                product.a.eq(square.o),
                product.b.eq(norm),
                candidate.along.eq(delayed(m, f"wait_along_{lane}", along, waits - 1)),
                candidate.square.eq(
                    delayed(m, f"wait_square_{lane}", square.o[: spec.square_bits], product.latency)
                ),
                candidate.product.eq(product.o),
                candidate.count.eq(delayed(m, f"wait_count_{lane}", i.count[lane][: spec.count_bits], waits)),
            ]
        history = Signal(waits)
        m.d.sync += history.eq(Cat(self.i_valid, history))
        m.d.comb += tournament.valid.eq(history[-1])

        # The beat's number is the high part of its elements' places.
        lane_bits = spec.slot_lanes.bit_length() - 1
        places = range(spec.group_beats)
        beat_in, beat_out = Signal(places), Signal(places)
        if spec.group_beats > 1:
            with m.If(tournament.valid):
                m.d.sync += beat_in.eq(beat_in + 1)
        for lane in range(spec.slot_lanes):
            m.d.comb += tournament.i[lane].place.eq(Cat(Const(lane, lane_bits), beat_in))

        line = m.submodules.line = DelayLine(i.shape(), self.latency)
        best = Signal(tournament.o.shape(), reset_less=True)
        emerges = Signal()
        m.d.sync += emerges.eq(tournament.done)
        with m.If(tournament.done):
            m.d.sync += best.eq(tournament.o)
        if spec.group_beats > 1:
            with m.If(emerges | (beat_out != 0)):
                m.d.sync += beat_out.eq(beat_out + 1)
        old, adds = line.o, Signal()
        m.d.comb += [
            line.i.eq(i),
            line.i.along.eq(0),  # the winner brings its own
            adds.eq(old.left.any()),
            self.o.magnitude.eq(old.magnitude),
            self.o.along.eq(best.along),
            self.o.norm.eq(old.norm + Cat(1, best.count)),
            self.o.left.eq(old.left - adds),
        ]
        for lane in range(spec.slot_lanes):
            place = Cat(Const(lane, lane_bits), beat_out)
            m.d.comb += self.o.count[lane].eq(old.count[lane] + (adds & (best.place == place)))
        return m
