"""What a command says: tables or one JSON document on stdout, progress on stderr."""

import json
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

Rows = Iterable[Sequence[str]]

LOOK: dict[str, Any] = {
    "box": box.SIMPLE_HEAD,
    "title_justify": "left",
    "title_style": "bold",
    "header_style": "dim",
}


class Job:
    """One line of progress, for work that takes over two seconds."""

    def __init__(self, news: Callable[[str], None], count: Callable[[int, int], None]) -> None:
        self.news = news
        """Called with what is being done now."""
        self.count = count
        """Called with how much is done, and of how much."""


class Output:
    """The terminal of one run.

    Attributes
    ----------
    json: whether stdout carries one JSON document and nothing else. Tables then go to stderr.
    emitted: whether that document is out.
    """

    def __init__(self) -> None:
        self.json = False
        self.emitted = False
        # No markup: names and messages of users may hold brackets.
        plain: dict[str, Any] = {"markup": False, "emoji": False, "highlight": False}
        self.err = Console(file=sys.stderr, **plain)
        self._out = Console(file=sys.stdout, **plain)

    @property
    def out(self) -> Console:
        """Where tables go."""
        return self.err if self.json else self._out

    def emit(self, command: str, document: dict[str, Any]) -> None:
        """Print the JSON document, if one was asked for; `command` names its schema."""
        if self.json:
            print(dumps({"schema": f"hadacast.{command}/1", **document}))
            self.emitted = True

    def table(self, title: str, heads: Sequence[str], rows: Rows, *, right: Iterable[int] = ()) -> None:
        """Print a table; `right` are the columns of numbers."""
        table = Table(title=title, **LOOK)
        for index, head in enumerate(heads):
            number = index in tuple(right)
            table.add_column(head, justify="right" if number else "left", overflow="fold", no_wrap=number)
        for row in rows:
            table.add_row(*row)
        self.out.print(table)

    def facts(self, title: str, rows: Rows) -> None:
        """Print a table of names and values."""
        table = Table(title=title, show_header=False, **LOOK)
        table.add_column(style="cyan", no_wrap=True)
        table.add_column(overflow="fold")
        for name, value in rows:
            table.add_row(name, value)
        self.out.print(table)

    def command(self, what: str, text: str) -> None:
        """Print a command for people to copy: one line, however long."""
        self.out.print(f" {what}:  {text}", soft_wrap=True)

    def note(self, text: str) -> None:
        """A line for people, on stderr."""
        self.err.print(text, soft_wrap=True)

    @contextmanager
    def job(self, what: str) -> Iterator[Job]:
        """Show that something is going on; off a terminal, one plain line for each piece of news."""
        if not self.err.is_terminal:
            self.note(what)
            yield Job(self.note, lambda done, total: None)
            return
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.percentage:>3.0f}%", markup=False),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self.err, transient=True) as progress:
            task = progress.add_task(what, total=None)
            yield Job(
                lambda text: progress.update(task, description=text, total=None),
                lambda done, total: progress.update(task, completed=done, total=total),
            )


def dumps(document: Any) -> str:
    """JSON text; a number that JSON doesn't know becomes null."""
    return json.dumps(_finite(document), indent=2, ensure_ascii=False, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
