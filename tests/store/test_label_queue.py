"""The orders in which images are gone over: what comes, in which order, and that pages neither lose nor repeat."""

from __future__ import annotations

import pytest

from binscout_tui.filtering.errors import FilterError
from binscout_tui.store import images, label_queue, labels, predictions, reviews, suspects
from binscout_tui.store.label_queue import BEGINNING, Order, Wanted
from binscout_tui.store.predictions import Prediction
from binscout_tui.store.suspects import Suspicion
from binscout_tui.workspace import Workspace
from tests.conftest import AddImages

SCORES = (0.9, 0.2, 0.5, 0.2, 0.7, 0.4)


@pytest.fixture
def ids(workspace: Workspace, add_images: AddImages) -> list[int]:
    """Six unlabelled images; a model says m4 of all of them, with different scores."""
    made, db = add_images(6), workspace.db
    for name in ("m3", "m4"):
        db.write(labels.add_class, name)
    db.connection.execute(
        "INSERT INTO model (id, run_id, task, sha256, bytes, card, uid, created_at) VALUES"
        " ('a', NULL, 'classify', ?, 1, '{}', ?, '')",
        ("0" * 64, workspace.user.uid),
    )
    said = [
        Prediction(image_id=image, model_id="a", label="m4", score=score, unknown=False)
        for image, score in zip(made, SCORES, strict=True)
    ]
    db.write(predictions.keep, said)
    return made


def wanted(workspace: Workspace, order: Order, filter_text: str = "") -> Wanted:
    return Wanted(order=order, uid=workspace.user.uid, model_id="a", filter=filter_text)


def walked(workspace: Workspace, order: Order, filter_text: str = "", size: int = 2) -> list[int]:
    """Everything in an order, a page after the other, each from where the last image stands."""
    asked, found, after = wanted(workspace, order, filter_text), [], BEGINNING
    while page := workspace.db.read(label_queue.page, asked, after=after, limit=size):
        found += page
        spot = workspace.db.read(label_queue.spot, asked, page[-1])
        assert spot is not None
        after = spot
    return found


def label(workspace: Workspace, image: int, name: str | None = "m3", **more: str) -> None:
    workspace.db.write(labels.set_label, workspace.user.uid, image, name, **more)


def test_new_images_come_as_they_arrived_and_go_when_they_are_labelled(workspace: Workspace, ids: list[int]) -> None:
    label(workspace, ids[1])
    workspace.db.write(images.trash, workspace.user.uid, [ids[2]])
    assert walked(workspace, "unlabelled") == [ids[0], *ids[3:]]
    assert walked(workspace, "arrival") == [ids[0], ids[1], *ids[3:]]


def test_the_skipped_and_those_for_review_come_as_they_arrived(workspace: Workspace, ids: list[int]) -> None:
    for image in (ids[4], ids[0], ids[2]):
        label(workspace, image, None, state="skipped")
    workspace.db.write(reviews.flag, workspace.user.uid, [ids[5], ids[1]])
    assert walked(workspace, "skipped") == [ids[0], ids[2], ids[4]]
    assert walked(workspace, "review") == [ids[1], ids[5]]
    workspace.db.write(images.trash, workspace.user.uid, [ids[1]])
    assert walked(workspace, "review") == [ids[5]]


def test_the_least_sure_come_first_equals_as_they_arrived(workspace: Workspace, ids: list[int]) -> None:
    assert walked(workspace, "uncertain") == [ids[1], ids[3], ids[5], ids[2], ids[4], ids[0]]
    label(workspace, ids[3])
    assert walked(workspace, "uncertain") == [ids[1], ids[5], ids[2], ids[4], ids[0]]
    workspace.db.write(labels.clear, workspace.user.uid, ids[3])
    said = Prediction(image_id=ids[3], model_id="a", label="m3", score=0.95, unknown=False)
    workspace.db.write(predictions.keep, [said])
    assert walked(workspace, "uncertain") == [ids[1], ids[5], ids[2], ids[4], ids[0], ids[3]]


