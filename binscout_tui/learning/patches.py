"""What small patches a part is made of: a dictionary of patches learned from the pictures themselves, without labels.

Coates, Lee and Ng, "An analysis of single-layer networks in unsupervised feature learning" (2011): patches are
brightness-normalised, whitened and put into clusters; a picture is told by how near its patches come to each cluster.
Here the patches are cut from the picture unrolled around its middle, so that a turn of the part only moves them along.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from binscout_tui.learning.features import Features, resized
from binscout_tui.learning.pixels import Pixels
from binscout_tui.learning.rings import SIDE, sampled

RADII, ANGLES = 32, 160  # of the unrolled picture
PATCH, STEP = 8, 2
WORDS = 200
DIRECTIONS = 60  # that whitened patches keep
BANDS = 4  # from the middle outwards, each told on its own
DRAWN = 25  # patches of a picture that the dictionary is learned from
MOST_PICTURES = 2000
FLATNESS = 0.003  # added to the variance of a patch, so that noise is not blown up
WHITENING = 0.1  # of the mean variance, added to each
CHUNK = 16


@dataclass(frozen=True, slots=True)
class Dictionary:
    """`mean` (P,) and `whiten` (P, d) of the normalised patches, `words` (WORDS or fewer, d); all float32."""

    mean: Features
    whiten: Features
    words: Features

    def __call__(self, pixels: Pixels) -> Features:
        """(N, S, S, 3) uint8 RGB to (N, BANDS * words) float32."""
        parts = [self._chunk(pixels[start : start + CHUNK]) for start in range(0, len(pixels), CHUNK)]
        return np.concatenate(parts) if parts else np.zeros((0, BANDS * len(self.words)), np.float32)

    def _chunk(self, pixels: Pixels) -> Features:
        placed = (patches(pixels) - self.mean) @ self.whiten
        square = (placed**2).sum(axis=-1, keepdims=True) + (self.words**2).sum(axis=1)
        distance = np.sqrt(np.maximum(square - 2 * placed @ self.words.T, 0))
        near = np.maximum(distance.mean(axis=-1, keepdims=True) - distance, 0)  # the "triangle" of the paper
        bands = [band.mean(axis=(1, 2)) for band in np.array_split(near, BANDS, axis=1)]
        return np.asarray(np.sqrt(np.concatenate(bands, axis=1)), np.float32)

    def arrays(self) -> dict[str, Features]:
        """The learned numbers by name."""
        return {"mean": self.mean, "whiten": self.whiten, "words": self.words}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Features]) -> Dictionary:
        """The dictionary that `arrays` gave; KeyError or ValueError when they do not belong together."""
        mean, whiten, words = arrays["mean"], arrays["whiten"], arrays["words"]
        if whiten.shape != (len(mean), words.shape[1]) or len(mean) != PATCH * PATCH * 3:
            raise ValueError("the arrays of the dictionary differ in size")
        return cls(mean, whiten, words)


def learn_dictionary(pixels: Pixels, rows: NDArray[np.intp], seed: int = 0) -> Dictionary:
    """The dictionary of the pictures `rows` of `pixels` (N, S, S, 3) uint8."""
    dice = np.random.default_rng(seed)
    if len(rows) > MOST_PICTURES:
        rows = np.sort(dice.choice(rows, MOST_PICTURES, replace=False))
    sample = np.concatenate([_drawn(pixels[rows[start : start + CHUNK]], dice) for start in range(0, len(rows), CHUNK)])
    mean = sample.mean(axis=0)
    variance, directions = np.linalg.eigh(np.cov(sample.T))
    variance, directions = variance[::-1][:DIRECTIONS], directions[:, ::-1][:, :DIRECTIONS]
    whiten = np.asarray(directions / np.sqrt(np.maximum(variance, 0) + WHITENING * variance.mean()), np.float32)
    return Dictionary(np.asarray(mean, np.float32), whiten, _clusters((sample - mean) @ whiten, seed))


def _drawn(pixels: Pixels, dice: np.random.Generator) -> Features:
    found = patches(pixels).reshape(-1, PATCH * PATCH * 3)
    return found[dice.integers(0, len(found), DRAWN * len(pixels))]


def _clusters(sample: Features, seed: int) -> Features:
    """scikit-learn is imported here because only training needs it."""
    from sklearn.cluster import MiniBatchKMeans
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with warnings.catch_warnings(), threadpool_limits(1):  # more threads only wait for each other at this size
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer different patches than words: then some are alike
        found = MiniBatchKMeans(min(WORDS, len(sample)), random_state=seed, n_init=1, batch_size=2048, max_iter=30).fit(
            sample
        )
    return np.asarray(found.cluster_centers_, np.float32)


def patches(pixels: Pixels) -> Features:
    """The normalised patches of unrolled pictures, (N, radii, angles, PATCH * PATCH * 3) float32."""
    channels = np.asarray(resized(pixels, SIDE) / np.float32(255), np.float32)
    unrolled = np.stack([sampled(channels[..., number], RADII, ANGLES) for number in range(3)], axis=-1)
    closed = np.concatenate([unrolled, unrolled[:, :, : PATCH - 1]], axis=2)
    windows = sliding_window_view(closed, (PATCH, PATCH), axis=(1, 2))[:, ::STEP, ::STEP]
    flat = windows.reshape(*windows.shape[:3], -1)
    flat = flat - flat.mean(axis=-1, keepdims=True)
    return np.asarray(flat / np.sqrt((flat**2).mean(axis=-1, keepdims=True) + FLATNESS), np.float32)
