"""The real client against a simulated board, over lines that fail."""

import os
import pty
import sys
import threading

import numpy as np
import pytest
from boards.board_sim import AmaranthPort, CxxrtlPort
from boards.cores import core

from hadacast.boards.uart_top import UartTop
from hadacast.errors import HadacastError
from hadacast.talk import protocol
from hadacast.talk.client import Client
from hadacast.talk.protocol import Descriptor, Request, Status

DIVISOR = 4


def board(spec, kind=CxxrtlPort, *, divisor=DIVISOR, bit=None):
    return kind(UartTop(spec, divisor=divisor), divisor, bit)


def client(port, spec, **options):
    return Client(port, spec, clock=port.clock, timeout=0.005, **options)


def frames(spec, count, seed=0):
    return np.random.default_rng(seed).integers(
        spec.input.min, spec.input.max, (count, spec.frame), endpoint=True
    )


def test_identify_and_transform():
    spec = core(8, 2, 12)
    port = board(spec, AmaranthPort)
    with client(port, spec) as talker:
        assert talker.identify() == Descriptor.of(spec)
        x = frames(spec, 6).reshape(3, 2, 8)
        calls = []
        y = talker.transform(x, progress=lambda done, total: calls.append((done, total)))
        assert y.dtype == np.int64
        assert np.array_equal(y, spec.compute(x))
        assert calls == [(n, 6) for n in range(1, 7)]
        assert np.array_equal(talker.transform(x[0, 0]), spec.compute(x[0, 0]))
        assert talker.retries == 0


@pytest.mark.parametrize(
    "spec",
    [
        core(2, 1, 1, signed=False),
        core(2, 2, 32),
        core(16, 1, 32, signed=False),
        core(64, 4, 16),
        core(16, 16, 3),
        core(256, 1, 8),
    ],
    ids=lambda spec: f"{spec.frame}x{spec.lanes}x{spec.input.width}",
)
def test_exact_for_cores_of_all_shapes(spec):
    port = board(spec)
    x = np.concatenate([frames(spec, 20), [[spec.input.min] * spec.frame], [[spec.input.max] * spec.frame]])
    talker = client(port, spec)
    assert np.array_equal(talker.transform(x), spec.compute(x))
    assert talker.retries == 0


@pytest.mark.parametrize("error", [-0.025, 0.025])
def test_exact_with_clocks_that_differ(error):
    spec = core(8, 2, 12)
    port = board(spec, divisor=12, bit=12 * (1 + error))
    talker = client(port, spec)
    x = frames(spec, 50)
    assert np.array_equal(talker.transform(x), spec.compute(x))
    assert talker.retries == 0


def flip_bits(random, symbols):
    place = random.integers(len(symbols))
    return [s ^ (1 << random.integers(10)) if i == place else s for i, s in enumerate(symbols)]


def drop_bytes(random, symbols):
    first = random.integers(len(symbols))
    return symbols[:first] + symbols[first + random.integers(1, 4) :]


def double_byte(random, symbols):
    place = random.integers(len(symbols))
    return symbols[: place + 1] + symbols[place:]


def garbage_before(random, symbols):
    return [*random.integers(0, 1 << 10, random.integers(1, 30)).tolist(), *symbols]


def garbage_inside(random, symbols):
    place = random.integers(len(symbols))
    return symbols[:place] + random.integers(0, 1 << 10, random.integers(1, 9)).tolist() + symbols[place:]


def early_end(random, symbols):
    place = random.integers(len(symbols))
    return [*symbols[:place], 0xC0 << 1 | 0x200, *symbols[place:]]


def cut_off(random, symbols):
    return symbols[: random.integers(len(symbols))]


def all_lost(random, symbols):
    return []


FAULTS = [flip_bits, drop_bytes, double_byte, garbage_before, garbage_inside, early_end, cut_off, all_lost]


