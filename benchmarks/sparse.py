"""How often a sparse spectrum is recovered from what the recipe sparse65536 leaves.

    python benchmarks/sparse.py                                # 1,000 trials of each case, minutes
    python benchmarks/sparse.py --trials 100 --simulate 10     # fewer, and fewer through the simulated core
    python benchmarks/sparse.py --snr 8 6 --simulate 0         # other noise
    python benchmarks/sparse.py --json docs/sparse.json --page docs/sparse.md

A trial is a random support of K indices and random amplitudes, of magnitude 1 or uniform in [1, 2], of either
sign; Gaussian noise of the stated signal-to-noise ratio, the mean power of the signal's samples over the
noise's variance; rounding to the input format. It succeeds if the support is found exactly and no amplitude
is off by more than TOLERANCE. Frames go through the simulated core (CXXRTL), whose every element is compared
with the exact reference. Same seed, same trials.
"""

import argparse
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from hadacast import recipe
from hadacast.core.top import AxiTop
from hadacast.format import Ints
from hadacast.sim.simulators import simulate
from hadacast.sim.stimulus import Stimulus
from hadacast.sparse.plan import bins_of, places
from hadacast.sparse.recover import recover
from hadacast.spec.pipeline import Pipeline

RECIPE = "sparse65536"
SPARSITY = 64
TOLERANCE = 0.25  # of the smallest magnitude
AMPLITUDES = {"±1": (1.0, 1.0), "±[1, 2]": (1.0, 2.0)}
BATCH = 50  # frames through the simulator at once
SEED = 2  # thresholds and offsets were chosen on trials of others


@dataclass(frozen=True)
class Case:
    """Amplitudes by name, and a signal-to-noise ratio in dB or none."""

    amplitudes: str
    snr: float | None

    @property
    def noise(self) -> str:
        """What the table shows."""
        return "none" if self.snr is None else f"{self.snr:g} dB"


CASES = tuple(Case(amplitudes, snr) for snr in (None, 10.0) for amplitudes in AMPLITUDES)


@dataclass(frozen=True)
class Trial:
    """A spectrum, and the frame that is sent: codes of samples of its signal, at the places of the plan."""

    index: Ints
    amplitude: NDArray[np.float64]
    frame: Ints


class Trials:
    """Trials for one pipeline."""

    def __init__(self, spec: Pipeline):
        self.spec, self.stage = spec, bins_of(spec)
        # A place that comes twice is sampled once.
        self.sampled, self.order = np.unique(places(spec), return_inverse=True)

    def make(self, case: Case, number: int, seed: int = SEED, sparsity: int = SPARSITY) -> Trial:
        """Trial `number` of a case."""
        kind = (
            list(AMPLITUDES).index(case.amplitudes),
            0 if case.snr is None else round(100 * case.snr) + 10**5,
        )
        rng = np.random.default_rng([seed, *kind, number])
        low, high = AMPLITUDES[case.amplitudes]
        index = np.sort(rng.choice(1 << self.stage.bits, sparsity, replace=False))
        amplitude = rng.uniform(low, high, sparsity) * rng.choice([-1, 1], sparsity)
        signs = 1 - 2 * (np.bitwise_count(self.sampled[:, None] & index) & 1).astype(np.int8)
        x = signs @ amplitude
        if case.snr is not None:
            # The mean of x² over all places is the sum of squared amplitudes.
            x += rng.normal(size=len(x)) * np.sqrt((amplitude**2).sum() / 10 ** (case.snr / 10))
        return Trial(index, amplitude, self.spec.input.encode(x[self.order]))

    def check(self, trial: Trial, codes: Ints) -> tuple[float | None, bool]:
        """The largest error of an amplitude, or None where another support was found; and whether all bins
        ended empty."""
        found = recover(self.spec, codes)
        if not np.array_equal(found.index, trial.index):
            return None, found.complete
        return float(np.abs(found.amplitude - trial.amplitude).max()), found.complete


