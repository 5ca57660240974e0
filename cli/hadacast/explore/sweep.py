"""A sweep: its points in order, their tasks, and the table of their rows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from hadacast import recipe as recipes
from hadacast.cli.data import Source
from hadacast.errors import HadacastError
from hadacast.explore import axes as grids
from hadacast.explore import conditions
from hadacast.explore.axes import Axis
from hadacast.explore.columns import FIGURES
from hadacast.explore.conditions import Condition
from hadacast.explore.front import front
from hadacast.explore.measure import EXACT, MAP, PLACE, Row, Task

# What a sweep is about where nobody says: at each level the first pair that it has.
OBJECTIVES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    PLACE: (("cells",), ("throughput",)),
    MAP: (("cells",), ("lanes",)),
    EXACT: (("latency",), ("total_sqnr",)),
}
SAMPLE = "build.sample"


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """What `hadacast explore` does.

    Members
    -------
    recipe: name or path. overrides: that hold for all points. axes: what varies; the last goes fastest.
    points: how many of the grid to take, at random by `seed`; None for all.
    task: what all points have in common; its draft is nobody's.
    source: the data. minimize, maximize: columns, of which the front is that of all together.
    where: conditions in words; the front is that of points which meet all.

    Raises HadacastError for a field on two axes, too many points, and names that aren't columns.
    """

    recipe: str
    overrides: tuple[str, ...] = ()
    axes: tuple[Axis, ...]
    points: int | None = None
    seed: int = 0
    task: Task
    source: Source
    minimize: tuple[str, ...] = ()
    maximize: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    numbers: Sequence[int] = field(init=False)
    conditions: tuple[Condition, ...] = field(init=False)

    def __post_init__(self) -> None:
        if not self.axes:
            raise HadacastError("the sweep has no axes: say what varies, such as --axis stream.lanes=2,4,8")
        if SAMPLE in self.keys:
            raise HadacastError(
                f"{SAMPLE} is no axis: figures of different data aren't comparable; see --data"
            )
        object.__setattr__(self, "numbers", grids.numbers(self.axes, self.points, self.seed))
        if not (self.minimize or self.maximize):
            low, high = OBJECTIVES[self.task.level]
            object.__setattr__(self, "minimize", low)
            object.__setattr__(self, "maximize", high)
        for name in self.objectives:
            conditions.known(name, self.columns, "objective")
            if name in self.keys and self.types[name] is str:
                raise HadacastError(f"objective {name}: its values aren't all numbers")
        if len(set(self.objectives)) < len(self.objectives):
            raise HadacastError(f"objectives {', '.join(self.objectives)}: one is there twice")
        found = tuple(conditions.parse(text, self.columns) for text in self.where)
        object.__setattr__(self, "conditions", found)

    @property
    def keys(self) -> tuple[str, ...]:
        """The fields that vary."""
        return tuple(key for axis in self.axes for key in axis.keys)

    @property
    def columns(self) -> tuple[str, ...]:
        """What objectives and conditions may name."""
        return (*self.keys, *FIGURES)

    @property
    def objectives(self) -> tuple[str, ...]:
        """Those to be minimized, then those to be maximized."""
        return (*self.minimize, *self.maximize)

    @cached_property
    def types(self) -> dict[str, type]:
        """What the values of each axis are: bool, int or float, or str where they aren't all of one."""
        found: dict[str, type] = {}
        for axis in self.axes:
            for index, key in enumerate(axis.keys):
                kinds = {type(recipes.value_of(row[index])) for row in axis.rows}
                if kinds == {int, float}:
                    kinds = {float}
                found[key] = kinds.pop() if len(kinds) == 1 and kinds <= {bool, int, float} else str
        return found

    def place(self, index: int) -> dict[str, Any]:
        """The values of a point's fields, as its table has them."""
        texts = grids.place(self.axes, self.numbers[index])
        return {
            key: text if self.types[key] is str else self.types[key](recipes.value_of(text))
            for key, text in texts.items()
        }

    def task_of(self, index: int) -> Task:
        """The task of a point. Raises HadacastError for fields that the recipe can't be given."""
        texts = grids.place(self.axes, self.numbers[index])
        pairs = [f"{key}={text}" for key, text in texts.items()]
        return replace(self.task, draft=recipes.draft(self.recipe, [*self.overrides, *pairs]))

    def tasks(self, indices: Iterable[int]) -> Iterator[tuple[int, Task]]:
        """Index and task of some points."""
        for index in indices:
            yield index, self.task_of(index)

    def table(self, rows: Sequence[Row]) -> list[Row]:
        """The rows of all points, in order, with their fields' values, whether the conditions hold, and which
        are on the front."""
        full = [
            {"point": number, **self.place(index), "error": row["error"], **{k: row.get(k) for k in FIGURES}}
            for index, (number, row) in enumerate(zip(self.numbers, rows, strict=True))
        ]
        for row in full:
            row["met"] = not row["error"] and all(condition.holds(row) for condition in self.conditions)
        signs = [1] * len(self.minimize) + [-1] * len(self.maximize)
        figures = [
            [
                None if row[name] is None or not row["met"] else sign * row[name]
                for name, sign in zip(self.objectives, signs, strict=True)
            ]
            for row in full
        ]
        for row, best in zip(full, front(figures), strict=True):
            row["front"] = best
        return full

    def to_dict(self) -> dict[str, Any]:
        """What JSON can hold; nothing of where and when it is run."""
        return {
            "recipe": self.recipe,
            "overrides": list(self.overrides),
            "axes": [str(axis) for axis in self.axes],
            "points": len(self.numbers),
            "grid": grids.grid(self.axes),
            "level": self.task.level,
            "device": self.task.device,
            "seeds": list(self.task.seeds),
            "data": {"source": self.source.name, "tensor": self.source.tensor, "sha256": self.source.sha256},
            "minimize": list(self.minimize),
            "maximize": list(self.maximize),
            "where": [str(condition) for condition in self.conditions],
            "made_by": dict(self.task.made_by),
        }
