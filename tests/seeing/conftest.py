"""A workspace of made-up pictures for each test."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.seeing.scenes import make_workspace, name


@dataclass(frozen=True)
class Scene:
    """A workspace and the files that are in it."""

    root: Path
    photos: Path

    def photo(self, number: int) -> Path:
        """The file of picture `number`."""
        return self.photos / name(number)


@pytest.fixture(scope="session")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that each test gets a copy of."""
    folder = tmp_path_factory.mktemp("seeing")
    make_workspace(folder)
    return folder


@pytest.fixture
def scene(pattern: Path, tmp_path: Path) -> Scene:
    """A workspace of eight pictures that differ much."""
    shutil.copytree(pattern, tmp_path, dirs_exist_ok=True)
    return Scene(tmp_path / "bins", tmp_path / "photos")
