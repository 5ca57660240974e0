"""Floating point to fixed point with one exponent for a frame, in hardware."""

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import data, stream
from amaranth.lib.wiring import Component, In, Out

from hadacast.core import beat
from hadacast.core.aligner import entry, peak
from hadacast.core.aligner.shifter import Shifter
from hadacast.core.queue import Queue
from hadacast.core.span import Beat, Skid
from hadacast.minifloat import Minifloat
from hadacast.scale.scale import EXPONENT_BIAS, NAN_EXPONENT
from hadacast.spec import align as spec_module


class Align(Component):
    """The hardware of an Align spec, one beat per clock.

    Beats wait in a queue until the largest exponent of their frame is known. Then each element is shifted
    right by what its own exponent lacks. Frames of one beat need no queue.

    Members
    -------
    i, o: beats (hadacast.core.beat.flowing); `last` and `mark` go with them.

    Attributes
    ----------
    latency: cycles from the first beat in to the first beat out, without stalls.
    """

    def __init__(self, spec: spec_module.Align):
        self.spec = spec
        self.latency = spec.latency
        element = spec.element
        self.floating = isinstance(element, Minifloat)
        self.exponent_bits = element.exponent if isinstance(element, Minifloat) else 8
        # What makes an exponent field an E8M0 code.
        self.rebase = EXPONENT_BIAS - element.bias if isinstance(element, Minifloat) else 0
        super().__init__(
            {
                "i": In(stream.Signature(beat.flowing(spec.input, spec.lanes))),
                "o": Out(stream.Signature(beat.flowing(spec.output, spec.lanes))),
            }
        )

    @property
    def _waiting(self) -> data.StructLayout:
        """A beat whose frame's peak isn't known yet."""
        return data.StructLayout({"beat": entry.layout(self.spec), "last": 1, "mark": 1})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        spec = self.spec
        policies = m.submodules.entry = entry.Entry(spec)
        m.d.comb += policies.data.eq(self.i.p.data)
        for name in beat.sides(spec.input, spec.lanes):
            m.d.comb += getattr(policies, name).eq(self.i.p[name])
        tree = m.submodules.tree = peak.BeatPeak(self.exponent_bits, spec.leaves)

        skid = m.submodules.skid = Skid(self.o.p.shape())
        enable = skid.enable
        entering = Signal(self._waiting)
        m.d.comb += [
            entering.beat.eq(policies.o),
            entering.last.eq(self.i.p.last),
            entering.mark.eq(self.i.p.mark),
        ]
        enters = enable if spec.beats == 1 else 1
        accepted = self.i.valid & self.i.ready
        arrived = Beat(entering, accepted, policies.poison).registered(m, enters, "arrived")
        m.d.comb += tree.enable.eq(enters)
        for leaf in range(spec.leaves):
            m.d.comb += [
                tree.i[leaf].exponent.eq(arrived.value.beat.exponent[leaf]),
                tree.i[leaf].poison.eq(arrived.broken[leaf]),
            ]

        if spec.beats == 1:
            waiting = Beat(arrived.value, arrived.valid, 0)
            for level in range(tree.latency):
                waiting = waiting.registered(m, enable, f"waiting_{level}")
            found = tree.o
            m.d.comb += self.i.ready.eq(enable)
        else:
            waiting, found = self._replay(m, arrived, tree, enable)
        self._leave(m, waiting, found, skid)
        return m

    def _replay(self, m: Module, arrived: Beat, tree: peak.BeatPeak, enable: Value) -> tuple[Beat, Any]:
        """Hold beats until their frame's peak is there: both, whenever the span behind is enabled."""
        spec = self.spec
        # A beat is in here for beats + latency of the tree + 3 cycles; with one more nobody waits for room.
        depth = spec.beats + tree.latency + 4
        queue = m.submodules.queue = Queue(self._waiting, depth)
        # Among so many beats are at most so many last ones.
        peaks = m.submodules.peaks = peak.FramePeak(self.exponent_bits, -(-depth // spec.beats))
        takes, pops = Signal(), Signal()
        free, room = Signal(range(depth + 1), init=depth), Signal(init=1)
        with m.If(takes & ~pops):
            m.d.sync += free.eq(free - 1)
        with m.Elif(pops & ~takes):
            m.d.sync += free.eq(free + 1)
        # This cycle's beat takes one word yet.
        m.d.sync += room.eq(free[1:].any())
        m.d.comb += [
            takes.eq(self.i.valid & room),
            self.i.ready.eq(room),
            queue.push.eq(arrived.valid),
            queue.tail.eq(arrived.value),
        ]
        valid, last = arrived.valid, arrived.value.last
        for level in range(tree.latency):
            later_valid, later_last = (
                Signal(name=f"valid_{level}"),
                Signal(name=f"last_{level}", reset_less=True),
            )
            m.d.sync += [later_valid.eq(valid), later_last.eq(last)]
            valid, last = later_valid, later_last
        ready = Signal()
        m.d.comb += [
            peaks.i_valid.eq(valid),
            peaks.i_last.eq(last),
            peaks.i.eq(tree.o),
            ready.eq(queue.valid & peaks.valid),
            pops.eq(ready & enable),
            queue.pop.eq(pops),
            peaks.pop.eq(pops & queue.head.last),
        ]
        return Beat(queue.head, ready, 0), peaks.head

    def _leave(self, m: Module, waiting: Beat, found: Any, skid: Skid) -> None:
        """Shift, round, and send."""
        spec, enable = self.spec, skid.enable
        head = waiting.value
        leaving = Signal(self.o.p.shape(), name="beside")
        m.d.comb += [
            leaving.last.eq(head.last),
            leaving.mark.eq(head.mark),
            leaving.scale[0].eq(Mux(found.poison, NAN_EXPONENT, found.exponent + self.rebase)),
        ]
        beside = Beat(Cat(leaving.scale, leaving.last, leaving.mark), waiting.valid, 0)
        shifters = [Shifter(spec) for _ in range(spec.lanes)]
        for cycle in range(1 + shifters[0].latency):
            beside = beside.registered(m, enable, f"beside_{cycle}")

        leaves = [self._amount(m, head, found, leaf) for leaf in range(spec.leaves)]
        for lane, shifter in enumerate(shifters):
            shift, nothing = leaves[lane * spec.leaves // spec.lanes]
            m.submodules[f"shifter_{lane}"] = shifter
            significand = Signal(shifter.i.shape(), name=f"significand_{lane}", reset_less=True)
            amount = Signal(len(shifter.amount), name=f"amount_{lane}", reset_less=True)
            gone = Signal(name=f"gone_{lane}", reset_less=True)
            with m.If(enable):
                m.d.sync += [
                    significand.eq(self._significand(head.beat, lane)),
                    amount.eq(shift),
                    gone.eq(nothing),
                ]
            m.d.comb += [
                shifter.enable.eq(enable),
                shifter.i.eq(significand),
                shifter.nothing.eq(gone),
                shifter.amount.eq(amount),
                skid.i.data[lane].eq(shifter.o),
            ]
        m.d.comb += [
            Cat(skid.i.scale, skid.i.last, skid.i.mark).eq(beside.value),
            skid.i_valid.eq(beside.valid),
            self.o.valid.eq(skid.o.valid),
            self.o.payload.eq(skid.o.payload),
            skid.o.ready.eq(self.o.ready),
        ]

    def _amount(self, m: Module, head: Any, found: Any, leaf: int) -> tuple[Value, Value]:
        """How far a leaf's elements move to the right, and whether nothing of them is left."""
        bits = self.spec.shift_bits
        lacks = Signal(self.exponent_bits, name=f"lacks_{leaf}")
        m.d.comb += lacks.eq(found.exponent - head.beat.exponent[leaf])
        blank = head.beat.blank[leaf] if entry.blanks(self.spec) else 0
        return lacks[:bits], lacks[bits:].any() | found.poison | blank

    def _significand(self, waiting: Any, lane: int) -> Value:
        """An element's significand as a signed number."""
        code, element = waiting.code[lane], self.spec.element
        if not isinstance(element, Minifloat):
            return code.as_signed() if element.signed else code
        magnitude, sign = code[:-1], code[-1]
        return (Cat(magnitude, 0) ^ sign.replicate(element.mantissa + 2)) + sign
