"""A stand-in for place and route: clocks and cells that a test makes up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hadacast.errors import HadacastError
from hadacast.synth.ooc import SynthResult
from hadacast.synth.timing import Path
from hadacast.synth.variants import Variant

SEEDS = (1, 2, 3)


def path(*places: str) -> Path:
    steps = tuple(("routing", 1.0, place) for place in places)
    return Path(
        kind="register -> register",
        start=places[0],
        end=places[-1],
        logic_ns=1.0,
        routing_ns=2.0,
        steps=steps,
    )


TRANSFORM = path("core.fwht_0.skid_3.enable_FF.Q", "core.framer.x.CE")


@dataclass
class StandIn:
    """Clocks and cells by label; a clock is one number, one for each seed, or an error."""

    clocks: Mapping[str, object]
    cells: Mapping[str, int] = field(default_factory=dict)
    paths: Mapping[str, Path] = field(default_factory=dict)
    placed: list[tuple[str, tuple[int, ...]]] = field(default_factory=list)

    def circuit(self, variant: Variant) -> str:
        """What registers and spans make of transforms."""
        transforms = [stage for stage in variant.spec.stages if stage.kind == "fwht"]
        return repr([(t.stage_registers, *map(t.ends_span, range(t.stages))) for t in transforms])

    def estimate(self, variant: Variant) -> int:
        return self.cells.get(variant.label, 1000)

    def place(self, variant: Variant, seeds: Sequence[int]) -> SynthResult:
        self.placed.append((variant.label, tuple(seeds)))
        clock = self.clocks[variant.label]
        if isinstance(clock, HadacastError):
            raise clock
        each = dict(zip(SEEDS, clock if isinstance(clock, tuple) else (clock,) * 3, strict=True))
        fmax = {seed: each[seed] for seed in seeds}
        known = sorted(value for value in fmax.values() if value is not None)
        return SynthResult(
            top="t",
            device="d",
            freq=400.0,
            cells={},
            roles={"ff": 7},
            utilization={},
            logic_cells=self.estimate(variant) + 10,
            seeds=tuple(seeds),
            fmax=fmax,
            median_fmax=known[len(known) // 2] if known else None,
            critical_path=self.paths.get(variant.label, TRANSFORM) if known else None,
            async_paths=None,
            async_error="",
            port_fmax=None,
            caveat="",
            tools={},
            seconds=0.0,
        )
