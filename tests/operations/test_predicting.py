"""Suggestions for the workspace's images and answers for any file, with the real engine process."""

from __future__ import annotations

import asyncio
import os
from functools import partialmethod
from pathlib import Path

import msgspec
import pytest

from binscout_tui.engine.client import EngineClient
from binscout_tui.errors import RefusedError
from binscout_tui.operations import predicting
from binscout_tui.operations.engines import engine
from binscout_tui.operations.predicting import predict_paths, predict_unlabelled
from binscout_tui.settings import ImportSettings
from binscout_tui.store import images, models, predictions
from binscout_tui.store.users import User
from binscout_tui.workspace import Workspace
from tests.command_line import binscout

from .using_models import add_model, add_pictures, colour, live


@pytest.fixture
def root(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with ten unlabelled pictures and the active model m-1."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    add_pictures(workspace, tmp_path / "photos", labelled=False)
    add_model(workspace, "m-1")
    workspace.db.write(models.activate, workspace.user.uid, "m-1", workspace.settings.gate, reason="for a test")
    return workspace.paths.root


async def test_what_failed_is_told_apart_and_tried_again_next_time(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predicting, "BATCH", 4)
    async with live(root) as workspace:
        hidden = [workspace.paths.original(image) for image in (await workspace.db.read(images.page))[:3]]
        content = [path.read_bytes() for path in hidden]
        for path in hidden:
            path.unlink()
        hidden[2].write_bytes(b"other bytes")
        told = await predict_unlabelled(workspace)
        assert (told.predicted, told.failed) == (7, 3)
        said = [await workspace.db.read(predictions.get, number, "m-1") for number in (1, 3)]
        assert all(one is not None and one.error and one.label is None for one in said)
        assert said[1] is not None
        assert "other bytes" in str(said[1].error)
        told = await predict_unlabelled(workspace)
        assert (told.predicted, told.failed) == (0, 3)
        for path, old in zip(hidden, content, strict=True):
            path.unlink(missing_ok=True)
            path.write_bytes(old)
        told = await predict_unlabelled(workspace)
        assert (told.predicted, told.failed) == (3, 0)
        said = [await workspace.db.read(predictions.get, 1, "m-1")]
        assert said[0] is not None
        assert said[0].label
        told = await predict_unlabelled(workspace)
        assert (told.predicted, told.failed) == (0, 0)


async def test_a_command_in_vain_ends_with_1(root: Path) -> None:
    async with live(root) as workspace:
        for image in await workspace.db.read(images.page):
            workspace.paths.original(image).unlink()
        answer = await asyncio.to_thread(binscout, root, "predict")
        assert (answer.code, answer.data) == (1, {"predicted": 0, "failed": 10})
        assert "10 images could not be looked at" in answer.err


async def test_a_missed_deadline_is_not_written_down(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EngineClient, "predict", partialmethod(EngineClient.predict, deadline_s=1e-9))
    async with live(root) as workspace:
        told = await predict_unlabelled(workspace)
        assert (told.predicted, told.failed) == (0, 10)
        assert await workspace.db.read(predictions.get, 1, "m-1") is None


async def test_files_and_folders_are_answered_and_bad_ones_never_reach_the_engine(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "asked"
    red = colour(folder / "a" / "r.png", "red", 100)
    colour(folder / "b" / "b.png", "blue", 101)
    (folder / "b" / "broken.png").write_bytes(red.read_bytes()[:200])
    (folder / "b" / "notes.txt").write_text("no picture")
    large = colour(folder / "c" / "large.png", "red", 102)
    with large.open("ab") as handle:
        handle.truncate(2 << 20)
    os.mkfifo(folder / "c" / "pipe.png")
    async with live(root) as workspace:
        workspace.settings = msgspec.structs.replace(workspace.settings, importing=ImportSettings(max_file_mb=1))
        found = await asyncio.wait_for(predict_paths(workspace, [red, folder, tmp_path / "absent.png"]), 30)
        said = [(Path(one["path"]).name, one["label"], one["error"] is None) for one in found]
        assert said == [
            ("r.png", "red", True),
            ("b.png", "blue", True),
            ("broken.png", None, False),
            ("large.png", None, False),
            ("pipe.png", None, False),
            ("absent.png", None, False),
        ]
        assert "limit" in found[3]["error"]
        async with engine(workspace) as client:
            health = await client.health()
        assert health is not None
        assert health["items"] == 2


async def test_a_viewer_keeps_no_suggestions(root: Path) -> None:
    async with live(root) as workspace:
        workspace.user = User(workspace.user.uid, workspace.user.name, "viewer")
        with pytest.raises(RefusedError, match="role operator"):
            await predict_unlabelled(workspace)
