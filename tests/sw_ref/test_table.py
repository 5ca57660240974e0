"""Element formats that decode by a table."""

import numpy as np
import pytest

from hadacast.errors import HadacastError
from hadacast.table import Table

TABLE = Table(width=3, values=(0, 1, 2, 4, 0, -1, -2, -4), fraction=1)


def test_codes_decode_to_their_numbers():
    assert TABLE.decode(np.arange(8)).tolist() == [0, 0.5, 1, 2, 0, -0.5, -1, -2]
    assert (TABLE.min, TABLE.max, TABLE.width, TABLE.signed, TABLE.bytes) == (0, 7, 3, False, 1)


def test_encode_takes_the_nearest_number():
    codes = TABLE.encode([0.1, 0.3, 1.5, 1.51, -9, 9, -0.25])
    assert TABLE.decode(codes).tolist() == [0, 0.5, 1, 2, -2, 2, -0.5]
    assert TABLE.saturated([1, 2, 2.1, -3]) == 2
    assert (TABLE.decode(TABLE.encode(TABLE.numbers)) == TABLE.numbers).all()


def test_codes_beyond_the_table_are_refused():
    with pytest.raises(HadacastError, match="holds 0 to 2"):
        Table(width=4, values=(1, 2, 3)).check([3])


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"width": 13, "values": (1,)}, "width is 13"),
        ({"width": 1, "values": (1, 2, 3)}, "values has 3"),
        ({"width": 1, "values": ()}, "values has 0"),
        ({"width": 1, "values": (1 << 49,)}, "a value is"),
        ({"width": 1, "values": (1,), "fraction": 999}, "fraction is 999"),
        ({"width": 1, "values": [1]}, "values is"),
    ],
)
def test_errors_quote_the_value(settings, says):
    with pytest.raises(HadacastError, match=says):
        Table(**settings)


def test_nan_has_no_code():
    with pytest.raises(HadacastError, match="NaN"):
        TABLE.encode([np.nan])
