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

# What is taken out first: coefficients that their bins show by so much of their amplitude on average.
CLEAR = 0.6


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
    tests are made there, until nothing changes. Several coefficients can look like one; so one is believed
    only if the bins of all groups together have less energy without it. At last all amplitudes are fitted
    together by least squares, and the same tests say whether the bins are empty without them.

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
            if not self._take(singles, found):
                break
            rounds += 1
            kind, bits = spec.tests(self.left)
            index = spec.index(bits)
        return found, rounds

    def _take(self, index: Ints, found: dict[int, float]) -> bool:
        """Take coefficients out of their bins: all that most of their bins show, or, where there is none, the
        one or the two without which there is less energy; whether there were any.

        Two that cancel each other nearly in other bins show only together.
        """
        bins, signs = self.bins(index), self.signs(index)
        values = self.left[self.group, bins]
        means = (values * signs).mean(-1)
        # Amplitudes as the bin shows them that has the least beside it.
        rest = (values * values).mean(-1) - means * means
        a = means[np.arange(len(index)), rest.argmin(-1)]
        large = a * a > self.spec.zero
        index, bins, signs, means, a = index[large], bins[large], signs[large], means[large], a[large]
        chosen = np.flatnonzero(means.mean(-1) / a > CLEAR)
        if not len(chosen) and len(index):
            # How much less energy, as a share of what coefficients with nothing beside them take along: for
            # each pair, and on the diagonal for one alone.
            alone = a * (2 * means.mean(-1) - a)
            both = alone + alone[:, None] - 2 * a * a[:, None] * self._overlap(bins, signs).mean(-1)
            share = both / (a * a + (a * a)[:, None])
            np.fill_diagonal(share, alone / (a * a))
            best = np.unravel_index(share.argmax(), share.shape)
            chosen = np.unique(best) if share[best] > 0 else chosen
        for i in chosen:
            self.left[self.group, bins[i]] -= a[i] * signs[i]
            found[int(index[i])] = found.get(int(index[i]), 0.0) + float(a[i])
        return len(chosen) > 0

    def _overlap(self, bins: Ints, signs: Reals) -> Reals:
        """(K, K, C) the mean of the products of two coefficients' signs, 0 in different bins."""
        same = bins[:, None] == bins
        return same * np.einsum("acd,bcd->abc", signs, signs, optimize=True) / self.spec.delays

    def fit(self, index: Ints, values: Reals) -> tuple[Reals, Reals]:
        """Amplitudes with the least squares of what is left of `values`, and that."""
        bins, signs = self.bins(index), self.signs(index)
        gram = self._overlap(bins, signs).sum(-1)
        seen = (values[self.group, bins] * signs).mean(-1).sum(-1)
        amplitude = np.linalg.lstsq(gram, seen, rcond=None)[0]
        left = values.copy()
        np.subtract.at(left, (self.group, bins), amplitude[:, None, None] * signs)
        return amplitude, left
