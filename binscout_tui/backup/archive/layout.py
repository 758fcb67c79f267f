"""How a store of backups lies on a target: names of files, all written once and never again."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime

REPO_FILE = "binscout-repo.json"
RUNS, PACKS, OBJECTS, CHECKS, LOCKS = "runs", "packs", "objects", "checks", "locks"
MANIFEST, FILES, BLOBS, RECORDS = "manifest.json", "files.jsonl.gz", "blobs.jsonl.gz", "records.tar.gz"
GIVEN_UP = "manifest.json.given-up"
"""The name of the manifest of a run that is meant to be one no more: it was given up, or is being deleted."""
STAMP = "%Y%m%dT%H%M%SZ"
_RUN = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}")
_SHA = re.compile(r"[0-9a-f]{64}")
_BLOB = re.compile(r"(packs/([0-9a-f]{2})/([0-9a-f]{64})\.tar|objects/([0-9a-f]{2})/([0-9a-f]{64}))")
_CHECK = re.compile(rf"{CHECKS}/[0-9]{{8}}T[0-9]{{6}}Z-[0-9a-f]{{8}}\.json")


def stamped(now: datetime) -> str:
    """`20261122T010203Z-1a2b3c4d`: a moment (aware) that sorts, and chance, so that no two are the same."""
    return f"{now.astimezone(UTC).strftime(STAMP)}-{secrets.token_hex(4)}"


def new_run_id(now: datetime) -> str:
    """The name of a run that begins at `now` (aware)."""
    return stamped(now)


def is_run_id(text: str) -> bool:
    """Whether `text` can be the name of a run, a moment that there is included."""
    if not _RUN.fullmatch(text):
        return False
    try:
        run_time(text)
    except ValueError:
        return False
    return True


def run_time(run: str) -> datetime:
    """When a run began, in UTC, by the clock of its machine. Raises ValueError."""
    return datetime.strptime(run.split("-", 1)[0], STAMP).replace(tzinfo=UTC)


def run_file(run: str, name: str) -> str:
    """The name of a file of a run."""
    return f"{RUNS}/{run}/{name}"


def pack_name(sha256: str) -> str:
    """The name of a pack whose bytes have this hash."""
    return f"{PACKS}/{sha256[:2]}/{sha256}.tar"


def object_name(sha256: str) -> str:
    """The name of a file that is stored by itself."""
    return f"{OBJECTS}/{sha256[:2]}/{sha256}"


def is_sha256(text: str) -> bool:
    """Whether `text` is a SHA-256 in lower case."""
    return bool(_SHA.fullmatch(text))


def blob_hash(name: str) -> str:
    """The SHA-256 that the name of a blob promises, "" when it is no name of one."""
    found = _BLOB.fullmatch(name)
    if not found:
        return ""
    sha256 = found[3] or found[5]
    return sha256 if sha256.startswith(found[2] or found[4]) else ""


def is_check(name: str) -> bool:
    """Whether `name` can be the name of what a look at the stored bytes found."""
    return bool(_CHECK.fullmatch(name))


def check_name(now: datetime) -> str:
    """A name for what a look at the stored bytes found at `now` (aware)."""
    return f"{CHECKS}/{stamped(now)}.json"
