"""Workspaces to swap, and a process that is cut off in the middle of it."""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from binscout_tui import workspace as workspaces
from binscout_tui.backup.swapping import record as swap_record
from binscout_tui.backup.swapping import swap, undo_copies
from binscout_tui.backup.swapping.health import rows_of
from binscout_tui.backup.swapping.record import Expected, Record, SwapPlan
from binscout_tui.store import labels
from binscout_tui.workspace import Workspace
from tests.conftest import REPOSITORY

EVERYTHING = ("binscout.db", "settings.toml", "originals", "models", "runs", "datasets", "incoming")
FOLDERS = EVERYTHING[2:]
CUT = 37
"""What a process ends with that was cut off."""


def made(root: Path, what: str) -> Path:
    """A workspace whose database and files say `what`."""
    shutil.copytree(_once(what), root)
    return root


@cache
def _once(what: str) -> Path:
    """Making the tables takes a while, copying them does not."""
    home = TemporaryDirectory(prefix="binscout-swap-")
    atexit.register(home.cleanup)
    root = Path(home.name) / "made"
    workspaces.create(root)
    with Workspace(root) as opened:
        opened.db.write(labels.add_class, what)
    for name in FOLDERS[:-1]:
        (root / name / "aa").mkdir(parents=True)
        (root / name / "aa" / "file").write_text(f"{what} in {name}")
    (root / "settings.toml").write_text(f"# {what}\n")
    return root


def staged_in(root: Path, tmp: Path, what: str = "new") -> Path:
    """Another workspace that says `what`, staged in the one at `root`; it has `incoming`, which `root` lacks."""
    staged = swap_record.folder(root) / "run-everything" / "staged"
    staged.parent.mkdir()
    made(tmp / f"made of {what}", what).rename(staged)
    with closing(sqlite3.connect(staged / "binscout.db")) as db:
        db.execute("PRAGMA journal_mode=DELETE")
    (staged / "in-use.lock").unlink()
    (staged / "incoming").mkdir()
    (staged / "incoming" / "shot").write_text(what)
    return staged


def plan_of(staged: Path, entries: tuple[str, ...] = EVERYTHING, **changes: object) -> SwapPlan:
    """A plan to put all of it in place."""
    values: dict[str, object] = {
        "id": "run-everything",
        "run": "20261122T010203Z-1a2b3c4d",
        "scope": "everything" if entries == EVERYTHING else "database",
        "entries": entries,
        "by": "ana",
        "what": "the run of 22 Nov",
        "expected": Expected(
            rows=rows_of(staged / "binscout.db"), files=[("originals/aa/file", 16)][: len(entries) // 7]
        ),
    }
    return SwapPlan(**(values | changes))  # type: ignore[arg-type]


def content(root: Path) -> dict[str, str]:
    """What a backup keeps of the workspace in `root`: {path: hash}, and the classes in its database. It is opened."""
    with Workspace(root) as opened:
        classes = [row[0] for row in opened.db.connection.execute("SELECT name FROM class ORDER BY name")]
        assert opened.db.connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    return {"classes": ",".join(classes)} | files(root)


def files(root: Path) -> dict[str, str]:
    """{path: hash} of the files of a workspace, without its database."""
    found = [root / "settings.toml", *(path for name in FOLDERS for path in (root / name).rglob("*"))]
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found if path.is_file()
    }


def steps_of(swapping: Callable[[Callable[[str], None]], Record]) -> list[str]:
    """The stages of a swap that is not cut off."""
    seen: list[str] = []
    swapping(seen.append)
    return seen


def cut_off_at(name: str, work: Callable[[Callable[[str], None]], object]) -> int:
    """Do `work` in a child that ends at once, without a chance to finish anything, at that stage; its exit code."""
    child = os.fork()
    if child == 0:
        try:
            work(lambda stage: os._exit(CUT) if stage == name else None)
        except BaseException as error:  # noqa: BLE001
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


KILLED = (
    "import os, sys; from pathlib import Path; from tests.backup.swapping import run_swap;"
    "run_swap(Path(sys.argv[1]), Path(sys.argv[2]),"
    " lambda stage: os.kill(os.getpid(), 9) if stage == sys.argv[3] else None)"
)


def killed_at(root: Path, staged: Path, stage: str) -> None:
    """Put everything in place in a process of its own, which is killed at that stage."""
    done = subprocess.run([sys.executable, "-c", KILLED, str(root), str(staged), stage], check=False, cwd=REPOSITORY)
    assert done.returncode == -signal.SIGKILL


def run_swap(root: Path, staged: Path, step: Callable[[str], None] = lambda name: None, **changes: object) -> Record:
    """Put everything in place."""
    return swap.swap(root, staged, plan_of(staged), undo_days=7, step=step, **changes)  # type: ignore[arg-type]


def run_rollback(root: Path, step: Callable[[str], None] = lambda name: None) -> Record:
    """Take the last swap back."""
    return undo_copies.roll_back(root, undo_copies.find(root), by="ana", newest=0, undo_days=7, step=step)
