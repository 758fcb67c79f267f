"""Going over the images in other orders: uncertain ones, suspects, a filter and so on."""

from __future__ import annotations

from pathlib import Path

import pytest

from binscout_tui.app import BinScoutApp
from binscout_tui.operations import mistakes
from binscout_tui.screens.label import LabelScreen
from binscout_tui.store import classes, images, journal, labels, reviews, suspects
from binscout_tui.store.suspects import Suspicion
from binscout_tui.workspace import Workspace

from .deciding import decide, open_area, press, ready
from .driving import screen_text, settle, told
from .made_up import add_classes, add_images, add_model

NAMES = ["M2", "M3", "M4"]
SCORES = (0.9, 0.2, 0.5, 0.3, 0.7, 0.4)


@pytest.fixture
def ids(root: Path) -> list[int]:
    """Six images of which a model says M2, with different scores."""
    add_classes(root, NAMES)
    made = add_images(root, 6)
    add_model(root, {image: ("M2", score) for image, score in zip(made, SCORES, strict=True)})
    return made


def desk_of(app: BinScoutApp) -> tuple[int | None, str]:
    """The image on the screen, and the order."""
    assert isinstance(app.screen, LabelScreen)
    assert app.screen.desk is not None
    return (app.screen.candidate.image.id if app.screen.candidate else None), app.screen.desk.order


async def label(app: BinScoutApp, image: int) -> str | None:
    """The class of an image."""
    found = await app.workspace.db.read(labels.get, image)
    return found.name if found else None


def give(root: Path, image: int, name: str) -> None:
    """Somebody labels an image elsewhere."""
    with Workspace(root) as ws:
        ws.db.write(labels.set_label, ws.user.uid, image, name)


def suspect(root: Path, ranked: list[int]) -> None:
    """Somebody looked for mistakes: these labels (M2) are rather M3."""
    found = [
        Suspicion(
            image_id=image,
            class_id=1,
            likely_class_id=2,
            probability=0.125,
            likely_probability=0.75,
            margin=0.2,
            rank=rank,
        )
        for rank, image in enumerate(ranked, 1)
    ]
    with Workspace(root) as ws:
        ws.db.write(suspects.replace, found, mistakes.RINGS.name)


async def test_the_least_sure_first_and_the_same_after_a_restart(root: Path, ids: list[int]) -> None:
    first = BinScoutApp(root)
    async with first.run_test() as pilot:
        await open_area(pilot, "label")
        await press(pilot, "o", "m")
        await ready(pilot)
        assert desk_of(first) == (ids[1], "uncertain")
        assert "6 left · most uncertain (o)" in screen_text(first)[1]
        await decide(pilot, "2", "3")
        await ready(pilot)
        assert desk_of(first)[0] == ids[5]
    second = BinScoutApp(root)
    async with second.run_test() as pilot:
        await open_area(pilot, "label")
        assert desk_of(second) == (ids[5], "uncertain")
        await decide(pilot, "z")
        await ready(pilot)
        assert desk_of(second)[0] == ids[3]
        assert [await label(second, ids[1]), await label(second, ids[3])] == ["M3", None]
        await decide(pilot, "1", "1")
        await ready(pilot)
        assert desk_of(second)[0] == ids[2]
        await press(pilot, "o", "u")
        await ready(pilot)
        assert desk_of(second) == (ids[0], "unlabelled")


async def test_as_captured_shows_labelled_ones_too_and_ends(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "label")
        await decide(pilot, "1", "2")
        await press(pilot, "o", "a")
        await ready(pilot)
        assert desk_of(app) == (ids[0], "arrival")
        assert "as captured · o" in screen_text(app)[1]
        assert "labelled M2" in screen_text(app)[1]
        await decide(pilot, "3", *"1" * 5)
        await settle(pilot)
        assert [await label(app, image) for image in ids] == ["M4", *["M2"] * 5]
        assert "That was the last image." in "\n".join(screen_text(app))
        await decide(pilot, "z")
        await ready(pilot)
        assert desk_of(app)[0] == ids[5]
        assert await label(app, ids[5]) is None
        await press(pilot, "h")
        assert desk_of(app)[0] == ids[4]


