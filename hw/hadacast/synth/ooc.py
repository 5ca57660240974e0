"""Out-of-context synthesis: a core alone on an FPGA, for its area and its clock.

The core is placed and routed without pins. ECP5 has nextpnr's `--out-of-context`; for iCE40 and
Gowin, which lack it, the netlist is given to nextpnr without ports, which comes to the same (and on
ECP5 changes nothing). A core may so have more port bits than the package has pins.

Nothing then times a path that touches a port. So one more run, whose area isn't counted, puts a
flip-flop at every port bit of the same netlist and reports the slowest path of each sort: input to
register, register to output, and input to output straight through the core.
"""

import json
import re
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hadacast.errors import HadacastError
from hadacast.synth import netlist, timing
from hadacast.synth.devices import Device
from hadacast.tools import mend, nextpnr, process, yosys

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
) -> SynthResult:
    """Synthesize, place and route a core alone, once per seed, two at a time.

    Args:
        verilog: the core's text; its clock is the input `aclk`.
        top: the module.
        device: from `hadacast.synth.devices`.
        seeds: the placer's seeds; the figures are those of the median one.
        workdir: made if missing; keeps the netlists, the logs and nextpnr's reports.
        freq: the clock to aim at in MHz (default: the device's, out of reach on purpose).
        progress: told one line at each step.
        abc9: delay-aware mapping (on Gowin Yosys decides).
        ports: whether to measure paths at the ports too, which takes one run more.
        timeout: seconds allowed to each tool call.

    Raises:
        HadacastError: a bad argument, a missing tool, a tool's error, or a core that doesn't fit.
    """
    began = time.monotonic()
    seeds = _checked(seeds)
    freq = device.freq if freq is None else freq
    if not re.fullmatch(r"[A-Za-z_]\w*", top):
        raise HadacastError(f"top {top!r} must be a Verilog module's name: letters, digits and _")
    if not freq > 0:
        raise HadacastError(f"freq {freq!r} must be above 0 MHz")
    try:
        workdir.mkdir(parents=True, exist_ok=True)
        (workdir / "core.v").write_text(verilog, encoding="utf-8")
    except OSError as error:
        raise HadacastError(f"can't write in workdir {str(workdir)!r}: {error.strerror}") from None
    flow = device.flow
    tools = {
        "yosys": yosys.version(),
        flow.nextpnr: process.version(flow.nextpnr, progress),
    }

    progress(f"synthesizing {top} for {device.name}")
    options = [flow.synth, device.synth, flow.abc9 if abc9 else ""]
    yosys.run(
        f"read_verilog core.v\n{' '.join(filter(None, options))} -top {top} -json netlist.json",
        cwd=workdir,
        log=workdir / "yosys.log",
        timeout=timeout,
    )
    core = netlist.load(workdir / "netlist.json", top)
    counts = netlist.cells(core)
    if device.family in mend.MENDS:
        mend.MENDS[device.family](core)
    netlist.save(workdir / "alone.json", netlist.without_ports(core), top)
    if ports:
        netlist.save(workdir / "ports.json", netlist.with_registered_ports(core, flow), top)

    def place(source: str, seed: int) -> dict[str, Any]:
        what = "paths at the ports" if source == "ports" else f"seed {seed}"
        progress(f"placing and routing {top} on {device.name}, {what}")
        return _place(device, workdir, source, seed=seed, freq=freq, timeout=timeout)

    # Two at a time: each is one process, and a laptop has no more cores to spare.
    with ThreadPoolExecutor(2) as pool:
        try:
            jobs = {seed: pool.submit(place, "alone", seed) for seed in seeds}
            ports_job = pool.submit(place, "ports", seeds[0]) if ports else None
            reports = {seed: job.result() for seed, job in jobs.items()}
            async_error = ""
            try:
                registered = ports_job.result() if ports_job else None
            except HadacastError as error:
                # The core itself was placed: its figures stand.
                registered, async_error = None, str(error)
                progress(f"no figures for paths at the ports: {error}")
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise

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
    all_ports = None if registered is None else timing.paths(registered, netlist.port_cells(core))
    return SynthResult(
        top=top,
        device=device.name,
        freq=freq,
        cells=counts,
        roles=netlist.roles(counts),
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
        tools=tools,
        seconds=round(time.monotonic() - began, 1),
    )


def _checked(seeds: Sequence[int]) -> tuple[int, ...]:
    result = tuple(seeds)
    if not result or len(set(result)) < len(result) or not all(isinstance(s, int) and s >= 0 for s in result):
        raise HadacastError(f"seeds {seeds!r} must be one or more different integers from 0 up")
    return result


def _place(
    device: Device, workdir: Path, source: str, *, seed: int, freq: float, timeout: float | None
) -> dict[str, Any]:
    name = f"{source}-seed{seed}"
    log = workdir / f"{name}.log"
    log.unlink(missing_ok=True)  # an older run's would be quoted if the tool doesn't start
    try:
        process.run(
            device.flow.nextpnr,
            *device.nextpnr,
            *nextpnr.PLACER,
            *("--json", f"{source}.json", "--report", f"{name}.report.json"),
            *("--seed", str(seed), "--freq", f"{freq:g}", "--timing-allow-fail"),
            cwd=workdir,
            log=log,
            timeout=timeout,
        )
    except HadacastError as error:
        full = nextpnr.lacking(log, str(error))
        if full:
            raise HadacastError(f"{full} on {device.name}, too many (log: {log})") from None
        raise error
    report: dict[str, Any] = json.loads((workdir / f"{name}.report.json").read_text(encoding="utf-8"))
    return report
