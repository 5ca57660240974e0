"""Grey pictures as PNG, for pages that load nothing."""

import base64
import struct
import zlib

import numpy as np

from hadacast.report.unrotated import Floats

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def grey(levels: Floats) -> bytes:
    """A PNG (ISO/IEC 15948) of (rows, columns) levels from 0 to 1, eight bits each."""
    pixels = np.rint(255 * np.clip(levels, 0, 1)).astype(np.uint8)
    rows, columns = pixels.shape
    # Each row begins with its filter, 0: none.
    lines = np.concatenate([np.zeros((rows, 1), np.uint8), pixels], axis=1).tobytes()
    header = struct.pack(">IIBBBBB", columns, rows, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(*chunk) for chunk in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    checked = kind + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))


def data_url(levels: Floats) -> str:
    """The same as an address that holds it."""
    return "data:image/png;base64," + base64.b64encode(grey(levels)).decode()
