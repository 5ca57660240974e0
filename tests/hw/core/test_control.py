"""Settings change between frames that follow each other: each is computed with the old ones or the new."""

import random
from dataclasses import replace

import numpy as np
import pytest
from amaranth.hdl import ClockDomain, ClockSignal, Module
from amaranth.lib.wiring import Component, In
from amaranth.sim import Simulator

from hadacast import settings
from hadacast.core.control import RegisterBlock
from hadacast.core.top import AxiTop, connect_axi, lane_bits, ports
from hadacast.driver import Driver, writes
from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.settings import Register, RegisterMap, Table
from hadacast.spec.bias import Bias
from hadacast.spec.codebook import Codebook
from hadacast.spec.dequantize import Dequantize
from hadacast.spec.fwht import Fwht
from hadacast.spec.gain import Gain
from hadacast.spec.pack import Pack
from hadacast.spec.permute import Permute
from hadacast.spec.pipeline import Pipeline
from hadacast.spec.quantize import Quantize
from hadacast.spec.rotate import Rotate
from hadacast.spec.signs import Signs

OKAY, SLVERR = 0, 2


def rotation(frame, lanes, seed):
    signs = Signs(frame=frame, lanes=lanes, input=Format(width=8), seed=seed, loadable=True)
    return Pipeline(name="rotation", stages=(signs, Fwht(frame=frame, lanes=lanes, input=signs.output)))


class Host:
    """An AXI4-Lite manager, and what it was answered."""

    def __init__(self, dut, rng):
        self.dut, self.rng = dut, rng

    async def pause(self, ctx):
        for _ in range(self.rng.choice((0, 0, 1, 3))):
            await ctx.tick("host")

    async def write(self, ctx, address, word, strobe=15):
        dut = self.dut
        ctx.set(dut.s_axil_awaddr, address)
        ctx.set(dut.s_axil_wdata, word)
        ctx.set(dut.s_axil_wstrb, strobe)
        # Address and data come in any order.
        first, second = self.rng.sample((dut.s_axil_awvalid, dut.s_axil_wvalid), 2)
        ctx.set(first, 1)
        await self.pause(ctx)
        ctx.set(second, 1)
        await ctx.tick("host").until(dut.s_axil_awready & dut.s_axil_wready)
        ctx.set(first, 0)
        ctx.set(second, 0)
        await self.pause(ctx)
        ctx.set(dut.s_axil_bready, 1)
        (response,) = await ctx.tick("host").sample(dut.s_axil_bresp).until(dut.s_axil_bvalid)
        ctx.set(dut.s_axil_bready, 0)
        return response

    async def read(self, ctx, address):
        dut = self.dut
        ctx.set(dut.s_axil_araddr, address)
        ctx.set(dut.s_axil_arvalid, 1)
        await ctx.tick("host").until(dut.s_axil_arready)
        ctx.set(dut.s_axil_arvalid, 0)
        await self.pause(ctx)
        ctx.set(dut.s_axil_rready, 1)
        word, response = (
            await ctx.tick("host").sample(dut.s_axil_rdata, dut.s_axil_rresp).until(dut.s_axil_rvalid)
        )
        ctx.set(dut.s_axil_rready, 0)
        return word, response


def simulated(top, *benches):
    """Run benches together until those that aren't in the background end."""
    m = Module()
    m.submodules.top = top
    m.domains.host = ClockDomain(reset_less=True)  # the top has a `sync` of its own
    m.d.comb += top.aclk.eq(ClockSignal("host"))
    simulator = Simulator(m)
    simulator.add_clock(1e-6, domain="host")
    for bench, background in benches:
        simulator.add_testbench(bench, background=background)
    simulator.run_until(20e-3)


def pack_beat(codes, bits):
    return sum((int(code) & ((1 << bits) - 1)) << bits * lane for lane, code in enumerate(codes))


