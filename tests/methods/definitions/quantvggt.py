"""QuantVGGT (W. Feng et al., arXiv:2509.21302): (x · diag(±1) · H / √N) / c, then 4 bits per token.

Without 1/√N, which is left out. 1/c has 16 significant bits, so is off by 2^-16 of itself at most, and y by
half a step of 2^-10 more.
"""

import numpy as np
from methods.bench import defines
from methods.definitions.arithmetic import near_symmetric, random_signs, sylvester

C = 0.5 + (389 * np.arange(1024) % 1024) / 512


@defines("quantvggt")
def quantvggt(x):
    y = (x * random_signs(7, 1024)) @ sylvester(1024) / C
    error = np.where(y == 0, 0, np.abs(y) * 2.0**-16 + 2.0**-11)
    return near_symmetric(y, error, 7, (0.98, 0.96))
