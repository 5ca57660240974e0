"""The store of measurements: what is found again, what isn't, and two writers at once."""

import gzip
import json
import multiprocessing
import os
import shutil

import pytest

from hadacast.errors import HadacastError
from hadacast.synth import store as stores
from hadacast.synth.store import Store, Watched, kept, key_of

PARTS = {"verilog": "module t; endmodule", "seed": 1}


def made(store: Store, value, parts=PARTS):
    """What the store gives, and whether it had to be made."""
    calls = []
    found = store.kept("placed", parts, lambda: calls.append(1) or value)
    return found, bool(calls)


def entry(store: Store):
    (path,) = store.folder.rglob("*.json.gz")
    return path


def test_what_was_made_is_found_again(tmp_path):
    store = Store(tmp_path / "new" / "folder")
    assert made(store, {"fmax": [1.25, None], "ü": "é"}) == ({"fmax": [1.25, None], "ü": "é"}, True)
    assert made(store, "another") == ({"fmax": [1.25, None], "ü": "é"}, False)
    assert [path.name for path in tmp_path.rglob(".part-*")] == []


@pytest.mark.parametrize("change", [{"seed": 2}, {"verilog": ""}, {"more": None}])
def test_any_other_part_is_another_entry(tmp_path, change):
    store = Store(tmp_path)
    made(store, 1)
    assert made(store, 2, PARTS | change) == (2, True)
    assert made(store, 3) == (1, False)


def test_another_step_or_form_is_another_entry(monkeypatch):
    key = key_of("placed", PARTS)
    assert key_of("netlist", PARTS) != key
    assert key_of("placed", dict(reversed(PARTS.items()))) == key
    monkeypatch.setattr(stores, "FORM", stores.FORM + 1)
    assert key_of("placed", PARTS) != key


def halves(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flipped(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x10
    path.write_bytes(data)


def text(value):
    return lambda path: path.write_bytes(gzip.compress(json.dumps(value).encode()))


@pytest.mark.parametrize(
    "damage",
    [
        halves,
        flipped,
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"not compressed"),
        text({"key": "another", "value": 1}),
        text({"value": 1}),
        text([]),
    ],
    ids=["truncated", "a bit", "empty", "no gzip", "another's", "no key", "a list"],
)
def test_a_damaged_entry_counts_as_absent_and_is_replaced(tmp_path, damage):
    store = Store(tmp_path)
    made(store, {"cells": 5})
    damage(entry(store))
    assert made(store, {"cells": 6}) == ({"cells": 6}, True)
    assert made(store, None) == ({"cells": 6}, False)


def test_every_flipped_bit_of_an_entry_is_harmless(tmp_path):
    store = Store(tmp_path)
    made(store, {"cells": 5})
    path = entry(store)
    whole = path.read_bytes()
    key = path.name.partition(".")[0]
    for bit in range(8 * len(whole)):
        data = bytearray(whole)
        data[bit // 8] ^= 1 << bit % 8
        path.write_bytes(data)
        # Bits of the header that say nothing of the content may change.
        assert store.get(key) in (None, {"cells": 5})


def test_a_failure_is_not_kept(tmp_path):
    def fail():
        raise HadacastError("too many")

    store = Store(tmp_path)
    with pytest.raises(HadacastError, match="too many"):
        store.kept("placed", PARTS, fail)
    assert made(store, 1) == (1, True)


def test_a_store_may_be_deleted_at_any_time(tmp_path):
    """Between two uses, and while something is made that goes into it."""
    store = Store(tmp_path / "store")
    assert made(store, 1) == (1, True)
    shutil.rmtree(store.folder)
    assert made(store, 2) == (2, True)
    assert made(store, 3) == (2, False)
    gone = store.kept("placed", {"seed": 9}, lambda: shutil.rmtree(store.folder) or 4)
    assert gone == 4
    assert made(store, 5) == (5, True)
    assert made(store, 6) == (5, False)


def test_without_a_store_everything_is_made():
    calls = []
    for _ in range(2):
        kept(None, "placed", PARTS, lambda: calls.append(1))
    assert len(calls) == 2


@pytest.mark.parametrize("blocked", ["", "0"])
def test_a_folder_that_cannot_be_written(tmp_path, blocked):
    (tmp_path / "file").write_text("")
    with pytest.raises(HadacastError, match=r"^can't write in the cache folder '.*file.*': ") as raised:
        Store(tmp_path / "file" / blocked).put("ab", 1)
    assert "\n" not in str(raised.value)


def write(folder, count):
    store = Store(folder)
    for number in range(count):
        assert store.kept("placed", {"number": number}, lambda n=number: [n] * 2000) == [number] * 2000
        store.put(key_of("placed", {"number": 0}), [0] * 2000)


def test_writers_at_once_see_whole_entries_only(tmp_path):
    context = multiprocessing.get_context("fork" if os.name == "posix" else "spawn")
    workers = [context.Process(target=write, args=(tmp_path, 40)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert len(list(tmp_path.rglob("*"))) - len(list(tmp_path.iterdir())) == 40


def test_the_users_own_lies_beside_the_simulators(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert Store.of_user().folder == tmp_path / "hadacast" / "synth"
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(HadacastError, match=r"^can't make the cache folder '.*synth'.*; set XDG_CACHE_HOME$"):
        Store.of_user()


def test_a_watched_store_tells_what_came_from_an_earlier_run(tmp_path):
    made(Store(tmp_path), 1)
    store = Watched(tmp_path)
    other = PARTS | {"seed": 2}
    for _ in range(2):  # what it made itself and finds again isn't an earlier run's
        assert made(store, 2)[0] == 1
        assert made(store, 2, other)[0] == 2
    assert (store.earlier, store.made) == ({key_of("placed", PARTS)}, {key_of("placed", other)})
