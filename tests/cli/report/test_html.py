"""The page: whole, escaped, self-contained, the same every time."""

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest
from markupsafe import escape

from hadacast import elements
from hadacast import recipe as recipes
from hadacast.cli import describe
from hadacast.report import distribution, html, plots, png, quantization
from hadacast.report.pictures import Row
from hadacast.spec.fwht import Fwht
from hadacast.spec.pipeline import Pipeline
from hadacast.spec.quantize import Quantize


@pytest.fixture(scope="module")
def blocks():
    before = np.random.default_rng(1).standard_t(3, (40, 16))
    return before, before[:, ::-1] * 0.5


class Open(Pipeline):
    """A pipeline that may end in codes with scales."""

    def __post_init__(self):
        pass


@pytest.fixture(scope="module")
def quantizer():
    """Figures of a quantizer behind a rotation."""
    rotation = Fwht(frame=16)
    stage = Quantize(frame=16, input=rotation.output, code="e2m1", scale="exponent")
    spec = Open(name="p", stages=(rotation, stage))
    return quantization.report(spec, np.random.default_rng(3).integers(-9, 9, (20, 16)))[0]


@pytest.fixture
def document(blocks, quantizer):
    evil = "<script>alert('x')</script>\"&"
    spec = recipes.load("rotate128").pipeline
    return {
        "schema": "hadacast.report/1",
        "ok": False,
        "error": evil,
        "date": evil,
        "folder": evil,
        "recipe": {
            "reference": evil,
            "overrides": [evil],
            "name": evil,
            "title": evil,
            "source": evil,
            "sample": evil,
            "board": evil,
        },
        "pipeline": describe.pipeline(spec) | {"title": evil},
        "data": {
            "source": evil,
            "kind": "values",
            "shape": [1, 2],
            "dtype": evil,
            "sha256": evil,
            "frames": 1,
            "frames_available": 2,
            "saturated": 3,
        },
        "verilog": {"file": evil, "sha256": evil, "bytes": 1, "module": evil, "family": evil},
        "simulation": None,
        "distribution": distribution.compare(*blocks),
        "quantization": [quantizer | {"code": evil}],
        "pictures": None,
        "synthesis": None,
        "bitstream": None,
        "throughput": None,
        "versions": {evil: evil},
        "seconds": {},
    }


class Tags(HTMLParser):
    """Collects elements and attributes, and checks that they nest."""

    VOID = ("meta", "br", "img")

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.attributes = [], set(), {}

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, set()).add(value)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_escaped_nested_and_self_contained(document, blocks):
    page = html.render(document, blocks)
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert "svg" in tags.seen
    assert not tags.seen & {"script", "link", "img", "iframe", "object", "image"}
    assert not set(tags.attributes) & {"src", "onload", "onclick"}
    assert all(value.startswith("#") for value in tags.attributes.get("xlink:href", ()))
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not re.search(r"url\((?!#)|@import", page)
    assert "http" not in re.sub(r'xmlns(:\w+)?="[^"]*"', "", page)


def test_pictures_are_in_the_page(document):
    """As images that the page itself holds, with the PSNR of each."""
    levels = np.random.default_rng(1).random((2, 3, 4))
    found = {
        "rows": 3,
        "columns": 4,
        "frames": 5,
        "compared": True,
        "psnr_db": 31.25,
        "psnr_db_by_frame": [None, 29.5, 1.0, 1.0, 1.0],
        "equal_frames": 1,
    }
    shown = [Row("in", levels), Row("<out>", 1 - levels)]
    page = html.render(document | {"pictures": found}, None, shown)
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert tags.attributes["src"] == {png.data_url(x) for row in shown for x in row.levels}
    for text in (
        "PSNR over all frames: 31.25 dB",
        "The first 2 of",
        ">29.50</td>",
        ">equal</td>",
        "&lt;out&gt;",
    ):
        assert text in page
    assert ">1.00</td>" not in page
    assert "<img" not in html.render(document)


def test_a_failed_build_has_a_page_too(document):
    empty = dict.fromkeys(("verilog", "distribution")) | {"quantization": []}
    page = html.render(document | empty)
    assert "<svg" not in page
    assert "failed" in page


def test_plots_are_the_same_every_time(blocks, quantizer):
    codes = (quantizer["histogram"],)
    for draw, data in ((plots.histogram, blocks), (plots.block_peaks, blocks), (plots.code_histogram, codes)):
        text = draw(*data)
        assert text == draw(*data)
        assert "var(--before)" in text
        assert not re.search("|".join(plots.COLOURS), text)
        ElementTree.fromstring(text.replace("<svg ", '<svg xmlns:xlink="x" ', 1))


def test_plots_of_nothing():
    zeros = np.zeros((3, 4))
    assert "<svg" in plots.histogram(zeros, zeros)
    assert "<svg" in plots.block_peaks(zeros, zeros)


def test_the_quantizers_figures_are_in_the_page(document, quantizer):
    page = html.render(document)
    assert "What the quantizer does" in page
    for row in quantization.rows(quantizer):
        assert all(f">{escape(cell)}</td>" in page for cell in row)
    assert "un-rotated" in page
    alone = quantizer | {"unrotated": None, "histogram": None}
    page = html.render(document | {"quantization": [alone]})
    assert "un-rotated" not in page
    both = html.render(document | {"quantization": [quantizer, alone | {"stage": 7}]})
    assert "stage 7" in both


@pytest.mark.parametrize("code", ["int4", "uint2", "e2m1", "e3m2", "e4m3", "e5m2", "int8"])
def test_a_bar_for_each_code(code):
    """Few labels, among them both ends and 0, and no second series where there is none."""
    item = elements.element("code", code)
    order = quantization.in_order(item)
    values = item.decode(order).tolist()
    histogram = {"codes": order.tolist(), "values": values, "rotated": [1] * len(values)}
    text = plots.code_histogram(histogram)
    labels = re.findall(r">([^<>]+)</text>", text)
    numbers = [v for v in values if np.isfinite(v)]
    for value in (numbers[0], 0.0, numbers[-1]):
        assert f"{value:g}".replace("-", "−") in labels
    assert "un-rotated" not in text
    places = plots._ticks(values)
    assert len(places) <= 17
    assert {values[place] for place in places} >= {numbers[0], 0.0, numbers[-1]}
