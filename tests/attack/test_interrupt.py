"""Ctrl-C at any moment, tools that are killed, two runs at once: one line, nothing left behind or lost."""

import os
import random
import shlex
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from attack import limits
from processes import alive

from hadacast.cli import files
from hadacast.errors import HadacastError
from hadacast.tools import process, running, yosys

# Says that it is up: from there on, hadacast's own code runs.
PROGRAM = (
    "import sys; sys.stderr.write('up\\n'); sys.stderr.flush(); from hadacast.cli.main import main; main()"
)
GOOD = "what was there before"

COMMANDS = {
    "generate": ("generate", "int4_token128", "-o", "good"),
    "simulate": ("simulate", "rotate128", "--out", "good", "--waves", "w.vcd"),
    "evaluate": ("evaluate", "int4_token128", "mxfp4_32", "--data", "random", "--out", "good.html", "--rtl"),
    "bench": ("bench", "--no-place", "--only", "n256", "--fresh", "--record", "history"),
    "explore": ("explore", "small.toml", "--axis", "input.width=2..9", "--no-synth", "--data", "random"),
    "synth": ("synth", "small.toml", "--device", "ecp5-25k", "--fresh", "--out", "made"),
    "build": ("build", "small.toml", "--board", "icebreaker", "--seeds", "1", "--out", "made"),
    "prove": ("prove", "skid", "queue", "--jobs", "2", "--json"),
    "soak": ("soak", "rotate128", "--samples", "1e7", "--jobs", "2", "--folder", "done"),
}
SOON = {"generate": 3, "simulate": 4, "evaluate": 6, "bench": 6, "explore": 8, "synth": 8}  # seconds
SOON |= {"build": 40, "prove": 6, "soak": 12}


def children(parent: int) -> list[int]:
    """Processes that have this one as their parent."""
    text = subprocess.run(["ps", "-o", "pid=", "--ppid", str(parent)], capture_output=True, text=True).stdout
    return [int(word) for word in text.split()]


def interrupted(here, name: str, after: float, how: signal.Signals = signal.SIGINT) -> int:
    """Send a command a signal so many seconds after it is up; its status."""
    (here / "good").write_text(GOOD)
    (here / "good.html").unlink(missing_ok=True)  # of a run that was done before its Ctrl-C
    (here / "tmp").mkdir(exist_ok=True)
    environment = {**os.environ, "TMPDIR": str(here / "tmp"), "COLUMNS": "200"}
    command = [sys.executable, "-c", PROGRAM, *COMMANDS[name]]
    run = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, cwd=here
    )
    assert run.stderr is not None
    assert run.stderr.readline() == "up\n"
    time.sleep(after)
    tools = children(run.pid)
    began = time.monotonic()
    run.send_signal(how)
    _, errors = run.communicate(timeout=60)
    assert "Traceback" not in errors, errors
    assert "fault of hadacast" not in errors, errors
    if run.returncode != 0:  # it may have been done
        assert run.returncode == 128 + how, errors
        assert errors.rstrip().endswith("hadacast: interrupted")
        assert errors.count("hadacast: interrupted") == 1
        assert name not in ("generate", "simulate") or (here / "good").read_text() == GOOD
        assert not (here / "good.html").exists()
    assert time.monotonic() - began < 30
    for _ in range(50):
        if not any(os.path.exists(f"/proc/{tool}") for tool in tools):
            break
        time.sleep(0.1)
    assert not any(os.path.exists(f"/proc/{tool}") for tool in tools)
    assert [path.name for path in here.rglob(".part*")] == []
    assert list((here / "tmp").iterdir()) == []
    return run.returncode


@pytest.mark.parametrize(("name", "after"), [("generate", 0.2), ("simulate", 2.5), ("bench", 4.0)])
def test_ctrl_c(here, name, after):
    interrupted(here, name, after)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP], ids=lambda how: how.name)
@pytest.mark.parametrize(("name", "after"), [("simulate", 1.5), ("bench", 3.0), ("prove", 2.0)])
def test_ended_by_another_signal(here, name, after, how):
    """As `kill`, `timeout` and a terminal that closes do."""
    interrupted(here, name, after, how)


