"""The job that makes vectors, with a trained network: what is missing alone, by bytes, without what is hidden."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from binscout_tui import workspace as workspaces
from binscout_tui.errors import BinScoutError, ConflictError, NotFoundError
from binscout_tui.jobs.runner import run
from binscout_tui.learning import embedding
from binscout_tui.operations.importing import import_paths
from binscout_tui.operations.similar import making
from binscout_tui.operations.similar.asking import clusters_of, neighbours_of
from binscout_tui.operations.similar.catalogue import active, file_of, read_catalogue, vector_space, way_of
from binscout_tui.store import images, jobs, models, named
from binscout_tui.store.named import TAG
from binscout_tui.workspace import Workspace

COLOURS = ("red", "red", "blue", "blue", "green", "green")


def add_pictures(ws: Workspace, folder: Path, colours: tuple[str, ...], first: int = 0) -> list[int]:
    """Import plain pictures with a bar that differs; their ids."""
    folder.mkdir()
    for number, colour in enumerate(colours, first):
        made = Image.new("RGB", (96, 64), colour)
        made.paste("white", (4 + 5 * number, 20, 12 + 5 * number, 44))
        made.save(folder / f"{number}.png")
    before = {image.id for image in ws.db.read(images.page, limit=100)}
    import_paths(ws, [folder])
    return [image.id for image in ws.db.read(images.page, limit=100) if image.id not in before]


def activate(ws: Workspace, run_folder: Path, model_id: str = "shapes-1", mark: str = "a") -> None:
    """Take a run's model into the workspace and use it."""
    shutil.copytree(run_folder, ws.paths.model(model_id))
    card = json.loads((ws.paths.model(model_id) / "card.json").read_text())
    ws.db.write(models.add, ws.user.uid, model_id, run_id=None, task="classify", sha256=mark * 64, size=1, card=card)
    ws.db.write(models.activate, ws.user.uid, model_id, ws.settings.gate, reason="for a test")


def made(ws: Workspace) -> dict[str, object]:
    """Run the job here; its result."""
    job_id = ws.db.write(making.enqueue, ws.user.uid)
    assert run(ws, job_id)
    result = ws.db.read(jobs.get, job_id).result
    assert result is not None
    return dict(result)


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    workspaces.create(tmp_path / "bins")
    with Workspace(tmp_path / "bins") as opened:
        yield opened  # type: ignore[misc]


def test_without_a_classifier_there_is_nothing_to_make(ws: Workspace, tmp_path: Path) -> None:
    first, *_ = add_pictures(ws, tmp_path / "photos", COLOURS[:2])
    with pytest.raises(NotFoundError, match="no active classifier"):
        ws.db.write(making.enqueue, ws.user.uid)
    with pytest.raises(NotFoundError, match="no active classifier"):
        neighbours_of(ws, first, 3, "model")
    assert [one.by for one in neighbours_of(ws, first, 3)] == ["hash"]


def test_the_job_makes_what_is_missing_and_neighbours_are_found_by_it(
    ws: Workspace, tmp_path: Path, finished: Path
) -> None:
    ids = add_pictures(ws, tmp_path / "photos", COLOURS)
    activate(ws, finished)
    with pytest.raises(BinScoutError, match="no vector yet"):
        neighbours_of(ws, ids[0], 3, "model")
    assert made(ws) == {"model": "shapes-1", "images": 6, "had": 0, "made": 6, "waiting": 0, "unreadable": []}
    found = neighbours_of(ws, ids[0], 10)
    assert {one.by for one in found} == {"model"}
    assert sorted(one.id for one in found) == ids[1:]
    assert found[0].id == ids[1]
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    # The same picture from outside is the image itself, and its vector the same.
    outside = neighbours_of(ws, tmp_path / "photos" / "0.png", 2)
    assert (outside[0].id, outside[1].id) == (ids[0], ids[1])
    assert outside[0].score > 0.99
    new = add_pictures(ws, tmp_path / "more", ("red",), first=9)
    assert made(ws)["made"] == 1
    assert made(ws) == {"model": "shapes-1", "images": 7, "had": 7, "made": 0, "waiting": 0, "unreadable": []}
    assert new[0] in {one.id for one in neighbours_of(ws, ids[0], 3)}
    groups = clusters_of(ws, 3)
    assert sum(group.images for group in groups) == 7
    assert {group.by for group in groups} == {"model"}


