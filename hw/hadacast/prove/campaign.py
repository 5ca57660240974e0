"""Many proofs at a time, and their table."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import as_completed
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path

from hadacast import checks
from hadacast.errors import HadacastError
from hadacast.prove import function, tops
from hadacast.prove.catalogue import kinds, subjects
from hadacast.prove.engines import BOUNDED, FAILED, OPEN, PROVED
from hadacast.prove.subject import Record, Subject, prove
from hadacast.spec.pipeline import Pipeline
from hadacast.tools.workers import processes

HEADS = ("component", "configuration", "properties", "verdict", "engine", "depth", "seconds")


def chosen(names: Sequence[str]) -> tuple[Subject, ...]:
    """The subjects of these kinds, of all if there are none. Raises HadacastError for another name."""
    for name in names:
        checks.choice("kind", name, kinds())
    return tuple(subject for subject in subjects() if not names or subject.kind in names)


def of_pipeline(spec: Pipeline) -> Subject:
    """What is claimed of a whole core that a recipe describes; its values too, where its frames are small."""
    claims = [partial(tops.rules, spec)]
    arriving = function.Shape(spec.input, spec.in_beats, spec.in_lanes)
    if spec.copies > 1 or spec.scales is not None or spec.registers.places:
        raise HadacastError(
            f"{spec.name} has copies, a stream of scales or settings: no whole core with them can be proved"
        )
    if sum(arriving.fields) <= function.MOST_BITS and not spec.sequential:
        claims.append(partial(tops.values, spec))
    return Subject("core", f"{spec.name}, N {spec.frame}, P {spec.lanes}", tuple(claims))


def run(
    chosen: Iterable[Subject],
    family: str = "generic",
    *,
    timeout: float = 120.0,
    jobs: int = 1,
    waves: Path | None = None,
    done: Callable[[Subject, list[Record]], None] = lambda subject, records: None,
) -> list[Record]:
    """Prove subjects, `jobs` at a time; `done` hears of each. Records are in the order of the subjects.

    Raises HadacastError if a process of the pool is killed.
    """
    todo = list(chosen)
    proves = partial(prove, family=family, timeout=timeout, waves=waves)
    found: dict[int, list[Record]] = {}
    if jobs == 1 or len(todo) < 2:
        for number, subject in enumerate(todo):
            found[number] = proves(subject)
            done(subject, found[number])
    else:
        try:
            with processes(jobs) as pool:
                futures = {pool.submit(proves, subject): number for number, subject in enumerate(todo)}
                for future in as_completed(futures):
                    number = futures[future]
                    found[number] = future.result()
                    done(todo[number], found[number])
        except BrokenProcessPool:
            raise HadacastError("a process that proves was killed; out of memory? Try fewer jobs") from None
    return [record for number in range(len(todo)) for record in found[number]]


def rows(records: Iterable[Record]) -> list[tuple[str, ...]]:
    """Lines of a table with HEADS: properties of a configuration that are known alike share one."""
    together: dict[tuple[str, ...], list[Record]] = {}
    for record in records:
        key = (record.kind, record.text, record.verdict, record.engine, str(record.depth))
        together.setdefault(key, []).append(record)
    return [
        (
            found[0].kind,
            found[0].text,
            ", ".join(record.property for record in found),
            found[0].verdict,
            found[0].engine,
            depth(found[0]),
            f"{max(record.seconds for record in found):.1f}",
        )
        for found in together.values()
    ]


def depth(record: Record) -> str:
    """How far a verdict reaches, in words."""
    if record.verdict == PROVED:
        if record.engine.startswith("PDR"):
            return f"unbounded, {record.depth:,} clauses"
        if record.engine.startswith("induction"):
            return "unbounded, 1-induction"
        return {
            "BDD": f"unbounded, all states in {record.depth:,} cycles",
            "netlist": "structural",
        }[record.engine]
    if record.verdict == BOUNDED:
        return f"{record.depth:,} cycles"
    return f"cycle {record.depth:,}" if record.verdict == FAILED else ""


def summary(records: Sequence[Record]) -> str:
    """One line: how many properties are how."""
    counts = [(text, sum(r.verdict == text for r in records)) for text in (PROVED, BOUNDED, OPEN, FAILED)]
    parts = [f"{count:,} {text}" for text, count in counts if count]
    components = len({(r.kind, r.text) for r in records})
    return f"{len(records):,} properties of {components:,} components: {', '.join(parts)}"
