"""The job that writes images to a folder."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from binscout_tui.errors import UsageError
from binscout_tui.jobs.runner import CancelledError, Heart
from binscout_tui.operations.exporting.exporting import export
from binscout_tui.operations.exporting.options import Options
from binscout_tui.store import images, jobs
from binscout_tui.store.jobs import Job
from binscout_tui.workspace import Workspace

KIND = "export"
BEAT_S = 0.5


def enqueue(db: sqlite3.Connection, uid: int, image_ids: Sequence[int], options: Options) -> int:
    """Queue the work of writing images to a folder (a store function); the id of its job.

    Raises UsageError without images, NotFoundError and UsageError for one that is not there or in the trash.
    """
    wanted = list(dict.fromkeys(image_ids))
    if not wanted:
        raise UsageError("There is no image to export.", code="nothing_chosen")
    images.must_count(db, wanted)
    return jobs.add(db, uid, KIND, {"images": wanted, "options": options.as_json()})


def run_export(workspace: Workspace, job: Job, heart: Heart) -> Mapping[str, Any]:
    """Write all of them. Raises CancelledError; what was written until then is whole and stays."""
    beaten = -BEAT_S

    def on_progress(done: int, total: int) -> bool:
        nonlocal beaten
        if done < total and time.monotonic() - beaten < BEAT_S:
            return False
        beaten = time.monotonic()
        return heart.beat(done, total, f"{done:,} of {total:,} images")

    options = msgspec.convert(job.payload["options"], Options, dec_hook=_path)
    report = export(workspace, job.payload["images"], options, on_progress=on_progress)
    if report.stopped:
        raise CancelledError
    return msgspec.to_builtins(report)  # type: ignore[no-any-return]


def _path(kind: type, value: object) -> object:
    if kind is Path:
        return Path(str(value))
    raise NotImplementedError(kind)
