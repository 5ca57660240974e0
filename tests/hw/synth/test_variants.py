"""What a pipeline's stages offer: values that bring more registers, and nothing that changes a result."""

from dataclasses import fields

import numpy as np
import pytest

from hadacast.recipe import STAGES, load
from hadacast.synth.variants import Variant, choices, variants


def fwht(*overrides: str):
    return load("rotate128", ["stream.frame=64", "stream.lanes=4", *overrides]).pipeline


@pytest.mark.parametrize(
    ("overrides", "offered"),
    [
        ((), {"registers": (2,), "stall_span": (4, 2)}),
        (("stage.0.registers=0",), {"registers": (1, 2), "stall_span": (4, 2)}),
        (("stage.0.registers=2",), {"stall_span": (4, 2)}),
        (("stage.0.stall_span=3",), {"registers": (2,), "stall_span": (2,)}),
        (("stage.0.registers=2", "stage.0.stall_span=1"), {}),
    ],
)
def test_a_transform_offers_what_is_beyond_its_own(overrides, offered):
    assert choices(fwht(*overrides), 0) == offered


def test_what_is_held_is_not_offered():
    assert choices(fwht(), 0, {(0, "registers"), (1, "stall_span")}) == {"stall_span": (4, 2)}


def test_variants_are_all_combinations_but_none():
    found = [variant.overrides for variant in variants(Variant(fwht()), 0)]
    assert found == [
        ("stage.0.stall_span=4",),
        ("stage.0.stall_span=2",),
        ("stage.0.registers=2",),
        ("stage.0.registers=2", "stage.0.stall_span=4"),
        ("stage.0.registers=2", "stage.0.stall_span=2"),
    ]


@pytest.mark.parametrize("name", ["rotate128", "nvfp4_rht16", "lrq_dit_hadamard"])
def test_overrides_make_the_variant(name):
    spec = load(name).pipeline
    for stage in range(len(spec.stages)):
        for variant in variants(Variant(spec), stage):
            assert load(name, variant.overrides).pipeline == variant.spec
            assert variant.spec.latency >= spec.latency


def test_settings_of_two_stages_add_up():
    spec = load("lrq_dit_hadamard").pipeline
    stage = next(i for i, s in enumerate(spec.stages) if s.kind == "fwht")
    one = Variant(spec).with_settings(stage, {"registers": 2})
    both = one.with_settings(stage, {"stall_span": 4, "registers": 0})
    assert both.overrides == (f"stage.{stage}.registers=0", f"stage.{stage}.stall_span=4")
    assert both.label == f"{stage}.registers=0, {stage}.stall_span=4"
    assert Variant(spec).label == "as it is"


def test_results_stay():
    spec = fwht()
    x = np.random.default_rng(1).integers(-(1 << 15), 1 << 15, (5, 64))
    for variant in variants(Variant(spec), 0):
        assert variant.spec.output == spec.output
        np.testing.assert_array_equal(variant.spec.compute(x), spec.compute(x))


def test_what_stages_name_are_members_of_theirs():
    """And whatever calls itself a register or a span is among them."""
    for stage in STAGES.values():
        members = {field.name for field in fields(stage)}
        assert set(stage.PIPELINING) <= members
        assert members & {"registers", "stall_span", "pipeline", "pipelining"} <= set(stage.PIPELINING)
