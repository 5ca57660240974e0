"""Running a sweep: what is done is taken from the journal, the rest is measured and written there."""

from collections.abc import Callable
from dataclasses import dataclass

from hadacast.explore.journal import Journal
from hadacast.explore.measure import Row
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

    Raises HadacastError for a field that the recipe hasn't, a journal that can't be written, and as
    `measure` does. Rows that are done are then in the journal.
    """
    total = len(sweep.numbers)
    keys = [task.key(sweep.source) for _, task in sweep.tasks(range(total))]
    rows = [journal.read(key) for key in keys]
    if retry:
        rows = [None if row and row["error"] else row for row in rows]
    missing = [index for index, row in enumerate(rows) if row is None]
    progress(total - len(missing), total, None)
    done = total - len(missing)
    if missing:
        for index, row in measure(sweep.tasks(missing)):
            journal.write(keys[index], row)
            rows[index] = row
            done += 1
            progress(done, total, row)
    return Done([row for row in rows if row is not None], total - len(missing))
