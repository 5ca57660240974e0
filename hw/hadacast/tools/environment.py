"""The environment variables that Amaranth's board flows find their tools by."""

import os
import shutil

from hadacast.errors import HadacastError
from hadacast.tools import gowin, yosys
from hadacast.tools.process import find, variable

FAMILIES: dict[str, tuple[str, ...]] = {
    "ice40": ("yosys", "nextpnr-ice40", "icepack"),
    "ecp5": ("yosys", "nextpnr-ecp5", "ecppack"),
    "gowin": ("yosys", "nextpnr-gowin", "gowin_pack"),
}
"""The tools Amaranth calls to build a bitstream, by FPGA family."""

# Some boards demand their programmer at build time, though only programming uses it.
_PROGRAMMERS = ("openFPGALoader", "dfu-suffix", "dfu-util")


def environment(family: str | None = None) -> dict[str, str]:
    """Return the variables to add to `os.environ` around a build, such as `YOSYS` and `ECPPACK`.

    A variable the user has set keeps its value, and so does a programmer found on PATH.

    Args:
        family: `ice40`, `ecp5` or `gowin`: all of its tools must be there. By default, the tools
            of every family that are installed.

    Raises:
        HadacastError: unknown family, or one of its tools is missing (with the installing command).
    """
    if family is not None and family not in FAMILIES:
        raise HadacastError(f"unknown FPGA family {family!r}: one of {', '.join(FAMILIES)}")
    yosys.version()
    result: dict[str, str] = {}
    for name in FAMILIES if family is None else (family,):
        for tool in FAMILIES[name]:
            try:
                result[variable(tool)] = _program(tool)
            except HadacastError:
                if family is not None:
                    raise
    for programmer in _PROGRAMMERS:
        chosen = os.environ.get(variable(programmer)) or shutil.which(programmer)
        result[variable(programmer)] = chosen or "true"
    return result


def _program(tool: str) -> str:
    if tool != "nextpnr-gowin":
        return find(tool)
    chosen = os.environ.get(variable(tool))
    if chosen:
        return chosen
    find("nextpnr-himbaechel-gowin")
    return gowin.shim()
