"""Ctrl-C where the command line can't hear it: while its modules are read, and within a destructor; and other
signals that end a program, which do as it does. Imports next to nothing."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

INTERRUPTED = 130
ENDS = ("SIGTERM", "SIGHUP")
AGAIN = 0.02
"""Seconds until what a destructor swallowed comes again."""


class Ended(KeyboardInterrupt):
    """As Ctrl-C, by another signal; number: which one."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def status_of(error: BaseException | None) -> int:
    """The exit status of a program that a signal ended."""
    return 128 + error.number if isinstance(error, Ended) else INTERRUPTED


def _end_well() -> None:
    """Tidy up, as after Ctrl-C, where `kill`, `timeout` or a terminal that closes ends the program. What its
    parent ignores stays ignored."""
    if threading.current_thread() is not threading.main_thread():
        return  # of a program that has this one inside
    for name in ENDS:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _ended)


def deaf() -> None:
    """From here on, nothing of that is heard: what is left is to tidy up."""
    for name in ("SIGINT", *ENDS):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


def _ended(number: int, frame: object) -> None:
    raise Ended(number)


@contextmanager
def interruptible() -> Iterator[None]:
    """End with one line and the status of Ctrl-C where one comes; from here on, none is lost."""
    sys.unraisablehook = _again
    _end_well()
    try:
        yield
    except KeyboardInterrupt as error:
        print("\nhadacast: interrupted", file=sys.stderr)
        sys.exit(status_of(error))


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
