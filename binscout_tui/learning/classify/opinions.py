"""What answers beside a network, or instead of one: linear heads on descriptors of the picture.

A small network from scratch and the descriptors are wrong about different pictures, so together they are right more
often than any of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from binscout_tui.learning.circles import describe_circles
from binscout_tui.learning.features import Features, describe_pictures
from binscout_tui.learning.linear import LinearHead, Views, fit_head
from binscout_tui.learning.metrics import Floats, Ints
from binscout_tui.learning.patches import Dictionary, learn_dictionary
from binscout_tui.learning.pixels import Pixels

GRADIENTS, CIRCLES, PATCHES = "gradients", "circles", "patches"
KINDS = (GRADIENTS, CIRCLES, PATCHES)
TURNS = {GRADIENTS: 4, CIRCLES: 1, PATCHES: 1}  # quarter turns learned from and averaged; the others mind no turn
MOST_IMAGES = 5000  # a linear head learns little more from the rest, and its fit would take minutes
CHUNK = 256

Describe = Callable[[Pixels], Features]


@dataclass(frozen=True, slots=True)
class Opinion:
    """A head on the descriptor `kind`, averaged over `turns` quarter turns; `dictionary` is that of PATCHES."""

    kind: str
    turns: int
    head: LinearHead
    dictionary: Dictionary | None = None

    def probabilities(self, pixels: Pixels) -> Floats:
        """(N, C) for (N, S, S, 3) uint8 squares."""
        describe = describer(self.kind, self.dictionary)
        starts = range(0, len(pixels), CHUNK)
        parts = [
            self.head.probabilities(turned(describe, pixels[start : start + CHUNK], self.turns)) for start in starts
        ]
        return np.concatenate(parts) if parts else np.zeros((0, len(self.head.bias)))

    def arrays(self) -> dict[str, Features]:
        """The fitted numbers by name."""
        learned = {} if self.dictionary is None else self.dictionary.arrays()
        return {**self.head.arrays(), **{f"dictionary.{name}": array for name, array in learned.items()}}

    @classmethod
    def from_arrays(cls, kind: str, turns: int, arrays: Mapping[str, Features]) -> Opinion:
        """The opinion that `arrays` gave; KeyError or ValueError when they do not belong together."""
        if kind not in KINDS:
            raise ValueError(f"there is no descriptor {kind!r}")
        prefix = "dictionary."
        learned = {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
        dictionary = Dictionary.from_arrays(learned) if kind == PATCHES else None
        return cls(kind, turns, LinearHead.from_arrays(arrays), dictionary)


def describer(kind: str, dictionary: Dictionary | None) -> Describe:
    """What turns squares of pixels into the features of `kind`."""
    if kind == PATCHES:
        assert dictionary is not None
        return dictionary
    return describe_circles if kind == CIRCLES else describe_pictures


def turned(describe: Describe, pixels: Pixels, turns: int) -> list[Features]:
    """The descriptors of the first `turns` quarter turns of `pixels`."""
    return [describe(np.ascontiguousarray(np.rot90(pixels, turn, (1, 2)))) for turn in range(turns)]


@dataclass(frozen=True, slots=True)
class Lesson:
    """All pictures (N, S, S, 3) uint8 with their class numbers (N,), and which of them are for what."""

    pixels: Pixels
    labels: Ints
    train: NDArray[np.intp]
    val: NDArray[np.intp]
    classes: int
    seed: int = 0

    def views(self, describe: Describe, rows: NDArray[np.intp], turns: int) -> Views:
        """The features of the pictures `rows` in `turns` quarter turns."""
        chunks = [
            turned(describe, self.pixels[rows[start : start + CHUNK]], turns) for start in range(0, len(rows), CHUNK)
        ]
        joined: Sequence[Features] = [np.concatenate([chunk[turn] for chunk in chunks]) for turn in range(turns)]
        return Views(joined if chunks else [], self.labels[rows])


def fit_opinion(lesson: Lesson, kind: str, turns: int | None = None) -> tuple[Opinion, float]:
    """Learn one opinion; also the strength of regularisation that was best on the validation pictures."""
    turns = TURNS[kind] if turns is None else turns
    train = some(lesson.train, lesson.seed)
    dictionary = learn_dictionary(lesson.pixels, train, lesson.seed) if kind == PATCHES else None
    describe = describer(kind, dictionary)
    head, strength = fit_head(
        lesson.views(describe, train, turns), lesson.views(describe, lesson.val, turns), lesson.classes
    )
    return Opinion(kind, turns, head, dictionary), strength


def some(rows: NDArray[np.intp], seed: int) -> NDArray[np.intp]:
    """At most MOST_IMAGES of `rows`, in order."""
    if len(rows) <= MOST_IMAGES:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, MOST_IMAGES, replace=False))
