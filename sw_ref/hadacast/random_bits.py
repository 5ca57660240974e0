"""The random numbers of stochastic rounding."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hadacast import checks
from hadacast.format import Ints

MASK = 0xFFFFFFFF
LANES = 4  # bytes in a state


@dataclass(frozen=True, kw_only=True)
class Xorshift32:
    """Marsaglia's xorshift32 (13, 17, 5), one generator for each four lanes.

    In each beat, lane k takes byte k mod 4 (the lowest first) of generator k div 4's state, and then
    all states move on: s ^= s << 13; s ^= s >> 17; s ^= s << 5 (G. Marsaglia, "Xorshift RNGs",
    Journal of Statistical Software 8(14), 2003).

    Members
    -------
    seed: 1 to 2^32 - 1. lanes: random bytes in a beat.
    """

    seed: int
    lanes: int

    def __post_init__(self) -> None:
        checks.integer("seed", self.seed, 1, MASK)

    @property
    def seeds(self) -> tuple[int, ...]:
        """The first state of each generator: the seed, and it plus multiples of 2^32 over the golden
        ratio, 1 in place of 0."""
        count = -(-self.lanes // LANES)
        return tuple((self.seed + 0x9E3779B9 * index) & MASK or 1 for index in range(count))

    def draw(self, beats: int) -> Ints:
        """The first `beats` beats since reset: (beats, lanes) numbers from 0 to 255."""
        states = np.array([self.seeds], dtype=np.uint32)
        # What moves a state on by as many beats as there are: linear over GF(2), so twice is a composition.
        jump = step(np.uint32(1) << np.arange(32, dtype=np.uint32))
        while len(states) < beats:
            states = np.concatenate([states, _image(jump, states[: beats - len(states)])])
            jump = _image(jump, jump)
        octets = states[:beats].astype("<u4").view(np.uint8).reshape(beats, LANES * len(self.seeds))
        return octets[:, : self.lanes].astype(np.int64)


def step(state: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The states that follow these."""
    state = state ^ (state << np.uint32(13))
    state = state ^ (state >> np.uint32(17))
    return state ^ (state << np.uint32(5))


def _image(basis: NDArray[np.uint32], states: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Images of states under the linear map that takes bit i to basis[i]: a table look-up for each byte."""
    octets = np.arange(256, dtype=np.uint32)
    result = np.zeros_like(states)
    for place in range(4):
        table = np.zeros(256, dtype=np.uint32)
        for bit in range(8):
            table ^= np.where(octets >> np.uint32(bit) & np.uint32(1), basis[8 * place + bit], np.uint32(0))
        result ^= table[states >> np.uint32(8 * place) & np.uint32(255)]
    return result
