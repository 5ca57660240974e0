"""A Pipe on its own: words in, words out `latency` enabled cycles later, with idle cycles."""

import random
from collections.abc import Mapping, Sequence
from typing import Any

from amaranth.hdl import ClockDomain, Fragment, Module, Value
from amaranth.sim import Simulator


def run(
    pipe: Any, words: Sequence[Mapping[str, int]], outputs: Sequence[str], seed: int = 1
) -> list[tuple[int, ...]]:
    """What the named outputs are for each of the words, given to the inputs of the same names.

    About every fourth cycle is not enabled; the inputs then hold rubbish.
    """
    m = Module()
    m.domains.sync = ClockDomain()
    m.submodules.pipe = pipe
    rng = random.Random(seed)
    found: list[tuple[int, ...]] = []

    async def testbench(ctx):
        sent = 0
        while len(found) < len(words):
            enabled = rng.random() < 0.75
            word = words[min(sent, len(words) - 1)]
            for name, value in word.items():
                port = Value.cast(getattr(pipe, name))
                ctx.set(port, value if enabled else rng.getrandbits(max(len(port), 1)) & (1 << len(port)) - 1)
            ctx.set(pipe.enable, enabled)
            if enabled:
                sent += 1
                if sent > pipe.latency:
                    found.append(tuple(ctx.get(getattr(pipe, name)) for name in outputs))
            await ctx.tick()

    simulator = Simulator(Fragment.get(m, None))
    simulator.add_clock(1e-6)
    simulator.add_testbench(testbench)
    simulator.run()
    return found
