"""`synth`: figures and bitstreams, and every way to ask for the wrong thing."""

import hashlib

import pytest
from cli.tools import failing

from hadacast.boards import BOARDS
from hadacast.cli.targets import device_of


def test_a_core_alone(hadacast):
    found = hadacast(
        "synth", "small.toml", "-d", "ecp5-25k", "--seeds", "1,2", "-o", "out", "--json"
    ).document
    figures = found["synthesis"]
    assert found["schema"] == "hadacast.synth/1"
    assert figures["device"] == "ecp5-25k"
    assert figures["logic_cells"] > 0
    assert list(figures["fmax"]) == ["1", "2"]
    assert figures["median_fmax"] > 0
    assert figures["async_paths"]


def test_the_table_of_a_core_alone(hadacast, here):
    outcome = hadacast("synth", "small.toml", "-d", "gw1nr-9c", "--seeds", "1", "--fresh")
    for part in ("logic cells", "MHz, median of", "register -> output", "upper bound"):
        assert part in outcome.stdout
    assert [path.name for path in here.iterdir()] == ["small.toml"]


def test_paths_at_the_ports_can_be_left_out(hadacast):
    options = ("-d", "ice40-up5k", "--seeds", "1", "--no-ports", "--fresh", "--json")
    figures = hadacast("synth", "small.toml", *options).document["synthesis"]
    assert figures["median_fmax"] > 0
    assert figures["async_paths"] is None
    assert figures["port_fmax"] is None


def test_a_bitstream(hadacast, here):
    found = hadacast("synth", "small.toml", "-b", "icebreaker", "-o", "out", "--json").document["bitstream"]
    data = (here / "out" / "small_icebreaker.bin").read_bytes()
    assert found["file"] == "out/small_icebreaker.bin"
    assert found["sha256"] == hashlib.sha256(data).hexdigest()
    assert found["load"].endswith("out/small_icebreaker.bin")
    assert found["fmax"] >= found["clock"] == 12
    assert (here / "out" / "work" / "board" / "top.tim").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("-d", "artix"), "unknown device 'artix': one of ecp5-85k"),
        (("-b", "nosuch"), "board is 'nosuch': it must be one of icestick"),
        (("-d", "ecp5-85k", "--seeds", "1,1"), "seeds is '1,1'"),
        (("-d", "ecp5-85k", "--seeds", "one"), "seeds is 'one'"),
        (("-d", "ecp5-85k", "--seeds", "-1"), "seeds is '-1'"),
        (("-d", "ecp5-85k", "--seeds", "9" * 30), "seed is 9999"),
        (("-b", "icebreaker", "--seeds", "1,2"), "a bitstream takes one seed"),
        (("-b", "icebreaker", "-o", "small.toml"), "a file is in the way"),
        (("-d", "ecp5-85k", "-o", "small.toml"), "a file is in the way"),
        (("--set", "build.board=nosuch"), "board is 'nosuch'"),
    ],
)
def test_bad_options_are_refused_before_work(fails, monkeypatch, options, said):
    monkeypatch.setattr("hadacast.cli.steps.synthesize", None)
    monkeypatch.setattr("hadacast.boards.build.build_bitstream", None)
    assert said in fails("synth", "small.toml", *options)


@pytest.mark.parametrize("options", [("-d", "ecp5-25k"), ("-b", "ulx3s_12f")])
def test_a_missing_tool(fails, here, monkeypatch, options):
    monkeypatch.setenv("NEXTPNR_ECP5", "/nowhere/nextpnr")
    text = fails("synth", "small.toml", *options)
    assert "NEXTPNR_ECP5='/nowhere/nextpnr' in the environment is not a program" in text
    assert [path.name for path in here.iterdir()] == ["small.toml"]


def test_a_tool_that_fails(fails, here, tmp_path_factory, monkeypatch):
    monkeypatch.setenv("NEXTPNR_ECP5", failing(tmp_path_factory.mktemp("tools")))
    assert "no room for the core" in fails(
        "synth", "small.toml", "-d", "ecp5-25k", "--seeds", "1", "-o", "out"
    )
    log = here / "out" / "failed" / "work" / "synth" / "alone-seed1.log"
    assert "no room for the core" in log.read_text()


def test_a_bitstream_that_fails_leaves_the_old_one(fails, here, tmp_path_factory, monkeypatch):
    (here / "out").mkdir()
    (here / "out" / "small_icebreaker.bin").write_text("good")
    monkeypatch.setenv("NEXTPNR_ICE40", failing(tmp_path_factory.mktemp("tools")))
    assert "no room for the core" in fails("synth", "small.toml", "-b", "icebreaker", "-o", "out")
    assert (here / "out" / "small_icebreaker.bin").read_text() == "good"


@pytest.mark.parametrize(
    ("board", "device"),
    [
        ("ulx3s_85f", "ecp5-85k"),
        ("ulx3s_45f", "ecp5-45k"),
        ("ulx3s_12f", "ecp5-25k"),
        ("ecpix5_45f", "ecp5-45k"),
        ("icebreaker", "ice40-up5k"),
        ("hx8k_evn", "ice40-hx8k"),
        ("tang_nano_9k", "gw1nr-9c"),
    ],
)
def test_device_of_a_board(board, device):
    assert device_of(BOARDS[board]).name == device


def test_every_board_has_a_device_of_its_family():
    assert all(device_of(board).family == board.family for board in BOARDS.values())
