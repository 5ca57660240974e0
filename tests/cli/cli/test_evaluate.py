"""`evaluate`: tables against other ways to them, data of every kind, the hardware held to it."""

import dataclasses
import json

import ml_dtypes
import numpy as np
import pytest
from scipy.linalg import hadamard

from hadacast.cli import simulation
from hadacast.samples import load

QUANTIZER = """
title = "a quantizer"

[stream]
frame = 8
lanes = 2

[input]
width = 8
fraction = 2

[[stage]]
kind = "fwht"

[[stage]]
kind = "quantize"
code = "int4"
scale = "maximum"

[[stage]]
kind = "pack"
"""


@pytest.fixture
def mine(here):
    """A recipe `mine.toml` of N = 8, INT4 for each frame, and x.npy, 6 × 16, that its input holds exactly."""
    (here / "mine.toml").write_text(QUANTIZER)
    values = np.random.default_rng(3).integers(-100, 100, (6, 16)) / 4
    np.save(here / "x.npy", values)
    return values


def int4_sqnr(values):
    """In float64, from the definition."""
    step = np.abs(values).max(axis=-1, keepdims=True) / 7
    error = values - np.rint(values / step) * step
    return 10 * np.log10((values**2).sum() / (error**2).sum())


def test_figures(hadacast, mine):
    found = hadacast("evaluate", "mine.toml", "small.toml", "--data", "x.npy", "--json").document
    assert found["schema"] == "hadacast.evaluate/1"
    assert found["ok"]
    one, other = found["evaluations"]
    (stage,) = one["quantization"]
    blocks = mine.reshape(-1, 8)
    assert stage["rotated"]["sqnr_db"] == pytest.approx(int4_sqnr(blocks @ hadamard(8)), rel=1e-5)
    assert stage["unrotated"]["sqnr_db"] == pytest.approx(int4_sqnr(blocks), rel=1e-5)
    assert (one["frame"], one["frames"], one["input"]["saturated"], one["rtl"]) == (8, 12, 0, None)
    assert one["recipe"]["label"] == "mine"
    assert other["quantization"] == []
    assert found["data"] == {
        "source": "x.npy",
        "tensor": "",
        "kind": "values",
        "shape": [6, 16],
        "dtype": "float64",
        "sha256": found["data"]["sha256"],
    }


def test_the_table(hadacast, mine):
    shown = hadacast("evaluate", "mine.toml", "small.toml", "--data", "x.npy").stdout
    found = hadacast("evaluate", "mine.toml", "--data", "x.npy", "--json").document["evaluations"][0]
    stage = found["quantization"][0]
    (line,) = (line.split() for line in shown.splitlines() if line.startswith("  mine "))
    assert line[:4] == ["mine", "int4,", "maximum", "scale"]
    assert [float(cell) for cell in line[4:]] == pytest.approx(
        [
            stage["rotated"]["sqnr_db"],
            stage["unrotated"]["sqnr_db"],
            stage["rotated"]["max_error"],
            stage["rotated"]["clipped_share"],
            stage["rotated"]["zero_share"],
            stage["rotated"]["bits_per_value"],
        ],
        abs=0.0051,
    )
    assert "small    no quantizer" in shown


