"""What the tests of pictures share."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from binscout_tui.widgets import picture as picture_module
from tests.widgets.showing import picture_file as make_picture_file


@pytest.fixture
def picture_file(tmp_path: Path) -> Callable[..., Path]:
    """Makes a picture of one colour: (name, colour, size)."""
    return partial(make_picture_file, tmp_path)


@pytest.fixture
def noisy_file(tmp_path: Path) -> Callable[..., Path]:
    """Makes a picture whose draft has to leave something out: (name, size, seed)."""

    def make(name: str, size: tuple[int, int] = (400, 400), seed: int = 0) -> Path:
        pixels = np.random.default_rng(seed).integers(0, 256, (*size[::-1], 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / name)
        return tmp_path / name

    return make


@pytest.fixture
def no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine is, no picture rests so long that its fine quality is sent."""
    monkeypatch.setattr(picture_module, "REST_S", 1000.0)