def storm(spec, fault, count, *, rate, divisor=8, kind=CxxrtlPort):
    """Frames over lines on which `fault` hits requests and replies at random; all must come back exact."""
    port = board(spec, kind, divisor=divisor)
    random = np.random.default_rng(FAULTS.index(fault))
    # Replies arrive in pieces, about one a byte.
    piece_rate = rate / (2 * spec.frame * spec.output.bytes)
    talker = client(port, spec, attempts=60)
    hits = 0

    def mangle(symbols):
        nonlocal hits
        if random.random() >= rate:
            return symbols
        hits += 1
        return fault(random, symbols)

    def mangle_reply(data):
        nonlocal hits
        if not data or random.random() >= piece_rate:
            return data
        hits += 1
        return bytes(s >> 1 & 0xFF for s in fault(random, [b << 1 | 0x200 for b in data]))

    port.mangle, port.mangle_reply = mangle, mangle_reply
    x = frames(spec, count, seed=1)
    assert np.array_equal(talker.transform(x), spec.compute(x))
    assert hits >= count * rate / 2
    assert talker.retries > 0 or fault in (garbage_before, double_byte)
    port.mangle = port.mangle_reply = None
    before = talker.retries
    assert np.array_equal(talker.transform(x[:20]), spec.compute(x[:20]))
    assert talker.retries <= before + 1  # what was on the line when the storm ended may cost one


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_faults_on_the_line_never_give_a_wrong_result(fault):
    storm(core(8, 2, 12), fault, 150, rate=0.4)


