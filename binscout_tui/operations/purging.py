"""Deleting images of the trash for ever, with their files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress

import msgspec

from binscout_tui.errors import StorageError
from binscout_tui.imaging.names import display_name
from binscout_tui.imaging.previews import SIZES, preview_path
from binscout_tui.operations.duplicates import cache
from binscout_tui.store import purging
from binscout_tui.store.purging import Affected
from binscout_tui.workspace import Workspace

PART = 200
FILES = 50
"""So many files are removed under one lock of the database."""
WORD = "purge"
"""What has to be typed."""
Progress = Callable[[int, int], object]
"""Told (done, total) after each part; True stops, and what is gone stays gone."""


class Report(msgspec.Struct, kw_only=True):
    """How many images are gone, the bytes freed, files in place that stay, images kept with why, files still to go."""

    purged: int = 0
    freed: int = 0
    in_place: int = 0
    kept: dict[int, str] = {}
    left: list[str] = []


def affected(workspace: Workspace, image_ids: Sequence[int]) -> Affected:
    """What `purge` would do; nothing is changed. Raises NotFoundError, UsageError for one that is not in the trash."""
    return workspace.db.read(purging.affected, image_ids)


def purge(
    workspace: Workspace, image_ids: Sequence[int], *, on_progress: Progress = lambda done, total: None
) -> Report:
    """Delete images of the trash for ever; images that something uses are kept, and told.

    Rows go before files, so that no image is ever without its file; a file that cannot be removed goes with the next
    purge. Files in place stay. One that somebody brings back, or deletes, while this goes on is told as kept. Raises
    RefusedError for whoever is no admin, and before anything is deleted NotFoundError and UsageError for an image that
    is not there or not in the trash.
    """
    workspace.user.must_be("admin", "Deleting images for ever")
    wanted = list(dict.fromkeys(image_ids))
    report = Report(kept=dict(affected(workspace, wanted).kept), left=[])
    sweep(workspace, report)
    for begin in range(0, len(wanted), PART):
        part = [one for one in wanted[begin : begin + PART] if one not in report.kept]
        done = workspace.db.write(purging.purge, workspace.user.uid, part)
        gone = done.images
        report.kept |= done.kept
        report.purged += len(gone)
        report.in_place += sum(image.storage == "in_place" for image in gone)
        _drop_derived(workspace, [image.sha256 for image in gone])
        sweep(workspace, report)
        if on_progress(min(begin + PART, len(wanted)), len(wanted)) is True:
            break
    return report


def sweep(workspace: Workspace, report: Report | None = None) -> Report:
    """Remove the files whose images are gone, those that an earlier purge could not remove too."""
    report = report if report is not None else Report(left=[])
    report.left = []
    paths = {
        sha256: path
        for sha256, path in workspace.db.read(purging.left_files)
        # Never anything but an original of this workspace.
        if workspace.paths.originals in (workspace.paths.root / path).parents
    }

    def remove(sha256: str) -> bool:
        target = workspace.paths.root / paths[sha256]
        try:
            size = target.stat().st_size if target.is_file() else 0
            target.unlink(missing_ok=True)
        except OSError:
            report.left.append(display_name(paths[sha256]))
            return False
        report.freed += size
        return True

    for part in batched(paths, FILES):
        _drop_derived(workspace, workspace.db.write(purging.let_go, part, remove))
    return report


def batched(found: Iterable[str], size: int) -> Iterator[list[str]]:
    """`found` in pieces of `size`."""
    rest = list(found)
    for begin in range(0, len(rest), size):
        yield rest[begin : begin + size]


def _drop_derived(workspace: Workspace, sha256s: Sequence[str]) -> None:
    """Previews, and the small versions among which duplicates are looked for; where that fails they stay."""
    for sha256 in sha256s:
        for size in SIZES:
            with suppress(OSError):
                preview_path(workspace.paths.previews, sha256, size).unlink()
    with suppress(OSError, StorageError):
        cache.forget(workspace.paths.derived, sha256s)
