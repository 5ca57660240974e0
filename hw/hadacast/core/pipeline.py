"""A pipeline's stages in a row, behind the framer."""

from typing import Any

from amaranth.hdl import Cat, Module
from amaranth.lib import stream
from amaranth.lib.wiring import Component, In, Out, connect, flipped

from hadacast.core import beat
from hadacast.core.align import Align
from hadacast.core.bias import Bias
from hadacast.core.bins import Bins
from hadacast.core.cast import Cast
from hadacast.core.codebook import Codebook
from hadacast.core.control import Gate, RegisterBlock, channels
from hadacast.core.dequantize import Dequantize
from hadacast.core.frame_buffer import FrameBuffer
from hadacast.core.framer import Framer
from hadacast.core.fwht import Fwht
from hadacast.core.gain import Gain
from hadacast.core.hadamard import Hadamard
from hadacast.core.keep import Keep
from hadacast.core.lookup import Lookup
from hadacast.core.normalize import Normalize
from hadacast.core.pack import Pack, scale_layout
from hadacast.core.permute import Permute
from hadacast.core.pvq import Pvq
from hadacast.core.quantize import Quantize
from hadacast.core.requantize import Requantize
from hadacast.core.rotate import Rotate
from hadacast.core.signed_fwht import SignedFwht
from hadacast.core.signs import Signs
from hadacast.core.unpack import Unpack
from hadacast.spec.pipeline import Pipeline

# Registers at the ends of stages that their latencies don't count.
DRAIN_MARGIN = 16

# The component of each stage spec, by its kind.
COMPONENTS: dict[str, Any] = {
    "fwht": Fwht,
    "cast": Cast,
    "hadamard": Hadamard,
    "signs": Signs,
    "align": Align,
    "pvq": Pvq,
    "quantize": Quantize,
    "dequantize": Dequantize,
    "lookup": Lookup,
    "normalize": Normalize,
    "requantize": Requantize,
    "pack": Pack,
    "unpack": Unpack,
    "order": Permute,
    "permute": Permute,
    "scatter": Permute,
    "codebook": Codebook,
    "rotate": Rotate,
    "gain": Gain,
    "bins": Bins,
    "keep": Keep,
    "bias": Bias,
}


def members(spec: Pipeline) -> dict[str, Any]:
    """The signature of a spec's hardware, of all its copies; PipelineCore says what each member is."""
    random: dict[str, Any] = {}
    if spec.random_bits:
        random = {"random": In(spec.random_bits), "random_taken": Out(1)}
    control = channels(spec.registers) if spec.registers.places else {}
    scale = {}
    if spec.scales is not None:
        scale = {"scale": Out(stream.Signature(scale_layout(spec.scales, spec.copies)))}
    return {
        "i": In(stream.Signature(beat.raw(spec.input, spec.in_lanes))),
        "o": Out(stream.Signature(beat.flowing(spec.output, spec.out_lanes))),
        "frame_error": Out(1),
        **random,
        **scale,
        **control,
    }


class PipelineCore(Component):
    """The hardware of a Pipeline spec.

    Members
    -------
    i: beats as a user sends them (hadacast.core.beat.raw), `last` on the last beat of a frame.
    o: beats of results (hadacast.core.beat.flowing).
    frame_error: 1 for a cycle for each frame of the wrong length, which is dropped whole.
    random: 8 random bits for each lane, for a quantize stage that takes them from a port, lane 0 lowest;
        only if there is such a stage. random_taken: high in a cycle in which they are used.
    aw, w, b, ar, r: AXI4-Lite (hadacast.core.control), where a stage has settings.
    scale: beats of scales (hadacast.core.pack.scale_layout), where they have a stream of their own.

    Attributes
    ----------
    latency: cycles from the first beat in to the first beat out, without stalls.
    """

    def __init__(self, spec: Pipeline):
        self.spec = spec
        self.latency = spec.latency
        super().__init__(members(spec))

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        framer = m.submodules.framer = Framer(self.spec.input, self.spec.in_lanes, self.spec.in_beats)
        connect(m, flipped(self.i), framer.i)
        m.d.comb += self.frame_error.eq(framer.frame_error)
        source = framer.o
        block = None
        if self.spec.registers.places:
            block, source = self._controlled(m, framer)
        if self.spec.dropper is None:
            buffer = FrameBuffer(self.spec.input, self.spec.in_lanes, self.spec.in_beats)
            m.submodules.buffer = buffer
            connect(m, source, buffer.i)
            source = buffer.o
        for index, spec in enumerate(self.spec.stages):
            drops = {"drops": index == self.spec.dropper} if spec.whole else {}
            if index in self.spec.folded:
                continue
            if index - 1 in self.spec.folded:
                stage = SignedFwht(self.spec.stages[index - 1], spec, **drops)
            else:
                stage = COMPONENTS[spec.kind](spec, **drops)
            m.submodules[f"{spec.kind}_{index}"] = stage
            connect(m, source, stage.i)
            source = stage.o
            if block is not None:
                self._set(m, block, index, stage)
            if index == self.spec.random_port:
                m.d.comb += [stage.random.eq(self.random), self.random_taken.eq(stage.random_taken)]
        connect(m, source, flipped(self.o))
        if self.spec.scales is not None:
            connect(m, stage.scale, flipped(self.scale))
        return m

    def _controlled(self, m: Module, framer: Framer) -> tuple[RegisterBlock, Any]:
        """The register block, and the stream behind the gate that it holds."""
        spec = self.spec
        block = m.submodules.registers = RegisterBlock(spec.registers)
        # A stage's results come its latency behind what they are made of, its longest frame apart.
        drain = spec.latency + max(stage.out_beats for stage in spec.stages) + DRAIN_MARGIN
        leaving = [self.o] if spec.scales is None else [self.o, self.scale]
        gate = m.submodules.gate = Gate(framer.o.p.shape(), len(leaving), drain)
        connect(m, framer.o, gate.i)
        m.d.comb += [
            gate.hold.eq(block.hold),
            gate.left.eq(Cat(*(o.valid & o.ready & o.p.last for o in leaving))),
            block.idle.eq(gate.idle),
            block.frame_error.eq(framer.frame_error),
        ]
        for name in channels(spec.registers):
            connect(m, flipped(getattr(self, name)), getattr(block, name))
        return block, gate.o

    def _set(self, m: Module, block: RegisterBlock, index: int, stage: Any) -> None:
        """Hand a stage its settings."""
        for place in self.spec.registers.places:
            if place.stage == index:
                port = getattr(block, f"set_{place.name}")
                m.d.comb += getattr(stage, f"set_{place.setting.name}").eq(port)
