"""Sends frames through a board's core and gets the results back."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from hadacast import checks
from hadacast.errors import HadacastError
from hadacast.format import Ints
from hadacast.spec.pipeline import Pipeline
from hadacast.talk import protocol
from hadacast.talk.port import open_port
from hadacast.talk.protocol import Descriptor, Packet, PacketError, Receiver, Request, Status

BAUD = 1_000_000
BITS_PER_BYTE = 10  # start, 8 data, stop

Progress = Callable[[int, int], None]
"""Called with the frames done and the frames in all."""


class Client:
    """The host side of one board. One request is outstanding at any time.

    Every request is tried up to `attempts` times, each with a tag of its own. A reply counts only if
    it came whole and has the tag of the last attempt, so what it says is true of that request.

    Parameters
    ----------
    port: an opened serial port: anything with pyserial's `read`, `write`, `in_waiting`, `close`,
        `baudrate` and `name`. `Client.open` opens one by name.
    spec: what the board must hold; `connect` finds out. Without it, only `identify` works.
    timeout: seconds of patience on top of the time that the bytes need at the port's rate.
    attempts: at least 1.
    clock: seconds that pass, as `time.monotonic`.

    Attributes
    ----------
    retries: requests that had to be repeated so far.
    """

    def __init__(
        self,
        port: Any,
        spec: Pipeline | None = None,
        *,
        timeout: float = 0.5,
        attempts: int = 4,
        clock: Callable[[], float] = time.monotonic,
    ):
        if not timeout > 0:
            raise HadacastError(f"timeout is {timeout!r}: it must be more than 0 seconds")
        self._port, self._spec = port, spec
        self._timeout, self._attempts = timeout, checks.integer("attempts", attempts, 1, 1_000)
        self._clock = clock
        self._receiver = Receiver()
        # Not always the same first tag: a reply to a program before this one must not fit.
        self._tag = int(time.time_ns() // 1_000) % 255
        self._checked = False
        self.retries = 0

    @classmethod
    def open(cls, port: str, spec: Pipeline | None = None, *, baud: int = BAUD, **options: Any) -> "Client":
        """A client on the serial port called `port`. Raises HadacastError if it can't be opened."""
        return cls(open_port(port, baud), spec, **options)

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the port."""
        self._port.close()

    def identify(self) -> Descriptor:
        """What the board holds.

        Raises HadacastError if nothing answers, or if what answers isn't a board of this version.
        """
        body = self._request(Request.IDENTIFY, b"", Descriptor.LAYOUT.size, "the identity")
        try:
            return Descriptor.unpack(body)
        except (PacketError, HadacastError) as error:
            raise HadacastError(
                f"port {self._name!r}: not a board of this hadacast's version ({error})"
            ) from None

    def connect(self) -> Descriptor:
        """Identify the board and refuse it if it holds another core than `spec`: HadacastError."""
        found = self.identify()
        if self._spec is not None:
            wanted = Descriptor.of(self._spec)
            if found != wanted:
                raise HadacastError(
                    f"port {self._name!r}: the board holds another core than {self._spec.name!r}:"
                    f" it has {found}; wanted is {wanted}; load the bitstream of {self._spec.name!r} first"
                )
            self._checked = True
        return found

    def transform(self, x: ArrayLike, *, progress: Progress | None = None) -> Ints:
        """The core's results for integer codes `x`, int64, of the shapes that Pipeline.compute has.

        The first call identifies the board. `progress(done, total)` is called after each frame.
        Raises HadacastError for codes that the input format can't hold, for another core, and for a
        frame that didn't come back whole in all attempts.
        """
        spec = self._spec
        if spec is None:
            raise HadacastError("a client without a spec can only identify")
        array = np.asarray(x)
        taken, left = spec.in_size, spec.out_beats * spec.out_lanes
        if array.ndim == 0 or array.shape[-1] != taken:
            raise HadacastError(f"input has shape {array.shape}: the last axis must be {taken}")
        frames = spec.input.check(array).reshape(-1, taken)
        if not self._checked:
            self.connect()
        travelling = spec.abreast(frames)
        results = np.empty((len(travelling), left), dtype=np.int64)
        for index, frame in enumerate(travelling):
            body = self._request(
                Request.TRANSFORM,
                protocol.pack(frame, spec.input),
                left * spec.output.bytes,
                f"frame {index}",
            )
            try:
                results[index] = protocol.unpack(body, spec.output)
            except PacketError as error:  # the checksum was right, so the board meant it
                raise HadacastError(
                    f"port {self._name!r}: result of frame {index} is wrong: {error}"
                ) from None
            if progress is not None:
                progress(index + 1, len(travelling))
        return spec.apart(results).reshape(*array.shape[:-1], spec.out_size)

    @property
    def _name(self) -> str:
        return str(getattr(self._port, "name", None) or getattr(self._port, "portstr", "?"))

    def _request(self, kind: Request, body: bytes, reply_bytes: int, what: str) -> bytes:
        """The body of the good reply to one request."""
        last = "no answer"
        for attempt in range(self._attempts):
            self.retries += attempt > 0
            self._tag = self._tag % 255 + 1  # 1 to 255: not protocol.NO_TAG
            packet = protocol.enclose(kind, self._tag, body)
            try:
                # pyserial blocks until the system has taken all of it.
                self._port.write_timeout = 5 + 2 * len(packet) * BITS_PER_BYTE / self._port.baudrate
                self._port.write(packet)
                reply = self._reply(len(packet), reply_bytes)
            except OSError as error:  # SerialException is one
                text = " ".join(str(error).split())
                raise HadacastError(f"port {self._name!r} failed while in use: {text}") from None
            if isinstance(reply, str):
                last = reply
                continue
            good = (Status.IDENTITY,) if kind == Request.IDENTIFY else (Status.OK, Status.OK_AFTER_DROP)
            if reply.head in good and len(reply.body) == reply_bytes:
                return reply.body
            last = _describe(reply)
            if reply.head == Status.KIND:  # it came through whole, so repeating it changes nothing
                break
        hint = ": is a hadacast board there, loaded, and at this baud rate?" if last == "no answer" else ""
        tries = "1 attempt" if attempt == 0 else f"{attempt + 1} attempts"
        raise HadacastError(f"port {self._name!r}: no good reply to {what} in {tries}: {last}{hint}")

    def _reply(self, sent: int, expected: int) -> Packet | str:
        """The reply to the request that has just been sent, or why there is none."""
        # Escapes double bytes at most.
        wire = sent + 2 * (expected + protocol.HEAD_BYTES + protocol.CRC_BYTES + 1)
        end = self._clock() + self._timeout + wire * BITS_PER_BYTE / self._port.baudrate
        heard = "no answer"
        while self._clock() < end:
            chunk = self._port.read(max(1, self._port.in_waiting))
            for item in self._receiver.feed(chunk):
                if isinstance(item, PacketError):
                    heard = f"a damaged answer ({item})"
                elif item.tag == self._tag:
                    return item
                elif item.head >= Status.CRC:
                    # To noise before the request, or to the request if its tag was hit: wait and see.
                    heard = _describe(item)
            if heard == "no answer" and chunk:
                heard = "an incomplete answer"
        return heard


def _describe(reply: Packet) -> str:
    try:
        return protocol.REASONS[Status(reply.head)]
    except (ValueError, KeyError):
        return f"status 0x{reply.head:02x} with {len(reply.body)} bytes"
