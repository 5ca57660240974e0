"""The reduction of groups: the largest magnitude, or the range, of each (stage A)."""

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Module, Mux, Shape, Signal, Value
from amaranth.lib import data
from amaranth.lib.wiring import Component, In, Out

from hadacast.core.count import counter
from hadacast.core.quantizer.replay import results_storage
from hadacast.core.quantizer.unit import EXPONENT_WIDTH, element_layout, raw_shape, reduced_layout
from hadacast.core.queue import Queue
from hadacast.spec.quantize import ENTRY, Quantize
from hadacast.tech.chains import above
from hadacast.tech.family import Family, of_platform

Parts = dict[str, Any]


class Reduce(Component):
    """Reduces the elements of each group, one beat in each cycle; it never stalls.

    Elements of a beat meet in a tree, with registers behind each row's comparisons and behind its choices.
    Where only leading ones matter, the tree is an OR, without registers inside. Beats of a group then meet
    in an accumulator; tiles, whose rows come apart, leave what they have in a queue until the next row.

    Parameters
    ----------
    spec: of the stage.

    Members
    -------
    i_valid, x: a beat's elements (element_layout), and, where spec.floating, `exponent`, that of the frame.
    o_valid, o: for a cycle, what each of the beat's groups reduces to (reduced_layout); the group of lane 0
        first.

    Attributes
    ----------
    latency: cycles from a group's last beat to its result.
    """

    def __init__(self, spec: Quantize):
        self.spec = spec
        self.latency = spec.reduce_latency - ENTRY  # registers at the entrance are the user's
        ports = {
            "i_valid": In(1),
            "x": In(data.ArrayLayout(element_layout(spec), spec.lanes)),
            "o_valid": Out(1),
            "o": Out(data.ArrayLayout(reduced_layout(spec), spec.columns)),
        }
        if spec.floating:
            ports["exponent"] = In(EXPONENT_WIDTH)
        super().__init__(ports)

    def _combined(self, m: Module, a: Parts, b: Parts) -> Parts:
        """What two parts of a group reduce to."""
        if self.spec.leading_only:
            return {"amax": a["amax"] | b["amax"]}
        return self._chosen(a, b, self._compared(m, a, b))

    def _compared(self, m: Module, a: Parts, b: Parts) -> Parts:
        """Of each number, whether a's is the one."""
        if "amax" in a:
            return {"amax": above(m, a["amax"], b["amax"])}
        if self.spec.scale.ends:
            return {key: above(m, a[key], b[key]) for key in a}
        less = above(m, b["low"], a["low"])
        if a["low"] is a["high"] and b["low"] is b["high"]:  # two single elements: one comparison orders them
            return {"low": less, "high": ~less}
        return {"low": less, "high": above(m, a["high"], b["high"])}

    def _chosen(self, a: Parts, b: Parts, compared: Parts) -> Parts:
        return {key: Mux(compared[key], a[key], b[key]) for key in a}

    def _leaf(self, lane: int) -> Parts:
        x = self.x[lane]
        if self.spec.scale.reduces != "amax":
            return {"low": x, "high": x}
        if self.spec.scale.ends:
            return {"low": Mux(x.negative, x.magnitude, 0), "high": Mux(x.negative, 0, x.magnitude)}
        return {"amax": x.magnitude}

    @property
    def _shape(self) -> Shape | int:
        """Of each number that a group reduces to."""
        return self.spec.magnitudes.bits if self.spec.scale.reduces == "amax" else raw_shape(self.spec)

    def _stored(self, m: Module, parts: Parts, name: str) -> Parts:
        """Parts in registers; low and high of a single element share one."""
        shape = self._shape
        found: Parts = {}
        for key, value in parts.items():
            found[key] = Signal(shape, name=f"{name}_{key}", reset_less=True)
            m.d.sync += found[key].eq(value)
        return found

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        spec = self.spec
        lanes: list[list[Parts]] = [[] for _ in range(spec.columns)]
        for lane in range(spec.lanes):
            lanes[lane // spec.group % spec.columns].append(self._leaf(lane))
        valid: Value = self.i_valid
        beside: Value | None = self.exponent if spec.floating else None
        cycles = 0

        def later(value: Value, name: str, **settings: bool) -> Signal:
            register = Signal.like(value, name=f"{name}_{cycles}", **settings)
            m.d.sync += register.eq(value)
            return register

        while len(lanes[0]) > 1:
            if spec.leading_only:
                lanes = [
                    [self._combined(m, a, b) for a, b in zip(parts[::2], parts[1::2], strict=False)]
                    + parts[len(parts) & ~1 :]
                    for parts in lanes
                ]
                if len(lanes[0]) > 1 or spec.walk.decided:
                    continue  # gates alone are fast enough
                steps = 1
            else:
                # A comparison and what hangs on it take a cycle each.
                for column, row in enumerate(lanes):
                    pairs = []
                    for i, (a, b) in enumerate(zip(row[::2], row[1::2], strict=False)):
                        name = f"row_{cycles}_{column}_{i}"
                        compared = {
                            key: later(Value.cast(value), f"{name}_{key}", reset_less=True)
                            for key, value in self._compared(m, a, b).items()
                        }
                        first, second = (
                            self._stored(m, side, f"{name}_{which}") for side, which in ((a, "a"), (b, "b"))
                        )
                        pairs.append(self._chosen(first, second, compared))
                    # The last of an odd number waits as long.
                    odd = row[len(row) & ~1 :]
                    pairs += [self._stored(m, parts, f"row_{cycles}_{column}_odd") for parts in odd]
                    lanes[column] = pairs
                steps = 2
            lanes = [
                [self._stored(m, parts, f"met_{cycles}_{column}_{i}") for i, parts in enumerate(pairs)]
                for column, pairs in enumerate(lanes)
            ]
            for _ in range(steps):
                valid = later(valid, "valid")
                if beside is not None:
                    beside = later(beside, "exponent", reset_less=True)
                cycles += 1
        results = [parts[0] for parts in lanes]
        if spec.walk.decided:
            valid, results, beside = self._accumulated(m, of_platform(platform), valid, results, beside)
        m.d.comb += self.o_valid.eq(valid)
        for column, parts in enumerate(results):
            m.d.comb += [self.o[column][key].eq(value) for key, value in parts.items()]
            if beside is not None:
                m.d.comb += self.o[column].exponent.eq(beside)
        return m

    def _accumulated(
        self, m: Module, family: Family, valid: Value, values: Sequence[Parts], beside: Value | None
    ) -> tuple[Value, list[Parts], Value | None]:
        """Beats of a group put together."""
        walk = self.spec.walk
        start, end, fresh = Signal(), Signal(), Signal()
        last_word, last_turn = Signal(), Signal()
        place = counter(m, valid, walk.run, "place")
        word = counter(m, valid & end, walk.words, "word")
        turn = counter(m, valid & end & last_word, walk.passes, "turn")
        m.d.comb += [
            start.eq(place == 0),
            end.eq(place == walk.run - 1),
            fresh.eq(start & (turn == 0)),
            last_word.eq(word == walk.words - 1),
            last_turn.eq(turn == walk.passes - 1),
        ]
        done, resumed = Signal(), Signal()
        m.d.sync += [done.eq(valid & end & last_turn), resumed.eq(valid & end & ~last_turn)]
        queue = None
        if walk.passes > 1:
            layout = data.ArrayLayout(reduced_layout(self.spec), self.spec.columns)
            storage = results_storage(walk.words, family)
            queue = m.submodules.queue = Queue(layout, walk.words, storage, registers=0)
            m.d.comb += [queue.push.eq(resumed), queue.pop.eq(valid & start & (turn != 0))]
        found = []
        for column, value in enumerate(values):
            held: Parts = {}
            shape = self._shape
            for key in value:
                held[key] = Signal(shape, name=f"held_{column}_{key}", reset_less=True)
            before = held
            if queue is not None:
                before = {key: Mux(start, queue.head[column][key], held[key]) for key in held}
                m.d.comb += [queue.tail[column][key].eq(held[key]) for key in held]
            if self.spec.leading_only:
                before = {key: Mux(fresh, 0, earlier) for key, earlier in before.items()}
                combined = self._combined(m, value, before)
            else:
                both = self._combined(m, value, before)
                combined = {key: Mux(fresh, value[key], both[key]) for key in value}
            with m.If(valid):
                m.d.sync += [held[key].eq(combined[key]) for key in held]
            found.append(held)
        if beside is not None:
            exponent = Signal(EXPONENT_WIDTH, name="held_exponent", reset_less=True)
            m.d.sync += exponent.eq(beside)
            beside = exponent
        return done, found, beside
