"""The developers' bench of `sim/tb` on the core's Verilog, held against the exact result."""

from pathlib import Path

import numpy as np
import pytest

from hadacast.core.top import AxiTop
from hadacast.core.verilog import module_name, to_verilog
from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.sim import Stimulus, compare, run_cocotb
from hadacast.sim.cycle import Job
from hadacast.spec.fwht import Fwht
from hadacast.spec.pipeline import Pipeline

TB = Path(__file__).parents[3] / "sim" / "tb"


@pytest.mark.parametrize("seed", [1, 2])
def test_random_timing(monkeypatch, seed):
    try:
        run_cocotb.available("icarus")
    except HadacastError as error:
        pytest.skip(str(error))
    monkeypatch.setenv("PYTHONPATH", str(TB))
    monkeypatch.setenv("COCOTB_RANDOM_SEED", str(seed))
    top = AxiTop(Pipeline(name="bench", stages=(Fwht(frame=16, lanes=4, input=Format(width=10)),)))
    x = np.random.default_rng(seed).integers(-512, 512, (60, 16))
    sent = Stimulus.frames(x, 4).resize({5: -1, 6: 1, 20: 3})
    text, job = to_verilog(top), Job.of(top, sent)
    record = run_cocotb.run_verilog("icarus", text, module_name(top.spec), job, bench="axi_stream_tb")
    result = compare(top.spec, sent, record.trace(top, "icarus"))
    assert result.ok, result.problems
    assert (result.frames, result.dropped, result.samples) == (57, 3, 57 * 16)
