"""The folder that a large job fills: which files it is about, cut into shards, and which of them are done.

    job.json        what is asked of which model, over which folder
    files.jsonl     every file, frozen when the job began: a shard always means the same files
    shards/000000.parquet   one row a file, written whole or not at all

No Ray and no torch here.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from binscout_tui import atomic
from binscout_tui.errors import BinScoutError, ConflictError, RefusedError, UsageError
from binscout_tui.imaging.names import display_name
from binscout_tui.imaging.outcomes import Rejected
from binscout_tui.imaging.scan import Skipped, scan

JOB_FILE, FILES_FILE, LOCK_FILE, SHARDS = "job.json", "files.jsonl", "job.lock", "shards"
FORMAT = 1
SHARD_SIZE = 256

Kind = Literal["score", "embed"]


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What a folder of shards is about; `classes` name the probabilities of a classifier, in their order."""

    format: int = FORMAT
    kind: Kind
    task: str
    folder: str
    model: str
    weights_sha256: str
    classes: list[str] = []
    shard_size: int = SHARD_SIZE


@dataclass(frozen=True, slots=True)
class File:
    """A file of the job; `refused` says why it is not even opened."""

    path: Path
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class Shard:
    """Files `first` to `first + len(files)` of the job."""

    number: int
    first: int
    files: tuple[File, ...]


def plan(files: list[File], size: int) -> list[Shard]:
    """All shards of `size` files each, the last one with the rest."""
    starts = range(0, len(files), size)
    return [Shard(number, start, tuple(files[start : start + size])) for number, start in enumerate(starts)]


def shard_path(out: Path, number: int) -> Path:
    """Where the rows of a shard are when it is done."""
    return out / SHARDS / f"{number:06}.parquet"


def missing(out: Path, shards: list[Shard]) -> list[Shard]:
    """The shards of which there is no file yet."""
    return [shard for shard in shards if not shard_path(out, shard.number).exists()]


def is_begun(out: Path) -> bool:
    """Whether `out` holds a job already."""
    return (out / JOB_FILE).exists()


def open_job(out: Path, wanted: Job, files: list[File]) -> tuple[Job, list[File]]:
    """Begin `wanted` on `files` in `out`, or go on where it was begun; returns the job with its own files.

    Raises RefusedError when `out` holds another job, BinScoutError `job_damaged`, OSError.
    """
    begun = _read(out)
    if begun is None:
        out.mkdir(parents=True, exist_ok=True)
        atomic.write_text(out / FILES_FILE, "".join(_line(file) for file in files))
        atomic.write_bytes(out / JOB_FILE, msgspec.json.format(msgspec.json.encode(wanted), indent=2) + b"\n")
        return wanted, files
    for name in ("kind", "folder", "weights_sha256"):
        if getattr(begun, name) != getattr(wanted, name):
            raise RefusedError(
                f"{display_name(out)} holds another job: {begun.kind} by {begun.model} over {begun.folder}.",
                hint="Name a new folder with --out.",
                code="other_job",
            )
    return begun, _files(out)


def find_files(folder: Path) -> list[File]:
    """Every file below `folder` in the order of the bytes of names. Raises UsageError, BinScoutError `no_files`."""
    if not folder.is_dir():
        raise UsageError(f"{display_name(folder)} is no folder.", hint="Name a folder of pictures.", code="no_folder")
    found = [
        File(one.path, one.reason if isinstance(one, Rejected) else None)
        for one in scan([folder])
        if not isinstance(one, Skipped)
    ]
    if not found:
        raise BinScoutError(f"There are no files in {display_name(folder)}.", code="no_files")
    return found


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Keep `out` for this process. Raises ConflictError when another one works in it, RefusedError for no place."""
    if _holds_other_things(out):
        raise RefusedError(
            f"{display_name(out)} holds other things.", hint="Name a new folder with --out.", code="out_taken"
        )
    out.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(out / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise ConflictError(
            f"Another process works in {display_name(out)}.", hint="Wait for it, or end it.", code="job_locked"
        ) from None
    finally:
        os.close(descriptor)


def _holds_other_things(out: Path) -> bool:
    if not out.exists():
        return False
    if not out.is_dir():
        return True
    ours = {JOB_FILE, FILES_FILE, LOCK_FILE}
    names = {entry.name for entry in out.iterdir() if not entry.name.startswith(".tmp-")}
    return JOB_FILE not in names and bool(names - ours)


def _read(out: Path) -> Job | None:
    path = out / JOB_FILE
    if not path.exists():
        return None
    try:
        job = msgspec.json.decode(path.read_bytes(), type=Job)
    except msgspec.MsgspecError as error:
        raise _damaged(path, str(error)) from error
    if job.format != FORMAT or job.shard_size < 1:
        raise _damaged(path, f"format {job.format}, shards of {job.shard_size}")
    return job


def _files(out: Path) -> list[File]:
    path = out / FILES_FILE
    try:
        rows = [json.loads(line) for line in path.read_text("ascii").splitlines()]
        return [File(Path(row["path"]), row["refused"]) for row in rows]
    except (FileNotFoundError, UnicodeDecodeError, ValueError, KeyError, TypeError) as error:
        raise _damaged(path, f"{type(error).__name__} {error}") from error


def _line(file: File) -> str:
    return json.dumps({"path": os.fspath(file.path), "refused": file.refused}, ensure_ascii=True) + "\n"


def _damaged(path: Path, reason: str) -> BinScoutError:
    return BinScoutError(
        f"{display_name(path)} is damaged: {reason}.", hint="Start again with a new --out.", code="job_damaged"
    )
