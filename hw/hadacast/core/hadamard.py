"""The hardware of a Hadamard matrix of any order: columns of a frame, through a row of adders."""

from typing import Any

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib import stream
from amaranth.lib.wiring import Component, In, Out

from hadacast.core import beat
from hadacast.core.fold import EARLY, Correction, Fold
from hadacast.core.line import Line
from hadacast.core.queue import Queue
from hadacast.core.signed_sums import SignedSums, sum_width
from hadacast.core.span import Skid
from hadacast.core.stride import Stride
from hadacast.spec import hadamard as spec_module
from hadacast.spec.hadamard_plan import QUEUE


class Hadamard(Component):
    """The hardware of a Hadamard spec, one beat per clock.

    A memory of one block, K·s elements, turns rows of s into columns of K. A column is taken through the
    arithmetic without a pause, and only if there is room for all of it in the queue behind: so nothing there
    ever stands still, and no signal has to stop it. A second memory turns columns into rows.
    A block's last beat is its last one everywhere, so `last` and `mark` go with the beats they came with.

    Parameters
    ----------
    drops: whether broken frames are dropped here; only where spec.whole. If not, marks pass: those of all
        beats of a frame, or that of the last.

    Members
    -------
    i, o: beats of frames (hadacast.core.beat.flowing).

    Attributes
    ----------
    latency: cycles from the first beat in to the first beat out, without stalls.
    """

    def __init__(self, spec: spec_module.Hadamard, drops: bool = False):
        assert spec.whole or not drops
        self.spec = spec
        self.drops = drops
        self.latency = spec.latency
        super().__init__(
            {
                "i": In(stream.Signature(beat.flowing(spec.input, spec.lanes))),
                "o": Out(stream.Signature(beat.flowing(spec.output, spec.lanes))),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        plan = self.spec.plan
        order, beats = plan.order, plan.beats
        columns = m.submodules.columns = Stride(self.i.p.shape(), order, beats, run=order)
        m.d.comb += [
            columns.i.valid.eq(self.i.valid),
            columns.i.payload.eq(self.i.payload),
            self.i.ready.eq(columns.i.ready),
            columns.enable.eq(1),
        ]
        if self.drops:
            dropped = Signal()
            with m.If(self.i.valid & self.i.ready & self.i.p.last):
                m.d.sync += dropped.eq(self.i.p.mark)
            m.d.comb += [columns.drop.eq(self.i.p.mark), columns.i.p.mark.eq(dropped)]

        valid, result = self._arithmetic(m, columns)
        # A block RAM in every family: a queue's latency depends on what it is made of.
        queue = m.submodules.queue = Queue(self.o.p.shape(), plan.queue_depth, "bram", registers=QUEUE - 1)
        m.d.comb += [queue.push.eq(valid), queue.tail.eq(result)]
        free = Signal(range(plan.queue_depth + 1), init=plan.queue_depth)
        m.d.sync += [
            free.eq(free + queue.pop - Mux(columns.begins, order, 0)),
            columns.go.eq(free >= order),
        ]

        if beats == 1:
            m.d.comb += [
                self.o.valid.eq(queue.valid),
                self.o.payload.eq(queue.head),
                queue.pop.eq(queue.valid & self.o.ready),
            ]
            return m
        rows = m.submodules.rows = Stride(self.o.p.shape(), beats, order)
        skid = m.submodules.skid = Skid(self.o.p.shape())
        m.d.comb += [
            rows.i.valid.eq(queue.valid),
            rows.i.payload.eq(queue.head),
            queue.pop.eq(queue.valid & rows.i.ready),
            rows.enable.eq(skid.enable),
            rows.go.eq(1),
            skid.i_valid.eq(rows.o_valid),
            skid.i.eq(rows.o),
            self.o.valid.eq(skid.o.valid),
            self.o.payload.eq(skid.o.payload),
            skid.o.ready.eq(self.o.ready),
        ]
        return m

    def _arithmetic(self, m: Module, columns: Stride) -> tuple[Value, Signal]:
        """The column's results, and whether they are there."""
        spec, plan = self.spec, self.spec.plan
        # Whether a beat came so many cycles ago.
        valid: list[Value] = [columns.o_valid]
        for cycle in range(plan.column_latency):
            later = Signal(name=f"valid_{cycle}")
            m.d.sync += later.eq(valid[-1])
            valid.append(later)
        x = Signal(beat.lanes_layout(spec.working, spec.lanes))
        for lane in range(spec.lanes):
            m.d.comb += x[lane].eq(columns.o.data[lane])
        found = self._level(m, 0, 0, x, spec.working.width, valid)
        result = Signal(self.o.p.shape(), name="result")
        for lane in range(spec.lanes):
            m.d.comb += result.data[lane].eq(found[lane])
        beside = [Value.cast(columns.o[name]) for name in self._beside]
        line = m.submodules.beside = Line(sum(map(len, beside)), plan.column_latency)
        offset = 0
        for name, value in zip(self._beside, beside, strict=True):
            m.d.comb += [
                line.i[offset : offset + len(value)].eq(value),
                Value.cast(result[name]).eq(line.o[offset : offset + len(value)]),
            ]
            offset += len(value)
        return valid[-1], result

    @property
    def _beside(self) -> list[str]:
        return [*beat.sides(self.spec.output, self.spec.lanes), "last", "mark"]

    def _level(self, m: Module, level: int, time: int, x: Any, width: int, valid: list[Value]) -> Any:
        """What is left of the product from fold number `level` on, whose elements x, of `width` bits, come
        `time` cycles after the column."""
        spec, plan = self.spec, self.spec.plan
        if level == len(plan.folds):
            if len(plan.array) == 1:
                return x
            array = m.submodules.array = SignedSums(plan, spec.lanes, width, spec.result_width)
            m.d.comb += [array.i_valid.eq(valid[time]), array.i.eq(x)]
            return array.o
        fold = plan.folds[level]
        stage = m.submodules[f"fold_{level}"] = Fold(fold, spec.lanes, width)
        m.d.comb += [stage.i_valid.eq(valid[time]), stage.i.eq(x)]
        inner = self._level(m, level + 1, time + fold.latency, stage.o, width + 1, valid)
        if not fold.corrects:
            return inner
        delay = fold.latency + plan.latency_from(level + 1)
        bits = sum_width(2 * fold.distance, width, spec.result_width)
        correction = m.submodules[f"correction_{level}"] = Correction(fold, spec.lanes, width, bits, delay)
        m.d.comb += [correction.x.eq(x), correction.early_valid.eq(valid[time + delay - EARLY])]
        for lane in range(spec.lanes):
            m.d.comb += correction.i[lane].eq(inner[lane])
        return correction.o
