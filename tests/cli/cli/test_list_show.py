"""`list` and `show`."""

from fractions import Fraction

import pytest

from hadacast import recipe as recipes
from hadacast.boards import BOARDS
from hadacast.sim import SIMULATORS
from hadacast.synth.devices import DEVICES


def test_list_names_everything(hadacast):
    text = hadacast("list").stdout
    for name in (*recipes.catalogue(), *BOARDS, *DEVICES, *SIMULATORS, "minilm_mlp_down"):
        assert name in text


def test_list_json(hadacast):
    found = hadacast("list", "--json").document
    assert found["schema"] == "hadacast.list/1"
    assert [r["name"] for r in found["recipes"]] == list(recipes.catalogue())
    assert [b["name"] for b in found["boards"]] == list(BOARDS)
    assert [d["name"] for d in found["devices"]] == list(DEVICES)
    assert found["simulators"][0] == {
        "name": "amaranth",
        "available": True,
        "missing": "",
        "waves": ".vcd",
    }
    assert found["samples"][0]["shape"] == [96, 1536]


def test_list_says_what_a_simulator_lacks(hadacast, monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    found = {s["name"]: s for s in hadacast("list", "--json").document["simulators"]}
    assert not found["cxxrtl"]["available"]
    assert "no-such-compiler" in found["cxxrtl"]["missing"]


def test_show(hadacast):
    text = hadacast("show", "rotate128").stdout
    for part in ("128 elements in 32 beats of 4 lanes", "38 clocks", "124 words", "m_axis_tuser", "QuaRot"):
        assert part in text


def test_show_json_states_the_specs_own_figures(hadacast):
    found = hadacast("show", "small.toml", "--json").document
    spec = recipes.load("small.toml").pipeline
    shown = found["pipeline"]
    assert found["schema"] == "hadacast.show/1"
    assert shown["latency_cycles"] == spec.latency
    assert (shown["frame"], shown["lanes"], shown["beats"]) == (8, 2, 4)
    assert shown["memory_words"] == 6
    limits = {"width": 9, "fraction": 2, "signed": True, "min": -256, "max": 255}
    assert shown["output"] == {"type": "fixed", "text": "signed 9-bit, 2 fraction bits", **limits}
    widths = {port["name"]: (port["direction"], port["width"]) for port in shown["ports"]}
    assert widths["s_axis_tdata"] == ("in", 16)
    assert widths["m_axis_tdata"] == ("out", 32)
    assert widths["m_axis_tready"] == ("in", 1)


@pytest.mark.parametrize(
    ("options", "key", "value"),
    [
        (("-n", 16), ("frame",), 16),
        (("--frame", 32), ("frame",), 32),
        (("-p", 1), ("lanes",), 1),
        (("-w", 9), ("input", "width"), 9),
        (("--fraction", -3), ("input", "fraction"), -3),
        (("--unsigned",), ("input", "signed"), False),
        (("--set", "input.signed=false", "--signed"), ("input", "signed"), True),
        (("--registers", 2), ("stages", 0, "settings", "registers"), 2),
        (("--storage", "bram"), ("stages", 0, "settings", "storage"), "bram"),
        (("--set", "stage.0.stall_span=3"), ("stages", 0, "settings", "stall_span"), 3),
        (("--set", "title=A name with = in it"), ("title",), "A name with = in it"),
    ],
)
def test_every_field_can_be_overridden(hadacast, options, key, value):
    found = hadacast("show", "small.toml", "--json", *options).document["pipeline"]
    for part in key:
        found = found[part]
    assert found == value


def test_toml_of_a_shipped_recipe_is_the_file(hadacast):
    assert hadacast("show", "rotate128", "--toml").stdout == recipes.catalogue()["rotate128"].read_text()


def test_toml_with_overrides_is_the_recipe(hadacast, here):
    text = hadacast("show", "rotate128", "--toml", "-n", 64, "--set", 'title="a \\" and \\\\"').stdout
    (here / "rotate128.toml").write_text(text)
    again = recipes.load("./rotate128.toml")
    assert again == recipes.load("rotate128", ["stream.frame=64", 'title="a \\" and \\\\"'])
    assert again.pipeline.title == 'a " and \\'


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nosuch",), "no recipe 'nosuch': it must be a .toml file or one that `hadacast list` shows"),
        (("nosuch.toml",), "recipe 'nosuch.toml': No such file"),
        (("folder.toml",), "folder.toml"),
        (("syntax.toml",), "syntax.toml"),
        (("binary.toml",), "binary.toml"),
        (("field.toml",), "[stream] has no field 'lane'"),
        (("rotate128", "-n", "99", "-p", "1"), "frame is 99: butterflies pair elements"),
        (("rotate128", "-n", "-4"), "frame is -4"),
        (("rotate128", "-n", str(10**30)), "frame is 1000000"),
        (("rotate128", "-p", "256"), "lanes is 256"),
        (("rotate128", "-w", "49"), "width is 49"),
        (("rotate128", "--registers", "9"), "registers is 9"),
        (("rotate128", "--storage", "disk"), "storage is 'disk': it must be one of auto"),
        (("rotate128", "--set", "stream"), "override 'stream': it must be key=value"),
        (("rotate128", "--set", "stream.nope=1"), "has no field 'nope'"),
        (("rotate128", "--set", "stage.fwht.registers=many"), "registers is 'many'"),
        (("rotate128", "--set", "name=Bad Name"), "name is 'Bad Name'"),
    ],
)
def test_bad_recipes(fails, here, arguments, said):
    (here / "folder.toml").mkdir()
    (here / "syntax.toml").write_text("[stream\nframe = 8")
    (here / "binary.toml").write_bytes(b"\xff\xfe\x00")
    (here / "field.toml").write_text("[stream]\nframe = 8\nlane = 2\n[[stage]]\nkind = 'fwht'\n")
    assert said in fails("show", *arguments)


