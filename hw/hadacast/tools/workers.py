"""Processes for work on many cores, which end with the program, and end their tools with them."""

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

GRACE = 5.0
"""Seconds for a worker to end."""


def cores() -> int:
    """Processors that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


class Pool(ProcessPoolExecutor):
    """Workers that leave Ctrl-C to the program that has them, and end what they do when they are ended."""

    def __init__(self, jobs: int) -> None:
        # Forked ones would have each other's pipes open, and not see that this one is gone.
        super().__init__(jobs, multiprocessing.get_context("spawn"), initializer=_prepare)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """As of any pool."""
        return super().submit(_call, fn, *args, **kwargs)


@contextmanager
def processes(jobs: int) -> Iterator[Pool]:
    """A pool that ends with the block, and at once if that doesn't end well."""
    before = set(multiprocessing.active_children())
    pool = Pool(jobs)
    try:
        yield pool
        pool.shutdown()
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        _end_all(set(multiprocessing.active_children()) - before)
        raise


def _end_all(children: Collection[multiprocessing.process.BaseProcess]) -> None:
    """End the workers: each ends its tool first. One may be stuck behind another that ended while it had the
    lock of the results: it is killed, or the pool would wait for it for ever."""
    for child in children:
        child.terminate()
    end = time.monotonic() + GRACE
    for child in children:
        child.join(max(0.0, end - time.monotonic()))
        if child.is_alive():
            child.kill()


_working = False


def _prepare() -> None:
    """In a worker: Ctrl-C is the parent's, SIGTERM ends the tool that runs, and so does the parent's end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _end)
    threading.Thread(target=_outlive_nobody, daemon=True).start()


def _end(number: int, frame: object) -> None:
    if _working:
        sys.exit(128 + number)  # which ends the tool on its way
    os._exit(128 + number)  # the pool would print a traceback


def _call(fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """What was submitted, in a worker."""
    global _working
    _working = True
    try:
        return fn(*args, **kwargs)
    except SystemExit as end:  # of _end; the tool has ended. The pool would take it for a result
        os._exit(end.code if isinstance(end.code, int) else 1)
    finally:
        _working = False


def _outlive_nobody() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    while True:  # the first ends what the worker was doing, and the pool's loop goes on
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(1)
