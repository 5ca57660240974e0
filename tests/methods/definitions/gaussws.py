"""The cast of Gaussian weight sampling (M. Ahn and S. Yoo, arXiv:2505.11170): MX FP6, without the noise."""

import numpy as np
from methods.bench import defines
from methods.definitions.grids import nearest


@defines("gaussws_fp6")
def gaussws(x):
    amax = np.abs(x).max(axis=1, keepdims=True)
    power = np.where(amax == 0, -127, np.frexp(amax)[1] - 1 - 4)
    magnitude = np.ldexp(np.abs(x), -np.where(amax == 0, 0, power))
    # Exact: |x| has steps of 2^-10, and scales are down to 2^-14.
    codes = np.sign(x) * nearest(
        (magnitude * 2**12).astype(np.int64), 2**12, mantissa=2, least=-2, largest=28
    )
    return {"codes": codes, "scale": np.ldexp(1.0, power[:, 0])[:, None]}
