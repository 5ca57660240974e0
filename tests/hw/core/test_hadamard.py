"""Hadamard matrices in hardware against their spec."""

import numpy as np
import pytest
from hw.core import stage_bench
from hw.core.campaign import disturbed, stimulus

from hadacast.core.top import AxiTop
from hadacast.format import Format
from hadacast.frames import Frames, exponents
from hadacast.sim.scoreboard import compare
from hadacast.sim.simulators import simulate
from hadacast.sim.stimulus import Stimulus
from hadacast.spec.hadamard import Hadamard
from hadacast.spec.pipeline import Pipeline

W8 = Format(width=8)
SPECS = [
    # Beats that are elements of a column: no memory behind the adders.
    Hadamard(frame=12, order=12, input=W8),
    Hadamard(frame=24, lanes=2, matrix="paley1-12", input=W8),
    Hadamard(frame=24, lanes=1, matrix="paley1-12", stride=1, transpose=True, input=Format(width=4)),
    Hadamard(frame=36, lanes=3, order=12, input=Format(width=6, signed=False)),
    # Both memories; one block in a frame, and several.
    Hadamard(frame=48, lanes=2, matrix="paley1-12", input=W8),
    Hadamard(frame=96, lanes=2, matrix="paley1-12", stride=4, transpose=True, input=W8),
    Hadamard(frame=60, lanes=1, order=12, stride=5, input=Format(width=1)),
    # Folds of either sort, of both, and of one only.
    Hadamard(frame=4, lanes=2, order=2, input=W8),
    Hadamard(frame=4, order=2, stride=1, input=Format(width=1, signed=False)),
    Hadamard(frame=32, lanes=2, order=8, input=W8),
    Hadamard(frame=80, lanes=2, order=40, input=W8),
    Hadamard(frame=48, lanes=2, matrix="sylvester-2*paley1-12", input=W8),
    Hadamard(frame=48, lanes=1, matrix="paley1-12*sylvester-2", transpose=True, input=W8),
    # The smallest array, with minus in its first row and column.
    Hadamard(frame=8, matrix=("-+", "++"), stride=2, input=Format(width=3)),
    Hadamard(frame=8, matrix=("--", "-+"), stride=1, input=Format(width=3)),
    Hadamard(frame=16, lanes=2, matrix=("----", "-+-+", "--++", "-++-"), input=Format(width=5)),
    # An array in two parts.
    Hadamard(frame=56, lanes=2, matrix="paley1-28", input=W8),
]


def ident(spec):
    name = spec.matrix if isinstance(spec.matrix, str) else "".join(spec.matrix[:1])
    return f"n{spec.frame}-p{spec.lanes}-s{spec.stride}-{name}{'-t' * spec.transpose}"


def codes(spec, count, seed=1):
    """Frames that reach the ends of the range, bases, and random ones."""
    rng = np.random.default_rng(seed)
    low, high = spec.element.min, spec.element.max
    x = rng.integers(low, high + 1, (count, spec.frame))
    x[0], x[1] = low, high
    # For some column in some block, each of some rows' signs.
    for frame in range(2, count // 2):
        minus = np.repeat(spec.signs[frame % spec.order] < 0, spec.stride)
        extreme = np.where(minus, low, high) if frame % 2 else np.where(minus, high, low)
        x[frame] = np.tile(extreme, spec.frame // len(extreme))
    x[-1] = 0
    x[-1, rng.integers(spec.frame)] = low or high
    return x


@pytest.mark.parametrize("spec", SPECS, ids=ident)
def test_equals_the_spec(spec):
    stage_bench.check(spec, codes(spec, 10))


def test_exponents_pass():
    spec = Hadamard(frame=24, lanes=2, matrix="paley1-12", input=exponents(Format(width=6), 24))
    scale = np.random.default_rng(1).integers(0, 256, (10, 1))
    stage_bench.check(spec, Frames(codes=codes(spec, 10), scale=scale))


DROPPERS = [SPECS[0], SPECS[3], SPECS[4], SPECS[9]]


@pytest.mark.parametrize("spec", DROPPERS, ids=ident)
def test_broken_frames_are_dropped_where_a_block_is_a_frame(spec):
    pipeline = Pipeline(name="core", stages=(spec,))
    assert pipeline.dropper == 0
    assert pipeline.latency == spec.latency
    for seed in range(3):
        plan = disturbed(pipeline, codes(spec, 16, seed), np.random.default_rng(seed), seed)
        result = compare(pipeline, plan, simulate(AxiTop(pipeline), plan))
        assert result.ok, result.problems
        assert result.dropped > 3


def test_several_blocks_in_a_frame_want_a_frame_buffer():
    assert Pipeline(name="core", stages=(SPECS[5],)).dropper is None


def test_unit_vectors_give_the_columns_of_the_matrix():
    spec = Hadamard(frame=24, lanes=2, matrix="paley1-12", input=Format(width=2))
    pipeline = Pipeline(name="core", stages=(spec,))
    trace = simulate(AxiTop(pipeline), Stimulus.frames(np.eye(24, dtype=np.int64), 2))
    whole = np.kron(spec.signs, np.eye(2, dtype=np.int64))
    assert (whole == trace.data.reshape(24, 24).T).all()


def test_a_column_of_one_block_does_not_wait_for_the_next():
    """A frame and one beat of the next: the frame leaves, and nothing else."""
    spec = Hadamard(frame=24, lanes=2, matrix="paley1-12", input=W8)
    pipeline = Pipeline(name="core", stages=(spec,))
    x = codes(spec, 4)
    whole = Stimulus.frames(x[:1], 2)
    started = Stimulus.frames(x[:2], 2)
    beats = whole.beats + 1
    part = Stimulus(started.data[:beats], started.last[:beats], started.gap[:beats], started.ready)
    trace = simulate(AxiTop(pipeline), part)
    assert (trace.data.reshape(-1, 24) == spec.compute(x[:1])).all()


TRANSFORMS = [
    Hadamard(frame=384, lanes=4, order=12, input=Format(width=16)),
    Hadamard(frame=1536, lanes=8, order=12, input=Format(width=16)),
    Hadamard(frame=336, lanes=4, matrix="paley1-84", input=W8),
    Hadamard(frame=688, lanes=2, order=172, transpose=True, input=W8),
]


@pytest.mark.long
@pytest.mark.parametrize("spec", TRANSFORMS, ids=ident)
def test_sizes_of_models(spec):
    pipeline = Pipeline(name="core", stages=(spec,))
    plan = stimulus(pipeline, 40_000, seed=1)
    result = compare(pipeline, plan, simulate(AxiTop(pipeline), plan, "cxxrtl"))
    assert result.ok, result.problems
    assert result.frames > 20
    trace = simulate(AxiTop(pipeline), Stimulus.frames(codes(spec, 6), spec.lanes), "cxxrtl")
    assert trace.latency == pipeline.latency
    assert (np.diff(trace.cycle) == 1).all()
