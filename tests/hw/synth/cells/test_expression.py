"""Liberty's functions, against what their operators mean on every case."""

from itertools import product

import pytest

from hadacast.errors import HadacastError
from hadacast.synth.cells.expression import MASK, python

CASES = list(product((0, 1), repeat=3))
NAMES = {name: name for name in "ABC"}


def all_cases(function):
    """One value for each case of A, B and C, from one evaluation over integers of all cases."""
    words = {name: sum(case[k] << i for i, case in enumerate(CASES)) for k, name in enumerate("ABC")}
    word = eval(python(function, NAMES), {**words, MASK: (1 << len(CASES)) - 1})
    assert 0 <= word < 1 << len(CASES)
    return [word >> i & 1 for i in range(len(CASES))]


@pytest.mark.parametrize(
    ("function", "meaning"),
    [
        ("A", lambda a, b, c: a),
        ("!A", lambda a, b, c: not a),
        ("A'", lambda a, b, c: not a),
        ("(A B)'", lambda a, b, c: not (a and b)),
        ("A''", lambda a, b, c: a),
        ("A B + C", lambda a, b, c: (a and b) or c),
        ("A + B C", lambda a, b, c: a or (b and c)),
        ("A * B | C", lambda a, b, c: (a and b) or c),
        ("!A & !B", lambda a, b, c: not a and not b),
        ("A ^ B C", lambda a, b, c: (a ^ b) and c),
        ("A B ^ C", lambda a, b, c: a and (b ^ c)),
        ("A ^ B ^ C", lambda a, b, c: a ^ b ^ c),
        ("!(A+B) C", lambda a, b, c: not (a or b) and c),
        ("!((A+B) C)", lambda a, b, c: not ((a or b) and c)),
        ("(((A B)+(B C))+(C A))", lambda a, b, c: a + b + c >= 2),
        ("A 1", lambda a, b, c: a),
        ("0 + !C", lambda a, b, c: not c),
        ("1", lambda a, b, c: True),
        ("B'C'", lambda a, b, c: not b and not c),
    ],
)
def test_a_function_means(function, meaning):
    assert all_cases(function) == [int(meaning(*case)) for case in CASES]


@pytest.mark.parametrize("function", ["", "A +", "(A", "A)", "D", "A $ B", "!"])
def test_what_is_no_function(function):
    with pytest.raises(HadacastError):
        python(function, NAMES)
