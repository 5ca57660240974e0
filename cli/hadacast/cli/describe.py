"""A pipeline in words and numbers."""

from dataclasses import MISSING, fields, is_dataclass
from fractions import Fraction
from typing import Any

from hadacast import elements
from hadacast.core import top
from hadacast.core.top import PORTS
from hadacast.format import Codes, Format
from hadacast.frames import SIDES, Block
from hadacast.minifloat import Minifloat
from hadacast.packed import Packed
from hadacast.scale.scale import Scale
from hadacast.spec.align import Align
from hadacast.spec.fwht import Fwht
from hadacast.spec.hadamard import Hadamard
from hadacast.spec.permuting import Permuting
from hadacast.spec.pipeline import Pipeline
from hadacast.spec.quantize import Quantize
from hadacast.spec.rotate import Rotate
from hadacast.spec.scatter import Scatter
from hadacast.spec.stage import Stage

TABLE = 64  # numbers of a matrix that are still shown
INTEGER = 1 << 53  # larger ones are texts: not every reader of JSON holds them


def format_(item: Codes | Block) -> dict[str, Any]:
    """A format's members and limits; `text` says it in words."""
    if isinstance(item, Block):
        found = {side: getattr(item, side) for side in SIDES if getattr(item, side) is not None}
        shape = f"{item.rows:,} × {item.group:,}" if item.rows > 1 else f"{item.group:,}"
        words = [f"{side} {elements.name(codes) or codes}" for side, codes in found.items()]
        words = [f"{elements.name(item.element) or item.element} in groups of {shape}", *words]
        shown: dict[str, Any] = {"type": "block", "text": "; ".join(words), "element": format_(item.element)}
        shown |= {"group": item.group, "rows": item.rows}
        return shown | {side: format_(codes) for side, codes in found.items()}
    if isinstance(item, Packed):
        content = format_(item.content)
        inner = elements.name(item.content) if isinstance(item.content, Codes) else ""
        return {
            "type": "packed",
            "text": f"packed {item.layout} on {item.bus:,} bytes: {inner or content['text']}",
            "content": content,
            "layout": item.layout,
            "bus": item.bus,
            "bytes": item.beats * item.bus,
            "width": item.width,
        }
    own = {field.name: getattr(item, field.name) for field in fields(item)}  # type: ignore[arg-type]
    limits: dict[str, Any] = {"min": item.min, "max": item.max}
    if isinstance(item, Minifloat):
        limits = {"min": -item.largest if item.sign else 0.0, "max": item.largest}
    kind = {Format: "fixed", Minifloat: "float"}.get(type(item), type(item).__name__.lower())
    return {"type": kind, "text": str(item), "width": item.width, **own, **limits}


def settings(stage: Stage) -> dict[str, Any]:
    """A stage's own members, as in a recipe."""
    return {name: spelled(value) for name, value in _own(stage)}


def chosen(stage: Stage) -> dict[str, Any]:
    """Those of the settings that aren't what they are by default."""
    return {
        name: spelled(value, brief=True) for name, value in _own(stage) if not _default(stage, name, value)
    }


