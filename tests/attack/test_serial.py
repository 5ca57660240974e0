"""A serial line that fails in any way: the right result, or one line, in bounded time; then it works."""

import itertools
import os
import pty
import threading
import time
import tty
from contextlib import suppress

import numpy as np
import pytest
from boards.board_sim import CxxrtlPort
from boards.cores import core
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hadacast.boards.uart_top import UartTop
from hadacast.errors import HadacastError
from hadacast.talk import protocol
from hadacast.talk.client import Client
from hadacast.talk.protocol import Descriptor, Packet, Receiver, Request, Status

pytest.importorskip("serial")

SPEC = core(8, 2, 12)
OPTIONS = {"timeout": 0.05, "attempts": 3}
BOUND = 3.0  # seconds for one frame: attempts, each with its timeout, on a machine that does other things
QUICK = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def frames(count, seed=0):
    low, high = SPEC.input.min, SPEC.input.max
    return np.random.default_rng(seed).integers(low, high, (count, SPEC.frame), endpoint=True)


class Board(threading.Thread):
    """A board at the far end of a pseudo-terminal.

    hears, says: what the line makes of what it is sent and of what it sends, in pieces of any size.
    answer: what it sends for a packet; None where it goes away instead.
    """

    def __init__(self, answer=None, hears=bytes, says=bytes):
        super().__init__(daemon=True)
        self.answer, self.hears, self.says = answer or right, hears, says
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        self.port = os.ttyname(self.slave)
        self.gone = threading.Event()

    def run(self):
        receiver = Receiver()
        while not self.gone.is_set():
            try:
                chunk = self.hears(os.read(self.master, 4096))
                for packet in receiver.feed(chunk):
                    if isinstance(packet, Packet):
                        reply = self.answer(packet)
                        if reply is None:
                            return self.unplug()
                        os.write(self.master, self.says(reply))
            except OSError:
                return None

    def unplug(self):
        """As if the cable were drawn."""
        self.gone.set()
        for end in (self.slave, self.master):
            if end >= 0:
                os.close(end)
        self.slave = self.master = -1

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.unplug()


def right(packet):
    if packet.head == Request.IDENTIFY:
        return protocol.enclose(Status.IDENTITY, packet.tag, Descriptor.of(SPEC).pack())
    result = SPEC.compute(protocol.unpack(packet.body, SPEC.input))
    return protocol.enclose(Status.OK, packet.tag, protocol.pack(result, SPEC.output))


def behind_identity(reply):
    """A board that is the right one, and answers frames in its own way."""
    return lambda packet: right(packet) if packet.head == Request.IDENTIFY else reply(packet)


def changed(index):
    def reply(packet):
        wire = bytearray(right(packet))
        wire[index] ^= 0x10
        return bytes(wire)

    return reply


def of_bytes(body):
    return lambda packet: protocol.enclose(Status.OK, packet.tag, body)


