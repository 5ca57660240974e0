"""The lone adder, as synthesis sees it."""

import pytest

from hadacast.bench import adder
from hadacast.synth.devices import device
from hadacast.synth.mapping import map_core


@pytest.mark.parametrize(("name", "width", "carry"), [("ecp5-85k", 20, 10), ("ice40-hx8k", 12, 11)])
def test_it_is_an_adder_between_registers(name, width, carry, tmp_path):
    core = map_core(adder.verilog(width), top=adder.TOP, device=device(name), workdir=tmp_path)
    assert core.roles["ff"] == 3 * width
    assert core.roles["carry"] == pytest.approx(carry, abs=2)
    # ECP5's carry cells hold the LUTs, iCE40's don't.
    assert core.roles["lut"] <= (0 if name.startswith("ecp5") else width)
