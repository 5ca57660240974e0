"""The wave diagrams of stream.md, from simulations of the core itself.

    python docs/waves.py

Each scene runs an 8-point, 2-lane `AxiTop` on Amaranth's simulator, holds what comes out against the exact
result, and writes every AXI signal of every cycle to `waves/<scene>.json` (WaveDrom) and `waves/<scene>.svg`.
The SVG names the SHA-256 of its JSON, so a test can tell whether the two belong together.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from amaranth.sim import Simulator

from hadacast.core.top import AxiTop
from hadacast.format import Format
from hadacast.sim import Stimulus, compare
from hadacast.sim.cycle import Job, bench
from hadacast.sim.packing import Packing
from hadacast.sim.run_amaranth import words
from hadacast.spec.fwht import Fwht
from hadacast.spec.pipeline import Pipeline

FOLDER = Path(__file__).with_name("waves")
SPEC = Pipeline(name="waves", stages=(Fwht(frame=8, lanes=2, input=Format(width=8)),))

FRAMES = np.array([[1, 2, 3, 4, 5, 6, 7, 8], [8, 7, 6, 5, 4, 3, 2, 1], [1, 0, 0, 0, 0, 0, 0, 0]])
COLOURS = "345"  # WaveDrom's boxes; one for each frame sent, so that the eye can follow it


@dataclass(frozen=True)
class Recording:
    """Every port of the core in every cycle, as it stands just before the rising edge of ACLK.

    signals: port name to its values. accepted, offered: cycles of the first beat's handshake at the input,
    and of its first offer at the output.
    """

    signals: dict[str, list[int]]
    accepted: int
    offered: int


def record(stimulus: Stimulus) -> Recording:
    """Run a stimulus on the core. Raises AssertionError if anything that comes out is wrong."""
    top = AxiTop(SPEC)
    inputs, outputs = words(top)
    shown = [name for name in top.signature.members if name != "aclk"]
    signals: dict[str, list[int]] = {name: [] for name in shown}
    records = []

    async def testbench(ctx: Any) -> None:
        cycles = bench(Job.of(top, stimulus))
        word = next(cycles)
        try:
            while True:
                ctx.set(inputs, word << 1)
                for name in shown:
                    signals[name].append(ctx.get(getattr(top, name)))
                word = cycles.send(ctx.get(outputs))
                ctx.set(top.aclk, 1)
        except StopIteration as stop:
            records.append(stop.value)

    simulator = Simulator(top)
    simulator.add_testbench(testbench)
    simulator.run()
    trace = records[0].trace(top, "amaranth")
    verdict = compare(SPEC, stimulus, trace)
    assert verdict.ok, verdict.problems
    return Recording(signals, int(trace.accept[0]), int(trace.offer[0]))


def diagram(
    recording: Recording, sent: Sequence[int], text: str, cycles: int, arrow: bool = False
) -> dict[str, Any]:
    """A recording's first `cycles` cycles as WaveDrom.

    sent: beats of each frame sent, which give its beats their colour; a frame of another length than the
    core's has no results. text: the heading. arrow: draw the latency of the first beat.
    """
    signals = {name: values[:cycles] for name, values in recording.signals.items()}
    arriving = [COLOURS[i] for i, beats in enumerate(sent) for _ in range(beats)]
    leaving = [COLOURS[i] for i, beats in enumerate(sent) if beats == SPEC.beats for _ in range(beats)]

    def stream(side: str, format_: Format, colours: list[str], flags: Sequence[str]) -> list[Any]:
        names = {name: f"{side}_axis_{name}" for name in ("tvalid", "tready", "tdata", *flags)}
        valid, ready, data = (signals[names[name]] for name in ("tvalid", "tready", "tdata"))
        rows: list[Any] = [side]
        rows += [{"name": names[name], "wave": bits(signals[names[name]])} for name in ("tvalid", "tready")]
        rows.append({"name": names["tdata"], **boxes(valid, ready, data, format_, colours)})
        return rows + [{"name": names[f], "wave": bits(signals[names[f]], valid)} for f in flags]

    drawing: dict[str, Any] = {
        "signal": [
            {"name": "aclk", "wave": "p" + "." * (cycles - 1)},
            stream("s", SPEC.input, arriving, ("tlast",)),
            stream("m", SPEC.output, leaving, ("tlast", "tuser")),
            {"name": "frame_error", "wave": bits(signals["frame_error"])},
        ],
        "head": {"text": text, "tick": 0},
    }
    if arrow:
        node = ["."] * cycles
        node[recording.accepted], node[recording.offered] = "A", "B"  # letters of capitals aren't drawn
        drawing["signal"].insert(2, {"node": "".join(node)})
        drawing["edge"] = [f"A<->B {recording.offered - recording.accepted} clocks"]
    return drawing


def bits(values: Sequence[int], valid: Sequence[int] | None = None) -> str:
    """A WaveDrom wave of one bit, unknown where it isn't valid."""
    shown = [str(v) if valid is None or valid[i] else "x" for i, v in enumerate(values)]
    return "".join(s if i == 0 or s != shown[i - 1] else "." for i, s in enumerate(shown))