class Run:
    """Frames without end through a core, while a host changes its settings."""

    def __init__(self, pipelines, seed, frames=6, broken=0.1):
        self.pipelines, self.rng = pipelines, random.Random(seed)
        self.spec = pipelines[0]
        self.top = AxiTop(self.spec)
        self.host = Host(self.top, self.rng)
        self.epoch, self.changed = 0, 0
        self.received, self.expected, self.refused = [], [], 0
        self.frames, self.broken = frames, broken
        self.sent = False

    async def sender(self, ctx):
        spec, top, rng = self.spec, self.top, self.rng
        numbers = np.random.default_rng(rng.getrandbits(32))
        bits = lane_bits(spec.input)
        behind = 0  # frames since the last change
        while behind < self.frames:
            behind += self.changed == len(self.pipelines) - 1
            x = numbers.integers(spec.input.min, spec.input.max + 1, spec.in_beats * spec.in_lanes)
            beats = x.reshape(spec.in_beats, spec.in_lanes)
            broken = rng.random() < self.broken
            count = rng.randrange(1, spec.in_beats + 3) if broken else spec.in_beats
            broken = count != spec.in_beats
            for beat in range(count):
                ctx.set(top.s_axis_tdata, pack_beat(beats[beat % spec.in_beats], bits))
                ctx.set(top.s_axis_tlast, beat == count - 1)
                ctx.set(top.s_axis_tvalid, 1)
                await ctx.tick("host").until(top.s_axis_tready)
                if beat == 0 and not broken:
                    self.expected.append((self.epoch, x))
                ctx.set(top.s_axis_tvalid, 0)
                if rng.random() < 0.1:
                    await ctx.tick("host").repeat(rng.randrange(1, 5))
        self.sent = True
        while len(self.received) < len(self.expected) * spec.out_beats:
            await ctx.tick("host")
        await ctx.tick("host").repeat(200)

    async def receiver(self, ctx):
        top = self.top
        while True:
            ctx.set(top.m_axis_tready, self.rng.random() < 0.7)
            _, _, valid, ready, word = await ctx.tick("host").sample(
                top.m_axis_tvalid, top.m_axis_tready, top.m_axis_tdata
            )
            if valid and ready:
                self.received.append(word)

    async def manager(self, ctx):
        host = self.host
        for now, wanted in zip(self.pipelines, self.pipelines[1:], strict=False):
            await ctx.tick("host").repeat(self.rng.randrange(50, 150))
            while sum(epoch == self.epoch for epoch, _ in self.expected) < 2:
                await ctx.tick("host")
            changes = writes(now, wanted)
            # Too early: refused, and nothing changes.
            assert await host.write(ctx, *changes[0]) == SLVERR
            self.refused += 1
            assert await host.write(ctx, settings.CONTROL, 1) == OKAY
            while not (await host.read(ctx, settings.STATUS))[0]:
                pass
            self.epoch += 1
            await ctx.tick("host").repeat(self.rng.choice((1, 100)))
            for address, word in changes:
                assert await host.write(ctx, address, word) == OKAY
            assert await host.write(ctx, settings.CONTROL, 0) == OKAY
            self.changed += 1

    def run(self):
        simulated(self.top, (self.sender, False), (self.receiver, True), (self.manager, False))
        assert self.sent
        assert self.changed == self.refused == len(self.pipelines) - 1
        spec, bits = self.spec, lane_bits(self.spec.output)
        epochs = np.array([epoch for epoch, _ in self.expected])
        x = np.array([frame for _, frame in self.expected])
        expected = np.zeros((len(x), spec.out_beats * spec.out_lanes), dtype=np.int64)
        for epoch, pipeline in enumerate(self.pipelines):
            sent = x[epochs == epoch].reshape(-1, spec.in_beats, spec.in_lanes)
            expected[epochs == epoch] = pipeline.respond(sent).reshape(len(sent), -1)
            assert np.count_nonzero(epochs == epoch) >= 2
        words = [pack_beat(beat, bits) for beat in expected.reshape(-1, spec.out_lanes)]
        assert self.received == words


@pytest.mark.parametrize(("frame", "lanes"), [(16, 16), (32, 2)])
def test_signs_change_between_frames(frame, lanes):
    Run([rotation(frame, lanes, seed) for seed in (1, 2)], seed=frame).run()


def test_all_copies_change_between_the_same_frames():
    Run([replace(rotation(16, 2, seed), copies=3) for seed in (1, 2)], seed=7).run()


def sized(frame, lanes, **active):
    stages = [Fwht(frame=frame, lanes=lanes, input=Format(width=6), up_to=frame, **active)]
    return Pipeline(name="sized", stages=tuple(stages))


@pytest.mark.parametrize(("frame", "lanes"), [(64, 2), (32, 4), (16, 16)])
def test_the_active_size_changes_between_frames(frame, lanes):
    sizes = [sized(frame, lanes), *(sized(frame, lanes, size=1 << k) for k in (3, 0, 1, 4, 2))]
    Run([*sizes, sized(frame, lanes, bits=(0, 2, 3)), sizes[0]], seed=frame + lanes, frames=4).run()


def permuted(frame, lanes, **permutation):
    stages = (Permute(frame=frame, lanes=lanes, input=Format(width=8), loadable=True, **permutation),)
    return Pipeline(name="permuted", stages=stages)


