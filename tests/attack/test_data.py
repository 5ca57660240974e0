"""Files of arrays that are damaged, or lie: one line, no pickle, no memory set aside for what isn't there."""

import io
import json
import os
import struct
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from attack import limits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hadacast import recipe, tables
from hadacast.cli import data
from hadacast.errors import HadacastError

X = (np.arange(64) % 60 - 30).reshape(8, 8)
QUICK = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def spec():
    fields = ("stream.frame=8", "stream.lanes=2", "input.width=6", "input.fraction=2")
    return recipe.load("rotate128", fields).pipeline


def saved(array) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def headed(header: str, version=(1, 0), length=None) -> bytes:
    """A .npy file with this header and 64 bytes."""
    text = header.encode("latin-1")
    form = "<H" if version == (1, 0) else "<I"
    return b"\x93NUMPY" + bytes(version) + struct.pack(form, length or len(text)) + text + bytes(64)


def header(shape: str, descr: str = "'<i8'", order: str = "False") -> str:
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n"


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def tensors(header, body=b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


def entry(start, end, shape, dtype="I8"):
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


class Trap:
    """What a pickle would run."""

    def __reduce__(self):
        return (os.mkdir, ("trapped",))


TWICE = b'{"a": %s, "a": %s}' % ((json.dumps(entry(0, 8, [8])).encode(),) * 2)

BAD = {
    "complex": (saved(X.astype(complex)), "dtype complex128"),
    "truth values": (saved(X > 0), "dtype bool"),
    "bytes": (saved(X.astype("S4")), "dtype |S4"),
    "texts": (saved(X.astype("U4")), "dtype <U4"),
    "records": (saved(np.zeros(8, [("a", "i4")])), "dtype [('a', '<i4')]"),
    "dates": (saved(np.zeros(8, "M8[s]")), "dtype datetime64[s]"),
    "objects": (saved(X.astype(object)), "Python objects"),
    "a pickle in .npy": (saved(np.array([Trap()])), "Python objects"),
    "a pickle in .npz": (zipped({"a.npy": saved(np.array([Trap()]))}), "Python objects"),
    "a scalar": (saved(np.array(3)), "one number, and no frame"),
    "no rows": (saved(np.zeros((0, 8))), "no elements"),
    "no columns": (saved(np.zeros((8, 0))), "no elements"),
    "NaN": (saved(np.full((8, 8), np.nan)), "NaN or infinite"),
    "infinite": (saved(np.full((8, 8), -np.inf)), "NaN or infinite"),
    "beyond int64": (saved(np.full((8, 8), 1 << 63, np.uint64)), "is 9223372036854775808"),
    "beyond the format": (saved(X + 40), "holds -32 to 31"),
    "part of a frame": (saved(np.zeros((8, 7))), "multiple of the frame"),
    "cut": (saved(X)[:-1], "ends too early"),
    "cut in its header": (saved(X)[:40], "header is damaged"),
    "magic alone": (b"\x93NUMPY\x01\x00", "header is damaged"),
    "version": (headed(header("(8,)"), (9, 9)), "header is damaged"),
    "header of 4 GB": (headed("{" * 90, (2, 0), (1 << 32) - 1), "header is damaged"),
    "deep header": (headed("(" * 9000), "header is damaged"),
    "header of digits": (headed(header(f"({'9' * 5000},)")), "header is damaged"),
    "header that calls": (headed("__import__('os').mkdir('trapped')"), "header is damaged"),
    "8 TB": (headed(header("(1099511627776,)")), "ends too early"),
    "more than an address": (headed(header(f"({1 << 40}, {1 << 40})")), "ends too early"),
    "overflow to 0": (headed(header(f"({1 << 32}, {1 << 32})")), "ends too early"),
    "no rows of much": (headed(header(f"(0, {1 << 70})")), "its header has shape"),
    "negative": (headed(header("(-8,)")), "its header has shape"),
    "negative twice": (headed(header("(-8, -1)")), "its header has shape"),
    "true": (headed(header("(True, 8)")), "can't be read"),
    "huge elements": (headed(header("(8,)", "'S1000000000'")), "ends too early"),
    "8 TB in .npz": (zipped({"a.npy": headed(header("(1099511627776,)"))}), "ends too early"),
    "damaged .npz": (zipped({"a.npy": saved(X)}).replace(saved(X)[200:210], b"0123456789"), "Bad CRC-32"),
    "cut .npz": (zipped({"a.npy": saved(X)})[:-30], "can't be read"),
    "no array in .npz": (zipped({"a.npy": b"hello"}), "can't be read"),
    "path in .npz": (zipped({"../../trapped.npy": saved(X)})[:-1], "can't be read"),
    "header length": (b"\xff" * 8 + b"{}", "header would have"),
    "deep JSON": (tensors(b'{"a":' + b"[" * 100_000), "can't be read"),
    "many keys": (tensors(b"{" + b",".join(b'"%d": 1' % k for k in range(50_000)) + b"}"), "50,000 arrays"),
    "digits": (tensors(b'{"a": {"shape": [%s]}}' % (b"9" * 5000)), "can't be read"),
    "a tensor twice": (tensors(TWICE, bytes(8)), "a key twice"),
    "overlapping": (tensors({"a": entry(0, 8, [8]), "b": entry(7, 9, [2])}, bytes(9)), "overlap"),
    "offsets backwards": (tensors({"a": entry(8, 0, [8])}, bytes(8)), "another size than it says"),
    "8 TB of tensor": (tensors({"a": entry(0, 1 << 43, [1 << 43])}, bytes(8)), "it ends too early"),
    "empty of much": (tensors({"a": entry(0, 0, [0, 1 << 80])}), "can't be read"),
    "many axes": (tensors({"a": entry(0, 8, [1] * 70 + [8])}, bytes(8)), "can't be read"),
    "text": (b"1,2,3,4,5,6,7,8", "is not a .npy"),
    "nothing": (b"", "is not a .npy"),
}


def test_all_are_refused_within_bounds(tmp_path):
    """In one process with 2 GB, and a folder that nothing was made in."""
    for index, (content, _) in enumerate(BAD.values()):
        (tmp_path / str(index)).write_bytes(content)
    paths = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    ended = limits.run(
        *(sys.executable, __file__, str(tmp_path), str(len(BAD))), env={"PYTHONPATH": paths}, cwd=tmp_path
    )
    assert ended.returncode == 0, ended.stderr
    for (name, (_, says)), said in zip(BAD.items(), json.loads(ended.stdout), strict=True):
        assert said.startswith("HadacastError: data "), (name, said)
        assert says in said, (name, said)
        assert said.isprintable(), name
        assert len(said) < 700, name
    assert not (tmp_path / "trapped").exists()


def _child(folder: Path, count: int) -> None:
    found = []
    fields = ("stream.frame=8", "stream.lanes=2", "input.width=6", "input.fraction=2")
    spec = recipe.load("rotate128", fields).pipeline
    tensor = {index: "a" for index, name in enumerate(BAD) if name == "overlapping"}
    for index in range(count):
        try:
            said = str(data.load(str(folder / str(index)), spec, tensor=tensor.get(index)))
        except BaseException as error:
            said = f"{type(error).__name__}: {error}"
        found.append(said)
    print(json.dumps(found))


@pytest.mark.parametrize(
    "array",
    [
        *(np.asfortranarray(X), X.astype(">i4"), X.astype(">i2"), X[::-1][::-1], X.astype(np.int8)),
        *((X / 4).astype(kind) for kind in (">f8", "<f4", ">f2")),
        *(np.asfortranarray((X / 4).astype(">f4")), X.reshape(2, 2, 2, 8), X.ravel()),
    ],
    ids=lambda array: f"{array.dtype}-{array.ndim}-{array.flags.f_contiguous}",
)
@pytest.mark.parametrize("suffix", ["npy", "npz"])
def test_other_orders_are_read_right(tmp_path, spec, array, suffix):
    path = tmp_path / f"x.{suffix}"
    (np.save if suffix == "npy" else np.savez)(path, array)
    assert np.array_equal(data.load(str(path), spec).frames, X)


FILES = {
    "npy": saved(X),
    "npz": zipped({"a.npy": saved(X), "b.npy": saved(X[0])}),
    "safetensors": tensors({"a": entry(0, 32, [4, 8]), "b": entry(32, 40, [8])}, bytes(40)),
}
CHANGES = st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), max_size=4)


