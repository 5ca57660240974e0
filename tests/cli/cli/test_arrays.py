"""Arrays in files: what another package wrote comes back, and what is damaged is refused in a line."""

import io
import json
import zipfile

import ml_dtypes
import numpy as np
import pytest

from hadacast.cli import arrays
from hadacast.errors import HadacastError

X = np.random.default_rng(1).normal(size=(3, 8)).astype(np.float32)


def tensors(path, header, data=b""):
    """A file by hand: the length of the header, the header, the data."""
    text = json.dumps(header).encode() if not isinstance(header, bytes) else header
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


def entry(dtype, shape, start, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


def test_npy_is_mapped(tmp_path):
    np.save(tmp_path / "x.npy", X)
    found = arrays.read(tmp_path / "x.npy", "x")
    assert np.array_equal(found, X)
    assert isinstance(found.base, np.memmap)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_npz(tmp_path, save):
    save(tmp_path / "x.npz", a=X, b=X.astype(np.int8))
    assert np.array_equal(arrays.read(tmp_path / "x.npz", "x", "a"), X)
    assert arrays.read(tmp_path / "x.npz", "x", "b").dtype == np.int8
    save(tmp_path / "one.npz", X)
    assert np.array_equal(arrays.read(tmp_path / "one.npz", "x"), X)


KINDS = (np.float64, np.float32, np.float16, *(f"{s}{b}" for s in ("int", "uint") for b in (8, 16, 32, 64)))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: np.dtype(kind).name)
def test_safetensors_as_its_own_package_writes_them(tmp_path, kind):
    package = pytest.importorskip("safetensors.numpy")
    x = np.abs(X * 50).astype(kind)
    package.save_file(
        {"a": np.zeros(3, np.int8), "b": x, "c": x[0]}, tmp_path / "x.safetensors", {"who": "me"}
    )
    for name, want in (("b", x), ("c", x[0])):
        found = arrays.read(tmp_path / "x.safetensors", "x", name)
        assert found.dtype == want.dtype
        assert np.array_equal(found, want)


def test_bfloat16_as_its_own_package_writes_it(tmp_path):
    package = pytest.importorskip("safetensors.numpy")
    x = X.astype(ml_dtypes.bfloat16)
    package.save_file({"b": x}, tmp_path / "x.safetensors")
    assert np.array_equal(arrays.read(tmp_path / "x.safetensors", "x"), x.astype(np.float32))


def test_every_bfloat16(tmp_path):
    codes = np.arange(1 << 16, dtype=np.uint16)
    tensors(tmp_path / "x", {"x": entry("BF16", [256, 256], 0, 1 << 17)}, codes.tobytes())
    found = arrays.read(tmp_path / "x", "x")
    assert found.dtype == np.float32
    want = codes.view(ml_dtypes.bfloat16).astype(np.float32).reshape(256, 256)
    assert np.array_equal(found, want, equal_nan=True)


def test_the_only_tensor_beside_metadata(tmp_path):
    tensors(tmp_path / "x", {"__metadata__": {"a": "b"}, "t": entry("I8", [2, 1], 0, 2)}, b"\x01\xff")
    assert arrays.read(tmp_path / "x", "x").tolist() == [[1], [-1]]


def test_an_empty_tensor(tmp_path):
    tensors(tmp_path / "x", {"t": entry("F32", [0, 4], 0, 0)})
    assert arrays.read(tmp_path / "x", "x").shape == (0, 4)


def npz(path, members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def objects():
    buffer = io.BytesIO()
    np.save(buffer, np.array([None]), allow_pickle=True)
    return buffer.getvalue()


def saved(path, **named):
    with open(path, "wb") as file:
        np.savez(file, **named)


def floats(n, start=0, end=None):
    return {"t": entry("F32", [n], start, 4 * n if end is None else end)}


HUGE = {"t": entry("F32", [2**40, 2**40], 0, 2**82)}

BAD = {
    "npy with a name": (lambda p: p.write_bytes(objects()), "a", "one array, without a name"),
    "objects": (lambda p: p.write_bytes(objects()), None, "Python objects"),
    "npz of objects": (lambda p: npz(p, {"a.npy": objects()}), None, "Python objects"),
    "npz of nothing": (lambda p: npz(p, {}), None, "holds no arrays"),
    "npz of text": (lambda p: npz(p, {"a.txt": b"hello"}), None, "can't be read: "),
    "npz cut": (lambda p: p.write_bytes(b"PK\x03\x04 and so on"), None, "can't be read: File is not a zip"),
    "which": (lambda p: saved(p, b=X, a=X), None, "holds 2 arrays: say which with --tensor, 'a', 'b'"),
    "none such": (lambda p: saved(p, b=X, a=X), "c", "tensor is 'c': it holds 'a', 'b'"),
    "many": (lambda p: saved(p, **{f"a{i:02}": X for i in range(30)}), None, "'a11', … 30 in all"),
    "text": (lambda p: p.write_bytes(b"1,2,3,4,5,6"), None, "is not a .npy, .npz or .safetensors file"),
    "header cut": (lambda p: p.write_bytes(b"\xff" + bytes(7) + b"{}"), None, "header would have 255 bytes"),
    "header huge": (lambda p: p.write_bytes(b"\xff" * 8 + b"{}"), None, "its header would have 18,446,7"),
    "header no JSON": (lambda p: tensors(p, b"{nothing"), None, "can't be read: "),
    "header deep": (lambda p: tensors(p, b'{"a":' * 100_000), None, "can't be read: "),
    "no tensors": (lambda p: tensors(p, {}), None, "holds no arrays"),
    "no entry": (lambda p: tensors(p, {"t": 3}), None, "its entry of tensor 't' isn't as the format has it"),
    "no offsets": (lambda p: tensors(p, {"t": {"dtype": "F32", "shape": [1]}}), None, "its entry of tensor"),
    "negative": (lambda p: tensors(p, {"t": entry("F32", [-1], 0, -4)}), None, "its entry of tensor 't'"),
    "no number": (lambda p: tensors(p, {"t": entry("F32", [True], 0, 4)}), None, "its entry of tensor 't'"),
    "one offset": (lambda p: tensors(p, {"t": {"data_offsets": [0]}}), None, "its entry of tensor"),
    "dtype": (lambda p: tensors(p, {"t": entry("F8_E4M3", [1], 0, 1)}, b"1"), None, "dtype 'F8_E4M3'"),
    "dtype no text": (lambda p: tensors(p, {"t": entry([], [1], 0, 1)}, b"1"), None, "its entry of tensor"),
    "data cut": (lambda p: tensors(p, floats(4), bytes(15)), None, "it ends too early"),
    "data long": (lambda p: tensors(p, floats(4, 0, 12), bytes(16)), None, "has another size than it says"),
    "data huge": (lambda p: tensors(p, HUGE, bytes(16)), None, "it ends too early"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_files(tmp_path, case):
    make, tensor, said = BAD[case]
    make(tmp_path / "x")
    with pytest.raises(HadacastError) as caught:
        arrays.read(tmp_path / "x", "it", tensor)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_none(tmp_path):
    with pytest.raises(HadacastError, match="it can't be read: No such file"):
        arrays.read(tmp_path / "x", "it")
