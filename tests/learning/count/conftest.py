"""One finished counting run for all tests that only look at it."""

from __future__ import annotations

from pathlib import Path

import pytest

from binscout_tui.learning.config import prepare_run

from ..shapes import train
from .bins import QUICK, make_bins


@pytest.fixture(scope="session")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that the real launcher trained, one of its pictures damaged."""
    folder = tmp_path_factory.mktemp("counting")
    items = make_bins(folder / "pictures")
    Path(items[0].path).write_bytes(b"no picture")
    prepare_run(folder / "run", QUICK, items)
    answer = train(folder / "run")
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout == ""
    return folder / "run"