def test_what_is_hidden_or_in_the_trash_is_nowhere(ws: Workspace, tmp_path: Path, finished: Path) -> None:
    ids = add_pictures(ws, tmp_path / "photos", COLOURS)
    activate(ws, finished)
    made(ws)
    tag = ws.db.write(named.ensure, ws.user.uid, TAG, "secret")
    ws.db.write(named.put, ws.user.uid, TAG, tag, [ids[1]])
    ws.db.write(named.hide, ws.user.uid, TAG, tag)
    ws.db.write(images.trash, ws.user.uid, [ids[2]])
    left = {ids[3], ids[4], ids[5]}
    for by in ("model", "hash"):
        assert {one.id for one in neighbours_of(ws, ids[0], 10, by)} == left  # type: ignore[arg-type]
        groups = clusters_of(ws, 2, by)  # type: ignore[arg-type]
        assert {found for group in groups for found in group.middle} == left | {ids[0]}
        assert sum(group.images for group in groups) == 4
    with pytest.raises(NotFoundError):
        neighbours_of(ws, ids[1], 3)


def test_vectors_of_other_bytes_under_the_same_id_are_not_used(ws: Workspace, tmp_path: Path, finished: Path) -> None:
    ids = add_pictures(ws, tmp_path / "photos", COLOURS[:3])
    activate(ws, finished)
    made(ws)
    ws.db.write(lambda db: db.execute("UPDATE image SET sha256 = ? WHERE id = ?", ("e" * 64, ids[0])).rowcount)
    space = vector_space(read_catalogue(ws.db), file_of(ws.paths, ws.db.read(active)))
    assert space is not None
    assert space.ids.tolist() == ids[1:]


def test_a_stopped_making_keeps_what_was_made_and_another_way_begins_anew(
    ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, finished: Path
) -> None:
    ids = add_pictures(ws, tmp_path / "photos", COLOURS)
    activate(ws, finished)
    monkeypatch.setattr(making, "PART", 2)
    with pytest.raises(making.Stopped):
        making.make(ws, lambda done, total: done >= 2)
    assert making.make(ws, lambda done, total: False).had == 2
    model = ws.db.read(active)
    assert model is not None
    with making._appending(ws.paths.vectors / way_of(model), 3) as end:
        end.append(np.array(ids), np.array(ids), np.ones((6, 3), np.float32))
        with pytest.raises(ConflictError, match="Another process"):
            making.make(ws, lambda done, total: False)


def test_it_may_be_stopped_after_each_chunk(
    ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, finished: Path
) -> None:
    add_pictures(ws, tmp_path / "photos", COLOURS)
    activate(ws, finished)
    monkeypatch.setattr(making, "CHUNK", 2)
    told: list[tuple[int, int]] = []
    with pytest.raises(making.Stopped):
        making.make(ws, lambda done, total: told.append((done, total)) or done >= 4)
    assert told == [(0, 6), (2, 6), (4, 6)]
    assert making.make(ws, lambda done, total: False).had == 4


def test_what_leaves_or_waits_meanwhile_is_not_called_unreadable(ws: Workspace, tmp_path: Path, finished: Path) -> None:
    ids = add_pictures(ws, tmp_path / "photos", COLOURS)
    activate(ws, finished)
    tag = ws.db.write(named.ensure, ws.user.uid, TAG, "secret")
    ws.db.write(lambda db: db.execute("UPDATE image SET examined = 0 WHERE id = ?", (ids[3],)).rowcount)

    def meanwhile(done: int, total: int) -> bool:
        if done == 0:
            ws.db.write(images.trash, ws.user.uid, [ids[0]])
            ws.db.write(named.put, ws.user.uid, TAG, tag, [ids[1]])
            ws.db.write(named.hide, ws.user.uid, TAG, tag)
        return False

    found = making.make(ws, meanwhile)
    assert (found.images, found.made, found.waiting, found.unreadable) == (4, 3, 1, [])


def test_numbers_that_are_none_are_left_out_and_the_others_kept(
    ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, finished: Path
) -> None:
    ids = add_pictures(ws, tmp_path / "photos", COLOURS)
    activate(ws, finished)
    embed = embedding._Embedder.__call__

    def broken(embedder: embedding._Embedder, pixels: np.ndarray) -> np.ndarray:
        found = embed(embedder, pixels)
        found[1:2, 0] = np.nan
        return found

    monkeypatch.setattr(embedding._Embedder, "__call__", broken)
    result = made(ws)
    assert (result["made"], result["unreadable"]) == (5, [ids[1]])


def test_a_picture_that_cannot_be_looked_at_is_told_not_made_up(ws: Workspace, tmp_path: Path, finished: Path) -> None:
    ids = add_pictures(ws, tmp_path / "photos", COLOURS[:3])
    activate(ws, finished)
    image = ws.db.read(images.get, ids[1])
    ws.paths.original(image).unlink()
    shutil.rmtree(ws.paths.previews)
    result = made(ws)
    assert result["unreadable"] == [ids[1]]
    assert result["made"] == 2
