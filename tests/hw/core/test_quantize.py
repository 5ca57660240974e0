"""The whole stage: RTL equals reference whatever the streams do, at the stated latency, a beat each clock."""

from dataclasses import replace

import numpy as np
import pytest
from amaranth.hdl import Fragment, Module
from hw.core import stage_bench

from hadacast.core.quantize import Quantize as Hardware
from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.frames import Frames, exponents
from hadacast.spec.quantize import MAX_FF_DEPTH, Quantize
from hadacast.tech.family import FAMILIES, Target


def stage(frame, lanes, group=0, rows=1, rule="floor", floating=False, width=9, code="e2m1", **settings):
    fixed = Format(width=width, fraction=4)
    return Quantize(
        frame=frame,
        lanes=lanes,
        input=exponents(fixed, frame) if floating else fixed,
        code=code,
        group=group,
        rows=rows,
        scale={"kind": "exponent", "rule": rule},
        **settings,
    )


def frames(spec, count, seed):
    """Zero groups, the most negative input, a huge outlier in each place, small numbers, and random ones."""
    rng = np.random.default_rng(seed)
    low, high, width = spec.element.min, spec.element.max, spec.element.width
    x = rng.integers(low, high + 1, (count, spec.frame)) >> rng.integers(0, width, (count, 1))
    zero = rng.random((count, spec.frame // spec.group)) < 0.2
    x = np.where(np.repeat(zero, spec.group, axis=1), 0, x)
    outliers = min(spec.frame, count // 4)
    x[np.arange(outliers), rng.choice(spec.frame, outliers, replace=False)] = rng.choice(
        [low, high], outliers
    )
    x[outliers : outliers + 3] = [[0], [low], [high]]
    if not spec.floating:
        return x
    exponent = rng.integers(120, 135, (count, 1))
    exponent[-1], exponent[-3:-1] = 255, [[0], [254]]
    return Frames(codes=np.where(exponent == 255, 0, x), scale=exponent)


SPECS = [
    # Groups smaller than a beat, of a beat, of several, of the frame.
    stage(16, 8, 2),
    stage(16, 4, 1, rule="even"),
    stage(32, 8, 8),
    stage(32, 8, 32, rule="ceil"),
    stage(32, 4, 16, code="e4m3"),
    stage(64, 1, 64, rule="rceil"),
    stage(64, 2, 4, storage="bram"),
    stage(2, 1, 1),
    stage(4, 4, 4, rule="three_quarters"),
    stage(128, 2, 128, storage="ff"),
    stage(32, 2, 32, storage="bram", code="e4m3"),
    stage(256, 2, 256),
    # Tiles: rows in a beat, a row of groups in a beat, in two, in many.
    stage(16, 8, 2, rows=8),
    stage(32, 4, 4, rows=8, rule="even"),
    stage(32, 4, 2, rows=4, storage="lutram"),
    stage(64, 2, 4, rows=4, rule="ceil"),
    stage(256, 2, 2, rows=2),
    stage(64, 1, 2, rows=8, code="mxint8"),
    # Frames with exponents.
    stage(16, 4, 8, floating=True),
    stage(32, 8, 4, rows=4, floating=True, rule="rceil"),
    stage(16, 2, 16, floating=True, code="e5m2", rounding="away"),
    # Random numbers.
    stage(16, 8, 8, rounding="stochastic", seed=99),
    stage(16, 2, 8, rounding="stochastic", random="port", code="int4"),
]


def label(spec):
    shape = f"n{spec.frame}-p{spec.lanes}-g{spec.rows}x{spec.group}-{spec.scale.rule}-{spec.code.width}bit"
    return f"{shape}-{spec.rounding}-{spec.storage}" + ("-floating" if spec.floating else "")


@pytest.mark.parametrize("spec", SPECS, ids=label)
def test_hardware_is_the_reference(spec):
    stage_bench.check(spec, frames(spec, max(10, 60 // spec.beats), spec.frame), seed=spec.group)


def test_a_port_for_random_numbers_fed_by_the_generator_gives_the_same():
    spec = stage(16, 4, 8, rounding="stochastic", seed=3)
    x = frames(spec, 12, 1)
    own, port = (
        stage_bench.undisturbed(replace(spec, random=random), x) for random in ("xorshift32", "port")
    )
    np.testing.assert_array_equal(own.data, port.data)
    other = stage_bench.undisturbed(replace(spec, seed=4), x)
    assert (own.data != other.data).any()


@pytest.mark.parametrize(
    ("settings", "ported"),
    [
        ({}, False),
        ({"random": "port"}, False),
        ({"rounding": "stochastic"}, False),
        ({"rounding": "stochastic", "random": "port"}, True),
    ],
)
def test_ports(settings, ported):
    dut = Hardware(stage(16, 4, 8, **settings))
    Fragment.get(dut, None)
    assert ("random" in dut.signature.members) == ported
    if ported:
        assert (len(dut.random), len(dut.random_taken)) == (32, 1)


def test_static_scales_have_no_queue():
    spec = Quantize(frame=16, lanes=4, input=Format(width=9), code="int4")
    assert spec.replay_depth == 0
    stage_bench.check(spec, np.random.default_rng(1).integers(-256, 256, (30, 16)))


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_elaborates(family):
    for spec in (SPECS[0], SPECS[3], SPECS[11], stage(4096, 4, 4096)):
        m = Module()
        m.submodules.dut = Hardware(spec)
        Fragment.get(m, Target(FAMILIES[family])).prepare()


def test_storage_that_is_refused():
    with pytest.raises(HadacastError, match="storage is 'rom': it must be one of auto, ff, lutram, bram"):
        stage(16, 4, 8, storage="rom")
    with pytest.raises(
        HadacastError, match=f"beats wait for their scale, flip-flops hold up to {MAX_FF_DEPTH}"
    ):
        stage(4096, 4, 4096, storage="ff")
    with pytest.raises(HadacastError, match="ice40 has no LUT RAM"):
        Fragment.get(Hardware(stage(16, 4, 8, storage="lutram")), Target(FAMILIES["ice40"]))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"code": Format(width=33)}, "code is signed 33-bit.*up to 32 bits"),
        ({"code": Format(width=1)}, "code is signed 1-bit.*above zero"),
        ({"code": "e2m1", "wide": "fp32", "overflow": "inf"}, "overflow is 'inf'"),
    ],
)
def test_codes_that_are_refused(settings, message):
    with pytest.raises(HadacastError, match=message):
        stage(16, 4, 8, **settings)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(30))
def test_any_geometry(seed):
    rng = np.random.default_rng(seed)
    for _ in range(10):
        frame = 2 << int(rng.integers(0, 7))
        lanes = 1 << int(rng.integers(0, min(frame.bit_length(), 5)))
        rows = 1 << int(rng.integers(0, frame.bit_length())) if rng.random() < 0.5 else 1
        group = 1 << int(rng.integers(0, (frame // rows).bit_length()))
        spec = stage(
            frame,
            lanes,
            group,
            rows,
            ("floor", "rceil")[rng.integers(2)],
            bool(rng.integers(2)),
            width=int(rng.integers(4, 12)),
            storage=("auto", "ff", "lutram", "bram")[rng.integers(4)],
            rounding=("even", "stochastic")[rng.integers(2)],
            **({"wide": "e3m2", "above": float(rng.choice([0, 0.5, 3, 11]))} if rng.random() < 0.3 else {}),
        )
        x = frames(spec, 20 if spec.beats > 16 else 40, seed)
        stage_bench.check(spec, x, seed=int(rng.integers(1 << 30)))
