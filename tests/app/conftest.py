"""A workspace of its own for each test, and the app on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from binscout_tui import workspace
from binscout_tui.app import BinScoutApp


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new, empty workspace."""
    monkeypatch.delenv("BINSCOUT_ENV", raising=False)
    folder = tmp_path / "bins"
    workspace.create(folder)
    return folder


@pytest.fixture
def app(root: Path) -> BinScoutApp:
    """The app on the empty workspace."""
    return BinScoutApp(root)
