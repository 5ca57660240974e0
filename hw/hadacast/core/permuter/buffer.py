"""What buffers of permuting stages share: the stream, turns, and a pipe from banks to the exit."""

from typing import Any

from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib import data, stream
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import Component, In, Out

from hadacast.core import beat
from hadacast.core.permuter.turns import Turns
from hadacast.core.queue import RAM_STYLES
from hadacast.core.settings import members
from hadacast.core.shift import shifted
from hadacast.core.span import Skid
from hadacast.permuting.banked import Banked
from hadacast.permuting.in_place import READ_REGISTERS, InPlace
from hadacast.tech.family import of_platform


class Buffer(Component):
    """Banks of memory between two switches, one stall span.

    Members
    -------
    i, o: beats of frames (hadacast.core.beat.flowing).
    set_NAME: settings of the stage (hadacast.core.settings).
    """

    def __init__(self, spec: Any, plan: InPlace | Banked):
        self.spec, self.plan = spec, plan
        self.latency = plan.latency
        super().__init__(
            {
                "i": In(stream.Signature(beat.flowing(spec.input, spec.in_lanes))),
                "o": Out(stream.Signature(beat.flowing(spec.output, spec.lanes))),
                **members(spec.settings),
            }
        )

    def entry(self, m: Module, turns: Turns, enable: Value, words: list[Value]) -> list[Value]:
        """The word that each bank takes, `plan.entry_registers` enabled cycles later."""
        raise NotImplementedError

    def addresses(self, m: Module, turns: Turns, enable: Value) -> tuple[list[Value], list[Value]]:
        """Where each bank group is written and read, as much later."""
        raise NotImplementedError

    def exit(self, m: Module, turns: Turns, enable: Value, words: list[Value]) -> list[Value]:
        """What each lane takes of the banks' words, `plan.exit_registers` enabled cycles later. The words
        come `plan.entry_registers` and READ_REGISTERS after their turn."""
        raise NotImplementedError

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        spec, plan = self.spec, self.plan
        skid = m.submodules.skid = Skid(self.o.p.shape())
        enable = skid.enable
        names = list(beat.sides(spec.input, spec.lanes))
        turns = m.submodules.turns = Turns(plan.flow, data.StructLayout(beat.sides(spec.input, spec.lanes)))
        m.d.comb += [
            turns.enable.eq(enable),
            turns.valid.eq(self.i.valid),
            turns.mark.eq(self.i.p.mark),
            self.i.ready.eq(turns.ready),
        ]
        for name in names:
            m.d.comb += turns.sides[name].eq(self.i.p[name])

        words = self.entry(m, turns, enable, [Value.cast(self.i.p.data[lane]) for lane in range(spec.lanes)])
        writes = shifted(m, enable, turns.writes, plan.entry_registers, "writes", reset=True)
        words = self._memories(m, platform, turns, enable, writes, words)
        words = self.exit(m, turns, enable, words)

        cycles = plan.entry_registers + READ_REGISTERS + plan.exit_registers
        for lane, word in enumerate(words):
            m.d.comb += skid.i.data[lane].eq(word)
        beside = Cat(turns.last, turns.o_mark, turns.o_sides.as_value())
        along = shifted(m, enable, beside, cycles, "beside")
        m.d.comb += [
            Cat(skid.i.last, skid.i.mark, *(skid.i[name] for name in names)).eq(along),
            skid.i_valid.eq(shifted(m, enable, turns.reads, cycles, "valid", reset=True)),
            self.o.valid.eq(skid.o.valid),
            self.o.payload.eq(skid.o.payload),
            skid.o.ready.eq(self.o.ready),
        ]
        return m

    def _memories(
        self, m: Module, platform: Any, turns: Turns, enable: Value, writes: Value, words: list[Value]
    ) -> list[Value]:
        """Banks of one address are one memory."""
        plan = self.plan
        style = RAM_STYLES[of_platform(platform).storage(plan.depth)]
        attrs: dict[str, Any] = {"ram_style": style}
        # A tight buffer reads a word in the very cycle in which it is replaced, and must get the old one.
        # Others never do, and Yosys is told so: else it builds a bypass for memories that don't say.
        if not plan.flow.tight:
            attrs["no_rw_check"] = 1
        found: list[Value] = list(words)
        for group, (write_at, read_at) in enumerate(zip(*self.addresses(m, turns, enable), strict=True)):
            banks = [bank for bank in range(plan.lanes) if plan.groups[bank] == group]
            width = len(words[0])
            memory = m.submodules[f"banks_{group}"] = Memory(
                shape=width * len(banks), depth=plan.depth, init=[], attrs=attrs
            )
            write, read = memory.write_port(), memory.read_port()
            m.d.comb += [
                write.addr.eq(write_at),
                write.data.eq(Cat(words[bank] for bank in banks)),
                write.en.eq(enable & writes),
                read.addr.eq(read_at),
                read.en.eq(enable),
            ]
            word = Signal(width * len(banks), name=f"word_{group}", reset_less=True)
            with m.If(enable):
                m.d.sync += word.eq(read.data)
            for k, bank in enumerate(banks):
                found[bank] = word.word_select(k, width)
        return found
