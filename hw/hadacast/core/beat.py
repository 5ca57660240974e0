"""What one beat of a stream carries."""

from amaranth.hdl import Shape
from amaranth.lib import data

from hadacast.format import Format


def lanes_layout(format_: Format, lanes: int) -> data.ArrayLayout:
    """`lanes` elements of `format_`, lane 0 in the low bits."""
    return data.ArrayLayout(Shape(format_.width, format_.signed), lanes)


def raw(format_: Format, lanes: int) -> data.StructLayout:
    """A beat as a user sends it: the lanes, and whether it ends a frame."""
    return data.StructLayout({"data": lanes_layout(format_, lanes), "last": 1})


def checked(format_: Format, lanes: int) -> data.StructLayout:
    """A beat of a frame of the right length; `broken`, on the last beat, asks that the frame be dropped."""
    return data.StructLayout({"data": lanes_layout(format_, lanes), "broken": 1})


def result(format_: Format, lanes: int) -> data.StructLayout:
    """A beat of a good frame; `dropped`, on all of its beats, if frames before it were dropped."""
    return data.StructLayout({"data": lanes_layout(format_, lanes), "last": 1, "dropped": 1})
