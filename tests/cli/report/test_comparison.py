"""Notes and pages of recipes side by side."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest
from markupsafe import escape

from hadacast import recipe
from hadacast.format import Format
from hadacast.report import comparison, html, plots
from hadacast.samples import load

EVIL = "<script>alert('x')</script>\"&"


@pytest.fixture(scope="module")
def document():
    values = load("minilm_mlp_down")[:4]
    evaluations = []
    for name in ("mxfp4_32", "mxfp8_32", "rotate128"):
        spec = recipe.load(name).pipeline
        blocks = values.reshape(-1, spec.frame)
        shown = comparison.figures(spec, spec.input.encode(blocks), blocks)
        chosen = {"label": name, "title": EVIL, "source": EVIL, "overrides": [EVIL]}
        evaluations.append({"recipe": chosen, **shown, "rtl": None})
    data = {
        "source": EVIL,
        "tensor": EVIL,
        "kind": "values",
        "shape": [4, 1536],
        "dtype": EVIL,
        "sha256": EVIL,
    }
    return {
        "ok": True,
        "error": EVIL,
        "date": EVIL,
        "data": data,
        "rtl": False,
        "evaluations": evaluations,
        "versions": {EVIL: EVIL},
    }


def test_rows(document):
    rows = comparison.rows(document)
    assert [len(row) for row in rows] == [len(comparison.HEADS)] * 3
    assert [row[:2] for row in rows] == [
        ("mxfp4_32", "e2m1, exponent scale"),
        ("mxfp8_32", "e4m3, exponent scale"),
        ("rotate128", "no quantizer"),
    ]
    assert rows[1][3] == "–"  # nothing rotates
    assert rows[0][3] != "–"


def test_notes(document):
    assert comparison.notes(document) == []
    quantizer = {"rotated": {"sqnr_db": 20.0, "scales_saturated": 1234}, "largest": 5.5, "code": "int4"}
    noisy = {
        "recipe": {"label": "a"},
        "frame": 8,
        "frames": 1000,
        "input": {"format": "F", "saturated": 5, "sqnr_db": 29.9, "fraction": 3},
        "quantization": [quantizer],
    }
    clipped, loud, scales = comparison.notes({"evaluations": [noisy]})
    assert clipped == (
        "a: 5 of 8,000 values lie outside the input format (F) and are clipped before the pipeline;"
        " --fraction 3 holds them"
    )
    assert "29.90 dB" in loud
    assert scales == "a: 1,234 scales saturate; the largest at the quantizer is 5.5000"
    quantizer["code"] = "e2m1, floating scale"
    assert "tensor_amax" in comparison.notes({"evaluations": [noisy]})[2]
    noisy["input"] |= {"sqnr_db": 30.1, "fraction": None}
    clipped, _ = comparison.notes({"evaluations": [noisy]})
    assert clipped.endswith("before the pipeline")


@pytest.mark.parametrize(
    ("values", "signed", "fits"),
    [((-31, 40), True, 1), ((-300, 0), True, -2), ((0, 127.5), False, 1), ((-1, 300), False, None)],
)
def test_fitting(values, signed, fits):
    """The most fraction bits of 8 with which nothing saturates."""
    format_ = Format(width=8, fraction=4, signed=signed)
    found = comparison.fitting(format_, np.array(values))
    assert found == fits
    if fits is not None:
        assert Format(width=8, fraction=fits, signed=signed).saturated(values) == 0
        assert Format(width=8, fraction=fits + 1, signed=signed).saturated(values) > 0


class Tags(HTMLParser):
    """Tags of a page in pairs."""

    VOID = frozenset({"meta", "br"})

    def __init__(self):
        super().__init__()
        self.open, self.seen = [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_whole_and_escaped(document):
    page = html.render_comparison(document)
    assert page == html.render_comparison(document)
    assert "<script" not in page
    assert str(escape(EVIL)) in page
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert tags.seen.count("svg") == 2
    assert not re.search(r"src=|@import|<link|url\((?!#)", page)


def texts(svg):
    return re.findall(r"<text [^>]*>([^<]*)</text>", svg)


def test_plots_name_every_recipe():
    names = [f"recipe{i}" for i in range(12)]
    bars = plots.sqnr_bars(names, [20.0, None, *range(10)], [None, *range(10), -3.0])
    points = plots.sqnr_over_bits(names, [20.0, None, *range(10)], [4.0] * 12)
    for svg, shown in ((bars, names), (points, [n for n in names if n != "recipe1"])):
        assert [name for name in names if name in texts(svg)] == shown
    assert plots.sqnr_bars(["a"], [None], [None]).startswith("<svg")
    assert "un-rotated" not in plots.sqnr_bars(["a"], [3.0], [None])
