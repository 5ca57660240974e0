"""Measuring variants of a pipeline on a device, with a store between the steps."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hadacast.core.top import AxiTop
from hadacast.core.verilog import module_name, to_verilog
from hadacast.synth.devices import Device
from hadacast.synth.mapping import map_core
from hadacast.synth.ooc import SynthResult, synthesize
from hadacast.synth.store import Store
from hadacast.synth.variants import Settings, Variant
from hadacast.tools import process


@dataclass(frozen=True, kw_only=True)
class Measuring:
    """A `target.Measure` by synthesis, place and route.

    Attributes:
        device: where.
        workdir: for a folder of each variant's netlists and logs.
        store: of all steps; what is in it isn't done again.
        freq: the clock to aim at in MHz.
        progress: told one line at each step.
    """

    device: Device
    workdir: Path
    store: Store
    freq: float
    progress: process.Progress = process.silent
    _texts: dict[Settings, str] = field(default_factory=dict, init=False)

    def circuit(self, variant: Variant) -> str:
        """The Verilog text."""
        known = self._texts.get(variant.settings)
        if known is None:
            known = to_verilog(AxiTop(variant.spec), self.device.family)
            self._texts[variant.settings] = known
        return known

    def estimate(self, variant: Variant) -> int:
        """Logic cells by Yosys's count."""
        return map_core(self.circuit(variant), **self._common(variant)).logic_cells

    def place(self, variant: Variant, seeds: Sequence[int], ports: bool = False) -> SynthResult:
        """Place and route; with `ports` one run more, for paths at the ports."""
        return synthesize(
            self.circuit(variant), seeds=seeds, freq=self.freq, ports=ports, **self._common(variant)
        )

    def _common(self, variant: Variant) -> dict[str, Any]:
        top = module_name(variant.spec)
        return {
            "top": top,
            "device": self.device,
            "workdir": self.workdir / (",".join(variant.overrides) or "as-it-is"),
            "progress": lambda line: self.progress(f"{variant.label}: {line.replace(f' {top}', '')}"),
            "store": self.store,
        }