def test_a_disagreement_is_where_people_say_another_class(workspace: Workspace, ids: list[int]) -> None:
    for image, name in ((ids[4], "m3"), (ids[0], "m3"), (ids[1], "m4")):
        label(workspace, image, name)
    assert walked(workspace, "disagreement") == [ids[0], ids[4]]
    other_model = Wanted(order="disagreement", uid=workspace.user.uid, model_id=None)
    assert workspace.db.read(label_queue.page, other_model) == []


@pytest.mark.parametrize("few", [5_000, 1])
def test_a_random_order_is_each_persons_own_and_stays(
    workspace: Workspace, add_images: AddImages, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(label_queue, "FEW", few)
    ids = add_images(40)
    order = walked(workspace, "random", size=7)
    assert sorted(order) == ids
    assert order not in (ids, ids[::-1])
    other = Wanted(order="random", uid=workspace.user.uid + 1)
    theirs = workspace.db.read(label_queue.page, other, limit=40)
    assert sorted(theirs) == ids
    assert theirs != order
    for image in order[::3]:
        workspace.db.write(labels.set_label, workspace.user.uid, image, None, state="empty")
    assert walked(workspace, "random", size=7) == [image for image in order if image not in order[::3]]


def test_a_kept_order_leaves_out_what_is_labelled_by_now(workspace: Workspace, ids: list[int]) -> None:
    order = [ids[3], ids[0], ids[5], ids[1]]
    workspace.db.write(label_queue.keep_order, workspace.user.uid, order)
    label(workspace, ids[0])
    assert walked(workspace, "diverse") == [ids[3], ids[5], ids[1]]
    workspace.db.write(label_queue.keep_order, workspace.user.uid, [ids[2], 999_999])
    assert walked(workspace, "diverse") == [ids[2]]


def test_suspects_come_by_rank_and_go_when_they_are_answered(workspace: Workspace, ids: list[int]) -> None:
    for image in ids:
        label(workspace, image)
    found = [
        Suspicion(
            image_id=image,
            class_id=1,
            likely_class_id=2,
            probability=0.1,
            likely_probability=0.8,
            margin=0.15,
            rank=rank,
        )
        for rank, image in enumerate((ids[4], ids[1], ids[2]), 1)
    ]
    workspace.db.write(suspects.replace, found, "rings-1")
    assert walked(workspace, "suspects") == [ids[4], ids[1], ids[2]]
    workspace.db.write(suspects.dismiss, workspace.user.uid, [ids[1]])
    label(workspace, ids[4], "m4")
    assert walked(workspace, "suspects") == [ids[2]]


def test_a_filter_goes_over_what_it_finds_and_says_what_is_wrong(workspace: Workspace, ids: list[int]) -> None:
    assert walked(workspace, "filter", "model:a conf<0.5") == [ids[1], ids[3], ids[5]]
    label(workspace, ids[3])
    assert walked(workspace, "filter", "model:a conf<0.5") == [ids[1], ids[3], ids[5]]
    with pytest.raises(FilterError):
        walked(workspace, "filter", "label:gone")


@pytest.mark.parametrize("order", ["unlabelled", "uncertain", "random", "diverse", "arrival"])
def test_a_page_can_begin_with_an_image(workspace: Workspace, ids: list[int], order: Order) -> None:
    workspace.db.write(label_queue.keep_order, workspace.user.uid, ids[::-1])
    asked = wanted(workspace, order)
    every = walked(workspace, order)
    for place, image in enumerate(every):
        spot = workspace.db.read(label_queue.spot, asked, image)
        assert spot is not None
        after = label_queue.before(asked, spot)
        assert workspace.db.read(label_queue.page, asked, after=after, limit=9) == every[place:]


def test_the_counts_are_kept(workspace: Workspace, ids: list[int]) -> None:
    label(workspace, ids[0])
    label(workspace, ids[1], None, state="skipped")
    workspace.db.write(images.trash, workspace.user.uid, [ids[0], ids[2]])
    assert workspace.db.read(labels.counts) == {"unlabelled": 3, "class": 0, "empty": 0, "skipped": 1}
    assert workspace.db.read(labels.queue, limit=2) == [ids[3], ids[4]]
