"""Running a sweep: what is done is taken from the journal, the rest is measured and written there."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from hadacast.errors import HadacastError
from hadacast.explore.journal import Journal
from hadacast.explore.measure import Row, brief
from hadacast.explore.sweep import Sweep
from hadacast.explore.workers import Rows, Work


@dataclass(frozen=True)
class Done:
    """Rows of all points in order, and how many of them were there before."""

    rows: list[Row]
    before: int


def run(
    sweep: Sweep,
    journal: Journal,
    measure: Callable[[Work], Rows],
    *,
    retry: bool = False,
    progress: Callable[[int, int, Row | None], None] = lambda done, total, row: None,
) -> Done:
    """Have every point of a sweep measured.

    measure: `workers.local` or `workers.cluster` with their settings. retry: whether points that failed are
    tried again. progress: told how many points are done, of how many, and the row that is.

    Raises HadacastError for a journal that can't be written, and as `measure` does. Rows that are done are
    then in the journal.
    """
    total = len(sweep.numbers)
    keys: list[str] = []
    rows: list[Row | None] = []
    for index in range(total):
        try:
            keys.append(sweep.task_of(index).key(sweep.source))
            rows.append(journal.read(keys[-1]))
        except HadacastError as error:  # a field that the recipe hasn't, a table that isn't there
            keys.append("")
            rows.append({"error": brief(error)})
    if retry:
        rows = [None if row and row["error"] and key else row for key, row in zip(keys, rows, strict=True)]
    missing = [index for index, row in enumerate(rows) if row is None]
    done = before = total - len(missing)
    progress(done, total, None)
    if missing:
        with closing(measure(sweep.tasks(missing))) as measured:
            for index, row in measured:
                journal.write(keys[index], row)
                rows[index] = row
                done += 1
                progress(done, total, row)
    return Done([row for row in rows if row is not None], before)
