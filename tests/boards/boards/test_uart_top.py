"""What a board answers to good and bad requests, byte for byte, with the real core inside."""

import json
import tempfile
from pathlib import Path

import numpy as np
import pytest
from amaranth.back import rtlil
from boards.board_sim import AmaranthPort, CxxrtlPort, symbol
from boards.cores import core, packed_core

from hadacast.boards.uart_top import UartTop
from hadacast.core.pipeline import PipelineCore
from hadacast.talk import protocol
from hadacast.talk.protocol import Descriptor, Receiver, Request, Status
from hadacast.tools import yosys

DIVISOR = 4
SPECS = [
    core(8, 2, 12),  # several beats of several lanes, elements with spare bits
    core(4, 1, 8),
    core(4, 2, 5),  # two beats: the aborting beat would be the last one
    core(2, 2, 9, signed=False),  # one beat
    core(8, 8, 16),
    packed_core("behind", transform=True),
    packed_core("ahead", transform=False),  # behind a frame buffer
]


class Bench:
    """A board, and frames to send it."""

    def __init__(self, spec, port=AmaranthPort):
        self.spec = spec
        self.port = port(UartTop(spec, divisor=DIVISOR), DIVISOR)
        self.random = np.random.default_rng(spec.frame * spec.lanes)

    def frame(self):
        form = self.spec.input
        return self.random.integers(form.min, form.max, self.size, endpoint=True)

    @property
    def size(self):
        return self.spec.in_beats * self.spec.in_lanes

    def request(self, x, tag):
        return protocol.enclose(Request.TRANSFORM, tag, protocol.pack(x, self.spec.input))

    def exchange(self, *wires: bytes):
        """The replies to some bytes, as (status, tag, body or results)."""
        wire = b"".join(wires)
        self.port.write(wire)
        replies = 3 + wire.count(protocol.END)
        body = self.spec.out_beats * self.spec.out_lanes * self.spec.output.bytes
        longest = 2 * (body + Descriptor.LAYOUT.size)
        # Until the line has been silent for long, in bytes of 10 bits.
        data = self.port.drain(10 * DIVISOR * (len(wire) + 10))
        while chunk := self.port.drain(10 * DIVISOR * 12):
            data += chunk
            assert len(data) < replies * longest + 100
        items = list(Receiver().feed(data))
        return [(item.head, item.tag, self._results(item)) for item in items]

    def _results(self, item):
        if item.head in (Status.OK, Status.OK_AFTER_DROP):
            return protocol.unpack(item.body, self.spec.output).tolist()
        return item.body

    def good(self, x, tag, status=Status.OK):
        return (status, tag, self.spec.compute(x).tolist())


@pytest.fixture(
    params=SPECS, ids=lambda spec: f"{spec.name}-{spec.lanes}x{spec.input.width}-{spec.out_lanes}"
)
def bench(request):
    return Bench(request.param)


def test_identity(bench):
    wire = protocol.enclose(Request.IDENTIFY, 77)
    assert bench.exchange(wire) == [(Status.IDENTITY, 77, Descriptor.of(bench.spec).pack())]


def test_frames_come_back_exact_and_tagged(bench):
    form = bench.spec.input
    frames = [bench.frame(), np.full(bench.size, form.min), np.full(bench.size, form.max)]
    for tag, x in enumerate(frames, 0xDB):  # tags that need escapes among them
        assert bench.exchange(bench.request(x, tag)) == [bench.good(x, tag)]


def body(bench, x):
    return protocol.pack(x, bench.spec.input)


def bad_requests(bench):
    """Every kind of bad request: its bytes, and the status it must be answered with."""
    x = bench.frame()
    data = body(bench, x)
    wire = bench.request(x, 9)
    flipped = bytearray(data)
    flipped[-1] ^= 1
    broken = protocol.enclose(Request.TRANSFORM, 9, data)
    yield "crc", broken.replace(protocol.escape(data), protocol.escape(bytes(flipped))), Status.CRC
    for cut in range(len(data)):  # so also at every beat
        yield f"cut to {cut}", protocol.enclose(Request.TRANSFORM, 9, data[:cut]), Status.SHORT
    half = bytes((protocol.END, Request.TRANSFORM, 9)) + protocol.escape(data) + b"\x01\xc0"
    yield "half a checksum", half, Status.SHORT
    yield "one byte more", protocol.enclose(Request.TRANSFORM, 9, data + b"\0"), Status.LONG
    yield "twice as long", protocol.enclose(Request.TRANSFORM, 9, data + data), Status.LONG
    yield "wrong escape", wire[:3] + b"\xdb\x00" + wire[3:], Status.LONG
    yield "escaped end", wire[:-1] + b"\xdb\xc0", Status.CRC
    yield "other version", protocol.enclose(Request.TRANSFORM + 16, 9, data), Status.KIND
    yield "other kind", protocol.enclose(0x1F, 9), Status.KIND
    yield "only a kind", bytes((0xC0, Request.TRANSFORM, 0xC0)), Status.SHORT
    yield "noise", b"\xc0\x55\xaa\x00\x01\x02\x03\xc0", Status.CRC
    yield "long identify", protocol.enclose(Request.IDENTIFY, 9, b"?"), Status.LONG


