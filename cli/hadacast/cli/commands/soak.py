"""`hadacast soak`: the core against the exact result for as long as one likes."""

import time
from collections.abc import Callable
from typing import Any

import click

from hadacast.cli.console import Job, Output
from hadacast.cli.options import Chosen, with_output, with_recipe
from hadacast.errors import HadacastError

NEWS = 30.0  # seconds between lines of progress where there is no terminal


@click.command("soak")
@with_recipe()
@click.option(
    "--samples", default="1e9", show_default=True, metavar="N", help="Elements to compare; 1e9 is fine."
)
@click.option(
    "--seed", type=click.IntRange(0, 2**31), default=0, show_default=True, help="Of all that is random."
)
@click.option(
    "--gap-rate", type=float, default=None, help="Share of cycles in which the sender idles. Default: varies."
)
@click.option(
    "--stall-rate",
    type=float,
    default=None,
    help="Share of cycles in which the receiver stalls. Default: varies.",
)
@click.option(
    "--batch-size", type=click.IntRange(1), default=None, metavar="N", help="Elements in a batch, about."
)
@click.option("--batch", type=click.IntRange(0), default=None, metavar="K", help="Run batch K alone, again.")
@click.option("--jobs", "-j", type=click.IntRange(1), default=None, help="Processes. Default: one per core.")
@click.option("--folder", default=None, metavar="FOLDER", help="Of what is done. Default: the user's own.")
@with_output
def soak(
    output: Output,
    chosen: Chosen,
    samples: str,
    seed: int,
    gap_rate: float | None,
    stall_rate: float | None,
    batch_size: int | None,
    batch: int | None,
    jobs: int | None,
    folder: str | None,
) -> None:
    """Run the core in Verilator under random gaps and stalls, and hold every result against the exact one.

    Frames of several kinds come in batches, broken ones and resets among them, each batch from a random state
    of the registers. What is done is kept: the same command goes on where it was ended. It ends at the first
    mismatch, and says how to run that batch again.
    """
    from hadacast.cli import soaking
    from hadacast.sim import soak as bench
    from hadacast.sim import verilated
    from hadacast.tools.workers import cores

    wanted = soaking.count(samples)
    spec = chosen.pipeline
    bench.refuse(spec)
    plan = bench.Plan(seed=seed, batch=batch_size or bench.BATCH, gap_rate=gap_rate, stall_rate=stall_rate)
    verilated.available()
    with output.job(f"soaking {spec.name}") as job:
        job.news(f"Verilog of {spec.name}")
        text = bench.verilog(spec)
        kept = soaking.Kept(spec, plan, text, folder)
        job.news(f"compiling the simulator of {spec.name}")
        library = bench.library(spec, text)
        if batch is not None:
            state = soaking.once(spec, plan, library, batch)
        else:
            with kept.alone():
                before = kept.read()
                if before.batches:
                    job.news(
                        f"{spec.name}: going on after {before.samples:,} samples, {before.batches:,} batches"
                    )
                try:
                    state = soaking.run(
                        spec,
                        plan,
                        library,
                        kept,
                        wanted,
                        jobs or cores(),
                        _progress(output, job, spec.name, wanted),
                    )
                except KeyboardInterrupt:
                    output.note(f"what is done is in {kept.path}: the same command goes on from there")
                    raise
    failure = state.failure
    again = _again(chosen, plan, failure["number"]) if failure else ""
    error = f"{failure['problems'][0]}; run it again with: {again}" if failure else ""
    totals, wall = state.totals, state.wall
    document: dict[str, Any] = {
        "ok": failure is None,
        "error": error,
        "recipe": chosen.to_dict(),
        "soak": {
            "samples": state.samples,
            "wanted": wanted,
            "mismatches": failure["mismatches"] if failure else 0,
            "batches": state.batches,
            "plan": plan.to_dict(),
            "cycles": int(totals["cycles"]),
            "frames": int(totals["frames"]),
            "dropped": int(totals["dropped"]),
            "resets": int(totals["resets"]),
            "seconds": round(wall, 1),
            "simulator_seconds": round(totals["seconds"], 1),
            "samples_per_second": round(state.samples / wall) if wall else 0,
            "cycles_per_second": round(totals["cycles"] / totals["seconds"]) if totals["seconds"] else 0,
            "simulator": bench.simulator(),
            "state": str(kept.path) if batch is None else "",
        },
        "failure": {**failure, "again": again} if failure else None,
    }
    output.emit("soak", document)
    if not output.json:
        output.facts(spec.name, facts(document["soak"], failure))
    if failure:
        raise HadacastError(f"batch {failure['number']} of {spec.name} is wrong: {error}")


def facts(shown: Any, failure: Any) -> list[tuple[str, str]]:
    """The figures of a soak as names and values."""
    return [
        ("verdict", "WRONG" if failure else "equal to the exact result"),
        (
            "samples",
            f"{shown['samples']:,} in {shown['batches']:,} batches, {shown['mismatches']:,} mismatches",
        ),
        (
            "frames",
            f"{shown['frames']:,}, {shown['dropped']:,} broken ones dropped, {shown['resets']:,} resets",
        ),
        ("cycles", f"{shown['cycles']:,}, {shown['cycles_per_second']:,}/s in the simulator"),
        ("time", f"{shown['seconds']:,.0f} s, {shown['samples_per_second']:,} samples/s"),
    ]


def _again(chosen: Chosen, plan: Any, number: int) -> str:
    """The command that runs a batch again."""
    import shlex

    words = ["hadacast", "soak", chosen.reference]
    for override in chosen.overrides:
        words += ["--set", override]
    words += ["--seed", str(plan.seed), "--batch-size", str(plan.batch)]
    for option, value in (("--gap-rate", plan.gap_rate), ("--stall-rate", plan.stall_rate)):
        words += [option, repr(value)] if value is not None else []
    return shlex.join([*words, "--batch", str(number)])


def _progress(output: Output, job: Job, name: str, wanted: int) -> Callable[[Any, int], None]:
    """Tells how far a soak is, with its rate and the time that is left."""
    began = last = time.monotonic()
    often = 1.0 if output.err.is_terminal else NEWS

    def tell(state: Any, done: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < often and state.samples < wanted:
            return
        last = now
        rate = done / max(now - began, 1e-3)
        left = max(wanted - state.samples, 0) / max(rate, 1)
        job.news(
            f"{name}: {state.samples:,} of {wanted:,} samples, {rate / 1e6:.2f} million/s, {_time(left)} left"
        )
        job.count(state.samples, wanted)

    return tell


def _time(seconds: float) -> str:
    return f"{seconds / 60:,.0f} min" if seconds >= 120 else f"{seconds:.0f} s"
