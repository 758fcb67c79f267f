"""A model beside the active one: asked after it, kept apart from suggestions, compared with what people said since."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from binscout_tui.errors import NotFoundError, RefusedError
from binscout_tui.jobs import runner
from binscout_tui.operations import shadowing
from binscout_tui.operations.gating import activate
from binscout_tui.operations.predicting import predict_unlabelled
from binscout_tui.store import images, jobs, labels, models, predictions, shadows
from binscout_tui.store.predictions import Prediction
from binscout_tui.store.users import User
from binscout_tui.workspace import Workspace
from tests.command_line import answered_here
from tests.conftest import AddImages

from .using_models import add_model, add_pictures, live


@pytest.fixture
def root(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Ten unlabelled pictures, the active model m-1, and m-bad, which says the opposite."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    add_pictures(workspace, tmp_path / "photos", labelled=False)
    add_model(workspace, "m-1")
    add_model(workspace, "m-bad", swap=True)
    workspace.db.write(models.activate, workspace.user.uid, "m-1", workspace.settings.gate, reason="for a test")
    return workspace.paths.root


async def test_both_are_asked_and_only_the_active_one_suggests(root: Path) -> None:
    async with live(root) as workspace:
        read = workspace.db.read
        await predict_unlabelled(workspace)
        await shadowing.set_shadow(workspace, "m-bad")
        assert await shadowing.follow(workspace) == 10
        assert await shadowing.follow(workspace) == 0, "nothing is asked twice"
        assert await read(predictions.get, 1, "m-bad") is None
        found = await read(shadowing.report)
        assert (found.active, found.shadow, found.n, found.agree, found.labelled, found.p) == (
            *("m-1", "m-bad", 10, 0, 0),
            None,
        )
        assert {one.right for one in found.disagreements} == {None}
        for image in (await read(images.page, limit=100))[:7]:
            said = await read(predictions.get, image.id, "m-1")
            assert said is not None
            await workspace.db.write(labels.import_label, workspace.user.uid, image.id, said.label)
        found = await read(shadowing.report)
        assert (found.labelled, found.active_right, found.shadow_right) == (7, 7, 0)
        assert found.p == pytest.approx(2 / 2**7)
        assert [one.right for one in found.disagreements] == ["active"] * 7 + [None] * 3


async def test_what_is_labelled_already_is_not_asked(root: Path, workspace: Workspace) -> None:
    async with live(root) as opened:
        await predict_unlabelled(opened)
        workspace.db.write(labels.import_label, workspace.user.uid, 1, "red")
        await shadowing.set_shadow(opened, "m-bad")
        assert await shadowing.follow(opened) == 9


async def test_a_shadow_that_cannot_be_loaded_or_compared_is_refused(root: Path) -> None:
    async with live(root) as workspace:
        with pytest.raises(RefusedError, match="is the active model itself"):
            await shadowing.set_shadow(workspace, "m-1")
        workspace.paths.model("m-bad").rename(workspace.paths.models / "aside")
        with pytest.raises(Exception, match="m-bad"):
            await shadowing.set_shadow(workspace, "m-bad")
        assert await workspace.db.read(shadows.shadow) is None
        with pytest.raises(NotFoundError, match="No model is asked"):
            await workspace.db.read(shadowing.report)
        workspace.user = User(workspace.user.uid, workspace.user.name, "viewer")
        with pytest.raises(RefusedError, match="role operator"):
            await shadowing.end_shadow(workspace)


async def test_a_shadow_that_becomes_active_is_none_any_more(root: Path) -> None:
    async with live(root) as workspace:
        await predict_unlabelled(workspace)
        await shadowing.set_shadow(workspace, "m-bad")
        await activate(workspace, "m-bad", reason="for a test")
        assert await workspace.db.read(shadows.shadow) is None


async def test_the_job_does_the_work_and_is_queued_once(root: Path, workspace: Workspace) -> None:
    uid = workspace.user.uid
    async with live(root) as opened:
        assert workspace.db.write(shadowing.enqueue, uid) is None, "no shadow is set"
        await shadowing.set_shadow(opened, "m-bad")
        assert workspace.db.write(shadowing.enqueue, uid) is None, "nothing was predicted yet"
        await predict_unlabelled(opened)
        job_id = workspace.db.write(shadowing.enqueue, uid)
        assert job_id is not None
        assert workspace.db.write(shadowing.enqueue, uid) is None, "one is under way"
        assert await asyncio.to_thread(_run, root, job_id)
        job = workspace.db.read(jobs.get, job_id)
        assert (job.state, job.result) == ("done", {"said": 10})


def _run(root: Path, job_id: int) -> bool:
    with Workspace(root) as own:
        return runner.run(own, job_id)


async def test_the_command_sets_tells_and_ends_it(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with live(root) as workspace:
        await predict_unlabelled(workspace)
        assert (await asyncio.to_thread(answered_here, root, capsys, "models", "shadow")).data["error"][
            "code"
        ] == "no_shadow"
        begun = await asyncio.to_thread(answered_here, root, capsys, "models", "shadow", "m-bad")
        assert begun.code == 0, begun.err
        while (await workspace.db.read(jobs.get, begun.data["job"])).is_open:
            await asyncio.sleep(0.05)
        told = await asyncio.to_thread(answered_here, root, capsys, "models", "shadow", "--report")
        assert (told.data["n"], told.data["agree"], len(told.data["disagreements"])) == (10, 0, 10)
        words = (await asyncio.to_thread(answered_here, root, capsys, "models", "shadow", as_json=False)).out
        assert "m-bad beside m-1: the same word of 0 of 10 images" in words
        assert "nobody knows who is right" in words
        assert (await asyncio.to_thread(answered_here, root, capsys, "models", "shadow", "off")).code == 0
        assert (await asyncio.to_thread(answered_here, root, capsys, "models", "shadow", "m-9")).data["error"][
            "code"
        ] == "no_model"


def test_who_was_right(workspace: Workspace, add_images: AddImages) -> None:
    """What each said (None: unknown), what a person said since ('': none of the classes, None: nothing yet)."""
    rows: list[tuple[str | None, str | None, str | None]] = [
        ("a", "a", "a"),
        ("a", "b", "b"),
        ("a", "b", "a"),
        ("a", "b", "c"),
        ("a", None, ""),
        (None, "b", None),
        (None, None, ""),
    ]
    for name in ("m-1", "m-2"):
        add_model(workspace, name)
    write, uid = workspace.db.write, workspace.user.uid
    write(models.activate, uid, "m-1", workspace.settings.gate, reason="for a test")
    write(shadows.set_shadow, uid, "m-2")
    for image_id, (active, shadow, truth) in zip(add_images(len(rows)), rows, strict=True):
        write(predictions.keep, [said(image_id, "m-1", active)])
        write(shadows.keep, [said(image_id, "m-2", shadow)], "m-1")
        if truth:
            write(labels.import_label, uid, image_id, truth)
        elif truth == "":
            write(labels.set_label, uid, image_id, None, state="empty")
    found = workspace.db.read(shadowing.report)
    assert (found.n, found.agree, found.failed, found.labelled) == (7, 2, 0, 6)
    assert (found.active_right, found.shadow_right) == (3, 4)
    assert [one.right for one in found.disagreements] == ["shadow", "active", "neither", "shadow", None]
    assert found.p == pytest.approx(1.0)
    assert workspace.db.read(shadowing.summary) == msgspec.structs.replace(found, disagreements=[])


def said(image_id: int, model: str, label: str | None) -> Prediction:
    return Prediction(image_id=image_id, model_id=model, label=label or "x", score=0.9, unknown=label is None)