def spelled(value: Any, brief: bool = False) -> Any:
    """A member's value as a recipe writes it: formats by name, fractions exactly, tuples as lists.

    Where a member is a table, `brief` leaves out what is at its default.
    """
    if isinstance(value, Codes):
        return elements.name(value) or spelled(dict(_fields(value)))
    if isinstance(value, Scale):
        return {"kind": value.kind} | {
            name: spelled(member, brief)
            for name, member in _fields(value)
            if not (brief and _default(value, name, member))
        }
    if isinstance(value, Fraction):
        if value.denominator == 1 and abs(value) < INTEGER:
            return int(value)
        # 0.8 is 4/5, as checks.fraction reads it.
        return float(value) if Fraction(str(float(value))) == value else str(value)
    if isinstance(value, dict):
        return {key: spelled(item, brief) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [spelled(item, brief) for item in value]
    if is_dataclass(value):
        return spelled(dict(_fields(value)), brief)
    return value


def text(value: Any) -> str:
    """A spelled value for people: `floating (tensor_amax = 107)`."""
    if isinstance(value, dict):
        items = ", ".join(f"{key} = {text(item)}" for key, item in value.items() if key != "kind")
        kind = str(value.get("kind", ""))
        return f"{kind} ({items})".strip() if items else kind
    if isinstance(value, list):
        rows = [row for row in value if isinstance(row, list) and len(row) == len(value[0])]
        if 1 < len(rows) == len(value) and len(rows) * len(rows[0]) > TABLE:
            return f"{len(rows):,} × {len(rows[0]):,} numbers"
        if len(value) == 1:
            return text(value[0])
        shown = ", ".join(map(text, value[:4]))
        return f"[{shown}]" if len(value) <= 4 else f"[{shown}, … {len(value):,} in all]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def settings_text(shown: dict[str, Any]) -> str:
    """What `chosen` gives, in one line."""
    return ", ".join(f"{key} = {text(value)}" for key, value in shown.items())


def memory_words(pipeline: Pipeline) -> int:
    """Elements that wait in stages, and in the frame buffer of a pipeline that needs one."""
    buffer = 0 if pipeline.dropper is not None else 2 * pipeline.in_size
    return (buffer + sum(map(stage_words, pipeline.stages))) * pipeline.copies


def stage_words(stage: Stage) -> int:
    """Elements that wait in a stage: those in the delays of a transform, those of the beats that wait for
    their scale in a quantizer, a frame where it waits for its exponent, the banks of a permutation, memories
    and queues of a matrix."""
    if isinstance(stage, Fwht):
        return stage.delay * stage.lanes
    if isinstance(stage, Quantize):
        return stage.replay_depth * stage.lanes
    if isinstance(stage, Rotate | Hadamard):
        return stage.words
    if isinstance(stage, Permuting | Scatter):
        return stage.memory
    return stage.frame if isinstance(stage, Align) and stage.beats > 1 else 0


def ports(pipeline: Pipeline) -> list[dict[str, Any]]:
    """The ports of the AXI4-Stream top: name, direction, width in bits, and what for."""
    members = top.ports(pipeline).items()
    return [
        {
            "name": name,
            "direction": "in" if member.flow.name == "In" else "out",
            "width": member.shape,
            "text": PORTS[name],
        }
        for name, member in members
    ]


def pipeline(spec: Pipeline) -> dict[str, Any]:
    """All that `show` shows, for JSON."""
    return {
        "name": spec.name,
        "title": spec.title,
        "source": spec.source,
        "frame": spec.frame,
        "lanes": spec.lanes,
        "copies": spec.copies,
        "beats": spec.beats,
        "in_lanes": spec.in_lanes,
        "in_beats": spec.in_beats,
        "out_lanes": spec.out_lanes,
        "out_beats": spec.out_beats,
        "input": format_(spec.input),
        "output": format_(spec.output),
        "stages": [
            {
                "kind": stage.kind,
                "input": format_(stage.input),
                "output": format_(stage.output),
                "latency_cycles": 0 if index in spec.folded else stage.latency,
                "memory_words": stage_words(stage),
                "settings": settings(stage),
                "chosen": chosen(stage),
            }
            for index, stage in enumerate(spec.stages)
        ],
        "latency_cycles": spec.latency,
        "samples_per_cycle": spec.rate,
        "cycles_per_frame": max(spec.in_beats, spec.out_beats),
        "memory_words": memory_words(spec),
        "ports": ports(spec),
    }


def si(value: float, unit: str) -> str:
    """A number with an SI prefix and three significant digits: "1.23 G" and the unit."""
    for power, prefix in ((9, "G"), (6, "M"), (3, "k")):
        if abs(value) >= 10**power:
            return f"{value / 10**power:.3g} {prefix}{unit}"
    return f"{value:.3g} {unit}"


def _own(stage: Stage) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in _fields(stage) if name not in stage.FROM_STREAM]


def _fields(item: Any) -> list[tuple[str, Any]]:
    return [(field.name, getattr(item, field.name)) for field in fields(item)]


def _default(item: Any, name: str, value: Any) -> bool:
    if isinstance(item, Quantize) and name == "group":  # 0 in a recipe: the whole frame
        return bool(value == item.frame // item.rows)
    field = next(field for field in fields(item) if field.name == name)
    return field.default is not MISSING and bool(field.default == value)
