"""The spectrum from what the bins say: peeling."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hadacast.errors import HadacastError
from hadacast.format import Ints
from hadacast.sparse.plan import bins_of, delays
from hadacast.spec.bins import EMPTY, SINGLE, Bins
from hadacast.spec.pipeline import Pipeline

Reals = NDArray[np.float64]

# What is taken out first: coefficients that their bins show by so much of their amplitude on average. Above a
# half there is less energy without them.
SHARES = (0.8, 0.5)


@dataclass(frozen=True, kw_only=True)
class Spectrum:
    """A sparse spectrum.

    Members
    -------
    index: (K,) indices of coefficients, rising. amplitude: (K,) what they are, as the input format of the
        bins stage counts.
    complete: whether all bins are empty without them. If not, there is more, or something is wrong.
    rounds: rounds of peeling.
    """

    index: Ints
    amplitude: Reals
    complete: bool
    rounds: int


def recover(spec: Pipeline | Bins, codes: ArrayLike) -> Spectrum:
    """The spectrum of one frame, from the (N,) elements that left the core.

    The core says which bins hold one coefficient, and which. Its amplitude is the mean of the observations
    without their signs. Taken out of its bins of all groups, it leaves others with one coefficient: the same
    tests are made there, until nothing changes. Several coefficients can look like one; so one is
    believed only if the bins of all groups together have less energy without it. At last all amplitudes are
    fitted together by least squares.

    Raises HadacastError where there is no bins stage, or for codes that can't have left it.
    """
    stage = bins_of(spec)
    seen = stage.split(codes)
    if seen.kind.ndim != 2:
        raise HadacastError(f"input has shape {np.shape(codes)}: it must be one frame, ({stage.frame},)")
    peeler = _Peeler(stage, seen.values.astype(np.float64))
    found, rounds = peeler.peel(seen.kind, seen.index)
    index = np.array(sorted(k for k, a in found.items() if a * a > stage.zero), dtype=np.int64)
    amplitude, left = peeler.fit(index, seen.values.astype(np.float64))
    return Spectrum(
        index=index,
        amplitude=amplitude * stage.element.step,
        complete=bool((stage.tests(left)[0] == EMPTY).all()),
        rounds=rounds,
    )


class _Peeler:
    """Bins, and what is still in them."""

    def __init__(self, spec: Bins, values: Reals):
        self.spec = spec
        self.left = values.copy()
        self.delays = delays(spec)
        self.group = np.arange(spec.groups)

    def bins(self, index: Ints) -> Ints:
        """(K, C) the bin of coefficients in each group."""
        return np.stack(
            [sum((index >> q & 1) << bit for bit, q in enumerate(group)) for group in self.spec.hash], axis=-1
        )

    def signs(self, index: Ints) -> Reals:
        """(K, C, D) the signs of coefficients in each observation."""
        return 1.0 - 2.0 * (np.bitwise_count(index[:, None, None] & self.delays) & 1)

    def peel(self, kind: Ints, index: Ints) -> tuple[dict[int, float], int]:
        """Amplitudes by index, and how many rounds it took. `kind`, `index`: (C, B), what the core found."""
        spec, found, rounds = self.spec, dict[int, float](), 0
        # Each round that goes on has less energy in the bins; the limit is for rounding errors.
        while rounds < 4 * spec.bins:
            singles = np.unique(index[kind == SINGLE])
            if not (
                any(self._take(singles, share, found) for share in SHARES) or self._take_all(singles, found)
            ):
                break
            rounds += 1
            kind, bits = spec.tests(self.left)
            index = spec.index(bits)
        return found, rounds

    def _seen(self, where: Ints, sign: Reals) -> tuple[float, float]:
        """A coefficient's amplitude in the bin with the least beside it, and the mean of it in all of its
        bins, as a share of that."""
        values = self.left[self.group, where]
        means = (values * sign).mean(-1)
        a = float(means[np.argmin((values * values).mean(-1) - means * means)])
        return a, float(means.mean()) / a if a * a > self.spec.zero else 0.0

    def _take(self, index: Ints, share: float, found: dict[int, float]) -> bool:
        """Take out the coefficients of which their bins show such a share; whether there were any."""
        changed = False
        for k, where, sign in zip(index.tolist(), self.bins(index), self.signs(index), strict=True):
            a, seen = self._seen(where, sign)
            if seen > share:
                self.left[self.group, where] -= a * sign
                found[k] = found.get(k, 0.0) + a
                changed = True
        return changed

    def _take_all(self, index: Ints, found: dict[int, float]) -> bool:
        """Take out all coefficients together if there is less energy without them; whether there is. Two that
        cancel each other nearly in other bins are found so."""
        bins, signs = self.bins(index), self.signs(index)
        amplitudes = [self._seen(where, sign)[0] for where, sign in zip(bins, signs, strict=True)]
        left = self.left.copy()
        for a, where, sign in zip(amplitudes, bins, signs, strict=True):
            left[self.group, where] -= a * sign
        if not (left * left).sum() < (self.left * self.left).sum():
            return False
        self.left = left
        for k, a in zip(index.tolist(), amplitudes, strict=True):
            found[k] = found.get(k, 0.0) + a
        return True

    def fit(self, index: Ints, values: Reals) -> tuple[Reals, Reals]:
        """Amplitudes with the least squares of what is left of `values`, and that."""
        bins, signs = self.bins(index), self.signs(index)
        same = bins[:, None] == bins
        gram = (same * np.einsum("acd,bcd->abc", signs, signs, optimize=True)).sum(-1)
        observed = values[self.group, bins]
        amplitude = np.linalg.lstsq(gram, (observed * signs).sum((1, 2)), rcond=None)[0]
        left = values.copy()
        np.subtract.at(left, (self.group, bins), amplitude[:, None, None] * signs)
        return amplitude, left
