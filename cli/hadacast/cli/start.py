"""Ctrl-C before the command line is there to hear it: while its modules are read. Imports next to nothing."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

INTERRUPTED = 130


@contextmanager
def interruptible() -> Iterator[None]:
    """End with one line and the status of Ctrl-C where one comes."""
    try:
        yield
    except KeyboardInterrupt:
        print("\nhadacast: interrupted", file=sys.stderr)
        sys.exit(INTERRUPTED)
