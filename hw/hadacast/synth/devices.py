"""The FPGAs a core can be measured on."""

from collections.abc import Mapping
from dataclasses import dataclass

from hadacast.errors import HadacastError


@dataclass(frozen=True, kw_only=True)
class Flow:
    """What every device of one family shares.

    Attributes:
        synth: Yosys's synthesis command, without `-top` and `-json`.
        abc9: the option that turns on delay-aware mapping, or empty where it is always on.
        nextpnr: the place-and-route tool.
        flipflop, data, clock: the plain flip-flop's cell type and the names of its D and clock pins.
        parameters: the flip-flop's parameters.
        sites: how many sites that hold one 4-input LUT each a placed cell of a kind takes.
        estimate: the same of a cell before it is placed, by Yosys's kinds.
        drivers: kinds of which a flip-flop takes the output inside its site, where it has no other way in;
            () where it has one.
        caveat: what a reader of the clock must know, empty for most.
    """

    synth: str
    abc9: str
    nextpnr: str
    flipflop: str
    data: str
    clock: str
    parameters: Mapping[str, str]
    sites: Mapping[str, int]
    estimate: Mapping[str, int]
    drivers: tuple[str, ...]
    caveat: str = ""


FLOWS: Mapping[str, Flow] = {
    "ecp5": Flow(
        synth="synth_ecp5",
        abc9="-abc9",
        nextpnr="nextpnr-ecp5",
        flipflop="TRELLIS_FF",
        data="DI",
        clock="CLK",
        parameters={"CEMUX": "1 ", "CLKMUX": "CLK", "GSR": "DISABLED", "LSRMUX": "LSR", "REGSET": "RESET"},
        sites={"TRELLIS_COMB": 1},
        # A CCU2C is two halves; four bits of LUT RAM are four LUTs, and two through which they are written.
        estimate={"LUT4": 1, "CCU2C": 2, "TRELLIS_DPR16X4": 6},
        drivers=(),
    ),
    "ice40": Flow(
        synth="synth_ice40",
        abc9="-abc9",
        nextpnr="nextpnr-ice40",
        flipflop="SB_DFF",
        data="D",
        clock="C",
        parameters={},
        sites={"ICESTORM_LC": 1},
        estimate={"SB_LUT4": 1},
        drivers=("SB_LUT4",),
    ),
    "gowin": Flow(
        synth="synth_gowin -noiopads",
        abc9="",
        nextpnr="nextpnr-himbaechel-gowin",
        flipflop="DFF",
        data="D",
        clock="CLK",
        parameters={"INIT": "0"},
        sites={"LUT4": 1, "ALU": 1, "RAM16SDP4": 4},
        estimate={"LUT1": 1, "LUT2": 1, "LUT3": 1, "LUT4": 1, "ALU": 1, "RAM16SDP4": 4},
        drivers=("LUT1", "LUT2", "LUT3", "LUT4", "ALU"),
        # Those LUTs are made after placement, when nextpnr has already looked up the delays.
        caveat="the clock is an upper bound: nextpnr doesn't time paths that reach a flip-flop through "
        "a pass-through LUT, as from a multiplexer, a memory or another flip-flop",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Device:
    """One FPGA, package and speed grade.

    Attributes:
        name: what the user types.
        title: the part's name in the maker's words.
        family: `ecp5`, `ice40` or `gowin`.
        package, speed: as the maker writes them; speed is empty where the family has one grade.
        freq: the clock asked of place and route in MHz, beyond reach so that it keeps trying.
        synth: family options for Yosys, such as iCE40's `-device hx`.
        nextpnr: arguments that select the part.
    """

    name: str
    title: str
    family: str
    package: str
    speed: str
    freq: float
    synth: str = ""
    nextpnr: tuple[str, ...]

    @property
    def flow(self) -> Flow:
        """What the device shares with its family."""
        return FLOWS[self.family]


def _ecp5(size: str, title: str, package: str) -> Device:
    # Out of context: no pins, no clock network; the core alone, as it would be inside a larger chip.
    part = (f"--{size}", "--package", package, "--speed", "6", "--out-of-context")
    return Device(
        name=f"ecp5-{size}", title=title, family="ecp5", package=package, speed="6", freq=400, nextpnr=part
    )


def _ice40(option: str, name: str, title: str, package: str, kind: str, freq: float) -> Device:
    return Device(
        name=name,
        title=title,
        family="ice40",
        package=package,
        speed="",
        freq=freq,
        synth=f"-device {kind}",
        nextpnr=(f"--{option}", "--package", package),
    )


DEVICES: Mapping[str, Device] = {
    device.name: device
    for device in (
        _ecp5("85k", "LFE5U-85F", "CABGA756"),
        _ecp5("45k", "LFE5U-45F", "CABGA554"),
        _ecp5("25k", "LFE5U-25F", "CABGA381"),
        _ice40("hx8k", "ice40-hx8k", "iCE40HX8K", "ct256", "hx", 300),
        _ice40("up5k", "ice40-up5k", "iCE40UP5K", "sg48", "u", 100),
        Device(
            name="gw1nr-9c",
            title="GW1NR-LV9QN88PC6/I5 (Tang Nano 9K)",
            family="gowin",
            package="QN88P",
            speed="C6/I5",
            freq=300,
            nextpnr=("--device", "GW1NR-LV9QN88PC6/I5", "--vopt", "family=GW1N-9C"),
        ),
    )
}


def device(name: str) -> Device:
    """Return a device by name.

    Raises:
        HadacastError: no such device; the text lists those there are.
    """
    try:
        return DEVICES[name]
    except KeyError:
        raise HadacastError(f"unknown device {name!r}: one of {', '.join(DEVICES)}") from None
