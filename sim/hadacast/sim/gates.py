"""A mapped netlist run bit-parallel: each bit of an integer is a stream of frames of its own.

Every net is one Python integer, every cell its Liberty function as an expression over such integers, in
topological order; one pass over them is one clock of all streams. No compiler is needed, and 64 streams cost
little more than one. There are no delays: a net changes at most once a clock, and glitches aren't seen.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hadacast.errors import HadacastError
from hadacast.format import Ints
from hadacast.sim.packing import Packing
from hadacast.spec.pipeline import Pipeline
from hadacast.synth.cells import expression
from hadacast.synth.cells.analysis import CLOCK, Activity
from hadacast.synth.cells.flat import Flat, Net, drivers, in_order
from hadacast.synth.cells.liberty import Cell, Library

STREAMS = 64
RESET_CYCLES = 2
_CHUNK = 2000  # statements in a function: compiling takes longer than linear time


@dataclass(frozen=True, kw_only=True)
class GateRun:
    """What a run showed.

    Members
    -------
    streams, frames: how many ran side by side, and the frames of each.
    mismatches: samples of the results that differ from the exact ones. samples: how many were compared.
    cycles: over which activity was counted, at full rate, for all streams together.
    activity: of every net.
    """

    streams: int
    frames: int
    samples: int
    mismatches: int
    cycles: int
    activity: Mapping[int, Activity]

    @property
    def toggles(self) -> float:
        """Transitions of a net a clock, the mean over all nets but the clock."""
        return float(np.mean([entry.toggles for entry in self.activity.values()]))


class Gates:
    """A mapped netlist whose flip-flops all rise with the input `aclk`.

    Raises HadacastError for loops without a register, and for a register with another clock.
    """

    def __init__(self, flat: Flat, library: Library, streams: int = STREAMS):
        self.flat = flat
        self.ones = (1 << streams) - 1
        self.values = [0] * flat.nets
        self._evaluate: list[Callable[[list[int]], None]] = []
        self._flops: list[tuple[int, int]] = []  # the net of a next state, and the net of the state
        self._build(library)

    def _build(self, library: Library) -> None:
        clock = self.flat.ports[CLOCK][1][0]
        self.states: list[int] = []
        registers: list[str] = []
        outputs: list[str] = []
        for index, cell in enumerate(self.flat.cells):
            kind = library.cells[cell.kind]
            if kind.flop is None:
                continue
            if cell.pins.get(_clock_pin(kind.flop.clocked_on)) != clock:
                raise HadacastError(f"a {cell.kind} isn't clocked by the rising edge of {CLOCK}")
            state, after = len(self.values), len(self.values) + 1
            self.values += [0, 0]
            self.states.append(state)
            self._flops.append((after, state))
            own = {kind.flop.state: f"v[{state}]", kind.flop.inverse: f"(v[{state}] ^ {expression.MASK})"}
            names = self._names(index) | {name: text for name, text in own.items() if name}
            held = expression.python(kind.flop.next_state, names)
            if kind.flop.clear:
                held = f"({held} & ({expression.python(kind.flop.clear, names)} ^ {expression.MASK}))"
            if kind.flop.preset:
                held = f"({held} | {expression.python(kind.flop.preset, names)})"
            registers.append(f"v[{after}] = {held}")
            outputs += self._outputs(index, kind, names)
        logic = in_order(self.flat, library)
        lines = outputs
        for index in logic:
            kind = library.cells[self.flat.cells[index].kind]
            lines += self._outputs(index, kind, self._names(index))
        self._add([*lines, *registers])

    def _names(self, index: int) -> dict[str, str]:
        return {pin: _place(net) for pin, net in self.flat.cells[index].pins.items()}

    def _outputs(self, index: int, kind: Cell, names: Mapping[str, str]) -> list[str]:
        pins = self.flat.cells[index].pins
        return [
            f"{names[pin]} = {expression.python(function, names)}"
            for pin, function in kind.outputs.items()
            if isinstance(pins.get(pin), int)
        ]

    def _add(self, lines: Sequence[str]) -> None:
        """Compile statements; their text is made of numbers and of operators alone."""
        for start in range(0, len(lines), _CHUNK):
            body = "\n".join(f"    {line}" for line in lines[start : start + _CHUNK])
            scope: dict[str, Any] = {expression.MASK: self.ones}
            exec(f"def run(v):\n{body}\n", scope)
            self._evaluate.append(scope["run"])

    def settle(self) -> None:
        """Let the inputs and states reach every net."""
        for run in self._evaluate:
            run(self.values)

    def clock(self) -> None:
        """A rising edge, after `settle`."""
        values = self.values
        for (_, state), after in zip(self._flops, [values[net] for net, _ in self._flops], strict=True):
            values[state] = after

    def wake(self, seed: int) -> None:
        """Any state, of each stream another: what a chip has when its power comes on."""
        source = random.Random(seed)
        for state in self.states:
            self.values[state] = source.getrandbits(self.ones.bit_length())

    def set(self, port: str, words: Sequence[int]) -> None:
        """Set an input: an integer of streams for each bit, lowest first."""
        for net, word in zip(self.flat.ports[port][1], words, strict=True):
            if isinstance(net, int):
                self.values[net] = word

    def get(self, port: str) -> list[int]:
        """An output: an integer of streams for each bit, lowest first."""
        return [self._of(net) for net in self.flat.ports[port][1]]

    def _of(self, net: Net) -> int:
        return self.values[net] if isinstance(net, int) else (self.ones if net == "1" else 0)


def _place(net: Net) -> str:
    if isinstance(net, int):
        return f"v[{net}]"
    return expression.MASK if net == "1" else "0"


def _clock_pin(clocked_on: str) -> str:
    """The pin whose rising edge a register takes, empty for a falling one."""
    text = clocked_on.replace(" ", "")
    while text.startswith("(") and text.endswith(")"):
        text = text[1:-1]
    return text if text.isidentifier() else ""


def frames_for(spec: Pipeline) -> int:
    """Frames that each stream needs so that at least two of them find the core full."""
    return -(-spec.latency // spec.in_beats) + 3


def run(
    spec: Pipeline,
    flat: Flat,
    library: Library,
    frames: Ints,
    *,
    streams: int = STREAMS,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> GateRun:
    """Send (frames, N) codes through a mapped core at full rate, and count what every net does.

    Each stream wakes in a random state, is reset, and takes frames of its own, in turn and as often as there
    are too few. What leaves is held against the exact results.

    Raises HadacastError if the core's handshake isn't that of a core at full rate.
    """
    each = frames_for(spec)
    # As many frames travel together as there are copies.
    order = np.arange(streams * each * spec.copies) % len(frames)
    travelling = spec.abreast(frames[order]).reshape(streams, each, spec.in_beats, spec.in_lanes)
    packing = Packing.of(spec.in_lanes, spec.input)
    sent = packing.pack(travelling).reshape(streams, each * spec.in_beats, -1)
    words = _words(sent)
    gates = Gates(flat, library, streams)
    ones = gates.ones
    gates.wake(seed)
    gates.set("m_axis_tready", [ones])
    for name, (direction, bits) in flat.ports.items():
        if direction == "input" and name.startswith(("s_axil", "random", "m_axis_scale")):
            gates.set(name, [ones if name.endswith("ready") else 0] * len(bits))
    beats = each * spec.in_beats
    leaving: list[list[int]] = []
    wanted = each * spec.out_beats
    toggles = np.zeros(flat.nets, dtype=np.int64)
    high = np.zeros(flat.nets, dtype=np.int64)
    before: NDArray[np.uint8] | None = None
    counted = 0
    idle = [0] * len(words[0])
    begin = RESET_CYCLES
    for cycle in range(RESET_CYCLES + beats + spec.latency + spec.out_beats + 8):
        beat = cycle - begin
        sending = 0 <= beat < beats
        gates.set("aresetn", [ones if cycle >= RESET_CYCLES else 0])
        gates.set("s_axis_tvalid", [ones if sending else 0])
        gates.set("s_axis_tlast", [ones if sending and (beat + 1) % spec.in_beats == 0 else 0])
        gates.set("s_axis_tdata", words[beat] if sending else idle)
        gates.settle()
        if sending and gates.get("s_axis_tready") != [ones]:
            raise HadacastError(f"{flat.name}: the mapped core isn't ready at its beat {beat}")
        if cycle >= RESET_CYCLES:
            (valid,) = gates.get("m_axis_tvalid")
            if valid not in (0, ones):
                raise HadacastError(
                    f"{flat.name}: when results come depends on the data or on the first state"
                )
            if valid and gates.get("m_axis_tuser") != [0]:
                raise HadacastError(f"{flat.name}: the mapped core dropped a frame")
            if valid and len(leaving) < wanted:
                leaving.append(gates.get("m_axis_tdata"))
        if sending and beat >= spec.latency:
            now = _bytes(gates.values[: flat.nets], streams)
            if before is not None:
                toggles += np.bitwise_count(now ^ before).sum(axis=1, dtype=np.int64)
                high += np.bitwise_count(now).sum(axis=1, dtype=np.int64)
                counted += streams
            before = now
        gates.clock()
        if progress:
            progress(cycle + 1, RESET_CYCLES + beats + spec.latency + spec.out_beats + 8)
    if len(leaving) < wanted:
        raise HadacastError(f"{flat.name}: {len(leaving)} of {wanted} beats left the mapped core")
    out = Packing.of(spec.out_lanes, spec.output)
    results = out.unpack(_streams(leaving, streams, out.bytes)).reshape(streams * each, -1)
    # Each stream begins anew.
    expected = np.concatenate([spec.respond(stream) for stream in travelling]).reshape(results.shape)
    driven = {net for net, _, _ in drivers(flat, library)}
    for name, (way, bits) in flat.ports.items():
        if way == "input" and name != CLOCK:
            driven |= {bit for bit in bits if isinstance(bit, int)}
    return GateRun(
        streams=streams,
        frames=each,
        samples=results.size,
        mismatches=int((results != expected).sum()),
        cycles=counted,
        activity={
            net: Activity(toggles=toggles[net] / counted, ones=high[net] / counted) for net in sorted(driven)
        },
    )


def _words(sent: NDArray[np.uint8]) -> list[list[int]]:
    """(streams, beats, bytes) to an integer of streams for each beat and bit."""
    bits = np.unpackbits(sent, axis=2, bitorder="little").transpose(1, 2, 0)
    packed = np.packbits(bits, axis=2, bitorder="little")
    return [[int.from_bytes(word.tobytes(), "little") for word in beat] for beat in packed]


def _bytes(values: Sequence[int], streams: int) -> NDArray[np.uint8]:
    size = -(-streams // 8)
    return np.frombuffer(b"".join(v.to_bytes(size, "little") for v in values), np.uint8).reshape(-1, size)


def _streams(leaving: Sequence[Sequence[int]], streams: int, width: int) -> NDArray[np.uint8]:
    """Beats of integers of streams to (streams * beats, bytes)."""
    packed = np.stack([_bytes(beat, streams) for beat in leaving])  # beats, bits, bytes of streams
    bits = np.unpackbits(packed, axis=2, bitorder="little", count=streams).transpose(2, 0, 1)
    return np.packbits(bits, axis=2, bitorder="little").reshape(-1, width)
