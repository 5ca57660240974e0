"""`hadacast mutate`: counts that add up, and errors in one line."""

from pathlib import Path

import pytest


@pytest.fixture
def shown(here, hadacast):
    return hadacast("mutate", "small.toml", "--mutants", "30", "--seed", "1", "--json").document


def test_the_document_adds_up(shown):
    assert shown["schema"] == "hadacast.mutate/1"
    assert shown["mutants"] == 30 == shown["killed"] + len(shown["survivors"])
    assert shown["killed"] == sum(shown["checks"].values()) == sum(shown["parts"].values())
    assert shown["equal"] == sum(survivor["proof"] == "equal" for survivor in shown["survivors"])
    assert shown["left"] == shown["mutants"] - shown["killed"] - shown["equal"]
    assert shown["score"] == shown["killed"] / (shown["killed"] + shown["left"])
    assert sum(count for _, count in shown["modes"].values()) == 30
    assert shown["killed"] >= 25


def test_tables(here, hadacast):
    text = hadacast("mutate", "small.toml", "--mutants", "10", "--prove", "0").stdout
    assert "of those not proved equal" in text
    assert "Found by check" in text


def test_errors(here, hadacast):
    assert hadacast("mutate", "small.toml", "--mutants", "0", status=2).stderr
    text = Path("small.toml").read_text()
    stages = (
        'kind = "quantize"\ncode = "int4"\nscale = "maximum"\n[[stage]]\nkind = "pack"\nlayout = "stream"'
    )
    stream = text.replace('kind = "cast"', stages)
    Path("small.toml").write_text(stream)
    assert "the benches drive one stream" in hadacast("mutate", "small.toml", status=1).error
