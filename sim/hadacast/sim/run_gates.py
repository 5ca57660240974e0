"""The bench on a netlist: a core as place and route gets it, with models of its cells.

Verilator's registers wake in a random state, and what a netlist leaves open is random too; CXXRTL's are 0.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hadacast.core.verilog import module_name, to_verilog
from hadacast.errors import HadacastError
from hadacast.sim import compiled, cxx, run_cxxrtl, verilated
from hadacast.sim.cycle import Job, Progress
from hadacast.sim.stimulus import Stimulus
from hadacast.sim.trace import Trace
from hadacast.synth import gates
from hadacast.synth.devices import device
from hadacast.synth.gates import Gates
from hadacast.synth.placed import place
from hadacast.synth.store import Store

SIMULATORS = ("verilator", "cxxrtl")
"""Those that can, the sooner done first."""

LEVEL = "-O1"
"""A netlist is long and runs for a short time."""

News = Callable[[str], None]


def available(simulator: str | None = None) -> str:
    """The simulator to take, `simulator` if one is named. Raises HadacastError if it can't run here."""
    if simulator is not None and simulator not in SIMULATORS:
        raise HadacastError(f"simulator is {simulator!r}: gates want one of {', '.join(SIMULATORS)}")
    if simulator != "cxxrtl":
        try:
            verilated.available()
            return "verilator"
        except HadacastError:
            if simulator is not None:
                raise
    cxx.compiler()
    return "cxxrtl"


def netlist(
    top: Any, family: str, news: News = lambda text: None, *, placed: bool = False, store: Store | None = None
) -> Gates:
    """A core's netlist for a family, synthesized and mended, and with `placed` placed and routed too, with
    models of its cells.

    Raises HadacastError as `synth.gates` and `synth.placed` do.
    """
    with tempfile.TemporaryDirectory(prefix="hadacast-gates-") as folder:
        work = Path(folder)
        text = to_verilog(top, family)
        module = gates.synthesized(
            text, top=module_name(top.spec), family=family, workdir=work, progress=news, store=store
        )
        if placed:
            chosen = device(gates.DEVICES[family])
            module = place(module, module_name(top.spec), chosen, work, news)
        news(f"models of the cells of {family}")
        return gates.modelled(module, family, work)


def run(
    made: Gates,
    top: Any,
    stimulus: Stimulus,
    *,
    simulator: str | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    timeout_cycles: int | None = None,
) -> Trace:
    """Runs a netlist of `top`. The stimulus must begin with a reset, since registers wake in any state.

    seed: of that state. Raises HadacastError for a stimulus that doesn't, missing tools and a hung core.
    """
    if not stimulus.resets or stimulus.resets[0] or stimulus.gap[0]:
        raise HadacastError("the stimulus doesn't begin with a reset: a netlist wakes in any state")
    job = Job.of(top, stimulus, timeout_cycles)
    started = time.perf_counter()
    chosen = available(simulator)
    if chosen == "verilator":
        library = compiled.load(
            verilated.build(made.verilog, "top", tied=verilated.tied(top.spec), level=LEVEL)
        )
    else:
        library = run_cxxrtl.library(made.rtlil, level=LEVEL)
    build_seconds = time.perf_counter() - started
    record = compiled.run(library, job, seed=seed, progress=progress)
    record.build_seconds = build_seconds
    return record.trace(top, chosen)
