"""Measuring: what a record holds, what fails alone, what isn't done twice."""

import json
import threading
import time
from contextlib import suppress

import pytest

from hadacast.bench import measure
from hadacast.bench.grid import named
from hadacast.bench.measure import Bench, adder_of, spread
from hadacast.errors import HadacastError
from hadacast.synth.store import Store
from hadacast.tools import yosys

SMALL = "ice40-n4-p2-w4"


def test_a_point_placed_and_routed(tmp_path):
    news, counts = [], []
    bench = Bench(seeds=(1, 2), store=Store(tmp_path))
    (found,) = bench.run([named(SMALL)], news.append, lambda *done: counts.append(done))
    assert (found["name"], found["error"], found["device"]) == (SMALL, "", "ice40-hx8k")
    assert (found["n"], found["lanes"], found["width"], found["out_width"]) == (4, 2, 4, 6)
    assert found["latency"] == 1 + 2
    assert abs(found["logic_cells"] - found["estimate"]) < 0.2 * found["estimate"]
    assert list(found["fmax"]) == ["1", "2"]
    # Registers of the pipeline alone: more than the words of memory have.
    assert found["ff"] > found["memory"]["bits"] == 2 * 5
    assert found["memory"]["words"] == 2
    assert found["floor"] == {**found["floor"], "adders": 2 * 2 * 5 + 2 * 6, "memory": 0, "words": 2}
    assert found["adder"]["width"] == 6
    assert list(found["adder"]["fmax"]) == ["1", "2"]
    assert found["adder"]["median_fmax"] > found["median_fmax"] > 50
    assert found["peer"] is None
    assert found["ratios"]["adder"] == round(found["median_fmax"] / found["adder"]["median_fmax"], 4)
    assert set(found["tools"]) == {"yosys", "nextpnr-ice40", "amaranth"}
    assert json.loads(json.dumps(found)) == found
    assert counts == [(0, 2), (1, 2), (2, 2)]
    assert any(line.startswith(f"{SMALL}: placing and routing on ice40-hx8k, seed 2") for line in news)

    # Again, from the store alone, and in no time.
    assert Bench(seeds=(1, 2), store=Store(tmp_path)).run([named(SMALL)]) == [found]


def test_nothing_is_done_twice(tmp_path, monkeypatch):
    bench = Bench(place=False, store=Store(tmp_path))
    first = bench.run([named(SMALL)])
    whole = yosys.run
    monkeypatch.setattr(
        yosys, "run", lambda text, **more: pytest.fail(text) if "synth_" in text else whole(text, **more)
    )
    assert bench.run([named(SMALL)]) == first


def test_without_place_and_route(tmp_path):
    points = [named("ecp5-n8-p2-w4"), named("gowin-n4-p4-w4")]
    found = Bench(place=False).run(points)
    assert [r["name"] for r in found] == [p.name for p in points]
    for record in found:
        assert record["estimate"] > record["floor"]["cells"]
        assert record["logic_cells"] is record["fmax"] is record["median_fmax"] is record["adder"] is None
        assert "nextpnr-ecp5" not in record["tools"]


def test_a_point_that_fails_stops_nothing(monkeypatch):
    whole = measure.map_core

    def failing(text, *, device, **more):
        if device.family == "gowin":
            raise HadacastError("no room (log: /nowhere/yosys.log)")
        return whole(text, device=device, **more)

    monkeypatch.setattr(measure, "map_core", failing)
    bad, good = Bench(place=False).run([named("gowin-n4-p4-w4"), named("ecp5-n4-p4-w4")])
    assert (bad["error"], bad["estimate"], bad["memory"], bad["ff"]) == ("no room", None, None, None)
    assert bad["ratios"]["floor"] is None
    assert good["error"] == ""
    assert good["estimate"] > 0


def test_an_interrupt_ends_it(monkeypatch):
    def interrupted(*arguments, **more):
        raise KeyboardInterrupt

    monkeypatch.setattr(measure, "map_core", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Bench(place=False).run([named("ecp5-n4-p4-w4")])


def test_what_is_under_way_ends_at_its_next_step(monkeypatch):
    # Ctrl-C comes to the main thread, while placements of several seeds run in others.
    steps, begun = [], threading.Event()

    def seeds(text, *, progress, **more):
        with suppress(HadacastError):
            for seed in range(100):
                begun.set()
                time.sleep(0.02)
                progress(f"seed {seed}")
                steps.append(seed)
        raise HadacastError("ended")

    def interrupted(done, total):
        begun.wait(10)
        raise KeyboardInterrupt

    monkeypatch.setattr(measure, "map_core", seeds)
    with pytest.raises(KeyboardInterrupt):
        Bench(place=False).run([named("ecp5-n4-p4-w4")], count=interrupted)
    assert len(steps) < 50


def test_points_share_adders():
    assert adder_of(named("ecp5-n16-p2-w16")) == adder_of(named("ecp5-n16-p4-w16")) == ("ecp5", 20)
    assert adder_of(named("ecp5-n16-p2-w16")) != adder_of(named("ice40-n16-p2-w16"))


def test_an_adder_that_fails_is_said():
    core = {"error": ""}
    found = Bench().record(named(SMALL), core, {"error": "no room"})
    assert (found["error"], found["adder"]) == ("adder: no room", None)


def test_spread():
    assert spread({"1": 3.0, "2": None, "3": 1.0}) == (1.0, 2.0, 3.0)
    assert spread({"1": None}) is None
