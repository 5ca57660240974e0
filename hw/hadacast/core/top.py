"""The AXI4-Stream top: flat ports, as a stranger's system wants them."""

from typing import Any

from amaranth.hdl import ClockDomain, Module, Signal
from amaranth.lib.wiring import Component, In, Out

from hadacast.core.copies import Copies
from hadacast.core.pipeline import PipelineCore
from hadacast.format import Codes
from hadacast.settings import WORD_BITS, WORD_BYTES
from hadacast.spec.pipeline import Pipeline

# Port, direction and what it is for; AXI4-Stream is Arm IHI 0051.
PORTS = {
    "aclk": "clock; everything happens on its rising edge",
    "aresetn": "reset, active low, synchronous to aclk; one cycle is enough, at any time",
    "s_axis_tdata": "input lanes",
    "s_axis_tvalid": "an input beat is offered",
    "s_axis_tready": "the input beat is taken; it never depends on s_axis_tvalid",
    "s_axis_tlast": "the input beat is the last of its frame",
    "m_axis_tdata": "output lanes, sign-extended to whole bytes",
    "m_axis_tvalid": "an output beat is offered; it never waits for m_axis_tready",
    "m_axis_tready": "the output beat is taken",
    "m_axis_tlast": "the output beat is the last of its frame",
    "m_axis_tuser": "set on every beat of a frame if frames were dropped just before it",
    "m_axis_scale_tdata": "scales, zero points and flags of groups, padded with zeros to whole bytes",
    "m_axis_scale_tvalid": "a beat of them is offered; it never waits for m_axis_scale_tready",
    "m_axis_scale_tready": "the beat of them is taken",
    "m_axis_scale_tlast": "the beat of them is the last of its frame",
    "m_axis_scale_tuser": "as m_axis_tuser, of its frame",
    "random": "random numbers for stochastic rounding, 8 bits for each lane, lane 0 lowest",
    "random_taken": "the random numbers are used; show the next ones after this cycle",
    "s_axil_awaddr": "settings: address of a write, in bytes; AXI4-Lite is Arm IHI 0022",
    "s_axil_awvalid": "a write's address is offered",
    "s_axil_awready": "it is taken, together with the data",
    "s_axil_wdata": "what to write",
    "s_axil_wstrb": "which of its bytes",
    "s_axil_wvalid": "a write's data are offered",
    "s_axil_wready": "they are taken",
    "s_axil_bresp": "0: written; 2: refused, and nothing changed",
    "s_axil_bvalid": "a write's answer is offered",
    "s_axil_bready": "it is taken",
    "s_axil_araddr": "address of a read, in bytes",
    "s_axil_arvalid": "it is offered",
    "s_axil_arready": "it is taken",
    "s_axil_rdata": "what was read",
    "s_axil_rresp": "0: read; 2: there is nothing to read",
    "s_axil_rvalid": "a read's answer is offered",
    "s_axil_rready": "it is taken",
    "frame_error": "1 for a cycle for each frame whose TLAST came early or late",
}


def lane_bits(format_: Codes) -> int:
    """Bits that a lane takes on TDATA: whole bytes."""
    return 8 * format_.bytes


def ports(spec: Pipeline) -> dict[str, Any]:
    """The ports of a core, in their order; PORTS says what each is.

    `random` and `random_taken` are there only if a quantize stage takes its random numbers from a port,
    `m_axis_scale_…` only if scales have a stream of their own, `s_axil_…` only if there are settings.
    """
    scale = {}
    if spec.scales is not None:
        scale = {
            "m_axis_scale_tdata": Out(8 * spec.scales.side_bytes * spec.copies),
            "m_axis_scale_tvalid": Out(1),
            "m_axis_scale_tready": In(1),
            "m_axis_scale_tlast": Out(1),
            "m_axis_scale_tuser": Out(1),
        }
    random = {}
    if spec.random_bits:
        random = {"random": In(spec.random_bits), "random_taken": Out(1)}
    control = {}
    if spec.registers.places:
        address = spec.registers.address_bits
        control = {
            "s_axil_awaddr": In(address),
            "s_axil_awvalid": In(1),
            "s_axil_awready": Out(1),
            "s_axil_wdata": In(WORD_BITS),
            "s_axil_wstrb": In(WORD_BYTES),
            "s_axil_wvalid": In(1),
            "s_axil_wready": Out(1),
            "s_axil_bresp": Out(2),
            "s_axil_bvalid": Out(1),
            "s_axil_bready": In(1),
            "s_axil_araddr": In(address),
            "s_axil_arvalid": In(1),
            "s_axil_arready": Out(1),
            "s_axil_rdata": Out(WORD_BITS),
            "s_axil_rresp": Out(2),
            "s_axil_rvalid": Out(1),
            "s_axil_rready": In(1),
        }
    return {
        "aclk": In(1),
        "aresetn": In(1, init=1),
        "s_axis_tdata": In(spec.in_lanes * lane_bits(spec.input)),
        "s_axis_tvalid": In(1),
        "s_axis_tready": Out(1),
        "s_axis_tlast": In(1),
        "m_axis_tdata": Out(spec.out_lanes * lane_bits(spec.output)),
        "m_axis_tvalid": Out(1),
        "m_axis_tready": In(1),
        "m_axis_tlast": Out(1),
        "m_axis_tuser": Out(1),
        **scale,
        **random,
        **control,
        "frame_error": Out(1),
    }