@pytest.mark.parametrize(("frame", "lanes"), [(64, 4), (30, 3), (24, 1), (8, 8), (60, 20)])
def test_permutations_change_between_frames(frame, lanes):
    rng = np.random.default_rng(frame)
    tables = [tuple(rng.permutation(frame).tolist()) for _ in range(3)]
    chosen = [permuted(frame, lanes, rule="reverse"), *(permuted(frame, lanes, table=t) for t in tables)]
    Run([*chosen, permuted(frame, lanes, rule="rotate", shift=1), chosen[0]], seed=frame, frames=4).run()


def test_permutations_of_blocks_change_between_frames():
    tables = [(2, 0, 3, 1), (3, 2, 1, 0)]
    Run([permuted(48, 3, table=t, unit=3) for t in tables], seed=1, frames=4).run()


def scaled(frame, lanes, gain, **settings):
    options = {"up_to": 4, "bits": 9, "loadable": True} | settings
    stages = (Gain(frame=frame, lanes=lanes, input=Format(width=8), gain=gain, **options),)
    return Pipeline(name="scaled", stages=stages)


@pytest.mark.parametrize(
    ("frame", "lanes", "settings"),
    [(16, 2, {}), (24, 3, {"width": 10, "fraction": 1}), (8, 8, {"fraction": 0}), (40, 1, {"bits": 31})],
)
def test_channel_scales_change_between_frames(frame, lanes, settings):
    rng = np.random.default_rng(frame)
    gains = [tuple(rng.uniform(-4, 4, frame).tolist()) for _ in range(3)]
    Run([scaled(frame, lanes, g, **settings) for g in gains], seed=frame, frames=4).run()


def test_one_scale_for_all_changes_between_frames():
    gains = (0, 4, -4, 0.001, -3.7, 1)
    Run([scaled(8, 2, (g,), width=9, fraction=0) for g in gains], seed=1, frames=4).run()


def centred(frame, lanes, bias):
    stage = Bias(frame=frame, lanes=lanes, input=Format(width=8), bias=bias, bits=7, loadable=True)
    return Pipeline(name="centred", stages=(stage,))


@pytest.mark.parametrize(
    ("frame", "lanes", "count"), [(16, 2, 16), (24, 3, 6), (36, 3, 9), (16, 8, 4), (8, 2, 1)]
)
def test_means_change_between_frames(frame, lanes, count):
    rng = np.random.default_rng(frame)
    means = [tuple(rng.integers(-64, 64, count).tolist()) for _ in range(3)]
    Run([centred(frame, lanes, m) for m in means], seed=frame, frames=4).run()


def looked_up(frame, lanes, v, seed):
    book = np.random.default_rng(seed).uniform(-1, 1, (8, v)).tolist()
    index = Format(width=3, signed=False)
    stage = Codebook(frame=frame, lanes=lanes, input=index, book=book, width=8, fraction=7, loadable=True)
    return Pipeline(name="book", stages=(stage,))


@pytest.mark.parametrize(("frame", "lanes", "v"), [(32, 4, 4), (24, 2, 6), (32, 4, 2)])
def test_codebooks_change_between_frames(frame, lanes, v):
    Run([looked_up(frame, lanes, v, seed) for seed in (1, 2, 3)], seed=frame + v, frames=4).run()


FOUND = (
    Register(name="a", text="", low=-5, high=4, init=-1),
    Table(name="b", text="", width=70, init=tuple(range(5))),
    Register(name="c", text="", low=0, high=1000, init=1),
    Table(name="d", text="", width=8, init=(0,) * 100, signed=True),
)
MAP = RegisterMap((("stub", FOUND[:2]), ("stub", FOUND[2:])))


class Flat(Component):
    """A register block with a core's port names."""

    def __init__(self):
        self.block = RegisterBlock(MAP)
        names = {name: member for name, member in ports(rotation(64, 4, 1)).items() if "axil" in name}
        address = MAP.address_bits
        names |= {"s_axil_awaddr": In(address), "s_axil_araddr": In(address), "aclk": In(1), "aresetn": In(1)}
        super().__init__(names)

    def elaborate(self, platform):
        m = Module()
        m.domains.sync = domain = ClockDomain(local=True)
        m.d.comb += domain.clk.eq(self.aclk)
        m.submodules.block = self.block
        connect_axi(m, self, self.block)
        return m


