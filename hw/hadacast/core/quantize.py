"""The quantizer: groups are reduced while their beats wait, then each element is rounded."""

from dataclasses import dataclass
from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import data, stream
from amaranth.lib.wiring import Component, In, Out

from hadacast.core import beat
from hadacast.core.count import counter, following
from hadacast.core.quantizer.random import Xorshift32
from hadacast.core.quantizer.reduce import Reduce
from hadacast.core.quantizer.replay import results_storage, storage_of
from hadacast.core.quantizer.separate import Separate
from hadacast.core.quantizer.unit import delayed, delays, element_layout, sides_layout
from hadacast.core.quantizer.wide import element_unit, group_unit
from hadacast.core.queue import MAX_LATENCY, Queue
from hadacast.core.relay import NEAR, Relay
from hadacast.core.span import Skid
from hadacast.rounding import RANDOM_BITS
from hadacast.spec import quantize as spec_module
from hadacast.spec.quantize import ENTRY, UNCOUNTED
from hadacast.tech.family import Family, of_platform


@dataclass
class Issue:
    """A beat on its way to the units of its elements: whether it is there, its elements, its `last` and
    `mark`, and for each of its groups what the elements need and the sides (None: the scale is constant)."""

    valid: Value
    x: Any
    last: Value
    mark: Value
    terms: list[Value] | None = None
    sides: list[data.View] | None = None


