"""`hadacast prove`: a table, a document, the exit status where a property fails, errors in one line."""

import pytest

from hadacast.prove import campaign, parts
from hadacast.prove.subject import Subject


def test_a_part_is_proved(hadacast):
    document = hadacast("prove", "skid", "--json").document
    assert document["schema"] == "hadacast.prove/1"
    assert document["ok"]
    assert {found["verdict"] for found in document["properties"]} == {"proved"}
    assert {"valid", "payload", "last", "frames", "progress", "paths"} <= {
        found["property"] for found in document["properties"]
    }


def test_only_and_the_table(hadacast):
    outcome = hadacast("prove", "framer", "--only", "2 beats")
    assert "2 beats" in outcome.stdout
    assert "1 components: " in outcome.stdout
    assert "3 beats" not in outcome.stdout


def test_a_recipe_is_proved_as_a_core(hadacast):
    words = ("small.toml", "--set", "stream.frame=2", "--set", "input.width=1", "--set", "input.fraction=0")
    document = hadacast("prove", *words, "--json").document
    assert {found["kind"] for found in document["properties"]} == {"core"}
    assert "value" in {found["property"] for found in document["properties"]}


def test_what_fails_ends_with_an_error_and_waves(here, hadacast, monkeypatch):
    broken = Subject("skid", "", (lambda family: _silent(),))
    monkeypatch.setattr(campaign, "chosen", lambda names: (broken,))
    outcome = hadacast("prove", "skid", "--waves", "waves", "--json", status=1)
    assert outcome.error == "1 properties fail, such as capacity of skid"
    assert not outcome.document["ok"]
    assert (here / "waves" / "skid-capacity.vcd").exists()


def _silent():
    return parts.flowing("generic", parts.Span(), beats=2, capacity=0)[0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nothing",), "no kind and no recipe is called 'nothing'"),
        (("skid", "--only", "wide"), "only is 'wide': no configuration has that in its name"),
    ],
)
def test_errors(fails, words, said):
    assert said in fails("prove", *words)


def test_settings_are_of_recipes(hadacast):
    outcome = hadacast("prove", "skid", "--set", "stream.frame=2", status=2)
    assert "no recipe is named" in outcome.stderr
