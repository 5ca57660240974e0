"""The steps of `hadacast cells`: map, run the netlist, analyze; what JSON can hold comes out."""

from pathlib import Path
from typing import Any

from hadacast.cli.console import Job
from hadacast.cli.data import Data
from hadacast.core.top import AxiTop
from hadacast.core.verilog import module_name, to_verilog
from hadacast.errors import HadacastError
from hadacast.sim import gates
from hadacast.spec.pipeline import Pipeline
from hadacast.synth.cells import analysis, estimate, liberty, mapping
from hadacast.tools import yosys

MIN_CLOCK, MAX_CLOCK = 0.001, 100_000.0


def check_clock(clock: float) -> None:
    """Raise HadacastError for a clock in MHz that nothing has."""
    if not MIN_CLOCK <= clock <= MAX_CLOCK:
        raise HadacastError(f"clock is {clock:g} MHz: it must be from {MIN_CLOCK:g} to {MAX_CLOCK:g}")


def measure(
    spec: Pipeline, data: Data, *, file: Path, clock: float, seed: int, work: Path, job: Job
) -> dict[str, Any]:
    """A core in a library's cells: area, the netlist held against the exact result, timing, and power at
    `clock` MHz (None where the library doesn't say its voltage). Raises HadacastError as its steps do, and
    where the netlist computes anything else."""
    check_clock(clock)
    if spec.random_bits:
        raise HadacastError("random is 'port': nothing in a simulation drives it; take xorshift32")
    period = 1000 / clock
    library = liberty.read(file)
    job.news(f"generating Verilog of {spec.name}")
    verilog = to_verilog(AxiTop(spec))
    mapped = mapping.map_cells(
        verilog,
        top=module_name(spec),
        liberty=file,
        library=library,
        period=period,
        workdir=work,
        progress=job.news,
    )
    flat = mapped.flat
    job.news(f"running {len(flat.cells):,} cells of {spec.name}")
    run = gates.run(spec, flat, library, data.frames, seed=seed, progress=job.count)
    if run.mismatches:
        raise HadacastError(
            f"the mapped netlist of {spec.name} is wrong: "
            f"{run.mismatches:,} mismatches in {run.samples:,} samples"
        )
    result: dict[str, Any] = {
        "library": {
            "name": library.name,
            "voltage": library.voltage,
            "temperature": library.temperature,
        },
        "clock": clock,
        "area": estimate.areas(flat, library),
        "storage_bits": mapped.storage_bits,
        "abc_ns": mapped.abc_ns,
        "run": {
            "streams": run.streams,
            "frames": run.frames,
            "samples": run.samples,
            "mismatches": run.mismatches,
            "toggles": round(run.toggles, 4),
        },
        "timing": None,
        "power": None,
        "note": estimate.NOTE,
        "tools": {"yosys": yosys.version()},
    }
    job.news(f"timing and power of {spec.name}")
    found = analysis.Analysis(flat, library)
    result["timing"] = estimate.timing(found.timing(), flat, period)
    if library.voltage is not None:
        powers = found.powers(run.activity, clock)
        result["power"] = estimate.power(
            powers, flat, library, clock=clock, lanes=spec.rate, frame=spec.frame
        )
    return result
