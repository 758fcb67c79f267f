"""Looking at a folder for what is wrong with the files beside its pictures; nothing is changed, no link followed."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Sequence
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
from binscout_tui.operations.sidecars import auditing
from binscout_tui.operations.sidecars.auditing import LONGEST, Caption, Finding, Names

MOST_BYTES = 1 << 20
"""A caption is no longer; more of a file is not read."""
CAPTION_FIELDS = ("caption", "description", "prompt", "text", "title")
STEP = 200
Progress = Callable[[int, int], bool]
"""Told (done, total) captions; answers whether to go on."""


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """What was found below `root`: findings in order, and what could not be looked at."""

    root: Path
    images: int
    sidecars: int
    findings: tuple[Finding, ...]
    refused: tuple[Refused, ...] = ()
    stopped: bool = False


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
    """`audit` of several folders, and of those below them that are in `only`; None for all."""
    folders: list[Folder] = []
    refused: list[Refused] = []
    for root in roots:
        found = listing.look(root)
        folders += [one for one in found.folders if only is None or one.path in only]
        refused += found.refused if only is None else ()
    names = [Names(one.path, tuple(name for name in one.files if not name.startswith(PART_PREFIX))) for one in folders]
    paths = [one.folder / name for one in names for name in auditing.caption_names(one.names)]
    captions: list[Caption] = []
    stopped = not _read_all(paths, captions, on_progress)
    findings = [finding for one in names for finding in auditing.of_names(one)]
    everything = [name for one in names for name in one.names]
    return Audit(
        root=Path(os.path.commonpath(roots)),
        images=sum(map(is_image, everything)),
        sidecars=sum(map(is_sidecar, everything)),
        findings=tuple(auditing.in_order([*findings, *auditing.of_captions(captions, longest)])),
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


def _read_all(paths: Sequence[Path], found: list[Caption], on_progress: Progress) -> bool:
    """Read the captions into `found`; whether that came to its end."""
    for done, path in enumerate(paths):
        if done % STEP == 0 and not on_progress(done, len(paths)):
            return False
        caption = read_caption(path)
        if caption is not None:
            found.append(caption)
    return on_progress(len(paths), len(paths)) or True


def read_caption(path: Path) -> Caption | None:
    """What the file says, or why nobody can tell; None where it says other things than a caption."""
    try:
        said = _said(path, _read(path).decode("utf-8-sig"))
        return None if said is None else Caption(path, said)
    except OSError as error:
        return Caption(path, problem=f"It cannot be read: {error.strerror or error}.")
    except UnicodeDecodeError:
        return Caption(path, problem="It is no text in UTF-8.")
    except (ValueError, RecursionError):
        return Caption(path, problem="It is no JSON.")


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
