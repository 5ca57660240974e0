"""What one beat of a stream carries."""

from amaranth.hdl import Shape
from amaranth.lib import data

from hadacast.format import Codes
from hadacast.frames import Block


def lanes_layout(format_: Codes | Block, lanes: int) -> data.ArrayLayout:
    """`lanes` elements of `format_`, lane 0 in the low bits."""
    return data.ArrayLayout(Shape(format_.width, format_.signed), lanes)


def groups(format_: Block, lanes: int) -> int:
    """Groups that a beat of `lanes` elements touches: one or several whole ones, or a part of one."""
    return max(lanes // format_.group, 1)


def sides(format_: Codes | Block, lanes: int) -> dict[str, data.ArrayLayout]:
    """What the groups of a beat carry beside their elements, by name; the group of lane 0 first.

    It is the same in all beats of a group.
    """
    if not isinstance(format_, Block):
        return {}
    count = groups(format_, lanes)
    return {
        name: data.ArrayLayout(Shape(width, signed), count) for name, (width, signed) in format_.sides.items()
    }


def raw(format_: Codes, lanes: int) -> data.StructLayout:
    """A beat as a user sends it: the lanes, and whether it ends a frame."""
    return data.StructLayout({"data": lanes_layout(format_, lanes), "last": 1})


def flowing(format_: Codes | Block, lanes: int) -> data.StructLayout:
    """A beat of a frame of the right length, between stages: the lanes, their sides, and

    - last: whether it ends the frame;
    - mark: before broken frames are dropped, on a frame's last beat, that this one is to be; behind, on all
      beats of a frame, that frames before it were.
    """
    return data.StructLayout(
        {"data": lanes_layout(format_, lanes), **sides(format_, lanes), "last": 1, "mark": 1}
    )
