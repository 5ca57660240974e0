"""The simulators by name, and the one call that runs any of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from hadacast.errors import HadacastError
from hadacast.sim.cycle import Progress
from hadacast.sim.stimulus import Stimulus
from hadacast.sim.trace import Trace


@dataclass(frozen=True)
class Simulator:
    """A way to run a core.

    module: where its `run` is, imported when first used, so that missing tools don't matter before.
    waves: suffix of the waveform file it writes; needs: what it needs beyond the base install.
    """

    name: str
    module: str
    waves: str
    needs: str

    @property
    def run(self) -> Callable[..., Trace]:
        """`run(top, stimulus, *, waves=None, progress=None, timeout_cycles=None) -> Trace`."""
        return import_module(self.module).RUN[self.name]


SIMULATORS = {
    s.name: s
    for s in (
        Simulator("amaranth", "hadacast.sim.run_amaranth", ".vcd", "nothing"),
        Simulator(
            "cxxrtl", "hadacast.sim.run_cxxrtl", ".vcd", "g++, clang++ or pip install 'hadacast[cxxrtl]'"
        ),
        Simulator("icarus", "hadacast.sim.run_cocotb", ".fst", "iverilog and pip install 'hadacast[cosim]'"),
        Simulator(
            "verilator", "hadacast.sim.run_cocotb", ".vcd", "verilator, g++, make and 'hadacast[cosim]'"
        ),
    )
}
"""Every simulator, by name. `amaranth` is the default: it needs nothing but the base install."""


def simulate(
    top: Any,
    stimulus: Stimulus,
    simulator: str = "amaranth",
    *,
    waves: Path | str | None = None,
    progress: Progress | None = None,
    timeout_cycles: int | None = None,
) -> Trace:
    """Runs a core with AXI4-Stream ports (`AxiTop`, with its `spec`) on a simulator.

    waves: a file for the waveforms, its suffix as the simulator writes it. progress: called now and then with
    beats taken and beats sent. timeout_cycles: cycles of refusing input for no reason that mean a hung core.

    Raises HadacastError for an unknown simulator, one whose tools are missing, a hung core, a stimulus that
    doesn't fit, and a waveform file that can't be written.
    """
    chosen = SIMULATORS.get(simulator)
    if chosen is None:
        raise HadacastError(f"unknown simulator {simulator!r}; allowed are {', '.join(SIMULATORS)}")
    if waves is not None:
        waves = Path(waves)
        if waves.suffix != chosen.waves:
            raise HadacastError(f"waveform file {str(waves)!r}: {simulator} writes {chosen.waves} files")
        if not waves.resolve().parent.is_dir():
            raise HadacastError(f"waveform file {str(waves)!r}: its folder doesn't exist")
    return chosen.run(top, stimulus, waves=waves, progress=progress, timeout_cycles=timeout_cycles)
