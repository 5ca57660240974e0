"""What may go wrong, turned into one line and an exit status; no traceback reaches a user."""

import atexit
import json
import logging
import os
import shutil
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import click

from hadacast.cli.start import deaf, status_of
from hadacast.errors import HadacastError

ISSUES = "https://github.com/hadacast/hadacast/issues"
TRACEBACK = "HADACAST_TRACEBACK"

OK, FAILED, USAGE = 0, 1, 2


class GuardedGroup(click.Group):
    """A group of commands that ends with one line and a status, whatever happens.

    0: done. 1: `HadacastError`, or a fault of hadacast itself. 2: wrong usage. 130: Ctrl-C. 143: SIGTERM.
    129: SIGHUP. HADACAST_TRACEBACK=1 in the environment shows the traceback of a fault.
    """

    def main(self, args: Sequence[str] | None = None, *more: Any, **extra: Any) -> NoReturn:
        """Run, and exit."""
        extra["standalone_mode"] = False
        try:
            prepare()
            if args is None:  # the program itself, and not a call of it in another one
                _own_scratch()
            status = super().main(args, *more, **extra)
        except BaseException as error:
            status = explain(error)
        try:
            sys.stdout.flush()
        except OSError as error:  # full, or nobody reads it
            _close_quietly()
            status = explain(error)
        if args is None:
            deaf()
        sys.exit(status if isinstance(status, int) else OK)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; with --json, a failure is a document too."""
        try:
            return _environmental(super().invoke, ctx)
        except HadacastError as error:
            if ctx.obj.json and not ctx.obj.emitted:
                print(json.dumps({"schema": "hadacast.error/1", "ok": False, "error": line(error)}, indent=2))
            raise


def _environmental(function: Callable[..., Any], *args: Any) -> Any:
    """Call a function. What the system refuses, such as room on a disk, is no fault of hadacast."""
    try:
        return function(*args)
    except BrokenPipeError:
        raise
    except OSError as error:
        name = f" {error.filename!r}" if error.filename else ""
        raise HadacastError(f"the system refuses{name}: {error.strerror or error}") from error


def _own_scratch() -> None:
    """Have all temporary files, those of tools too, in one folder, which goes at the end in any case."""
    folder = _environmental(tempfile.mkdtemp, None, "hadacast-")
    # Registered first of all, so done last: after processes and threads that use it.
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    tempfile.tempdir = os.environ["TMPDIR"] = folder


def prepare() -> None:
    """Keep what libraries say off the terminal, and make any text printable on it."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by who started it
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    if not sys.warnoptions:
        # Amaranth's UnusedElaboratable, above all: components are made to read their ports.
        warnings.simplefilter("ignore")
    logging.getLogger("matplotlib").setLevel(logging.ERROR)


def explain(error: BaseException) -> int:
    """Say in one line what went wrong; return the exit status."""
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else FAILED
    if isinstance(error, (KeyboardInterrupt, click.Abort)):
        click.echo("hadacast: interrupted", err=True)
        # An Abort is what click makes of the other one.
        return status_of(error.__cause__ if isinstance(error, click.Abort) else error)
    if isinstance(error, BrokenPipeError):
        return _close_quietly()
    if isinstance(error, click.ClickException):
        help_ = ""
        if isinstance(error, click.UsageError) and error.ctx is not None:
            help_ = f" (see {error.ctx.command_path} --help)"
        say(error.format_message().rstrip(".") + help_)
        return error.exit_code
    if os.environ.get(TRACEBACK, "0") not in ("", "0"):
        traceback.print_exception(error)
    if isinstance(error, HadacastError):
        say(line(error))
    elif isinstance(error, OSError):
        say(f"can't write to standard output: {error.strerror or error}")
    elif isinstance(error, MemoryError):
        say("out of memory: take fewer frames (--frames, --rows) or a smaller recipe")
    else:
        say(
            f"a fault of hadacast, {type(error).__name__}: {line(error)}; please report it at {ISSUES}"
            f" ({TRACEBACK}=1 shows where)"
        )
    return FAILED


def say(text: str) -> None:
    """One error line on standard error."""
    click.echo(f"hadacast: error: {' '.join(text.split())}", err=True)


def line(error: BaseException) -> str:
    """An error's text as one printable line."""
    text = " ".join(str(error).split())
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def _close_quietly() -> int:
    # The reader left, as `head` does. What is still in the buffer has nowhere to go.
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, sys.stdout.fileno())
    return FAILED
