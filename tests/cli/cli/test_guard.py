"""Whatever happens: one line, the right status, no traceback, nothing else on the terminal."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from hadacast.cli import guard
from hadacast.cli.commands import show as show_command
from hadacast.errors import HadacastError

PROGRAM = [sys.executable, "-c", "from hadacast.cli.main import main; main()"]


def process(*arguments, **options):
    return subprocess.run([*PROGRAM, *arguments], capture_output=True, text=True, timeout=60, **options)


def test_version(hadacast):
    assert hadacast("--version").stdout.startswith("hadacast 0.")


@pytest.mark.parametrize(
    "command",
    [(), ("list",), ("show",), ("generate",), ("simulate",), ("synth",), ("explore",), ("build",), ("talk",)],
)
def test_help(hadacast, command):
    assert "Usage:" in hadacast(*command, "--help").stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("nosuch",),
        ("show",),
        ("show", "rotate128", "--nosuch"),
        ("show", "rotate128", "-n", "many"),
        ("simulate", "rotate128", "--frames", "0"),
        ("simulate", "rotate128", "--seed", "-1"),
        ("simulate", "rotate128", "--gaps", "often"),
        ("synth", "rotate128", "--device", "ecp5-85k", "--board", "ulx3s_85f"),
    ],
)
def test_wrong_usage_is_status_2(fails, arguments):
    assert "--help" in fails(*arguments, status=2)


def test_a_fault_of_hadacast_is_one_line(fails, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("a\nb\x1b[31m")

    monkeypatch.setattr(show_command, "_print", broken)
    text = fails("show", "rotate128")
    assert "ZeroDivisionError: a b\\x1b[31m" in text
    assert "report" in text


def test_traceback_on_request(here):
    code = (
        "from hadacast.cli.commands import show\n"
        "from hadacast.cli.main import main\n"
        "show._print = None\n"
        "main(['show', 'rotate128'])"
    )
    environment = {**os.environ, "HADACAST_TRACEBACK": "1"}
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert result.returncode == 1
    assert "Traceback" in result.stderr
    assert "hadacast: error: a fault of hadacast, TypeError" in result.stderr


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (HadacastError("x"), 1),
        (MemoryError(), 1),
        (RecursionError("deep"), 1),
        (KeyboardInterrupt(), 130),
        (SystemExit(3), 3),
    ],
)
def test_status_of_errors(error, status, capsys):
    assert guard.explain(error) == status
    assert len(capsys.readouterr().err.splitlines()) == (0 if isinstance(error, SystemExit) else 1)


def test_json_of_a_failure(hadacast):
    outcome = hadacast("show", "nosuch", "--json", status=1)
    assert outcome.document["ok"] is False
    assert outcome.document["error"] == outcome.error


def test_no_warning_reaches_the_user(here):
    result = process("show", "small.toml")
    assert result.returncode == 0
    assert result.stderr == ""
    result = process("generate", "small.toml", "--json")
    assert json.loads(result.stdout)["module"] == "hadacast_small"
    assert result.stderr == "generating Verilog of small\n"


def test_a_reader_that_leaves(here):
    command = f"{' '.join(map(repr, PROGRAM))} list | true; echo ${{PIPESTATUS[0]}}"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
    assert result.stderr == ""
    assert int(result.stdout) in (0, 1)


def test_a_terminal_that_knows_only_ascii(here):
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    result = process("list", env=environment)
    assert result.returncode == 0
    assert "96 ? 1536" in result.stdout


def test_ctrl_c(here):
    arguments = ["simulate", "rotate128", "--out", "y.npy", "--waves", "w.vcd"]
    (here / "y.npy").write_text("good")
    running = subprocess.Popen(
        [*PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert running.stderr is not None
    assert "simulating" in running.stderr.readline()
    time.sleep(1)
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=30)
    assert running.returncode == 130
    assert errors.strip() == "hadacast: interrupted"  # click ends the line of the ^C first
    assert sorted(path.name for path in here.iterdir()) == ["small.toml", "y.npy"]
    assert (here / "y.npy").read_text() == "good"
