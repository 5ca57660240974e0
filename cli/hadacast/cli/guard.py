"""What may go wrong, turned into one line and an exit status; no traceback reaches a user."""

import errno
import json
import logging
import os
import sys
import traceback
import warnings
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from hadacast.errors import HadacastError

ISSUES = "https://github.com/hadacast/hadacast/issues"
TRACEBACK = "HADACAST_TRACEBACK"

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130


class GuardedGroup(click.Group):
    """A group of commands that ends with one line and a status, whatever happens.

    0: done. 1: `HadacastError`, or a fault of hadacast itself. 2: wrong usage. 130: Ctrl-C.
    HADACAST_TRACEBACK=1 in the environment shows the traceback of a fault.
    """

    def main(self, args: Sequence[str] | None = None, *more: Any, **extra: Any) -> NoReturn:
        """Run, and exit."""
        prepare()
        extra["standalone_mode"] = False
        try:
            try:
                status = super().main(args, *more, **extra)
            except BaseException as error:
                status = explain(error)
            sys.stdout.flush()
        except BrokenPipeError:
            status = _close_quietly()
        sys.exit(status if isinstance(status, int) else OK)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; with --json, a failure is a document too."""
        try:
            return super().invoke(ctx)
        except HadacastError as error:
            if ctx.obj.json and not ctx.obj.emitted:
                print(json.dumps({"schema": "hadacast.error/1", "ok": False, "error": line(error)}, indent=2))
            raise


def prepare() -> None:
    """Keep what libraries say off the terminal, and make any text printable on it."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
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
        return INTERRUPTED
    if isinstance(error, BrokenPipeError) or (isinstance(error, OSError) and error.errno == errno.EPIPE):
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