@pytest.mark.parametrize("name", recipes.catalogue())
def test_every_shipped_recipe_is_shown_and_written_down(hadacast, here, name):
    found = hadacast("show", name, "--json").document
    spec = recipes.load(name).pipeline
    assert [stage["kind"] for stage in found["pipeline"]["stages"]] == [s.kind for s in spec.stages]
    assert found["pipeline"]["latency_cycles"] == spec.latency
    (here / "again.toml").write_text(found["toml"])
    assert recipes.load("again.toml") == recipes.load(name)
    text = hadacast("show", name).stdout
    assert f"{spec.latency:,} clocks" in text
    for stage in spec.stages:
        assert f" {stage.kind} " in text


def test_show_says_what_a_quantizer_is(hadacast):
    text = " ".join(hadacast("show", "nvfp4_rht16").stdout.split())
    for part in (
        "packed beside on 9 bytes: e2m1 in groups of 16; scale e4m3; 1 beats",
        "code = e2m1, scale = floating (tensor_amax = 26)",
        "pattern = 0xD7E8",
    ):
        assert part in text
    stage = hadacast("show", "kv_int2_g128", "--json").document["pipeline"]["stages"][1]
    assert stage["settings"]["scale"] == {
        "kind": "range",
        "clip": 0.8,
        "zero": "integer",
        "include_zero": True,
        "floor": 1,
        "store": "fp16",
    }
    assert stage["output"]["zero"]["text"] == "unsigned 3-bit, 0 fraction bits"


def test_fractions_are_written_exactly(hadacast, here):
    options = ("--set", 'stage.quantize.scale.clip="1/3"', "--set", "stage.quantize.above=0.1")
    text = hadacast("show", "int4_token4096", "--toml", *options).stdout
    assert 'clip = "1/3"' in text
    assert "above = 0.1" in text
    (here / "exact.toml").write_text(text)
    stage = recipes.load("exact.toml").pipeline.stages[1]
    assert (stage.scale.clip, stage.above) == (Fraction(1, 3), Fraction(1, 10))


def test_methods_are_rows_with_what_was_measured(hadacast):
    rows = hadacast("list", "--methods", "--json").document["methods"]
    (quamba,) = [row for row in rows if row["recipe"] == "quamba_int8"]
    assert (quamba["system"], quamba["transform"], quamba["format"]) == ("Quamba", "H512", "int8")
    assert quamba["measured"]["definition"]["mismatches"] == 0
    shown = hadacast("list", "--methods").stdout
    assert "Quamba" in shown
    assert f"{quamba['measured']['area']['logic_cells']:,}" in shown


def test_a_methods_table_is_written_and_read_back(hadacast, here):
    (here / "again.toml").write_text(hadacast("show", "quamba_int8", "--toml", "--lanes", "2").stdout)
    assert recipes.load("again.toml").method == recipes.load("quamba_int8").method


def test_the_words_of_a_matrix_are_shown(hadacast):
    """Two memories of a block, and a queue of a few columns."""
    found = hadacast("show", "rotate1536", "--json").document["pipeline"]["stages"][1]
    assert found["kind"] == "hadamard"
    assert 2 * 1536 < found["memory_words"] < 2 * 1536 + 8 * 80


def test_toml_keeps_the_image(hadacast, here):
    text = hadacast("show", "image64_keep10", "--toml", "-p", 8).stdout
    assert "image = [64, 64]" in text
    (here / "image64_keep10.toml").write_text(text)
    assert recipes.load("./image64_keep10.toml") == recipes.load("image64_keep10", ["stream.lanes=8"])


def test_a_matrix_is_shown_by_its_size(hadacast):
    assert "64 × 64 numbers" in hadacast("show", "flatquant").stdout
    assert "[10, 11, 12, 13, … 7 in all]" in hadacast("show", "sparse65536").stdout
