"""What two pictures have to do with each other, by their looks."""

from __future__ import annotations

from enum import StrEnum
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from binscout_tui.imaging.duplicates.alignment import (
    Aligned,
    Pose,
    framed,
    from_marks,
    likeness,
    refined,
    sampled,
    turned,
)
from binscout_tui.imaging.duplicates.look import Look

SURE = 0.97  # once this like, other ways to align are not tried
SHAPE = 0.1  # logarithm of the shapes' ratio up to which a picture may be the whole other one
WHOLE = 0.985  # of width and height: less was cut off; an alignment is good to half a pixel of 160
BLOCK = 8
CHANGED = 16.0  # grey values, mean of a block of 8 x 8: something is there that is not in the other
SHOT = 0.95  # likeness below which it is the same scene at most
SCATTERED = 0.15  # share of blocks that differ beyond which it is not one thing that was put there or taken away
ONE_THING = 0.03  # the same of a picture that shows another part too: then the camera moved
MIRRORS = frozenset({1, 2, 4, 7})
COLOURLESS = 3.0
LEVELS = 32
LIGHT = (0.96, 1.04)
SHIFT = 4.0  # grey values by which the light of a copy may differ


class Relation(StrEnum):
    """What a picture is of another one."""

    EXACT = "exact"  # the same bytes
    PIXELS = "pixels"  # the same pixels in another file
    RESIZED = "resized"
    RECOMPRESSED = "recompressed"
    MIRRORED = "mirrored"
    ROTATED = "rotated"
    CROPPED = "cropped"
    GREY = "grey"
    LIGHT = "light"  # brighter, darker, or another contrast
    CHANGED = "changed"  # a part differs: a watermark, or a screw that is gone
    ALIKE = "alike"  # the same scene, not the same shot
    UNPROVED = "unproved"  # perhaps the same: the files could not be read to prove it


class Compared(NamedTuple):
    """How one picture lies in another and what differs; `likeness` is their correlation where both are, 0..1, without a
    thing that was put there or taken away.

    `shares` are how much of the width and height of the one and of the other the two have in common, the smaller of
    both; `gain` and `offset` turn the brightness of the one into the other's. `largest` is the largest difference of
    blocks that remains once light is evened out, in grey values, and `apart` the share of blocks that differ by more
    than `CHANGED`.
    """

    likeness: float
    turn: int
    shares: tuple[float, float]
    gain: float
    offset: float
    largest: float
    apart: float
    grey: bool

    @property
    def may_be_same(self) -> bool:
        """Whether nothing but encoding, size or metadata may differ, as far as small pictures tell."""
        return (
            self.turn == 0
            and min(self.shares) >= WHOLE
            and not self.grey
            and self.largest <= CHANGED
            and LIGHT[0] <= self.gain <= LIGHT[1]
            and abs(self.offset + (self.gain - 1) * 128) <= SHIFT
        )

    @property
    def relation(self) -> Relation:
        """What the one is of the other by what differs most; size and encoding are not looked at."""
        moved = min(self.shares) < WHOLE and self.apart > ONE_THING
        if self.likeness < SHOT or self.apart > SCATTERED or moved:
            return Relation.ALIKE
        if self.turn:
            return Relation.MIRRORED if self.turn in MIRRORS else Relation.ROTATED
        if min(self.shares) < WHOLE:
            return Relation.CROPPED
        if self.grey:
            return Relation.GREY
        if self.largest > CHANGED:
            return Relation.CHANGED
        return Relation.RECOMPRESSED if self.may_be_same else Relation.LIGHT


EQUAL = Compared(likeness=1.0, turn=0, shares=(1.0, 1.0), gain=1.0, offset=0.0, largest=0.0, apart=0.0, grey=False)


def compare(one: Look, other: Look) -> Compared | None:
    """What two pictures have in common; None where neither marks nor the whole frame bring them together."""
    if np.array_equal(one.small, other.small):  # also where a flat picture says nothing of how it lies
        return EQUAL
    ours, theirs = one.small[0].astype(np.float64), other.small[0].astype(np.float64)
    size, room = ours.shape[::-1], theirs.shape[::-1]
    whole = _near_hash(one, other)
    frames = (framed(size, room, turn) for turn in range(8) if whole and _fits(size, room, turn))
    best: Aligned | None = None
    for start in chain(from_marks(one.marks, size, other.marks), frames):
        found = refined(ours, theirs, start)
        if found is not None and (best is None or found.likeness > best.likeness):
            best = found
        if best is not None and best.likeness >= SURE:
            break
    return None if best is None else _compared(one, other, best)


