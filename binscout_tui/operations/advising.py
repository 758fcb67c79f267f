"""What would be chosen of some pictures, as an answer to a question. Nothing is written down."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from binscout_tui.errors import UsageError
from binscout_tui.imaging.grouping.focus import shares
from binscout_tui.imaging.names import display_name
from binscout_tui.imaging.outcomes import Outcome, Rejected
from binscout_tui.imaging.pool import DecodePool
from binscout_tui.imaging.scan import Skipped, scan
from binscout_tui.operations.importing import decode_limits
from binscout_tui.operations.looking import focus_at
from binscout_tui.operations.report import Rejection
from binscout_tui.operations.suggesting import LEAST, SHARPEST, best_of, candidates, scores_of
from binscout_tui.store import sets
from binscout_tui.workspace import Workspace


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of one set's images.

    `scores` are shares of 1 by path or by image id, None for what cannot be looked at, and `chosen` the one with the
    highest, None where fewer than two can be compared. `crop` is a box 0..1, `by` a model's id or a rule's name.
    """

    chosen: str | int | None
    scores: dict[str, float | None]
    crop: sets.Box | None
    by: str
    rejected: list[Rejection] = []


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
        if len(outcomes) < LEAST:
            raise UsageError(
                f"{'One picture is' if outcomes else 'Nothing is'} no choice; a set has at least two.",
                hint="Name all pictures of one set, or its folder.",
                code="small_set",
            )
        focus = {
            display_name(one.path): None if isinstance(one, Rejected) else focus_at(previews, one.sha256)
            for one in outcomes
        }
    scores = dict(zip(focus, shares(list(focus.values())), strict=True))
    rejected = [
        Rejection(display_name(one.path), str(one.code), one.reason) for one in outcomes if isinstance(one, Rejected)
    ]
    return _advice(scores, best_of(scores), rejected)


def _examined(workspace: Workspace, paths: Sequence[Path], previews: Path) -> list[Outcome]:
    entries = [entry for entry in scan(paths) if not isinstance(entry, Skipped)]
    with DecodePool(previews, decode_limits(workspace.settings.importing)) as pool:
        decoded = pool.run(entry.path for entry in entries if not isinstance(entry, Rejected))
        return [entry if isinstance(entry, Rejected) else next(decoded) for entry in entries]


def _advice(scores: dict[str, float | None], chosen: str | int | None, rejected: Sequence[Rejection] = ()) -> Advice:
    rounded = {key: None if score is None else round(score, 4) for key, score in scores.items()}
    return Advice(chosen=chosen, scores=rounded, crop=None, by=SHARPEST, rejected=list(rejected))
