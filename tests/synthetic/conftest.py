"""One small library for all tests of this folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from binscout_tui.synthetic.library import LibrarySummary, write_library


@dataclass(frozen=True)
class Library:
    folder: Path
    truth: dict[str, Any]
    summary: LibrarySummary
    progress: list[tuple[int, int]]


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    folder = tmp_path_factory.mktemp("synthetic") / "library"
    progress: list[tuple[int, int]] = []
    summary = write_library(
        folder,
        per_class=2,
        sets=8,
        counts=4,
        sessions=2,
        on_progress=lambda done, total: progress.append((done, total)),
    )
    return Library(folder, json.loads((folder / "truth.json").read_text()), summary, progress)
