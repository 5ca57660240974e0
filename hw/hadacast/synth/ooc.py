"""Out-of-context synthesis: a core alone on an FPGA, for its area and its clock.

The core is placed and routed without pins. ECP5 has nextpnr's `--out-of-context`; for iCE40 and
Gowin, which lack it, the netlist is given to nextpnr without ports, which comes to the same (and on
ECP5 changes nothing). A core may so have more port bits than the package has pins.

Nothing then times a path that touches a port. So one more run, whose area isn't counted, puts a
flip-flop at every port bit of the same netlist and reports the slowest path of each sort: input to
register, register to output, and input to output straight through the core.
"""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from hadacast import checks
from hadacast.errors import HadacastError
from hadacast.synth import netlist, timing
from hadacast.synth.devices import Device
from hadacast.synth.mapping import map_core
from hadacast.synth.placing import Placer
from hadacast.synth.store import Store
from hadacast.tools import mend, process, running

Call = Callable[[], dict[str, Any]]

_INNER = "register -> register"


@dataclass(frozen=True, kw_only=True)
class SynthResult:
    """What one core costs on one device.

    Attributes:
        top, device: the module and the device's name.
        freq: the clock asked for, in MHz.
        cells: cells by kind after synthesis, such as LUT4, CCU2C, TRELLIS_FF.
        roles: the same by role (lut, carry, ff, lut_ram, block_ram, …), alike for every family.
        utilization: used and available sites by nextpnr's kind, after place and route of the median
            seed; kinds with none used are left out.
        logic_cells: LUT sites taken: TRELLIS_COMB, ICESTORM_LC, or Gowin's LUT4 + ALU + 4 RAM16SDP4.
        seeds: the placer's seeds.
        fmax: clock in MHz per seed, for paths between registers; None where there is no such path.
        median_fmax: their median, in MHz.
        critical_path: the slowest path between registers, of the median (or next lower) seed.
        async_paths: the slowest path of each sort that touches a port, with a register put outside
            the core at every port: `input -> register`, `register -> output`, `input -> output`.
            A sort that isn't there doesn't occur (but see `caveat`). None if nobody asked, or if that
            run failed, as where a core fills the device and leaves no room for the registers.
        async_error: why `async_paths` is None, else empty.
        port_fmax: the clock in MHz of the core between such registers, the slowest of all paths;
            None as before.
        caveat: what must be known to read the clock; on Gowin some paths aren't timed.
        tools: versions.
        seconds: how long it all took.
    """

    top: str
    device: str
    freq: float
    cells: dict[str, int]
    roles: dict[str, int]
    utilization: dict[str, dict[str, int]]
    logic_cells: int
    seeds: tuple[int, ...]
    fmax: dict[int, float | None]
    median_fmax: float | None
    critical_path: timing.Path | None
    async_paths: tuple[timing.Path, ...] | None
    async_error: str
    port_fmax: float | None
    caveat: str
    tools: dict[str, str]
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return {
            **{name: getattr(self, name) for name in self.__dataclass_fields__},
            "seeds": list(self.seeds),
            "fmax": {str(seed): value for seed, value in self.fmax.items()},
            "critical_path": None if self.critical_path is None else self.critical_path.to_dict(),
            "async_paths": None if self.async_paths is None else [p.to_dict() for p in self.async_paths],
        }


