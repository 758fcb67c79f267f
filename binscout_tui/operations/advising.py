"""What would be chosen of some pictures, as an answer to a question. Nothing is written down."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from binscout_tui.engine.client import SetPicture
from binscout_tui.errors import BinScoutError, UsageError
from binscout_tui.imaging.grouping.focus import shares
from binscout_tui.imaging.names import display_name
from binscout_tui.imaging.outcomes import Decoded, Outcome, Rejected
from binscout_tui.imaging.pool import DecodePool
from binscout_tui.imaging.scan import Skipped, scan
from binscout_tui.operations import choosing
from binscout_tui.operations.choosing import candidates
from binscout_tui.operations.importing import decode_limits
from binscout_tui.operations.looking import focus_at
from binscout_tui.operations.predicting import examined
from binscout_tui.operations.report import Rejection
from binscout_tui.operations.suggesting import LEAST, SHARPEST, best_of, scores_of
from binscout_tui.store import sets
from binscout_tui.store.models import Model
from binscout_tui.workspace import LiveWorkspace, Workspace


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of one set's images.

    `scores` are shares of 1 by path or by image id, None for what cannot be looked at, and `chosen` the one with the
    highest, None where fewer than two can be compared. `crop` is a box 0..1, `by` a model's id or a rule's name. `sure`
    is whether a model would suggest that by itself, None for a rule.
    """

    chosen: str | int | None
    scores: dict[str, float | None]
    crop: sets.Box | None
    by: str
    rejected: list[Rejection] = []
    sure: bool | None = None


async def model_on_set(workspace: LiveWorkspace, set_id: int) -> Advice | None:
    """What the active model says of a set of the workspace; None without one. Writes nothing. Raises NotFoundError."""
    model = await choosing.active(workspace)
    if model is None:
        return None
    found = candidates(await workspace.db.read(sets.get, set_id))
    usable = [one for one in found if one.health == "ok" and one.examined]
    pictures = {str(one.id): SetPicture(workspace.paths.original(one), one.sha256) for one in usable}
    names = {str(one.id): one.id for one in usable}
    return await _of_model(workspace, model, [str(one.id) for one in found], pictures, names, [])


async def model_on_files(workspace: LiveWorkspace, paths: Sequence[Path]) -> Advice | None:
    """What the active model says of files, as `advise_files`; None without one. Raises UsageError, BinScoutError."""
    model = await choosing.active(workspace)
    if model is None:
        return None
    outcomes = await asyncio.to_thread(examined, paths, decode_limits(workspace.settings.importing))
    _must_be_a_set(outcomes)
    pictures = {
        display_name(one.path): SetPicture(one.path.absolute(), one.sha256)
        for one in outcomes
        if isinstance(one, Decoded)
    }
    names = {key: key for key in pictures}
    return await _of_model(
        workspace, model, [display_name(one.path) for one in outcomes], pictures, names, _rejected(outcomes)
    )


async def _of_model(
    workspace: LiveWorkspace,
    model: Model,
    keys: Sequence[str],
    pictures: Mapping[str, SetPicture],
    names: Mapping[str, str | int],
    rejected: list[Rejection],
) -> Advice:
    """`keys` are all candidates, `pictures` those that can be looked at, `names` what they are called as the choice."""
    scores: dict[str, float | None] = dict.fromkeys(keys)
    if len(pictures) < LEAST:
        return Advice(chosen=None, scores=scores, crop=None, by=model.id, rejected=rejected, sure=False)
    line = await choosing.ask(workspace, model, list(pictures.values()))
    if line.error is not None or line.chosen is None:
        raise BinScoutError(f"{model.id} could not judge the set: {line.error}", code="no_answer")
    scores.update(zip(pictures, (round(score, 4) for score in line.scores), strict=True))
    for place, reason in line.unreadable:
        scores[list(pictures)[place]] = None
        rejected = [*rejected, Rejection(list(pictures)[place], "unreadable", reason)]
    chosen = names[list(pictures)[line.chosen]]
    return Advice(chosen=chosen, scores=scores, crop=line.crop, by=model.id, rejected=rejected, sure=line.confident)


def advise_set(workspace: Workspace, set_id: int) -> Advice:
    """What is said of a set of the workspace, looked at now. Writes nothing. Raises NotFoundError."""
    scores = scores_of(workspace.paths, candidates(workspace.db.read(sets.get, set_id)))
    return _advice({str(one): score for one, score in scores.items()}, best_of(scores))


def advise_files(workspace: Workspace, paths: Sequence[Path]) -> Advice:
    """What is said of files, and of all pictures in folders, as if they were one set.

    Every file is decoded in a guarded worker. Raises UsageError for fewer than two files.
    """
    with tempfile.TemporaryDirectory(prefix="binscout-") as folder:
        previews = Path(folder)
        outcomes = _examined(workspace, paths, previews)
        _must_be_a_set(outcomes)
        focus = {
            display_name(one.path): None if isinstance(one, Rejected) else focus_at(previews, one.sha256)
            for one in outcomes
        }
    scores = dict(zip(focus, shares(list(focus.values())), strict=True))
    return _advice(scores, best_of(scores), _rejected(outcomes))


def _must_be_a_set(outcomes: Sequence[Outcome]) -> None:
    if len(outcomes) < LEAST:
        raise UsageError(
            f"{'One picture is' if outcomes else 'Nothing is'} no choice; a set has at least two.",
            hint="Name all pictures of one set, or its folder.",
            code="small_set",
        )


def _rejected(outcomes: Sequence[Outcome]) -> list[Rejection]:
    return [
        Rejection(display_name(one.path), str(one.code), one.reason) for one in outcomes if isinstance(one, Rejected)
    ]


def _examined(workspace: Workspace, paths: Sequence[Path], previews: Path) -> list[Outcome]:
    entries = [entry for entry in scan(paths) if not isinstance(entry, Skipped)]
    with DecodePool(previews, decode_limits(workspace.settings.importing)) as pool:
        decoded = pool.run(entry.path for entry in entries if not isinstance(entry, Rejected))
        return [entry if isinstance(entry, Rejected) else next(decoded) for entry in entries]


def _advice(scores: dict[str, float | None], chosen: str | int | None, rejected: Sequence[Rejection] = ()) -> Advice:
    rounded = {key: None if score is None else round(score, 4) for key, score in scores.items()}
    return Advice(chosen=chosen, scores=rounded, crop=None, by=SHARPEST, rejected=list(rejected))
