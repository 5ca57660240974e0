"""The packets between a host and a board: the one place that holds their layout.

Every packet is SLIP-framed (RFC 1055): END, escaped bytes, END. Whatever comes before an END is at
worst one bad packet, so both sides find each other again at the next one; empty packets are nothing.
All packets end in a CRC-16/IBM-3740 of the bytes before it, most significant byte first.

Request:  header (version in the high nibble, kind in the low one), tag, body, CRC
Reply:    status, tag, body, CRC

The tag is any byte and comes back in the reply, so that a late reply to an earlier attempt isn't
taken for the reply to this one. Bodies: a frame, all its lanes in the order of its beats, each
little-endian in whole bytes (sign-extended if signed); nothing; or a `Descriptor`. A request that came
through whole gets exactly one reply. An error reply to a packet too short to hold a tag carries tag 0,
which hosts don't use.
"""

import binascii
import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hadacast.format import Codes, Format, Ints
from hadacast.spec.pipeline import Pipeline

VERSION = 1

# RFC 1055.
END = 0xC0
ESC = 0xDB
ESC_END = 0xDC
ESC_ESC = 0xDD

HEAD_BYTES = 2  # header or status, then the tag
CRC_BYTES = 2
CRC_INIT = 0xFFFF  # not zero, so that leading zeros count
NO_TAG = 0
MAX_BYTES = 1 << 20  # no packet is larger: a frame of 65,536 elements has half of it


class Request(IntEnum):
    """The header byte of a request: protocol version, kind."""

    IDENTIFY = VERSION << 4 | 1
    TRANSFORM = VERSION << 4 | 2


class Status(IntEnum):
    """The first byte of a reply."""

    OK = 0x00  # body: a frame of results
    OK_AFTER_DROP = 0x01  # the same; the core dropped at least one broken frame before this one
    IDENTITY = 0x02  # body: a Descriptor
    CRC = 0x80  # the request arrived damaged
    SHORT = 0x81  # the request ended before its length
    LONG = 0x82  # the request went on after its length
    KIND = 0x83  # intact, but of an unknown kind or version
    OVERRUN = 0x84  # the core was still busy with earlier frames; these bytes were let go


REASONS = {
    Status.CRC: "the request arrived damaged",
    Status.SHORT: "the request arrived with bytes missing",
    Status.LONG: "the request arrived with excess bytes",
    Status.KIND: "the board does not know this kind of request",
    Status.OVERRUN: "the board was still busy with an earlier frame",
}


class PacketError(ValueError):
    """A packet that arrived damaged. The client retries; it never reaches a user."""


def crc16(data: bytes) -> int:
    """CRC-16/IBM-3740 (CCITT, initial value 0xFFFF), as `amaranth.lib.crc.catalog.CRC16_IBM_3740`."""
    return binascii.crc_hqx(data, CRC_INIT)


def escape(data: bytes) -> bytes:
    """SLIP's byte stuffing."""
    return data.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc")


def enclose(head: int, tag: int, body: bytes = b"") -> bytes:
    """The bytes on the wire of one packet. The END in front ends whatever noise came before."""
    packet = bytes((head, tag)) + body
    packet += crc16(packet).to_bytes(CRC_BYTES, "big")
    return bytes((END,)) + escape(packet) + bytes((END,))


@dataclass(frozen=True, kw_only=True)
class Packet:
    """One intact packet: its first byte, tag and body."""

    head: int
    tag: int
    body: bytes


def disclose(data: bytes) -> Packet:
    """The packet in `data`, the unescaped bytes between two ENDs. Raises PacketError if damaged."""
    if len(data) < HEAD_BYTES + CRC_BYTES:
        raise PacketError(f"{len(data)} bytes are too few for a packet")
    if crc16(data):  # the CRC of a packet with its own CRC after it is 0
        raise PacketError("the checksum is wrong")
    return Packet(head=data[0], tag=data[1], body=data[HEAD_BYTES:-CRC_BYTES])


class Receiver:
    """Splits a byte stream, in pieces of any size, at its ENDs."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._escaped = False
        self._bad = False

    def feed(self, chunk: bytes) -> Iterator[Packet | PacketError]:
        """Yield what `chunk` completes: a packet, or why a damaged one isn't any."""
        for byte in chunk:
            if byte == END:
                yield from self._end()
            elif self._escaped:
                self._escaped = False
                self._bad |= byte not in (ESC_END, ESC_ESC)
                self._data.append({ESC_END: END, ESC_ESC: ESC}.get(byte, byte))
            elif byte == ESC:
                self._escaped = True
            else:
                self._data.append(byte)
            if len(self._data) > MAX_BYTES:  # what sends without end isn't a board
                self._data.clear()
                self._bad = True

    def _end(self) -> Iterator[Packet | PacketError]:
        data, bad = bytes(self._data), self._bad or self._escaped
        self._data.clear()
        self._escaped = self._bad = False
        if bad:
            yield PacketError("an escape sequence is wrong")
        elif data:
            try:
                yield disclose(data)
            except PacketError as error:
                yield error


