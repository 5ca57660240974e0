"""What processes do, as /proc says, and waiting for it."""

import time
from collections.abc import Callable


def alive(pid: int) -> bool:
    """Whether there is such a process that hasn't ended."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until(condition: Callable[[], bool], seconds: float) -> None:
    """Wait until it holds. Raises AssertionError after so many seconds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
