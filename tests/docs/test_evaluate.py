"""The page on evaluate: its example is what the command prints, its tables are what was measured."""

import importlib.util
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from hadacast.cli.main import main

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "evaluate.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def evaluation():
    spec = importlib.util.spec_from_file_location("docs_evaluation", DOCS / "evaluation.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def store(evaluation):
    return json.loads(evaluation.STORE.read_text(encoding="utf-8"))


def test_the_example(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    command, shown = re.search(
        r"```sh\nhadacast (evaluate .*)\n```\n\n```text\n(.*?)```", PAGE, re.DOTALL
    ).groups()
    printed = CliRunner().invoke(main, command.split()).stdout.splitlines()
    cells = [line.split() for line in printed]
    table = [line for line in shown.splitlines() if re.match(r"  \w+\d", line)]
    assert len(table) == 4
    for line in [shown.splitlines()[0], *table]:
        assert line.split() in cells


def test_what_is_said_of_the_example(example):
    gain = {name: float(row[2]) - float(row[3]) for name, row in example.items()}
    said = re.search(
        r"worth ([\d.]+) dB to INT4, ([\d.]+) dB to MXFP4, and costs NVFP4 ([\d.]+) dB and FP8\s([\d.]+) dB",
        PAGE.replace("\n", " "),
    )
    want = [gain[name] for name in ("int4_token128", "mxfp4_32", "nvfp4_rht16", "fp8_rows")]
    assert [float(text) for text in said.groups()] == pytest.approx(
        [want[0], want[1], -want[2], -want[3]], abs=0.051
    )


@pytest.fixture
def example():
    """Cells of the example's table, by recipe."""
    rows = re.findall(r"^  (\w+) +(\w+, \w+ scale) +([\d.]+) +([\d.]+)", PAGE, re.MULTILINE)
    return {row[0]: row for row in rows}


@pytest.mark.parametrize("page", ["evaluate.md", "quantize.md"])
def test_the_tables_are_what_was_measured(evaluation, store, page):
    text = (DOCS / page).read_text(encoding="utf-8")
    assert evaluation.page(page, text, store) == text


def test_a_page_without_marks_is_an_error(evaluation):
    with pytest.raises(ValueError, match="no marks 'cosines'"):
        evaluation.place("<!-- cosines -->\nno end", "cosines", "table")


def cosine(store, code, rotation):
    return store["results"][code][rotation]["cosine_mean"]


def sqnr(store, code, rotation, kind):
    return store["results"][code][rotation]["sqnr_db"][kind]


def test_the_control(store):
    """Every rotation and its inverse leave the embeddings as they were."""
    for result in store["results"]["INT16 per token"].values():
        assert result["cosine_worst"] > 0.99999
        assert result["neighbours_kept"] == 1


def test_what_the_pages_say_of_the_model(store):
    results = store["results"]
    for kind in ("mlp_up", "mlp_down"):
        assert sqnr(store, "INT4 per token", "full", kind) > sqnr(store, "INT4 per token", "none", kind) + 5
        for rotation in list(results["NVFP4"])[1:]:
            assert 0 < sqnr(store, "NVFP4", "none", kind) - sqnr(store, "NVFP4", rotation, kind) < 2
    signs = "full, random signs"
    assert (
        sqnr(store, "INT4 per token", signs, "mlp_down")
        > sqnr(store, "INT4 per token", "full", "mlp_down") + 2
    )
    for code in ("INT4 g=32", "MXFP4"):
        best = max(results[code], key=lambda rotation: cosine(store, code, rotation))
        assert best == "blocks of 32"
    # The longer the rotation, the worse.
    falling = [cosine(store, "NVFP4", rotation) for rotation in results["NVFP4"]]
    assert falling == sorted(falling, reverse=True)
    assert 1 - cosine(store, "NVFP4", "full") == pytest.approx(
        2 * (1 - cosine(store, "NVFP4", "none")), rel=0.1
    )
    # It never did harm.
    for name in results["INT8 per token"]:
        assert cosine(store, "INT8 per token", name) >= cosine(store, "INT8 per token", "none")
