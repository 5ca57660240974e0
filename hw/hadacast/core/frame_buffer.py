"""Two frames of memory at the entrance of a pipeline that has no transform to drop broken frames."""

from typing import Any

from amaranth.hdl import Module
from amaranth.lib import stream
from amaranth.lib.wiring import Component, In, Out

from hadacast.core import beat
from hadacast.format import Codes


class FrameBuffer(Component):
    def __init__(self, format_: Codes, lanes: int, beats: int):
        self.beats = beats
        shape = beat.flowing(format_, lanes)
        super().__init__({"i": In(stream.Signature(shape)), "o": Out(stream.Signature(shape))})

    def elaborate(self, platform: Any) -> Module:
        raise NotImplementedError