def synthesize(
    verilog: str,
    *,
    top: str,
    device: Device,
    seeds: Sequence[int] = (1, 2, 3),
    workdir: Path,
    freq: float | None = None,
    progress: Callable[[str], None] = process.silent,
    abc9: bool = True,
    ports: bool = True,
    timeout: float | None = None,
    jobs: int = 2,
    store: Store | None = None,
) -> SynthResult:
    """Synthesize, place and route a core alone, once per seed.

    Args:
        verilog: the core's text; its clock is the input `aclk`.
        top: the module.
        device: from `hadacast.synth.devices`.
        seeds: the placer's seeds; the figures are those of the median one.
        workdir: made if missing; keeps the netlists, and the logs and reports of the tools that ran.
        freq: the clock to aim at in MHz (default: the device's, out of reach on purpose).
        progress: told one line at each step.
        abc9: delay-aware mapping (on Gowin Yosys decides).
        ports: whether to measure paths at the ports too, which takes one run more.
        timeout: seconds allowed to each tool call.
        jobs: how many seeds to place at once; each is one process of some hundred megabytes, and a laptop
            has no more than two cores to spare.
        store: where each step's result is looked for first, and kept. Without one every step runs.

    Raises:
        HadacastError: a bad argument, a missing tool, a tool's error, or a core that doesn't fit.
    """
    began = time.monotonic()
    seeds = _checked(seeds)
    freq = device.freq if freq is None else freq
    if not freq > 0:
        raise HadacastError(f"freq {freq!r} must be above 0 MHz")
    checks.integer("jobs", jobs, 1, 1 << 10)
    core = map_core(
        verilog,
        top=top,
        device=device,
        workdir=workdir,
        progress=progress,
        abc9=abc9,
        timeout=timeout,
        store=store,
    )
    flow, module = device.flow, core.module
    if device.family in mend.MENDS:
        mend.MENDS[device.family](module)
    common: dict[str, Any] = {"top": top, "device": device, "freq": freq, "workdir": workdir}
    common |= {"progress": progress, "timeout": timeout, "store": store}
    alone = Placer(netlist.without_ports(module), name="alone", **common)
    around = Placer(netlist.with_registered_ports(module, flow), name="ports", **common) if ports else None

    def place(placer: Placer, seed: int) -> dict[str, Any]:
        what = f"seed {seed}" if placer is alone else f"with registered ports, seed {seed}"
        return placer.place(seed, lambda: progress(f"placing and routing {top} on {device.name}, {what}"))

    calls: list[Call] = [partial(place, alone, seed) for seed in seeds]
    calls += [partial(place, around, seeds[0])] if around else []
    with _at_once(calls, jobs) as results:
        reports = {seed: result() for seed, result in zip(seeds, results, strict=False)}
        registered, async_error = None, ""
        if around:
            try:
                registered = results[-1]()
            except HadacastError as error:
                # The core itself was placed: its figures stand.
                async_error = str(error)
                progress(f"no figures for paths at the ports: {error}")

    fmax = {seed: timing.fmax(report) for seed, report in reports.items()}
    known = {seed: value for seed, value in fmax.items() if value is not None}
    median_seed = min(
        known, key=lambda s: abs(known[s] - statistics.median_low(known.values())), default=seeds[0]
    )
    report = reports[median_seed]
    inner = [path for path in timing.paths(report) if path.kind == _INNER]
    utilization = {
        kind: {"used": count["used"], "available": count["available"]}
        for kind, count in report["utilization"].items()
        if count["used"]
    }
    all_ports = None if registered is None else timing.paths(registered, netlist.port_cells(module))
    return SynthResult(
        top=top,
        device=device.name,
        freq=freq,
        cells=core.cells,
        roles=core.roles,
        utilization=utilization,
        logic_cells=sum(n * utilization.get(kind, {"used": 0})["used"] for kind, n in flow.sites.items()),
        seeds=tuple(seeds),
        fmax=fmax,
        median_fmax=round(statistics.median(known.values()), 2) if known else None,
        critical_path=inner[0] if inner else None,
        async_paths=None if all_ports is None else tuple(p for p in all_ports if p.kind != _INNER),
        async_error=async_error,
        port_fmax=round(1000 / all_ports[0].delay_ns, 2) if all_ports else None,
        caveat=flow.caveat,
        tools={**core.tools, alone.tool: alone.version},
        seconds=round(time.monotonic() - began, 1),
    )


@contextmanager
def _at_once(calls: list[Call], jobs: int) -> Iterator[list[Call]]:
    """What gives the result of each call, some of which run at once."""
    if jobs == 1:  # in this thread, where a signal that ends the process ends the tool too
        yield calls
        return
    with ThreadPoolExecutor(jobs) as pool:
        try:
            yield [pool.submit(call).result for call in calls]
        except BaseException as error:
            pool.shutdown(wait=False, cancel_futures=True)
            if not isinstance(error, Exception):  # interrupted
                running.end()
            raise


def _checked(seeds: Sequence[int]) -> tuple[int, ...]:
    result = tuple(seeds)
    if not result or len(set(result)) < len(result) or not all(isinstance(s, int) and s >= 0 for s in result):
        raise HadacastError(f"seeds {seeds!r} must be one or more different integers from 0 up")
    return result
