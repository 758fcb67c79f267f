"""Deleting images of the trash for ever: what goes with them, what keeps them, what cannot be undone any more."""

from __future__ import annotations

import pytest

from binscout_tui.errors import NotFoundError, RefusedError, UsageError
from binscout_tui.operations.dataset_material import why_not
from binscout_tui.store import (
    batch_labels,
    captures,
    crops,
    dataset_sources,
    datasets,
    images,
    journal,
    known_good,
    labels,
    named,
    purging,
    runs,
    sets,
    stars,
    undoing,
    views,
)
from binscout_tui.store.captures import NewCapture
from binscout_tui.store.datasets import Item
from binscout_tui.workspace import Workspace
from tests.conftest import AddImages, row

BOX = (0.1, 0.1, 0.5, 0.5)


def trash(workspace: Workspace, *ids: int) -> None:
    workspace.db.write(images.trash, workspace.user.uid, ids)


def purge(workspace: Workspace, *ids: int) -> list[int]:
    """The images that are gone."""
    return [image.id for image in workspace.db.write(purging.purge, workspace.user.uid, ids).images]


def test_all_that_was_said_of_an_image_goes_with_it(workspace: Workspace, add_images: AddImages) -> None:
    write, uid = workspace.db.write, workspace.user.uid
    gone, stays = add_images(2)
    write(labels.add_class, "nut")
    tag = write(named.ensure, uid, named.TAG, "brass")
    box = write(named.ensure, uid, named.COLLECTION, "box 3")
    for image_id in (gone, stays):
        write(labels.set_label, uid, image_id, "nut")
        write(named.put, uid, named.TAG, tag, [image_id])
        write(named.put, uid, named.COLLECTION, box, [image_id])
    write(crops.keep, uid, gone, [crops.Drawn(box=BOX)])
    trash(workspace, gone)
    found = workspace.db.read(purging.affected, [gone])
    assert (found.images, found.labels, found.crops, found.tagged, found.collected) == (1, 1, 1, 1, 1)
    assert purge(workspace, gone) == [gone]
    with pytest.raises(NotFoundError):
        workspace.db.read(images.get, gone)
    assert [name.images for name in workspace.db.read(named.listed, named.TAG)] == [1]
    assert [name.images for name in workspace.db.read(named.listed, named.COLLECTION)] == [1]
    assert workspace.db.read(labels.find_class, "nut").images == 1
    kept = workspace.db.read(views.counts)
    assert (kept["all"], kept["trash"], kept["imported"]) == (1, 0, 1)
    [entry] = workspace.db.read(journal.history, area=purging.AREA)
    assert (entry.target, entry.before["name"]) == (gone, "0.jpg")


def test_only_what_is_in_the_trash_can_go(workspace: Workspace, add_images: AddImages) -> None:
    one, other = add_images(2)
    trash(workspace, one)
    for ids, error in (([one, other], UsageError), ([99], NotFoundError)):
        with pytest.raises(error):
            workspace.db.read(purging.affected, ids)
    done = workspace.db.write(purging.purge, workspace.user.uid, [99, other, one])
    assert [image.id for image in done.images] == [one]
    assert done.kept == {
        99: "There is no image 99 in this workspace.",
        other: f"Image {other} is not in the trash.",
    }


def test_a_hidden_image_is_not_there_to_be_deleted(workspace: Workspace, add_images: AddImages) -> None:
    [one] = add_images(1)
    tag = workspace.db.write(named.ensure, workspace.user.uid, named.TAG, "secret")
    workspace.db.write(named.put, workspace.user.uid, named.TAG, tag, [one])
    trash(workspace, one)
    workspace.db.write(named.hide, workspace.user.uid, named.TAG, tag)
    assert workspace.db.read(purging.in_trash) == []
    with pytest.raises(NotFoundError):
        workspace.db.read(purging.affected, [one])
    assert purge(workspace, one) == []
    assert workspace.db.read(images.get, one, concealed=True).id == one


def test_nothing_about_a_deleted_image_is_undone(workspace: Workspace, add_images: AddImages) -> None:
    write, uid = workspace.db.write, workspace.user.uid
    gone, stays = add_images(2)
    write(stars.star, uid, [stays])
    write(stars.star, uid, [gone])
    trash(workspace, gone)
    purge(workspace, gone)
    entry = write(undoing.undo, uid, ("trash", "star"))
    assert (entry.area, entry.turned, entry.left) == ("star", (stays,), 0)
    with pytest.raises(NotFoundError):
        write(undoing.undo, uid, ("trash", "star"))


def test_of_one_decision_on_many_the_others_are_still_undone(workspace: Workspace, add_images: AddImages) -> None:
    write, uid = workspace.db.write, workspace.user.uid
    ids = add_images(3)
    trash(workspace, *ids)
    purge(workspace, ids[1])
    entry = write(undoing.undo, uid, ("trash",))
    assert entry.turned == (ids[0], ids[2])
    assert workspace.db.read(images.count) == 2


