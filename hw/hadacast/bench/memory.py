"""The words that a core's delays hold, counted in the elaborated core.

Not from N and P: the hardware is elaborated, its delays are looked up in what came of it, and so are the
memories within them. Registers between stages, at a memory's ports and in the skid buffer delay nothing and
aren't counted as words that a transform keeps.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from amaranth.hdl import Fragment, Shape
from amaranth.hdl._mem import MemoryInstance

from hadacast.core.butterfly import Butterfly
from hadacast.core.delay import Delay
from hadacast.core.top import AxiTop
from hadacast.spec.pipeline import Pipeline
from hadacast.tech import family as families

KINDS = ("ff", "lutram", "bram")

CAPACITY = {
    "TRELLIS_DPR16X4": 64,
    "DP16KD": 18432,
    "PDPW16KD": 18432,
    "SB_RAM40_4K": 4096,
    "RAM16SDP4": 64,
    "RAM16SDP2": 32,
    "RAM16SDP1": 16,
    "SDPB": 16384,
    "SDPX9B": 18432,
    "DPB": 16384,
    "DPX9B": 18432,
}
"""Bits of a family's memory cells."""


@dataclass(frozen=True, kw_only=True)
class Held:
    """What one delay keeps.

    Attributes:
        storage: "ff", "lutram" or "bram".
        words, bits: what it holds when it is full, words of one element each.
        rows: words that its memory has, 0 in flip-flops.
    """

    storage: str
    words: int
    bits: int
    rows: int


def delays(spec: Pipeline, family: str) -> tuple[Held, ...]:
    """The delays of a core, elaborated for a family, in the order of its stages."""
    target = families.Target(families.get(family))
    return tuple(_delays(Fragment.get(AxiTop(spec), target), None))


def _delays(fragment: Fragment, stage: Butterfly | None) -> Iterator[Held]:
    for origin in fragment.origins or ():
        if isinstance(origin, Butterfly):
            stage = origin
        if isinstance(origin, Delay):
            assert stage is not None
            element = stage.width + 1  # a difference
            bits, rest = origin.depth * len(origin.tail), 0
            words, rest = divmod(bits, element)
            assert not rest
            rows = sum(memory.depth * _row_bits(memory) // element for memory in _memories(fragment))
            storage = origin.storage if rows else "ff"
            yield Held(storage=storage, words=words, bits=bits, rows=rows)
            return
    for inner, *_ in fragment.subfragments:
        yield from _delays(inner, stage)


def _memories(fragment: Fragment) -> Iterator[Any]:
    """The data of every memory in a fragment."""
    if isinstance(fragment, MemoryInstance):
        yield fragment._data
    for inner, *_ in fragment.subfragments:
        yield from _memories(inner)


def _row_bits(memory: Any) -> int:
    return Shape.cast(memory.shape).width


def count(spec: Pipeline, family: str, cells: Mapping[str, int]) -> dict[str, Any]:
    """The words that a core's delays hold, and the room for them.

    Args:
        spec: the core. family: what it is built for.
        cells: its cells by kind after synthesis.

    Returns:
        words: elements that the delays hold in all, and of these ff_words, lutram_words, bram_words.
        bits: bits of those words; rows: words that the described memories have.
        ram_bits: bits of those words that are in memories; cell_bits: bits that the memory cells have.
    """
    held = delays(spec, family)
    return {
        "words": sum(d.words for d in held),
        **{f"{kind}_words": sum(d.words for d in held if d.storage == kind) for kind in KINDS},
        "bits": sum(d.bits for d in held),
        "rows": sum(d.rows for d in held),
        "ram_bits": sum(d.bits for d in held if d.storage != "ff"),
        "cell_bits": sum(CAPACITY.get(kind, 0) * number for kind, number in cells.items()),
    }
