"""The page on stages that work element by element says what they do: fields, defaults, examples."""

import json
import re
from dataclasses import fields
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from hadacast.format import Format
from hadacast.recipe import STAGES
from hadacast.spec.bias import Bias
from hadacast.spec.dequantize import Dequantize
from hadacast.spec.gain import Gain
from hadacast.spec.keep import Keep
from hadacast.spec.lookup import Lookup
from hadacast.spec.normalize import Normalize
from hadacast.spec.requantize import Requantize
from hadacast.spec.signs import Signs

PAGE = (Path(__file__).parents[2] / "docs" / "elementwise.md").read_text(encoding="utf-8")
KINDS = {cls.kind: cls for cls in (Signs, Normalize, Gain, Keep, Bias, Requantize, Lookup, Dequantize)}


def section(kind):
    return re.split(r"^## ", PAGE.split(f"\n## {kind}\n")[1], flags=re.MULTILINE)[0]


def plain(value):
    """A default as JSON has it."""
    if isinstance(value, tuple):
        return [plain(v) for v in value]
    if isinstance(value, Fraction):
        return int(value)
    return "int8" if value == Format(width=8) else value


@pytest.mark.parametrize("kind", KINDS)
def test_fields_and_defaults(kind):
    rows = re.findall(r"^\| `(\w+)` \| `([^`]*)` \| [^|]", section(kind), re.MULTILINE)
    shown = {name: json.loads(value) for name, value in rows}
    cls = KINDS[kind]
    own = {f.name: plain(f.default) for f in fields(cls) if f.name not in cls.FROM_STREAM}
    assert shown == own


def test_every_kind_has_a_section_and_is_in_recipes():
    assert re.findall(r"^\| \[`(\w+)`\]", PAGE, re.MULTILINE) == list(KINDS)
    assert set(KINDS) <= set(STAGES)


def test_masks_are_read_as_the_page_says():
    assert "0xD7E8 = 1101 0111 1110 1000" in PAGE
    text = "+ + + − + − − − − − − + − + − −"
    assert text in PAGE
    signs = [c == "−" for c in text.split()]
    assert list(Signs(frame=16, pattern="0xD7E8").negative) == signs
    assert Signs(frame=4, pattern="0x1").negative == (True, False, False, False)


@pytest.mark.parametrize(
    ("settings", "clocks"),
    [
        ({"frame": 16, "lanes": 4, "pattern": "+"}, 0),
        ({"frame": 16, "lanes": 4, "pattern": "+--+"}, 1),
        ({"frame": 16, "lanes": 4, "pattern": "0xD7E8"}, 2),
        ({"frame": 64, "lanes": 1, "seed": 1}, 2),
        ({"frame": 128, "lanes": 1, "seed": 1}, 3),
    ],
)
def test_latencies_of_signs(settings, clocks):
    assert Signs(**settings).latency == clocks


def test_signs_that_are_all_plus_are_wires():
    for input_ in (Format(width=9, fraction=2), Format(width=9, signed=False)):
        spec = Signs(frame=16, lanes=4, pattern="+", input=input_)
        assert (spec.latency, spec.output) == (0, input_)
        assert (spec.compute(np.arange(16)) == np.arange(16)).all()


@pytest.mark.parametrize(
    ("settings", "clocks"),
    [
        ({"frame": 16, "lanes": 4, "bias": (1, 2, 3, 4)}, 1),
        ({"frame": 16, "lanes": 4, "bias": tuple(range(16))}, 2),
        ({"frame": 64, "lanes": 1, "bias": tuple(range(64))}, 2),
        ({"frame": 128, "lanes": 1, "bias": tuple(range(128))}, 3),
    ],
)
def test_latencies_of_bias(settings, clocks):
    assert Bias(**settings).latency == clocks


def test_normalize_is_free_where_the_page_says():
    spec = Normalize(frame=16, input=Format(width=20, fraction=10))
    assert (spec.latency, spec.output) == (0, Format(width=20, fraction=12))
    spec = Normalize(frame=128, input=Format(width=23, fraction=10))
    assert spec.constant == Fraction(181, 2048)
    assert spec.result.width == 23 + 8


def test_lookup_takes_a_clock_for_each_bit_of_the_thresholds():
    for bits in (2, 3, 4, 5, 6):
        spec = Lookup(frame=8, input=Format(width=40, fraction=36), bits=bits)
        thresholds = len(spec.cells[0])
        assert spec.latency == thresholds.bit_length() + 1


def test_the_second_of_two_roundings():
    assert "With `multiplier = 1` and `shift = h − l`" in PAGE
    spec = Requantize(frame=4, input=Format(width=8), code="int4", multiplier=1, shift=4)
    assert spec.compute(np.array([24, 40, -24, 127])).tolist() == [2, 2, -2, 7]
