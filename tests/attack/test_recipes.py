"""Recipes made to break their reader: one line that says why, in bounded time and memory."""

import copy
import json
import os
import sys
import time
import tomllib
from datetime import date, datetime
from datetime import time as clock
from itertools import cycle
from pathlib import Path

import pytest
from attack import limits

from hadacast import reading, recipe, tables
from hadacast.errors import HadacastError

SMALL = b'[stream]\nframe = 8\n[[stage]]\nkind = "fwht"\n'
MOST = 300_000
MANY = 50_000


def stage(kind: str, field: bytes) -> bytes:
    return SMALL.replace(b"fwht", kind.encode()) + field


BOMBS = {
    "nothing": b"",
    "lists in lists": b"x = " + b"[" * MANY,
    "closed lists in lists": b"x = " + b"[" * MANY + b"]" * MANY,
    "tables in tables": b"x = " + b"{a=" * MANY,
    "lists as deep as a parser goes": SMALL + b"x = " + b"[" * 250 + b"]" * 250,
    "tables as deep as a parser goes": SMALL + b"x = " + b"{a = " * 150 + b"1" + b"}" * 150,
    "dotted key": b"a." * (MOST // 2) + b"a = 1",
    "dotted key of a stage": SMALL + b"a." * 2000 + b"a = 1",
    "dotted key with spaces and quotes": b"a . 'b c' . \"d.e\" ." * 20_000 + b"a = 1",
    "dotted keys in tables": b"x = " + b"{a.b.c.d.e.f.g.h.i = " * 90 + b"1" + b"}" * 90,
    "dotted header": b"[" + b"a." * MANY + b"a]\nx = 1",
    "tables": b"".join(b"[a%d]\n" % i for i in range(MANY)),
    "stages": b"[stream]\nframe = 8\n" + b"[[stage]]\n" * (MOST // 10),
    "stages that chain": b"[stream]\nframe = 8\n" + b'[[stage]]\nkind = "signs"\nseed = 1\n' * 20_000,
    "digits": SMALL.replace(b"8", b"9" * 5000),
    "digits that can be printed": SMALL.replace(b"8", b"9" * 4000),
    "digits in hexadecimal": SMALL.replace(b"8", b"0x" + b"f" * (MOST - 100)),
    "digits and underscores": SMALL.replace(b"8", b"1" + b"_1" * (MOST // 2 - 100)),
    "fraction digits": SMALL.replace(b"8", b"1." + b"1" * (MOST - 100)),
    "infinite": SMALL.replace(b"8", b"1e999"),
    "no number": SMALL.replace(b"8", b"nan"),
    "text of a number": stage("normalize", b'factor = "1e999999999999"'),
    "text of a long number": stage("normalize", b'factor = "' + b"9" * (MOST - 100) + b'"'),
    "long title": b'title = "' + b"a" * (MOST - 100) + b'"\n' + SMALL,
    "long kind": stage("a" * (MOST - 100), b""),
    "long name": b'name = "' + b"a" * (MOST - 100) + b'"\n' + SMALL,
    "long key": b"a" * (MOST - 100) + b" = 1\n" + SMALL,
    "too large": SMALL + b" " * reading.MAX_BYTES,
    "numbers": SMALL + b"x = [" + b"1," * (MOST // 2 - 100) + b"]",
    "table of numbers": stage("permute", b"table = [" + b",".join(b"%d" % i for i in range(MANY)) + b"]"),
    "rows of a matrix": stage("rotate", b"matrix = [" + b"[]," * (MOST // 3 - 100) + b"]"),
    "10^7 rows, said in a few": stage("lookup", b"width = 10_000_000\nfrom = -10_000_000"),
    "frame": SMALL.replace(b"8", b"1_099_511_627_776"),
    "lanes": SMALL.replace(b"8", b"8\nlanes = 1_000_000_000"),
    "copies": SMALL.replace(b"8", b"8\ncopies = 1_000_000_000"),
    "width": SMALL + b"[input]\nwidth = 1_000_000",
    "fraction": SMALL + b"[input]\nfraction = -1_000_000_000_000",
    "exponent": stage("cast", b'[input]\nformat = {exponent = 1_000_000_000, mantissa = 1}'),
    "lanes and copies at once": SMALL.replace(b"8", b"65536\nlanes = 65536\ncopies = 64"),
    "UTF-16": SMALL.decode().encode("utf-16"),
    "Latin-1": b'title = "\xe9"\n' + SMALL,
    "NUL": SMALL + b"\0",
    "an escape": b'title = "\\u0000"\n' + SMALL,
    "half a code point": b'title = "\xed\xa0\x80"\n' + SMALL,
    "lone returns": SMALL.replace(b"\n", b"\r"),
    "a key twice": SMALL.replace(b"8", b"8\nframe = 8"),
    "a table twice": SMALL + b"[stream]\nframe = 8\n",
    "a table that is a number": b"stream = 3\n" + SMALL,
    "no such date": SMALL.replace(b"8", b"1979-13-45"),
    "another kind": stage("__class__", b""),
    "a field of the class": SMALL + b"__init__ = 1",
    "a field from the stream": SMALL + b"frame = 8",
    "bytes": bytes(range(256)) * 100,
}  # fmt: skip
SOUND = {
    "with a byte order mark": b"\xef\xbb\xbf" + SMALL,
    "with returns": SMALL.replace(b"\n", b"\r\n"),
    "with spaces": SMALL + b" " * MOST,
}


def test_all_are_refused_in_bounded_time_and_memory(tmp_path):
    """Each in a second or two, all in one process with 2 GB."""
    for index, content in enumerate(BOMBS.values()):
        (tmp_path / f"{index}.toml").write_bytes(content)
    paths = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    arguments = (sys.executable, __file__, str(tmp_path), str(len(BOMBS)))
    ended = limits.run(*arguments, seconds=40, env={"PYTHONPATH": paths})
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    for name, (said, seconds) in zip(BOMBS, found, strict=True):
        assert said.startswith("HadacastError: recipe "), (name, said)
        assert said.isprintable(), name
        assert len(said) < 700, name
        assert seconds < 5, name


def _child(folder: Path, count: int) -> None:
    found = []
    for index in range(count):
        began = time.process_time()
        try:
            recipe.load(folder / f"{index}.toml")
            said = "it loads"
        except BaseException as error:
            said = f"{type(error).__name__}: {error}"
        found.append((said, time.process_time() - began))
    print(json.dumps(found))


@pytest.mark.parametrize("name", SOUND)
def test_what_is_sound_loads(tmp_path, name):
    path = tmp_path / "r.toml"
    path.write_bytes(SOUND[name])
    assert recipe.load(path).pipeline.frame == 8


@pytest.mark.parametrize(
    "override",
    [
        "a." * 30_000 + "a=1",
        "stage.0." + "a." * 30_000 + "a=1",
        "stage.0.size=" + "[" * 50_000,
        "stage.0.size={" + "a." * 30_000 + "a=1}",
        "stream.frame=" + "9" * 100_000,
        "stream.frame=0x" + "f" * 100_000,
        "title=" + "a" * 100_000,
    ],
    ids=lambda text: text[:24].replace(" ", ""),
)
def test_overrides(tmp_path, override):
    (tmp_path / "r.toml").write_bytes(SMALL)
    began = time.process_time()
    with pytest.raises(HadacastError) as caught:
        recipe.load(tmp_path / "r.toml", [override])
    assert len(str(caught.value)) < 700
    assert time.process_time() - began < 5


WRONG = [
    *(True, False, 0, -1, 1, 3, 1 << 40, -(1 << 63), 10**4000, 16**4000),
    *(0.5, -1.5, 1e300, float("nan"), float("inf")),
    *("", "x", "9" * 500, "1/0", "-1", "nan", "a\nb", "\0", "../x", "x.npy", "x.txt"),
    *([], [[]], [1], ["x"], [{}], [[1, 2], [3]], [float("nan")], [1] * 70_000),
    *({}, {"kind": "x"}, {"kind": 3}, {"a": {"b": []}}, {"width": 1 << 40}, {"exponent": -1, "mantissa": 1}),
    *(datetime(2020, 1, 1), date(2020, 1, 1), clock(1)),
]
FEW = (True, -1, 1 << 40, 16**4000, 0.5, float("nan"), "", "x", [], [float("nan")], {}, {"kind": 3}, date.min)


def places(document, before=()):
    """Where a value can stand: everywhere in a document, and in every field that its stages can have."""
    inner = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in list(inner):
        yield (*before, key)
        if isinstance(value, dict) or (isinstance(value, list) and len(value) < 20):
            yield from places(value, (*before, key))
    if before[:1] == ("stage",) and len(before) == 2 and isinstance(document, dict):
        cls = recipe.STAGES[document["kind"]]
        yield from ((*before, name) for name in recipe._names(cls))


def documents():
    """For each kind of stage a shipped recipe with it, that of the fewest numbers."""
    read = {name: tomllib.loads(path.read_text()) for name, path in recipe.catalogue().items()}
    read["a matrix of two"] = {
        "stream": {"frame": 8, "lanes": 2},
        "stage": [{"kind": "rotate", "matrix": [[0.5, -0.5], [0.5, 0.5]], "coefficient_width": 8}],
    }
    found = {}
    for name in sorted(read, key=lambda name: (".npy" in str(read[name]), len(str(read[name])), name)):
        for entry in read[name]["stage"]:
            found.setdefault(entry["kind"], name)
    return found, read


FOLDER = recipe.catalogue()["rotate128"].parent
FOUND, READ = documents()


def attack(name: str, path, value) -> bool:
    """Whether the recipe still loads with another value somewhere. It does, or is refused in a line."""
    document = copy.deepcopy(READ[name])
    node = document
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    try:
        if "stage" in document:
            document["stage"] = tables.resolved(document["stage"], FOLDER)
        spec = recipe.Draft(file="r.toml", content=document).recipe().pipeline
        assert hash(spec) is not None
        assert spec.latency > 0
    except HadacastError as error:
        text = str(error)
    except Exception as error:
        raise AssertionError(f"{name}, {path} = {str(value)[:80]}") from error
    else:
        return True
    assert text.isprintable(), (path, text)
    assert len(text) < 1000, (path, text)
    return False


def test_every_kind_of_stage_is_attacked():
    assert set(FOUND) == set(recipe.STAGES)


@pytest.mark.parametrize("name", sorted(set(FOUND.values())))
def test_wrong_types_in_every_field(name):
    """Three in each here, in turn, and all of them in the long run below."""
    turn = cycle(FEW)
    loaded = [attack(name, path, next(turn)) for path in dict.fromkeys(places(READ[name])) for _ in range(3)]
    assert sum(loaded) < len(loaded) / 3


@pytest.mark.long
@pytest.mark.parametrize("name", sorted(READ))
def test_many_wrong_values_in_every_field(name):
    for path in dict.fromkeys(places(READ[name])):
        for value in WRONG:
            attack(name, path, value)


if __name__ == "__main__":
    _child(Path(sys.argv[1]), int(sys.argv[2]))
