"""`simulate`: data, verdicts, files."""

import dataclasses

import numpy as np
import pytest

from hadacast import recipe as recipes
from hadacast import samples
from hadacast.cli import data, simulation
from hadacast.errors import HadacastError
from hadacast.sim import run_gates
from hadacast.spec.fwht import Fwht
from hadacast.spec.pipeline import Pipeline


def test_codes_in_blocks_keep_their_shape(hadacast, here, codes):
    hadacast("simulate", "small.toml", "--data", "x.npy", "--out", "y.npy")
    result = np.load(here / "y.npy")
    spec = recipes.load("small.toml").pipeline
    assert result.dtype == np.int16  # 9-bit codes
    assert np.array_equal(result, spec.compute(codes.reshape(-1, 8)).reshape(3, 16))


def test_json(hadacast, codes):
    found = hadacast("simulate", "small.toml", "--data", "x.npy", "--json").document
    spec = recipes.load("small.toml").pipeline
    run = found["simulation"]
    assert found["schema"] == "hadacast.simulate/1"
    assert found["ok"]
    assert run["ok"]
    assert run["mismatches"] == 0
    assert run["samples"] == 48
    assert run["frames"] == 6
    assert run["latency_cycles"] == run["latency_stated"] == spec.latency
    assert run["beats_per_cycle"] == 1
    assert run["cycles"] >= 24 + spec.latency
    assert run["samples_per_second"] > 0
    assert found["data"]["kind"] == "codes"
    assert found["data"]["shape"] == [3, 16]


def test_gaps_and_stalls(hadacast, codes):
    options = ("--data", "x.npy", "--gaps", 0.4, "--stalls", 0.3, "--seed", 7)
    runs = [hadacast("simulate", "small.toml", *options, "--json").document["simulation"] for _ in range(2)]
    assert runs[0]["ok"]
    assert runs[0]["beats_per_cycle"] < 1
    assert runs[0]["cycles"] == runs[1]["cycles"]


def test_real_values_are_encoded_and_saturated(hadacast, here):
    values = np.array([[0.125, 0.375, -8.0, 7.75, 100.0, -100.0, 0.3, 8.0]])
    np.save(here / "x.npy", values)
    found = hadacast("simulate", "small.toml", "--data", "x.npy", "--out", "y.npy", "--json").document
    assert found["data"]["kind"] == "values"
    assert found["data"]["saturated"] == 3  # 100, −100 and 8 in 6 bits with 2 fraction bits
    right = recipes.load("small.toml").pipeline.compute([[0, 2, -32, 31, 31, -32, 1, 31]])  # ties to even
    assert np.array_equal(np.load(here / "y.npy"), right)


def test_first_frames_only(hadacast, here, codes):
    found = hadacast(
        "simulate", "small.toml", "--data", "x.npy", "--frames", 2, "-o", "y.npy", "--json"
    ).document
    assert found["data"]["frames"] == 2
    assert found["data"]["frames_available"] == 6
    assert np.load(here / "y.npy").shape == (2, 8)


def test_the_shipped_sample_is_the_default(hadacast):
    found = hadacast("simulate", "rotate128", "--frames", 3, "--json").document
    assert found["data"]["source"] == "minilm_mlp_down"
    assert found["data"]["frames_available"] == 1152
    assert found["data"]["saturated"] == 0


def test_frames_are_cut_across_the_rows_of_a_sample(hadacast, here):
    """Rows of 1,536 hold no frame of 1,024: all of them do. The rest at the end is left out."""
    options = ("-n", 1024, "-p", 8, "--frames", 5)
    outcome = hadacast(
        "simulate", "small.toml", "--data", "minilm_mlp_down", *options, "-o", "y.npy", "--json"
    )
    found = outcome.document
    assert (found["data"]["joined"], found["data"]["frames_available"]) == (True, 144)
    spec = recipes.load("small.toml", ["stream.frame=1024", "stream.lanes=8"]).pipeline
    values = samples.load("minilm_mlp_down").ravel()[: 5 * 1024].reshape(5, 1024)
    assert np.array_equal(np.load(here / "y.npy"), spec.compute(spec.input.encode(values)))
    whole = data.load("minilm_mlp_down", recipes.load("rotate5120").pipeline)
    assert (whole.available, len(whole.frames), whole.whole) == (28, 28, False)
    assert whole.like(whole.frames).shape == (28, 5120)
    assert (
        "cut across its rows"
        in hadacast("simulate", "small.toml", "--data", "minilm_mlp_down", *options).stdout
    )


