"""Pieces in their words, from both components that put them there: nothing but zeros beside them."""

import random

import pytest
from amaranth.sim import Simulator

from hadacast.core.packing.placer import Placer
from hadacast.core.packing.ring import Ring
from hadacast.track import Track

# Some begin inside a word, where another section's bits end; a head comes before all pieces.
TRACKS = [
    Track(word=16, start=8, pieces=4, length=8, block=1, gap=1),
    Track(word=16, start=12, pieces=3, length=8, block=1, gap=1),
    Track(word=24, start=16, pieces=6, length=8, block=1, gap=1),
    Track(word=12, start=3, pieces=5, length=9, block=1, gap=1),
    Track(word=16, pieces=4, length=12, head=4, block=4, gap=1),
    Track(word=8, pieces=6, length=6, head=2, block=6, gap=2),
    Track(word=32, start=4, pieces=1, length=8, block=1, gap=3),
]


def run(component, track, frames, seed):
    """The words that leave, and their marks, for the content of the pieces of each frame."""
    rng = random.Random(seed)
    words = []

    async def bench(ctx):
        async def cycle(valid=0, content=0, mark=0):
            while True:
                enable = rng.random() < 0.8
                ctx.set(component.enable, enable)
                ctx.set(component.i_valid, valid)
                ctx.set(component.i, content)
                ctx.set(component.i_mark, mark)
                if enable and ctx.get(component.o_valid):
                    words.append((ctx.get(component.o), ctx.get(component.o_mark)))
                await ctx.tick()
                if enable:
                    return

        for mark, pieces in frames:
            for content in pieces:
                await cycle(1, content, mark)
                for _ in range(track.gap - 1 + rng.choice((0, 0, 0, 2))):
                    await cycle(content=rng.getrandbits(track.content), mark=rng.getrandbits(1))
        for _ in range(40):
            await cycle()

    simulator = Simulator(component)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    return words


@pytest.mark.parametrize("number", range(len(TRACKS)))
@pytest.mark.parametrize("placing", [Ring, Placer])
def test_words_hold_their_pieces_and_zeros(placing, number):
    track = TRACKS[number]
    if placing is Ring:
        assert track.ring
    rng = random.Random(number)
    frames = [
        (rng.getrandbits(1), [rng.getrandbits(track.content) for _ in range(track.pieces)]) for _ in range(40)
    ]
    expected, sent = [], []
    for mark, pieces in frames:
        whole = 0
        # Only the first of a block brings what is below it; a ring leaves that out by itself.
        values = [content >> (track.head if k % track.block else 0) for k, content in enumerate(pieces)]
        sent.append((mark, pieces if placing is Ring else values))
        for value, begin in zip(values, track.begin.tolist(), strict=True):
            whole |= value << begin
        mask = (1 << track.word) - 1
        expected += [(whole >> track.word * word & mask, mark) for word in range(track.words)]
    assert run(placing(track), track, sent, seed=number) == expected