@QUICK
@given(st.sampled_from(sorted(FILES)), CHANGES, st.one_of(st.none(), st.integers(0, 1 << 16)))
def test_any_damage(tmp_path_factory, spec, kind, changes, end):
    """Frames that the input format holds, or one line."""
    content = bytearray(FILES[kind])
    for place, value in changes:
        content[place % len(content)] = value
    if end is not None:
        del content[end % len(content) :]
    path = tmp_path_factory.mktemp("damage") / "x"
    path.write_bytes(content)
    for read in (lambda: data.load(str(path), spec, tensor=None if kind == "npy" else "a").frames, None):
        try:
            found = np.asarray(tables.load(path) if read is None else read())
        except HadacastError as error:
            text = str(error)
            found = None
        if found is None:
            assert text.isprintable()
        elif read is not None:
            assert spec.input.check(found) is not None


def test_what_is_no_file(here, fails, codes):
    """Folders, devices that never end, pipes that never begin, paths through files, and none."""
    os.mkfifo(here / "pipe")
    (here / "folder").mkdir()
    (here / "loop").symlink_to("loop")
    devices = ("/dev/zero", "/dev/null")
    for name in (*devices, "folder", "pipe", "x.npy/x.npy", "loop", "none", "a\0b", "n" * 5000):
        text = fails("evaluate", "small.toml", "--data", name)
        assert text.startswith("data ")
        assert len(text) < 11_000
    assert "data is ''" in fails("evaluate", "small.toml", "--data", "", status=2)
    (here / "pipe.toml").symlink_to("pipe")
    (here / "folder.toml").mkdir()
    (here / "zero.toml").symlink_to("/dev/zero")
    for name in ("pipe.toml", "folder.toml", "zero.toml", "x.npy/r.toml"):
        assert fails("show", name).startswith("recipe ")
        assert fails("explore", "--sweep", name).startswith("sweep ")
    table = (here / "small.toml").read_text() + '[[stage]]\nkind = "permute"\ntable = "pipe.npy"\n'
    (here / "table.toml").write_text(table)
    (here / "pipe.npy").symlink_to("pipe")
    assert "it is not a regular file" in fails("show", "table.toml")


if __name__ == "__main__":
    _child(Path(sys.argv[1]), int(sys.argv[2]))
