"""What a user's matrix may be."""

import numpy as np
import pytest

from hadacast.errors import HadacastError
from hadacast.matrices import checked, named

H4 = ["++++", "+-+-", "++--", "+--+"]


@pytest.mark.parametrize(
    "value",
    [
        H4,
        tuple(H4),
        [f" {row}\n" for row in H4],
        [[1, 1, 1, 1], [1, -1, 1, -1], (1, 1, -1, -1), [1, -1, -1, 1]],
        [1, 1, 1, 1, 1, -1, 1, -1, 1, 1, -1, -1, 1, -1, -1, 1],
        np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]], dtype=np.float32),
    ],
)
def test_rows_as_texts_and_numbers(value):
    assert (checked(value) == named("sylvester-4")).all()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (["++", "++"], r"matrix rows 0 and 1 have the product 2: it must be 0, for H·Hᵀ = 2·I"),
        (["++++", "+-+-", "++--", "+-++"], "matrix rows 0 and 3 have the product 2"),
        (["+++", "+--", "+-+"], "matrix rows 0 and 1 have the product -1"),
        (["+"], "matrix has 1 rows: it must have from 2 to 256"),
        ([[1] * 257] * 257, "matrix has 257 rows"),
        (["++", "+"], "matrix row 1 has 1 elements: it must have 2"),
        (["++", "+x"], r"matrix\[1, 1\] is 'x': it must be 1 or -1"),
        ([[1, 1], [1, 0]], r"matrix\[1, 1\] is 0: it must be 1 or -1"),
        ([[1, 1], [1, True]], r"matrix\[1, 1\] is True"),
        ([[1, 1], [1, None]], r"matrix\[1, 1\] is None"),
        ([1, 1, 1], "matrix has 3 elements: it must have n² of them"),
        ([], r"matrix is \[\]: it must be rows"),
        (7, "matrix is 7: it must be rows"),
        ([["+", 1], ["-", "++"]], r"matrix\[1, 1\] is '\+\+'"),
        (["++", 3], "matrix has 2 elements"),
    ],
)
def test_what_is_no_hadamard_matrix(value, message):
    with pytest.raises(HadacastError, match=message):
        checked(value)


def test_a_single_wrong_sign_is_found():
    rng = np.random.default_rng(1)
    h = named("paley1-28")
    for _ in range(20):
        wrong = h.copy()
        i, j = rng.integers(0, 28, 2)
        wrong[i, j] *= -1
        with pytest.raises(
            HadacastError, match=rf"^matrix rows (\d+ and {i}|{i} and \d+) have the product -?2:"
        ):
            checked(wrong)
