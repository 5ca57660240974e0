"""One point: its figures against other ways to them, and its errors in one line."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from cli.explore.sweeps import RECIPE, VALUES, source, task
from scipy.linalg import hadamard

from hadacast import recipe
from hadacast.core.top import AxiTop
from hadacast.core.verilog import module_name, to_verilog
from hadacast.explore import measure as module
from hadacast.explore.measure import (
    EXACT,
    MAP,
    PLACE,
    OtherVersionError,
    brief,
    maker,
    measure,
    noise,
    sources,
)
from hadacast.synth.devices import device
from hadacast.synth.ooc import synthesize


@pytest.fixture
def draft(tmp_path):
    """The draft of `mine.toml` with overrides."""
    (tmp_path / "mine.toml").write_text(RECIPE)
    return lambda *overrides: recipe.draft(tmp_path / "mine.toml", overrides)


def sqnr(exact, approximate):
    return 10 * np.log10((exact**2).sum() / ((exact - approximate) ** 2).sum())


@pytest.mark.parametrize(("width", "fraction"), [(10, 4), (8, 2), (6, 0)])
def test_noise_is_that_of_the_definition_in_floating_point(draft, width, fraction):
    spec = draft(f"input.width={width}", f"input.fraction={fraction}").recipe().pipeline
    found = noise(spec, source())
    blocks = VALUES.reshape(-1, 8)
    entered = np.rint(blocks * 2**fraction).clip(-(2 ** (width - 1)), 2 ** (width - 1) - 1) / 2**fraction
    rotated = entered @ hadamard(8)
    step = np.abs(rotated).max(axis=1, keepdims=True) / 7
    quantized = np.rint(rotated / step) * step
    assert found["input_sqnr"] == pytest.approx(sqnr(blocks, entered), abs=1e-3)
    assert found["sqnr"] == pytest.approx(sqnr(rotated, quantized), abs=0.01)
    # Added as if independent, which they nearly are.
    assert found["total_sqnr"] == pytest.approx(sqnr(blocks @ hadamard(8), quantized), abs=0.3)
    assert found["total_sqnr"] < min(found["sqnr"], found["input_sqnr"])
    assert found["bits"] > 4


def test_noise_of_codes_and_without_a_quantizer():
    spec = recipe.load("rotate128").pipeline
    codes = np.arange(256).reshape(2, 128)
    assert noise(spec, source(codes)) == {}
    assert set(noise(spec, source(codes / 3))) == {"input_sqnr"}


def test_of_several_quantizers_the_noisiest_counts(tmp_path):
    more = ('kind = "dequantize"', 'kind = "quantize"\ncode = "int8"', 'kind = "pack"')
    before, _, _ = RECIPE.rpartition("[[stage]]")
    (tmp_path / "both.toml").write_text(before + "".join(f"[[stage]]\n{stage}\n" for stage in more))
    spec = recipe.load(tmp_path / "both.toml").pipeline
    (tmp_path / "one.toml").write_text(RECIPE)
    one = noise(recipe.load(tmp_path / "one.toml").pipeline, source())
    found = noise(spec, source())
    assert found["sqnr"] == one["sqnr"]
    assert found["bits"] > one["bits"]


def test_a_row_of_the_exact_result(draft):
    spec = draft().recipe().pipeline
    row = measure(replace(task(), draft=draft()), source())
    assert row.pop("error") == ""
    assert row == {"frame": 8, "lanes": 2, "latency": spec.latency, **noise(spec, source())}


def test_a_row_of_the_netlist_and_one_that_is_placed(draft, tmp_path):
    spec = draft().recipe().pipeline
    chip = device("ice40-hx8k")
    options = {"top": module_name(spec), "device": chip, "workdir": tmp_path / "work", "ports": False}
    result = synthesize(to_verilog(AxiTop(spec), "ice40"), seeds=(1,), **options)
    cache = str(tmp_path / "cache")
    mapped = measure(replace(task(MAP, "ice40-hx8k", cache=cache), draft=draft()), source())
    placed = measure(replace(task(PLACE, "ice40-hx8k", seeds=(1,), cache=cache), draft=draft()), source())
    assert mapped["error"] == placed["error"] == ""
    for name in ("ff", "lut_ram", "block_ram", "multiplier"):
        assert mapped[name] == placed[name] == result.roles[name]
    assert placed["cells"] == result.logic_cells
    assert mapped["cells"] == pytest.approx(result.logic_cells, rel=0.1)
    assert "fmax" not in mapped
    assert placed["fmax"] == result.median_fmax
    assert placed["throughput"] == pytest.approx(2e6 * result.median_fmax)
    assert placed["delay"] == pytest.approx(1000 * spec.latency / result.median_fmax, abs=1e-3)
    assert {path.name for path in (tmp_path / "cache").rglob("*.gz")} != set()


def test_a_core_that_does_not_fit_keeps_what_is_known(draft, tmp_path, monkeypatch):
    tiny = replace(device("ice40-hx8k"), nextpnr=("--lp384", "--package", "qn32"))
    monkeypatch.setattr(module, "device", lambda name: tiny)
    made = replace(task(PLACE, "ice40-hx8k", seeds=(1,), cache=str(tmp_path)), draft=draft())
    row = measure(made, source())
    assert "of 384 ICESTORM_LC on ice40-hx8k, too many" in row["error"]
    assert "log" not in row["error"]
    assert row["sqnr"] > 0
    assert "cells" not in row


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (("stream.lanes=3",), "lanes is 3: it must divide the frame, 8"),
        (("stage.fwht.sort=3",), "no field 'sort'"),
        (("stream.frame=32",), "data 'x.npy' has shape (32, 16)"),
    ],
)
def test_what_goes_wrong_is_one_line(draft, overrides, said):
    row = measure(replace(task(), draft=draft(*overrides)), source())
    assert said in row["error"]
    assert "\n" not in row["error"]


@pytest.mark.parametrize(
    ("error", "text"),
    [(MemoryError(), "out of memory"), (KeyError("a\nb"), "a fault of hadacast, KeyError: 'a\\nb'")],
)
def test_a_fault_is_an_error_of_its_point(draft, monkeypatch, error, text):
    def broken(*_):
        raise error

    monkeypatch.setattr(module, "framed", broken)
    row = measure(replace(task(), draft=draft()), source())
    assert row["error"] == text
    assert row["frame"] == 8


def test_errors_name_no_log():
    assert brief(ValueError("no (room) (log: /tmp/a b/x.log)")) == "no (room)"
    assert brief(ValueError("two\nlines (log of it)")) == "two lines (log of it)"


def test_a_task_survives_being_sent(draft):
    made = replace(task(), draft=draft("stage.quantize.code=int8"))
    sent = pickle.loads(pickle.dumps(made))
    assert sent == made
    assert sent.key(source()) == made.key(source())


def test_the_key_is_of_all_that_decides_the_figures(draft):
    made = replace(task(MAP, "ecp5-25k", cache="one"), draft=draft())
    key = made.key(source())
    assert replace(made, cache="two", timeout=3.0).key(source()) == key
    others = [
        replace(made, draft=draft("stream.lanes=4")),
        replace(made, level=EXACT),
        replace(made, device="ecp5-45k"),
        replace(made, seeds=(2,)),
        replace(made, made_by={**made.made_by, "pyosys": "0"}),
    ]
    sources_ = [replace(source(), sha256="1" * 64), replace(source(), tensor="t"), source(VALUES[:4])]
    keys = {key, *(other.key(source()) for other in others), *(made.key(other) for other in sources_)}
    assert len(keys) == 1 + len(others) + len(sources_)


def test_another_version_is_no_result(draft):
    made = replace(task(), draft=draft(), made_by={**maker(EXACT, ""), "numpy": "0.1"})
    with pytest.raises(OtherVersionError, match=r"it has numpy .*, the sweep is of 0.1"):
        measure(made, source())


def test_what_made_it(monkeypatch):
    assert set(maker(EXACT, "")) == {"hadacast", "numpy"}
    assert set(maker(MAP, "ecp5-25k")) == {"hadacast", "numpy", "amaranth", "pyosys"}
    assert "nextpnr" in maker(PLACE, "ecp5-25k")["nextpnr-ecp5"]
    assert sources() in maker(EXACT, "")["hadacast"]


def test_the_hash_of_the_sources_sees_every_change(tmp_path, monkeypatch):
    import hadacast

    first_root = tmp_path / "one"
    (first_root / "core").mkdir(parents=True)
    (first_root / "core" / "a.py").write_text("x = 1\n")
    monkeypatch.setattr(hadacast, "__path__", [str(first_root)])

    def fresh():
        sources.cache_clear()
        return sources()

    try:
        first = fresh()
        (first_root / "core" / "a.pyc").write_text("x")
        assert fresh() == first
        (first_root / "core" / "a.py").write_text("x = 2\n")
        second = fresh()
        (first_root / "core" / "b.v").write_text("")
        third = fresh()
        assert len({first, second, third}) == 3
        (tmp_path / "other" / "core").mkdir(parents=True)
        (tmp_path / "other" / "core" / "c.py").write_text("")
        monkeypatch.setattr(hadacast, "__path__", [str(first_root), str(tmp_path / "other")])
        hidden = fresh()
        (tmp_path / "other" / "core" / "c.py").write_text("x = 1\n")
        assert fresh() == hidden
        (tmp_path / "other" / "new.py").write_text("")
        assert fresh() != hidden
    finally:
        sources.cache_clear()
