"""Measuring points of the grid: area, clock, latency, memory, and a lone adder on the same device."""

import statistics
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hadacast.bench import adder, memory
from hadacast.bench.floor import floor
from hadacast.bench.grid import SEEDS, Point
from hadacast.bench.ratios import ratios
from hadacast.core.top import AxiTop
from hadacast.core.verilog import module_name, to_verilog
from hadacast.errors import HadacastError
from hadacast.synth.devices import Device
from hadacast.synth.mapping import map_core
from hadacast.synth.ooc import synthesize
from hadacast.synth.store import Store
from hadacast.tools import process, running

TIMEOUT = 3600.0  # seconds allowed to a tool: a placement that doesn't end ends alone
PLACES = 2  # placements at a time

Record = dict[str, Any]
"""What is known of one point; `Bench.record` says what is in it."""

# Elaboration turns Python's garbage collector off and on, which isn't one thread's own.
_elaborating = threading.Lock()


@dataclass(frozen=True, kw_only=True)
class Bench:
    """How points are measured.

    Attributes:
        seeds: the placer's; None: each family's own, those of the peer.
        place: whether to place and route. Without, areas are Yosys's, which are deterministic and come in
            seconds, and there is no clock.
        store: where steps are looked for first and kept, so that a run that was ended goes on where it was.
        places: how many placements run at a time.
    """

    seeds: Sequence[int] | None = None
    place: bool = True
    store: Store | None = None
    places: int = PLACES

    def run(
        self,
        points: Sequence[Point],
        news: process.Progress = process.silent,
        count: Callable[[int, int], None] = lambda done, total: None,
    ) -> list[Record]:
        """Measure points, and an adder of each output width; a point that fails is a record that says why.

        Args:
            points: what to measure.
            news: told what is done, from several threads.
            count: told how many measurements of how many are done.

        Raises:
            HadacastError: a tool that is missing.
        """
        if self.place:
            for flow in {point.device.flow.nextpnr: None for point in points}:
                process.version(flow, news)  # compiles it, which two at once would do twice
        adders = {adder_of(point): point for point in points} if self.place else {}
        # The longest first, so that the last ones end together.
        largest = sorted(points, key=lambda point: -floor(point.fwht, point.family).cells)
        total, done = len(points) + len(adders), 0
        ended = threading.Event()

        def heard(text: str) -> None:
            if ended.is_set():  # a measurement that is under way ends at its next step
                raise HadacastError("interrupted")
            news(text)

        with ThreadPoolExecutor(self.places) as pool:
            jobs: dict[Future[Record], Any] = {pool.submit(self.core, p, heard): p for p in largest}
            jobs |= {pool.submit(self.adder, p, heard): key for key, p in adders.items()}
            found: dict[Any, Record] = {}
            try:
                count(done, total)
                for job in as_completed(jobs):
                    found[jobs[job]] = job.result()
                    done += 1
                    count(done, total)
            except BaseException:
                ended.set()
                pool.shutdown(wait=False, cancel_futures=True)
                running.end()
                raise
        return [self.record(point, found[point], found.get(adder_of(point))) for point in points]

    def core(self, point: Point, news: process.Progress = process.silent) -> Record:
        """Measure one core: figures as `record` has them, or `error`."""
        news(f"{point.name}: Verilog")
        spec = point.pipeline
        with _elaborating:
            text = to_verilog(AxiTop(spec), point.family)
        found = self._measured(text, module_name(spec), point.device, point.family, point.name, news)
        if "cells" in found:
            with _elaborating:
                found["memory"] = memory.count(spec, point.family, found["cells"])
        return found

    def adder(self, point: Point, news: process.Progress = process.silent) -> Record:
        """Measure the adder of a core's output width."""
        width = point.fwht.output.width
        text, what = adder.verilog(width), f"{point.family}, adder of {width} bits"
        return self._measured(text, adder.TOP, point.device, point.family, what, news)

    def _measured(
        self, text: str, top: str, device: Device, family: str, what: str, news: process.Progress
    ) -> Record:
        found: Record = {"error": ""}
        options: dict[str, Any] = {"top": top, "device": device, "store": self.store, "timeout": TIMEOUT}
        options["progress"] = lambda line: news(f"{what}: {line.replace(f' {top}', '')}")
        with tempfile.TemporaryDirectory(prefix="hadacast-bench-") as folder:
            try:
                core = map_core(text, workdir=Path(folder), **options)
                found |= {"cells": core.cells, "roles": core.roles, "estimate": core.logic_cells}
                found["tools"] = dict(core.tools)
                if self.place:
                    placed = synthesize(
                        text,
                        seeds=self.seeds or SEEDS[family],
                        workdir=Path(folder),
                        ports=False,
                        jobs=1,
                        **options,
                    )
                    fmax = {str(seed): clock for seed, clock in placed.fmax.items()}
                    found |= {"logic_cells": placed.logic_cells, "fmax": fmax}
                    found |= {"median_fmax": placed.median_fmax, "tools": placed.tools}
            except HadacastError as error:
                # The folder is gone by then, and so is the log that the message names.
                found["error"] = str(error).partition(" (log: ")[0]
        return found

    def record(self, point: Point, core: Mapping[str, Any], lone: Mapping[str, Any] | None) -> Record:
        """All that is known of a point.

        name, family, device, n, lanes, width, out_width: the point.
        error: why what is None couldn't be measured; empty if all went well.
        latency: cycles from the first beat in to the first beat out.
        lut, carry, ff, lut_ram, block_ram: cells after synthesis. estimate: logic cells by these.
        logic_cells, fmax, median_fmax: after place and route; None without.
        adder: {"width", "fmax", "median_fmax"} of the lone adder, or None.
        floor: hadacast.bench.floor. memory: hadacast.bench.memory. peer: the peer's figures, or None.
        ratios: hadacast.bench.ratios. tools: versions.
        """
        roles = core.get("roles") or {}
        found: Record = {
            "name": point.name,
            "family": point.family,
            "device": point.device.name,
            "n": point.frame,
            "lanes": point.lanes,
            "width": point.width,
            "out_width": point.fwht.output.width,
            "latency": point.pipeline.latency,
            "error": core["error"],
            **{role: roles.get(role) for role in ("lut", "carry", "ff", "lut_ram", "block_ram")},
            **{key: core.get(key) for key in ("estimate", "logic_cells", "fmax", "median_fmax", "memory")},
            "floor": floor(point.fwht, point.family).to_dict(),
            "adder": None,
            "peer": point.peer.to_dict() if point.peer else None,
            "tools": {**core.get("tools", {}), "amaranth": version("amaranth")},
        }
        if lone is not None:
            if lone["error"]:
                found["error"] = found["error"] or f"adder: {lone['error']}"
            else:
                found["adder"] = {"width": found["out_width"]}
                found["adder"] |= {key: lone[key] for key in ("fmax", "median_fmax")}
        found["ratios"] = ratios(found)
        return found


def adder_of(point: Point) -> tuple[str, int]:
    """Points with the same have the same adder: family and output width."""
    return point.family, point.fwht.output.width


def spread(fmax: Mapping[str, float | None]) -> tuple[float, float, float] | None:
    """The lowest, the median and the highest clock over the seeds; None if there is none."""
    clocks = [clock for clock in fmax.values() if clock is not None]
    return (min(clocks), statistics.median(clocks), max(clocks)) if clocks else None
