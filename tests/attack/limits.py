"""The command line in a process of its own, with little memory, time and disk, and how any call must end."""

import os
import resource
import subprocess
import sys
from functools import partial

PROGRAM = [sys.executable, "-c", "from hadacast.cli.main import main; main()"]
MEMORY = 2 << 30  # bytes of addresses
SECONDS = 20  # of a processor


def limit(memory: int, seconds: int, file: int | None) -> None:
    """In the child, before it is one."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    if file is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file, file))


def run(*command, memory=MEMORY, seconds=SECONDS, file=None, env=None, **options):
    """A command's end. What takes more memory than it may gets a MemoryError; more time, and it is killed."""
    single = {"OPENBLAS_NUM_THREADS": "1", "COLUMNS": "200"}  # each thread takes addresses for a stack
    if file is not None:
        # Python 3.11 writes compiled modules without a look at how much was written, and reads them for ever.
        single["PYTHONDONTWRITEBYTECODE"] = "1"
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        errors="surrogateescape",
        timeout=10 * seconds,
        preexec_fn=partial(limit, memory, seconds, file),
        env={**os.environ, **single, **(env or {})},
        **options,
    )


def hadacast(*arguments, **options):
    """The end of a call of the command line."""
    return run(*PROGRAM, *map(str, arguments), **options)


def one_line(result, status=1) -> str:
    """The error of a call that ended as any failing one must: by its own status and with one line."""
    assert "Traceback" not in result.stderr
    assert "a fault of hadacast" not in result.stderr
    lines = [line for line in result.stderr.splitlines() if line.startswith("hadacast: error: ")]
    assert (result.returncode, len(lines)) == (status, 1), result.stderr
    return lines[0]
