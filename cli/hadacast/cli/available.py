"""Whether the tools of a step are there, asked before the first slow step."""

from hadacast.boards.board import Board
from hadacast.errors import HadacastError
from hadacast.sim import SIMULATORS
from hadacast.synth.devices import Device
from hadacast.tools import environment, process, yosys


def simulator(name: str) -> None:
    """Raise HadacastError for an unknown simulator, and for one whose tools are missing."""
    if name not in SIMULATORS:
        raise HadacastError(f"no simulator {name!r}: it must be one of {', '.join(SIMULATORS)}")
    if name == "cxxrtl":
        from hadacast.sim import cxx

        cxx.compiler()
    elif name != "amaranth":
        from hadacast.sim import run_cocotb

        run_cocotb.available(name)


def why_not(name: str) -> str:
    """Why a simulator can't run here; empty if it can."""
    try:
        simulator(name)
    except HadacastError as error:
        return str(error)
    return ""


def device(chosen: Device) -> None:
    """Raise HadacastError if a tool that measures a core on this device is missing."""
    yosys.version()
    process.find(chosen.flow.nextpnr)


def board(chosen: Board) -> None:
    """Raise HadacastError if anything that makes a bitstream for this board is missing."""
    chosen.make_platform()
    environment.environment(chosen.family)
