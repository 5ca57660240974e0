"""The second step of a measurement: a netlist placed and routed on a device, with one seed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hadacast.errors import HadacastError
from hadacast.synth import netlist
from hadacast.synth.devices import Device
from hadacast.synth.store import Store, kept
from hadacast.tools import cache, nextpnr, process

# What a measurement reads of nextpnr's report.
PARTS = ("fmax", "utilization", "critical_paths")


class Placer:
    """One netlist, to be placed with any seeds.

    The result is decided by the netlist, which holds what synthesis and mends made of the core, the part,
    nextpnr's version and options, and the seed; by these it is found in a store.
    """

    def __init__(
        self,
        module: netlist.Netlist,
        *,
        name: str,
        top: str,
        device: Device,
        freq: float,
        workdir: Path,
        progress: process.Progress = process.silent,
        timeout: float | None = None,
        store: Store | None = None,
    ) -> None:
        """Write the netlist to `workdir`, which exists, as `name`.json.

        Raises HadacastError if nextpnr is missing or doesn't start.
        """
        self.tool = device.flow.nextpnr
        self.version = process.version(self.tool, progress)
        self._name, self._device, self._freq = name, device, freq
        self._workdir, self._timeout, self._store = workdir, timeout, store
        text = netlist.text(module, top)
        self._digest = cache.digest([text])
        (workdir / f"{name}.json").write_text(text, encoding="utf-8")

    def place(self, seed: int, began: Callable[[], None] = lambda: None) -> dict[str, Any]:
        """PARTS of nextpnr's report; `began` is called if it has to be made. Several seeds may be placed at
        once, from threads.

        Raises HadacastError for a core that doesn't fit, nextpnr's error, or no time left.
        """
        options = [
            *self._device.nextpnr,
            *nextpnr.PLACER,
            *("--seed", str(seed), "--freq", f"{self._freq:g}", "--timing-allow-fail"),
        ]
        parts = {"netlist": self._digest, "tool": self.tool, "version": self.version, "options": options}

        def make() -> dict[str, Any]:
            began()
            return self._run(seed, options)

        report: dict[str, Any] = kept(self._store, "placed", parts, make)
        return report

    def _run(self, seed: int, options: list[str]) -> dict[str, Any]:
        name, workdir = f"{self._name}-seed{seed}", self._workdir
        log = workdir / f"{name}.log"
        log.unlink(missing_ok=True)  # an older run's would be quoted if the tool doesn't start
        try:
            process.run(
                self.tool,
                *options,
                *("--json", f"{self._name}.json", "--report", f"{name}.report.json"),
                cwd=workdir,
                log=log,
                timeout=self._timeout,
            )
        except HadacastError as error:
            full = nextpnr.lacking(log, str(error))
            if full:
                raise HadacastError(f"{full} on {self._device.name}, too many (log: {log})") from None
            raise error
        report = json.loads((workdir / f"{name}.report.json").read_text(encoding="utf-8"))
        return {part: report[part] for part in PARTS}
