"""What every test may ask for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def real_photos() -> Path:
    """The folder of real development photos; the test is skipped where it is absent."""
    folder = Path(os.environ.get("BINSCOUT_TEST_PHOTOS", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real photos at {folder}: set BINSCOUT_TEST_PHOTOS to a folder that has them")
    return folder
