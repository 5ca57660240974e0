"""Double Rounding (H. Huang et al., arXiv:2502.01199): INT8, and INT4 of it."""

import numpy as np
from methods.bench import defines
from methods.definitions.arithmetic import nearest_ratio


@defines("double_rounding_8_4")
def double_rounding(x):
    stored = np.clip(nearest_ratio(x * 1024 * 32, 5 * 1024), -128, 127)  # s = 5/32
    return {"codes": np.clip(nearest_ratio(stored, 2**4), -8, 7)}
