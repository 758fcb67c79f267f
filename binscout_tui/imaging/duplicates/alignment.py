"""How one picture lies in another: a quarter turn or mirroring, a scale and a shift. From marks, or from the frame."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from binscout_tui.imaging.duplicates.marks import Marks

ALIKE_BITS = 14  # of a word's 61
CLOSE = 0.04  # of the longer side: how far apart two marks may say that the picture lies
SCALES = (0.2, 5.0)
_STEPS = 12
_STILL = 0.01  # pixels


class Pose(NamedTuple):
    """Where a place of one picture lies in the other, in pixels.

    The one is turned by `turn` first (4 transposed, then 2 upside down, 1 mirrored); then x' = sx * x + tx, and y'
    likewise.
    """

    turn: int
    sx: float
    sy: float
    tx: float
    ty: float


class Aligned(NamedTuple):
    """`pose` of the first in the second, and how like they are where both are: `likeness` -1..1."""

    pose: Pose
    likeness: float


def turned(picture: NDArray[np.float64], turn: int) -> NDArray[np.float64]:
    """A picture (..., H, W) turned as `Pose.turn` says."""
    if turn & 4:
        picture = picture.swapaxes(-1, -2)
    if turn & 2:
        picture = picture[..., ::-1, :]
    return picture[..., ::-1] if turn & 1 else picture


def framed(size: tuple[int, int], other: tuple[int, int], turn: int) -> Pose:
    """The pose of a whole picture of `size` (width, height) that fills the `other` whole."""
    width, height = size[::-1] if turn & 4 else size
    sx, sy = other[0] / width, other[1] / height
    return Pose(turn, sx, sy, (sx - 1) / 2, (sy - 1) / 2)


def from_marks(one: Marks, size: tuple[int, int], other: Marks, most: int = 3) -> list[Pose]:
    """The poses on which the most marks of both agree, the best first; at least two marks must."""
    bits = np.bitwise_count(one.words[:, None] ^ other.words[None, :])
    first, second = np.nonzero(bits <= ALIKE_BITS)
    if len(first) < 2:
        return []
    if len(first) > 400:
        best = np.argsort(bits[first, second], kind="stable")[:400]
        first, second = first[best], second[best]
    return _agreed(*_proposed(one, size, other, first, second), max(size), most)


Proposed = tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]


def _proposed(
    one: Marks, size: tuple[int, int], other: Marks, first: NDArray[np.int64], second: NDArray[np.int64]
) -> Proposed:
    """What each pair of marks says: turn, scale, tx, ty, all (M,)."""
    turn = _BETWEEN[one.turns[first], other.turns[second]]
    x, y = one.places[first, 0].astype(np.float64), one.places[first, 1].astype(np.float64)
    width, height = np.full(len(first), size[0] - 1.0), np.full(len(first), size[1] - 1.0)
    transposed = (turn & 4) > 0
    x, y = np.where(transposed, y, x), np.where(transposed, x, y)
    width, height = np.where(transposed, height, width), np.where(transposed, width, height)
    y = np.where((turn & 2) > 0, height - y, y)
    x = np.where((turn & 1) > 0, width - x, x)
    scale = other.places[second, 2].astype(np.float64) / one.places[first, 2]
    return turn, scale, other.places[second, 0] - scale * x, other.places[second, 1] - scale * y


def _agreed(
    turn: NDArray[np.int64],
    scale: NDArray[np.float64],
    tx: NDArray[np.float64],
    ty: NDArray[np.float64],
    longest: int,
    most: int,
) -> list[Pose]:
    near = turn[:, None] == turn[None]
    near &= np.abs(np.log(scale[:, None] / scale[None])) < 0.2
    # Where a mark says a corner lies shakes with its scale, so the shifts may differ by more than the places do.
    near &= np.abs(tx[:, None] - tx[None]) < 3 * CLOSE * longest
    near &= np.abs(ty[:, None] - ty[None]) < 3 * CLOSE * longest
    poses: list[Pose] = []
    left = np.ones(len(turn), dtype=bool)
    while len(poses) < most:
        votes = (near & left[None]).sum(axis=1) * left
        leader = int(votes.argmax())
        if votes[leader] < 2:
            break
        friends = near[leader] & left
        middle = [float(np.median(values[friends])) for values in (scale, tx, ty)]
        poses.append(Pose(int(turn[leader]), middle[0], middle[0], middle[1], middle[2]))
        left &= ~friends
    return poses


def _compose() -> NDArray[np.int64]:
    """(8, 8): the turn that brings a patch lying as the first to where one lies as the second."""
    sample = np.arange(6.0).reshape(2, 3) ** 2
    table = np.zeros((8, 8), dtype=np.int64)
    for one in range(8):
        for other in range(8):
            for turn in range(8):
                # Both patches are brought to one and the same way to lie.
                if np.array_equal(_upright(turned(_lying(sample, one), turn), other), sample):
                    table[one, other] = turn
    return table


def _upright(patch: NDArray[np.float64], turn: int) -> NDArray[np.float64]:
    """As a word is made: transposed first, then mirrored."""
    return turned(patch, turn)


def _lying(upright: NDArray[np.float64], turn: int) -> NDArray[np.float64]:
    """What `_upright` makes `upright` of."""
    if turn & 1:
        upright = upright[..., ::-1]
    if turn & 2:
        upright = upright[..., ::-1, :]
    return upright.swapaxes(-1, -2) if turn & 4 else upright


_BETWEEN = _compose()


def refined(one: NDArray[np.float64], other: NDArray[np.float64], start: Pose) -> Aligned | None:
    """The pose of grey `one` (H, W) in `other`, made exact from near `start` by Gauss-Newton steps on what both show.

    Brightness and contrast are free. None where it runs away, or too little overlaps.
    """
    return _refined(turned(one, start.turn), other, start)


def _refined(one: NDArray[np.float64], other: NDArray[np.float64], pose: Pose) -> Aligned | None:
    down, right = np.gradient(other)
    for _ in range(_STEPS):
        seen = sampled(np.stack([other, down, right]), pose, one.shape)
        if seen is None:
            return None
        (values, slope_y, slope_x), inside = seen
        y, x = np.nonzero(inside)
        ours = one[inside]
        # other(pose(place)) = gain * ours + offset, solved for the four of the pose and the two of the light.
        sides = np.stack([slope_x * x, slope_x, slope_y * y, slope_y, -ours, -np.ones_like(ours)], axis=1)
        solved, *_ = np.linalg.lstsq(sides.T @ sides + 1e-9 * np.eye(6), -(sides.T @ values), rcond=None)
        pose = Pose(pose.turn, pose.sx + solved[0], pose.sy + solved[2], pose.tx + solved[1], pose.ty + solved[3])
        if not (SCALES[0] < pose.sx < SCALES[1] and SCALES[0] < pose.sy < SCALES[1]):
            return None
        if max(abs(solved[0]) * one.shape[1], abs(solved[2]) * one.shape[0], abs(solved[1]), abs(solved[3])) < _STILL:
            break
    seen = sampled(other[None], pose, one.shape)
    if seen is None:
        return None
    values, inside = seen
    return Aligned(pose, likeness(values[0], one[inside]))


def likeness(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """The correlation of two lists of values, 0 where one is flat."""
    one, other = one - one.mean(), other - other.mean()
    norm = float(np.sqrt((one @ one) * (other @ other)))
    return float(one @ other) / norm if norm > 1e-6 else 0.0


LEAST_OVERLAP = 0.3
Sampled = tuple[NDArray[np.float64], NDArray[np.bool_]]


def sampled(planes: NDArray[np.float64], pose: Pose, shape: tuple[int, ...]) -> Sampled | None:
    """`planes` (C, H, W) at the places of a picture of `shape` that lies in them by `pose` (its turn aside).

    Values (C, M) of the places that lie inside, and (h, w) which those are. None where less than 0.3 of them do.
    """
    height, width = planes.shape[1:]
    rows, columns = pose.sy * np.arange(shape[0]) + pose.ty, pose.sx * np.arange(shape[1]) + pose.tx
    row_in, column_in = (rows >= 0) & (rows <= height - 1), (columns >= 0) & (columns <= width - 1)
    if row_in.sum() * column_in.sum() < LEAST_OVERLAP * shape[0] * shape[1] or not (row_in.any() and column_in.any()):
        return None
    values = _weights(rows[row_in], height) @ planes @ _weights(columns[column_in], width).T
    inside = row_in[:, None] & column_in[None]
    return values.reshape(len(planes), -1), inside


def _weights(places: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """(places, length): how much each sample counts between samples."""
    whole = np.clip(places.astype(np.int64), 0, max(0, length - 2))
    share = places - whole
    weights = np.zeros((len(places), length))
    index = np.arange(len(places))
    weights[index, whole] = 1 - share
    weights[index, np.minimum(whole + 1, length - 1)] += share
    return weights
