"""A pipeline in words and numbers."""

from dataclasses import fields
from typing import Any

from hadacast.core.top import PORTS, AxiTop
from hadacast.format import Format
from hadacast.spec.fwht import Fwht
from hadacast.spec.pipeline import Pipeline
from hadacast.spec.stage import Stage


def format_(item: Format) -> dict[str, Any]:
    """A format's members and limits."""
    return {
        "width": item.width,
        "fraction": item.fraction,
        "signed": item.signed,
        "min": item.min,
        "max": item.max,
    }


def settings(stage: Stage) -> dict[str, Any]:
    """A stage's own members, as in a recipe."""
    own = (field.name for field in fields(stage) if field.name not in stage.FROM_STREAM)
    return {name: getattr(stage, name) for name in own}


def memory_words(pipeline: Pipeline) -> int:
    """Words that the delays hold: N − P for each transform."""
    return sum(stage.frame - stage.lanes for stage in pipeline.stages if isinstance(stage, Fwht))


def ports(pipeline: Pipeline) -> list[dict[str, Any]]:
    """The ports of the AXI4-Stream top: name, direction, width in bits, and what for."""
    members = AxiTop(pipeline).signature.members.items()
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
        "beats": spec.beats,
        "input": format_(spec.input),
        "output": format_(spec.output),
        "stages": [
            {
                "kind": stage.kind,
                "input": format_(stage.input),
                "output": format_(stage.output),
                "latency_cycles": stage.latency,
                "settings": settings(stage),
            }
            for stage in spec.stages
        ],
        "latency_cycles": spec.latency,
        "samples_per_cycle": spec.lanes,
        "cycles_per_frame": spec.beats,
        "memory_words": memory_words(spec),
        "ports": ports(spec),
    }


def si(value: float, unit: str) -> str:
    """A number with an SI prefix and three significant digits: "1.23 G" and the unit."""
    for power, prefix in ((9, "G"), (6, "M"), (3, "k")):
        if abs(value) >= 10**power:
            return f"{value / 10**power:.3g} {prefix}{unit}"
    return f"{value:.3g} {unit}"
