"""The rule `sharpest`: written when sets are made and on demand, never taken, honest about what it cannot see."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageFilter

from binscout_tui.errors import UsageError
from binscout_tui.imaging.previews import SIZES, preview_path
from binscout_tui.operations import suggesting
from binscout_tui.operations.advising import advise_files, advise_set
from binscout_tui.operations.importing import import_paths
from binscout_tui.store import images, models, named, sets, suggestions
from binscout_tui.workspace import LiveWorkspace, Workspace

from .using_models import add_model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One scene three times: out of focus, sharp, and a little out of focus."""
    scene = Image.new("RGB", (320, 240), (90, 90, 90))
    for number in range(6):
        scene.paste((200, 180, 60), (20 + 50 * number, 40 + 20 * number, 45 + 50 * number, 70 + 20 * number))
    place = tmp_path / "scene"
    place.mkdir()
    for name, radius in (("1.png", 3.0), ("2.png", 0.0), ("3.png", 1.5)):
        scene.filter(ImageFilter.GaussianBlur(radius)).save(place / name)
    return place


def test_a_new_set_has_a_suggestion_and_stays_undecided(workspace: Workspace, folder: Path) -> None:
    import_paths(workspace, [folder], sets="folder")
    said, found = workspace.db.read(suggestions.get, 1), workspace.db.read(sets.get, 1)
    assert said is not None
    assert (said.by, said.image_id, said.crop) == ("sharpest", found.images[1].id, None)
    assert 0.9 < said.score <= 1
    assert (found.state, found.chosen_image_id) == ("pending", None)


async def test_older_sets_get_theirs_on_demand_and_once(workspace: Workspace, folder: Path) -> None:
    import_paths(workspace, [folder])
    ids = [image.id for image in workspace.db.read(images.page)]
    set_id, _ = workspace.db.write(sets.add, name="by hand", kind="hand", image_ids=ids)
    live = await LiveWorkspace.open(workspace.paths.root)
    try:
        assert await suggesting.for_set(live, set_id)
        assert not await suggesting.for_set(live, set_id)
        assert not await suggesting.for_set(live, 99)
    finally:
        await live.close()
    said = workspace.db.read(suggestions.get, set_id)
    assert said is not None
    assert said.image_id == ids[1]


def test_a_suggestion_for_an_image_that_went_is_not_told_and_made_anew(workspace: Workspace, folder: Path) -> None:
    import_paths(workspace, [folder], sets="folder")
    best = workspace.db.read(suggestions.get, 1)
    assert best is not None
    workspace.db.write(images.trash, workspace.user.uid, [best.image_id])
    assert workspace.db.read(suggestions.get, 1) is None
    assert suggesting.for_sets(workspace) == 1
    said = workspace.db.read(suggestions.get, 1)
    assert said is not None
    assert said.image_id == best.image_id + 1


def test_what_a_person_ruled_out_is_not_told_and_another_is_found(workspace: Workspace, folder: Path) -> None:
    import_paths(workspace, [folder], sets="folder")
    best = workspace.db.read(suggestions.get, 1)
    assert best is not None
    workspace.db.write(sets.rule_out, workspace.user.uid, 1, best.image_id)
    assert workspace.db.read(suggestions.get, 1) is None
    assert workspace.db.read(sets.get, 1).suggested is None
    assert suggesting.for_sets(workspace) == 1
    said = workspace.db.read(suggestions.get, 1)
    assert said is not None
    assert said.image_id != best.image_id
    workspace.db.write(sets.rule_out, workspace.user.uid, 1, best.image_id, False)
    assert workspace.db.read(suggestions.get, 1) == said


def test_without_previews_nothing_is_said(workspace: Workspace, folder: Path) -> None:
    import_paths(workspace, [folder])
    found = workspace.db.read(images.page)
    for image in found[:2]:
        for size in SIZES:
            preview_path(workspace.paths.previews, image.sha256, size).unlink()
    workspace.db.write(sets.add, name="by hand", kind="hand", image_ids=[image.id for image in found])
    assert suggesting.for_sets(workspace) == 0
    advice = advise_set(workspace, 1)
    assert advice.chosen is None
    assert list(advice.scores.values()) == [None, None, 1.0]


def test_the_active_model_is_heard_before_the_rule_and_the_rule_before_others(
    workspace: Workspace, folder: Path
) -> None:
    import_paths(workspace, [folder], sets="folder")
    for name in ("model-1", "model-2"):
        add_model(workspace, name, task="select")
        workspace.db.write(models.activate, workspace.user.uid, name, workspace.settings.gate, reason="for a test")
    workspace.db.write(suggestions.put, 1, "model-2", 3, 0.2, (0.1, 0.1, 0.9, 0.9))
    said = workspace.db.read(suggestions.get, 1)
    assert said is not None
    assert (said.by, said.image_id, said.crop) == ("model-2", 3, (0.1, 0.1, 0.9, 0.9))
    workspace.db.write(models.rollback, workspace.user.uid, "select", "model-1")
    said = workspace.db.read(suggestions.get, 1)
    assert said is not None
    assert said.by == "sharpest"
    rule = workspace.db.read(suggestions.get, 1, "sharpest")
    assert rule is not None
    assert rule.image_id == 2


@pytest.mark.parametrize(("image_id", "score"), [(99, 0.5), (1, 1.5), (1, float("nan"))])
def test_nonsense_is_not_written_down(workspace: Workspace, folder: Path, image_id: int, score: float) -> None:
    import_paths(workspace, [folder], sets="folder")
    with pytest.raises(UsageError):
        workspace.db.write(suggestions.put, 1, "model-1", image_id, score)


def test_files_from_anywhere_are_judged_and_stay_where_they_are(workspace: Workspace, folder: Path) -> None:
    (folder / "bad.jpg").write_text("no picture")
    advice = advise_files(workspace, [folder])
    assert advice.chosen == str(folder / "2.png")
    assert advice.by == "sharpest"
    assert sum(score or 0 for score in advice.scores.values()) == pytest.approx(1, abs=0.001)
    assert advice.scores[str(folder / "bad.jpg")] is None
    assert [one.code for one in advice.rejected] == ["not_an_image"]
    assert workspace.db.read(images.count) == 0
    with pytest.raises(UsageError, match="at least two"):
        advise_files(workspace, [folder / "1.png"])


def test_a_set_that_is_hidden_keeps_no_other_from_its_suggestion(workspace: Workspace, folder: Path) -> None:
    import_paths(workspace, [folder])
    first, second, third = (image.id for image in workspace.db.read(images.page))
    uid, write = workspace.user.uid, workspace.db.write
    hidden, _ = write(sets.add, name="hidden", kind="hand", image_ids=[first, second])
    seen, _ = write(sets.add, name="seen", kind="hand", image_ids=[second, third])
    tag = write(named.ensure, uid, named.TAG, "private")
    write(named.put, uid, named.TAG, tag, [first])
    workspace.db.connection.execute("DELETE FROM set_suggestion")

    def hide_it(done: int, total: int) -> None:
        write(named.hide, uid, named.TAG, tag)

    assert suggesting.for_sets(workspace, on_progress=hide_it) == 1
    assert suggesting.for_sets(workspace, [hidden, seen]) == 0
    assert workspace.db.read(suggestions.get, seen) is not None