def test_narrow_terminals_lose_nothing(hadacast, mine, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    shown = hadacast("evaluate", "int4_roundtrip128", "quamba_int8").stdout
    assert all(len(line) <= 80 for line in shown.splitlines())
    for text in ("int4_roundtrip128", "quamba_int8", "    int4, maximum", "    int8, static", "38.55"):
        assert text in shown


def test_rotation_helps_int4_and_not_nvfp4_on_the_sample(hadacast):
    found = hadacast("evaluate", "int4_token128", "nvfp4_rht16", "--json").document
    int4, nvfp4 = (e["quantization"][0] for e in found["evaluations"])
    assert int4["rotated"]["sqnr_db"] > int4["unrotated"]["sqnr_db"] + 6
    assert nvfp4["rotated"]["sqnr_db"] < nvfp4["unrotated"]["sqnr_db"]


def test_rows(hadacast, mine):
    found = hadacast("evaluate", "mine.toml", "--data", "x.npy", "--rows", 2, "--json").document
    assert found["data"]["shape"] == [2, 16]
    assert found["evaluations"][0]["frames"] == 4
    first = found["evaluations"][0]["quantization"][0]["rotated"]["sqnr_db"]
    assert first == pytest.approx(int4_sqnr(mine[:2].reshape(-1, 8) @ hadamard(8)), rel=1e-5)


def test_overrides_hold_for_all(hadacast, mine):
    found = hadacast("evaluate", "mine.toml", "small.toml", "--data", "x.npy", "-n", 4, "--json").document
    assert [e["frame"] for e in found["evaluations"]] == [4, 4]
    assert [e["recipe"]["overrides"] for e in found["evaluations"]] == [["stream.frame=4"]] * 2


def safetensors(path, **arrays):
    """A file as the format has it."""
    header, data = {}, b""
    for name, array in arrays.items():
        start, data = len(data), data + array.tobytes()
        kind = {"bfloat16": "BF16", "float32": "F32"}[array.dtype.name]
        header[name] = {"dtype": kind, "shape": array.shape, "data_offsets": [start, len(data)]}
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


def test_every_kind_of_file_gives_the_same(hadacast, mine, here):
    values = mine.astype(ml_dtypes.bfloat16)  # integers below 128, over 4: exact in 8 bits
    assert np.array_equal(values.astype(float), mine)
    np.savez(here / "x.npz", other=mine[:1], x=mine.astype(np.float32))
    safetensors(here / "x.safetensors", other=mine[0].astype(np.float32), x=values.reshape(2, 3, 16))
    found = [
        hadacast("evaluate", "mine.toml", *options, "--json").document
        for options in (
            ("--data", "x.npy"),
            ("--data", "x.npz", "--tensor", "x"),
            ("--data", "x.safetensors", "--tensor", "x"),
        )
    ]
    first, *others = (document["evaluations"][0]["quantization"] for document in found)
    assert others == [first, first]
    assert [document["data"]["tensor"] for document in found] == ["", "x", "x"]
    assert found[2]["data"]["shape"] == [2, 3, 16]


def test_simulate_takes_tensors_too(hadacast, mine, here):
    np.savez(here / "x.npz", other=mine[:1], x=mine)
    found = hadacast("simulate", "mine.toml", "--data", "x.npz", "--tensor", "x", "--json").document
    assert found["data"]["tensor"] == "x"
    assert found["simulation"]["frames"] == 12


def test_what_the_input_format_loses_is_said(hadacast, mine, here):
    np.save(here / "loud.npy", mine * 2.03)
    outcome = hadacast("evaluate", "mine.toml", "--data", "loud.npy")
    over = np.count_nonzero(np.rint(mine * 2.03 * 4) > 127) + np.count_nonzero(
        np.rint(mine * 2.03 * 4) < -128
    )
    assert over > 3
    assert f"mine: {over} of 96 values lie outside the input format" in outcome.stdout
    assert "--fraction 1 holds them" in outcome.stdout
    better = hadacast("evaluate", "mine.toml", "--data", "loud.npy", "--fraction", 1)
    assert "outside" not in better.stdout
    np.save(here / "quiet.npy", mine / 100)
    outcome = hadacast("evaluate", "mine.toml", "--data", "quiet.npy", "--json")
    entered = outcome.document["evaluations"][0]["input"]
    exact = mine / 100
    error = exact - np.rint(exact * 4) / 4
    assert entered["sqnr_db"] == pytest.approx(10 * np.log10((exact**2).sum() / (error**2).sum()), rel=1e-5)
    assert "its input format alone has" in hadacast("evaluate", "mine.toml", "--data", "quiet.npy").stdout


def test_labels_of_recipes_with_one_name(hadacast, mine, here):
    (here / "other").mkdir()
    (here / "other" / "mine.toml").write_text(QUANTIZER.replace("int4", "int8"))
    found = hadacast("evaluate", "mine.toml", "other/mine.toml", "--data", "x.npy", "--json").document
    assert [e["recipe"]["label"] for e in found["evaluations"]] == ["mine.toml", "other/mine.toml"]


def test_the_page(hadacast, mine, here):
    hadacast("evaluate", "mine.toml", "small.toml", "--data", "x.npy", "--rtl=2", "-o", "r.html")
    text = (here / "r.html").read_text()
    assert "RTL agrees" in text
    assert text.count("<svg") == 2
    assert "no quantizer" in text
    assert "http" not in text.split("<body>")[0]
    hadacast("evaluate", "small.toml", "--data", "x.npy", "-o", "r.html")
    assert "<svg" not in (here / "r.html").read_text()


def test_random_codes_are_each_recipes_own(hadacast, mine):
    found = hadacast("evaluate", "mine.toml", "rotate128", "--data", "random", "--rows", 3, "--json").document
    assert [(e["frame"], e["frames"]) for e in found["evaluations"]] == [(8, 3), (128, 3)]
    assert found["data"]["shape"] == []


# The hardware


def test_rtl(hadacast, mine):
    found = hadacast("evaluate", "mine.toml", "small.toml", "--data", "x.npy", "--rtl", "--json").document
    assert found["rtl"]
    for evaluation in found["evaluations"]:
        run = evaluation["rtl"]
        assert (run["ok"], run["frames"], run["mismatches"]) == (True, 12, 0)
    shown = hadacast("evaluate", "mine.toml", "--data", "x.npy", "--rtl=3").stdout
    assert "equal to the exact result, " in shown
    assert " of 3 frames, amaranth" in shown


def test_rtl_that_differs_is_a_failure(hadacast, mine, here, monkeypatch):
    real = simulation.run_simulator

    def run(*arguments, **options):
        trace = real(*arguments, **options)
        data = trace.data.copy()
        data[1, 0] ^= 1
        return dataclasses.replace(trace, data=data)

    monkeypatch.setattr(simulation, "run_simulator", run)
    arguments = ("evaluate", "mine.toml", "--data", "x.npy", "--rtl", "-o", "r.html")
    outcome = hadacast(*arguments, "--json", status=1)
    assert outcome.error.startswith("RTL of mine: output frame 0, beat 1")
    assert outcome.document["ok"] is False
    assert "RTL differs" in (here / "r.html").read_text()
    assert "WRONG" in hadacast(*arguments, status=1).stdout


def test_the_fastest_simulator(mine, monkeypatch):
    from hadacast import recipe
    from hadacast.cli import available

    small, large = recipe.load("mine.toml").pipeline, recipe.load("rotate4096").pipeline
    there = {"cxxrtl": "", "verilator": ""}
    monkeypatch.setattr(available, "why_not", lambda name: there[name])
    assert simulation.fastest(small, 32) == "amaranth"
    assert simulation.fastest(large, 32) == "cxxrtl"
    there["cxxrtl"] = "no compiler"
    assert simulation.fastest(large, 32) == "verilator"
    there["verilator"] = "none"
    assert simulation.fastest(large, 32) == "amaranth"


# What is refused


BAD = {
    "no recipe": ((), "Missing argument 'RECIPE...'", 2),
    "unknown": (("none",), "no recipe 'none'", 1),
    "missing": (("mine.toml", "--data", "y.npy"), "data 'y.npy' does not exist", 1),
    "frame": (("mine.toml", "rotate128", "--data", "x.npy"), "recipe 'rotate128': data 'x.npy' has shape", 1),
    "rows": (("mine.toml", "--data", "x.npy", "--rows", "7"), "rows is 7: data 'x.npy' has 6 of 16", 1),
    "tensor": (("mine.toml", "--data", "x.npy", "--tensor", "a"), "tensor is 'a': data 'x.npy' is one", 1),
    "random tensor": (("mine.toml", "--data", "random", "--tensor", "a"), "random codes have no tensors", 1),
    "samples": (("mine.toml", "decoder128"), "the recipes have different samples", 1),
    "packed": (("kv_int2_g128_read", "--data", "real.npy"), "packed input must be integers", 1),
    "nan": (("mine.toml", "--data", "nan.npy"), "NaN or infinite", 1),
    "inf": (("mine.toml", "--data", "inf.npy"), "NaN or infinite", 1),
    "objects": (("mine.toml", "--data", "objects.npy"), "Python objects", 1),
    "output": (("mine.toml", "--data", "x.npy", "-o", "r.pdf"), "output 'r.pdf': it must be a .html file", 1),
    "simulator": (("mine.toml", "--data", "x.npy", "--simulator", "questa"), "no simulator 'questa'", 1),
    "no rtl": (("mine.toml", "--data", "x.npy", "--simulator", "amaranth"), "it is for --rtl", 1),
    "rtl first": (("--rtl", "mine.toml", "mine.toml"), "recipes come before --rtl", 2),
    "rtl none": (("mine.toml", "--rtl", "0"), "recipes come before --rtl", 2),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad(fails, mine, here, case):
    np.save(here / "nan.npy", np.full((2, 8), np.nan))
    np.save(here / "real.npy", np.ones((2, 36)))
    np.save(here / "inf.npy", np.full((2, 8), np.inf, np.float32))
    np.save(here / "objects.npy", np.array([None] * 8), allow_pickle=True)
    arguments, said, status = BAD[case]
    assert said in fails("evaluate", *arguments, status=status)


def test_no_tensor_of_a_sample(fails):
    assert load("minilm_mlp_down").shape == (96, 1536)
    assert "one array" in fails("evaluate", "mxfp4_32", "--tensor", "a")
