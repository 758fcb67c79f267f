"""What a verdict depends on, and what models say of the known-good samples of any task."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from binscout_tui.engine.client import EngineClient, PredictItem, SetPicture, SetToJudge
from binscout_tui.engine.protocol import DEADLINE
from binscout_tui.errors import BinScoutError, NotFoundError
from binscout_tui.imaging.hashes import hamming
from binscout_tui.learning.gate import CountCase, GateCase, GateMeasured, SetCase
from binscout_tui.learning.splits import Split
from binscout_tui.operations.counting import item_of
from binscout_tui.operations.dataset_material import counted_class
from binscout_tui.operations.lookalikes import NEAR_DUPLICATE_BITS
from binscout_tui.settings import GateSettings
from binscout_tui.store import classes, datasets, known_good, models, runs
from binscout_tui.store.images import Image, unsigned
from binscout_tui.store.known_good import KnownCount, KnownGood, KnownSet, Listed, identity
from binscout_tui.store.models import Basis, Model
from binscout_tui.workspace import Paths

REPLAYED = 3
CLOSE = 1e-3
"""How far numbers may be apart that are the same answer: batches of other sizes round otherwise."""
LEARNED: tuple[Split, ...] = ("train", "val")


@dataclass(frozen=True, slots=True)
class Trial:
    """All that a verdict depends on, as it was at one moment.

    `images` are those of the list by their ids; `leaked` hashes of images that `model` learned, `alike` of known-good
    images that look like one of those, `hidden` what the verdict counts and does not name. `item` is what a model that
    counts learned to count, as the list names it; '' everything, None where nobody knows.
    """

    model: Model
    active: Model | None
    listed: Sequence[Listed]
    images: Mapping[int, Image]
    leaked: set[str]
    alike: set[str]
    basis: Basis
    item: str | None = None
    hidden: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Said:
    """What a model said of all samples, by their identity, and what that cost; `replay` are single answers of a few.

    `repeated` says whether each of those was the same when it was asked again; None without samples.
    """

    lines: Mapping[str, Any]
    measured: GateMeasured
    replay: list[dict[str, Any]]
    repeated: bool | None


def gather(db: sqlite3.Connection, model_id: str, floors: GateSettings) -> Trial:
    """The trial of a model as it is now (a store function). Raises NotFoundError."""
    model = models.get(db, model_id)
    images = known_good.pictures(db, model.task)
    leaked = _leaked(db, model, images.values())
    return Trial(
        model=model,
        active=models.active(db, model.task),
        listed=known_good.listed(db, model.task, concealed=True),
        hidden=known_good.hidden(db, model.task),
        images=images,
        leaked=leaked,
        alike=_alike(db, model, images.values()) - leaked,
        basis=models.basis(db, model_id, floors),
        item=_counts(db, model) if model.task == "count" else None,
    )


def _counts(db: sqlite3.Connection, model: Model) -> str | None:
    """What a model counts: the class of the item of its data set, since the list holds classes."""
    item = item_of(db, model)
    if not item:
        return item
    try:
        return classes.get(db, counted_class(db, item)[1]).name
    except NotFoundError:
        return item


def _leaked(db: sqlite3.Connection, model: Model, listed: Iterable[Image]) -> set[str]:
    """Pictures that the model saw in training or was tuned on; all known-good ones where nobody knows."""
    if model.run_id is None:
        return {image.sha256 for image in listed}
    return datasets.hashes(db, runs.get(db, model.run_id).dataset_id, LEARNED)


def _alike(db: sqlite3.Connection, model: Model, listed: Iterable[Image]) -> set[str]:
    """Known-good pictures that are nearly the same as one that the model learned from, as far as that one is here."""
    if model.run_id is None:
        return set()
    rows = db.execute(
        "SELECT DISTINCT phash FROM dataset_image JOIN image ON image.id = image_id"
        " WHERE dataset_id = ? AND split IN (?, ?) AND phash IS NOT NULL",
        (runs.get(db, model.run_id).dataset_id, *LEARNED),
    )
    learned = np.array([unsigned(row[0]) for row in rows], dtype=np.uint64)
    return {
        image.sha256
        for image in listed
        if image.phash is not None and (hamming(learned, np.uint64(image.phash)) <= NEAR_DUPLICATE_BITS).any()
    }


async def ask_all(client: EngineClient, paths: Paths, model: Model, trial: Trial) -> Said:
    """Load `model` beside the others and ask it about all samples. Raises BinScoutError, also for a busy engine."""
    await client.load(model.id, sha256=model.sha256, default=False)
    if not trial.listed:
        return Said({}, GateMeasured(memory_bytes=await _memory(client, model.id)), [], None)
    some = trial.listed[:REPLAYED]
    once = await replay(client, paths, model, some, trial.images)
    again = await replay(client, paths, model, some, trial.images)
    begun = time.perf_counter()
    lines = {str(line.id): line async for line in ask(client, paths, model, trial.listed, trial.images)}
    seconds = (time.perf_counter() - begun) / sum(_size(entry) for entry in trial.listed)
    measured = GateMeasured(seconds_per_image=seconds, memory_bytes=await _memory(client, model.id))
    return Said(lines, measured, once, not different(once, again))


async def ask(
    client: EngineClient, paths: Paths, model: Model, listed: Sequence[Listed], images: Mapping[int, Image]
) -> AsyncGenerator[Any, None]:
    """One line of the engine an entry; its id is the entry's identity.

    Raises BinScoutError (`engine_busy`) for an entry that it did not come to in time: that says nothing of the model.
    """
    async with aclosing(_lines(client, paths, model, listed, images)) as lines:
        async for line in lines:
            if line.error == DEADLINE:
                raise BinScoutError(
                    f"The engine was too busy to ask {model.id} about all known-good samples.",
                    hint="Try again when it has less to do.",
                    code="engine_busy",
                )
            yield line


def _lines(
    client: EngineClient, paths: Paths, model: Model, listed: Sequence[Listed], images: Mapping[int, Image]
) -> AsyncGenerator[Any, None]:
    if model.task == "select":
        sets = [_set(paths, entry, images) for entry in listed if isinstance(entry, KnownSet)]
        return client.suggest(model.id, sets, sha256=model.sha256)
    pictures = [_picture(paths, entry, images) for entry in listed if not isinstance(entry, KnownSet)]
    if model.task == "count":
        return client.count(model.id, pictures, sha256=model.sha256)
    return client.predict(model.id, pictures, sha256=model.sha256)


def _picture(paths: Paths, entry: KnownGood | KnownCount, images: Mapping[int, Image]) -> PredictItem:
    return PredictItem(entry.sha256, paths.original(images[entry.image_id]), sha256=entry.sha256)


def _set(paths: Paths, entry: KnownSet, images: Mapping[int, Image]) -> SetToJudge:
    return SetToJudge(
        entry.key, [SetPicture(paths.original(images[image_id]), sha256) for image_id, sha256 in entry.images]
    )


def _size(entry: Listed) -> int:
    return len(entry.images) if isinstance(entry, KnownSet) else 1


async def replay(
    client: EngineClient, paths: Paths, model: Model, listed: Sequence[Listed], images: Mapping[int, Image]
) -> list[dict[str, Any]]:
    """What the model says of each sample when it is asked about that one alone."""
    return [
        {"sample": str(line.id), "said": _words(line)}
        for entry in listed
        async for line in ask(client, paths, model, [entry], images)
    ]


def _words(line: Any) -> dict[str, Any]:
    told = msgspec.to_builtins(line)
    return {key: told[key] for key in _TOLD if key in told}


_TOLD = ("label", "score", "unknown", "chosen", "scores", "crop", "confident", "unreadable", "count", "raw", "error")


def different(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> list[str]:
    """The samples of which something else was said; all that only one of both knows are among them."""
    old, new = ({one["sample"]: one["said"] for one in side} for side in (before, after))
    return sorted(key for key in old.keys() | new.keys() if not _same(old.get(key), new.get(key)))


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(_same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, float) or isinstance(b, float):
        return isinstance(a, int | float) and isinstance(b, int | float) and abs(a - b) <= CLOSE * max(1, abs(a))
    return bool(a == b)


async def _memory(client: EngineClient, model_id: str) -> int | None:
    """Bytes that the loaded model takes, as the engine says; None when it does not."""
    health = await client.health() or {}
    return next((model["memory_bytes"] for model in health.get("models", []) if model["id"] == model_id), None)


def class_cases(listed: Sequence[Listed], lines: Mapping[str, Any]) -> list[GateCase]:
    """What a classifier said, beside what is expected."""
    return [
        GateCase(
            image=entry.sha256,
            expected=entry.expected,
            predicted=lines[entry.sha256].label,
            score=lines[entry.sha256].score,
            unknown=lines[entry.sha256].unknown,
            must_pass=entry.must_pass,
            error=lines[entry.sha256].error,
        )
        for entry in listed
        if isinstance(entry, KnownGood)
    ]


def set_cases(listed: Sequence[Listed], lines: Mapping[str, Any]) -> list[SetCase]:
    """What a model said of sets, beside what is expected."""
    return [_set_case(entry, lines[identity(entry)]) for entry in listed if isinstance(entry, KnownSet)]


def _set_case(entry: KnownSet, line: Any) -> SetCase:
    known = line.error is None and line.chosen is not None and line.chosen < len(line.scores)
    # A picture that was passed over makes the choice easier than it is.
    error = line.error or next((reason for _, reason in line.unreadable), None)
    return SetCase(
        key=entry.key,
        images=tuple(sha256 for _, sha256 in entry.images),
        expected=entry.chosen,
        chosen=line.chosen,
        score=line.scores[line.chosen] if known else float("nan"),
        crop=entry.crop,
        said=line.crop,
        must_pass=entry.must_pass,
        error=error,
    )


def count_cases(listed: Sequence[Listed], lines: Mapping[str, Any]) -> list[CountCase]:
    """What a model counted, beside what is expected."""
    return [
        CountCase(
            image=entry.sha256,
            expected=entry.count,
            counted=lines[entry.sha256].count,
            raw=lines[entry.sha256].raw,
            item=entry.item or "",
            must_pass=entry.must_pass,
            error=lines[entry.sha256].error,
        )
        for entry in listed
        if isinstance(entry, KnownCount)
    ]