def boxes(
    valid: Sequence[int], ready: Sequence[int], data: Sequence[int], format_: Format, colours: Sequence[str]
) -> dict[str, Any]:
    """TDATA: a box for each beat, as long as it is offered, its lanes written in it, lane 0 first."""
    packing = Packing.of(SPEC.lanes, format_)
    wave, labels, beat, begins, idle = "", [], 0, True, False
    for is_valid, is_ready, word in zip(valid, ready, data, strict=True):
        if not is_valid:
            wave += "." if idle else "x"
            begins = idle = True
            continue
        if begins:
            octets = np.frombuffer(word.to_bytes(packing.bytes, "little"), np.uint8)
            wave += colours[beat]
            labels.append(" ".join(str(lane).replace("-", "−") for lane in packing.unpack(octets)[0]))
        else:
            wave += "."
        idle, begins = False, bool(is_ready)
        beat += begins
    return {"wave": wave, "data": labels}


def frames(count: int) -> Stimulus:
    """The first frames, back to back, after one idle cycle."""
    stimulus = Stimulus.frames(FRAMES[:count], SPEC.lanes)
    return replace(stimulus, gap=np.eye(1, stimulus.beats, dtype=np.int64)[0])


def full_rate() -> dict[str, Any]:
    """Two frames back to back, nobody waits."""
    heading = "Two frames back to back; [1 … 8] leaves as 36 −4 −8 0 −16 0 0 0"
    return diagram(record(frames(2)), (4, 4), heading, 18, arrow=True)


def gaps_and_stalls() -> dict[str, Any]:
    """The sender hesitates inside frames, and so does the receiver."""
    ready = np.ones(64, bool)
    ready[[10, 11, 12, 19]] = False
    stimulus = replace(frames(2), gap=np.array([1, 0, 1, 0, 0, 2, 0, 0]), ready=ready)
    return diagram(record(stimulus), (4, 4), "Gaps and stalls inside frames", 25)


def early_tlast() -> dict[str, Any]:
    """The second of three frames ends after two of its four beats."""
    recording = record(frames(3).resize({1: -2}))
    return diagram(recording, (4, 2, 4), "TLAST two beats early: the frame is dropped", 22)


def late_tlast() -> dict[str, Any]:
    """The second of three frames has two beats too many."""
    recording = record(frames(3).resize({1: 2}))
    return diagram(recording, (4, 6, 4), "TLAST two beats late: the frame is dropped", 24)


SCENES: dict[str, Callable[[], dict[str, Any]]] = {
    scene.__name__: scene for scene in (full_rate, gaps_and_stalls, early_tlast, late_tlast)
}


def as_json(drawing: dict[str, Any]) -> str:
    """The text of a scene's JSON file."""
    return json.dumps(drawing, indent=1, ensure_ascii=False) + "\n"


def mark(text: str) -> str:
    """What an SVG says of the JSON text that it was drawn from."""
    return f"<!-- drawn from JSON with SHA-256 {hashlib.sha256(text.encode()).hexdigest()} -->"


def as_svg(text: str) -> str:
    """JSON text as SVG on a white ground, so that it reads the same on a light and on a dark page."""
    import wavedrom

    svg = wavedrom.render(text).tostring()
    start = svg.index(">", svg.index("<svg")) + 1
    ground = '<rect width="100%" height="100%" fill="white" />'
    return f"{svg[:start]}{mark(text)}{ground}{svg[start:]}\n"


def main() -> None:
    """Write all files."""
    FOLDER.mkdir(exist_ok=True)
    for name, scene in SCENES.items():
        text = as_json(scene())
        (FOLDER / f"{name}.json").write_text(text, encoding="utf-8")
        (FOLDER / f"{name}.svg").write_text(as_svg(text), encoding="utf-8")


if __name__ == "__main__":
    main()