def test_what_cannot_be_undone_does_not_keep_from_what_can(workspace: Workspace, add_images: AddImages) -> None:
    """Also of an area that nobody thought of."""
    write, uid = workspace.db.write, workspace.user.uid
    gone, stays = add_images(2)
    write(labels.add_class, "nut")
    for image_id in (stays, gone):
        write(labels.set_label, uid, image_id, "nut")
        write(labels.clear, uid, image_id)
    trash(workspace, gone)

    def let_go(db: object) -> None:
        db.execute("DELETE FROM image WHERE id = ?", (gone,))  # type: ignore[attr-defined]

    write(let_go)
    assert write(journal.undo, uid, "label").stale
    assert write(journal.undo, uid, "label").stale
    assert write(journal.undo, uid, "label").turned == (stays,)
    assert workspace.db.read(labels.get, stays) is not None


def test_sets_lose_a_candidate_or_dissolve(workspace: Workspace, add_images: AddImages) -> None:
    write, uid = workspace.db.write, workspace.user.uid
    a, b, c, d, e, f = add_images(6)
    three, _ = write(sets.add, name="three", kind="hand", image_ids=[a, b, c])
    pair, _ = write(sets.add, name="pair", kind="hand", image_ids=[d, e])
    kept, _ = write(sets.add, name="kept", kind="hand", image_ids=[d, e, f])
    same, _ = write(sets.add, name="becomes the pair", kind="hand", image_ids=[b, c])
    write(sets.choose, uid, three, a, crop=BOX)
    write(sets.choose, uid, pair, d)
    write(sets.choose, uid, kept, f)
    trash(workspace, a, d)
    found = workspace.db.read(purging.affected, [a, d])
    assert (found.sets_smaller, found.sets_dissolved, found.choices) == (1, 2, 2)
    assert purge(workspace, a, d) == [a, d]
    # What is left of the three is the same set as another one, which stays.
    assert workspace.db.read(sets.ids) == [kept, same]
    left = workspace.db.read(sets.get, kept)
    assert ([image.id for image in left.images], left.state, left.chosen_image_id) == ([e, f], "done", f)
    assert workspace.db.read(sets.by_key, left.key) == kept
    with pytest.raises(NotFoundError):
        write(undoing.undo, uid, ("set",))


def test_the_choice_of_a_picture_that_stays_is_kept_with_its_crop(workspace: Workspace, add_images: AddImages) -> None:
    winner, loser = add_images(2)
    pair, _ = workspace.db.write(sets.add, name="pair", kind="hand", image_ids=[winner, loser])
    workspace.db.write(sets.choose, workspace.user.uid, pair, winner, crop=BOX)
    trash(workspace, loser)
    found = workspace.db.read(purging.affected, [loser])
    assert (found.sets_smaller, found.sets_dissolved, found.choices, found.crops) == (1, 0, 0, 0)
    assert purge(workspace, loser) == [loser]
    left = workspace.db.read(sets.get, pair)
    assert ([image.id for image in left.images], left.state, left.crop) == ([winner], "done", BOX)
    # Nothing can be learned from it, and when its picture goes it goes too.
    assert [why_not(one) for one in workspace.db.read(dataset_sources.choices)] == ["too_few"]
    trash(workspace, winner)
    found = workspace.db.read(purging.affected, [winner])
    assert (found.sets_dissolved, found.choices, found.crops) == (1, 1, 1)
    purge(workspace, winner)
    assert workspace.db.read(sets.ids) == []


def test_of_two_sets_with_the_same_candidates_the_decided_one_stays(
    workspace: Workspace, add_images: AddImages
) -> None:
    write, uid = workspace.db.write, workspace.user.uid
    a, b, c, d = add_images(4)
    write(sets.add, name="same", kind="hand", image_ids=[b, c])
    three, _ = write(sets.add, name="three", kind="hand", image_ids=[a, b, c])
    other, _ = write(sets.add, name="other", kind="hand", image_ids=[d, b, c])
    write(sets.choose, uid, three, b, crop=BOX)
    write(sets.choose, uid, other, c, crop=BOX)
    trash(workspace, a, d)
    found = workspace.db.read(purging.affected, [a, d])
    assert (found.sets_smaller, found.sets_dissolved, found.choices) == (1, 2, 1)
    purge(workspace, a, d)
    assert workspace.db.read(sets.ids) == [three]
    left = workspace.db.read(sets.get, three)
    assert (left.chosen_image_id, left.crop, left.key) == (b, BOX, sets.set_key([row(1).sha256, row(2).sha256]))
    # What was cut out of a picture that stays is there still.
    assert [drawn.box for drawn in workspace.db.read(crops.get, c).boxes] == [BOX]


