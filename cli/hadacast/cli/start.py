"""Ctrl-C where the command line can't hear it: while its modules are read, and within a destructor. Imports
next to nothing."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

INTERRUPTED = 130
AGAIN = 0.02
"""Seconds until what a destructor swallowed comes again."""


@contextmanager
def interruptible() -> Iterator[None]:
    """End with one line and the status of Ctrl-C where one comes; from here on, none is lost."""
    sys.unraisablehook = _again
    try:
        yield
    except KeyboardInterrupt:
        print("\nhadacast: interrupted", file=sys.stderr)
        sys.exit(INTERRUPTED)


def _again(event: Any) -> None:
    """In a destructor Python reports what is raised, and goes on: a Ctrl-C comes again, behind it."""
    if issubclass(event.exc_type, KeyboardInterrupt):
        threading.Timer(AGAIN, _interrupt).start()
    else:
        sys.__unraisablehook__(event)


def _interrupt() -> None:
    if os.name == "posix":
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)  # ends a wait, too
    else:
        signal.raise_signal(signal.SIGINT)