class AxiTop(Component):
    """A PipelineCore, or several side by side (Copies), between AXI4-Stream ports. PORTS says what each is.

    Lane k of a beat is TDATA[B·k + W - 1 : B·k], where B is W rounded up to whole bytes. Bits
    between are ignored at the input and copies of the sign at the output.
    """

    def __init__(self, spec: Pipeline):
        self.spec = spec
        super().__init__(ports(spec))

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.domains.sync = domain = ClockDomain(local=True)
        m.d.comb += [domain.clk.eq(self.aclk), domain.rst.eq(~self.aresetn)]
        core: Any = Copies(self.spec) if self.spec.copies > 1 else PipelineCore(self.spec)
        m.submodules.core = core
        in_bits, out_bits = lane_bits(self.spec.input), lane_bits(self.spec.output)
        for lane in range(self.spec.in_lanes):
            m.d.comb += core.i.p.data[lane].eq(self.s_axis_tdata.word_select(lane, in_bits))
        for lane in range(self.spec.out_lanes):
            extended = Signal(out_bits, name=f"lane_{lane}")
            m.d.comb += [
                extended.eq(core.o.p.data[lane]),
                self.m_axis_tdata.word_select(lane, out_bits).eq(extended),
            ]
        m.d.comb += [
            core.i.valid.eq(self.s_axis_tvalid),
            core.i.p.last.eq(self.s_axis_tlast),
            self.s_axis_tready.eq(core.i.ready),
            self.m_axis_tvalid.eq(core.o.valid),
            core.o.ready.eq(self.m_axis_tready),
            self.m_axis_tlast.eq(core.o.p.last),
            self.m_axis_tuser.eq(core.o.p.mark),
            self.frame_error.eq(core.frame_error),
        ]
        if self.spec.scales is not None:
            m.d.comb += [
                self.m_axis_scale_tdata.eq(core.scale.p.data),
                self.m_axis_scale_tvalid.eq(core.scale.valid),
                core.scale.ready.eq(self.m_axis_scale_tready),
                self.m_axis_scale_tlast.eq(core.scale.p.last),
                self.m_axis_scale_tuser.eq(core.scale.p.mark),
            ]
        if self.spec.random_bits:
            m.d.comb += [core.random.eq(self.random), self.random_taken.eq(core.random_taken)]
        if self.spec.registers.places:
            connect_axi(m, self, core)
        return m


def connect_axi(m: Module, top: Any, core: Any) -> None:
    """The channels of AXI4-Lite (hadacast.core.control) at the ports of a top."""
    for name, channel in (("aw", core.aw), ("w", core.w), ("ar", core.ar)):
        m.d.comb += [
            channel.valid.eq(getattr(top, f"s_axil_{name}valid")),
            getattr(top, f"s_axil_{name}ready").eq(channel.ready),
        ]
    for name, channel in (("b", core.b), ("r", core.r)):
        m.d.comb += [
            getattr(top, f"s_axil_{name}valid").eq(channel.valid),
            channel.ready.eq(getattr(top, f"s_axil_{name}ready")),
        ]
    m.d.comb += [
        core.aw.payload.eq(top.s_axil_awaddr),
        core.w.p.data.eq(top.s_axil_wdata),
        core.w.p.strobe.eq(top.s_axil_wstrb),
        core.ar.payload.eq(top.s_axil_araddr),
        top.s_axil_bresp.eq(core.b.payload),
        top.s_axil_rdata.eq(core.r.p.data),
        top.s_axil_rresp.eq(core.r.p.response),
    ]
