"""What client and server say to each other: JSON that also carries file names which are not UTF-8."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from binscout_tui.errors import BinScoutError, UsageError
from binscout_tui.settings import BackgroundSettings

Crop = tuple[float, float, float, float]
ItemId = str | int
T = TypeVar("T")

NDJSON = "application/x-ndjson"
MAX_JSON_BYTES = 16 * 1024 * 1024
MAX_PICTURE_BYTES = 512 * 1024 * 1024
DEADLINE = "deadline"


class PredictItem(msgspec.Struct, frozen=True):
    """A picture to predict. `id` comes back with the answer; `crop` is `x1,y1,x2,y2`, 0..1 of the upright picture.

    With a `sha256` the answer is an error when the file holds other bytes.
    """

    id: ItemId
    path: Path | str
    crop: Crop | None = None
    sha256: str | None = None


class WireItem(msgspec.Struct, frozen=True):
    """A `PredictItem` on its way; undecodable bytes of the absolute `path` are lone surrogates."""

    id: ItemId
    path: str
    crop: Crop | None = None
    sha256: str | None = None


class Answer(msgspec.Struct, frozen=True):
    """What a model says of one picture; `error` is a sentence, or `deadline` when it was not begun in time."""

    label: str | None
    score: float
    probabilities: dict[str, float]
    unknown: bool
    error: str | None = None


class PredictionLine(msgspec.Struct, frozen=True):
    """An answer on its way to the client; `model` is the id of the model that gave it."""

    id: ItemId
    label: str | None
    score: float
    probabilities: dict[str, float]
    unknown: bool
    error: str | None
    model: str


class PredictRequest(msgspec.Struct, frozen=True):
    """The body of `POST /predict`; `deadline_s` counts from the moment at which the items are queued.

    `model_sha256` is what the SHA-256 of the model's weights must be. What may wait `later` is begun only when nothing
    else waits.
    """

    items: list[WireItem]
    model: str | None = None
    model_sha256: str | None = None
    deadline_s: float = 30.0
    later: bool = False


class LoadRequest(msgspec.Struct, frozen=True):
    """The body of `POST /load`; `model_sha256` as in `PredictRequest`.

    Without `default` the model is loaded beside the others and stays there while there is room.
    """

    model: str
    model_sha256: str | None = None
    default: bool = True


class BackgroundRequest(msgspec.Struct, frozen=True):
    """The body of `POST /background`: a picture by absolute path, the SHA-256 of its bytes, and how to cut it out."""

    path: str
    sha256: str
    settings: BackgroundSettings = BackgroundSettings()


def failed(sentence: str) -> Answer:
    """The answer for a picture of which nothing can be said."""
    return Answer(label=None, score=0.0, probabilities={}, unknown=False, error=sentence)


def encode(value: Any) -> bytes:
    """`value` (dicts, lists, structs) as ASCII JSON; lone surrogates stand for undecodable bytes of file names."""
    return json.dumps(msgspec.to_builtins(value), ensure_ascii=True).encode("ascii")


def line(item_id: ItemId, model: str, answer: msgspec.Struct) -> bytes:
    """One line of the NDJSON stream, for an answer of any task."""
    return encode({"id": item_id, **msgspec.structs.asdict(answer), "model": model}) + b"\n"


def decode_line(text: str) -> PredictionLine:
    """The inverse of `line`; raises ValueError."""
    return msgspec.convert(json.loads(text), PredictionLine)


def decode_load(body: bytes) -> LoadRequest:
    """Raises UsageError (`bad_request`)."""
    return decode_as(body, LoadRequest)


def decode_background(body: bytes) -> BackgroundRequest:
    """Raises UsageError (`bad_request`)."""
    return decode_as(body, BackgroundRequest)


def decode_predict(body: bytes) -> PredictRequest:
    """Raises UsageError (`bad_request`), also for crops that are no box and deadlines that are no time."""
    request = decode_as(body, PredictRequest)
    check_deadline(request.deadline_s)
    for item in request.items:
        check_crop(item.crop)
    return request


def check_deadline(seconds: float) -> None:
    """Raises UsageError (`bad_request`)."""
    if not (math.isfinite(seconds) and seconds > 0):
        raise UsageError("deadline_s must be a number of seconds above 0.", code="bad_request")


def check_crop(crop: Crop | None) -> None:
    """Raises UsageError (`bad_request`)."""
    if crop is None:
        return
    x1, y1, x2, y2 = crop
    if not (0 <= x1 < x2 <= 1 and 0 <= y1 < y2 <= 1):
        raise UsageError(f"{list(crop)} is no crop: 0 <= x1 < x2 <= 1 and 0 <= y1 < y2 <= 1.", code="bad_request")


def error_from(status: int, body: bytes) -> BinScoutError:
    """The error that an answer of the server carries."""
    try:
        error = json.loads(body)["error"]
        return BinScoutError(error["message"], hint=error["hint"], code=error["code"])
    except (ValueError, KeyError, TypeError):
        return BinScoutError(f"The engine answered with status {status} and no reason.", code="engine_protocol")


def error_body(error: BinScoutError) -> dict[str, Mapping[str, str]]:
    """How the server says an error."""
    return {"error": error.as_json()}


def decode_as(body: bytes, kind: type[T]) -> T:
    """The body of a request as `kind`. Raises UsageError (`bad_request`)."""
    try:
        return msgspec.convert(json.loads(body), kind)
    except ValueError as error:
        raise UsageError(f"The request cannot be understood: {error}.", code="bad_request") from error