def test_a_signal_that_is_ignored_stays_ignored(here):
    """As under nohup."""
    command = [sys.executable, "-c", PROGRAM, "list"]
    shell = "trap '' HUP; " + " ".join(shlex.quote(word) for word in command)
    run = subprocess.Popen(
        ["sh", "-c", shell],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert run.stderr is not None
    assert run.stderr.readline() == "up\n"
    os.killpg(run.pid, signal.SIGHUP)
    output, errors = run.communicate(timeout=60)
    assert (run.returncode, errors) == (0, "")
    assert "rotate128" in output


IN_A_DESTRUCTOR = """
import os, signal, time
import hadacast.cli.main

class Last:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.1)

try:
    Last()
    time.sleep(20)
except KeyboardInterrupt:
    print("heard")
"""


def test_ctrl_c_within_a_destructor():
    run = subprocess.run([sys.executable, "-c", IN_A_DESTRUCTOR], capture_output=True, text=True, timeout=60)
    assert (run.stdout, run.stderr) == ("heard\n", "")


@pytest.mark.long
@pytest.mark.parametrize("name", COMMANDS)
def test_ctrl_c_at_any_moment(here, name, hadacast):
    """At random moments, some by SIGTERM; then the same command, or its start, goes its way."""
    seeded = random.Random(name)
    found = []
    for _ in range(8):
        how = seeded.choice((signal.SIGINT, signal.SIGINT, signal.SIGTERM))
        found.append(interrupted(here, name, seeded.uniform(0.05, SOON[name]), how))
    assert set(found) - {0}
    if name == "explore":
        assert hadacast(*COMMANDS[name], "--json").document["failed"] == 0


# Tools that end in the middle.


@pytest.fixture
def tool(tmp_path, monkeypatch):
    """A function that makes nextpnr for ECP5 a shell script that states a version, and then does this."""

    def make(text: str) -> None:
        path = tmp_path / "tool"
        version = '[ "$1" = --version ] && { echo "x -- (Version nextpnr-0.0)"; exit 0; }'
        path.write_text(f"#!/bin/sh\n{version}\n{text}\n")
        path.chmod(0o755)
        monkeypatch.setenv("NEXTPNR_ECP5", str(path))

    return make


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("echo Info: placing; kill -KILL $$", "ended by SIGKILL"),
        ("echo Info: placing; kill -SEGV $$", "ended by SIGSEGV"),
        ("kill -TERM $$", "ended by SIGTERM"),
        ("exit 3", "failed with status 3"),
        ("head -c 100000 /dev/zero | tr '\\0' x; exit 1", "xxx"),
        ("printf '\\377\\376ERROR: bad\\033[31m'; exit 1", "bad"),
    ],
)
def test_a_tool_that_ends(tool, tmp_path, text, said):
    tool(text)
    with pytest.raises(HadacastError) as caught:
        process.run("nextpnr-ecp5", "x", cwd=tmp_path)
    assert said in str(caught.value)


@pytest.mark.long
def test_nothing_of_a_killed_tool_is_kept(fails, here, tool, monkeypatch):
    """Half a report is no report, and the next run measures again."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(here / "cache"))
    kills = "echo '{\"fmax\": {' > alone-seed1.report.json; kill -KILL $$"
    arguments = ("synth", "small.toml", "--device", "ecp5-25k", "--seeds", "1", "--no-ports")
    tool(kills)
    assert "nextpnr-ecp5: ended by SIGKILL" in fails(*arguments)
    tool("echo ERROR: asked again; exit 1")
    assert "asked again" in fails(*arguments)


def test_yosys_that_is_killed(tmp_path):
    """One line; its own child doesn't go on."""
    (tmp_path / "a.v").write_text(
        "module a(input [63:0] x, y, output [127:0] z); assign z = x * y; endmodule"
    )
    killed = []

    def kill():
        for _ in range(200):
            for run in list(running._running):
                killed.extend([run.pid, *children(run.pid)])
                if len(killed) > 1:
                    run.kill()
                    return
                killed.clear()
            time.sleep(0.05)

    thread = threading.Thread(target=kill)
    thread.start()
    with pytest.raises(HadacastError, match=r"^Yosys: ended without a message"):
        yosys.run("read_verilog a.v\n" + "synth -top a; design -reset; read_verilog a.v\n" * 50, cwd=tmp_path)
    thread.join()
    time.sleep(0.2)
    assert [pid for pid in killed if alive(pid)] == []


