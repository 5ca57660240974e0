"""How fast the arithmetic reference is, against the obvious ways to compute the same in NumPy.

    python benchmarks/reference.py [--json] [--frames 128,1024] [--width 16] [--elements 1048576]

Million samples per second of processor time on one thread, best of several interleaved rounds, on
int64 arrays of 16-bit codes.
Every result is compared. Columns:

compute    Fwht.compute: checks and copies its input, then transforms
transform  Fwht.transform alone, on the same kind of array as the plain butterfly
butterfly  the plain butterfly over each index bit, int64, in place
matrix     x @ hadamard(N) in int64, on as many frames as take a moment
blas       the same in float64, exact while results stay below 2^53
"""

import argparse
import json
import os
import platform
import time
from collections.abc import Callable

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before NumPy: BLAS would take every core
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from scipy.linalg import hadamard

from hadacast.format import Format, Ints
from hadacast.spec.fwht import Fwht

MATRIX_PRODUCTS = 1 << 27  # multiplications an int64 matrix product may take
LARGEST_MATRIX = 4096


def butterfly(x: Ints) -> Ints:
    half = 1
    while half < x.shape[-1]:
        pairs = x.reshape(*x.shape[:-1], -1, 2, half)
        a, b = pairs[..., 0, :], pairs[..., 1, :]
        a += b
        b *= -2
        b += a
        half *= 2
    return x


def methods(spec: Fwht) -> dict[str, tuple[Callable[[Ints], Ints], int]]:
    """Each way to compute, and the most frames to give it; it may overwrite its input."""
    result: dict[str, tuple[Callable[[Ints], Ints], int]] = {
        "compute": (spec.compute, 1 << 30),
        "transform": (spec.transform, 1 << 30),
        "butterfly": (butterfly, 1 << 30),
    }
    if spec.frame <= LARGEST_MATRIX:
        integers = hadamard(spec.frame)
        floats = integers.astype(np.float64)
        result["matrix"] = (lambda x: x @ integers, max(MATRIX_PRODUCTS // spec.frame**2, 1))
        result["blas"] = (lambda x: (x.astype(np.float64) @ floats).astype(np.int64), 1 << 30)
    return result


def measure(frame: int, width: int, frames: int, rounds: int) -> dict[str, float]:
    """Million samples a second of each method on `frames` frames."""
    spec = Fwht(frame=frame, input=Format(width=width))
    x = np.random.default_rng(0).integers(
        spec.input.min, spec.input.max, (frames, frame), np.int64, endpoint=True
    )
    expected = butterfly(x.copy())
    contenders = methods(spec)
    best: dict[str, float] = {}
    for _ in range(rounds if frames > 1 else 10 * rounds):
        for name, (method, most) in contenders.items():
            part = x[:most].copy()
            start = time.process_time()
            y = method(part)
            seconds = time.process_time() - start
            if not np.array_equal(y, expected[:most]):
                raise SystemExit(f"{name} is wrong at N = {frame}")
            best[name] = max(best.get(name, 0.0), part.size / max(seconds, 1e-9) / 1e6)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description="Speed of the arithmetic reference.")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--frames", default="16,128,1024,4096,65536", help="frame lengths N, with commas")
    parser.add_argument("--width", type=int, default=16, help="input bits")
    parser.add_argument("--elements", type=int, default=1 << 20, help="samples in a batch")
    parser.add_argument("--rounds", type=int, default=7, help="rounds, ten times as many for a single frame")
    options = parser.parse_args()
    rows = []
    for frame in map(int, options.frames.split(",")):
        for frames in sorted({1, max(options.elements // frame, 1)}):
            rates = measure(frame, options.width, frames, options.rounds)
            ratios = {
                f"transform / {name}": rates["transform"] / rates[name]
                for name in ("butterfly", "matrix", "blas")
                if name in rates
            }
            rows.append({"frame": frame, "batch": frames, "msamples_per_s": rates, "ratios": ratios})
    if options.json:
        setting = {"python": platform.python_version(), "numpy": np.__version__, "width": options.width}
        print(json.dumps({**setting, "machine": platform.machine(), "results": rows}, indent=1))
    else:
        show(rows)


def show(rows: list[dict]) -> None:
    names = ("compute", "transform", "butterfly", "matrix", "blas")
    print(
        f"{'N':>6}{'batch':>8}", *(f"{name:>10}" for name in names), "  transform / butterfly, matrix, blas"
    )
    for row in rows:
        rates = (f"{row['msamples_per_s'].get(name, float('nan')):10.1f}" for name in names)
        ratios = (f"{ratio:8.2f}" for ratio in row["ratios"].values())
        print(f"{row['frame']:>6}{row['batch']:>8}", *rates, " ", *ratios)


if __name__ == "__main__":
    main()
