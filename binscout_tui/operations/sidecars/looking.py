"""Looking at a folder for what is wrong with the files beside its pictures; nothing is changed, no link followed."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import msgspec

from binscout_tui.errors import NotFoundError, RefusedError, UsageError
from binscout_tui.imaging.names import display_name
from binscout_tui.operations.files import listing
from binscout_tui.operations.files.listing import PART_PREFIX, Folder
from binscout_tui.operations.files.plan import Refused
from binscout_tui.operations.files.sidecars import is_image, is_sidecar
from binscout_tui.operations.own_files import is_own
from binscout_tui.operations.sidecars import auditing, captions
from binscout_tui.operations.sidecars.auditing import LONGEST, Finding, Names
from binscout_tui.operations.sidecars.captions import Caption

MOST_BYTES = 1 << 20
"""A caption is no longer; more of a file is not read."""
CAPTION_FIELDS = ("caption", "description", "prompt", "text", "title")
STEP = 200
Progress = Callable[[int, int], bool]
"""Told (done, total) captions; answers whether to go on."""


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """What was found below `roots`, of which none lies in another: findings in order, and what was not looked at."""

    roots: tuple[Path, ...]
    images: int
    sidecars: int
    findings: tuple[Finding, ...]
    refused: tuple[Refused, ...] = ()
    stopped: bool = False

    @property
    def root(self) -> Path:
        """The folder from which paths are told."""
        return Path(os.path.commonpath(self.roots))


def audit(root: Path, longest: int = LONGEST, on_progress: Progress = lambda done, total: True) -> Audit:
    """Look at everything at and below `root`.

    Raises UsageError where that is no folder, RefusedError where a workspace keeps its own files.
    """
    return audit_folders([_folder(root)], None, longest, on_progress)


def audit_folders(
    roots: Sequence[Path],
    only: frozenset[Path] | None,
    longest: int = LONGEST,
    on_progress: Progress = lambda done, total: True,
) -> Audit:
    """`audit` of several folders, none of which lies in another, and of those below them that are in `only`; None for
    all. What keeps from looking at one that is in `only` is told, and that it is not there."""
    folders: list[Folder] = []
    refused: list[Refused] = []
    for root in roots:
        found = listing.look(root)
        folders += [one for one in found.folders if only is None or one.path in only]
        refused += found.refused
    if only is not None:
        refused = _in_the_way(refused, only)
        refused += _gone(only.difference(one.path for one in folders), refused)
    names = [Names(one.path, tuple(name for name in one.files if not name.startswith(PART_PREFIX))) for one in folders]
    paths = [one.folder / name for one in names for name in auditing.caption_names(one.names)]
    findings = [finding for one in names for finding in auditing.of_names(one)]
    lost = {one.path for one in findings if auditing.may_be_boxes(one)}
    read, stopped = _read_all([*paths, *lost], on_progress)
    findings = list(captions.without_boxes(findings, lost, read))
    findings += captions.of_captions([one for one in read if one.path not in lost], longest)
    everything = [name for one in names for name in one.names]
    return Audit(
        roots=tuple(roots),
        images=sum(map(is_image, everything)),
        sidecars=sum(map(is_sidecar, everything)),
        findings=tuple(auditing.in_order(findings)),
        refused=tuple(refused),
        stopped=stopped,
    )


def outermost(folders: Sequence[Path]) -> list[Path]:
    """Those that lie in none of the others."""
    known = frozenset(folders)
    return sorted(folder for folder in known if known.isdisjoint(folder.parents))


def must_have(folders: Sequence[Path]) -> None:
    """Raise NotFoundError where no image of the workspace lies in a folder of its owner."""
    if not folders:
        raise NotFoundError(
            "No image of this workspace stayed where it was.", hint="Name a folder to look at.", code="nothing_in_place"
        )


def _folder(root: Path) -> Path:
    if not root.is_dir():
        raise UsageError(f"{display_name(root)} is no folder.", code="no_folder")
    real = Path(os.path.realpath(root))
    if is_own(real):
        raise RefusedError(
            f"{display_name(real)} belongs to a workspace, which keeps its files itself.", code="workspace"
        )
    return real


def _in_the_way(refused: Sequence[Refused], wanted: frozenset[Path]) -> list[Refused]:
    """Those of `refused` behind which there is a folder that is wanted."""
    ways = wanted.union(*(folder.parents for folder in wanted))
    return [one for one in refused if one.path in ways]


def _gone(missing: Collection[Path], refused: Sequence[Refused]) -> list[Refused]:
    """Of each folder that nobody came across, and of which nothing was said yet, that it is not there."""
    told = {one.path for one in refused}
    return [
        Refused(folder, "gone", "The folder is not there; it was moved, or its disk is not connected.")
        for folder in sorted(missing)
        if told.isdisjoint((folder, *folder.parents))
    ]


def _read_all(paths: Sequence[Path], on_progress: Progress) -> tuple[list[Caption], bool]:
    """(The captions, whether it was stopped before all were read.)"""
    found: list[Caption] = []
    for done, path in enumerate(paths):
        if done % STEP == 0 and not on_progress(done, len(paths)):
            return found, True
        if (caption := read_caption(path)) is not None:
            found.append(caption)
    on_progress(len(paths), len(paths))
    return found, False


def read_caption(path: Path) -> Caption | None:
    """What the file says, or why nobody can tell; None where it says other things than a caption."""
    try:
        said = _said(path, _read(path).decode("utf-8-sig"))
        return None if said is None else captions.of_text(path, said)
    except OSError as error:
        return Caption(path=path, problem=f"It cannot be read: {error.strerror or error}.")
    except UnicodeDecodeError:
        return Caption(path=path, problem="It is no text in UTF-8.")
    except (ValueError, RecursionError):
        return Caption(path=path, problem="It is no JSON.")


def _read(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as handle:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise OSError("it is no regular file")
        if found.st_size > MOST_BYTES:
            raise OSError(f"it has {found.st_size:,} bytes, more than a caption has")
        return handle.read(MOST_BYTES)


def _said(path: Path, text: str) -> str | None:
    if path.suffix.lower() != ".json":
        return text
    found: Any = json.loads(text)
    fields = {str(name).casefold(): value for name, value in found.items()} if isinstance(found, dict) else {}
    return next((value for name in CAPTION_FIELDS if isinstance(value := fields.get(name), str)), None)
