"""The command line, called as a user would, in an empty folder."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from hadacast.cli.main import main

SMALL = """
[stream]
frame = 8
lanes = 2

[input]
width = 6
fraction = 2

[[stage]]
kind = "fwht"

[[stage]]
kind = "cast"
"""


@dataclass(frozen=True)
class Outcome:
    """How a call ended."""

    status: int
    stdout: str
    stderr: str

    @property
    def document(self) -> Any:
        """Stdout, which holds one JSON document and nothing else."""
        return json.loads(self.stdout)

    @property
    def error(self) -> str:
        """The one line that says what went wrong."""
        lines = [line for line in self.stderr.splitlines() if line.startswith("hadacast: error: ")]
        assert len(lines) == 1, self.stderr
        return lines[0].removeprefix("hadacast: error: ")


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """An empty working folder with a recipe `small.toml` of N = 8, P = 2, 6-bit input."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "small.toml").write_text(SMALL)
    return tmp_path


@pytest.fixture
def hadacast(here):
    """Calls the command line; no call may show a traceback."""

    def call(*arguments: object, status: int = 0) -> Outcome:
        result = CliRunner().invoke(main, [str(argument) for argument in arguments])
        outcome = Outcome(result.exit_code, result.stdout, result.stderr)
        assert "Traceback" not in result.output
        assert outcome.status == status, result.output
        return outcome

    return call


@pytest.fixture
def fails(hadacast):
    """Calls the command line, which must end with one error line and status 1 (or another); returns it."""

    def call(*arguments: object, status: int = 1) -> str:
        outcome = hadacast(*arguments, status=status)
        assert outcome.stdout == ""
        return outcome.error

    return call


@pytest.fixture
def codes(here) -> np.ndarray:
    """Codes for `small.toml`, also in x.npy: shape (3, 16), 6 frames."""
    array = np.random.default_rng(5).integers(-32, 31, (3, 16), endpoint=True)
    np.save(here / "x.npy", array)
    return array
