"""The real engine cuts pictures out with a tiny model."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from binscout_tui import workspace as workspaces
from binscout_tui.engine.background_files import DEFAULT_MODEL, FOLDER
from binscout_tui.engine.client import EngineClient
from binscout_tui.errors import BinScoutError
from binscout_tui.operations import backgrounds
from binscout_tui.settings import BackgroundSettings
from binscout_tui.workspace import LiveWorkspace

from . import tiny_onnx
from .conftest import Client
from .fakes import engine_processes

SETTINGS = BackgroundSettings()


@pytest.fixture
def model(root: Path) -> Path:
    return tiny_onnx.write(root / DEFAULT_MODEL)


def photo(path: Path, *, orientation: int = 1, size: tuple[int, int] = (400, 300)) -> tuple[Path, str]:
    """A bright part on the left of a dark picture, as it lies in the file; (path, SHA-256)."""
    image = Image.new("RGB", size, (8, 8, 8))
    ImageDraw.Draw(image).rectangle((20, 100, 120, 200), fill=(230, 220, 210))
    exif = Image.Exif()
    exif[0x0112] = orientation
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, quality=95, exif=exif)
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


async def refused(engine: EngineClient, path: Path, sha256: str, settings: BackgroundSettings = SETTINGS) -> str:
    with pytest.raises(BinScoutError) as told:
        await engine.background(path, sha256, settings)
    return told.value.code


async def test_the_cut_out_is_upright_as_large_as_the_original_and_beside_it(
    root: Path, model: Path, client: Client
) -> None:
    path, sha256 = photo(root / "originals" / "a.jpg", orientation=6)
    made = await client().background(path, sha256, SETTINGS)
    assert made.parent == root / FOLDER
    assert hashlib.sha256(path.read_bytes()).hexdigest() == sha256, "the original is as it was"
    with Image.open(made) as cut:
        assert (cut.format, cut.mode, cut.size) == ("PNG", "RGBA", (300, 400))
        alpha = np.asarray(cut)[..., 3]
    assert alpha[70, 150] > 200, "the part, where it is once the picture is upright"
    assert alpha[300, 150] < 60
    assert [one.name for one in (root / FOLDER).iterdir()] == [made.name], "nothing half-written is left"


async def test_a_second_time_it_is_there_already(root: Path, model: Path, client: Client) -> None:
    path, sha256 = photo(root / "a.jpg")
    engine = client()
    first = await engine.background(path, sha256, SETTINGS)
    before = first.stat()
    path.unlink()
    again = await engine.background(path, sha256, SETTINGS)
    assert again == first
    assert again.stat().st_mtime_ns == before.st_mtime_ns
    other = BackgroundSettings(colour="#ffffff")
    assert await refused(engine, path, sha256, other) == "unreadable", "other settings make it anew"


async def test_many_at_once_all_get_theirs(root: Path, model: Path, client: Client) -> None:
    engine = client()
    shots = [photo(root / f"{number}.jpg", size=(200 + number, 250)) for number in range(12)]
    wanted = [shots[number % 12] for number in range(80)]
    made = await asyncio.gather(*(engine.background(*shot, SETTINGS) for shot in wanted))
    assert len(set(made)) == 12
    assert len(list((root / FOLDER).iterdir())) == 12


async def test_what_is_wrong_is_said_and_nothing_is_written(root: Path, client: Client) -> None:
    engine = client()
    path, sha256 = photo(root / "a.jpg")
    assert await refused(engine, path, sha256) == "background_off"
    (root / "models").mkdir()
    (root / DEFAULT_MODEL).write_bytes(b"not a model")
    assert await refused(engine, path, sha256) == "background_model"
    tiny_onnx.write(root / DEFAULT_MODEL, outputs="flat")
    assert await refused(engine, path, sha256) == "background_empty", "the new model was loaded"
    tiny_onnx.write(root / DEFAULT_MODEL)
    assert await refused(engine, path, "0" * 64) == "changed"
    assert await refused(engine, root / "none.jpg", sha256) == "unreadable"
    assert await refused(engine, path, "../escape") == "bad_request"
    (root / "text.jpg").write_text("no picture")
    text = hashlib.sha256(b"no picture").hexdigest()
    assert await refused(engine, root / "text.jpg", text) == "unreadable"
    assert not (root / FOLDER).exists()
    assert (await engine.background(path, sha256, SETTINGS)).is_file()


async def test_an_engine_that_died_is_started_again(root: Path, model: Path, client: Client) -> None:
    engine = client()
    path, sha256 = photo(root / "a.jpg")
    health = await engine.ensure()
    os.kill(health["pid"], signal.SIGKILL)
    assert (await engine.background(path, sha256, SETTINGS)).is_file()
    assert engine_processes(root)


async def test_the_operation_asks_no_engine_for_what_is_there_or_cannot_be(root: Path) -> None:
    workspaces.create(root)
    live = await LiveWorkspace.open(root)
    try:
        path, sha256 = photo(root / "a.jpg")
        for attempt in (backgrounds.cut_out(live, path, sha256), backgrounds.cut_out_all(live, [path])):
            with pytest.raises(BinScoutError) as told:
                await attempt
            assert told.value.code == "background_off"
        tiny_onnx.write(root / DEFAULT_MODEL)
        assert backgrounds.kept(live.paths, live.settings.background, sha256) is None
        made = await backgrounds.cut_out_all(live, [root / "a.jpg", root / "none.jpg"], root / "out")
        assert [one.code for one in made] == [None, "vanished"]
        assert made[0].path == str(root / "out" / "a.png")
        again = await backgrounds.cut_out_all(live, [path], root / "out")
        assert [one.code for one in again] == ["exists"], "nothing is overwritten"
        async with EngineClient(root, live.settings.engine) as engine:
            assert await engine.stop()
        assert (await backgrounds.cut_out(live, path, sha256)).is_file()
        assert backgrounds.kept(live.paths, live.settings.background, sha256) is not None
        assert not engine_processes(root), "it was there already"
    finally:
        await live.close()
