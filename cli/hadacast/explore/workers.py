"""Where points are measured: processes of this machine, or the workers of a Dask cluster.

Both yield (index, row) as rows come, in any order.
"""

import logging
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import chain, islice
from typing import Any

from hadacast import checks
from hadacast.cli.data import Source
from hadacast.cli.guard import line
from hadacast.errors import HadacastError
from hadacast.explore.measure import Row, Task, measure
from hadacast.tools.workers import processes

Work = Iterable[tuple[int, Task]]
Rows = Generator[tuple[int, Row], None, None]

LOST = "the process that measured it was killed; out of memory?"
CONNECT = 10.0  # seconds for the scheduler to answer
JOIN = 60.0  # and for its first worker to be there
WINDOW = 1000  # tasks that a cluster is given ahead
LOSSES = 5  # how often in a row all workers may go away before any of them has measured a point


def local(work: Work, source: Source, jobs: int) -> Rows:
    """Measure in `jobs` processes.

    One that is killed takes the pool with it: what was under way is done again by a process of its own for
    each, so that only a point that kills that too is lost.
    """
    waiting = iter(work)
    while True:
        running: dict[Future[Row], tuple[int, Task]] = {}
        try:
            with processes(jobs) as pool:
                while True:
                    for index, task in waiting:
                        try:
                            running[pool.submit(measure, task, source)] = (index, task)
                        except BrokenProcessPool:
                            waiting = chain([(index, task)], waiting)
                            raise
                        if len(running) == jobs:
                            break
                    if not running:
                        return
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        row = future.result()
                        index, _ = running.pop(future)
                        yield index, row
        except BrokenProcessPool:
            for index, task in sorted(running.values(), key=lambda item: item[0]):
                yield index, _alone(task, source)


def _alone(task: Task, source: Source) -> Row:
    try:
        with processes(1) as pool:
            return pool.submit(measure, task, source).result()
    except BrokenProcessPool:
        return {"error": LOST}


def cluster(work: Work, source: Source, address: str) -> Rows:
    """Measure on the workers of the Dask scheduler at `address`, such as tcp://10.0.0.5:8786.

    Raises HadacastError if Dask isn't installed, the scheduler doesn't answer or has no workers, or they
    aren't fit for it.
    """
    try:
        from distributed import Client, as_completed
    except ImportError:
        raise HadacastError("--scheduler needs Dask: pip install 'hadacast[cluster]'") from None
    shown = checks.quote(address)
    with _quiet():
        try:
            client = Client(address, timeout=CONNECT, set_as_default=False)
        except (OSError, ValueError, RuntimeError) as error:
            raise HadacastError(f"scheduler {shown} can't be reached: {line(error)[:200]}") from None
        with client:
            yield from _joined(client, as_completed, work, source, address)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the log of Dask's client, which prints tracebacks where a connection is lost."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def _joined(client: Any, as_completed: Any, work: Work, source: Source, address: str) -> Rows:
    shown = f"scheduler {checks.quote(address)}"
    waiting, fruitless = iter(work), 0
    while True:
        running: dict[str, tuple[int, Task]] = {}
        try:
            client.wait_for_workers(1, timeout=JOIN)
            for index, row in _collected(client, as_completed, waiting, running, source):
                fruitless = 0
                yield index, row
            return
        except (OSError, TimeoutError):
            raise HadacastError(f"{shown} has no workers: start some, `dask worker {address}`") from None
        except CancelledError:
            fruitless += 1
            if client.status != "running":
                raise HadacastError(f"the connection to {shown} was lost") from None
            if fruitless > LOSSES:
                raise HadacastError(f"{shown} loses its workers") from None
        # The last worker that had the data went away: to be sent, with all that was under way, to others.
        waiting = chain(list(running.values()), waiting)


def _collected(
    client: Any,
    as_completed: Any,
    waiting: Iterator[tuple[int, Task]],
    running: dict[str, Any],
    source: Source,
) -> Rows:
    data = client.scatter(source, broadcast=True, hash=False)
    done = as_completed(loop=client.loop)

    def submit(count: int) -> None:
        for index, task in islice(waiting, count):
            future = client.submit(measure, task, data, pure=False)
            running[future.key] = (index, task)
            done.add(future)

    submit(WINDOW)
    for future in done:
        row = _result(future)  # which may go away with its worker until it is here
        index, _ = running.pop(future.key)
        submit(1)
        yield index, row


def _result(future: Any) -> Row:
    try:
        row: Row = future.result()
        return row
    except CancelledError:
        raise
    except Exception as error:
        if type(error).__name__ == "KilledWorker":
            return {"error": LOST}
        what = line(error)[:300] if isinstance(error, HadacastError) else repr(error)[:300]
        raise HadacastError(f"a worker of the cluster can't do it: {what}") from None
