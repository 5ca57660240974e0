"""The page: whole, escaped, self-contained, the same every time."""

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest

from hadacast import recipe as recipes
from hadacast.cli import describe
from hadacast.report import distribution, html, plots


@pytest.fixture(scope="module")
def blocks():
    before = np.random.default_rng(1).standard_t(3, (40, 16))
    return before, before[:, ::-1] * 0.5


@pytest.fixture
def document(blocks):
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
        "synthesis": None,
        "bitstream": None,
        "throughput": None,
        "versions": {evil: evil},
        "seconds": {},
    }


class Tags(HTMLParser):
    """Collects elements and attributes, and checks that they nest."""

    VOID = ("meta", "br")

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


def test_a_failed_build_has_a_page_too(document):
    empty = dict.fromkeys(("verilog", "distribution"))
    page = html.render(document | empty)
    assert "<svg" not in page
    assert "failed" in page


def test_plots_are_the_same_every_time(blocks):
    for draw in (plots.histogram, plots.block_peaks):
        text = draw(*blocks)
        assert text == draw(*blocks)
        assert "var(--before)" in text
        assert not re.search("|".join(plots.COLOURS), text)
        ElementTree.fromstring(text.replace("<svg ", '<svg xmlns:xlink="x" ', 1))


def test_plots_of_nothing():
    zeros = np.zeros((3, 4))
    assert "<svg" in plots.histogram(zeros, zeros)
    assert "<svg" in plots.block_peaks(zeros, zeros)