def pack(codes: Ints, form: Codes) -> bytes:
    """Codes that `form` holds (checked by the caller) to bytes."""
    little = np.ascontiguousarray(codes, dtype="<i8").reshape(-1, 1).view(np.uint8)
    return little[:, : form.bytes].tobytes()


def unpack(data: bytes, form: Codes) -> Ints:
    """Bytes to int64 codes, 1-D. Raises PacketError for a partial or out-of-range element."""
    if len(data) % form.bytes:
        raise PacketError(f"{len(data)} bytes are no whole number of {form.bytes}-byte elements")
    raw: NDArray[np.uint8] = np.frombuffer(data, np.uint8).reshape(-1, form.bytes)
    wide = np.zeros((len(raw), 8), np.uint8)
    wide[:, : form.bytes] = raw
    if form.signed:
        wide[:, form.bytes :] = np.where(raw[:, -1:] & 0x80, 0xFF, 0)
    codes = wide.view("<i8").astype(np.int64).reshape(-1)
    if codes.size and (codes.min() < form.min or codes.max() > form.max):
        raise PacketError(f"an element is not {form}")
    return codes


def _fixed(form: Codes) -> Format:
    """The width and sign of any format, as one that a Descriptor can hold."""
    return form if isinstance(form, Format) else Format(width=form.width, signed=form.signed)


def digest(spec: Pipeline) -> bytes:
    """8 bytes that tell pipelines apart: SHA-256 of every stage's members, and of copies where there are
    several. Names don't count."""
    lines = [stage.kind + " " + " ".join(_members(stage)) for stage in spec.stages]
    if spec.copies > 1:
        lines.append(f"copies {spec.copies}")
    return hashlib.sha256("\n".join(lines).encode()).digest()[:8]


def _members(item: Any) -> list[str]:
    """What makes a spec equal to others, as text."""
    return [f"{f.name}={_text(getattr(item, f.name))}" for f in fields(item) if f.compare]


def _text(value: Any) -> str:
    if is_dataclass(value):
        return f"{type(value).__name__}({', '.join(_members(value))})"
    if isinstance(value, tuple):
        return f"({', '.join(map(_text, value))})"
    return repr(value)


@dataclass(frozen=True, kw_only=True)
class Descriptor:
    """What a board says it holds.

    Members
    -------
    frame, lanes: N and P, in elements. input, output: the lanes of either side; of floating-point or packed
        ones only the width means anything. digest: what tells pipelines apart that look alike so far.
    """

    frame: int
    lanes: int
    input: Format
    output: Format
    digest: bytes
    version: int = VERSION

    LAYOUT = struct.Struct("<BII" + 2 * "BBh" + "8s")

    @classmethod
    def of(cls, spec: Pipeline) -> "Descriptor":
        """The descriptor of a board that holds `spec`."""
        return cls(
            frame=spec.frame,
            lanes=spec.lanes,
            input=_fixed(spec.input),
            output=_fixed(spec.output),
            digest=digest(spec),
        )

    def pack(self) -> bytes:
        """The body of an IDENTITY reply."""
        forms = [
            value for form in (self.input, self.output) for value in (form.width, form.signed, form.fraction)
        ]
        return self.LAYOUT.pack(self.version, self.frame, self.lanes, *forms, self.digest)

    @classmethod
    def unpack(cls, body: bytes) -> "Descriptor":
        """Raises PacketError for a body of another length."""
        if len(body) != cls.LAYOUT.size:
            raise PacketError(f"a descriptor has {cls.LAYOUT.size} bytes, not {len(body)}")
        version, frame, lanes, *forms, ident = cls.LAYOUT.unpack(body)
        first, second = (
            Format(width=width, signed=bool(signed), fraction=fraction)
            for width, signed, fraction in (forms[:3], forms[3:])
        )
        return cls(version=version, frame=frame, lanes=lanes, input=first, output=second, digest=ident)

    def __str__(self) -> str:
        return (
            f"{self.frame} elements on {self.lanes} lanes, {self.input} in, {self.output} out,"
            f" digest {self.digest.hex()}"
        )
