"""The diagonal of signs against its definition and published vectors."""

import numpy as np
import pytest

from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.frames import Frames, exponents
from hadacast.spec import signs as module
from hadacast.spec.signs import Signs

# The signs of NVFP4's random Hadamard transform (torchao's get_rht_matrix, Transformer Engine).
NVFP4 = [1, 1, 1, -1, 1, -1, -1, -1, -1, -1, -1, 1, -1, 1, -1, -1]
RHT = "".join("+-"[s < 0] for s in NVFP4)


def signs_of(spec):
    return [-1 if minus else 1 for minus in spec.negative]


def test_the_published_mask_is_the_published_vector():
    """0xD7E8, read with bit i for place i, is + + + − + − − − − − − + − + − −, and not in reverse."""
    spec = Signs(frame=16, pattern="0xD7E8")
    assert signs_of(spec) == NVFP4
    assert signs_of(Signs(frame=16, pattern=RHT)) == NVFP4
    assert signs_of(Signs(frame=16, pattern=0xD7E8, length=16)) == NVFP4
    assert signs_of(Signs(frame=16, pattern="0b1101_0111_1110_1000")) == NVFP4
    assert signs_of(spec)[::-1] != NVFP4


def test_rht_of_nvfp4_is_the_library_s():
    """x · diag(s) · H16, as Transformer Engine defines it, is signs and then the transform."""
    hadamard = pytest.importorskip("scipy.linalg").hadamard(16)
    x = np.arange(-8, 8)
    assert (hadamard @ Signs(frame=16, pattern="0xD7E8").compute(x) == x @ np.diag(NVFP4) @ hadamard).all()


@pytest.mark.parametrize(
    ("pattern", "length", "frame"), [("+-", 0, 8), ("0x1", 0, 4), ("-", 0, 2), (6, 4, 32), ("0b0", 0, 2)]
)
def test_it_repeats_its_pattern(pattern, length, frame):
    spec = Signs(frame=frame, pattern=pattern, length=length)
    x = np.arange(1, 2 * frame + 1).reshape(2, frame)
    s = np.resize(signs_of(spec), frame)
    assert (spec.compute(x) == s * x).all()


def test_seeds_are_those_of_splitmix64():
    """Sebastiano Vigna's splitmix64.c gives these for the seed 1234567."""
    published = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431]
    assert [module._splitmix64(1234567, i) for i in range(4)] == published
    spec = Signs(frame=256, seed=1234567)
    words = [sum(1 << i for i in range(64) if spec.negative[64 * k + i]) for k in range(4)]
    assert words == published
    assert len(Signs(frame=16, seed=1234567).negative) == 16


@pytest.mark.parametrize(
    ("input_", "pattern", "output"),
    [
        (Format(width=8), "+-", Format(width=9)),
        (Format(width=8, fraction=3), "++", Format(width=8, fraction=3)),
        (Format(width=8, signed=False), "-", Format(width=9)),
        (Format(width=8, signed=False), "+", Format(width=8, signed=False)),
    ],
)
def test_the_most_negative_element_fits(input_, pattern, output):
    spec = Signs(frame=4, input=input_, pattern=pattern)
    assert spec.output == output
    for extreme in (input_.min, input_.max):
        spec.output.check(spec.compute(np.full(4, extreme)))


def test_exponents_pass():
    block = exponents(Format(width=8), 4)
    spec = Signs(frame=4, input=block, pattern="+-")
    result = spec.compute(Frames(codes=np.array([[1, 2, 3, -128]]), scale=np.array([[130]])))
    assert spec.output == exponents(Format(width=9), 4)
    assert (result.codes == [[1, -2, 3, 128]]).all()
    assert (result.scale == 130).all()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({}, "pattern or a seed"),
        ({"pattern": "+-", "seed": 1}, "pattern or a seed"),
        ({"pattern": 0xD7E8}, "needs a length"),
        ({"pattern": 0xD7E8, "length": 8}, "up to 8 bits"),
        ({"pattern": "0xD7E8", "length": 16}, "length is 16"),
        ({"pattern": "+-+"}, "must divide"),
        ({"pattern": "abc"}, "'abc'"),
        ({"pattern": True}, "True"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": 1, "input": Format(width=49)}, "width is 49"),
    ],
)
def test_errors_quote_the_value(settings, says):
    with pytest.raises(HadacastError, match=says):
        Signs(frame=16, **settings)
