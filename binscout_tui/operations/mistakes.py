"""Looking for labels that are probably wrong: queueing the look, the look itself, and what it leaves in the store."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Literal

import msgspec
import numpy as np

from binscout_tui.errors import ConflictError, NotFoundError
from binscout_tui.learning.features import Features
from binscout_tui.learning.frozen import Described, Kind, Stop, describe_sources
from binscout_tui.learning.mistakes import Opinions, check_labels, find_mistakes, without_company
from binscout_tui.learning.rings import COLOURS, SIDE, WIDTH, describe_parts
from binscout_tui.learning.sources import Pinned
from binscout_tui.store import jobs, models, suspects
from binscout_tui.store.suspects import Labelled, Suspicion
from binscout_tui.workspace import Paths, Workspace

JOB = "suspects"
TASK = "classify"
KEPT = 0.25  # of all images judged: who has gone through so many finds nearly nothing in the rest
LEAST_KEPT = 50
WEIGHTS = {"rings": 1.0, "colour": 0.5, "model": 1.0}
RINGS = Kind("rings-1", SIDE, WIDTH + COLOURS, describe_parts)

FeatureChoice = Literal["rings", "model"]


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What a look was at, and what it found.

    `suspects` labels are in the queue, `disagree` of them because another class is more probable. `alone` are classes
    with images of one source only, which cannot be judged (`unjudged` images in all). `seen` images were among those
    that the model, whose features were used, had learned from with their label, right or wrong.
    """

    images: int
    suspects: int
    disagree: int
    features: str
    unjudged: int
    alone: list[str]
    unreadable: list[str]
    seen: int = 0


def enqueue(db: sqlite3.Connection, uid: int, features: FeatureChoice = "rings") -> int:
    """Queue a look and return its job's id (a store function).

    Raises BinScoutError where nothing can be found, NotFoundError where there is no active model for `model`,
    ConflictError while another look is under way.
    """
    for job in jobs.open_jobs(db):
        if job.kind == JOB:
            raise ConflictError(
                f"Job {job.id} is looking for mistakes already.", hint=f"`binscout jobs show {job.id}`", code="looking"
            )
    found = suspects.sources(db)
    check_labels([label for label, _ in found], [group for _, group in found])
    if features == "model":
        _active(db)
    return jobs.add(db, uid, JOB, {"features": features})


def look(workspace: Workspace, features: FeatureChoice, stop: Stop) -> Look:
    """Judge every label and replace the queue of suspects.

    `stop` is asked with the number of pictures described. Raises what `enqueue` raises, and `frozen.Stopped`.
    """
    found = workspace.db.read(suspects.labelled)
    check_labels([one.label for one in found], [one.group for one in found])
    kinds = _kinds(workspace, features)
    described = _described(workspace.paths, kinds, found, stop)
    unreadable = sorted({index for one in described for index in one.failures})
    rows = [index for index in range(len(found)) if index not in set(unreadable)]
    usable = [found[index] for index in rows]
    check_labels([one.label for one in usable], [one.group for one in usable])
    blocks, weights = _blocks([one.features[rows] for one in described])
    classes, numbers = np.unique([one.class_id for one in usable], return_inverse=True)
    groups = [one.group for one in usable]
    opinions = find_mistakes(blocks, weights, numbers.astype(np.int64), groups)
    name = "+".join(kind.name for kind in kinds)
    suspicions = queue_of(usable, classes.tolist(), opinions)
    kept = workspace.db.insist(suspects.replace, suspicions, name)
    return Look(
        images=len(usable),
        suspects=kept,
        disagree=sum(one.margin < 0.5 for one in suspicions),
        features=name,
        unjudged=int((~opinions.judged).sum()),
        alone=without_company([one.label for one in usable], groups),
        unreadable=[found[index].name for index in unreadable],
        seen=_seen(workspace, usable) if features == "model" else 0,
    )


def queue_of(found: Sequence[Labelled], classes: Sequence[int], opinions: Opinions) -> list[Suspicion]:
    """The most suspect quarter of what was judged, the worst first; `classes` are ids by class number."""
    queue = opinions.queue()
    kept = queue[: max(LEAST_KEPT, int(np.ceil(KEPT * len(queue))))]
    return [
        Suspicion(
            image_id=found[row].image_id,
            class_id=found[row].class_id,
            likely_class_id=classes[int(opinions.likely[row])],
            probability=_share(opinions.probability[row]),
            likely_probability=_share(opinions.likely_probability[row]),
            margin=_share(opinions.margin[row]),
            rank=rank,
        )
        for rank, row in enumerate(kept, 1)
    ]


def _share(number: np.float64) -> float:
    """Sums of rounded shares may miss 0 and 1 by a hair."""
    return float(min(1.0, max(0.0, number)))


def _described(paths: Paths, kinds: Sequence[Kind], found: Sequence[Labelled], stop: Stop) -> list[Described]:
    folder = paths.root / "derived" / "features"
    pinned = [Pinned(paths.root / one.path, one.sha256) for one in found]
    return [describe_sources(folder, kind, pinned, stop) for kind in kinds]


def _blocks(described: Sequence[Features]) -> tuple[list[Features], list[float]]:
    """Features by what they show, and how much each counts."""
    blocks = [described[0][:, :WIDTH], described[0][:, WIDTH:], *described[1:]]
    return blocks, [WEIGHTS["rings"], WEIGHTS["colour"], *[WEIGHTS["model"]] * len(described[1:])]


def _kinds(workspace: Workspace, features: FeatureChoice) -> list[Kind]:
    if features == "rings":
        return [RINGS]
    from binscout_tui.learning.embedding import embedding_kind

    model = workspace.db.read(_active)
    return [RINGS, embedding_kind(workspace.paths.model(model.id), f"{model.id}-{model.sha256[:8]}")]


def _active(db: sqlite3.Connection) -> models.Model:
    model = models.active(db, TASK)
    if model is None:
        raise NotFoundError(
            "There is no active model whose features could be used.",
            hint="Leave --features model out, or train and activate one.",
            code="no_active_model",
        )
    return model


def _seen(workspace: Workspace, found: Sequence[Labelled]) -> int:
    """How many of the images the active model learned from."""
    from binscout_tui.store import datasets, runs

    def learned(db: sqlite3.Connection) -> set[str]:
        model = _active(db)
        return set() if model.run_id is None else datasets.hashes(db, runs.get(db, model.run_id).dataset_id, ["train"])

    hashes = workspace.db.read(learned)
    return sum(one.sha256 in hashes for one in found)


def state(db: sqlite3.Connection) -> dict[str, Any]:
    """When the last look was, by which features, and how many suspects are open."""
    row = db.execute("SELECT at, features FROM suspect LIMIT 1").fetchone()
    return {
        "at": row["at"] if row else None,
        "features": row["features"] if row else None,
        "open": suspects.count(db) if row else 0,
    }