async def test_suspects_are_taken_kept_and_corrected_and_it_is_all_undone(
    root: Path, app: BinScoutApp, ids: list[int]
) -> None:
    for image in ids:
        give(root, image, "M2")
    suspect(root, [ids[3], ids[0], ids[5], ids[1]])
    async with app.run_test() as pilot:
        await open_area(pilot, "label", empty=True)
        await press(pilot, "k")
        assert any("labels that are probably wrong; o goes over them" in line for line in told(app))
        await press(pilot, "o", "w")
        await ready(pilot)
        assert desk_of(app) == (ids[3], "suspects")
        text = "\n".join(screen_text(app))
        assert "rather M3 .75 y" in text
        assert "given M2 .12 k" in text
        # The likely class, that it is right by its key, that it is right by the class once more, another class.
        await decide(pilot, "y", "k", "1", "3")
        await settle(pilot)
        assert [await label(app, image) for image in (ids[3], ids[0], ids[5], ids[1])] == ["M3", "M2", "M2", "M4"]
        assert await app.workspace.db.read(suspects.count) == 0
        assert "No further label is suspect" in "\n".join(screen_text(app))
        taken = (await app.workspace.db.read(journal.history, area="label", target=ids[3]))[0]
        assert taken.suggested == {"label": "M3", "score": 0.75, "model": mistakes.RINGS.name}
        await decide(pilot, *"zzzz")
        await ready(pilot)
        assert desk_of(app)[0] == ids[3]
        assert await app.workspace.db.read(suspects.count) == 4
        assert {await label(app, image) for image in ids} == {"M2"}
        await decide(pilot, "Z", "Z")
        await ready(pilot)
        assert await app.workspace.db.read(suspects.count) == 2


async def test_a_filter_is_typed_kept_and_told_when_it_makes_no_sense_any_more(root: Path, ids: list[int]) -> None:
    first = BinScoutApp(root)
    async with first.run_test() as pilot:
        await open_area(pilot, "label")
        await press(pilot, "o", "f", *"nothing:5", "enter")
        assert await label(first, ids[0]) is None
        assert desk_of(first)[1] == "unlabelled"
        await press(pilot, "escape", "o", "f", *"conf<0.45 -label:M4", "enter")
        await ready(pilot)
        assert desk_of(first) == (ids[1], "filter")
        assert "/ conf<0.45 -label:M4" in screen_text(first)[1]
        await decide(pilot, "2")
        await ready(pilot)
        assert desk_of(first)[0] == ids[3]
    with Workspace(root) as ws:
        ws.db.write(classes.rename, ws.user.uid, 3, "M5")
    second = BinScoutApp(root)
    async with second.run_test() as pilot:
        await open_area(pilot, "label")
        assert desk_of(second) == (ids[3], "filter")
        await decide(pilot, "1")
        await settle(pilot)
        assert await label(second, ids[3]) == "M2"
        assert "M4" in "\n".join(screen_text(second))
        assert "o goes over something else" in "\n".join(screen_text(second))
        await press(pilot, "o", "u")
        await ready(pilot)
        assert desk_of(second) == (ids[0], "unlabelled")


async def test_a_random_order_comes_to_all_and_stays_over_restarts(root: Path, ids: list[int]) -> None:
    seen = []
    for _ in range(3):
        app = BinScoutApp(root)
        async with app.run_test() as pilot:
            await open_area(pilot, "label")
            if not seen:
                await press(pilot, "o", "r")
                await ready(pilot)
            for _ in range(2):
                seen.append(desk_of(app)[0])
                await decide(pilot, "1")
                await settle(pilot)
    assert sorted(seen) == ids  # type: ignore[type-var]
    again = BinScoutApp(root)
    async with again.run_test() as pilot:
        await open_area(pilot, "label", empty=True)
        assert "Everything is labelled" in "\n".join(screen_text(again))
        await decide(pilot, *"zzzzzz")
        await ready(pilot)
        assert desk_of(again)[0] == seen[0]
        for image in seen:
            assert desk_of(again)[0] == image
            await decide(pilot, "2")
            await settle(pilot)


async def test_unlike_images_come_first(root: Path, app: BinScoutApp, ids: list[int]) -> None:
    with Workspace(root) as ws:
        for image, phash in zip(ids, (0, 1, 3, -1, 7, 2**32 - 1), strict=True):
            ws.db.connection.execute("UPDATE image SET phash = ? WHERE id = ?", (phash, image))
    async with app.run_test() as pilot:
        await open_area(pilot, "label")
        await press(pilot, "o", "v")
        await ready(pilot)
        order = []
        for _ in range(3):
            order.append(desk_of(app)[0])
            await decide(pilot, "1")
            await ready(pilot)
        assert order == [ids[0], ids[3], ids[5]]
        assert desk_of(app)[1] == "diverse"


