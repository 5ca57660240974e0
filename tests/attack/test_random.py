"""Shipped recipes with a few things changed, and garbage: a pipeline that works, or one line."""

import copy
import os
import time
import tomllib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hadacast import recipe, tables
from hadacast.cli import describe, toml
from hadacast.cli.main import main
from hadacast.core.top import AxiTop
from hadacast.core.verilog import header, to_verilog
from hadacast.errors import HadacastError

EXAMPLES = int(os.environ.get("HADACAST_EXAMPLES") or 10_000)
QUICK = settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
LONG = settings(QUICK, max_examples=EXAMPLES)

FOLDER = recipe.catalogue()["rotate128"].parent
SHIPPED = {name: tomllib.loads(path.read_text()) for name, path in recipe.catalogue().items()}
# Those that load in a few milliseconds.
BASES = sorted(name for name, document in SHIPPED.items() if len(str(document)) < 3000)
STAGES = [entry for name in BASES for entry in SHIPPED[name]["stage"]]
LARGE = 1 << 14  # elements in a frame, beyond which nothing is computed here

NUMBERS = st.one_of(
    st.sampled_from([0, 1, 2, 3, 4, 5, 7, 8, 12, 16, 24, 32, 48, 64, 128, 255, 256, 65536, -1, 1 << 64]),
    st.integers(-(1 << 70), 1 << 70),
    st.floats(),
)
SCALARS = st.one_of(NUMBERS, st.booleans(), st.text(max_size=12), st.sampled_from(["auto", "even", "int4"]))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=5,
)
FIELDS = sorted({field for cls in recipe.STAGES.values() for field in recipe._names(cls)} | {"kind"})


def tables_of(document):
    """All tables in a document."""
    if isinstance(document, dict):
        yield document
    for inner in document.values() if isinstance(document, dict) else document:
        if isinstance(inner, dict | list):
            yield from tables_of(inner)


@st.composite
def near_valid(draw):
    """A shipped recipe after up to four changes, most of them mild."""
    document = copy.deepcopy(SHIPPED[draw(st.sampled_from(BASES))])
    for _ in range(draw(st.integers(0, 4))):
        stages = document.get("stage")
        how = draw(st.integers(0, 9))
        if how <= 3:
            table = draw(st.sampled_from(list(tables_of(document))))
            if not table:
                continue
            key = draw(st.sampled_from(sorted(table)))
            old = table[key]
            if how == 0:
                del table[key]
            elif isinstance(old, bool):
                table[key] = not old
            elif isinstance(old, int) and how < 3:
                table[key] = draw(st.sampled_from([old + 1, old - 1, 2 * old, old // 2, -old, 0, 1]))
            elif isinstance(old, list) and old and how < 3:
                change = st.sampled_from(
                    [old[::-1], old[1:], old + old[:1], old * 2, old[:1], sorted(map(str, old))]
                )
                table[key] = draw(change)
            else:
                table[key] = draw(VALUES)
        elif how == 4:
            draw(st.sampled_from(list(tables_of(document))))[draw(st.sampled_from(FIELDS))] = draw(SCALARS)
        elif not isinstance(stages, list) or not stages:
            continue
        else:
            place = draw(st.integers(0, len(stages) - 1))
            if how == 5:
                del stages[place]
            elif how == 6:
                stages.insert(place, copy.deepcopy(stages[place]))
            elif how == 7 and isinstance(stages[place], dict):
                stages[place]["kind"] = draw(st.sampled_from([*recipe.STAGES, "none"]))
            elif how == 8:
                document["stage"] = draw(st.permutations(stages))
            else:
                stages.insert(place, copy.deepcopy(draw(st.sampled_from(STAGES))))
    return document


GARBAGE = st.dictionaries(st.sampled_from([*recipe.TABLES, "x"]), VALUES, max_size=5)
DOCUMENTS = st.integers(0, 9).flatmap(lambda n: GARBAGE if n == 9 else near_valid())
COUNT: Counter[str] = Counter()


def said(text: str) -> None:
    """One line, and not a long one."""
    assert text.isprintable()
    assert len(text) < 1000


def loaded(document):
    """The recipe of a document, or None where it is refused, as it must be if it isn't one."""
    content = copy.deepcopy(document)
    try:
        if "stage" in content:
            content["stage"] = tables.resolved(content["stage"], FOLDER)
        return recipe.Draft(file="r.toml", content=content).recipe()
    except HadacastError as error:
        said(str(error))
        return None


def check(document, seed: int) -> None:
    """What loads says all about itself, is read back from what it says, and computes."""
    found = loaded(document)
    COUNT["examples"] += 1
    if found is None:
        COUNT["refused"] += 1
        return
    spec = found.pipeline
    COUNT["loaded"] += 1
    assert spec.latency > 0
    assert describe.pipeline(spec)["latency_cycles"] == spec.latency
    assert header(spec)
    again = loaded(tomllib.loads(toml.text(found)))
    assert again == found
    if spec.in_size <= LARGE:
        COUNT["computed"] += 1
        low, high = spec.input.min, spec.input.max
        x = np.random.default_rng(seed).integers(low, high, (2 * spec.copies, spec.in_size), endpoint=True)
        y = spec.compute(x)
        assert y.shape == (len(x), spec.out_size)
        assert spec.output.min <= y.min()
        assert y.max() <= spec.output.max


@QUICK
@given(DOCUMENTS, st.integers(0, 1 << 30))
def test_recipes(document, seed):
    check(document, seed)


@pytest.mark.long
def test_many_recipes():
    """Prints how many there were, how many of them loaded, and how long it took; see with -s."""

    @LONG
    @given(DOCUMENTS, st.integers(0, 1 << 30))
    def many(document, seed):
        check(document, seed)

    COUNT.clear()
    began = time.monotonic()
    many()
    print(f"\n{dict(COUNT)} in {time.monotonic() - began:.0f} s")
    assert COUNT["examples"] >= EXAMPLES
    assert COUNT["computed"] > EXAMPLES / 20


@settings(QUICK, max_examples=4)
@given(near_valid())
def test_generate(document):
    """Small cores become Verilog, or are refused."""
    found = loaded(document)
    if found is None or found.pipeline.frame > 256 or found.pipeline.lanes > 4:
        return
    try:
        text = to_verilog(AxiTop(found.pipeline))
    except HadacastError as error:
        said(str(error))
    else:
        assert f"module hadacast_{found.pipeline.name}(" in text


@settings(QUICK, max_examples=60)
@given(
    st.one_of(st.binary(max_size=80), st.text(max_size=80).map(lambda text: text.encode(errors="replace")))
)
def test_files_of_anything(tmp_path_factory, content):
    path = Path(tmp_path_factory.mktemp("garbage"), "r.toml")
    path.write_bytes(content)
    ended = CliRunner().invoke(main, ["show", str(path)])
    assert ended.exit_code == 1
    assert ended.stderr.count("\n") == 1
    assert ended.stderr.startswith("hadacast: error: recipe ")
