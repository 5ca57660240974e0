"""`hadacast synth --fmax`: the registers that a recipe needs for a clock, and what was tried."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hadacast.cli.console import Output
from hadacast.cli.options import Chosen
from hadacast.spec.pipeline import Pipeline

if TYPE_CHECKING:
    from hadacast.synth.devices import Device
    from hadacast.synth.store import Store


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a search came to.

    Attributes:
        met: whether a trial reached the target; `error` says why not, in one line.
        label: the settings of the trial that did, or else of the fastest, in few words.
        synthesis: that trial's figures, as `steps.measure` gives them.
        target: for JSON. mhz; by: what of the seeds counts; settings: overrides that make it so; tried:
            hadacast.synth.target.Trial.to_dict of each, in order.
        path: the slowest path of that trial, as text.
    """

    met: bool
    error: str
    label: str
    synthesis: dict[str, Any]
    target: dict[str, Any]
    path: str


def held(overrides: Sequence[str], spec: Pipeline) -> set[tuple[int, str]]:
    """The (stage, member) pairs that the command line sets: they stay."""
    kinds = [stage.kind for stage in spec.stages]
    found = set()
    for text in overrides:
        top, *words = text.partition("=")[0].strip().split(".")
        if top == "stage" and len(words) == 2:
            stage, member = words
            found.add((kinds.index(stage) if stage in kinds else int(stage), member))
    return found


def reach(
    chosen: Chosen,
    chip: "Device",
    seeds: Sequence[int],
    target: float,
    work: Path,
    store: "Store",
    news: Callable[[str], None],
    ports: bool,
) -> Found:
    """Search; the trial that is found is measured at its ports too, with `ports`. Raises HadacastError."""
    from hadacast.synth.measuring import Measuring
    from hadacast.synth.target import MEETS, Search

    measuring = Measuring(device=chip, workdir=work, store=store, freq=max(chip.freq, target), progress=news)
    spec = chosen.pipeline
    search = Search(target, seeds, measuring, held(chosen.overrides, spec), news)
    best = search.run(spec)
    result, met = best.result, best.verdict == MEETS
    assert result is not None
    if met and ports:
        result = measuring.place(best.variant, seeds, ports=True)
    path, error = result.critical_path, ""
    if not met:
        error = (
            f"no registers bring {spec.name} to {target:g} MHz on {chip.name}: {best.clock:g} MHz at best,"
            f" {best.variant.label}; {search.why}; {path}"
        )
    return Found(
        met=met,
        error=error,
        label=best.variant.label,
        synthesis={"title": chip.title, **result.to_dict()},
        target={
            "mhz": target,
            "by": "median",
            "settings": list(best.variant.overrides),
            "tried": [trial.to_dict() for trial in search.trials],
        },
        path="" if path is None else path.text(),
    )


HEADS = ("registers", "cells", "FFs", "latency", "clock, MHz", "verdict")


def rows(tried: Sequence[dict[str, Any]]) -> list[tuple[str, ...]]:
    """What was tried, for a table with HEADS: of clocks the median, the lowest and the highest."""
    found: list[tuple[str, ...]] = []
    for trial in tried:
        name = "\n".join(text.removeprefix("stage.") for text in trial["settings"]) or "as it is"
        cells, ff = trial["logic_cells"], trial["ff"]
        about = "" if trial["estimate"] is None else f"≈ {trial['estimate']:,}"
        found.append(
            (
                name,
                about if cells is None else f"{cells:,}",
                "" if ff is None else f"{ff:,}",
                f"{trial['latency']:,}",
                _clock(trial),
                trial["verdict"] + (f": {trial['error']}" if trial["error"] else ""),
            )
        )
    return found


def _clock(trial: dict[str, Any]) -> str:
    if not trial["seeds"]:
        return ""
    clocks = [clock for clock in trial["fmax"].values() if clock is not None]
    if not clocks:
        return "no path"
    spread = f"{min(clocks):.0f} to {max(clocks):.0f}" if len(trial["seeds"]) > 1 else "1 seed"
    return f"{trial['median_fmax']:.1f} ({spread})"


def show(output: Output, chosen: Chosen, chip: "Device", found: Found) -> None:
    """Print what was tried."""
    title = f"{chosen.pipeline.name} at {found.target['mhz']:g} MHz on {chip.name}: what was tried"
    output.table(title, HEADS, rows(found.target["tried"]), right=range(1, 5))


def show_verdict(output: Output, found: Found) -> None:
    """Print how to have what was found; or the slowest path, where nothing reaches the target."""
    if not found.met:
        output.out.print(found.path, soft_wrap=True)
    elif found.target["settings"]:
        options = " ".join(f"--set {text}" for text in found.target["settings"])
        output.command(f"For {found.target['mhz']:g} MHz, add", options)
    else:
        output.out.print(f" {found.target['mhz']:g} MHz as it is: nothing to add", soft_wrap=True)
