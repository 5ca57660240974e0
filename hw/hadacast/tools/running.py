"""The tools that run now, so that an interrupted program ends them all, also those that threads wait for."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from typing import Any

_running: set["subprocess.Popen[Any]"] = set()


@contextlib.contextmanager
def noted(process: "subprocess.Popen[Any]") -> Iterator[None]:
    """While the block runs, `end` ends this process; so does the block if it doesn't end well."""
    _running.add(process)
    try:
        yield
    except BaseException:
        kill(process)
        process.wait()
        raise
    finally:
        _running.discard(process)


def end() -> None:
    """End what runs. Who waits for it sees a tool that was killed."""
    for process in list(_running):
        kill(process)


def kill(process: "subprocess.Popen[Any]") -> None:
    """End a process, and all of its group where it leads one."""
    process.kill()
    kill_group(process.pid)


def kill_group(leader: int) -> None:
    """End what is left of a group of processes; nothing if there is no such group."""
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(leader, signal.SIGKILL)


def end_group(leader: "subprocess.Popen[Any]") -> None:
    """Wait for a process, and end what is left of its group."""
    leader.wait()
    kill_group(leader.pid)