def run(case: Case, trials: Trials, count: int, simulated: int, seed: int, step: Any) -> dict[str, Any]:
    """The figures of a case. `step` is called with how many trials more are done."""
    failed, undetected, worst, seconds, cycles = [], 0, 0.0, 0.0, 0
    top = AxiTop(trials.spec)
    for start in range(0, count, BATCH):
        numbers = range(start, min(start + BATCH, count))
        made = [trials.make(case, number, seed) for number in numbers]
        sent = np.array([trial.frame for trial in made])
        left = trials.spec.compute(sent)
        hardware = min(max(simulated - start, 0), len(sent))
        if hardware:
            trace = simulate(top, Stimulus.frames(sent[:hardware], trials.spec.lanes), "cxxrtl")
            data = trace.data.reshape(hardware, -1)
            if trace.violations or not np.array_equal(data, left[:hardware]):
                sys.exit(f"the core differs from its reference in trials {numbers}: {trace.violations}")
            left[:hardware] = data
            seconds, cycles = seconds + trace.seconds, cycles + trace.cycles
        for number, trial, codes in zip(numbers, made, left, strict=True):
            error, complete = trials.check(trial, codes)
            if error is None or error > TOLERANCE:
                failed.append(number)
                undetected += complete
            worst = max(worst, error or 0.0)
            step(1)
    return {
        "amplitudes": case.amplitudes,
        "snr": case.snr,
        "trials": count,
        "succeeded": count - len(failed),
        "failed": failed,
        "undetected": undetected,
        "worst_error": worst,
        "simulated": min(simulated, count),
        "cycles": cycles,
        "simulation_seconds": round(seconds, 2),
    }


def markdown(document: dict[str, Any]) -> str:
    """The table of the page."""
    lines = [
        "| amplitudes | noise | trials | succeeded | rate | largest error | failures seen by the host |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in document["cases"]:
        cells = (
            row["amplitudes"],
            Case(row["amplitudes"], row["snr"]).noise,
            f"{row['trials']:,}",
            f"{row['succeeded']:,}",
            f"{100 * row['succeeded'] / row['trials']:.1f} %",
            f"{row['worst_error']:.3f}",
            f"{len(row['failed']) - row['undetected']} of {len(row['failed'])}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def placed(text: str, table: str) -> str:
    """A page with the part between its marks replaced. Raises ValueError where it has none."""
    start, end = "<!-- rates -->\n", "\n<!-- end of rates -->"
    before, found, rest = text.partition(start)
    _, ended, after = f"\n{rest}".partition(end)
    if not (found and ended):
        raise ValueError("the page has no marks")
    return f"{before}{start}{table}{end}{after}"


def main() -> None:
    """Run trials, and show a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=1000, help="of each case")
    parser.add_argument("--simulate", type=int, help="how many of them go through the core; default: all")
    parser.add_argument("--snr", type=float, nargs="+", help="in dB, in place of none and 10")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--json", type=Path, help="where figures go")
    parser.add_argument("--page", type=Path, help="a page to put the rates into")
    options = parser.parse_args()
    simulated = options.trials if options.simulate is None else options.simulate
    cases = [Case(a, snr) for snr in options.snr for a in AMPLITUDES] if options.snr else CASES
    trials = Trials(recipe.load(RECIPE).pipeline)
    started = time.perf_counter()
    rows = []
    columns = (
        TextColumn("{task.description}"),
        *Progress.get_default_columns()[1:-1],
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        for case in cases:
            task = progress.add_task(f"{case.amplitudes}, noise {case.noise}", total=options.trials)
            rows.append(
                run(
                    case,
                    trials,
                    options.trials,
                    simulated,
                    options.seed,
                    lambda done, task=task: progress.advance(task, done),
                )
            )
    table = Table(title=f"{RECIPE}, K = {SPARSITY}")
    for column in ("amplitudes", "noise", "succeeded", "trials", "worst error", "through the core"):
        table.add_column(column, justify="right")
    for case, row in zip(cases, rows, strict=True):
        table.add_row(
            case.amplitudes,
            case.noise,
            f"{row['succeeded']:,}",
            f"{row['trials']:,}",
            f"{row['worst_error']:.3f}",
            f"{row['simulated']:,}",
        )
    Console().print(table)
    print(f"{time.perf_counter() - started:.0f} s")
    document = {
        "recipe": RECIPE,
        "sparsity": SPARSITY,
        "tolerance": TOLERANCE,
        "seed": options.seed,
        "frame": trials.spec.frame,
        "samples": len(trials.sampled),
        "cases": rows,
    }
    if options.page:
        text = options.page.read_text(encoding="utf-8")
        options.page.write_text(placed(text, markdown(document)), encoding="utf-8")
    if options.json:
        options.json.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
