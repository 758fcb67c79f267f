"""What every test may ask for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from binscout_tui import workspace as workspaces
from binscout_tui.store import images
from binscout_tui.store.images import NewImage
from binscout_tui.workspace import Workspace

# Torch's threads wait without spinning, so that tests which train do not starve the others.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Workers that run tests beside each other are told a size of 80x24, which the app would take for its terminal's.
for size in ("COLUMNS", "LINES"):
    os.environ.pop(size, None)
REPOSITORY = Path(__file__).resolve().parent.parent
# What is about keys, frames and pictures is timed: all of it runs on one worker, one after another.
SCREENS = frozenset({"app", "seeing", "terminal", "widgets", "workers", "bench"})
AddImages = Callable[[int], list[int]]


@pytest.hookimpl(tryfirst=True)  # before the groups are read
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With several workers: each file stays on one, and all that is about screens together on one."""
    for item in items:
        where = item.path.relative_to(REPOSITORY / "tests")
        item.add_marker(pytest.mark.xdist_group("screens" if where.parts[0] in SCREENS else str(where)))
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    """What takes long begins first, so that no worker waits for the other in the end: screens, then whole scenarios."""
    where = item.path.relative_to(REPOSITORY / "tests")
    return 0 if where.parts[0] in SCREENS else 1 if len(where.parts) == 1 else 2


@pytest.fixture(scope="session")
def real_photos() -> Path:
    """The folder of real development photos; the test is skipped where it is absent."""
    folder = Path(os.environ.get("BINSCOUT_TEST_PHOTOS", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real photos at {folder}: set BINSCOUT_TEST_PHOTOS to a folder that has them")
    return folder


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """An empty workspace."""
    root = tmp_path / "workspace"
    workspaces.create(root)
    with Workspace(root) as opened:
        yield opened


@pytest.fixture
def add_images(workspace: Workspace) -> AddImages:
    """Enters so many rows of images (there are no files behind them) and returns their ids."""

    def add(number: int) -> list[int]:
        first = workspace.db.read(images.count)
        return [workspace.db.write(images.add, workspace.user.uid, row(first + i))[0] for i in range(number)]

    return add


def row(number: int, **changes: object) -> NewImage:
    """An image that differs from those with other numbers."""
    values = {
        "sha256": f"{number:064x}",
        "storage": "copy",
        "path": Path("originals") / f"{number}.jpg",
        "name": f"{number}.jpg",
        "source": f"/photos/{number}.jpg",
        "bytes": 1000 + number,
        "mtime_ns": number,
        "width": 320,
        "height": 240,
        "format": "JPEG",
        "mode": "RGB",
        "source_group": f"photo {number}",
    }
    return NewImage(**(values | changes))  # type: ignore[arg-type]
