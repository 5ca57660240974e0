"""Full disks, folders that can't be written, damaged caches: nothing good is lost, nothing taken on trust."""

import errno
import gzip
import json
import os
import shlex
import subprocess
from pathlib import Path

import numpy as np
import pytest
from attack import limits

from hadacast.cli import files
from hadacast.errors import HadacastError
from hadacast.explore.journal import Journal
from hadacast.sim import cache
from hadacast.synth.store import Store

GOOD = "what was there before"


def litter(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob(".part*")]


# Disk full. RLIMIT_FSIZE is a disk on which no file gets larger; tools meet it as hadacast does.


@pytest.mark.parametrize(
    ("arguments", "room"),
    [
        (("generate", "small.toml", "-o", "good"), 1000),
        (("simulate", "small.toml", "--frames", "4", "--out", "good"), 100),
        pytest.param(
            *(("simulate", "small.toml", "--frames", "4", "--waves", "good.vcd"), 3000),
            marks=pytest.mark.long,
        ),
        pytest.param(
            *(("evaluate", "small.toml", "--data", "random", "--out", "good.html"), 3000),
            marks=pytest.mark.long,
        ),
    ],
    ids=lambda value: value[0] + value[-2][:5] if isinstance(value, tuple) else "",
)
def test_no_room_for_a_file(here, arguments, room):
    good = here / arguments[-1]
    good.write_text(GOOD)
    (here / "tmp").mkdir()
    ended = limits.hadacast(*arguments, file=room, memory=8 << 30, env={"TMPDIR": str(here / "tmp")})
    limits.one_line(ended)
    assert good.read_text() == GOOD
    assert litter(here) == []
    assert list((here / "tmp").iterdir()) == []


@pytest.mark.parametrize("number", [1, 2, 3])
def test_no_room_at_any_write(fails, here, codes, monkeypatch, number):
    """The n-th write or rename of a command fails; two commands that write two files each."""
    for name in ("y.npy", "w.vcd"):
        (here / name).write_text(GOOD)
    count = 0

    def limited(function):
        def call(*arguments, **options):
            nonlocal count
            count += 1
            if count >= number:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(arguments[0]))
            return function(*arguments, **options)

        return call

    monkeypatch.setattr(Path, "write_bytes", limited(Path.write_bytes))
    monkeypatch.setattr(Path, "write_text", limited(Path.write_text))
    monkeypatch.setattr(os, "replace", limited(os.replace))
    arguments = ("simulate", "small.toml", "--data", "x.npy", "--out", "y.npy", "--waves", "w.vcd")
    assert "o space left on device" in fails(*arguments)
    monkeypatch.undo()
    assert (here / "y.npy").read_text() == GOOD
    assert litter(here) == []


def test_no_room_while_a_folder_is_published(here, monkeypatch):
    """What was finished is kept apart; what is in place is whole."""
    replace, count = os.replace, 0

    def limited(source, target):
        nonlocal count
        count += 1
        if count == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        replace(source, target)

    for name in "abc":
        (here / "out").mkdir(exist_ok=True)
        (here / "out" / name).write_text(GOOD)
    with pytest.raises(HadacastError, match="no space left"), files.Staging("out") as staging:  # noqa: PT012
        for name in "abc":
            (staging.part / name).write_text(f"new {name}")
        monkeypatch.setattr(os, "replace", limited)
        staging.publish()
    assert [(here / "out" / name).read_text() for name in "abc"] == ["new a", GOOD, GOOD]
    assert litter(here) == []


@pytest.mark.parametrize("command", [("list",), ("show", "small.toml", "--json")])
def test_no_room_on_standard_output(here, command):
    with open("/dev/full", "w") as full:
        ended = subprocess.run(
            [*limits.PROGRAM, *command], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60
        )
    assert "No space left on device" in limits.one_line(ended)


@pytest.mark.parametrize("closed", [">&- 2>&-", "<&-"])
def test_streams_that_are_closed(here, closed):
    program = " ".join(map(shlex.quote, limits.PROGRAM))
    ended = subprocess.run(
        ["bash", "-c", f"{program} show small.toml {closed}"], capture_output=True, text=True, timeout=60
    )
    assert (ended.returncode, ended.stderr) == (0, "")


# Folders.

PLACES = [
    "x.npy/out",
    "/proc/out",
    "/proc/self/mem",
    "/dev/full",
    "/sys/out",
    "none/out",
    "n" * 300,
    "loop",
]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place[:20])
def test_outputs_that_cannot_be(fails, here, codes, place):
    """Told before the first slow step; nothing is made."""
    (here / "loop").symlink_to("loop")
    before = {path: path.lstat().st_mtime_ns for path in here.rglob("*")}
    for arguments in (
        ("generate", "small.toml", "-o"),
        ("simulate", "small.toml", "--out"),
        ("simulate", "small.toml", "--waves"),
        ("evaluate", "small.toml", "--out"),
        ("bench", "--no-place", "--record"),
    ):
        assert fails(*arguments, place).startswith("output ")
    for arguments in (("synth", "small.toml", "--out"), ("build", "small.toml", "--out")):
        if place not in ("none/out", "/dev/full"):
            assert fails(*arguments, place).startswith("output ")
    assert {path: path.lstat().st_mtime_ns for path in here.rglob("*")} == before


