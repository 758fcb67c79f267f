"""Asking a second model beside the active one, and what comes of it. Its words are never suggestions."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable

import msgspec

from binscout_tui.engine.protocol import DEADLINE, PredictItem
from binscout_tui.errors import NotFoundError
from binscout_tui.learning.gate import sign_test
from binscout_tui.operations.engines import engine, unchanged
from binscout_tui.store import jobs, models, shadows
from binscout_tui.store.images import Image
from binscout_tui.store.models import Model
from binscout_tui.store.predictions import Prediction
from binscout_tui.store.shadows import TASK, Pair, Tally
from binscout_tui.workspace import LiveWorkspace

JOB = "shadow"
BATCH = 32
Stop = Callable[[int], bool]


class Disagreement(msgspec.Struct, frozen=True, kw_only=True):
    """An image of which both say different things; `right` says who was, as far as a person has labelled it since."""

    image_id: int
    name: str
    active: str | None
    active_score: float
    shadow: str | None
    shadow_score: float
    truth: str | None
    right: str | None


class ShadowReport(msgspec.Struct, frozen=True, kw_only=True):
    """Two models on the same unlabelled images.

    `agree` of `n` got the same word from both, `failed` none from the shadow. Of the `labelled` ones each model had
    `active_right` and `shadow_right`; `p` is the chance of at least this difference where both are equally good (exact
    two-sided McNemar test), None without labels.
    """

    active: str
    shadow: str
    n: int
    failed: int
    agree: int
    labelled: int
    active_right: int
    shadow_right: int
    p: float | None
    disagreements: list[Disagreement]


async def set_shadow(workspace: LiveWorkspace, model_id: str) -> Model:
    """Ask this model beside the active one from now on, once the engine has loaded it.

    Raises RefusedError for viewers and where there is nothing to compare, NotFoundError, and what the engine says of a
    model that cannot be loaded; then all stays as it was.
    """
    workspace.user.must_be("operator", "Setting a shadow")
    model = await workspace.db.read(models.get, model_id)
    unchanged(workspace, model)
    async with engine(workspace) as client:
        await client.load(model.id, sha256=model.sha256, default=False)
    return await workspace.db.write(shadows.set_shadow, workspace.user.uid, model_id)


async def end_shadow(workspace: LiveWorkspace, task: str = TASK) -> bool:
    """Ask none beside the active model any more; False when none was asked. Raises RefusedError for viewers."""
    workspace.user.must_be("operator", "Setting a shadow")
    return await workspace.db.write(shadows.end_shadow, workspace.user.uid, task)


def enqueue(db: sqlite3.Connection, uid: int) -> int | None:
    """Queue a job that asks the shadow, unless none is set, nothing waits or one is under way (a store function)."""
    model, active = shadows.shadow(db), models.active(db, TASK)
    if model is None or active is None or any(job.kind == JOB for job in jobs.open_jobs(db)):
        return None
    return jobs.add(db, uid, JOB, {}) if shadows.waiting(db, model.id, active.id, limit=1) else None


async def follow(workspace: LiveWorkspace, stop: Stop = lambda done: False) -> int:
    """Ask the shadow about every image that the active model has spoken of; of how many it said something.

    The engine begins with it only when nothing else waits. `stop` is asked with the number done between batches. A
    shadow that is changed or ended meanwhile ends this as well. Raises BinScoutError.
    """
    done = last = 0
    while not stop(done):
        model, active = await workspace.db.read(_both)
        if model is None or active is None:
            return done
        found = await workspace.db.read(shadows.waiting, model.id, active.id, after=last, limit=BATCH)
        if not found:
            return done
        unchanged(workspace, model)
        done += await workspace.db.write(shadows.keep, await _asked(workspace, model, found), active.id)
        last = found[-1].id
    return done


async def _asked(workspace: LiveWorkspace, model: Model, found: list[Image]) -> list[Prediction]:
    items = [PredictItem(one.id, workspace.paths.original(one), sha256=one.sha256) for one in found]
    async with engine(workspace) as client:
        lines = [line async for line in client.predict(model.id, items, sha256=model.sha256, later=True)]
    return [
        Prediction(
            image_id=int(line.id),
            model_id=model.id,
            label=None if line.error else line.label,
            score=None if line.error else line.score,
            unknown=line.unknown,
            error=line.error,
        )
        for line in lines
        if line.error != DEADLINE
    ]


def _both(db: sqlite3.Connection) -> tuple[Model | None, Model | None]:
    return shadows.shadow(db), models.active(db, TASK)


def report(db: sqlite3.Connection) -> ShadowReport:
    """What the shadow and the active model said (a store function). Raises NotFoundError when there is no shadow."""
    found = summary(db)
    if found is None:
        raise NotFoundError(
            "No model is asked beside the active one.",
            hint="`binscout models shadow MODEL` sets one.",
            code="no_shadow",
        )
    return msgspec.structs.replace(found, disagreements=disagreements(shadows.pairs(db, found.shadow, found.active)))


def summary(db: sqlite3.Connection) -> ShadowReport | None:
    """The report without its list, for whoever looks often; None when there is no shadow (a store function)."""
    model, active = _both(db)
    if model is None or active is None:
        return None
    failed = shadows.failures(db, model.id, active.id)
    return counted(active.id, model.id, shadows.tally(db, model.id, active.id), failed)


def counted(active: str, shadow: str, tally: Tally, failed: int) -> ShadowReport:
    """The report on numbers. Pure."""
    won, lost = tally.shadow_right - tally.both_right, tally.active_right - tally.both_right
    return ShadowReport(
        active=active,
        shadow=shadow,
        n=tally.n,
        failed=failed,
        agree=tally.agree,
        labelled=tally.labelled,
        active_right=tally.active_right,
        shadow_right=tally.shadow_right,
        p=min(1.0, 2 * sign_test(max(won, lost), min(won, lost))) if tally.labelled else None,
        disagreements=[],
    )


def disagreements(pairs: Iterable[Pair]) -> list[Disagreement]:
    """Those of whom the two models say different things, with who was right. Pure."""
    return [_disagreement(one) for one in pairs if one.active != one.shadow]


def _right(one: Pair) -> str:
    """`active`, `shadow`, `both` or `neither`; an image of none of the classes is right to be unknown."""
    truth = one.truth or None
    right = [name for name, said in (("active", one.active), ("shadow", one.shadow)) if said == truth]
    return "both" if len(right) == 2 else right[0] if right else "neither"


def _disagreement(one: Pair) -> Disagreement:
    return Disagreement(**msgspec.structs.asdict(one), right=None if one.truth is None else _right(one))
