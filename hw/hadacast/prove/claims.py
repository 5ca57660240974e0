"""A design to be proved: what drives it, what is assumed of that, and what must never happen."""

from dataclasses import dataclass, field
from typing import Any

from amaranth.back import rtlil
from amaranth.hdl import Cat, ClockDomain, Elaboratable, Fragment, Module, Shape, Signal, Value, ValueLike
from amaranth.hdl._ast import AnyConst

from hadacast.tech.family import Target, get

# An output of the netlist is called so and then as the property, or as the signal that is looked at.
NEVER, SEEN = "never_", "seen_"

# An output with a bit that a proof may want to speak of.
HINT = "hint_"

# Kinds of hints: a beat of the marked frame, its last beat, how long something has been waited
# for, and whether something is at a step of the way to the output, the first step first.
TOLD, ENDS, WAITED, WAY = "told", "ends", "waited", "way"

# The output and the register that say whether all assumptions hold, and did so far.
ASSUMED, ALIVE = "assumed", "assumed_so_far"

TOP = "claims"


@dataclass(frozen=True)
class Path:
    """A path from inputs whose names begin like `source` to an output of the netlist; with `ever`, through
    registers too."""

    source: str
    output: str
    ever: bool


class _Elaborated(Elaboratable):
    """Hardware that has been elaborated."""

    def __init__(self, fragment: Fragment):
        self.fragment = fragment

    def elaborate(self, platform: Any) -> Fragment:
        return self.fragment


@dataclass
class Claims:
    """A module with properties of what stands in it.

    Properties and assumptions are of a cycle; one that fails after an assumption did says nothing. Reset may
    come in any cycle, and what remembers the past here is reset with it, so each run from a reset to the next
    is a run of its own, from whatever the registers without a reset hold then.

    Members
    -------
    family: that the hardware is elaborated for.
    clock: the domain of the module, "sync" where the hardware has none of its own.
    m: the module, to which monitors add their registers.
    """

    family: str = "generic"
    clock: str = "sync"
    m: Module = field(default_factory=Module)

    def __post_init__(self) -> None:
        self.target = Target(get(self.family))
        self._inputs: list[Signal] = []
        self._assumed: list[Value] = []
        self._broken: dict[str, list[Value]] = {}
        self._seen: list[Signal] = []
        self._hints: list[Signal] = []
        self._apart: dict[str, list[Path]] = {}
        self.domain = ClockDomain(self.clock)
        self.m.domains += self.domain

    def free(self, shape: Any, name: str) -> Any:
        """A signal that may have any value in any cycle."""
        signal = Signal(shape, name=f"free_{name}")
        self._inputs.append(Value.cast(signal))
        return signal

    def fixed(self, width: int, name: str) -> Signal:
        """A signal that may have any value, the same in all cycles."""
        signal = Signal(width, name=f"fixed_{name}")
        self.m.d.comb += signal.eq(AnyConst(Shape(width)))
        return signal

    def assume(self, value: ValueLike) -> None:
        """Look only at runs in which `value` holds in every cycle."""
        self._assumed.append(Value.cast(value).bool())

    def never(self, name: str, value: ValueLike) -> None:
        """`value` holds in no cycle. Several of a name are one property."""
        self._broken.setdefault(name, []).append(Value.cast(value).bool())

    def apart(self, name: str, value: ValueLike, *inputs: str, ever: bool = False) -> None:
        """No path without a register leads to `value` from a free signal whose name begins as given here; ""
        is any input at all, reset among them. With `ever`, no path at all, through registers neither. As for
        never(), several of a name are one property."""
        seen = Signal(len(Value.cast(value)), name=f"{SEEN}{len(self._seen)}")
        self.m.d.comb += seen.eq(value)
        self._seen.append(seen)
        paths = [Path(f"free_{text}" if text else "", seen.name, ever) for text in inputs]
        self._apart.setdefault(name, []).extend(paths)

    def hint(self, value: ValueLike, name: str = "") -> None:
        """Each bit of `value` may be of use in an invariant (hadacast.prove.sums). It takes no part in what
        is claimed."""
        for number, bit in enumerate(Value.cast(value)):
            hint = Signal(name=f"{HINT}{len(self._hints)}_{name}_{number}")
            self.m.d.comb += hint.eq(bit)
            self._hints.append(hint)

    @property
    def outputs(self) -> list[str]:
        """Names of the netlist's outputs, bit for bit."""
        bits = [f"{seen.name}[{bit}]" for seen in self._seen for bit in range(len(seen))]
        hints = [f"{hint.name}[0]" for hint in self._hints]
        return [*bits, *hints, *(NEVER + name for name in self._broken), f"{ASSUMED}[0]"]

    @property
    def paths(self) -> dict[str, list[Path]]:
        """Of each property that apart() states, the paths that must not be there."""
        return self._apart

    @property
    def properties(self) -> tuple[str, ...]:
        """Names of the properties, in the order in which they were stated, those of paths last."""
        return (*self._broken, *self._apart)

    def before(self, value: ValueLike, name: str, init: int = 0) -> Signal:
        """`value` a cycle ago, `init` after reset."""
        value = Value.cast(value)
        signal = Signal(value.shape(), name=name, init=init)
        self.m.d[self.clock] += signal.eq(value)
        return signal

    def place(self, member: Any, name: str) -> Any:
        """Add hardware to the module, elaborated for the family: its fragment."""
        fragment = Fragment.get(member, self.target)
        self.m.submodules[name] = _Elaborated(fragment)
        return fragment

    def rtlil(self) -> str:
        """Yosys's text of it: ports are the clock, the reset, what is free, and NEVER + name of each
        property. Call it once, when all is there."""
        alive, holds = Signal(name=ALIVE, init=1), Signal(name="assumed_now")
        self.m.d.comb += holds.eq(Cat(*self._assumed).all() if self._assumed else 1)
        self.m.d[self.clock] += alive.eq(alive & holds)
        ports: dict[str, Any] = {"clk": (self.domain.clk, None), "rst": (self.domain.rst, None)}
        ports |= {signal.name: (signal, None) for signal in self._inputs}
        ports |= {seen.name: (seen, None) for seen in (*self._seen, *self._hints)}
        for name, broken in self._broken.items():
            port = Signal(name=NEVER + name)
            self.m.d.comb += port.eq(alive & holds & Cat(*broken).any())
            ports[port.name] = (port, None)
        assumed = Signal(name=ASSUMED)
        self.m.d.comb += assumed.eq(alive & holds)
        ports[ASSUMED] = (assumed, None)
        fragment = Fragment.get(self.m, self.target)
        text, _ = rtlil.convert_fragment(fragment, ports, TOP, emit_src=False)
        return str(text)
