"""The benches must pass the right stand-in and catch every planted fault, written in Python and in C++."""

import numpy as np
import pytest
from sim.standin import FAULTS, AddOne, StandIn

from hadacast.errors import HadacastError
from hadacast.sim import Stimulus, compare, simulate

SPEC = AddOne()


def stimulus() -> Stimulus:
    """Gaps, stalls, short and long frames and a reset: everything a fault can show itself in."""
    x = np.random.default_rng(5).integers(SPEC.input.min, SPEC.input.max + 1, (60, SPEC.frame))
    x[0], x[1] = SPEC.input.min, SPEC.input.max
    sent = Stimulus.frames(x, SPEC.lanes, gap_rate=0.2, stall_rate=0.4, seed=3)
    # Frames 4 and 10 are short, 9 and 50 long, 20 swallows 21; the reset cuts a frame in two.
    return sent.lose_last([20]).resize({4: -1, 9: 2, 10: -3, 50: 1}).with_resets(124)


@pytest.mark.parametrize("simulator", ["amaranth", "cxxrtl"])
def test_right(simulator):
    result = compare(SPEC, stimulus(), simulate(StandIn(SPEC), stimulus(), simulator))
    assert result.ok, result.problems
    # 60 frames less the pair that became one long frame, four of a wrong length, and the one the reset cut,
    # whose rest is a short frame after the reset.
    assert (result.frames, result.dropped) == (53, 6)
    assert result.samples >= 40 * SPEC.frame  # the reset also swallows what was stored


@pytest.mark.parametrize("simulator", ["amaranth", "cxxrtl"])
@pytest.mark.parametrize("fault", FAULTS)
def test_caught(fault, simulator):
    if fault == "hangs":
        with pytest.raises(HadacastError, match="hung at cycle"):
            simulate(StandIn(SPEC, fault), stimulus(), simulator, timeout_cycles=200)
        return
    trace = simulate(StandIn(SPEC, fault), stimulus(), simulator)
    result = compare(SPEC, stimulus(), trace)
    assert not result.ok
    said = " ".join(result.problems)
    signs = {
        "wrong_value": "samples are wrong",
        "swaps": "samples are wrong",
        "bad_padding": "samples are wrong",
        "loses_tlast": "m_axis_tlast is 0, 1 is right",
        "early_tlast": "m_axis_tlast is 1, 0 is right",
        "loses_tuser": "m_axis_tuser is 0, 1 is right",
        "payload_changes": "changed while the beat was stalled",
        "tlast_changes": "changed while the beat was stalled",
        "valid_drops": "fell before the offered beat was taken",
        "valid_waits": "does valid wait for ready?",
        "endless": "more beats came out than were due",
        "trapped": "didn't come out",
        "no_pulse": "frame_error was 1 in 0 cycles",
    }
    assert signs.get(fault, "") in said


@pytest.mark.parametrize("fault", [None, "payload_changes", "drops_beat", "valid_drops", "endless"])
def test_both_see_the_same(fault):
    """The C++ bench does what the Python bench does, cycle by cycle, for right and wrong cores."""
    a = simulate(StandIn(SPEC, fault), stimulus(), "amaranth")
    b = simulate(StandIn(SPEC, fault), stimulus(), "cxxrtl")
    for name in ("data", "last", "user", "cycle", "offer", "accept", "resets", "error_cycle"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)
    assert (a.cycles, a.violations) == (b.cycles, b.violations)
