"""A workspace with a run on a target, as tests of restoring want it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from binscout_tui.backup.progress import Progress
from binscout_tui.operations.backups import restoring, running, targets
from binscout_tui.workspace import Workspace
from tests.backup.made import made_workspace

Report = Callable[[Progress], None]
TOUCHED = frozenset({"rows of journal", "rows of undo_entry"})
"""A restore notes itself in the journal."""


@pytest.fixture(scope="session")
def backed_up_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with a workspace and its target, and the run that is on it; each test has a copy."""
    base = tmp_path_factory.mktemp("template")
    (base / "target").mkdir()
    root = made_workspace(base / "place" / "workspace")
    with Workspace(root) as ws:
        targets.add(ws, "nas", str(base / "target"), tested=False)
    return base, backed_up(root)


@pytest.fixture
def root(tmp_path: Path, backed_up_once: tuple[Path, str]) -> Path:
    """A workspace with a target `nas`."""
    for name in ("place", "target"):
        shutil.copytree(backed_up_once[0] / name, tmp_path / name, symlinks=True)
    known = tmp_path / "place" / "workspace" / "backup" / "targets.json"
    known.write_text(known.read_text().replace(str(backed_up_once[0]), str(tmp_path)))
    return tmp_path / "place" / "workspace"


@pytest.fixture
def target(tmp_path: Path, root: Path) -> Path:
    """The folder of its target."""
    return tmp_path / "target"


@pytest.fixture
def run(backed_up_once: tuple[Path, str], root: Path) -> str:
    """The run of it."""
    return backed_up_once[1]


def quiet(progress: Progress) -> None:
    """Nobody watches."""


def backed_up(root: Path) -> str:
    """Make a run."""
    with Workspace(root) as ws:
        return running.run(ws, "nas").run


def restored(root: Path, run: str, kind: str = "everything", report: Report = quiet) -> restoring.Restored:
    """Restore in place."""
    with Workspace(root) as ws:
        return restoring.in_place(ws, "nas", run, kind, report)  # type: ignore[arg-type]


def to_folder(root: Path, run: str, place: Path, *, skip: bool = False, report: Report = quiet) -> restoring.Restored:
    """Restore to a folder."""
    with Workspace(root) as ws:
        return restoring.to_folder(ws, "nas", run, place, report, skip_damaged=skip)


def same(one: dict[str, str], other: dict[str, str]) -> None:
    """Two digests are the same, but for what a restore notes of itself."""
    assert {k: v for k, v in one.items() if k not in TOUCHED} == {k: v for k, v in other.items() if k not in TOUCHED}