def test_bad_requests_are_answered_and_leave_neighbours_alone(bench):
    x = bench.frame()
    for name, wire, status in bad_requests(bench):
        (head, tag, empty), after = bench.exchange(wire, bench.request(x, 8))
        assert (name, Status(head), empty) == (name, status, b"")
        assert tag in (9, 0xAA, protocol.NO_TAG)
        assert after in (bench.good(x, 8), bench.good(x, 8, Status.OK_AFTER_DROP)), name


def test_the_core_drops_the_bad_frame(bench):
    x = bench.frame()
    # Up to the last beat, all elements went into the core; a one-beat frame never went in at all.
    cut = protocol.enclose(Request.TRANSFORM, 1, body(bench, x)[:-1])
    after = Status.OK_AFTER_DROP if bench.spec.in_beats > 1 else Status.OK
    assert bench.exchange(cut) == [(Status.SHORT, 1, b"")]
    assert bench.exchange(bench.request(x, 2)) == [bench.good(x, 2, after)]
    assert bench.exchange(bench.request(x, 3)) == [bench.good(x, 3)]


def test_noise_before_and_ends_between_are_harmless(bench):
    x = bench.frame()
    assert bench.exchange(b"\xc0" * 4, bench.request(x, 1), b"\xc0" * 3) == [bench.good(x, 1)]
    noisy = bench.exchange(b"\x13\x37\xdb", bench.request(x, 2))
    assert noisy == [(Status.CRC, 0x37, b""), bench.good(x, 2)]


def test_missing_stop_bit_is_damage():
    bench = Bench(core(4, 1, 8))
    x = bench.frame()
    wire = bench.request(x, 5)
    for place in (0, 1, 2, 4, len(wire) - 1):
        symbols = [symbol(byte) for byte in wire]
        symbols[place] &= 0x1FF
        bench.port.send([*symbols[: place + 1], 0x3FF, *symbols[place + 1 :]])  # the line must go high again
        replies = bench.exchange(b"\xc0")
        assert len(replies) == (2 if place == 0 else 1)
        assert replies[0][0] in (Status.CRC, Status.SHORT), place
        if place == 0:  # the damaged END ends nothing but itself
            assert replies[1] == bench.good(x, 5)
    assert bench.exchange(bench.request(x, 6))[0][2] == bench.good(x, 6)[2]


@pytest.mark.parametrize(
    "spec",
    [core(8, 1, 8), core(16, 16, 8, stall_span=1)],  # the second holds more frames than tags are kept for
    ids=["stalls", "many frames"],
)
def test_requests_that_do_not_wait_are_answered_exact_or_overrun(spec):
    """Results need more bytes than requests, so replies back up until the core stalls."""
    bench = Bench(spec, CxxrtlPort)
    frames = [bench.frame() for _ in range(60)]
    replies = bench.exchange(*(bench.request(x, tag) for tag, x in enumerate(frames, 1)))
    seen = [tag for _, tag, _ in replies]
    assert len(set(seen)) == len(seen)
    for status, tag, result in replies:
        if status == Status.OVERRUN:
            assert result == b""
        else:
            assert status in (Status.OK, Status.OK_AFTER_DROP)
            assert result == bench.spec.compute(frames[tag - 1]).tolist()
    statuses = [status for status, _, _ in replies]
    assert Status.OVERRUN in statuses
    assert statuses.count(Status.OK) + statuses.count(Status.OK_AFTER_DROP) >= 30
    x = bench.frame()
    assert bench.exchange(bench.request(x, 99))[0][1:] == (99, bench.spec.compute(x).tolist())


def test_activity_is_shown():
    spec = core(4, 1, 8)
    top = UartTop(spec, divisor=DIVISOR)
    port = AmaranthPort(top, DIVISOR)
    seen = []

    async def watch(ctx):
        while True:
            await ctx.tick()
            seen.append((ctx.get(top.active), ctx.get(top.rx) & ctx.get(top.tx)))

    port._simulator.add_testbench(watch, background=True)
    port.drain(100)
    assert not any(active for active, _ in seen)
    port.write(protocol.enclose(Request.IDENTIFY, 1))
    port.drain(4000)
    assert {active for active, _ in seen} == {0, 1}


def state(top) -> int:
    """Bits of all registers and memories."""
    steps = ("read_rtlil top.il", "hierarchy -auto-top", "proc", "flatten", "opt_clean", "memory -nomap")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "top.il").write_text(rtlil.convert(top))
        yosys.run("\n".join([*steps, "write_json top.json", ""]), cwd=Path(folder))
        modules = json.loads(Path(folder, "top.json").read_text())["modules"].values()
    (cells,) = [module["cells"].values() for module in modules if module["cells"]]
    found = 0
    for cell in cells:
        given = {name: int(value, 2) for name, value in cell["parameters"].items() if set(value) <= set("01")}
        if cell["type"].startswith("$mem"):
            found += given["SIZE"] * given["WIDTH"]
        elif "dff" in cell["type"]:
            found += given["WIDTH"]
    return found


def test_no_packet_buffer():
    """Around a core of 256 elements of 8 bits stands what stands around one of 16, but for its counters."""
    around = []
    for frame in (16, 256):
        spec = core(frame, 2, 8)
        inside = PipelineCore(spec)
        around.append(state(UartTop(spec, divisor=DIVISOR)) - state(inside))
    assert 0 < around[0] < around[1] < around[0] + 8 * 8
