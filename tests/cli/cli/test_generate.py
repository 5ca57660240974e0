"""`generate`, and the rules of output files."""

import hashlib
import os
from pathlib import Path

import pytest

from hadacast import recipe as recipes
from hadacast.cli import files
from hadacast.core.top import AxiTop
from hadacast.core.verilog import to_verilog
from hadacast.errors import HadacastError


def test_the_same_recipe_gives_the_same_bytes(hadacast, here):
    hadacast("generate", "small.toml", "-o", "a.v")
    hadacast("generate", "small.toml", "-o", "b.v")
    assert (here / "a.v").read_bytes() == (here / "b.v").read_bytes()
    assert (here / "a.v").read_text() == to_verilog(AxiTop(recipes.load("small.toml").pipeline))


def test_json_and_the_default_name(hadacast, here):
    found = hadacast("generate", "small.toml", "--family", "ecp5", "--json").document
    data = (here / "hadacast_small.v").read_bytes()
    assert found["file"] == "hadacast_small.v"
    assert found["sha256"] == hashlib.sha256(data).hexdigest()
    assert found["bytes"] == len(data)
    assert found["family"] == "ecp5"
    assert b"Family        ecp5" in data


def test_to_stdout(hadacast, here):
    text = hadacast("generate", "small.toml", "-o", "-").stdout
    assert text == to_verilog(AxiTop(recipes.load("small.toml").pipeline))
    assert [path.name for path in here.iterdir()] == ["small.toml"]


def test_stdout_and_json_exclude_each_other(hadacast):
    assert "name a file" in hadacast("generate", "small.toml", "-o", "-", "--json", status=1).error


def test_unknown_family(fails, here):
    assert "family is 'artix'" in fails("generate", "small.toml", "--family", "artix", "-o", "a.v")
    assert not (here / "a.v").exists()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("folder", "is a folder"),
        ("none/a.v", "does not exist"),
        ("small.toml/a.v", "output 'small.toml/a.v'"),
        ("/dev/null", "not a regular file"),
        ("/proc/a.v", "can't be written"),
        ("loop", "output 'loop'"),
        ("nul\0.v", "output"),
        ("n" * 300, "can't be written"),
    ],
)
def test_bad_output_paths_are_refused_before_work(fails, here, monkeypatch, path, said):
    def never(*_):
        raise AssertionError("work began")

    monkeypatch.setattr("hadacast.core.verilog.to_verilog", never)
    (here / "folder").mkdir()
    (here / "loop").symlink_to("loop")
    assert said in fails("generate", "small.toml", "-o", path)
    assert Path("/dev/null").is_char_device()


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_read_only_folder(fails, here):
    (here / "locked").mkdir(mode=0o500)
    assert "permission denied" in fails("generate", "small.toml", "-o", "locked/a.v")


def test_a_failure_leaves_the_old_file(fails, here, monkeypatch):
    def broken(*_):
        raise HadacastError("yosys is broken")

    (here / "a.v").write_text("good")
    monkeypatch.setattr("hadacast.core.verilog.to_verilog", broken)
    assert fails("generate", "small.toml", "-o", "a.v") == "yosys is broken"
    assert (here / "a.v").read_text() == "good"
    assert sorted(path.name for path in here.iterdir()) == ["a.v", "small.toml"]


def test_a_link_stays_a_link(hadacast, here):
    (here / "real.v").write_text("old")
    (here / "link.v").symlink_to("real.v")
    hadacast("generate", "small.toml", "-o", "link.v")
    assert (here / "link.v").is_symlink()
    assert "hadacast_small" in (here / "real.v").read_text()


def test_a_full_disk_leaves_the_old_file(here, monkeypatch):
    def full(self, data):
        with open(self, "wb") as file:
            file.write(data[:1])
        raise OSError(28, "No space left on device")

    (here / "a").write_text("good")
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(HadacastError, match="no space left"):
        files.write(here / "a", b"new")
    assert (here / "a").read_text() == "good"
    assert sorted(path.name for path in here.iterdir()) == ["a", "small.toml"]


def fail_halfway(text):
    with files.Staging("out", ["a"]) as staging:
        (staging.part / "a").write_text(text)
        raise HadacastError(f"tool failed (log: {staging.part}/x.log)")


def test_staging_publishes_all_or_nothing(here):
    (here / "out").mkdir()
    (here / "out" / "a").write_text("old")
    with pytest.raises(HadacastError) as caught:
        fail_halfway("half")
    assert (here / "out" / "a").read_text() == "old"
    assert (here / "out" / "failed" / "a").read_text() == "half"
    assert str(here / "out" / "failed" / "x.log") in str(caught.value)
    with files.Staging("out", ["a"]) as staging:
        (staging.part / "work").mkdir()
        (staging.part / "work" / "b").write_text("new")
        (staging.part / "a").write_text("new")
        staging.publish()
    assert (here / "out" / "a").read_text() == (here / "out" / "work" / "b").read_text() == "new"
    assert sorted(path.name for path in (here / "out").iterdir()) == ["a", "failed", "work"]


def test_staging_never_removes_what_it_did_not_make(here):
    mine = here / "out" / "failed"
    mine.mkdir(parents=True)
    (mine / "thesis.txt").write_text("years of work")
    for text in ("one", "two"):
        with pytest.raises(HadacastError):
            fail_halfway(text)
    assert (mine / "thesis.txt").read_text() == "years of work"
    assert (here / "out" / "failed-2" / "a").read_text() == "two"
    assert sorted(path.name for path in (here / "out").iterdir()) == ["failed", "failed-2"]


def test_staging_leaves_no_empty_folder(here):
    with pytest.raises(HadacastError), files.Staging("deep/er/out"):
        raise HadacastError("before anything was made")
    assert [path.name for path in here.iterdir()] == ["small.toml"]


@pytest.mark.parametrize("path", ["small.toml", "small.toml/out", "/proc/out", "nul\0"])
def test_staging_refuses_what_is_no_folder(path, here):
    with pytest.raises(HadacastError, match="can't be used"), files.Staging(path):
        pass


def test_a_core_with_settings_has_a_header(hadacast, here):
    loadable = ("nvfp4_rht16", "--set", "stage.signs.loadable=true")
    found = hadacast("generate", *loadable, "--header", "core.h", "--json").document
    assert found["settings"] == {"signs_0_signs": 64}
    assert "#define HADACAST_NVFP4_RHT16_SIGNS_0_SIGNS 0x40" in (here / "core.h").read_text()
    assert "s_axil_awaddr" in (here / "hadacast_nvfp4_rht16.v").read_text()
    assert "settings at 0x40" in hadacast("generate", *loadable).stdout


def test_a_core_without_settings_has_none(fails, here):
    assert "has no settings; loadable = true makes them" in fails(
        "generate", "small.toml", "--header", "core.h"
    )
    assert not list(here.glob("*.h")) + list(here.glob("*.v"))
