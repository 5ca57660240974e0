"""Other tools read the Verilog: Icarus Verilog without a word, Verilator with a few harmless ones."""

import re
import shutil
import subprocess

import pytest
from hw.core.test_control import rotation

from hadacast import recipe
from hadacast.core.top import AxiTop
from hadacast.core.verilog import to_verilog


def load(name, *overrides):
    return recipe.load(name, overrides).pipeline


SPECS = {
    "transform": lambda: load("rotate128", "stream.frame=16", "stream.lanes=2"),
    "quantizer": lambda: load("int4_token128", "stream.frame=16", "stream.lanes=4", "input.width=8"),
    "settings": lambda: rotation(16, 4, 1),
}
LONG = {
    "copies": lambda: load("rotate128", "stream.frame=8", "stream.copies=2"),
    "range": lambda: load("kv_int2_g128"),
    "minifloats": lambda: load("nvfp4_rht16", "stream.lanes=4"),
    "exponents": lambda: load("mxfp4_32", "stream.lanes=4"),
}
CASES = [*SPECS.items(), *(pytest.param(*item, marks=pytest.mark.long) for item in LONG.items())]
NAMES = [*SPECS, *LONG]
# Sums as wide as their result; vectors of no bits; a choice whose bits are looked at in order; x >= 0.
HARMLESS = {"WIDTH", "LITENDIAN", "CASEOVERLAP", "UNSIGNED"}


def run(folder, *words):
    if shutil.which(words[0]) is None:
        pytest.skip(f"{words[0]} isn't installed")
    done = subprocess.run([*words, "core.v"], cwd=folder, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(("name", "spec"), CASES, ids=NAMES)
def test_icarus_verilog_reads_it_without_a_warning(name, spec, tmp_path):
    (tmp_path / "core.v").write_text(to_verilog(AxiTop(spec())))
    words = ("iverilog", "-g2001", "-Wall", "-Wno-timescale", "-o", "core.vvp")
    assert run(tmp_path, *words) == (0, "")
    # What a warning looks like is no guess: a port of another width is one.
    text = (tmp_path / "core.v").read_text()
    (tmp_path / "core.v").write_text(text + f"module t(input a); {module(text)} u(.aclk(2'b0)); endmodule\n")
    assert "warning" in run(tmp_path, *words)[1]


@pytest.mark.parametrize(("name", "spec"), CASES, ids=NAMES)
def test_verilator_reads_it(name, spec, tmp_path):
    (tmp_path / "core.v").write_text(to_verilog(AxiTop(spec())))
    status, said = run(tmp_path, "verilator", "--lint-only", "-Wno-fatal")
    assert status == 0
    assert set(re.findall(r"%Warning-(\w+)", said)) <= HARMLESS
    assert "%Error" not in said


def module(text):
    """The name of the core's module, the last one."""
    return re.findall(r"^module (hadacast_\w+)\(", text, re.MULTILINE)[-1]