def test_a_compiler_that_is_killed(fails, here, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(here / "cache"))
    compiler = here / "compiler"
    compiler.write_text('#!/bin/sh\nfor last; do :; done\necho half > "$last"\nkill -KILL $$\n')
    compiler.chmod(0o755)
    monkeypatch.setenv("CXX", str(compiler))
    assert "failed on the simulator" in fails("simulate", "small.toml", "--simulator", "cxxrtl")
    assert not [path for path in (here / "cache").rglob("*") if path.is_file()]


# Two runs at once.


def test_a_folder_in_use(hadacast, fails, here, codes):
    """Whoever comes second is told so, and changes nothing; then the folder is free again."""
    explore = ("explore", "small.toml", "--axis", "input.width=8,9", "--no-synth", "--data", "random")
    synth = ("synth", "small.toml", "--board", "ulx3s_85f")
    with files.Staging("out") as staging:
        (staging.part / "file").write_text("mine")
        for command in (synth, explore):
            text = fails(*command, "--out", "out").replace(f"{here}/", "")
            assert "'out' is in use by another run" in text
        staging.publish()
    assert [path.name for path in (here / "out").iterdir() if path.is_file()] == ["file"]
    with files.Staging("out"):
        pass


def test_what_a_killed_run_left_goes(here):
    """Nobody is there whose it could be."""
    left = here / "out" / ".part-0123abcd-build"
    left.mkdir(parents=True)
    (left / "half").write_text("half")
    with files.Staging("out") as staging:
        assert not left.exists()
        (staging.part / "file").write_text("whole")
        staging.publish()
    assert [path.name for path in (here / "out").rglob("*")] == ["file"]


def test_a_run_that_is_killed_frees_its_folder(here):
    code = (
        "from hadacast.cli import files; import time\n"
        "with files.Staging('out') as staging:\n print('in', flush=True); time.sleep(60)"
    )
    run = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=here)
    assert run.stdout is not None
    assert run.stdout.readline() == "in\n"
    with pytest.raises(HadacastError, match="in use by another run"), files.Staging("out"):
        pass
    run.kill()
    run.communicate()
    with files.Staging("out"):
        assert len(list((here / "out").iterdir())) == 1


def test_writers_of_one_file(here):
    """The last one stays, whole."""
    contents = [str(number) * 100_000 for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda text: files.write(here / "file", text), contents * 5))
    assert (here / "file").read_text() in contents
    assert sorted(path.name for path in here.iterdir()) == ["file", "small.toml"]


@pytest.mark.long
def test_two_records_of_the_bench(here, hadacast, monkeypatch):
    """A run that ends while another one measures isn't lost."""
    from hadacast.bench.measure import Bench

    measure, inner = Bench.run, []

    def slow(self, points, *more):
        found = measure(self, points, *more)
        if not inner:
            inner.append(True)
            hadacast(*arguments, "--note", "inner")
        return found

    arguments = ("bench", "--no-place", "--family", "ice40", "--n", "4", "--lanes", "4", "--width", "4")
    arguments = (*arguments, "--fresh", "--record", "history")
    monkeypatch.setattr(Bench, "run", slow)
    hadacast(*arguments, "--note", "outer")
    lines = (here / "history").read_text().splitlines()
    assert ['"inner"' in line for line in lines] == [True, False]


def test_limits_hold(here):
    """The limits that these tests set are felt: a child can't take more than it is given."""
    ended = limits.run(sys.executable, "-c", "x = bytearray(3 << 30)")
    assert "MemoryError" in ended.stderr
