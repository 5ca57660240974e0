"""A board's bitstream, with tools from pip only."""

import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hadacast import checks
from hadacast.boards.board import Board
from hadacast.boards.uart_top import BoardTop
from hadacast.errors import HadacastError
from hadacast.spec.pipeline import Pipeline
from hadacast.synth.devices import FLOWS
from hadacast.tools import gowin, nextpnr, process, yosys
from hadacast.tools.mend import mend_file

TOP = "top"
REPORT = f"{TOP}.report.json"  # nextpnr's
PNR_LOG = f"{TOP}.tim"  # as amaranth-boards calls it

# What Amaranth calls a tool, and what it is now.
SUCCESSORS = {"nextpnr-gowin": "nextpnr-himbaechel-gowin"}

Utilization = dict[str, dict[str, int]]

DOING = {"yosys": "synthesizing", "icepack": "packing", "ecppack": "packing", "gowin_pack": "packing"}


@dataclass(frozen=True, kw_only=True)
class BoardResult:
    """A bitstream, and what it took.

    Attributes
    ----------
    spec, board: names.
    bitstream: the file to load. bytes: its length. sha256: in hex.
    load: the command that loads it.
    utilization: used and available sites by nextpnr's kind, as far as it states them.
    clock: the board's, in MHz. fmax: the highest that timing allows, in MHz.
    caveat: what a reader of fmax must know, empty for most.
    seed: the placer's.
    tools: versions.
    seconds: how long each tool took.
    """

    spec: str
    board: str
    bitstream: Path
    bytes: int
    sha256: str
    load: str
    utilization: Utilization
    clock: float
    fmax: float
    caveat: str
    seed: int
    tools: dict[str, str]
    seconds: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """What JSON can hold."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__} | {
            "bitstream": str(self.bitstream)
        }


def build_bitstream(
    spec: Pipeline,
    board: Board,
    workdir: Path,
    *,
    progress: process.Progress = process.silent,
    seed: int = 1,
    timeout: float | None = None,
) -> BoardResult:
    """Build the bitstream of a core behind a board's UART.

    Args:
        spec: the core. board: from `hadacast.boards`.
        workdir: made if missing; keeps the bitstream (`<name>_<board>` with the family's suffix), the
            netlist, the logs and nextpnr's report.
        progress: told one line at each step.
        seed: the placer's; another one may meet timing where one doesn't.
        timeout: seconds allowed to each tool call.

    Raises:
        HadacastError: a bad argument, a missing or failing tool, a core that doesn't fit (with what
            it needs), or timing that isn't met (with the clock it reached).
    """
    checks.integer("seed", seed, 0, 1 << 31)
    workdir = Path(workdir)
    commands, clock = _prepare(spec, board, workdir, seed)
    tools: dict[str, str] = {}
    seconds: dict[str, float] = {}
    for command in commands:
        tool = SUCCESSORS.get(command[0], command[0])
        if not tool.endswith("pack") or tool == "gowin_pack":  # the others come with their nextpnr
            tools[tool] = yosys.version() if tool == "yosys" else process.version(tool, progress)
        progress(f"{DOING.get(tool, 'placing and routing')} {spec.name} for {board.name}")
        began = time.monotonic()
        _run(tool, command, board, workdir, timeout)
        seconds[tool] = round(time.monotonic() - began, 1)
        if tool.startswith("nextpnr"):
            utilization, fmax = _check(spec, board, workdir, clock)
    product = workdir / f"{TOP}{board.suffix}"
    bitstream = product.replace(workdir / f"{spec.name}_{board.name}{board.suffix}")
    data = bitstream.read_bytes()
    return BoardResult(
        spec=spec.name,
        board=board.name,
        bitstream=bitstream,
        bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        load=board.load.format(file=bitstream),
        utilization=utilization,
        clock=clock,
        fmax=fmax,
        caveat=FLOWS[board.family].caveat,
        seed=seed,
        tools=tools,
        seconds=seconds,
    )


def _prepare(spec: Pipeline, board: Board, workdir: Path, seed: int) -> tuple[list[list[str]], float]:
    """Write what the tools read; return their command lines and the clock in MHz."""
    platform = board.make_platform()
    clock = platform.default_clk_frequency / 1e6
    options = f"--seed {seed} --report {REPORT} --timing-allow-fail {' '.join(nextpnr.PLACER)}"
    if board.family == "gowin":  # Amaranth hands the constraint on to the others only
        options += f" --freq {clock:g}"
    try:
        workdir.mkdir(parents=True, exist_ok=True)
        for stale in (REPORT, PNR_LOG, f"{TOP}{board.suffix}"):
            (workdir / stale).unlink(missing_ok=True)
        plan = platform.prepare(BoardTop(spec, board), TOP, nextpnr_opts=options, emit_src=False)
        for name, content in plan.files.items():
            (workdir / name).write_bytes(content.encode() if isinstance(content, str) else content)
    except OSError as error:
        raise HadacastError(f"can't write in workdir {str(workdir)!r}: {error.strerror}") from None
    # The plan is there as a shell script too; from here, each tool's failure has its own words.
    return json.loads(plan.files[f"{plan.script}.json"])["commands"], clock


def _run(tool: str, command: list[str], board: Board, workdir: Path, timeout: float | None) -> None:
    arguments = command[1:]
    if command[0] == "nextpnr-gowin":
        arguments = gowin.translate(arguments)
    if tool.startswith("nextpnr"):
        mend_file(workdir / arguments[arguments.index("--json") + 1], board.family)
    try:
        process.run(tool, *arguments, cwd=workdir, timeout=timeout)
    except HadacastError as error:
        full = nextpnr.lacking(workdir / PNR_LOG, str(error)) if tool.startswith("nextpnr") else ""
        if full:
            raise HadacastError(
                f"the core does not fit {board.title}: it needs {full} (log: {workdir / PNR_LOG})"
            ) from None
        raise error


def _check(spec: Pipeline, board: Board, workdir: Path, clock: float) -> tuple[Utilization, float]:
    """Utilization, and the clock that timing allows in MHz, from nextpnr's report."""
    report = json.loads((workdir / REPORT).read_text(encoding="utf-8"))
    utilization = {
        kind: {"used": count["used"], "available": count["available"]}
        for kind, count in report["utilization"].items()
        if 0 < count["used"] <= count["available"]  # Gowin's report has buffers without sites
    }
    reached = [float(figures["achieved"]) for figures in report["fmax"].values()]
    if not reached:
        raise HadacastError(f"nextpnr timed no clock of {spec.name} (log: {workdir / PNR_LOG})")
    fmax = round(min(reached), 2)
    if fmax < clock:
        used = ", ".join(f"{n['used']:,} of {n['available']:,} {kind}" for kind, n in utilization.items())
        raise HadacastError(
            f"timing isn't met: {spec.name} reaches {fmax:g} MHz of {board.title}'s {clock:g} MHz, using"
            f" {used}; try another seed, or registers = 2 in the recipe"
        )
    return utilization, fmax