async def test_disagreements_and_reviews_are_gone_over(root: Path, app: BinScoutApp, ids: list[int]) -> None:
    give(root, ids[4], "M3")
    give(root, ids[2], "M2")
    async with app.run_test() as pilot:
        await open_area(pilot, "label")
        await press(pilot, "o", "d")
        await ready(pilot)
        assert desk_of(app) == (ids[4], "disagreement")
        await decide(pilot, "r", "y")
        await settle(pilot)
        assert await label(app, ids[4]) == "M2"
        await press(pilot, "o", "n")
        await ready(pilot)
        assert desk_of(app) == (ids[4], "review")
        assert "⚑ review" in screen_text(app)[1]
        await decide(pilot, "r")
        await ready(pilot)
        assert await app.workspace.db.read(reviews.page) == []
        await decide(pilot, "z", "z", "z")
        await ready(pilot)
        assert await label(app, ids[4]) == "M3"
        assert await app.workspace.db.read(reviews.page) == []


async def test_a_note_is_written_shown_and_undone(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "label")
        await press(pilot, "n", *"dusty [b]", "enter")
        await ready(pilot)
        assert (await app.workspace.db.read(reviews.get, ids[0])).note == "dusty [b]"
        assert "✎ dusty [b]" in screen_text(app)[1]
        assert desk_of(app)[0] == ids[0]
        await decide(pilot, "1")
        await ready(pilot)
        assert "✎" not in screen_text(app)[1]
        await decide(pilot, "z", "z")
        await ready(pilot)
        assert await app.workspace.db.read(reviews.get, ids[0]) == reviews.Remarks()
        await decide(pilot, "Z")
        await ready(pilot)
        assert "✎ dusty" in screen_text(app)[1]


@pytest.mark.parametrize("size", [(60, 20), (80, 24)])
async def test_every_order_is_on_the_menu_and_can_be_left(
    app: BinScoutApp, ids: list[int], size: tuple[int, int]
) -> None:
    async with app.run_test(size=size) as pilot:
        await open_area(pilot, "label")
        await press(pilot, "o")
        text = "\n".join(screen_text(app))
        for words in ("u  unlabelled first", "m  most uncertain", "w  suspects", "f  filter", "here"):
            assert words in text
        await press(pilot, "escape")
        await ready(pilot)
        assert desk_of(app) == (ids[0], "unlabelled")


async def test_an_order_is_chosen_by_arrows_too(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await open_area(pilot, "label")
        await press(pilot, "o")
        assert any("▸ u  unlabelled first" in line for line in screen_text(app))
        await press(pilot, "up", "down", "down")
        assert any("▸ m  most uncertain" in line for line in screen_text(app))
        await press(pilot, "enter")
        await ready(pilot)
        assert desk_of(app) == (ids[1], "uncertain")


async def test_home_leads_to_the_unlabelled_images_whatever_was_gone_over(root: Path, ids: list[int]) -> None:
    first = BinScoutApp(root)
    async with first.run_test() as pilot:
        await open_area(pilot, "label")
        await decide(pilot, "space")
        await ready(pilot)
        await press(pilot, "s")
        assert desk_of(first) == (ids[0], "skipped")
        # Whoever goes there by key finds what was left, and so does Continue; the row of the unlabelled ones is theirs.
        await press(pilot, "f2", "f5")
        assert desk_of(first) == (ids[0], "skipped")
        await press(pilot, "f2", "home", "enter")
        assert desk_of(first) == (ids[0], "skipped")
        await press(pilot, "f2", "home", "down", "enter")
        await ready(pilot)
        assert desk_of(first) == (ids[1], "unlabelled")
        await press(pilot, "o", "f", *"label:M4", "enter")
        assert desk_of(first) == (None, "filter")
        await press(pilot, "escape", "f2", "f5")
        assert desk_of(first) == (None, "filter")
    second = BinScoutApp(root)
    async with second.run_test() as pilot:
        await settle(pilot)
        await press(pilot, "enter")
        await ready(pilot)
        assert desk_of(second)[1] == "unlabelled"
        assert desk_of(second)[0] is not None


async def test_undoing_the_trashing_of_many_images_says_so(root: Path, app: BinScoutApp, ids: list[int]) -> None:
    with Workspace(root) as ws:
        ws.db.write(images.trash, ws.user.uid, ids[2:5])
    async with app.run_test(size=(80, 24)) as pilot:
        await open_area(pilot, "label")
        await decide(pilot, "z")
        await ready(pilot)
        assert "last: trashing of 3 images undone ✓" in screen_text(app)[22]
        assert told(app)[0].endswith("Trashing of 3 images undone.")