random = np.random.default_rng(1)
NOISE = random.integers(0, 256, 1 << 16, dtype=np.uint8).tobytes()
BODY = protocol.pack(SPEC.compute(frames(1)[0]), SPEC.output)
BOARDS = {
    "says nothing": (lambda packet: b"", "no answer: is a hadacast board there"),
    "says noise": (lambda packet: NOISE[:3000], "no good reply"),
    "never ends": (lambda packet: bytes(1 << 16), "an incomplete answer"),
    "sends ends only": (lambda packet: b"\xc0" * 3000, "an incomplete answer"),
    "sends escapes only": (lambda packet: b"\xdb" * 3000 + b"\xc0", "a damaged answer"),
    "repeats what it hears": (lambda p: protocol.enclose(p.head, p.tag, p.body), "status 0x1"),
    "another identity": (of_bytes(Descriptor.of(core(8, 2, 13)).pack()), "no good reply to the identity"),
    "identity of another core": (
        lambda p: protocol.enclose(Status.IDENTITY, p.tag, Descriptor.of(core(8, 2, 13)).pack()),
        "another core",
    ),
    "identity of nothing": (lambda p: protocol.enclose(Status.IDENTITY, p.tag, bytes(25)), "version"),
    "identity of noise": (lambda p: protocol.enclose(Status.IDENTITY, p.tag, b"\xff" * 25), "version"),
    "wrong checksum": (behind_identity(changed(-2)), "a damaged answer"),
    "wrong tag": (behind_identity(lambda p: protocol.enclose(0, p.tag % 255 + 1, BODY)), "incomplete answer"),
    "cut reply": (behind_identity(lambda p: right(p)[:-3]), "answer"),
    "reply without its end": (behind_identity(lambda p: right(p)[:-1]), "an incomplete answer"),
    "short body": (behind_identity(of_bytes(BODY[:-1])), "status 0x00 with"),
    "long body": (behind_identity(of_bytes(BODY + b"\0")), "status 0x00 with"),
    "codes that no core gives": (behind_identity(of_bytes(b"\x7f" * len(BODY))), "an element is not"),
    "always busy": (behind_identity(lambda p: protocol.enclose(Status.OVERRUN, p.tag)), "still busy"),
    "unknown status": (behind_identity(lambda p: protocol.enclose(0x55, p.tag)), "status 0x55"),
    "goes away at once": (lambda packet: None, "failed while in use"),
    "goes away at a frame": (behind_identity(lambda packet: None), "failed while in use"),
}


@pytest.mark.parametrize("case", BOARDS)
def test_boards_that_are_none(case):
    answer, said = BOARDS[case]
    with Board(answer) as board, Client.open(board.port, SPEC, **OPTIONS) as client:
        began = time.monotonic()
        with pytest.raises(HadacastError) as caught:
            client.transform(frames(1))
        assert time.monotonic() - began < BOUND
    assert said in str(caught.value)
    assert str(caught.value).isprintable()
    assert str(caught.value).startswith(f"port '{board.port}'")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_unplugged_in_the_middle_of_a_reply(share):
    with Board() as board, Client.open(board.port, SPEC, **OPTIONS) as client:
        client.connect()

        def part(reply):
            os.write(board.master, reply[: int(share * len(reply))])
            board.unplug()
            raise OSError

        board.says = part
        with pytest.raises(HadacastError, match=r"failed while in use|no good reply"):
            client.transform(frames(1))


def test_unplugged_while_frames_go():
    with Board() as board, Client.open(board.port, SPEC, **OPTIONS) as client:
        done = []

        def count(now, _):
            done.append(now)
            if now == 5:
                board.unplug()

        with pytest.raises(HadacastError, match=r"failed while in use|no good reply"):
            client.transform(frames(50), progress=count)
        assert done == [1, 2, 3, 4, 5]


def test_a_device_that_sends_without_end():
    """Not answers: a console, say, that was always sending."""
    with Board(lambda packet: b"") as board, Client.open(board.port, SPEC, **OPTIONS) as client:
        stop = threading.Event()

        def send():
            while not stop.is_set():
                try:
                    os.write(board.master, NOISE[:512])
                except OSError:
                    return

        sender = threading.Thread(target=send, daemon=True)
        sender.start()
        began = time.monotonic()
        try:
            with pytest.raises(HadacastError, match="no good reply"):
                client.identify()
            assert time.monotonic() - began < BOUND
        finally:
            stop.set()


def test_a_receiver_keeps_no_more_than_a_packet():
    receiver = Receiver()
    for _ in range(20):
        assert list(receiver.feed(bytes(1 << 16))) == []
        assert len(receiver._data) <= protocol.MAX_BYTES
    (bad,) = receiver.feed(b"\xc0")
    assert isinstance(bad, protocol.PacketError)
    (good,) = receiver.feed(protocol.enclose(1, 2, b"three"))
    assert good == Packet(head=1, tag=2, body=b"three")


# Noise: at some places of a stream bytes are changed, lost or come out of nothing.

