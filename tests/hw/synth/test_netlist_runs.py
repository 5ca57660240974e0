"""The netlist that place and route gets still does what the spec says: the same bench, on gates.

The cells are Yosys's own models, written out with the netlist as plain Verilog. ECP5's block RAM has none.
"""

from pathlib import Path

import pytest
from hw.core.campaign import Config, stimulus
from hw.netlists import for_models

from hadacast.core.top import AxiTop
from hadacast.core.verilog import module_name, to_verilog
from hadacast.errors import HadacastError
from hadacast.sim import run_cocotb
from hadacast.sim.cycle import Job
from hadacast.sim.scoreboard import compare
from hadacast.tools import yosys
from hadacast.tools.mend import mend_file

SYNTHESIS = {"ice40": "synth_ice40 -abc9 -device hx", "ecp5": "synth_ecp5", "gowin": "synth_gowin"}
MODELS = {
    "ice40": "read_verilog -defer -D NO_ICE40_DEFAULT_ASSIGNMENTS -D ICE40_HX +/ice40/cells_sim.v",
    "ecp5": "read_verilog -defer -D NO_INCLUDES +/lattice/common_sim.vh +/lattice/ccu2c_sim.vh;"
    " read_verilog -defer -D NO_INCLUDES -nooverwrite +/lattice/cells_sim_ecp5.v",
    "gowin": "read_verilog -defer +/gowin/cells_sim.v",
}


def gates(spec, family: str, folder: Path) -> str:
    """The netlist of a core, mended as for place and route, its cells' models inlined, as Verilog."""
    name = module_name(spec)
    (folder / "core.v").write_text(to_verilog(AxiTop(spec), family))
    yosys.run(f"read_verilog core.v\n{SYNTHESIS[family]} -top {name} -json core.json", cwd=folder)
    mend_file(folder / "core.json", family)
    for_models(folder / "core.json", name)
    yosys.run(
        f"""
        read_json core.json
        {MODELS[family]}
        hierarchy -top {name}
        proc
        flatten
        opt_clean
        write_verilog -noattr gates.v
        """,
        cwd=folder,
    )
    return (folder / "gates.v").read_text()


@pytest.mark.long
@pytest.mark.parametrize(
    ("family", "config"),
    [
        ("ice40", Config(16, 4, 8)),
        ("ice40", Config(64, 1, 8, storage="bram")),
        ("ecp5", Config(64, 4, 16)),
        ("ecp5", Config(64, 1, 8, storage="lutram", registers=2, span=2)),
        ("gowin", Config(32, 2, 8, storage="lutram")),
    ],
    ids=str,
)
def test_gates_equal_the_spec(tmp_path, family, config):
    try:
        run_cocotb.available("icarus")
    except HadacastError as missing:
        pytest.skip(str(missing))
    spec = config.pipeline
    sent = stimulus(spec, 2000, seed=3)
    top = AxiTop(spec)
    record = run_cocotb.run_verilog(
        "icarus", gates(spec, family, tmp_path), module_name(spec), Job.of(top, sent)
    )
    result = compare(spec, sent, record.trace(top, "icarus"))
    assert result.ok, result.problems
