"""A soak that can be ended at any time: its batches in several processes, and what is done in a file."""

import ctypes
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hadacast import checks
from hadacast.cli import files
from hadacast.errors import HadacastError
from hadacast.sim import cache, compiled, soak
from hadacast.sim.soak import Outcome, Plan
from hadacast.spec.pipeline import Pipeline
from hadacast.tools.workers import processes

SCHEMA = "hadacast.soak-state/1"

COUNTS = ("samples", "cycles", "frames", "dropped", "resets", "seconds")
"""What is added up over batches."""


@dataclass
class State:
    """What is done of a soak.

    done: batches below this number are. ahead: and these above it. totals: of COUNTS, over all of them.
    wall: seconds that all runs of the command took. failure: the first batch that was wrong, as in Outcome.
    """

    done: int = 0
    ahead: list[int] = field(default_factory=list)
    totals: dict[str, float] = field(default_factory=lambda: dict.fromkeys(COUNTS, 0))
    wall: float = 0.0
    failure: dict[str, Any] | None = None

    @property
    def samples(self) -> int:
        """Compared so far."""
        return int(self.totals["samples"])

    @property
    def batches(self) -> int:
        """Finished so far."""
        return self.done + len(self.ahead)

    def missing(self) -> Iterator[int]:
        """Numbers of batches that aren't done, from the lowest on."""
        number, ahead = self.done, set(self.ahead)
        while True:
            if number not in ahead:
                yield number
            number += 1

    def add(self, outcome: Outcome) -> None:
        """A batch that was right."""
        for name in COUNTS:
            self.totals[name] += getattr(outcome, name)
        ahead = {*self.ahead, outcome.number}
        while self.done in ahead:
            ahead.remove(self.done)
            self.done += 1
        self.ahead = sorted(ahead)
        if self.failure and self.failure["number"] == outcome.number:
            self.failure = None


class Kept:
    """A state in a file, written whole. Its name holds what the outcome depends on: a change of the core, the
    recipe or the seed is another file."""

    def __init__(self, spec: Pipeline, plan: Plan, text: str, folder: str | None) -> None:
        where = Path(folder) if folder else cache.folder().parent / "soak"
        try:
            where.mkdir(parents=True, exist_ok=True)
        except (OSError, ValueError) as error:
            raise HadacastError(f"folder {str(where)!r} can't be used: {files.reason(error)}") from None
        self.key = cache.digest(soak.identity(spec, plan, text))
        self.path = files.target(where / f"{spec.name}-{self.key[:16]}.json")
        self.head = {"schema": SCHEMA, "key": self.key, "recipe": spec.name, "plan": plan.to_dict()}

    def read(self) -> State:
        """What is done, nothing if there is no file. Raises HadacastError for a file of another kind."""
        if not self.path.exists():
            return State()
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
            state = State(**content["state"])
            if content["schema"] != SCHEMA or content["key"] != self.key or set(state.totals) != {*COUNTS}:
                raise ValueError
            if min(state.done, state.wall, *state.totals.values()) < 0 or min(state.ahead, default=0) < 0:
                raise ValueError
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            raise HadacastError(
                f"{str(self.path)!r} isn't the state of a soak: remove it to begin anew"
            ) from None
        return state

    def write(self, state: State) -> None:
        """Keep it. Raises HadacastError."""
        files.write(self.path, json.dumps({**self.head, "state": asdict(state)}, indent=1) + "\n")

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While it is entered, no other process may be: raises HadacastError there."""
        lock = self.path.with_suffix(".lock")  # the state's own file is another one after each batch
        lock.touch()
        with files.held(lock, taken=f"another soak is at work on {str(self.path)!r}"):
            files.tidy(self.path)
            yield


def run(
    spec: Pipeline,
    plan: Plan,
    library: str,
    kept: Kept,
    samples: int,
    jobs: int,
    progress: Callable[[State, int], None],
) -> State:
    """Run batches until `samples` elements were compared, or one is wrong; `progress` is told the state and
    the elements done in this call."""
    state = kept.read()
    before, wall, began = state.samples, state.wall, time.monotonic()
    wanted = samples - before
    if wanted <= 0:
        return state
    batches = _pooled if jobs > 1 else _here
    done = 0
    for outcome in batches(spec, plan, library, state.missing(), wanted, jobs):
        state.wall = wall + time.monotonic() - began
        if outcome.problems:
            state.failure = asdict(outcome)
            kept.write(state)
            break
        state.add(outcome)
        done += outcome.samples
        kept.write(state)
        progress(state, done)
    return state


def once(spec: Pipeline, plan: Plan, library: str, number: int) -> State:
    """One batch alone; what is done of the soak stays as it is."""
    state, began = State(), time.monotonic()
    outcome = soak.run(spec, plan, number, compiled.load(Path(library)))
    state.wall = time.monotonic() - began
    if outcome.problems:
        state.failure = asdict(outcome)
    else:
        state.add(outcome)
    return state


def _here(
    spec: Pipeline, plan: Plan, library: str, numbers: Iterator[int], wanted: int, jobs: int
) -> Iterator[Outcome]:
    simulator = compiled.load(Path(library))
    while wanted > 0:
        outcome = soak.run(spec, plan, next(numbers), simulator)
        wanted -= outcome.samples
        yield outcome


def _pooled(
    spec: Pipeline, plan: Plan, library: str, numbers: Iterator[int], wanted: int, jobs: int
) -> Iterator[Outcome]:
    running: set[Future[Outcome]] = set()
    try:
        with processes(jobs) as pool:
            while wanted > 0:
                # What is under way counts as done, so that there is no batch too many.
                while len(running) < min(jobs, -(-wanted // plan.batch)):
                    running.add(pool.submit(_batch, spec, plan, next(numbers), library))
                finished, running = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    outcome = future.result()
                    wanted -= outcome.samples
                    yield outcome
                    if outcome.problems:
                        return
    except BrokenProcessPool:
        raise HadacastError(
            "a process of the soak was killed; out of memory? The same command goes on"
        ) from None


_loaded: dict[str, ctypes.CDLL] = {}


def _batch(spec: Pipeline, plan: Plan, number: int, library: str) -> Outcome:
    """A batch, in a worker."""
    if library not in _loaded:
        _loaded[library] = compiled.load(Path(library))
    return soak.run(spec, plan, number, _loaded[library])


def count(text: str) -> int:
    """A number of samples such as 1e9 or 20000. Raises HadacastError."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 1 <= value <= 1e15 or value != int(value):
        raise HadacastError(f"samples is {checks.quote(text)}: it must be a whole number from 1 to 1e15")
    return int(value)
