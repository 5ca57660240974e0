"""Random orthogonal matrices that stand in for learned ones in shipped recipes.

    python tools/orthogonal.py --folder sw_ref/hadacast/recipes

writes them. Each is uniform over the orthogonal group (F. Mezzadri, "How to generate random matrices from
the classical compact groups", Notices of the AMS 54, 2007), from a seed, rounded to float32.
"""

import argparse
from pathlib import Path

import numpy as np

# File, order, seed.
MATRICES = (("flatquant64x64_left.npy", 64, 1), ("flatquant64x64_right.npy", 64, 2))


def orthogonal(order: int, seed: int) -> np.ndarray:
    """An orthogonal matrix of float32."""
    q, r = np.linalg.qr(np.random.default_rng(seed).normal(size=(order, order)))
    return (q * np.sign(np.diag(r))).astype(np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, required=True, help="where the files go")
    folder = parser.parse_args().folder
    for name, order, seed in MATRICES:
        np.save(folder / name, orthogonal(order, seed))
        print(folder / name)


if __name__ == "__main__":
    main()
