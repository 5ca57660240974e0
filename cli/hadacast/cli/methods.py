"""The catalogue of published methods, a row for each recipe, from the recipes and from what was measured."""

from typing import Any

from hadacast import elements
from hadacast import recipe as recipes
from hadacast.format import Codes, Format
from hadacast.frames import Block
from hadacast.method import results
from hadacast.recipe import Recipe
from hadacast.spec.fwht import Fwht
from hadacast.spec.hadamard import Hadamard
from hadacast.spec.lookup import Lookup
from hadacast.spec.pvq import Pvq
from hadacast.spec.quantize import Quantize
from hadacast.spec.requantize import Requantize
from hadacast.spec.rotate import Rotate
from hadacast.spec.stage import Stage

NONE = "–"


def catalogue() -> dict[str, Recipe]:
    """The shipped recipes that stand for a method, by name, in the order of their systems."""
    found = {name: recipes.load(name) for name in recipes.catalogue()}
    named = [(name, chosen) for name, chosen in found.items() if chosen.method is not None]
    return dict(sorted(named, key=lambda item: (item[1].method.system.lower(), item[0])))  # type: ignore[union-attr]


def row(name: str, chosen: Recipe) -> dict[str, Any]:
    """One recipe: what the method is, what its stages do, and `measured`, None if nothing was."""
    method, stages = chosen.method, chosen.pipeline.stages
    assert method is not None
    casts = [stage for stage in stages if isinstance(stage, Quantize | Requantize | Lookup | Pvq)]
    return {
        "system": method.system,
        "recipe": name,
        "title": chosen.pipeline.title,
        "source": chosen.pipeline.source,
        "online": method.online,
        "oracle": method.oracle,
        "left_out": method.left_out,
        "status": method.status,
        "frame": chosen.pipeline.frame,
        "lanes": chosen.pipeline.lanes,
        "transform": " · ".join(filter(None, map(transform, stages))) or NONE,
        "format": ", then ".join(map(code, casts)) or NONE,
        "scale": ", then ".join(dict.fromkeys(filter(None, map(scale, casts)))) or NONE,
        "rounding": ", then ".join(dict.fromkeys(filter(None, map(rounding, casts)))) or NONE,
        "measured": results().get(name),
    }


def transform(stage: Stage) -> str:
    """What a stage mixes or moves, in the shorthand of the table; "" for one that doesn't."""
    if isinstance(stage, Fwht):
        size = 1 << len(stage.distances)
        if stage.bits:
            return f"H{size} on bits {', '.join(map(str, stage.bits))}"
        blocks = stage.frame // size // stage.stride
        before = f"I{blocks} ⊗ " if blocks > 1 else ""
        after = f" ⊗ I{stage.stride}" if stage.stride > 1 else ""
        return f"{before}H{size}{after}"
    if isinstance(stage, Hadamard):
        return f"had{stage.order}" + ("ᵀ" if stage.transpose else "")
    if isinstance(stage, Rotate):
        return f"dense {stage.order} × {stage.order}"
    words = {
        "signs": "±1",
        "order": "order",
        "permute": "permute",
        "scatter": "scatter",
        "gain": "gain",
        "bias": "bias",
        "keep": "keep",
        "codebook": "codebook",
    }
    return words.get(stage.kind, "")


def code(stage: Stage) -> str:
    """What a quantizer leaves."""
    if isinstance(stage, Quantize):
        wide = f" or {_name(stage.wide)}" if isinstance(stage.wide, Codes) else ""
        return f"{_name(stage.code)}{wide}"
    if isinstance(stage, Pvq):
        return f"{stage.pulses} pulses"
    output = stage.output
    return _name(output.element if isinstance(output, Block) else output)


def _name(format_: Codes) -> str:
    """A format in a word, if it has one; integers of any width have."""
    if isinstance(format_, Format) and not format_.fraction:
        return f"{'' if format_.signed else 'u'}int{format_.width}"
    return elements.name(format_) or str(format_)


def scale(stage: Stage) -> str:
    """Its scale, and what shares one."""
    if not isinstance(stage, Quantize):
        return "table" if isinstance(stage, Lookup) else ""
    if stage.scale.kind == "static":
        return "static"
    rows = f"{stage.rows} × " if stage.rows > 1 else ""
    return f"{stage.scale.kind}, {rows}{stage.group:,}"


def rounding(stage: Stage) -> str:
    """How it rounds."""
    return getattr(stage, "rounding", "")
