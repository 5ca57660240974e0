"""Specs for the tests of boards."""

from hadacast.format import Format
from hadacast.minifloat import E4M3
from hadacast.packed import Packed
from hadacast.spec.fwht import Fwht
from hadacast.spec.pack import Pack
from hadacast.spec.pipeline import Pipeline
from hadacast.spec.unpack import Unpack


def core(frame: int, lanes: int, width: int, *, signed: bool = True, **options) -> Pipeline:
    form = Format(width=width, signed=signed, fraction=3)
    return Pipeline(name=f"core_{frame}", stages=(Fwht(frame=frame, lanes=lanes, input=form, **options),))


def packed_core(layout: str, transform: bool) -> Pipeline:
    """A core whose frames have other bytes, and mostly other beats, on one side than on the other."""
    if transform:
        packed = Packed(content=Format(width=7), frame=8, lanes=2, layout=layout)
        first = Unpack(frame=8, lanes=2, input=packed)
        middle = Fwht(frame=8, lanes=2, input=first.output)
        last = Pack(frame=8, lanes=2, input=middle.output, layout="ahead", bus=5)
        return Pipeline(name="packed", stages=(first, middle, last))
    return Pipeline(name="packed", stages=(Pack(frame=16, lanes=4, input=E4M3, layout=layout, bus=6),))