def test_the_note_of_a_set_that_becomes_another_is_kept(workspace: Workspace, add_images: AddImages) -> None:
    a, b, c = add_images(3)
    two, _ = workspace.db.write(sets.add, name="two", kind="hand", image_ids=[b, c])
    three, _ = workspace.db.write(sets.add, name="three", kind="hand", image_ids=[a, b, c])
    for set_id, note in ((two, "look at the thread"), (three, "blurred")):
        workspace.db.write(sets.write_note, workspace.user.uid, set_id, note)
    trash(workspace, a)
    purge(workspace, a)
    assert workspace.db.read(sets.ids) == [two]
    assert workspace.db.read(sets.get, two).note == "look at the thread\nblurred"


def test_a_set_whose_choice_goes_is_undecided(workspace: Workspace, add_images: AddImages) -> None:
    a, b, c = add_images(3)
    three, _ = workspace.db.write(sets.add, name="three", kind="hand", image_ids=[a, b, c])
    workspace.db.write(sets.choose, workspace.user.uid, three, a, crop=BOX)
    trash(workspace, a)
    purge(workspace, a)
    left = workspace.db.read(sets.get, three)
    assert (left.state, left.chosen_image_id, left.crop, len(left.images)) == ("pending", None, None, 2)
    assert workspace.db.read(sets.counts)["pending"] == 1


def test_a_capture_stays_without_its_picture_and_comes_no_second_time(workspace: Workspace) -> None:
    write, uid = workspace.db.write, workspace.user.uid
    new = NewCapture(image=row(1), fingerprint="inbox:1")
    capture, _ = write(captures.stage, uid, new)
    write(captures.decide, uid, [capture], "accepted")
    [image_id] = [image.id for image in workspace.db.read(images.page)]
    trash(workspace, image_id)
    assert workspace.db.read(purging.affected, [image_id]).captures == 1
    purge(workspace, image_id)
    left = workspace.db.read(captures.get, capture)
    assert (left.state, left.image_id, left.error) == ("rejected", None, purging.PURGED)
    with pytest.raises(RefusedError):
        write(captures.decide, uid, [capture], "accepted")
    assert write(captures.stage, uid, new) == (capture, False)
    with pytest.raises(NotFoundError):
        write(undoing.undo, uid, ("capture",))


def test_known_good_images_stay(workspace: Workspace, add_images: AddImages) -> None:
    write, uid = workspace.db.write, workspace.user.uid
    good, other = add_images(2)
    write(labels.add_class, "nut")
    write(known_good.add_known_good, uid, "classify", good, "nut", must_pass=False)
    trash(workspace, good, other)
    found = workspace.db.read(purging.affected, [good, other])
    assert (found.images, list(found.kept)) == (1, [good])
    assert purge(workspace, good, other) == [other]
    assert workspace.db.read(purging.in_trash) == [good]


def test_what_a_training_reads_stays_until_it_is_done(workspace: Workspace, add_images: AddImages) -> None:
    write, uid = workspace.db.write, workspace.user.uid
    used, other = add_images(2)
    items = [Item(f"{0:064x}", "nut", "train", "g")]
    write(datasets.add, uid, datasets.new_dataset("parts", "classify", "c" * 16, "m", items), items)
    write(runs.add, uid, "parts-1", task="classify", dataset_id="c" * 16, config={"preset": "tiny"})
    trash(workspace, used, other)
    assert workspace.db.read(purging.affected, [used, other]).kept == {used: "The job 1 (train) uses it."}
    assert purge(workspace, used, other) == [other]
    workspace.db.write(lambda db: db.execute("UPDATE job SET state = 'failed'"))
    assert workspace.db.read(purging.affected, [used]).datasets == ("parts",)
    assert purge(workspace, used) == [used]


def test_labels_given_to_many_are_one_decision_of_the_gallery(workspace: Workspace, add_images: AddImages) -> None:
    write, uid = workspace.db.write, workspace.user.uid
    ids = add_images(4)
    for name in ("nut", "pin"):
        write(labels.add_class, name)
    write(labels.set_label, uid, ids[0], "pin")
    write(labels.set_label, uid, ids[1], "nut")
    first = write(batch_labels.label, uid, ids[:2], "nut")
    whole = write(batch_labels.label, uid, ids[2:], "nut", batch=first.batch)
    assert (first.changed, whole.changed) == (1, 2)
    assert workspace.db.read(labels.find_class, "nut").images == 4
    # Undo where one labels walks what was decided there.
    assert write(journal.undo, uid, "label").target == ids[1]
    write(journal.redo, uid, "label")
    turned = write(journal.undo, uid, batch_labels.AREA)
    assert set(turned.turned) == {ids[0], ids[2], ids[3]}
    said = [workspace.db.read(labels.get, image_id) for image_id in ids]
    assert [one and one.name for one in said] == ["pin", "nut", None, None]
    with pytest.raises(NotFoundError):
        write(batch_labels.label, uid, ids, "screw")
