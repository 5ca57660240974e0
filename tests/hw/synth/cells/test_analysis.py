"""Timing and power of small netlists by hand, and timing against OpenSTA where that is installed."""

import re
import shutil
import subprocess

import pytest
from hw.synth.cells.tiny import LIBRARY as TINY
from hw.synth.cells.tiny import PATH

from hadacast.errors import HadacastError
from hadacast.synth.cells import liberty, libraries
from hadacast.synth.cells.analysis import Activity, Analysis
from hadacast.synth.cells.flat import Flat, Placed


def placed(kind, **pins):
    return Placed(kind=kind, pins=pins, stage="x", storage=False)


def flat(*cells, ports, nets):
    return Flat(name="t", cells=cells, ports={"aclk": ("input", (0,)), **ports}, nets=nets)


# a -> register -> inverter -> register -> y
CHAIN = flat(
    placed("DFF", CK=0, D=1, Q=2),
    placed("INV", A=2, Y=3),
    placed("DFF", CK=0, D=3, Q=4),
    ports={"a": ("input", (1,)), "y": ("output", (4,))},
    nets=5,
)


def test_the_slowest_path_between_registers_is_the_sum_of_its_tables():
    # Clock to Q 0.2 ns + 1 ns/pF * 0.01 pF, inverter 0.05 + 0.01, setup 0.1.
    timing = Analysis(CHAIN, TINY).timing()
    assert timing.inner_ns == pytest.approx(0.21 + 0.06 + 0.1)
    assert (timing.start, timing.end) == (0, 2)
    # The output's register drives four buffers' inputs: less than the path above.
    assert timing.all_ns == pytest.approx(timing.inner_ns)


def test_paths_at_the_ports_are_told_from_those_between_registers():
    # a and y with five inverters between them, one register aside.
    cells = [placed("INV", A=net, Y=net + 1) for net in range(1, 6)]
    netlist = flat(
        *cells,
        placed("DFF", CK=0, D=1, Q=7),
        ports={"a": ("input", (1,)), "y": ("output", (6,)), "z": ("output", (7,))},
        nets=8,
    )
    timing = Analysis(netlist, TINY).timing()
    assert (timing.inner_ns, timing.start, timing.end) == (0, None, None)
    assert timing.all_ns == pytest.approx(4 * 0.06 + (0.05 + 0.04))


def test_power_is_half_c_v_squared_for_each_transition_and_the_energies_of_the_tables():
    activity = {net: Activity(toggles=t, ones=0.5) for net, t in {1: 1.0, 2: 0.25, 3: 0.25, 4: 0.5}.items()}
    first, inverter, last = Analysis(CHAIN, TINY).powers(activity, clock=100)
    # The tiny library's register takes 0.5 pJ for each rise of its clock, its gates 0.02 pJ a transition.
    assert first.internal == pytest.approx(0.5e-12 * 100e6)
    assert inverter.internal == pytest.approx(0.25 * 0.02e-12 * 100e6)
    assert first.switching == pytest.approx(0.5 * 0.01e-12 * 2.0**2 * 0.25 * 100e6)
    assert last.switching == pytest.approx(0.5 * 4 * 0.01e-12 * 2.0**2 * 0.5 * 100e6)
    assert [p.leakage for p in (first, inverter, last)] == pytest.approx([1e-9] * 3)


def test_a_resting_netlist_takes_the_clock_s_energy_alone():
    first, inverter, last = Analysis(CHAIN, TINY).powers({}, clock=50)
    assert inverter.internal == inverter.switching == first.switching == last.switching == 0
    assert first.internal == last.internal == pytest.approx(0.5e-12 * 50e6)


def test_a_loop_without_a_register_is_refused():
    loop = flat(placed("INV", A=1, Y=2), placed("INV", A=2, Y=1), ports={}, nets=3)
    with pytest.raises(HadacastError, match="2 cells are in a loop"):
        Analysis(loop, TINY)


def test_the_netlist_as_verilog():
    text = CHAIN.verilog()
    assert "  INV c1 (.A(n2), .Y(n3));" in text
    assert "  assign y = n4;" in text
    assert "  assign n1 = a;" in text


def slack(text):
    return float(re.search(r"^\s*(-?[\d.]+)\s+slack", text, re.MULTILINE)[1])


@pytest.mark.skipif(not shutil.which("sta"), reason="OpenSTA isn't installed")
@pytest.mark.parametrize("library", ["tiny", "osu018"])
def test_timing_is_opensta_s(library, tmp_path):
    """A carry chain of NAND gates and inverters between registers, with fan-out and reconvergence."""
    if library == "tiny":
        path, names = PATH, ("DFF", "CK", "NAND2", "INV")
    else:
        path = libraries.LIBRARIES[library].path
        names = ("DFFPOSX1", "CLK", "NAND2X1", "INVX1")
        if not path.is_file():
            pytest.skip(f"{library} isn't installed")
    flop, clock, nand, inverter = names
    cells, net = [], 2
    cells.append(placed(flop, **{clock: 0, "D": 1, "Q": 2}))
    for _ in range(12):
        cells.append(placed(nand, A=net, B=2, Y=net + 1))
        cells.append(placed(inverter, A=net + 1, Y=net + 2))
        net += 2
    cells.append(placed(flop, **{clock: 0, "D": net, "Q": net + 1}))
    netlist = flat(*cells, ports={"a": ("input", (1,)), "y": ("output", (net + 1,))}, nets=net + 2)
    (tmp_path / "t.v").write_text(netlist.verilog())
    script = [
        f"read_liberty {{{path}}}",
        "read_verilog t.v",
        "link_design t",
        "create_clock -name clock -period 100 [get_ports aclk]",
        "report_checks -path_delay max -from [all_registers -clock_pins] -to [all_registers -data_pins]"
        " -digits 6",
    ]
    (tmp_path / "t.tcl").write_text("\n".join(script))
    command = ["sta", "-no_init", "-no_splash", "-exit", "t.tcl"]
    text = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
    ).stdout
    timing = Analysis(netlist, liberty.read(path)).timing()
    # OpenSTA takes a pin's capacitance for rising and falling nets apart.
    assert timing.inner_ns == pytest.approx(100 - slack(text), rel=0.01)
