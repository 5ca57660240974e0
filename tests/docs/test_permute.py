"""The page on stages that move elements says what they do: fields, defaults, memory."""

import json
import re
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from hadacast.cli import describe
from hadacast.permuting.rules import RULES
from hadacast.recipe import STAGES
from hadacast.spec.order import ORDERS, Order
from hadacast.spec.permute import Permute
from hadacast.spec.scatter import Scatter

PAGE = (Path(__file__).parents[2] / "docs" / "permute.md").read_text(encoding="utf-8")
KINDS = {cls.kind: cls for cls in (Order, Permute, Scatter)}


def section(kind):
    return re.split(r"^## ", PAGE.split(f"\n## {kind}\n")[1], flags=re.MULTILINE)[0]


@pytest.mark.parametrize("kind", KINDS)
def test_fields_and_defaults(kind):
    rows = re.findall(r"^\| `(\w+)` \| `([^`]*)` \| [^|]", section(kind), re.MULTILINE)
    shown = {name: json.loads(value) for name, value in rows}
    cls = KINDS[kind]
    own = {f.name: f.default for f in fields(cls) if f.name not in cls.FROM_STREAM}
    assert shown == {name: [] if value == () else value for name, value in own.items()}


def test_every_kind_order_and_rule_is_there():
    assert re.findall(r"^\| \[`(\w+)`\]", PAGE, re.MULTILINE) == list(KINDS)
    assert set(KINDS) <= set(STAGES)
    rules = section("permute").partition("| `rule` | s(i) |")[2]
    assert re.findall(r"^\| `(\w+)` \|", rules, re.MULTILINE) == list(RULES)
    assert tuple(re.findall(r"^\| `(\w+)` \| (?:i|as) ", section("order"), re.MULTILINE)) == ORDERS


def test_memories_are_those_of_the_table():
    rows = re.findall(r"^\| (\w+) to (\w+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|", PAGE, re.MULTILINE)
    assert len(rows) == 5
    for before, after, frame, lanes, bound, memory in rows:
        spec = Order(frame=int(frame), lanes=int(lanes), before=before, after=after)
        assert (spec.least_memory, spec.memory) == (int(bound), int(memory))


def test_latency_is_a_few_registers_more_than_the_least():
    assert "a few registers: 4 at\nleast" in PAGE
    rng = np.random.default_rng(1)
    found = [
        *(Order(frame=1 << n, lanes=1 << p) for n in range(3, 12) for p in range(min(n, 4))),
        *(Permute(frame=60, lanes=p, table=tuple(rng.permutation(60).tolist())) for p in (1, 2, 3, 5, 6, 30)),
        Permute(frame=64, lanes=4, rule="xor", mask=32),
    ]
    more = {spec.latency - spec.least_memory // spec.lanes for spec in found}
    assert min(more) >= 4
    assert max(more) <= 10
    scatter = Scatter(frame=64, lanes=4, places=tuple(range(0, 64, 3)))
    assert 4 <= scatter.latency - (scatter.in_beats - 1) <= 10


def test_heads_and_channels_as_the_page_says():
    x = np.arange(512)
    heads = Permute(frame=512, unit=128, table=(2, 0, 3, 1)).compute(x).reshape(4, 128)
    assert np.array_equal(heads, x.reshape(4, 128)[[2, 0, 3, 1]])
    channels = Permute(frame=512, rule="transpose", rows=4).compute(x)
    assert np.array_equal(channels, x.reshape(4, 128).T.ravel())


def test_show_counts_the_memory():
    assert describe.stage_words(Order(frame=64, lanes=4)) == 64
    assert describe.stage_words(Permute(frame=6, lanes=3, table=(2, 0, 1))) == 0
    assert describe.stage_words(Scatter(frame=64, lanes=4, places=(1, 5, 9, 2, 3))) == 16
