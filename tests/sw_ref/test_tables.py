"""Tables in .npy files beside a recipe."""

from fractions import Fraction

import numpy as np
import pytest

from hadacast import recipe, tables
from hadacast.errors import HadacastError

RECIPE = """
[stream]
frame = 4

[[stage]]
kind = "quantize"
code = "int8"
scale = { kind = "static", step = "steps.npy", zero = "deep/zeros.npy" }

[[stage]]
kind = "dequantize"
"""


def test_a_recipe_takes_its_tables_from_files_beside_it(tmp_path):
    (tmp_path / "deep").mkdir()
    steps = np.array([0.1, 0.25, 3, 1e-6], dtype=np.float32)
    np.save(tmp_path / "steps.npy", steps)
    np.save(tmp_path / "deep" / "zeros.npy", np.array([0, -1, 7, 3], dtype=np.int16))
    path = tmp_path / "mine.toml"
    path.write_text(RECIPE)
    scale = recipe.load(path).pipeline.stages[0].scale
    # A float32 is the number that it is, not the shortest decimal that prints it.
    assert scale.step == tuple(Fraction(float(s)) for s in steps)
    assert scale.step[0] != Fraction(1, 10)
    assert scale.zero == (0, -1, 7, 3)


def test_lists_and_nested_tables_are_searched_and_the_rest_left_alone(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(3, dtype=np.uint8))
    settings = {"a": ["a.npy", 1], "b": {"c": "a.npy", "d": "npy"}, "e": 2.5}
    assert tables.resolved(settings, tmp_path) == {
        "a": [[0, 1, 2], 1],
        "b": {"c": [0, 1, 2], "d": "npy"},
        "e": 2.5,
    }


def test_matrices_are_lists_of_rows(tmp_path):
    np.save(tmp_path / "a.npy", np.array([[0.1, 2], [-3, 0]], dtype=np.float32, order="F"))
    assert tables.load(tmp_path / "a.npy") == [[Fraction(float(np.float32(0.1))), 2], [-3, 0]]
    np.save(tmp_path / "b.npy", np.array([[1, 2, 3]], dtype=np.int8))
    assert tables.load(tmp_path / "b.npy") == [[1, 2, 3]]


def test_a_matrix_for_a_row_is_refused(tmp_path):
    np.save(tmp_path / "steps.npy", np.ones((2, 2)))
    np.save(tmp_path / "zeros.npy", np.arange(4))
    (tmp_path / "mine.toml").write_text(RECIPE.replace("deep/", ""))
    with pytest.raises(HadacastError, match="step is"):
        recipe.load(tmp_path / "mine.toml")


@pytest.mark.parametrize(
    ("array", "says"),
    [
        (np.zeros((2, 2, 2)), r"shape \(2, 2, 2\)"),
        (np.zeros((0, 2)), r"shape \(0, 2\)"),
        (np.zeros(()), r"shape \(\)"),
        (np.zeros(0), r"shape \(0,\)"),
        (np.array([1.0, np.nan]), "NaN"),
        (np.array([1j]), "complex128"),
        (np.array([True]), "bool"),
        (np.zeros(1 << 17), "it is larger than"),
        (np.zeros((1 << 16) + 1, dtype=np.int8), "shape"),
    ],
)
def test_errors(array, says, tmp_path):
    np.save(tmp_path / "x.npy", array)
    with pytest.raises(HadacastError, match=says):
        tables.load(tmp_path / "x.npy")


def test_what_is_no_array(tmp_path):
    (tmp_path / "x.npy").write_text("no array")
    np.save(tmp_path / "y.npy", np.array([{}]), allow_pickle=True)
    (tmp_path / "z.npy").write_bytes(b"")
    for name in ("x.npy", "y.npy", "z.npy"):
        with pytest.raises(HadacastError, match=r"no \.npy file of numbers"):
            tables.load(tmp_path / name)
    with pytest.raises(HadacastError, match="No such file"):
        tables.load(tmp_path / "none.npy")


def test_rows_of_numbers_and_of_signs(tmp_path):
    np.save(tmp_path / "a.npy", np.array([[1, -1], [2, 3]], dtype=np.int8))
    np.save(tmp_path / "b.npy", np.array([[0.5], [-0.25]], dtype=np.float32))
    (tmp_path / "h.txt").write_text("++\n\n  +-\r\n")
    settings = {"a": "a.npy", "b": "b.npy", "h": "h.txt"}
    assert tables.resolved(settings, tmp_path) == {
        "a": [[1, -1], [2, 3]],
        "b": [[Fraction(1, 2)], [Fraction(-1, 4)]],
        "h": ["++", "+-"],
    }


@pytest.mark.parametrize("content", [b"+-\n+0", b"+ -", b"\xff\xfe+-"])
def test_texts_of_anything_else(content, tmp_path):
    (tmp_path / "h.txt").write_bytes(content)
    with pytest.raises(HadacastError, match=r"h\.txt'?: it must be lines of \+ and -"):
        tables.load_signs(tmp_path / "h.txt")
    with pytest.raises(HadacastError, match="No such file"):
        tables.load_signs(tmp_path / "none.txt")
