"""Where points are measured: processes of this machine, or the workers of a Dask cluster.

Both yield (index, row) as rows come, in any order.
"""

import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any

from hadacast import checks
from hadacast.cli.data import Source
from hadacast.cli.guard import line
from hadacast.errors import HadacastError
from hadacast.explore.measure import Row, Task, measure

Work = Iterable[tuple[int, Task]]
Rows = Generator[tuple[int, Row], None, None]

LOST = "the process that measured it was killed; out of memory?"
CONNECT = 10.0  # seconds for the scheduler to answer
JOIN = 60.0  # and for its first worker to be there
WINDOW = 1000  # tasks that a cluster is given ahead


def cores() -> int:
    """Processors that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def local(work: Work, source: Source, jobs: int) -> Rows:
    """Measure in `jobs` processes.

    One that is killed takes the pool with it: what was under way is done again by a process of its own for
    each, so that only a point that kills that too is lost.
    """
    waiting = iter(work)
    while True:
        running: dict[Future[Row], tuple[int, Task]] = {}
        try:
            with _pool(jobs) as pool:
                while True:
                    for index, task in waiting:
                        running[pool.submit(measure, task, source)] = (index, task)
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
        with _pool(1) as pool:
            return pool.submit(measure, task, source).result()
    except BrokenProcessPool:
        return {"error": LOST}


@contextmanager
def _pool(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that end with this one, and at once if the block doesn't end well."""
    before = set(multiprocessing.active_children())
    # Forked ones would have each other's pipes open, and not see that this one is gone.
    pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), initializer=_prepare)
    try:
        yield pool
        pool.shutdown()
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for child in set(multiprocessing.active_children()) - before:
            child.terminate()
        raise


def _prepare() -> None:
    """In a worker: Ctrl-C is the parent's, SIGTERM ends the tool that runs, and so does the parent's end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    threading.Thread(target=_outlive_nobody, daemon=True).start()


def _outlive_nobody() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    while True:  # the pool's own loop survives the first, which ends what it was doing
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(1)


def cluster(work: Work, source: Source, address: str) -> Rows:
    """Measure on the workers of the Dask scheduler at `address`, such as tcp://10.0.0.5:8786.

    Raises HadacastError if Dask isn't installed, the scheduler doesn't answer or has no workers, or they
    aren't fit for it.
    """
    try:
        from distributed import Client, as_completed
    except ImportError:
        raise HadacastError("--scheduler needs Dask: pip install 'hadacast[cluster]'") from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    shown = checks.quote(address)
    try:
        client = Client(address, timeout=CONNECT, set_as_default=False)
    except (OSError, ValueError, RuntimeError) as error:
        raise HadacastError(f"scheduler {shown} can't be reached: {line(error)[:200]}") from None
    with client:
        try:
            client.wait_for_workers(1, timeout=JOIN)
        except (OSError, TimeoutError):
            raise HadacastError(
                f"scheduler {shown} has no workers: start some, `dask worker {address}`"
            ) from None
        yield from _collected(client, as_completed, work, source)


def _collected(client: Any, as_completed: Any, work: Work, source: Source) -> Rows:
    data = client.scatter(source, broadcast=True, hash=False)
    waiting, indices = iter(work), {}
    done = as_completed(loop=client.loop)

    def submit(count: int) -> None:
        for _, (index, task) in zip(range(count), waiting, strict=False):
            future = client.submit(measure, task, data, pure=False)
            indices[future.key] = index
            done.add(future)

    submit(WINDOW)
    for future in done:
        submit(1)
        index = indices.pop(future.key)
        error = future.exception()
        if error is None:
            yield index, future.result()
        elif type(error).__name__ == "KilledWorker":
            yield index, {"error": LOST}
        else:
            what = line(error)[:300] if isinstance(error, HadacastError) else repr(error)[:300]
            raise HadacastError(f"a worker of the cluster can't do it: {what}")
