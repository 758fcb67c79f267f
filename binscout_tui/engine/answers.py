"""What the engine says of sets and of counts, beside the predictions of `protocol`: requests, answers, lines."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from binscout_tui.engine.protocol import Crop, ItemId, WireItem, check_crop, check_deadline, decode_as, failed
from binscout_tui.errors import UsageError

LEAST_IN_SET, MOST_IN_SET = 2, 256
Point = tuple[float, float, float]


class SetPicture(msgspec.Struct, frozen=True):
    """One candidate of a set by its path; with a `sha256` the answer is an error when the file holds other bytes."""

    path: Path | str
    sha256: str | None = None


class SetToJudge(msgspec.Struct, frozen=True):
    """The candidates of one set; `id` comes back with the answer."""

    id: ItemId
    images: Sequence[SetPicture]


class WirePicture(msgspec.Struct, frozen=True):
    """A `SetPicture` on its way, as `WireItem`."""

    path: str
    sha256: str | None = None


class WireSet(msgspec.Struct, frozen=True):
    """A `SetToJudge` on its way."""

    id: ItemId
    images: list[WirePicture]


class SuggestRequest(msgspec.Struct, frozen=True):
    """The body of `POST /suggest`; all but `items` as in `PredictRequest`."""

    items: list[WireSet]
    model: str | None = None
    model_sha256: str | None = None
    deadline_s: float = 30.0
    later: bool = False


class CountRequest(msgspec.Struct, frozen=True):
    """The body of `POST /count`; as `PredictRequest`."""

    items: list[WireItem]
    model: str | None = None
    model_sha256: str | None = None
    deadline_s: float = 30.0
    later: bool = False


class SetAnswer(msgspec.Struct, frozen=True):
    """What a model says of one set: which to keep (from 0), shares of 1, how to cut that one, whether it is sure.

    `unreadable` are (place, reason) of pictures that could not be looked at; their share is 0.
    """

    chosen: int | None
    scores: list[float]
    crop: Crop | None
    confident: bool
    unreadable: list[tuple[int, str]] = []
    error: str | None = None


class SetLine(msgspec.Struct, frozen=True):
    """A `SetAnswer` on its way to the client, with the id of the model."""

    id: ItemId
    chosen: int | None
    scores: list[float]
    crop: Crop | None
    confident: bool
    unreadable: list[tuple[int, str]]
    error: str | None
    model: str


class CountAnswer(msgspec.Struct, frozen=True):
    """How many a model counts: `raw` before rounding, `points` (x, y, score) 0..1; no count with an `error`.

    `by_area` is what the covered area alone says, None where nothing is known of it; `doubt` that it says otherwise.
    """

    count: int | None
    raw: float
    points: list[Point]
    error: str | None = None
    by_area: float | None = None
    doubt: bool = False


class CountLine(msgspec.Struct, frozen=True):
    """A `CountAnswer` on its way to the client, with the id of the model."""

    id: ItemId
    count: int | None
    raw: float
    points: list[Point]
    error: str | None
    model: str
    by_area: float | None = None
    doubt: bool = False


def no_choice(sentence: str) -> SetAnswer:
    """The answer for a set of which nothing can be said."""
    return SetAnswer(chosen=None, scores=[], crop=None, confident=False, error=sentence)


def no_count(sentence: str) -> CountAnswer:
    """The answer for a picture in which nothing can be counted: never a zero."""
    return CountAnswer(count=None, raw=0.0, points=[], error=sentence)


FAILED: dict[str, Callable[[str], Any]] = {"classify": failed, "select": no_choice, "count": no_count}
"""{task: the answer that is an error}."""


def decode_suggest(body: bytes) -> SuggestRequest:
    """Raises UsageError (`bad_request`), also for what is no set and deadlines that are no time."""
    request = decode_as(body, SuggestRequest)
    check_deadline(request.deadline_s)
    for item in request.items:
        if not LEAST_IN_SET <= len(item.images) <= MOST_IN_SET:
            raise UsageError(
                f"A set has {LEAST_IN_SET} to {MOST_IN_SET} pictures, not {len(item.images)}.", code="bad_request"
            )
    return request


def decode_count(body: bytes) -> CountRequest:
    """Raises UsageError (`bad_request`), as `decode_predict`."""
    request = decode_as(body, CountRequest)
    check_deadline(request.deadline_s)
    for item in request.items:
        check_crop(item.crop)
    return request


def decode_set_line(text: str) -> SetLine:
    """One line of `POST /suggest`; raises ValueError."""
    return msgspec.convert(json.loads(text), SetLine)


def decode_count_line(text: str) -> CountLine:
    """One line of `POST /count`; raises ValueError."""
    return msgspec.convert(json.loads(text), CountLine)
