"""The hardware of the identity cast."""

from typing import Any

from amaranth.hdl import Module
from amaranth.lib import stream
from amaranth.lib.wiring import Component, In, Out, connect, flipped

from hadacast.core import beat
from hadacast.spec import cast as spec_module


class Cast(Component):
    """The hardware of a Cast spec: wires.

    Members
    -------
    i, o: beats of good frames (hadacast.core.beat.result).
    """

    def __init__(self, spec: spec_module.Cast):
        self.spec = spec
        self.latency = spec.latency
        shape = beat.flowing(spec.input, spec.lanes)
        super().__init__({"i": In(stream.Signature(shape)), "o": Out(stream.Signature(shape))})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        connect(m, flipped(self.i), flipped(self.o))
        return m
