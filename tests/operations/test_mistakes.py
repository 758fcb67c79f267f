"""A look for mistakes in a workspace: real files, its job, its answers on the command line."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from binscout_tui.errors import BinScoutError, ConflictError, NotFoundError
from binscout_tui.jobs.runner import run
from binscout_tui.learning.frozen import Stopped
from binscout_tui.learning.mistakes import opinions
from binscout_tui.operations import mistakes
from binscout_tui.operations.mistakes import Look, enqueue, look
from binscout_tui.store import images, jobs, labels, suspects
from binscout_tui.workspace import Workspace
from tests.command_line import binscout, ok
from tests.conftest import row
from tests.pictures import SHAPES, part


def go_on(done: int) -> bool:
    return False


@pytest.fixture
def labelled(workspace: Workspace, tmp_path: Path) -> Workspace:
    """Twenty photos each of discs, squares and crosses, which lie where they are and have their class as label."""
    for place, shape in enumerate(SHAPES):
        for number in range(20):
            path = part(tmp_path / shape / f"{shape}{number:02d}.png", shape, seed=number)
            sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
            new = row(100 * place + number, path=path, name=path.name, sha256=sha256, storage="in_place")
            image, _ = workspace.db.write(images.add, workspace.user.uid, new)
            workspace.db.write(labels.import_label, workspace.user.uid, image, shape)
    return workspace


def wrong_label(workspace: Workspace) -> int:
    """The id of a disc that is called a cross from now on."""
    (image,) = (one.image_id for one in workspace.db.read(suspects.labelled) if one.name == "disc03.png")
    workspace.db.write(labels.set_label, workspace.user.uid, image, "cross")
    return image


def found(workspace: Workspace) -> Look:
    return look(workspace, "rings", go_on)


def test_a_wrong_label_is_among_the_first(labelled: Workspace) -> None:
    image = wrong_label(labelled)
    report = found(labelled)
    assert (report.images, report.features, report.alone, report.unjudged) == (60, "rings-1", [], 0)
    assert report.suspects == 50
    first = labelled.db.read(suspects.page, limit=9)
    assert image in [one.image_id for one in first]
    assert [one.rank for one in first] == list(range(1, 10))
    assert [one.margin for one in first] == sorted(one.margin for one in first)


def test_features_are_kept_and_can_be_deleted(labelled: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    found(labelled)
    before = [(one.image_id, one.margin) for one in labelled.db.read(suspects.page, limit=100)]
    asked = []
    monkeypatch.setattr("binscout_tui.learning.frozen._decode", lambda *given: asked.append(given))
    found(labelled)
    assert asked == []
    monkeypatch.undo()
    for path in (labelled.paths.root / "derived" / "features" / "rings-1").iterdir():
        path.unlink()
    found(labelled)
    assert [(one.image_id, one.margin) for one in labelled.db.read(suspects.page, limit=100)] == [
        (image, pytest.approx(margin, abs=2e-3)) for image, margin in before
    ]


def test_a_class_of_one_image_is_named_and_not_accused(labelled: Workspace) -> None:
    labelled.db.write(labels.add_class, "star")
    image = labelled.db.read(suspects.labelled)[0].image_id
    labelled.db.write(labels.set_label, labelled.user.uid, image, "star")
    report = found(labelled)
    assert (report.alone, report.unjudged) == (["star"], 1)
    assert image not in [one.image_id for one in labelled.db.read(suspects.page, limit=100)]


def test_an_unreadable_file_is_told(labelled: Workspace) -> None:
    image = labelled.db.read(suspects.labelled)[5]
    image.path.write_bytes(b"something else")
    report = found(labelled)
    assert report.unreadable == [image.name]
    assert report.images == 59


def test_a_stop_leaves_the_queue_as_it_was(labelled: Workspace) -> None:
    found(labelled)
    before = labelled.db.read(suspects.page, limit=100)
    wrong_label(labelled)
    for path in (labelled.paths.root / "derived" / "features" / "rings-1").iterdir():
        path.unlink()
    with pytest.raises(Stopped):
        look(labelled, "rings", lambda done: True)
    rows = labelled.db.connection.execute("SELECT count(*), max(at) FROM suspect").fetchone()
    assert tuple(rows) == (len(before), before[0].at)


def test_one_look_at_a_time_and_none_where_it_is_useless(labelled: Workspace) -> None:
    uid = labelled.user.uid
    with pytest.raises(NotFoundError, match="active model"):
        labelled.db.write(enqueue, uid, "model")
    labelled.db.write(enqueue, uid)
    with pytest.raises(ConflictError, match="already"):
        labelled.db.write(enqueue, uid)


def test_nothing_is_queued_where_no_label_can_be_judged(workspace: Workspace) -> None:
    with pytest.raises(BinScoutError, match="No image has a class"):
        workspace.db.write(enqueue, workspace.user.uid)
    assert workspace.db.read(jobs.latest) == []


def test_the_job_says_what_it_found(labelled: Workspace) -> None:
    job_id = labelled.db.write(enqueue, labelled.user.uid)
    assert run(labelled, job_id)
    job = labelled.db.read(jobs.get, job_id)
    assert job.result is not None
    assert (job.state, job.result["images"], job.result["suspects"]) == ("done", 60, 50)


def test_a_cancelled_job_is_cancelled(labelled: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("binscout_tui.jobs.suspects.BEAT_S", 0.0)
    job_id = labelled.db.write(enqueue, labelled.user.uid)
    told = jobs.begin

    def cancelled(*given: object) -> object:
        job = told(*given)  # type: ignore[arg-type]
        jobs.ask_cancel(given[0], job_id)  # type: ignore[arg-type]
        return job

    monkeypatch.setattr("binscout_tui.store.jobs.begin", cancelled)
    assert not run(labelled, job_id)
    assert labelled.db.read(jobs.get, job_id).state == "cancelled"


def test_the_whole_way_by_command_line(labelled: Workspace) -> None:
    root = labelled.paths.root
    empty = ok(root, "mistakes", "list")
    assert (empty["at"], empty["suspects"]) == (None, [])
    image = wrong_label(labelled)
    assert ok(root, "mistakes", "find", "--wait")["result"]["suspects"] == 50
    listed = ok(root, "mistakes", "list", "--limit", 9)
    assert listed["open"] == 50
    assert image in [one["image_id"] for one in listed["suspects"]]
    assert {one["label"] for one in ok(root, "mistakes", "list", "--class", "disc")["suspects"]} == {"disc"}
    ok(root, "mistakes", "dismiss", image)
    assert image not in [one["image_id"] for one in ok(root, "mistakes", "list")["suspects"]]
    assert ok(root, "undo", "--area", "suspect")["target"] == image
    assert image in [one["image_id"] for one in ok(root, "mistakes", "list")["suspects"]]
    assert binscout(root, "mistakes", "list", "--class", "nothing").data["error"]["code"] == "no_class"
    assert binscout(root, "mistakes", "dismiss", 999).data["error"]["code"] == "no_image"


def test_the_share_that_is_kept_is_a_quarter_of_many() -> None:
    undecided = opinions(np.full((1000, 2), 0.5), np.zeros(1000, np.int64))
    kept = mistakes.queue_of(
        [suspects.Labelled(i, "", Path(), "", "", 7, "") for i in range(1000)],
        [7, 9],
        undecided,
    )
    assert (len(kept), kept[0].likely_class_id) == (250, 9)