EVENTS = st.lists(
    st.tuples(
        st.integers(0, 60),
        st.sampled_from(["change", "lose", "insert", "end", "twice"]),
        st.integers(1, 255),
    ),
    max_size=8,
)


def noisy(events):
    """A line on which these happen, each once: the bytes that come out for those that go in."""
    pending = sorted(events)
    place = itertools.count()

    def line(data):
        out = bytearray()
        for byte in data:
            here = next(place)
            kept = [byte]
            while pending and pending[0][0] <= here:
                _, what, value = pending.pop(0)
                if what == "change":
                    kept = [kept[0] ^ value if kept else value]
                elif what == "lose":
                    kept = []
                else:
                    kept = [*kept, *{"insert": [value], "end": [protocol.END], "twice": kept}[what]]
            out += bytes(kept)
        return bytes(out)

    return line


@QUICK
@given(hears=EVENTS, says=EVENTS, seed=st.integers(0, 99))
def test_noise_never_gives_a_wrong_result(hears, says, seed):
    x = frames(3, seed)
    with (
        Board(hears=noisy(hears), says=noisy(says)) as board,
        Client.open(board.port, SPEC, timeout=0.03, attempts=4) as client,
    ):
        with suppress(HadacastError):
            assert np.array_equal(client.transform(x), SPEC.compute(x))
        board.hears = board.says = bytes  # the noise is over
        assert np.array_equal(client.transform(x), SPEC.compute(x))


@QUICK
@given(st.lists(st.one_of(st.binary(max_size=40), st.just(protocol.enclose(0, 9, BODY))), max_size=8))
def test_a_receiver_of_anything(chunks):
    """What is whole comes out behind whatever came before it, however it is cut."""
    receiver = Receiver()
    for chunk in chunks:
        for item in receiver.feed(chunk):
            assert isinstance(item, Packet | protocol.PacketError)
    *_, last = receiver.feed(protocol.enclose(3, 4, b"whole"))
    assert last == Packet(head=3, tag=4, body=b"whole")


# The board's own side, in simulated gateware.


@pytest.fixture(scope="module")
def gateware():
    port = CxxrtlPort(UartTop(SPEC, divisor=8), 8)
    yield port
    port.close()


SYMBOLS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 9), st.integers(0, 1023)), max_size=6)


@settings(QUICK, max_examples=60)
@given(events=SYMBOLS, seed=st.integers(0, 99))
def test_noise_at_the_gateware(gateware, events, seed):
    """Line levels change within bytes, bytes get lost, and others come: whatever answers is true of a request
    that was sent, and the next good request has its answer."""
    x = frames(2, seed)
    wires = [protocol.enclose(Request.TRANSFORM, k + 1, protocol.pack(x[k], SPEC.input)) for k in range(2)]
    symbols = [byte << 1 | 0x200 for byte in wires[0]]
    for place, bit, level in events:
        place %= len(symbols) + 1
        if bit < 7 and place < len(symbols):
            symbols[place] ^= 1 << bit
        elif bit == 7 and place < len(symbols):
            del symbols[place]
        else:
            symbols.insert(place, level)
    gateware.send([*symbols, *[0x3FF] * 3])  # then the line is at rest, so that a start bit is one
    heard = list(Receiver().feed(gateware.drain(20_000)))
    assert not any(isinstance(item, protocol.PacketError) for item in heard)
    for item in heard:
        assert item.head in set(Status)
        if item.head in (Status.OK, Status.OK_AFTER_DROP):
            assert item.tag == 1
            assert protocol.unpack(item.body, SPEC.output).tolist() == SPEC.compute(x[0]).tolist()
    gateware.write(wires[1])
    good = list(Receiver().feed(gateware.drain(20_000)))[-1]
    assert good.head in (Status.OK, Status.OK_AFTER_DROP)
    assert good.tag == 2
    assert protocol.unpack(good.body, SPEC.output).tolist() == SPEC.compute(x[1]).tolist()
