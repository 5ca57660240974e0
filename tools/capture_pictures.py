"""Make the sample of pictures: eight of 64 × 64 grey levels, from pictures that anyone may use.

Re-run, in a virtual environment of its own (nothing here is a dependency of hadacast):

    pip install scikit-image==0.26.0
    python tools/capture_pictures.py --out pictures64.npy
    python tools/capture_pictures.py --compare sw_ref/hadacast/samples/pictures64.npy

The wheel of scikit-image carries the pictures: nothing is downloaded after the install. All arithmetic is in
integers, so every machine writes the same file.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from skimage import data

SIZE = 64

# Name of a function of skimage.data, top and left corner and side of the square taken, tiles along a side.
TAKEN = (
    ("camera", 0, 0, 512, 1),
    ("astronaut", 0, 0, 512, 1),
    ("chelsea", 22, 97, 256, 1),
    ("coffee", 8, 110, 384, 1),
    ("camera", 0, 0, 512, 2),
)


def grey(picture: np.ndarray) -> np.ndarray:
    """Luma in thousandths, ITU-R BT.601: 0 to 255,000."""
    weights = np.array([299, 587, 114]) if picture.ndim == 3 else np.array([1000])
    return (np.atleast_3d(picture).astype(np.int64) * weights).sum(axis=-1)


def tiles(name: str, top: int, left: int, side: int, across: int) -> np.ndarray:
    """Square tiles of a picture, (tiles, SIZE·SIZE) bytes, each the mean of a block, rounded half up."""
    square = grey(getattr(data, name)())[top : top + side, left : left + side]
    block = side // (SIZE * across)
    sums = square.reshape(SIZE * across, block, SIZE * across, block).sum(axis=(1, 3))
    levels = (2 * sums + 1000 * block**2) // (2000 * block**2)
    split = levels.reshape(across, SIZE, across, SIZE).swapaxes(1, 2)
    return split.reshape(across**2, SIZE * SIZE).astype(np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, help="write the sample here")
    parser.add_argument("--compare", type=Path, help="tell whether this file holds the same")
    arguments = parser.parse_args()
    found = np.concatenate([tiles(*taken) for taken in TAKEN])
    if arguments.out:
        np.save(arguments.out, found)
    if arguments.compare and not np.array_equal(np.load(arguments.compare), found):
        sys.exit(f"{arguments.compare} differs")
    print(f"{found.shape} {found.dtype}, {found.min()} to {found.max()}")


if __name__ == "__main__":
    main()
