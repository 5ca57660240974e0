"""A pipeline's stages chain, and its arithmetic is theirs, one after the other."""

import dataclasses
import re

import numpy as np
import pytest
from scipy.linalg import hadamard

from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.frames import exponents
from hadacast.spec.cast import Cast
from hadacast.spec.fwht import Fwht
from hadacast.spec.pipeline import MAX_BEAT_BITS, Pipeline, takes_random
from hadacast.spec.quantize import Quantize


def chain(*stages) -> Pipeline:
    return Pipeline(name="p", stages=stages)


def test_members_are_those_of_the_ends():
    first = Fwht(frame=64, lanes=4, input=Format(width=10, fraction=3, signed=False))
    spec = chain(first, Cast(frame=64, lanes=4, input=first.output))
    assert (spec.frame, spec.lanes, spec.beats) == (64, 4, 16)
    assert spec.input == Format(width=10, fraction=3, signed=False)
    assert spec.output == Format(width=17, fraction=3)
    assert spec.latency == first.latency == 15 + 6


def test_compute_folds_the_stages():
    first = Fwht(frame=32, input=Format(width=12))
    second = Fwht(frame=32, input=first.output, registers=0)
    spec = chain(first, second, Cast(frame=32, input=second.output))
    x = np.random.default_rng(5).integers(-2048, 2048, (3, 2, 32))
    x.flags.writeable = False
    y = spec.compute(x)
    assert y.dtype == np.int64
    np.testing.assert_array_equal(y, x @ hadamard(32) @ hadamard(32))
    np.testing.assert_array_equal(y, 32 * x)
    assert spec.latency == first.latency + second.latency
    assert spec.output.width == 12 + 5 + 5


def test_cast_changes_nothing_and_hands_out_no_input():
    cast = Cast(frame=4, lanes=2, input=Format(width=5, fraction=2))
    assert cast.output == cast.input
    assert cast.latency == 0
    x = np.array([[-16, 15, 0, 1]])
    y = cast.compute(x)
    np.testing.assert_array_equal(x, y)
    assert not np.shares_memory(x, y)
    with pytest.raises(HadacastError, match=r"^input\[0, 1\] is 16: signed 5-bit"):
        cast.compute([[0, 16, 0, 0]])


def test_inputs_refused_as_by_the_first_stage():
    spec = chain(Fwht(frame=8, input=Format(width=4)))
    with pytest.raises(HadacastError, match=r"shape \(7,\): the last axis must be 8"):
        spec.compute(np.zeros(7, int))
    with pytest.raises(HadacastError, match=r"input\[0\] is 8: signed 4-bit"):
        spec.compute(np.full(8, 8))


FIRST = Fwht(frame=8, lanes=2)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        *(
            ({"name": name}, f"name is {shown}: it must be 1 to 40 of a-z, 0-9 and _, starting with a letter")
            for name, shown in [
                ("", "''"),
                ("A", "'A'"),
                ("1a", "'1a'"),
                ("a-b", "'a-b'"),
                ("a\n", r"'a\n'"),
                ("é", "'é'"),
                ("a" * 41, repr("a" * 41)),
                (None, "None"),
                (b"a", "b'a'"),
                (5, "5"),
            ]
        ),
        ({"title": 5}, "title is 5: it must be one line of printable text"),
        ({"title": "a\nb"}, r"title is 'a\nb': it must be one line of printable text"),
        ({"source": None}, "source is None: it must be one line of printable text"),
        ({"source": "\x1b[2J"}, r"source is '\x1b[2J': it must be one line of printable text"),
        ({"stages": [FIRST]}, "stages is [Fwht("),  # a list would leave the pipeline without a hash
        ({"stages": None}, "stages is None: it must be a tuple"),
        ({"stages": FIRST}, "stages is Fwht("),
        ({"stages": (FIRST, 5)}, "a stage is 5: it must be a Stage"),
        ({"stages": (Fwht,)}, "a stage is <class 'hadacast.spec.fwht.Fwht'>: it must be a Stage"),
        ({"stages": ()}, "a pipeline has no stages: it must have 1 to 256"),
        (
            {"stages": (Cast(frame=8, input=exponents(Format(width=9), 8)),)},
            "input is signed 9-bit, 0 fraction bits in groups of 8, scale e8m0: a pipeline takes plain",
        ),
        (
            {"stages": (Quantize(frame=8, code="int4", scale="maximum"),)},
            "output is signed 4-bit, 0 fraction bits in groups of 8, scale unsigned 16-bit, 0 fraction bits: "
            "a pack or a dequantize stage must follow the last stage, quantize",
        ),
    ],
)
def test_members_refused(members, message):
    with pytest.raises(HadacastError, match="^" + re.escape(message)) as caught:
        Pipeline(**{"name": "p", "stages": (FIRST,), **members})
    assert str(caught.value).isprintable()


def test_one_port_for_random_numbers():
    def quantize(**settings):
        settings = {"code": "int8", "rounding": "stochastic", "random": "port"} | settings
        return Quantize(frame=8, lanes=2, input=FIRST.output, **settings)

    def ended(*stages):
        """A pipeline of stages that each take what the first one does, put together for its ports only."""
        spec = object.__new__(Pipeline)
        object.__setattr__(spec, "stages", (FIRST, *stages))
        return spec

    assert (ended(quantize()).random_port, ended(quantize()).random_bits) == (1, 16)
    for other in (quantize(random="xorshift32"), quantize(rounding="even")):
        assert (ended(other).random_port, ended(other).random_bits) == (None, 0)
    assert takes_random(quantize())


@pytest.mark.parametrize(
    "change",
    [
        {"frame": 16},
        {"lanes": 4},
        {"input": Format(width=18)},
        {"input": Format(width=19, fraction=1)},
        {"input": Format(width=19, signed=False)},
    ],
)
def test_stages_must_chain(change):
    fitting = Cast(frame=8, lanes=2, input=FIRST.output)
    assert chain(FIRST, fitting, fitting).output == Format(width=19)
    other = dataclasses.replace(fitting, **change)
    for stages in ((FIRST, other), (FIRST, fitting, other)):
        with pytest.raises(HadacastError, match=r"^stage cast takes .*: .* before it leaves 8 × 2 lanes of"):
            chain(*stages)


def test_beats_have_a_limit():
    widest = MAX_BEAT_BITS // 32
    chain(Fwht(frame=widest, lanes=widest, input=Format(width=21)))  # 21 + 11 = 32 bits leave
    with pytest.raises(
        HadacastError, match=f"^lanes is {widest}: a beat would be 81,920 bits wide, 65,536 is"
    ):
        chain(Fwht(frame=widest, lanes=widest, input=Format(width=22)))


def test_equal_pipelines_hash_equal_and_are_frozen():
    assert chain(FIRST) == chain(Fwht(frame=8, lanes=2)) != chain(Fwht(frame=8))
    assert len({chain(FIRST), chain(Fwht(frame=8, lanes=2)), chain(Fwht(frame=8))}) == 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        chain(FIRST).name = "q"
