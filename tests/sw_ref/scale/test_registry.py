"""Scales by name, and how they are stored."""

import re
from fractions import Fraction

import numpy as np
import pytest

from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.minifloat import BF16, FP16, FP32
from hadacast.scale import registry, stored
from hadacast.scale.exponent import Exponent
from hadacast.scale.floating import Floating
from hadacast.scale.maximum import Maximum
from hadacast.scale.range import Range
from hadacast.scale.static import Static


def test_kinds():
    assert list(registry.SCALES) == ["maximum", "range", "exponent", "floating", "static"]
    assert registry.scale("scale", "maximum") == Maximum()
    assert registry.scale("scale", Exponent(rule="even")) == Exponent(rule="even")
    assert registry.scale("scale", {"kind": "exponent", "rule": "even"}) == Exponent(rule="even")
    assert registry.scale("scale", {"kind": "range", "clip": 0.8}) == Range(clip=Fraction(4, 5))
    assert registry.scale("scale", {"kind": "floating", "tensor_amax": 0.1}).tensor_amax == Fraction(1, 10)
    assert registry.scale("scale", {"kind": "floating", "format": "ue5m3"}) == Floating(format="ue5m3")


def test_lists_of_a_recipe():
    found = registry.scale("scale", {"kind": "static", "step": [1, "0.5"]})
    assert found == Static(step=(Fraction(1), Fraction(1, 2)))
    assert hash(found) == hash(Static(step=(1, "1/2")))


REFUSED = [
    ("max", "scale kind is 'max': it must be one of maximum, range, exponent, floating, static"),
    ({"rule": "even"}, "scale kind is None: "),
    ({"kind": "exponent", "mode": "even"}, "scale has no field 'mode': it must be one of rule"),
    ({"kind": "exponent", "rule": 3}, "rule is 3: it must be one of floor"),
    (3, "scale is 3: it must be one of maximum"),
    ({"kind": ["maximum"]}, "scale kind is ['maximum']: "),
]


@pytest.mark.parametrize(("value", "text"), REFUSED)
def test_refused(value, text):
    with pytest.raises(HadacastError, match=f"^{re.escape(text)}"):
        registry.scale("scale", value)


@pytest.mark.parametrize(("store", "format_"), [("fp32", FP32), ("bf16", BF16), ("fp16", FP16)])
def test_stored_floats(store, format_):
    """number·n/d·2^power, to nearest even, infinite beyond the largest; NaN and one where asked."""
    numbers = np.array([0, 1, 3, -3, 1 << 24, 1 << 24, 5, 5])
    found = stored.stored(
        store, numbers, 2, 3, np.array([0, 0, 0, 0, 300, -400, 0, 0]), np.arange(8) == 6, np.arange(8) == 7
    )
    expected = format_.encode([0, 2 / 3, 2, -2, np.inf, 0, np.nan, 1])
    np.testing.assert_array_equal(found, expected)


def test_stored_integers():
    numbers = np.array([0, 70000])
    assert stored.stored("exact", numbers, 2, 3, 0, False) is numbers
    assert stored.format_("exact", 20, 3) == Format(width=20, fraction=3, signed=False)
    assert stored.format_("exact", 20, 3, signed=True) == Format(width=20, fraction=3)
    assert stored.format_("bf16", 20, 3) == BF16
