import numpy as np
import pytest

from hadacast.errors import HadacastError
from hadacast.sim import Stimulus


def frames(count=6, size=8):
    return np.arange(count * size).reshape(count, size)


def test_frames_are_beat_major_with_lane_0_first():
    sent = Stimulus.frames(frames(), 2)
    assert sent.data[:5].tolist() == [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]]
    assert np.flatnonzero(sent.last).tolist() == [3, 7, 11, 15, 19, 23]
    assert not sent.gap.any()
    assert sent.ready.all()


def test_rates_and_seed():
    x = np.zeros((4000, 4), dtype=int)
    sent = Stimulus.frames(x, 1, gap_rate=0.25, stall_rate=0.5, seed=1)
    # Of all the driver's cycles a quarter is idle; of the receiver's, after its long stall, half.
    assert sent.gap.sum() / (sent.gap.sum() + sent.beats) == pytest.approx(0.25, abs=0.02)
    assert not sent.ready[:80].any()
    assert sent.ready[80:].mean() == pytest.approx(0.5, abs=0.03)
    again = Stimulus.frames(x, 1, gap_rate=0.25, stall_rate=0.5, seed=1)
    other = Stimulus.frames(x, 1, gap_rate=0.25, stall_rate=0.5, seed=2)
    assert (sent.gap == again.gap).all()
    assert (sent.ready == again.ready).all()
    assert (sent.gap != other.gap).any()


def test_resize():
    sent = Stimulus.frames(frames(), 2).resize({0: 2, 2: -3, 5: -1})
    assert np.diff(np.flatnonzero(sent.last), prepend=-1).tolist() == [6, 4, 1, 4, 4, 3]
    assert sent.data[3:7].tolist() == [[6, 7], [6, 7], [6, 7], [8, 9]]


def test_lose_last():
    sent = Stimulus.frames(frames(), 2).lose_last([1, 5])
    assert np.flatnonzero(sent.last).tolist() == [3, 11, 15, 19]
    # The unfinished end stays when frames are resized.
    assert sent.resize({0: 1}).beats == 25


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda s: Stimulus.frames(frames(), 3), "don't fit 3 lanes"),
        (lambda s: Stimulus.frames(frames(), 0), "don't fit 0 lanes"),
        (lambda s: Stimulus.frames(frames()[0], 2), r"shape \(8,\)"),
        (lambda s: Stimulus.frames(frames() * 0.5, 2), "type float64"),
        (lambda s: Stimulus.frames(frames(), 2, gap_rate=1), "gap_rate is 1"),
        (lambda s: Stimulus.frames(frames(), 2, stall_rate=-0.1), "stall_rate is -0.1"),
        (lambda s: Stimulus(s.data, s.last, s.gap, [False]), "no True"),
        (lambda s: Stimulus(s.data, s.last, s.gap, []), "no True"),
        (lambda s: Stimulus(s.data, s.last[1:], s.gap, [True]), "stimulus last has shape"),
        (lambda s: Stimulus(s.data, s.last, s.gap - 1, [True]), "stimulus gap has -1"),
        (lambda s: s.with_resets(24), r"resets are \(24,\)"),
        (lambda s: s.with_resets(3, 3), "rising"),
        (lambda s: s.with_resets(3).resize({0: 1}), "before adding resets"),
        (lambda s: s.resize({0: -4}), "frame 0 has 4 beats"),
        (lambda s: s.resize({6: 1}), "no frame 6"),
        (lambda s: s.lose_last([-1]), "no frame -1"),
    ],
)
def test_errors_are_one_line(make, says):
    with pytest.raises(HadacastError, match=says) as caught:
        make(Stimulus.frames(frames(), 2))
    assert "\n" not in str(caught.value)
