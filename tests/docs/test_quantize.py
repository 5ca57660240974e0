"""The pages on formats and the quantizer, held to the code."""

import json
import math
import re
from dataclasses import fields
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from hadacast import elements, recipe, rounding
from hadacast.cli import data, describe
from hadacast.format import Format
from hadacast.minifloat import NAMED
from hadacast.report import quantization
from hadacast.scale.exponent import RULES, Exponent
from hadacast.scale.registry import SCALES
from hadacast.scale.scale import EXPONENT_BIAS
from hadacast.spec.quantize import Quantize

DOCS = Path(__file__).parents[2] / "docs"


def page(name):
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


def tables(text, head):
    """Rows of each table that starts with this heading, as lists of cells without code marks."""
    found = []
    for part in text.split(f"\n| {head} |")[1:]:
        lines = part.split("\n\n")[0].splitlines()[2:]
        found.append([[cell.strip() for cell in line.strip("|").split("|")] for line in lines])
    assert found, head
    return found


def number(text):
    """127/64, 57,344, 2^−9, (2^24 − 1)·2^104 or −8 as a Fraction."""
    text = text.replace("−", "-").replace(",", "").replace("·", "*")
    text = re.sub(r"\(2\^24 - 1\)", str(2**24 - 1), text)
    product = Fraction(1)
    for factor in text.split("*"):
        base, _, power = factor.partition("^")
        product *= Fraction(base) ** int(power or 1)
    return product


# Formats


def test_integers():
    (rows,) = tables(page("formats"), "name | bits | codes")
    for name, bits, codes, largest in rows:
        item = elements.element("", name.strip("`"))
        low, high = (int(number(part)) for part in codes.split(" to "))
        assert (item.width, item.min, item.max) == (int(bits), low, high)
        assert elements.largest(item) == number(largest)


def test_floating_point():
    (rows,) = tables(page("formats"), "name | bits | sign")
    assert [row[0].strip("`") for row in rows] == list(NAMED)
    for name, bits, sign, exponent, mantissa, bias, largest, least, top in rows:
        item = NAMED[name.strip("`")]
        shown = [item.width, int(item.sign), item.exponent, item.mantissa, item.bias]
        assert shown == [int(cell) for cell in (bits, sign, exponent, mantissa, bias)]
        assert elements.largest(item) == number(largest)
        # The code after zero; the first one where there is no zero.
        assert item.decode(int(item.subnormal)) == float(number(least))
        assert item.top == top


def test_known_formats_have_the_bits_stated():
    (rows,) = tables(page("formats"), "known as")
    for name, codes, group, scale, bits in rows:
        if not re.fullmatch(r"[0-9.]+", bits):
            continue
        frame = 64 if "none" in group else max(int(group), 2)
        for code in re.findall("`([^`]+)`", codes):
            table = {"kind": scale.strip("`")} | ({"step": 1} if "static" in scale else {})
            stage = Quantize(frame=frame, input=Format(width=16), code=code, scale=table)
            frames = stage.compute(np.ones((1, frame), np.int64))
            assert quantization.bits_per_value(stage, frames) == float(bits), name


# Fields


def default(item, name):
    """A field's default as a recipe would have it."""
    found = next(field.default for field in fields(item) if field.name == name)
    return "none" if found is None else describe.spelled(found)


def shown(row):
    value = row[1].strip("`")
    return json.loads(value) if row[1].startswith("`") else value


def spelled_default(item, name):
    value = default(item, name)
    if isinstance(value, dict):  # what is at its default there needs no words
        value = {key: part for key, part in value.items() if part != [] and part != [0]}
    return value


def test_fields_and_defaults():
    first, *others = tables(page("quantize"), "field")
    own = [field.name for field in fields(Quantize) if field.name not in Quantize.FROM_STREAM]
    assert {row[0].strip("`"): shown(row) for row in first} == {n: spelled_default(Quantize, n) for n in own}
    assert len(others) == len(SCALES)
    for kind, rows in zip(SCALES, others, strict=True):
        names = [field.name for field in fields(SCALES[kind])]
        assert {row[0].strip("`"): shown(row) for row in rows} == {n: default(SCALES[kind], n) for n in names}


def test_a_section_for_each_kind():
    heads = re.findall(r"^### (\w+)$", page("quantize"), re.MULTILINE)
    assert heads == list(SCALES)


# What rounding and rules do


def test_rounding():
    text = page("quantize")
    (rows,) = tables(text, "`rounding` | 0.5")
    head = re.search(r"\| `rounding` \|( 0.5 .*)\|", text)[1]
    values = [number(cell.strip()) for cell in head.split("|")]
    assert [row[0].strip("`") for row in rows] == [mode for mode in rounding.MODES if mode != "stochastic"]
    for mode, *cells in rows:
        found = [int(rounding.to_integers(v.numerator, 1, v.denominator, 0, mode.strip("`"))) for v in values]
        assert found == [int(number(cell)) for cell in cells]


def test_ties_of_e2m1_and_a_random_quarter():
    item = NAMED["e2m1"]
    assert [item.decode(int(rounding.to_codes(n, 1, 2, 0, item, "even"))) for n in (10, 5)] == [4, 2]
    random = np.arange(256)
    found = rounding.to_integers(np.full(256, 5), 1, 4, 0, "stochastic", random)
    assert np.count_nonzero(found == 2) == 64


def test_rules_of_exponents():
    (rows,) = tables(page("quantize"), "rule")
    assert [row[0].strip("`") for row in rows] == list(RULES)
    for rule, _, *cells in rows:
        codes = Exponent(rule=rule.strip("`")).codes_of(np.array([5, 6, 7]), 0, NAMED["e2m1"])
        assert [math.ldexp(1, int(code) - EXPONENT_BIAS) for code in codes] == [float(cell) for cell in cells]


@pytest.mark.parametrize("words", [words for _, words, _ in quantization.FIGURES])
def test_the_reports_words_are_explained(words):
    assert f"**{re.sub(r' [(].*[)]|,.*', '', words)}**" in page("quantize")


def test_the_readmes_figures(tmp_path):
    """The table of a quantizer in the README, and that it is what `hadacast simulate` prints."""
    text = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    table = re.search(r"```text\n(Quantizer, stage 1: int4.*?)```", text, re.DOTALL)[1]
    chosen = tmp_path / "mine.toml"
    body = (recipe.catalogue()["int4_roundtrip128"]).read_text().replace("group = 32", "group = 128")
    chosen.write_text(body)
    spec = recipe.load(chosen).pipeline
    (found,) = quantization.report(spec, data.load("minilm_mlp_down", spec).frames)
    rows = {row[0]: row[1:] for row in quantization.rows(found)}
    for line in table.splitlines()[2:]:
        words, *cells = re.split(r"  +", line.strip())
        assert rows[words] == tuple(cells)
