"""QuantMCU (W. Tao et al., arXiv:2401.13714): a block with an outlier takes 8 bits, another 4."""

import numpy as np
from methods.bench import defines
from methods.definitions.arithmetic import grouped, nearest_ratio


@defines("quantmcu_4_8")
def quantmcu(x):
    blocks = grouped(x, 64) * 1024
    amax = np.abs(blocks).max(axis=2)
    wide = amax > 3.25 * 1024
    largest = np.where(wide, 127, 7)[..., None]
    codes = nearest_ratio(blocks * largest, np.maximum(amax, 1)[..., None])
    # a itself leaves, in steps of the input; of zeros it is one step.
    return {"codes": codes.reshape(x.shape), "scale": np.maximum(amax, 1) / 1024, "wide": wide}