def test_pictures_have_a_psnr(hadacast, here):
    """A picture that comes back, and one that is halved."""
    (here / "half.toml").write_text(
        """
        stream = {frame = 12, lanes = 4}
        input = {width = 8, signed = false}
        stage = [{kind = "keep", first = 6}]
        build = {image = [3, 4]}
        """
    )
    x = np.full((2, 12), 200)
    x[0, 6:] = 0
    np.save(here / "x.npy", x)
    outcome = hadacast("simulate", "half.toml", "--data", "x.npy", "--json")
    shown = outcome.document["pictures"]
    each = 10 * np.log10(255**2 / (200**2 / 2))
    assert (shown["rows"], shown["columns"], shown["frames"], shown["equal_frames"]) == (3, 4, 2, 1)
    assert shown["psnr_db_by_frame"] == [None, pytest.approx(each, abs=1e-4)]
    assert shown["psnr_db"] == pytest.approx(each + 10 * np.log10(2), abs=1e-4)
    text = hadacast("simulate", "half.toml", "--data", "x.npy").stdout
    assert "Pictures, 3 × 4" in text
    assert f"equal, {each:.2f}" in text


def test_random_data_for_any_recipe(hadacast):
    first, same, other = (
        hadacast("simulate", "small.toml", "-n", 4, "--unsigned", "--data", "random", "--seed", s, "--json")
        for s in (1, 1, 2)
    )
    assert first.document["simulation"]["frames"] == 64
    assert same.document["simulation"]["cycles"] == first.document["simulation"]["cycles"]
    assert other.document["ok"]


def test_waves(hadacast, here, codes):
    hadacast("simulate", "small.toml", "--data", "x.npy", "--waves", "w.vcd")
    assert "s_axis_tvalid" in (here / "w.vcd").read_text()


def test_cxxrtl_gives_the_same_figures(hadacast, codes):
    if not hadacast("list", "--json").document["simulators"][1]["available"]:
        pytest.skip("no C++ compiler")
    runs = [
        hadacast("simulate", "small.toml", "--data", "x.npy", "--simulator", name, "--json").document[
            "simulation"
        ]
        for name in ("amaranth", "cxxrtl")
    ]
    for key in ("cycles", "latency_cycles", "beats_per_cycle", "samples", "mismatches"):
        assert runs[0][key] == runs[1][key]


class Corrupt:
    """A simulator that changes what came out."""

    def __init__(self, monkeypatch, change):
        real = simulation.run_simulator

        def run(*arguments, **options):
            trace = real(*arguments, **options)
            return dataclasses.replace(trace, **change(trace))

        monkeypatch.setattr(simulation, "run_simulator", run)


def flip(trace):
    data = trace.data.copy()
    data[5, 1] += 1
    return {"data": data}


def test_one_wrong_sample_is_a_failure(hadacast, here, codes, monkeypatch):
    Corrupt(monkeypatch, flip)
    (here / "y.npy").write_text("good")
    outcome = hadacast(
        "simulate", "small.toml", "--data", "x.npy", "-o", "y.npy", "--waves", "w.vcd", "--json", status=1
    )
    assert "1 mismatches in 48 samples; first: output frame 1, beat 1" in outcome.error
    assert outcome.document["ok"] is False
    assert outcome.document["simulation"]["mismatches"] == 1
    assert (here / "y.npy").read_text() == "good"
    assert (here / "w.vcd").exists()  # what one debugs with


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: {"violations": ("cycle 3: m_axis_tvalid fell",)}, "m_axis_tvalid fell"),
        (lambda t: {"offer": t.offer + 1}, "latency is"),
        (lambda t: {"cycle": t.cycle + (np.arange(t.beats) > 9)}, "beats per cycle; 1 is right"),
        (lambda t: {"data": t.data[:-1], "last": t.last[:-1], "user": t.user[:-1], "cycle": t.cycle[:-1],
                    "offer": t.offer[:-1]}, "1 of 24 beats didn't come out"),
    ],
    ids=["rule", "latency", "rate", "missing"],
)  # fmt: skip
def test_every_other_fault_is_a_failure_too(hadacast, codes, monkeypatch, change, said):
    Corrupt(monkeypatch, change)
    outcome = hadacast("simulate", "small.toml", "--data", "x.npy", status=1)
    assert said in outcome.error
    assert "WRONG" in outcome.stdout


def save(path, array, **options):
    np.save(path, array, **options)


HUGE = b"(100000000000000000000,), }".ljust(27)