def test_registers_and_rows_are_written_whole_or_not_at_all():
    dut = Flat()
    block = dut.block
    host = Host(dut, random.Random(1))
    rows = []

    async def watch(ctx):
        ports = [(name, getattr(block, f"set_{name}")) for name in ("stub_0_b", "stub_1_d")]
        while True:
            for name, port in ports:
                if ctx.get(port.enable):
                    rows.append((name, ctx.get(port.row), ctx.get(port.data)))
            await ctx.tick("host")

    async def bench(ctx):
        a, b, c, d = (place.address for place in MAP.places)
        word = 0xFFFF_FFFF

        async def read(address):
            return await host.read(ctx, address)

        assert await read(settings.ID) == (settings.IDENTITY, OKAY)
        assert await read(settings.FRAME_ERRORS) == (0, OKAY)
        assert await read(settings.STATUS) == (0, OKAY)
        assert await read(a) == (word, OKAY)  # -1
        assert await host.write(ctx, a, 4) == SLVERR  # not idle
        assert await read(a) == (word, OKAY)
        assert await host.write(ctx, settings.CONTROL, word) == OKAY
        assert await read(settings.CONTROL) == (1, OKAY)
        ctx.set(block.idle, 1)
        for value, response in (
            (4, OKAY),
            (5, SLVERR),
            (word - 4, OKAY),
            (word - 5, SLVERR),
            (1 << 31, SLVERR),
        ):
            before = await read(a)
            assert await host.write(ctx, a, value) == response
            assert await read(a) == ((value, OKAY) if response == OKAY else before)
        assert ctx.get(block.set_stub_0_a) == -5
        assert await host.write(ctx, c, 0x0300, strobe=2) == OKAY  # a byte: 1 becomes 0x301
        assert await read(c) == (0x301, OKAY)
        for address in (settings.ID, settings.STATUS, settings.FRAME_ERRORS, settings.FIXED_BYTES - 4):
            assert await host.write(ctx, address, 0) == SLVERR
        for address in (settings.FIXED_BYTES - 4, b, d):
            assert await read(address) == (0, SLVERR)
        # A row of three words, of which the fourth is nothing; its last one writes it.
        for part, value in enumerate((0x01234567, 0x89ABCDEF, 0x3F)):
            assert not rows
            assert await host.write(ctx, b + 16 * 4 + 4 * part, value) == OKAY
        assert rows == [("stub_0_b", 4, 0x3F_89ABCDEF_01234567)]
        for address in (b + 12, b + 16 * 5):  # the fourth word, and a row too many
            assert await host.write(ctx, address, 0) == SLVERR
        assert await host.write(ctx, d, 0x80, strobe=7) == SLVERR
        assert await host.write(ctx, d + 4 * 99, 0x80) == OKAY
        assert await host.write(ctx, d + 4 * 100, 0) == SLVERR
        assert rows[1:] == [("stub_1_d", 99, -128)]

    simulated(dut, (bench, False), (watch, True))


def test_broken_frames_are_counted_up_to_a_bound():
    dut = Flat()
    host = Host(dut, random.Random(2))

    async def bench(ctx):
        for pulses, count in ((1, 1), (2, 3), (settings.MAX_FRAME_ERRORS - 4, 65_534), (5, 65_535)):
            ctx.set(dut.block.frame_error, 1)
            await ctx.tick("host").repeat(pulses)
            ctx.set(dut.block.frame_error, 0)
            assert await host.read(ctx, settings.FRAME_ERRORS) == (count, OKAY)

    simulated(dut, (bench, False))


def test_addresses_are_multiples_of_sizes():
    places = MAP.places
    assert [place.name for place in places] == ["stub_0_a", "stub_0_b", "stub_1_c", "stub_1_d"]
    end = settings.FIXED_BYTES
    for place in places:
        size = 4 << (place.setting.words - 1).bit_length()
        assert place.address % size == 0
        assert place.address >= end
        end = place.address + size
    assert places[1].setting.row_words == 4
    assert places[1].setting.encode(1 << 69) == [0, 0, 32]
    with pytest.raises(HadacastError, match="a row of b is -1: it must be from 0"):
        places[1].setting.encode(-1)
    with pytest.raises(HadacastError, match="no setting 'e'; there are: stub_0_a, stub_0_b, "):
        MAP["e"]


