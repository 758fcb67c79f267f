"""The real server process with a real classifier."""

from __future__ import annotations

import asyncio
import hashlib
import random
import shutil
import time
from pathlib import Path

import pytest
from PIL import Image

from binscout_tui.engine.client import EngineClient, PredictItem
from binscout_tui.errors import BinScoutError
from binscout_tui.learning.card import WEIGHTS_FILE, ModelCard, Preprocessing, write_card
from binscout_tui.learning.presets import find_preset
from binscout_tui.settings import EngineSettings

COLOURS = ((200, 40, 40), (40, 60, 200))
CLASSES = ["red", "blue"]
PRESET = find_preset("tiny")


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    """24 noisy pictures of two colours."""
    dice = random.Random(0)
    paths = []
    for number in range(24):
        noise = Image.frombytes("RGB", (64, 64), dice.randbytes(64 * 64 * 3))
        path = tmp_path / f"{number}.png"
        Image.blend(Image.new("RGB", (64, 64), COLOURS[number % 2]), noise, 0.2).save(path)
        paths.append(path)
    return paths


@pytest.fixture
def models(root: Path) -> Path:
    """The models folder of the workspace with `good` and its twin `other`: a real network that has learned nothing."""
    from safetensors.torch import save

    from binscout_tui.learning.networks import build_network

    network = build_network(PRESET.arch, PRESET.arch_options, len(CLASSES), 32)
    weights = save(network.state_dict())
    card = ModelCard(
        arch=PRESET.arch,
        arch_options=PRESET.arch_options,
        preset=PRESET.name,
        classes=CLASSES,
        preprocessing=Preprocessing(square=40, size=32, mean=PRESET.mean, std=PRESET.std, views=PRESET.views),
        temperature=1.0,
        unknown_threshold=0.0,
        second_opinion=None,
        dataset="made-up",
        seed=0,
        epochs=0,
        code_version="0",
        weights_sha256=hashlib.sha256(weights).hexdigest(),
        metrics={},
    )
    for name in ("good", "other"):
        (folder := root / "models" / name).mkdir(parents=True)
        (folder / WEIGHTS_FILE).write_bytes(weights)
        write_card(folder, card)
    return root / "models"


async def test_a_real_model_predicts_and_swaps(root: Path, models: Path, pictures: list[Path], tmp_path: Path) -> None:
    (text := tmp_path / "text.jpg").write_text("no picture")
    items = [PredictItem(number, path) for number, path in enumerate(pictures)]
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