class Quantize(Component):
    """The hardware of a Quantize spec, one beat per clock.

    Beats wait in a queue while what their groups reduce to becomes scales. A count of free places holds the
    input back, so that neither the queue nor the results' ever overflows, and the reduction never stalls.
    What leaves the queue goes through a unit for each lane, in one stall span.

    Members
    -------
    i: beats of whole frames (hadacast.core.beat.flowing). o: their codes and sides, alike.
    random, random_taken: only where spec.random is "port" and rounding is stochastic: 8 bits for each lane,
        lane 0 in the low ones, used in each cycle in which random_taken is high.

    Attributes
    ----------
    latency: cycles from the first beat in to the first beat out, without stalls.
    flight: of beats in registers, whether there is one, and its register that many clocks later. way: what
        goes towards the output, and in how many clocks. For proofs, and only once elaborated.
    """

    def __init__(self, spec: spec_module.Quantize):
        self.spec = spec
        self.latency = spec.latency
        self.flight: list[tuple[Value, Any, int]] = []
        self.way: list[tuple[Value, int]] = []
        self.stochastic = spec.rounding == "stochastic"
        ports = {
            "i": In(stream.Signature(beat.flowing(spec.input, spec.lanes))),
            "o": Out(stream.Signature(beat.flowing(spec.output, spec.lanes))),
        }
        if self.stochastic and spec.random == "port":
            ports |= {"random": In(RANDOM_BITS * spec.lanes), "random_taken": Out(1)}
        super().__init__(ports)

    def elaborate(self, platform: Any) -> Module:
        family = of_platform(platform)
        family.check_storage(self.spec.storage)
        m = Module()
        skid = m.submodules.skid = Skid(self.o.p.shape())
        enable = skid.enable
        if self.spec.scale.reduces:
            issue = self._replayed(m, family, enable)
        else:
            issue = Issue(self.i.valid, self.i.p.data, self.i.p.last, self.i.p.mark)
            m.d.comb += self.i.ready.eq(enable)
        self._elements(m, issue, enable, skid)
        m.d.comb += [
            self.o.valid.eq(skid.o.valid),
            self.o.payload.eq(skid.o.payload),
            skid.o.ready.eq(self.o.ready),
        ]
        return m

    def _entry(self, m: Module) -> tuple[Value, Any, Value, Any]:
        """Arriving beats in a register, and in the next as they will wait: whether each holds one, and it."""
        spec = self.spec
        arrived, arriving = Signal(), Signal(self.i.p.shape(), reset_less=True)
        m.d.sync += [arrived.eq(self.i.valid & self.i.ready), arriving.eq(self.i.p)]
        fields: dict[str, Any] = {
            "x": data.ArrayLayout(element_layout(spec), spec.lanes),
            "last": 1,
            "mark": 1,
        }
        taken, entry = Signal(), Signal(data.StructLayout(fields), reset_less=True)
        m.d.sync += [
            taken.eq(arrived),
            entry.last.eq(arriving.last),
            entry.mark.eq(arriving.mark),
        ]
        for lane in range(spec.lanes):
            x, waiting = arriving.data[lane], entry.x[lane]
            if spec.scale.reduces != "amax":
                m.d.sync += waiting.eq(x)
            else:
                separate = m.submodules[f"separate_{lane}"] = Separate(spec)
                m.d.comb += separate.i.eq(x)
                m.d.sync += waiting.eq(separate.o)
        return arrived, arriving, taken, entry

    def _replayed(self, m: Module, family: Family, enable: Value) -> Issue:
        """Beats from the queue, with their scales."""
        spec, walk = self.spec, self.spec.walk
        arrived, arriving, taken, entry = self._entry(m)
        self.flight = [(arrived, arriving, 0), (taken, entry, 0)]
        storage = storage_of(spec.storage, spec.replay_depth, family)
        # Beats that wait long enough go through more registers: the output of a block RAM is slow, and two
        # memories in a row need no multiplexer.
        patient = spec.replay_latency > ENTRY + MAX_LATENCY
        depth = spec.replay_depth
        replay: Queue | Relay
        if storage == "lutram" and patient and NEAR < depth <= 2 * NEAR:
            replay = Relay(entry.shape(), depth)
        else:
            registers = None if storage == "bram" and patient else 0
            replay = Queue(entry.shape(), depth, storage, registers=registers)
        m.submodules.replay = replay
        m.d.comb += [replay.push.eq(taken), replay.tail.eq(entry)]
        reduce = m.submodules.reduce = Reduce(spec)
        m.d.comb += [reduce.i_valid.eq(taken), reduce.x.eq(entry.x)]
        if spec.floating:
            exponent = Signal(len(reduce.exponent), reset_less=True)
            m.d.sync += exponent.eq(arriving.scale[0])
            m.d.comb += reduce.exponent.eq(exponent)

        # The units never stand still: there is room for all that they make.
        cls = group_unit(spec)
        assert cls is not None
        result = data.StructLayout({"terms": cls.terms_layout(spec), "sides": sides_layout(spec)})
        results = m.submodules.results = Queue(
            data.ArrayLayout(result, spec.columns),
            spec.results_depth,
            results_storage(spec.results_depth, family),
            registers=0,
        )
        made = reduce.o_valid
        for cycle in range(spec.group_latency):
            later = Signal(name=f"made_{cycle}")
            m.d.sync += later.eq(made)
            made = later
        m.d.comb += results.push.eq(made)
        for column in range(spec.columns):
            unit = m.submodules[f"group_{column}"] = cls(spec)
            m.d.comb += [
                unit.enable.eq(1),
                unit.i.eq(reduce.o[column]),
                results.tail[column].terms.eq(unit.terms),
                results.tail[column].sides.eq(unit.sides),
            ]

        # Whether the beat at the head is its run's last is in a register: results move on with it.
        valid, pop, run_ends = Signal(), Signal(), Signal(init=walk.run == 1)
        place = Signal(range(walk.run))
        m.d.comb += [pop.eq(valid & enable), replay.pop.eq(pop)]
        if walk.run > 1:
            with m.If(pop):
                m.d.sync += [place.eq(following(place, walk.run)), run_ends.eq(place == walk.run - 2)]
        if walk.passes == 1:
            scaled, scales = results.valid, results.head
            m.d.comb += results.pop.eq(pop & run_ends)
        else:
            scaled, scales = self._recalled(m, family, results, pop & run_ends)
        m.d.comb += valid.eq(replay.valid & scaled)

        # The stall signal has many registers to drive, and ready goes far: what comes and goes is counted a
        # cycle late, and ready follows another cycle later.
        free = Signal(range(spec.replay_depth + 1), init=spec.replay_depth)
        left, ready = Signal(), Signal(init=1)
        m.d.comb += self.i.ready.eq(ready)
        m.d.sync += [left.eq(pop), free.eq(free + left - arrived), ready.eq(free > UNCOUNTED)]
        # All of it waits in registers that nothing but the span's enable holds: what leaves a queue goes to
        # many places.
        there = Signal()
        beat_, sides = Signal(entry.shape(), reset_less=True), Signal(scales.shape(), reset_less=True)
        with m.If(enable):
            m.d.sync += [there.eq(valid), beat_.eq(replay.head), sides.eq(scales)]
        self.flight.append((there, beat_, 0))
        self.way = [(arrived, spec.reduce_latency + spec.group_latency), (results.valid, 0), (there, 0)]
        columns = [sides[column] for column in range(spec.columns)]
        return Issue(
            there,
            beat_.x,
            beat_.last,
            beat_.mark,
            [column.terms for column in columns],
            [column.sides for column in columns],
        )

    def _recalled(self, m: Module, family: Family, results: Queue, done: Value) -> tuple[Value, Any]:
        """Scales of tiles: new ones in the first row, then kept until the last."""
        walk = self.spec.walk
        word = counter(m, done, walk.words, "word")
        turn = counter(m, done & (word == walk.words - 1), walk.passes, "turn")
        kept = m.submodules.kept = Queue(
            results.head.shape(), walk.words, results_storage(walk.words, family), registers=0
        )
        first = turn == 0
        scales = Signal(results.head.shape())
        m.d.comb += [
            scales.eq(Mux(first, results.head.as_value(), kept.head.as_value())),
            results.pop.eq(done & first),
            kept.pop.eq(done & ~first),
            kept.push.eq(done & (turn != walk.passes - 1)),
            kept.tail.eq(scales),
        ]
        return Mux(first, results.valid, kept.valid), scales

    def _elements(self, m: Module, issue: Issue, enable: Value, skid: Skid) -> None:
        """The units of the lanes, and what goes beside them."""
        spec = self.spec
        cls = element_unit(spec)
        random = self._random(m, issue.valid & enable) if self.stochastic else None
        place = counter(m, issue.valid & enable, spec.beats, "place") if cls.PLACED else None
        leaving = skid.i
        for lane in range(spec.lanes):
            unit = m.submodules[f"element_{lane}"] = cls(spec, lane)
            m.d.comb += [unit.enable.eq(enable), unit.x.eq(issue.x[lane]), leaving.data[lane].eq(unit.code)]
            if issue.terms is not None:
                m.d.comb += unit.terms.eq(issue.terms[lane // spec.group % spec.columns])
            if random is not None:
                m.d.comb += unit.random.eq(random.word_select(lane, RANDOM_BITS))
            if place is not None:
                m.d.comb += unit.place.eq(place)
            if issue.terms is None and spec.floating:
                m.d.comb += unit.exponent.eq(self.i.p.scale[0])
        valid = [issue.valid]
        for cycle in range(spec.element_latency):
            later = Signal(name=f"valid_{cycle}")
            with m.If(enable):
                m.d.sync += later.eq(valid[-1])
            valid.append(later)
        last = delays(m, enable, issue.last, spec.element_latency, "last")
        mark = delays(m, enable, issue.mark, spec.element_latency, "mark")
        m.d.comb += [skid.i_valid.eq(valid[-1]), leaving.last.eq(last[-1]), leaving.mark.eq(mark[-1])]
        ends = data.StructLayout({"last": 1, "mark": 1})
        for there, *word in zip(valid[1:], last[1:], mark[1:], strict=True):
            self.flight.append((there, data.View(ends, Cat(*word)), 0))
            self.way.append((there, 0))
        if issue.sides is None:
            return
        for column, sides in enumerate(issue.sides):
            late = delayed(m, enable, sides.as_value(), spec.element_latency, f"sides_{column}")
            found = data.View(sides_layout(spec), late)
            for name in spec.output.sides:
                for slot in range(column, beat.groups(spec.output, spec.lanes), spec.columns):
                    m.d.comb += leaving[name][slot].eq(found[name])

    def _random(self, m: Module, taken: Value) -> Value:
        """8 bits for each lane of the beat that is taken."""
        if self.spec.random == "port":
            m.d.comb += self.random_taken.eq(taken)
            return self.random
        generator = m.submodules.random = Xorshift32(self.spec.generator)
        m.d.comb += generator.taken.eq(taken)
        return generator.random.as_value()
