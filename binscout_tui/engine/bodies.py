"""What the body and the address of a request ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request

from binscout_tui.engine import answers, protocol
from binscout_tui.engine.answers import CountRequest, WirePicture
from binscout_tui.engine.batcher import SetWork, Work
from binscout_tui.engine.protocol import BackgroundRequest, Crop, ItemId, PredictRequest, WireItem
from binscout_tui.errors import BinScoutError, UsageError
from binscout_tui.learning.sources import Pinned


@dataclass(frozen=True)
class Wanted:
    """What a request for answers asks for; `ids[i]` belongs to `works[i]`. See `PredictRequest`."""

    model: str | None
    ids: Sequence[ItemId]
    works: Sequence[Work | SetWork]
    deadline_s: float
    model_sha256: str | None
    later: bool = False


async def read(request: Request, limit: int) -> bytes:
    """The whole body. Raises BinScoutError (`too_large`) as soon as it is longer than `limit` bytes."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise BinScoutError(
                f"The request is longer than {limit} bytes.", hint="Send less at once.", code="too_large"
            )
        parts.append(part)
    return b"".join(parts)


async def read_predict(request: Request) -> Wanted:
    """Items by path as JSON, or one picture as bytes (`Content-Type: image/…`) with the rest in the query.

    Raises UsageError (`bad_request`), BinScoutError (`too_large`).
    """
    if request.headers.get("content-type", "").startswith("image/"):
        return await _picture(request)
    return _of_pictures(protocol.decode_predict(await read(request, protocol.MAX_JSON_BYTES)))


async def read_count(request: Request) -> Wanted:
    """Items by path as JSON. Raises as `read_predict`."""
    return _of_pictures(answers.decode_count(await read(request, protocol.MAX_JSON_BYTES)))


async def read_suggest(request: Request) -> Wanted:
    """Sets of pictures by path as JSON. Raises as `read_predict`."""
    wanted = answers.decode_suggest(await read(request, protocol.MAX_JSON_BYTES))
    works = [SetWork(tuple(_source(one) for one in item.images)) for item in wanted.items]
    ids = [item.id for item in wanted.items]
    return Wanted(wanted.model, ids, works, wanted.deadline_s, wanted.model_sha256, wanted.later)


def _of_pictures(wanted: PredictRequest | CountRequest) -> Wanted:
    works = [Work(_source(item), item.crop) for item in wanted.items]
    ids = [item.id for item in wanted.items]
    return Wanted(wanted.model, ids, works, wanted.deadline_s, wanted.model_sha256, wanted.later)


async def read_background(request: Request) -> BackgroundRequest:
    """A picture to cut out. Raises UsageError (`bad_request`), BinScoutError (`too_large`)."""
    wanted = protocol.decode_background(await read(request, protocol.MAX_JSON_BYTES))
    _absolute(wanted.path)
    return wanted


async def _picture(request: Request) -> Wanted:
    query = request.query_params
    crop = _crop(query["crop"]) if "crop" in query else None
    try:
        deadline = float(query.get("deadline_s", "30"))
    except ValueError as error:
        raise UsageError("deadline_s must be a number of seconds.", code="bad_request") from error
    protocol.check_deadline(deadline)
    content = await read(request, protocol.MAX_PICTURE_BYTES)
    if not content:
        raise UsageError("The request carries no picture.", code="bad_request")
    works = [Work(content, crop)]
    return Wanted(query.get("model") or None, [query.get("id", "")], works, deadline, query.get("model_sha256") or None)


def _crop(text: str) -> Crop:
    try:
        x1, y1, x2, y2 = (float(part) for part in text.split(","))
    except ValueError as error:
        raise UsageError("crop must be x1,y1,x2,y2.", code="bad_request") from error
    protocol.check_crop((x1, y1, x2, y2))
    return x1, y1, x2, y2


def _source(item: WireItem | WirePicture) -> Path | Pinned:
    path = _absolute(item.path)
    return path if item.sha256 is None else Pinned(path, item.sha256)


def _absolute(name: str) -> Path:
    path = Path(name)
    if not path.is_absolute():
        raise UsageError(f"{name!r} is not an absolute path.", code="bad_request")
    return path
