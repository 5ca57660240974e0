"""RotateKV (Z. Su et al., arXiv:2501.16383): 2 bits into the cache and back.

Back is (q - z)·s, channels in order, H_512/√512."""

import numpy as np
from methods.bench import Near, defines
from methods.definitions.arithmetic import asymmetric, sylvester

STORED = (77 * np.arange(512) + 13) % 512
FACTOR = 46341 / 2**20


@defines("rotatekv_write")
def write(x):
    groups = asymmetric(x.reshape(-1, 128), 2.0**-10, 2, (4, 5))
    return {name: side.reshape(len(x), -1) for name, side in groups.items()}


@defines("rotatekv_read")
def read(packed):
    def group(name):
        return np.repeat(packed[name], 128, axis=1)

    # Held in what 28 bits with 16 fraction bits hold; what scales of keys don't reach.
    values = np.clip((packed["codes"] - group("zero")) * group("scale"), -(2.0**11), 2.0**11 - 2.0**-16)
    keys = np.empty_like(values)
    keys[:, STORED] = values
    rotated = keys @ sylvester(512) / np.sqrt(512)
    # 512 values off by 2^-17 at most, in a sum over √512; the factor's error; half a step of the result.
    error = np.sqrt(512) * 2.0**-17 + np.abs(rotated) * abs(FACTOR * np.sqrt(512) - 1) + 2.0**-11
    return {"codes": Near(rotated, error + 1e-9)}
