"""A workspace with fake models, and engines that never outlive their test."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from binscout_tui.engine import address
from binscout_tui.engine.client import EngineClient
from binscout_tui.settings import EngineSettings

from .fakes import LIMIT, Fakes, engine_processes

HERE = Path(__file__).resolve().parent
FAKE = ("--predictor", "fake_predictor:load")

Client = Callable[..., EngineClient]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A workspace folder; after the test no engine of it is left."""
    monkeypatch.setenv("PYTHONPATH", str(HERE))
    root = address.real_root(tmp_path / "workspace")
    root.mkdir()
    yield root
    left = engine_processes(root)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert not left, f"engine processes left behind: {left}"


@pytest.fixture
def fakes(root: Path) -> Fakes:
    return Fakes(root)


@pytest.fixture
async def client(root: Path) -> AsyncIterator[Client]:
    """Makes clients whose engine uses the fake predictor, and stops it in the end."""
    made: list[EngineClient] = []

    def make(*arguments: str, **settings: Any) -> EngineClient:
        engine = EngineClient(root, EngineSettings(**settings), arguments=arguments or FAKE, start_seconds=LIMIT)
        made.append(engine)
        return engine

    yield make
    Fakes.release_all(root)
    for engine in made:
        await engine.stop()
        await engine.close()
