"""How an integer maximum, range or offset of a group is stored beside its codes."""

from typing import Any

import numpy as np

from hadacast import checks
from hadacast.errors import HadacastError
from hadacast.format import Codes, Format, Ints
from hadacast.minifloat import BF16, FP16, FP32, Minifloat
from hadacast.rounding import to_codes

STORES: dict[str, Minifloat] = {"fp32": FP32, "bf16": BF16, "fp16": FP16}
EXACT = "exact"


def check(store: Any, floating: bool) -> None:
    """Raise HadacastError unless `store` is known, and a float where the input carries exponents."""
    checks.choice("store", store, (EXACT, *STORES))
    if floating and store == EXACT:
        raise HadacastError(
            f"store is {store!r}: after an align stage exponents vary; it must be one of {', '.join(STORES)}"
        )


def format_(store: str, width: int, fraction: int, signed: bool = False) -> Codes:
    """The format of what is stored: the integer itself, or a float."""
    if store == EXACT:
        return Format(width=width, fraction=fraction, signed=signed)
    return STORES[store]


def stored(
    store: str, number: Ints, numerator: int, denominator: int, power: Any, invalid: Any, one: Any = False
) -> Ints:
    """`number` itself, or number·numerator/denominator·2^power as a float, to nearest, ties to even.

    Where `invalid`, NaN; where `one`, 1.0. Overflow gives infinity.
    """
    if store == EXACT:
        return number
    target = STORES[store]
    codes = to_codes(number, numerator, denominator, power, target, "even", "inf")
    codes = np.where(one, target.bias << target.mantissa, codes)
    return np.where(invalid, target.nan_code, codes)
