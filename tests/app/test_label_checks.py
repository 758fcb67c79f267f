"""Gold images and labelled ones shown once more: nothing on the screen tells them from others, nothing gets lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from binscout_tui.app import BinScoutApp
from binscout_tui.labelling import desk
from binscout_tui.operations.label_agreement import accuracies, agreements
from binscout_tui.screens.label import LabelScreen
from binscout_tui.store import gold, images, label_checks, labels, reviews, users
from binscout_tui.widgets.class_panel import ClassPanel
from binscout_tui.workspace import Workspace

from .deciding import decide, open_area, press, ready
from .driving import screen_text, settle
from .made_up import add_classes, add_images

NAMES = ["M2", "M3"]


def share(root: Path, **shares: float) -> None:
    """Let so many of the images be checks."""
    lines = [f"{name}_share = {shares.get(name, 0.0)}" for name in ("gold", "reshow")]
    (root / "settings.toml").write_text("\n".join(["[label]", *lines, ""]))


@pytest.fixture(autouse=True)
def _same_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "SEED", 7)


@pytest.fixture
def ids(root: Path) -> list[int]:
    """Sixteen unlabelled images, and four gold ones that somebody else has labelled M2; they are M3."""
    add_classes(root, NAMES)
    made = add_images(root, 20)
    with Workspace(root) as ws:
        bea = ws.db.write(users.sign_in, ws.user.uid + 1, "bea")
        for image in made[16:]:
            ws.db.write(gold.add, ws.user.uid, image, "M3")
            ws.db.write(labels.set_label, bea.uid, image, "M2")
    share(root, gold=0.45)
    return made


def check(app: BinScoutApp) -> label_checks.Check | None:
    """The check that is on the screen."""
    assert isinstance(app.screen, LabelScreen)
    return app.screen.candidate.check if app.screen.candidate else None


def shown(app: BinScoutApp) -> tuple[int, int]:
    """What is left, and the image, as the status says."""
    found = re.match(r" (\d+) left · .*?#(\d+) ", screen_text(app)[1])
    assert found is not None, screen_text(app)[1]
    return int(found[1]), int(found[2])


def given(app: BinScoutApp) -> int:
    """How many labels the panel of classes tells of."""
    return sum(entry.images for entry in app.screen.query_one(ClassPanel).entries)


async def to_a_check(pilot, app: BinScoutApp) -> int:  # type: ignore[no-untyped-def]
    """Label with M2 until a check is on the screen; how many it took."""
    for number in range(60):
        await ready(pilot)
        if check(app) is not None:
            return number
        await decide(pilot, "1")
    raise AssertionError("no check came")


async def test_an_answer_to_a_gold_image_is_no_label_and_the_screen_does_not_tell(
    app: BinScoutApp, ids: list[int]
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await open_area(pilot, "label")
        left, labelled = shown(app)[0], given(app)
        assert left == 20
        checks: list[int] = []
        for number in range(1, 13):
            if (one := check(app)) is not None:
                checks.append(one.image_id)
                text = "\n".join(screen_text(app)[1:]).lower()
                assert "gold" not in text
                assert "check" not in text
            await decide(pilot, "1")
            await ready(pilot)
            # Every answer counts the same, whatever it was for.
            assert (shown(app)[0], given(app)) == (left - number, labelled + number)
        ws = app.workspace
        answered = await ws.db.read(label_checks.answers)
        assert [one.image_id for one in answered] == checks
        assert set(checks) <= set(ids[16:])
        assert checks
        assert (await ws.db.read(labels.counts))["class"] == 4 + 12 - len(checks)
        assert await ws.db.read(reviews.page) == []


async def test_a_check_is_still_one_after_a_restart_and_undo_brings_it_back_blind(root: Path, ids: list[int]) -> None:
    first = BinScoutApp(root)
    async with first.run_test() as pilot:
        await open_area(pilot, "label")
        await to_a_check(pilot, first)
        asked = check(first)
        here = shown(first)[1]
        assert asked is not None
    second = BinScoutApp(root)
    async with second.run_test() as pilot:
        await open_area(pilot, "label")
        assert check(second) == asked
        assert shown(second)[1] == here
        await decide(pilot, "2")
        await ready(pilot)
        right = await second.workspace.db.read(accuracies)
        assert [(one.right, one.n) for one in right] == [(1, 1)]
    third = BinScoutApp(root)
    async with third.run_test() as pilot:
        await open_area(pilot, "label")
        await decide(pilot, "h")
        await ready(pilot)
        assert shown(third)[1] == here
        assert "labelled M3" in screen_text(third)[1]
        await decide(pilot, "z")
        await ready(pilot)
        assert shown(third)[1] == here
        assert "labelled" not in screen_text(third)[1]
        assert await third.workspace.db.read(label_checks.answers) == []
        await decide(pilot, "Z")
        await ready(pilot)
        assert len(await third.workspace.db.read(label_checks.answers)) == 1
        await decide(pilot, "1")
        await ready(pilot)
        (answer,) = await third.workspace.db.read(label_checks.answers)
        assert (answer.said, answer.expected) == (("class", 1), ("class", 2))
        assert (await third.workspace.db.read(labels.get, here)).name == "M2"  # type: ignore[union-attr]


async def test_what_was_labelled_is_shown_again_without_its_label_and_another_answer_asks_for_review(
    root: Path, app: BinScoutApp
) -> None:
    add_classes(root, NAMES)
    ids = add_images(root, 120)
    share(root, reshow=0.45)
    with Workspace(root) as ws:
        for image in ids[:40]:
            ws.db.write(labels.set_label, ws.user.uid, image, "M2")
    async with app.run_test() as pilot:
        await open_area(pilot, "label")
        await to_a_check(pilot, app)
        again = shown(app)[1]
        assert again in ids[:40]
        # Nothing that was among the last ones.
        assert again not in ids[11:40]
        assert "labelled" not in screen_text(app)[1]
        assert app.screen.query_one(ClassPanel).given is None
        await decide(pilot, "2")
        await ready(pilot)
        ws = app.workspace
        assert (await ws.db.read(labels.get, again)).name == "M2"  # type: ignore[union-attr]
        assert await ws.db.read(reviews.page) == [again]
        assert [(one.n, one.observed) for one in await ws.db.read(agreements)] == [(1, 0)]
        await decide(pilot, "z")
        await ready(pilot)
        assert shown(app)[1] == again
        assert await ws.db.read(reviews.page) == []
        await decide(pilot, "space")
        await settle(pilot)
        assert await ws.db.read(label_checks.answers) == []
        assert await ws.db.read(reviews.page) == []


async def test_a_check_can_be_passed_by_flagged_and_trashed(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "label")
        await to_a_check(pilot, app)
        first = shown(app)[1]
        await decide(pilot, "r")
        await ready(pilot)
        assert "⚑ review" in screen_text(app)[1]
        await press(pilot, "l")
        await ready(pilot)
        assert shown(app)[1] != first
        assert await app.workspace.db.read(label_checks.answers) == []
        await to_a_check(pilot, app)
        gone = shown(app)[1]
        await decide(pilot, "d")
        await ready(pilot)
        counts = await app.workspace.db.read(labels.counts)
        assert (await app.workspace.db.read(images.get, gone)).trashed_at is not None
        await decide(pilot, "z")
        await ready(pilot)
        assert (await app.workspace.db.read(labels.counts))["class"] == counts["class"] + 1


async def test_a_note_on_a_check_does_not_replace_the_one_that_it_hides(
    root: Path, app: BinScoutApp, ids: list[int]
) -> None:
    with Workspace(root) as ws:
        for image in ids[16:]:
            ws.db.write(reviews.set_note, ws.user.uid, image, "from the tray")
    async with app.run_test() as pilot:
        await open_area(pilot, "label")
        await to_a_check(pilot, app)
        image = shown(app)[1]
        assert "tray" not in screen_text(app)[1]
        await press(pilot, "n", *"dusty", "enter")
        await ready(pilot)
        assert (await app.workspace.db.read(reviews.get, image)).note == "from the tray · dusty"


async def test_where_everything_is_shown_no_check_is_mixed_in(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "label")
        await press(pilot, "o", "a")
        for image in ids[:10]:
            await ready(pilot)
            assert app.screen.candidate.image.id == image  # type: ignore[attr-defined]
            assert check(app) is None
            await decide(pilot, "1")
