"""The wave diagrams show what the core does today, and each drawing is that of the JSON beside it."""

import importlib.util
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def waves():
    spec = importlib.util.spec_from_file_location("docs_waves", DOCS / "waves.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SCENES = ("full_rate", "gaps_and_stalls", "early_tlast", "late_tlast")


def test_no_file_is_left_over(waves):
    assert tuple(waves.SCENES) == SCENES
    files = {path.name for path in waves.FOLDER.iterdir()}
    assert files == {f"{scene}.{suffix}" for scene in SCENES for suffix in ("json", "svg")}


@pytest.mark.parametrize("scene", SCENES)
def test_a_simulation_still_draws_the_same(waves, scene):
    """If this fails, the core's timing has changed: python docs/waves.py, and read stream.md again."""
    drawn = (waves.FOLDER / f"{scene}.json").read_text(encoding="utf-8")
    assert waves.as_json(waves.SCENES[scene]()) == drawn


@pytest.mark.parametrize("scene", SCENES)
def test_the_svg_is_of_its_json(waves, scene):
    text = (waves.FOLDER / f"{scene}.json").read_text(encoding="utf-8")
    assert waves.mark(text) in (waves.FOLDER / f"{scene}.svg").read_text(encoding="utf-8")


def rows(drawing):
    """Wave strings by signal name, repeats written out."""
    found = {}
    for item in drawing["signal"]:
        for row in item[1:] if isinstance(item, list) else [item]:
            if "name" in row:
                wave = ""
                for sign in row["wave"]:
                    wave += wave[-1] if sign == "." else sign
                found[row["name"]] = wave
    return found


def test_what_stream_md_says_of_the_scenes(waves):
    full, early, late = (waves.SCENES[scene]() for scene in ("full_rate", "early_tlast", "late_tlast"))
    assert full["edge"] == [f"A<->B {waves.SPEC.latency} clocks"]
    assert rows(full)["m_axis_tvalid"].count("1") == 8
    assert "1" * 8 in rows(full)["m_axis_tvalid"]
    for scene in (early, late):
        # Early by two, or late by two, two beats short of a second frame: two are made up.
        assert rows(scene)["s_axis_tready"].count("0") == 2
        assert rows(scene)["frame_error"].count("1") == 1
        assert rows(scene)["m_axis_tuser"].replace("x", "") == "00001111"


def test_a_wrong_result_is_not_drawn(waves, monkeypatch):
    monkeypatch.setattr(type(waves.SPEC), "compute", lambda spec, x: x)
    with pytest.raises(AssertionError, match="is right"):
        waves.SCENES["full_rate"]()
