"""The real server process with a real classifier."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from binscout_tui.engine.client import EngineClient, PredictItem
from binscout_tui.errors import BinScoutError
from binscout_tui.learning.config import TrainConfig, prepare_run
from binscout_tui.learning.items import DatasetItem
from binscout_tui.learning.splits import Split
from binscout_tui.settings import EngineSettings

CLASSES = ["red", "blue"]


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> list[DatasetItem]:
    """24 noisy pictures of two colours."""
    folder = tmp_path_factory.mktemp("pictures")
    splits: tuple[Split, ...] = ("train", "train", "train", "train", "val", "test")
    dice = random.Random(0)
    items = []
    for number in range(24):
        label = CLASSES[number % 2]
        noise = Image.frombytes("RGB", (64, 64), dice.randbytes(64 * 64 * 3))
        path = folder / f"{number}.png"
        Image.blend(Image.new("RGB", (64, 64), label), noise, 0.2).save(path)
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        items.append(DatasetItem(sha256=sha256, path=str(path), label=label, split=splits[number // 2 % 6]))
    return items


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, dataset: list[DatasetItem]) -> Path:
    """The folder of a model that was trained on them for a moment."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    prepare_run(folder, TrainConfig(image_size=32, batch_size=8, epochs=1, device="cpu"), dataset)
    command = [sys.executable, "-m", "binscout_tui.learning.train", str(folder)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def models(root: Path, trained: Path) -> Path:
    """The models folder of the workspace with `good` and its twin `other`."""
    for name in ("good", "other"):
        (folder := root / "models" / name).mkdir(parents=True)
        for file in ("model.safetensors", "card.json"):
            shutil.copy(trained / file, folder / file)
    return root / "models"


async def test_a_real_model_predicts_and_swaps(
    root: Path, models: Path, dataset: list[DatasetItem], tmp_path: Path
) -> None:
    (text := tmp_path / "text.jpg").write_text("no picture")
    items = [PredictItem(number, item.path) for number, item in enumerate(dataset)]
    async with EngineClient(root, EngineSettings(device="cpu", max_batch=8)) as engine:
        try:
            loaded = await engine.load("good")
            assert loaded["model"]["device"] == "cpu"
            assert loaded["model"]["classes"] == 2
            assert len(loaded["model"]["sha256"]) == 64

            lines = {line.id: line async for line in engine.predict(None, [*items, PredictItem("text", text)])}
            assert set(lines) == {*range(24), "text"}
            assert lines["text"].label is None
            assert lines["text"].error
            for number in range(24):
                assert lines[number].error is None
                assert set(lines[number].probabilities) == set(CLASSES)
                assert sum(lines[number].probabilities.values()) == pytest.approx(1, abs=1e-3)

            pinned = [PredictItem(one.sha256, one.path, sha256=one.sha256) for one in dataset[:2]]
            pinned.append(PredictItem("other", dataset[0].path, sha256=dataset[1].sha256))
            said = {line.id: line.error async for line in engine.predict("good", pinned)}
            assert said == {dataset[0].sha256: None, dataset[1].sha256: None, "other": said["other"]}
            assert "other bytes" in str(said["other"])

            (models / "corrupt").mkdir()
            shutil.copy(models / "good" / "card.json", models / "corrupt")
            weights = bytearray((models / "good" / "model.safetensors").read_bytes())
            weights[-1] ^= 255
            (models / "corrupt" / "model.safetensors").write_bytes(weights)
            with pytest.raises(BinScoutError) as caught:
                await engine.load("corrupt")
            assert caught.value.code == "model_corrupt"
            assert (await engine.ensure())["default_model"] == "good"

            await engine.load("other")
            again = {line.id: line async for line in engine.predict(None, items)}
            assert {line.model for line in again.values()} == {"other"}
            assert [again[number].label for number in range(24)] == [lines[number].label for number in range(24)]

            await _stays_healthy_while_it_works(engine, items)
        finally:
            await engine.stop()


async def _stays_healthy_while_it_works(engine: EngineClient, items: list[PredictItem]) -> None:
    async def work() -> int:
        return len([line async for line in engine.predict(None, items * 4)])

    task = asyncio.create_task(work())
    times = []
    while not task.done():
        begun = time.monotonic()
        await engine.health()
        times.append(time.monotonic() - begun)
    assert await task == 96
    assert sorted(times)[len(times) // 2] < 0.1