@pytest.mark.long
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("spec", [core(4, 1, 8), core(4, 2, 5), core(2, 2, 9, signed=False), core(64, 4, 16)])
def test_long_storms(fault, spec):
    storm(spec, fault, min(3_000, 24_000 // spec.frame), rate=0.5)


def test_damaged_frames_are_seen_dropped_by_the_core():
    spec = core(8, 1, 8)
    port = board(spec)
    x = frames(spec, 1)[0]
    wire = bytearray(protocol.enclose(Request.TRANSFORM, 1, protocol.pack(x, spec.input)))
    wire[8] ^= 0x04
    port.write(bytes(wire) + protocol.enclose(Request.TRANSFORM, 2, protocol.pack(x, spec.input)))
    damaged, good = protocol.Receiver().feed(port.drain(5_000))
    assert (damaged.head, damaged.tag) == (Status.CRC, 1)
    assert (good.head, good.tag) == (Status.OK_AFTER_DROP, 2)
    assert protocol.unpack(good.body, spec.output).tolist() == spec.compute(x).tolist()


def test_error_reply_waits_until_the_core_is_rid_of_the_frame():
    """The core makes up the rest of a cut frame, for longer than the error reply takes."""
    spec = core(1024, 1, 8)
    port = board(spec)
    x = frames(spec, 1)[0]
    data = protocol.pack(x, spec.input)
    port.write(protocol.enclose(Request.TRANSFORM, 1, data[:5]))
    error = protocol.enclose(Status.SHORT, 1)
    port.run(20_000, len(error))
    assert port.in_waiting == len(error)
    port.write(protocol.enclose(Request.TRANSFORM, 2, data))
    short, good = protocol.Receiver().feed(port.drain(250_000))
    assert (short.head, short.tag) == (Status.SHORT, 1)
    assert (good.head, good.tag) == (Status.OK_AFTER_DROP, 2)
    assert protocol.unpack(good.body, spec.output).tolist() == spec.compute(x).tolist()


def test_reply_to_an_earlier_request_is_not_taken_for_this_one():
    spec = core(8, 1, 8)
    port = board(spec)
    talker = client(port, spec)
    talker.connect()
    old, new = frames(spec, 2)
    # Another program's request, whose reply comes while this one's is awaited.
    stale = (talker._tag + 7) % 255 + 1
    port.write(protocol.enclose(Request.TRANSFORM, stale, protocol.pack(old, spec.input)))
    assert np.array_equal(talker.transform(new), spec.compute(new))


def test_other_core_is_refused():
    there, wanted = core(8, 2, 12), core(8, 2, 13)
    talker = client(board(there), wanted)
    with pytest.raises(HadacastError) as caught:
        talker.transform(frames(wanted, 1))
    text = str(caught.value)
    assert "another core than 'core_8'" in text
    assert "12-bit" in text
    assert "13-bit" in text
    assert "\n" not in text


def test_silence_is_told():
    spec = core(8, 2, 12)
    port = board(spec)
    port.mangle = lambda symbols: []
    said = r"^port 'simulated': no good reply to the identity in 4 attempts: no answer: is a"
    with pytest.raises(HadacastError, match=said):
        client(port, spec).identify()


def test_persistent_damage_is_told():
    spec = core(8, 2, 12)
    port = board(spec)
    talker = client(port, spec, attempts=3)
    talker.connect()
    port.mangle = lambda symbols: [*symbols[:6], *symbols[7:]]
    with pytest.raises(HadacastError, match="frame 0 in 3 attempts: the request arrived with bytes missing"):
        talker.transform(frames(spec, 1))


def test_bad_arguments_are_told():
    spec = core(8, 2, 12)
    port = board(spec)
    with pytest.raises(HadacastError, match=r"last axis must be 8"):
        client(port, spec).transform(np.zeros((2, 7), int))
    with pytest.raises(HadacastError, match="2048"):
        client(port, spec).transform(np.full(8, 2048))
    with pytest.raises(HadacastError, match="without a spec"):
        client(port, None).transform(np.zeros(8, int))
    with pytest.raises(HadacastError, match="attempts is 0"):
        client(port, spec, attempts=0)
    with pytest.raises(HadacastError, match="timeout is 0"):
        Client(port, spec, timeout=0)


# Real serial ports: a pseudo-terminal stands in for the board's USB end.

needs_pty = pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")


@pytest.fixture
def terminal():
    """A pseudo-terminal: the board's end, and the name of the host's."""
    ours, theirs = pty.openpty()
    yield ours, os.ttyname(theirs)
    os.close(theirs)
    os.close(ours)


@needs_pty
def test_over_a_real_serial_port(terminal):
    pytest.importorskip("serial")
    spec = core(16, 2, 12)
    ours, name = terminal
    port = board(spec)
    stop = threading.Event()

    def pump():
        os.set_blocking(ours, False)
        while not stop.is_set():
            try:
                port.write(os.read(ours, 4096))
            except BlockingIOError:
                stop.wait(0.001)
            data = port.drain(2_000)
            if data:
                os.write(ours, data)

    with Client.open(name, spec) as talker:
        thread = threading.Thread(target=pump)
        thread.start()
        try:
            assert talker.connect() == Descriptor.of(spec)
            x = frames(spec, 100)
            assert np.array_equal(talker.transform(x), spec.compute(x))
        finally:
            stop.set()
            thread.join()


@needs_pty
def test_nobody_there(terminal):
    pytest.importorskip("serial")
    _, name = terminal
    with (
        Client.open(name, timeout=0.05, attempts=2) as talker,
        pytest.raises(HadacastError, match="no answer: is a hadacast board there") as caught,
    ):
        talker.identify()
    assert name in str(caught.value)


@needs_pty
def test_port_in_use(terminal):
    pytest.importorskip("serial")
    _, name = terminal
    with Client.open(name), pytest.raises(HadacastError, match="another program holds it"):
        Client.open(name)


def test_port_that_does_not_exist():
    pytest.importorskip("serial")
    said = r"^port '/dev/nothing-here' can't be opened: there is no such device; serial ports here:"
    with pytest.raises(HadacastError, match=said):
        Client.open("/dev/nothing-here")


def test_port_without_permission(monkeypatch):
    serial = pytest.importorskip("serial")

    def refuse(name, **options):
        raise serial.SerialException(13, "could not open port")

    monkeypatch.setattr(serial, "serial_for_url", refuse)
    with pytest.raises(HadacastError, match=r"permission denied .*dialout"):
        Client.open("/dev/ttyUSB0")


def test_port_that_is_a_file(tmp_path):
    pytest.importorskip("serial")
    path = tmp_path / "file"
    path.write_text("")
    with pytest.raises(HadacastError, match="can't be opened") as caught:
        Client.open(str(path))
    assert "\n" not in str(caught.value)


def test_baud_that_is_none():
    with pytest.raises(HadacastError, match="baud is 7"):
        Client.open("/dev/ttyUSB0", baud=7)


def test_pyserial_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "serial", None)
    with pytest.raises(HadacastError, match=r"pip install 'hadacast\[talk\]'"):
        Client.open("/dev/ttyUSB0")
