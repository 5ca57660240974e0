"""The C++ bench around Verilator's models sees what it sees around CXXRTL's, for ports of any width."""

import numpy as np
import pytest

from hadacast.core.top import AxiTop
from hadacast.core.verilog import module_name, to_verilog
from hadacast.errors import HadacastError
from hadacast.recipe import load
from hadacast.sim import compare, compiled, simulate, soak, verilated
from hadacast.sim.cycle import Job


@pytest.fixture(autouse=True)
def available():
    try:
        verilated.available()
    except HadacastError as missing:
        pytest.skip(str(missing))


def pipeline(frame, lanes, width):
    sizes = {"stream.frame": frame, "stream.lanes": lanes, "input.width": width}
    return load("rotate128", [f"{key}={value}" for key, value in sizes.items()]).pipeline


def loaded(spec, text):
    return compiled.load(verilated.build(text, module_name(spec), verilated.tied(spec)))


# Ports of 8 and 16 bits, of 24 and 32, of 64, and of more.
@pytest.mark.parametrize(("frame", "lanes", "width"), [(4, 1, 5), (8, 4, 12), (4, 2, 20)])
def test_the_same_as_cxxrtl(frame, lanes, width):
    spec = pipeline(frame, lanes, width)
    top = AxiTop(spec)
    sent = soak.stimulus(spec, soak.Plan(batch=1500), 3)
    right = simulate(top, sent, "cxxrtl")
    record = compiled.run(loaded(spec, to_verilog(AxiTop(spec))), Job.of(top, sent))
    found = record.trace(top, "verilator")
    for name in ("data", "last", "user", "cycle", "offer", "accept", "resets", "error_cycle"):
        np.testing.assert_array_equal(getattr(found, name), getattr(right, name), err_msg=name)
    assert compare(spec, sent, found).ok


def test_registers_wake_in_any_state_and_tables_stay():
    text = to_verilog(AxiTop(load("nvfp4_rht16", ["stream.lanes=2"]).pipeline))
    changed = verilated.without_initials(text)
    pairs = [pair for pair in zip(text.splitlines(), changed.splitlines(), strict=True) if pair[0] != pair[1]]
    assert len(pairs) > 100
    for before, after in pairs:
        assert after.lstrip().startswith("reg ")
        assert before.startswith(after[:-1] + " = ")
    assert not [line for line in changed.splitlines() if line.lstrip().startswith("reg ") and " = " in line]


def test_a_core_without_its_reset_is_caught():
    """What shows that the state is random, and that resets count: aresetn goes nowhere."""
    spec = pipeline(8, 2, 6)
    right = soak.verilog(spec)
    wrong = right.replace("~ aresetn", "1'h0")
    assert wrong != right
    plan = soak.Plan(batch=1500)
    assert soak.run(spec, plan, 0, loaded(spec, right)).problems == ()
    assert soak.run(spec, plan, 0, loaded(spec, wrong)).problems


def test_a_hung_core_is_a_problem():
    spec = pipeline(8, 2, 6)
    text = soak.verilog(spec)
    hung = text
    for before, after in (
        (".i__ready(s_axis_tready)", ".i__ready()"),
        ("\n  wire s_axis_tready;", "\n  wire s_axis_tready = 1'h0;"),
        (".i__valid(s_axis_tvalid)", ".i__valid(1'h0)"),
    ):
        assert hung.count(before) == 1
        hung = hung.replace(before, after)
    outcome = soak.run(spec, soak.Plan(batch=500), 0, loaded(spec, hung))
    assert outcome.samples == 0
    assert "s_axis_tready stays low" in outcome.problems[0]


def test_what_verilator_says_is_passed_on():
    spec = pipeline(8, 2, 6)
    with pytest.raises(HadacastError, match="verilator failed on the core: %Error"):
        loaded(spec, "module nothing; endmodul")


def test_a_library_that_cannot_be_loaded(tmp_path):
    (tmp_path / "x.so").write_text("nothing")
    with pytest.raises(HadacastError, match="can't load the compiled simulator"):
        compiled.load(tmp_path / "x.so")


def test_a_batch_is_made_of_its_number():
    spec = pipeline(8, 2, 6)
    plan = soak.Plan(batch=4000, seed=5)
    one, same, other = (soak.stimulus(spec, plan, number) for number in (4, 4, 5))
    for name in ("data", "last", "gap", "ready"):
        np.testing.assert_array_equal(getattr(one, name), getattr(same, name))
    assert one.resets == same.resets
    assert other.beats != one.beats or (other.data != one.data).any()
    assert one.resets[0] == one.gap[0] == 0
    assert one.data.min() == spec.input.min
    assert one.data.max() == spec.input.max
    assert 0.05 < (~one.ready).mean() < 0.7
    assert one.gap.mean() > 0.05


@pytest.mark.parametrize("rate", [0.0, 0.25, 0.7])
def test_rates(rate):
    spec = pipeline(8, 2, 6)
    sent = soak.stimulus(spec, soak.Plan(batch=100_000, gap_rate=rate, stall_rate=rate), 0)
    assert abs(sent.gap.sum() / (sent.gap.sum() + sent.beats) - rate) < 0.03
    assert abs((~sent.ready).mean() - rate) < 0.08


def test_frames_of_all_kinds():
    spec = pipeline(16, 4, 8)
    x = soak.frames(spec, 4000, np.random.default_rng(0))
    low, high = spec.input.min, spec.input.max
    assert x.min() == low
    assert x.max() == high
    extreme = ((x == low) | (x == high)).all(axis=1)
    assert 0.1 < extreme.mean() < 0.25
    assert ((x == low).all(axis=1)).any()
    assert ((x == high).all(axis=1)).any()
    assert ((x == 0).all(axis=1)).any()


def test_it_needs_a_compiler(monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(HadacastError, match="CXX is 'no-such-compiler'"):
        verilated.available()
