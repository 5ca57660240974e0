"""SPRIGHT (X. Li et al., arXiv:1508.06336): subsampled transforms, and tests of their bins."""

import numpy as np
from methods.bench import defines
from methods.definitions.arithmetic import sylvester

BITS, HASH = 16, (range(7), range(5, 12), (10, 11, 12, 13, 14, 15, 0))
OFFSETS = 2
EMPTY, SPREAD = 6144, 4915  # squares of steps of 1/128


@defines("sparse65536")
def spright(x):
    """x: (frames, 7680), of group c, bin number's place m and delay d the sample x[d xor expand_c(m)]."""
    samples = x.reshape(-1, 3, 128, 20)
    # U_d[j] = 1/B Σ_m (-1)^<j, m> x[…], in steps of 1/128, rounded to nearest even: ×128/128.
    observed = np.einsum("jm,fcmd->fcjd", sylvester(128), samples)
    observed = np.clip(np.rint(observed), -4096, 4095).astype(np.int64)
    total, energy = np.abs(observed).sum(-1), (observed**2).sum(-1)
    mean = energy / 20
    variance = (20 * energy - total**2) / 400
    kind = np.where(mean <= EMPTY, 0, np.where(variance <= SPREAD, 1, 2))
    # The sign under a delay with bit q flipped, against that without it: bit q of the index.
    reference = np.where(observed[..., :OFFSETS] < 0, -1, 1)
    flipped = observed[..., OFFSETS:].reshape(*observed.shape[:-1], -1, OFFSETS)
    bit = (reference[..., None, :] * flipped).sum(-1) < 0
    assert bit.shape[-1] == BITS - len(HASH[0])
    codes = observed % (1 << 13)
    codes[..., 2 * OFFSETS - 1 :: OFFSETS] += bit.astype(np.int64) << 13
    codes[..., -1] += kind << 14
    return {"codes": codes.reshape(len(x), -1)}