def _near_hash(one: Look, other: Look, bits: int = 10) -> bool:
    return bool((np.bitwise_count(one.hashes[:, None] ^ other.hashes[None]) <= bits).any())


def _fits(size: tuple[int, int], room: tuple[int, int], turn: int) -> bool:
    width, height = size[::-1] if turn & 4 else size
    return bool(abs(np.log(width * room[1] / (height * room[0]))) < SHAPE)


def _compared(one: Look, other: Look, aligned: Aligned) -> Compared:
    pose = aligned.pose
    ours = turned(one.small.astype(np.float64), pose.turn)
    seen = sampled(other.small.astype(np.float64), pose, ours.shape[1:])
    if seen is None:
        raise ValueError("a pose that was refined overlaps")
    values, inside = seen
    rows, columns = inside.any(axis=1), inside.any(axis=0)
    shape = (int(rows.sum()), int(columns.sum()))
    common = ours[:, inside].reshape(3, *shape)
    theirs = values.reshape(3, *shape)
    gain, offset = light(common[0], theirs[0])
    left = np.minimum(
        blocks_of(gain * common[0] + offset - theirs[0]), blocks_of(_relit(common[0], theirs[0]) - theirs[0])
    )
    return Compared(
        likeness=max(aligned.likeness, _apart_from(left, common[0], theirs[0])),
        turn=pose.turn,
        shares=_shares(ours.shape[1:], other.small.shape[1:], pose),
        gain=gain,
        offset=offset,
        largest=float(left.max()),
        apart=float((left > CHANGED).mean()),
        grey=_is_grey(common) != _is_grey(theirs),
    )


def _apart_from(left: NDArray[np.float64], one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """The likeness without blocks that are apart, where they are few: one thing that was put there or taken away.

    A watermark, or a screw that is gone, does not make another shot of a picture.
    """
    apart = left > CHANGED
    if not apart.any() or apart.mean() > SCATTERED:
        return 0.0
    height, width = one.shape[0] // apart.shape[0], one.shape[1] // apart.shape[1]
    kept = np.kron(~apart, np.ones((height, width), dtype=bool))
    inner = (slice(kept.shape[0]), slice(kept.shape[1]))
    return likeness(one[inner][kept], other[inner][kept])


def _shares(ours: tuple[int, ...], theirs: tuple[int, ...], pose: Pose) -> tuple[float, float]:
    """Along which part of its width and height, the smaller of both, each of two sizes (h, w) shows what both show."""
    first, second = 1.0, 1.0
    for mine, other, scale, shift in ((ours[0], theirs[0], pose.sy, pose.ty), (ours[1], theirs[1], pose.sx, pose.tx)):
        # From edge to edge: the middle of the first pixel is at 0.
        low, high = shift - scale / 2, shift + scale * (mine - 0.5)
        common = min(high, other - 0.5) - max(low, -0.5)
        first, second = min(first, common / (high - low)), min(second, common / other)
    return float(first), float(second)


def light(one: NDArray[np.float64], other: NDArray[np.float64]) -> tuple[float, float]:
    """The gain and the offset that turn the brightness of one plane into that of another, by least squares."""
    spread = float(one.var())
    gain = float(((one - one.mean()) * (other - other.mean())).mean()) / spread if spread > 1e-6 else 1.0
    return gain, float(other.mean() - gain * one.mean())


def _relit(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """`one` in the light of `other` by any curve: each level becomes the mean of what the other has there.

    Brightening cuts off what is light already, which no gain can follow.
    """
    level = np.clip(one * (LEVELS / 256), 0, LEVELS - 1).astype(np.int64)
    number = np.bincount(level.ravel(), minlength=LEVELS)
    sums = np.bincount(level.ravel(), weights=other.ravel(), minlength=LEVELS)
    return np.asarray((sums / np.maximum(number, 1))[level])


def blocks_of(difference: NDArray[np.float64], block: int = BLOCK) -> NDArray[np.float64]:
    """The means of blocks of a plane of differences (H, W), without their signs."""
    down, across = max(1, difference.shape[0] // block), max(1, difference.shape[1] // block)
    height, width = difference.shape[0] // down, difference.shape[1] // across
    blocks = difference[: down * height, : across * width].reshape(down, height, across, width)
    return np.asarray(np.abs(blocks.mean(axis=(1, 3))))


def _is_grey(planes: NDArray[np.float64]) -> bool:
    return bool(max(blocks_of(plane - 128).max() for plane in planes[1:]) < COLOURLESS)
