"""Files that stayed where they were: noticing when they change, go, or come back elsewhere.

Looking at files takes as long as their disk needs, so it happens outside any transaction; only what was seen is
written, and only of images that nobody changed in between.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path

import msgspec

from binscout_tui.operations.originals import hash_of
from binscout_tui.store import examining, images
from binscout_tui.store.examining import File
from binscout_tui.store.images import Image
from binscout_tui.workspace import LiveWorkspace, Workspace

WHAT = "Checking files"
PAGE = 5000
"""Rows that are read while nothing else of the app is."""


class Checked(msgspec.Struct, frozen=True):
    """How many in-place files were looked at, and the ids of those that changed, went, or came back."""

    looked_at: int
    changed: list[int]
    missing: list[int]
    returned: list[int]


class Seen(msgspec.Struct, frozen=True):
    """A file that is not as `image` says: `ok`, `changed` or `missing`; `mtime_ns` when it is proven unchanged."""

    image: Image
    health: str
    mtime_ns: int | None = None


def check(workspace: Workspace) -> Checked:
    """Look at every in-place file, by hash where size or time differ, and note the differences. Needs an operator."""
    workspace.user.must_be("operator", WHAT)
    files = workspace.db.read(examining.files_in_place)
    unlike = unlike_their_rows(files)
    seen = look(workspace.db.read(examining.rows, unlike)) if unlike else []
    return workspace.db.write(note, seen, len(files)) if seen else _nothing(files)


async def check_live(workspace: LiveWorkspace) -> Checked:
    """`check` for the app: the files are looked at in a thread of their own."""
    workspace.user.must_be("operator", WHAT)
    files: list[File] = []
    while page := await workspace.db.read(examining.files_in_place, after=files[-1].id if files else 0, limit=PAGE):
        files += page
    unlike = await asyncio.to_thread(unlike_their_rows, files)
    seen = await asyncio.to_thread(look, await workspace.db.read(examining.rows, unlike)) if unlike else []
    return await workspace.db.write(note, seen, len(files)) if seen else _nothing(files)


def unlike_their_rows(files: Iterable[File]) -> list[int]:
    """The images whose files may be otherwise than noted: of very many files nearly all need no more than this."""
    return [one.id for one in files if one.health != "ok" or not _is_as_noted(one)]


def _is_as_noted(one: File) -> bool:
    try:
        stat = os.stat(one.path)  # noqa: PTH116 - a Path for each of a million files costs more than the look
    except OSError:
        return False
    return (stat.st_size, stat.st_mtime_ns) == (one.size, one.mtime_ns)


def look(everything: Iterable[Image]) -> list[Seen]:
    """The files that are not as their images say."""
    return [seen for image in everything if (seen := _look_at(image)) is not None]


def note(db: sqlite3.Connection, seen: Iterable[Seen], looked_at: int) -> Checked:
    """Write down what was seen (a store function); images that changed since the look are left for the next one."""
    result = Checked(looked_at, [], [], [])
    # What has gone makes room first, so that a file that came back never meets its successor.
    for one in sorted(seen, key=lambda one: one.health == "ok"):
        if images.get(db, one.image.id, concealed=True) != one.image:
            continue
        images.set_health(db, one.image.id, one.health, one.mtime_ns)
        if one.health != one.image.health and one.image.withheld != images.HIDDEN:
            {"changed": result.changed, "missing": result.missing, "ok": result.returned}[one.health].append(
                one.image.id
            )
    return result


def found_again(db: sqlite3.Connection, image: Image, path: Path, mtime_ns: int) -> None:
    """The bytes of an in-place image that had gone were met at `path` (a store function)."""
    if image.storage == "in_place" and image.health != "ok":
        images.relocate(db, image.id, path.absolute(), mtime_ns)


def _look_at(image: Image) -> Seen | None:
    try:
        stat = image.path.stat()
        known = (stat.st_size, stat.st_mtime_ns) == (image.bytes, image.mtime_ns)
        # Of a file that was replaced once, size and time prove nothing: its successor may have both.
        if known and image.health == "ok":
            return None
        same = stat.st_size == image.bytes and hash_of(image.path) == image.sha256
    except OSError:
        return None if image.health == "missing" else Seen(image, "missing")
    if same:
        return Seen(image, "ok", stat.st_mtime_ns)
    return None if image.health == "changed" else Seen(image, "changed")


def _nothing(files: list[File]) -> Checked:
    return Checked(len(files), [], [], [])
