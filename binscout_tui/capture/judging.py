"""What is to be said of a fresh picture: its own faults, and what earlier captures have to do with it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from binscout_tui.imaging import codes, near, quality
from binscout_tui.imaging.near import HashIndex
from binscout_tui.imaging.outcomes import Decoded
from binscout_tui.imaging.previews import PREVIEW, preview_path
from binscout_tui.imaging.quality import Earlier, Finding
from binscout_tui.settings import QualitySettings
from binscout_tui.store import captures, compartments, images
from binscout_tui.store import near as store_near
from binscout_tui.store.capture_sources import Request
from binscout_tui.store.database import Database

# Comparing two previews costs ten milliseconds; of a burst of a hundred alike one is enough.
MOST_COMPARED = 4


class Judged(msgspec.Struct, frozen=True):
    """What goes into a capture: its checks as they are stored, and the compartment that its codes name."""

    checks: dict[str, Any]
    compartment_id: int | None


class Judge:
    """Knows what earlier captures look like; used by one thread."""

    def __init__(self, previews: Path, thresholds: QualitySettings) -> None:
        self._previews = previews
        self._thresholds = thresholds
        self._index = HashIndex()

    def looks_like(self, db: Database, decoded: Decoded, leaving_out: int | None = None) -> int | None:
        """The newest capture that shows the same, or None. Reads previews: not for inside a transaction."""
        self._grow(db)
        ids = self._index.candidates(decoded.phash)
        if not ids:
            return None
        ours = preview_path(self._previews, decoded.sha256, PREVIEW)
        for capture_id, sha256 in db.read(store_near.comparable, ids, leaving_out)[:MOST_COMPARED]:
            if sha256 != decoded.sha256 and _same(ours, preview_path(self._previews, sha256, PREVIEW)):
                return capture_id
        return None

    def twin(self, decoded: Decoded, earlier: Sequence[Decoded]) -> int | None:
        """The place in `earlier`, which are not captures yet, of the last that shows the same; None where none does."""
        ours = preview_path(self._previews, decoded.sha256, PREVIEW)
        compared = 0
        for place in reversed(range(len(earlier))):
            other = earlier[place]
            if other.sha256 == decoded.sha256 or (other.phash ^ decoded.phash).bit_count() > near.RADIUS:
                continue
            if compared == MOST_COMPARED:
                return None
            compared += 1
            if _same(ours, preview_path(self._previews, other.sha256, PREVIEW)):
                return place
        return None

    def judge(
        self, db: sqlite3.Connection, decoded: Decoded, request: Request | None = None, near_id: int | None = None
    ) -> Judged:
        """All that is to be said of a picture, wanted by `request` or by nobody (a store function)."""
        chosen = None if request is None else _chosen(db, request)
        places = {text: compartments.by_code(db, text) for text in decoded.codes}
        known = {text: place.id for text, place in places.items() if place and place.archived_at is None}
        match = codes.match(decoded.codes, known, chosen)
        found = quality.Checks()
        same = store_near.same_bytes(db, decoded.sha256)
        if decoded.measures is not None:
            earlier = Earlier(
                # Also of what it replaces: a camera that gives the same bytes again took no picture.
                exact=same,
                near=near_id,
                focus=store_near.accepted_focus(db, match.compartment) if match.compartment is not None else (),
            )
            found = quality.checks(decoded.measures, self._thresholds, earlier)
        if before := _seen_before(db, decoded, same):
            found = found.with_finding(before)
        if match.finding is not None:
            found = found.with_finding(match.finding)
        # What a person said goes before what is written on a label in the picture.
        compartment = match.compartment if request is None or _is_open(request) else request.compartment_id
        return Judged(msgspec.to_builtins(found), compartment)

    def _grow(self, db: Database) -> None:
        while True:
            ids, hashes = db.read(store_near.hashes_after, self._index.last)
            if not ids:
                return
            self._index.append(ids, hashes)


def _seen_before(db: sqlite3.Connection, decoded: Decoded, same: int | None) -> Finding | None:
    """What is to be said of an image with these bytes; of one that capture `same` brought, only that it is trash."""
    there = images.by_hash(db, decoded.sha256)
    if there is None:
        return None
    if there.trashed_at is not None:
        said = f"The same picture is in the trash, as image {there.id}: restore it before you accept this one."
    elif same is None:
        said = f"The same picture is in the workspace already, as image {there.id}."
    else:
        return None
    return Finding(check="exact_duplicate", level="warn", value=same, sentence=said)


def _chosen(db: sqlite3.Connection, request: Request) -> int | None:
    """The compartment that the request is about; a retake is of the same one."""
    if request.compartment_id is None and request.replaces is not None:
        return captures.get(db, request.replaces).compartment_id
    return request.compartment_id


def _is_open(request: Request) -> bool:
    """Whether a label in the picture may say where it was taken."""
    return request.item_id is None and request.replaces is None and request.capture_id is None


def _same(preview: Path, other: Path) -> bool:
    try:
        return near.same_picture(preview, other)
    except OSError:
        return False  # a preview that is not there says nothing; previews can be made again
