"""One pool of real worker processes for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from binscout_tui.imaging.pool import DecodePool


@pytest.fixture(scope="session")
def previews_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("previews")


@pytest.fixture(scope="session")
def pool(previews_root: Path) -> Iterator[DecodePool]:
    with DecodePool(previews_root, workers=2) as pool:
        yield pool