BAD = {
    "shape": (lambda p: save(p, np.zeros((2, 12), np.int8)), "must be a multiple of the frame, 8"),
    "scalar": (lambda p: save(p, np.int8(1)), "has shape ()"),
    "empty": (lambda p: save(p, np.zeros((0, 8), np.int8)), "holds no elements"),
    "empty axis": (lambda p: save(p, np.zeros((8, 0), np.int8)), "holds no elements"),
    "boolean": (lambda p: save(p, np.zeros(8, bool)), "dtype bool"),
    "complex": (lambda p: save(p, np.zeros(8, complex)), "dtype complex128"),
    "text": (lambda p: save(p, np.array(["a"] * 8)), "dtype <U1"),
    "record": (lambda p: save(p, np.zeros(8, [("a", "i4")])), "dtype [('a', '<i4')]"),
    "objects": (lambda p: save(p, np.array([None] * 8), allow_pickle=True), "Python objects"),
    "nan": (lambda p: save(p, np.full(8, np.nan)), "NaN"),
    "infinity": (lambda p: save(p, np.full(8, np.inf)), "infinite"),
    "too large": (lambda p: save(p, np.full(8, 32)), "is 32: signed 6-bit"),
    "too large for int64": (lambda p: save(p, np.full(8, 2**63, np.uint64)), "is 9223372036854775808"),
    "truncated": (lambda p: p.write_bytes(npy(100)[:-3]), "ends too early"),
    "no data": (lambda p: p.write_bytes(npy(8)[:128]), "data 'bad.npy' can't be read"),
    "header cut": (lambda p: p.write_bytes(npy(8)[:40]), "data 'bad.npy' can't be read"),
    "header broken": (lambda p: p.write_bytes(npy(8).replace(b"{'descr'", b"((((((((")), "can't be read"),
    "header lies": (lambda p: p.write_bytes(npy(8).replace(b"(8,)", b"(-8)")), "can't be read"),
    "header huge": (lambda p: p.write_bytes(npy(8).replace(b"(8,), }" + b" " * 20, HUGE)), "can't be read"),
    "no npy": (lambda p: p.write_bytes(b"1,2,3"), "is not a .npy, .npz or .safetensors file"),
    "nothing": (lambda p: p.write_bytes(b""), "is not a .npy, .npz or"),
    "pickle": (lambda p: p.write_bytes(b"\x80\x04N."), "is not a .npy, .npz or"),
    "npz": (lambda p: p.write_bytes(b"PK\x03\x04 and so on"), "can't be read: File is not a zip file"),
    "folder": (lambda p: p.mkdir(), "is not a file"),
    "missing": (lambda p: None, ".safetensors file or one of minilm_mlp_down, pictures64, random"),
}  # fmt: skip


def npy(size):
    from io import BytesIO

    buffer = BytesIO()
    np.save(buffer, np.zeros(size, np.int8))
    return buffer.getvalue()


@pytest.mark.parametrize("case", BAD)
def test_bad_data(fails, here, monkeypatch, case):
    monkeypatch.setattr(simulation, "run", None)  # nothing may be simulated
    make, said = BAD[case]
    make(here / "bad.npy")
    assert said in fails("simulate", "small.toml", "--data", "bad.npy", "--out", "y.npy")
    assert not (here / "y.npy").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--simulator", "questa"), "no simulator 'questa': it must be one of amaranth"),
        (("--gaps", "1"), "gaps is 1.0"),
        (("--stalls", "-0.1"), "stalls is -0.1"),
        (("--gaps", "nan"), "gaps is nan"),
        (("--frames", "7"), "frames is 7: data 'x.npy' has 6"),
        (("--out", "folder"), "is a folder"),
        (("--waves", "w.fst"), "amaranth writes .vcd files"),
        (("--waves", "none/w.vcd"), "does not exist"),
        (("-n", "64"), "multiple of the frame, 64"),
    ],
)
def test_bad_options_are_refused_before_work(fails, here, codes, monkeypatch, options, said):
    monkeypatch.setattr(simulation, "run", None)
    (here / "folder").mkdir()
    assert said in fails("simulate", "small.toml", "--data", "x.npy", *options)


def test_a_simulator_that_is_missing(fails, codes, monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    text = fails("simulate", "small.toml", "--data", "x.npy", "--simulator", "cxxrtl")
    assert "no-such-compiler" in text


@pytest.mark.parametrize(("frame", "lanes", "least"), [(128, 4, 1152), (65536, 1, 1), (4096, 64, 20)])
def test_affordable_frames(frame, lanes, least):
    spec = Pipeline(name="x", stages=(Fwht(frame=frame, lanes=lanes),))
    frames = simulation.affordable_frames(spec, "amaranth")
    assert frames is not None
    assert frames >= least
    assert simulation.affordable_frames(spec, "cxxrtl") is None


def test_gates(hadacast, codes):
    try:
        run_gates.available()
    except HadacastError as missing:
        pytest.skip(str(missing))
    found = hadacast("simulate", "small.toml", "--data", "x.npy", "--gates", "ecp5", "--json").document
    assert found["ok"]
    assert found["simulation"]["samples"] == 48
    assert found["simulation"]["latency_cycles"] == found["simulation"]["latency_stated"]
    assert found["gates"]["family"] == "ecp5"
    assert not found["gates"]["placed"]
    assert found["gates"]["cells"]["TRELLIS_FF"] > 10


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--gates", "ecp5", "--waves", "x.vcd"), "waves is 'x.vcd': a simulation of gates writes none"),
        (("--gates", "ecp5", "--simulator", "icarus"), "gates want one of verilator, cxxrtl"),
        (("--placed",), "--placed wants --gates FAMILY"),
    ],
)
def test_what_gates_cannot_do(fails, options, said):
    assert said in fails("simulate", "small.toml", *options)