def test_the_longest_name(hadacast, here):
    """As long as the file system allows: no more is needed while it is written."""
    name = "v" * 253 + ".v"
    hadacast("generate", "small.toml", "-o", name)
    assert [path.name for path in here.glob("v*")] == [name]


@pytest.mark.parametrize(
    "changes", [{"XDG_CACHE_HOME": "/proc/none"}, pytest.param({}, marks=pytest.mark.long)], ids=str
)
def test_homes(here, changes):
    """What needs no cache works without one; what needs one says how to have another."""
    environment = {"HOME": "/dev/null", "MPLCONFIGDIR": "/proc/none", **changes}
    ended = limits.hadacast("evaluate", "small.toml", "--data", "random", "--out", "r.html", env=environment)
    assert (ended.returncode, "Traceback" in ended.stderr) == (0, False), ended.stderr
    ended = limits.hadacast("synth", "small.toml", "--device", "ecp5-25k", env=environment)
    assert "set XDG_CACHE_HOME" in limits.one_line(ended)


# Caches: what is damaged is made anew.


def damages(content: bytes):
    yield b""
    yield content[: len(content) // 2]
    yield content[:-1]
    yield content + b"\0"
    yield bytes(len(content))
    for place in range(0, len(content), max(1, len(content) // 25)):
        yield content[:place] + bytes([content[place] ^ 0x10]) + content[place + 1 :]


def test_measurements_in_the_store(tmp_path):
    """A value under its key is the one that was put there, or isn't there."""
    store, parts = Store(tmp_path), {"verilog": "module", "seed": 1}
    value = {"fmax": 123.25, "cells": {"LUT4": 7}}
    assert store.kept("placed", parts, lambda: value) == value
    (path,) = tmp_path.rglob("*.json.gz")
    content = path.read_bytes()
    for damage in damages(content):
        path.write_bytes(damage)
        assert store.kept("placed", parts, lambda: dict(value)) == value
    path.write_bytes(gzip.compress(json.dumps({"key": "another", "value": 1}).encode()))
    assert store.kept("placed", parts, lambda: value) == value
    path.unlink()
    path.mkdir()
    with pytest.raises(HadacastError, match="can't write in the cache folder"):
        store.kept("placed", parts, lambda: value)


def test_rows_in_the_journal(tmp_path):
    journal, row = Journal(tmp_path), {"error": "", "cells": 12, "sqnr": 20.125}
    journal.write("ab", row)
    path = tmp_path / "ab.json"
    content = path.read_bytes()
    for damage in damages(content):
        path.write_bytes(damage)
        assert journal.read("ab") in (None, row)  # white space says nothing
    path.write_text(json.dumps({**json.loads(content), "row": {**row, "cells": 13}}))
    assert journal.read("ab") is None
    (tmp_path / "cd.json").write_bytes(content)
    assert journal.read("cd") is None


@pytest.mark.parametrize("folder", [False, True])
def test_simulators_in_the_cache(tmp_path, monkeypatch, folder):
    """A compiled simulator is run as it is: it must be what was built."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    made = []

    def build(path):
        made.append(path)
        if folder:
            path.mkdir()
            path = path / "simulator"
        path.write_bytes(b"\x7fELF" + bytes(range(100)))

    path = cache.built("sim", build)
    file = path / "simulator" if folder else path
    content = file.read_bytes()
    assert cache.built("sim", build) == path
    assert len(made) == 1
    for count, damage in enumerate(damages(content), 2):
        file.write_bytes(damage)
        assert cache.built("sim", build) == path
        assert len(made) == count
        assert file.read_bytes() == content
    file.unlink()
    cache.built("sim", build)
    assert file.read_bytes() == content
    assert sorted(item.name for item in cache.folder().iterdir()) == ["sim.d"]


def test_a_build_that_fails_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    def build(path):
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.built("sim", build)
    assert list(cache.folder().iterdir()) == []


def test_results_that_are_read_back(hadacast, here, codes):
    """A run whose output is its input's file loses neither."""
    hadacast("simulate", "small.toml", "--data", "x.npy", "--out", "x.npy")
    assert np.load(here / "x.npy").shape == (3, 16)


def test_no_folder_for_temporary_files(here):
    """None at all: TMPDIR is of no use, nor are the others. It is the working folder then."""
    ended = limits.hadacast("generate", "small.toml", "-o", "-", env={"TMPDIR": str(here / "none")})
    assert ended.returncode == 0
    assert "module hadacast_small(" in ended.stdout
    assert sorted(path.name for path in here.iterdir()) == ["small.toml"]