def quantized(amax, clip):
    """NVFP4 under a tensor constant, and INT8 under a threshold, both made of a gain that can be changed."""
    signs = Signs(frame=32, lanes=4, input=Format(width=8), pattern="+-")
    gain = Gain(
        frame=32,
        lanes=4,
        input=signs.output,
        gain=(2688 / amax,),
        up_to=4096,
        bits=20,
        width=20,
        fraction=6,
        loadable=True,
    )
    blocks = Quantize(frame=32, lanes=4, input=gain.output, code="e2m1", group=16, scale="floating")
    back = Dequantize(frame=32, lanes=4, input=blocks.output, width=16, fraction=2)
    other = replace(gain, input=back.output, gain=(127 / clip,), up_to=1024, width=0, fraction="exact")
    int8 = Quantize(frame=32, lanes=4, input=other.output, code="int8", scale={"kind": "static", "step": 1})
    stages = (signs, gain, blocks, back, other, int8)
    return Pipeline(name="quantized", stages=(*stages, Pack(frame=32, lanes=4, input=int8.output)))


def test_constants_of_quantizers_change_between_frames():
    Run([quantized(*c) for c in ((64, 900), (129, 2600), (3.5, 120), (64, 900))], seed=3, frames=4).run()


def matrix(seed):
    rows = np.random.default_rng(seed).integers(-8, 8, (3, 3)) / 8
    stage = Rotate(
        frame=12,
        lanes=2,
        input=Format(width=8),
        matrix=rows.tolist(),
        coefficient_width=4,
        coefficient_fraction=3,
        loadable=True,
    )
    return Pipeline(name="matrix", stages=(stage,))


def test_coefficients_change_between_frames():
    Run([matrix(seed) for seed in (1, 2, 3)], seed=1).run()


class Memory:
    """A core's registers as a host sees them; it is never idle where `idle` is false."""

    def __init__(self, idle=True):
        self.words = {settings.ID: settings.IDENTITY, settings.VERSION_AT: 1, settings.STATUS: idle}
        self.log = []

    def read(self, address):
        return int(self.words.get(address, 0))

    def write(self, address, word):
        self.log.append((address, word))


def test_the_driver_holds_writes_and_lets_go():
    one, other = rotation(64, 4, 1), rotation(64, 4, 2)
    memory = Memory()
    driver = Driver(one, memory.read, memory.write)
    driver.configure(one)
    assert memory.log == []
    driver.configure(other)
    assert memory.log == [(settings.CONTROL, 1), *writes(one, other), (settings.CONTROL, 0)]
    assert driver.pipeline is other


def test_the_driver_gives_up_where_frames_stay():
    memory = Memory(idle=False)
    driver = Driver(rotation(64, 4, 1), memory.read, memory.write)
    with pytest.raises(HadacastError, match=r"haven't left the core after 0.01 s"):
        driver.configure(rotation(64, 4, 2), timeout=0.01)
    assert memory.log == [(settings.CONTROL, 1), (settings.CONTROL, 0)]


def test_another_core_is_refused():
    with pytest.raises(HadacastError, match="no core answers: id 0x00000000"):
        Driver(rotation(64, 4, 1), lambda address: 0, lambda address, word: None)
    one = rotation(64, 4, 1)
    for other, said in (
        (rotation(64, 8, 1), "lanes of stage 0, signs, is 8: the core was built with 4"),
        (rotation(32, 4, 1), "frame of stage 0, signs, is 32: the core was built with 64"),
        (
            replace(one, stages=(replace(one.stages[0], loadable=False), one.stages[1])),
            "is 'pattern'|loadable",
        ),
        (replace(one, stages=one.stages[:1]), "1 stages: the core has 2"),
        (replace(one, stages=(replace(one.stages[1], input=one.input),)), "stage 0 is fwht: .* is signs"),
    ):
        with pytest.raises(HadacastError, match=said):
            writes(one, other)


def test_what_settings_do_not_stand_for_is_not_changed_silently():
    for one, other, said in (
        (scaled(8, 2, (1,)), scaled(8, 2, (1,), rounding="up"), "rounding of stage 0, gain, is 'up'"),
        (scaled(8, 2, (1,), fraction=0), scaled(8, 2, (1,), up_to=1, fraction=0, width=20), "width|step"),
        (sized(64, 2), sized(64, 2, storage="ff"), "storage of stage 0"),
        (permuted(48, 4, table=(1, 0), unit=4), permuted(48, 4, rule="reverse"), "beats of a block"),
    ):
        with pytest.raises(HadacastError, match=said):
            writes(one, other)
    matrices = [np.array(rows) for rows in ([[1, 0], [0, 1]], [[0.25, 0], [0, 0.25]])]
    one, other = (
        Pipeline(
            name="m",
            stages=(Rotate(frame=8, matrix=m.tolist(), width=9, fraction=0, loadable=True),),
        )
        for m in matrices
    )
    with pytest.raises(HadacastError, match="coefficient of stage 0"):
        writes(one, other)
