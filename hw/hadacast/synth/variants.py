"""The same computation with more pipeline registers: what a pipeline's stages offer."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from hadacast.spec.pipeline import Pipeline

Settings = tuple[tuple[int, str, int], ...]
"""Stage's number, member, value; sorted."""


@dataclass(frozen=True)
class Variant:
    """A pipeline with some members of its stages set anew.

    Members
    -------
    spec: the pipeline, with the settings. settings: what differs from the one asked about.
    """

    spec: Pipeline
    settings: Settings = ()

    @property
    def overrides(self) -> tuple[str, ...]:
        """The settings as a recipe's overrides, such as "stage.0.registers=2"."""
        return tuple(f"stage.{stage}.{name}={value}" for stage, name, value in self.settings)

    @property
    def label(self) -> str:
        """The settings in few words."""
        return ", ".join(text.removeprefix("stage.") for text in self.overrides) or "as it is"

    def with_settings(self, stage: int, values: dict[str, Any]) -> "Variant":
        """This one with other values in one stage."""
        stages = list(self.spec.stages)
        stages[stage] = replace(stages[stage], **values)
        known = {(i, name): value for i, name, value in self.settings}
        known |= {(stage, name): value for name, value in values.items()}
        settings = tuple(sorted((i, name, value) for (i, name), value in known.items()))
        return Variant(replace(self.spec, stages=tuple(stages)), settings)


def choices(spec: Pipeline, stage: int, held: Collection[tuple[int, str]] = ()) -> dict[str, tuple[int, ...]]:
    """Members of a stage that can bring more registers, each with the values that bring more than it has now.

    held: (stage, member) pairs that stay as they are.
    """
    found = {}
    for name, values in type(spec.stages[stage]).PIPELINING.items():
        now = getattr(spec.stages[stage], name)
        rising = values[-1] > values[0]
        more = tuple(value for value in values if value != now and (value > now) == rising)
        if more and (stage, name) not in held:
            found[name] = more
    return found


def variants(start: Variant, stage: int, held: Collection[tuple[int, str]] = ()) -> Iterator[Variant]:
    """All combinations of a stage's `choices`, but for the one that changes nothing."""
    offered = choices(start.spec, stage, held)
    options = [[(name, value) for value in (None, *values)] for name, values in offered.items()]
    for combination in product(*options):
        values = {name: value for name, value in combination if value is not None}
        if values:
            yield start.with_settings(stage, values)
