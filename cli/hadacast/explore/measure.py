"""One point of a sweep: a pure function of what its task holds, so that any process on any machine may do it.

Nothing is read but the cache of measurements, which changes what is done and not what comes out.
"""

import hashlib
import math
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from hadacast.cli.data import Source, framed
from hadacast.cli.guard import line
from hadacast.cli.versions import versions
from hadacast.core.top import AxiTop
from hadacast.core.verilog import module_name, to_verilog
from hadacast.errors import HadacastError
from hadacast.recipe import Draft
from hadacast.report import comparison
from hadacast.spec.pipeline import Pipeline
from hadacast.synth.devices import Device, device
from hadacast.synth.mapping import Mapped, map_core
from hadacast.synth.ooc import SynthResult, synthesize
from hadacast.synth.store import Store
from hadacast.tools import cache as folders
from hadacast.tools import process, yosys

PLACE, MAP, EXACT = "place", "map", "exact"
"""How far a point is taken: placed and routed; mapped to cells by Yosys; the exact reference only."""

Row = dict[str, Any]


class OtherVersionError(HadacastError):
    """A worker would measure with other tools, or another hadacast, than the sweep is of."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """All that decides a point's figures, but for the data.

    Members
    -------
    draft: the recipe. level: PLACE, MAP or EXACT. device: its name, empty for EXACT.
    seeds: the placer's. timeout: seconds allowed to each tool. cache: folder of measurements, empty for the
    user's own. made_by: `maker` of whoever asks.
    """

    draft: Draft
    level: str
    device: str = ""
    seeds: tuple[int, ...] = ()
    timeout: float | None = None
    cache: str = ""
    made_by: Mapping[str, str] = field(default_factory=dict)

    def key(self, source: Source) -> str:
        """A hash of all that decides the figures."""
        data = [source.name, source.tensor, source.sha256, source.seed]
        shape = None if source.array is None else source.array.shape
        parts = [self.draft.text(), self.level, self.device, self.seeds, data, shape]
        return folders.digest([repr(parts), repr(sorted(self.made_by.items()))])


def maker(level: str, name: str) -> dict[str, str]:
    """What a point's figures come from: this hadacast, to the last line, and the tools that it uses.

    Raises HadacastError if one is missing.
    """
    known = versions()
    found = {"hadacast": f"{known['hadacast']} ({sources()})", "numpy": known["numpy"]}
    if level == EXACT:
        return found
    found |= {"amaranth": known["amaranth"], "pyosys": yosys.version()}
    if level == PLACE:
        tool = device(name).flow.nextpnr
        found[tool] = process.version(tool)
    return found


@cache
def sources() -> str:
    """A hash of hadacast's own files, the same wherever they are installed."""
    import hadacast

    found: dict[str, Path] = {}
    for folder in map(Path, hadacast.__path__):
        # Where several folders have it, a package comes from the first, as when it is imported.
        own = {path.relative_to(folder): path for path in folder.rglob("*") if path.suffix in (".py", ".v")}
        new = {part.parts[0] for part in own} - {name.partition("/")[0] for name in found}
        found |= {part.as_posix(): path for part, path in own.items() if part.parts[0] in new}
    total = hashlib.sha256()
    for name in sorted(found):
        content = found[name].read_bytes()
        total.update(f"{name} {len(content)}:".encode() + content)
    return total.hexdigest()[:16]


def measure(task: Task, source: Source) -> Row:
    """A point's row: `error`, empty where all went well, and FIGURES, as far as it came.

    Raises OtherVersionError; whatever else goes wrong is an error of this point alone.
    """
    own = maker(task.level, task.device)
    for name, version in task.made_by.items():
        if own.get(name) != version:
            raise OtherVersionError(f"it has {name} {own.get(name)}, the sweep is of {version}")
    row: Row = {"error": ""}
    try:
        _fill(row, task, source)
    except HadacastError as error:
        row["error"] = brief(error)
    except MemoryError:
        row["error"] = "out of memory"
    except Exception as error:
        row["error"] = f"a fault of hadacast, {type(error).__name__}: {line(error)}"
    return row


def brief(error: BaseException) -> str:
    """An error's line without the log that it names: that is in a folder that is gone."""
    return re.sub(r" \(log: [^()]*\)$", "", line(error))


def _fill(row: Row, task: Task, source: Source) -> None:
    spec = task.draft.recipe().pipeline
    row |= {"frame": spec.frame, "lanes": spec.lanes, "latency": spec.latency}
    row |= noise(spec, source)
    if task.level == EXACT:
        return
    chip = device(task.device)
    with tempfile.TemporaryDirectory(prefix="hadacast-explore-") as folder:
        result = _synthesized(spec, chip, task, Path(folder))
        row |= {name: result.roles[name] for name in ("ff", "lut_ram", "block_ram", "multiplier")}
        row["cells"] = result.logic_cells
        if isinstance(result, SynthResult) and (clock := result.median_fmax) is not None:
            row |= {"fmax": clock, "throughput": round(spec.rate * clock * 1e6)}
            row["delay"] = round(1000 * spec.latency / clock, 3)


def _synthesized(spec: Pipeline, chip: Device, task: Task, work: Path) -> Mapped | SynthResult:
    options: dict[str, Any] = {"top": module_name(spec), "device": chip, "workdir": work}
    options |= {"timeout": task.timeout, "store": Store(Path(task.cache)) if task.cache else Store.of_user()}
    verilog = to_verilog(AxiTop(spec), chip.family)
    if task.level == MAP:
        return map_core(verilog, **options)
    # Points run beside each other, so a point places one seed after the other.
    return synthesize(verilog, **options, seeds=task.seeds, ports=False, jobs=1)


def noise(spec: Pipeline, source: Source) -> Row:
    """What a pipeline makes of the data: the lowest SQNR of its quantizers, that of its input format, that of
    both, their noise added, and the bits that the last quantizer leaves. What doesn't apply is left out."""
    data = framed(source, spec)
    shown = comparison.figures(spec, data.frames, data.values)
    found: Row = {"sqnr": None, "input_sqnr": shown["input"]["sqnr_db"], "bits": None}
    stages = [stage["rotated"] for stage in shown["quantization"]]
    known = [stage["sqnr_db"] for stage in stages if stage["sqnr_db"] is not None]
    if known:
        found["sqnr"] = min(known)
    if stages:
        found["bits"] = stages[-1]["bits_per_value"]
    parts = [value for value in (found["sqnr"], found["input_sqnr"]) if value is not None]
    if found["sqnr"] is not None:
        total = -10 * math.log10(sum(10 ** (-value / 10) for value in parts))
        found["total_sqnr"] = float(f"{total:.6g}")
    return {name: value for name, value in found.items() if value is not None}
