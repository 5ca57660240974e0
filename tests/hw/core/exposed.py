"""A stage that lays an element and what its group carries side by side, so that a bench sees all of it."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from amaranth.hdl import Cat, Module
from amaranth.lib import stream
from amaranth.lib.wiring import Component, In, Out

from hadacast.core import beat
from hadacast.format import Codes, Format
from hadacast.frames import Block, Frames
from hadacast.spec.stage import Stage


@dataclass(frozen=True, kw_only=True)
class Expose(Stage):
    """Each lane leaves as its element's bits, the side `scale` of its group above them."""

    kind: ClassVar[str] = "expose"

    @property
    def output(self) -> Codes:
        block = self.input
        assert isinstance(block, Block)
        assert block.scale is not None
        return Format(width=block.width + block.scale.width, signed=False)

    @property
    def latency(self) -> int:
        return 0

    def transform(self, x: Frames) -> Frames:
        block = self.input
        assert isinstance(block, Block)
        assert x.scale is not None
        groups = block.grouped(np.zeros_like(x.codes)) + x.scale[..., None]
        low = x.codes & ((1 << block.width) - 1)
        return Frames(codes=low | block.ungrouped(groups) << block.width)


class ExposeComponent(Component):
    def __init__(self, spec: Expose):
        self.spec = spec
        self.latency = 0
        super().__init__(
            {
                "i": In(stream.Signature(beat.flowing(spec.input, spec.lanes))),
                "o": Out(stream.Signature(beat.flowing(spec.output, spec.lanes))),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        i, o = self.i.p, self.o.p
        for lane in range(self.spec.lanes):
            group = lane * len(i.scale) // self.spec.lanes
            m.d.comb += o.data[lane].eq(Cat(i.data[lane], i.scale[group]))
        m.d.comb += [
            o.last.eq(i.last),
            o.mark.eq(i.mark),
            self.o.valid.eq(self.i.valid),
            self.i.ready.eq(self.o.ready),
        ]
        return m
