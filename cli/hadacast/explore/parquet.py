"""The table of a sweep as Parquet."""

import io
import json
from typing import Any

from hadacast.errors import HadacastError
from hadacast.explore.columns import FIGURES
from hadacast.explore.measure import Row
from hadacast.explore.sweep import Sweep

METADATA = b"hadacast.explore"


def available() -> None:
    """Raise HadacastError if Parquet can't be written."""
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError:
        raise HadacastError("explore writes Parquet: pip install 'hadacast[explore]'") from None


def table(sweep: Sweep, rows: list[Row]) -> bytes:
    """The file: the same sweep and rows, the same bytes. Its metadata say under `hadacast.explore`, in JSON,
    what was swept."""
    import pyarrow
    from pyarrow import parquet

    kinds: dict[type, Any] = {
        bool: pyarrow.bool_(),
        int: pyarrow.int64(),
        float: pyarrow.float64(),
        str: pyarrow.string(),
    }
    types = {"point": int, **sweep.types, "error": str}
    types |= {name: column.kind for name, column in FIGURES.items()} | {"met": bool, "front": bool}
    schema = pyarrow.schema(
        [(name, kinds[kind]) for name, kind in types.items()],
        metadata={METADATA: json.dumps(sweep.to_dict()).encode()},
    )
    buffer = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(rows, schema), buffer)
    return buffer.getvalue()
