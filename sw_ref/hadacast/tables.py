"""Tables of constants that a recipe keeps beside it: numbers in .npy files, rows of + and - in texts."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from hadacast import checks, reading
from hadacast.errors import HadacastError

SUFFIX = ".npy"
SIGNS = ".txt"
MAX_NUMBERS = 1 << 16
MAX_BYTES = MAX_NUMBERS * 8 + (1 << 12)


def resolved(settings: Any, folder: Path) -> Any:
    """`settings`, tables and lists as TOML has them, with each text that ends in .npy replaced by a list of
    the numbers in that file, a path from `folder`, and each that ends in .txt by the lines of that one.

    Raises HadacastError as load() and load_signs() do.
    """
    if isinstance(settings, dict):
        return {key: resolved(value, folder) for key, value in settings.items()}
    if isinstance(settings, list):
        return [resolved(value, folder) for value in settings]
    if isinstance(settings, str) and settings.endswith(SUFFIX):
        return load(folder / settings)
    if isinstance(settings, str) and settings.endswith(SIGNS):
        return load_signs(folder / settings)
    return settings


def load_signs(path: Path) -> list[str]:
    """The lines of a text of + and -, without spaces around them and empty ones.

    Raises HadacastError for a file that isn't there, is too large, or holds anything else.
    """
    shown = f"table {checks.quote(str(path))}"
    try:
        content = reading.content(path, MAX_BYTES)
    except (OSError, ValueError) as error:
        raise HadacastError(f"{shown}: {reading.reason(error)}") from None
    lines = [line.strip() for line in content.decode("latin-1").splitlines()]
    if not set("".join(lines)) <= set("+-"):
        raise HadacastError(f"{shown}: it must be lines of + and -, up to {MAX_NUMBERS:,} of these")
    return [line for line in lines if line]


def load(path: Path) -> list[Any]:
    """The numbers of a .npy file, exactly: integers, or floats as the fractions that they are. Of a matrix, a
    list of such a list for each row.

    Raises HadacastError for a file that isn't there or is none, for arrays of other than 1 or 2
    dimensions, empty or of more than 65,536 numbers, and for numbers that aren't real or finite.
    """
    shown = f"table {checks.quote(str(path))}"
    try:
        content = reading.content(path, MAX_BYTES)
    except (OSError, ValueError) as error:
        raise HadacastError(
            f"{shown}: {reading.reason(error)}; {MAX_NUMBERS:,} numbers are the most"
        ) from None
    try:
        array = reading.npy(content)
    except ValueError as error:
        raise HadacastError(f"{shown}: it is no .npy file of numbers: {reading.reason(error)}") from None
    if array.ndim not in (1, 2) or not 1 <= array.size <= MAX_NUMBERS:
        raise HadacastError(
            f"{shown} has shape {array.shape}: it must be (n,) or (m, n), 1 to {MAX_NUMBERS:,} numbers"
        )
    if array.dtype.kind not in "iuf" or array.dtype.itemsize > 8:
        raise HadacastError(
            f"{shown} has dtype {array.dtype}: it must be integers or floats of up to 64 bits"
        )
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise HadacastError(f"{shown} has NaN or infinite numbers")
    exact = Fraction if array.dtype.kind == "f" else int
    if array.ndim == 2:
        return [[exact(number) for number in row] for row in array.tolist()]
    return [exact(number) for number in array.tolist()]
