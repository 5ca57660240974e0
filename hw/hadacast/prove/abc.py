"""ABC, which comes with pyosys, asked whether the output of a sequential circuit can ever be 1."""

import subprocess
import tempfile
from importlib import resources
from pathlib import Path

from hadacast.errors import HadacastError
from hadacast.tools import running

PROVED, REFUTED, OPEN = "proved", "refuted", "open"


def program() -> Path:
    """Where `yosys-abc` is. Raises HadacastError where it isn't."""
    path = Path(str(resources.files("pyosys")), "yosys-abc")
    if not path.is_file():
        raise HadacastError("yosys-abc is missing beside pyosys: pip install pyosys")
    return path


def run(commands: str, folder: Path, timeout: float) -> str:
    """What abc says to some commands, ended after `timeout` seconds; it may crash, and then has said less."""
    process = subprocess.Popen(
        [str(program()), "-c", commands],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )
    with running.noted(process):
        try:
            text, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            running.kill(process)
            text, _ = process.communicate()
    return text


def prove(aiger: bytes, timeout: float) -> str:
    """PROVED if the output of a binary AIGER circuit is never 1 from its first state on, REFUTED if it can
    be, OPEN where about `timeout` seconds didn't tell."""
    if aiger == b"aig 0 0 0 1 0\n0\n":
        return PROVED  # nothing is left of it
    seconds = max(1, round(timeout))
    with tempfile.TemporaryDirectory(prefix="hadacast-abc-") as folder:
        work = Path(folder)
        (work / "a.aig").write_bytes(aiger)
        search = f"bmc3 -F 100 -T {max(1, seconds // 6)}"
        script = f"read_aiger a.aig; strash; scorr; write_aiger b.aig; {search}; pdr -T {seconds}"
        text = run(script, work, 2 * seconds + 2)
        # Where nothing is left, the other proofs have nothing to say.
        merged = (work / "b.aig").read_bytes().split(b"\n") if (work / "b.aig").exists() else []
        if merged and merged[0].split()[3:] == [b"0", b"1", b"0"] and merged[1] == b"0":
            return PROVED
    # Its status is no help: it crashes while it writes some counterexamples, behind its verdict.
    if "was asserted in frame" in text:
        return REFUTED
    said = ("Property proved", "Networks are equivalent", "Explored all reachable states")
    return PROVED if any(words in text for words in said) else OPEN
