"""Versions of decided sets and of counts: what is in them, what is left out and why, splits, the gate's lists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from binscout_tui.errors import BinScoutError, NotFoundError, RefusedError, UsageError
from binscout_tui.operations import count_truth, dataset_diff, dataset_health
from binscout_tui.operations.dataset_material import left_out_words
from binscout_tui.operations.dataset_plan import plan
from binscout_tui.operations.datasets import Wanted, build
from binscout_tui.store import box_labels, dataset_pages, datasets, frozen_sets, images, known_good, labels, sets
from binscout_tui.store.box_labels import LabelBox
from binscout_tui.store.dataset_sources import CountLabel
from binscout_tui.store.datasets import Counted, LabelledImage
from binscout_tui.store.frozen_sets import FrozenSet
from binscout_tui.workspace import Workspace
from tests.conftest import row

CROP = (0.1, 0.2, 0.6, 0.9)
ONE, TWO = (0.1, 0.1, 0.2, 0.2), (0.5, 0.5, 0.6, 0.6)


def add_images(workspace: Workspace, first: int, number: int, **changes: object) -> list[int]:
    """Images that are like no other, each of a photo of its own."""
    found = []
    for index in range(first, first + number):
        new = row(index, **({"phash": index * 0x9E3779B97F4A7C15 % 2**64} | changes))
        found.append(workspace.db.write(images.add, workspace.user.uid, new)[0])
    return found


def add_set(workspace: Workspace, first: int, number: int = 3, **changes: object) -> tuple[int, list[int]]:
    """(set, its images)."""
    members = add_images(workspace, first, number, **changes)
    return workspace.db.write(sets.add, name=f"set {first}", kind="folder", image_ids=members)[0], members


def decided_sets(workspace: Workspace, number: int = 30, first: int = 0) -> list[tuple[int, list[int]]]:
    """Sets of three; the second image is kept, in every other with a crop."""
    found = [add_set(workspace, first + 3 * index) for index in range(number)]
    for index, (set_id, members) in enumerate(found):
        crop = CROP if index % 2 else None
        workspace.db.write(sets.choose, workspace.user.uid, set_id, members[1], crop=crop)
    return found


def count_of(workspace: Workspace, image_id: int, number: int, class_id: int | None = None) -> None:
    workspace.db.write(box_labels.set_count, workspace.user.uid, image_id, number, class_id=class_id)


def boxes_of(workspace: Workspace, image_id: int, *boxes: Any, class_id: int | None = None) -> None:
    found = [LabelBox(box=box, class_id=class_id) for box in boxes]
    workspace.db.write(box_labels.set_boxes, workspace.user.uid, image_id, found)


def counted_images(workspace: Workspace, number: int = 40) -> list[int]:
    """Images with as many things as their place says, from 0 to 9; every third has boxes."""
    found = add_images(workspace, 0, number)
    for place, image_id in enumerate(found):
        if place % 3:
            count_of(workspace, image_id, place % 10)
        else:
            boxes_of(workspace, image_id, ONE, TWO)
    return found


def test_a_version_of_sets_holds_choices_and_crops(workspace: Workspace) -> None:
    made = decided_sets(workspace)
    report = build(workspace, Wanted(name="picks", task="select"))
    assert (report.images, sum(report.samples.values()), report.left_out) == (90, 30, {})
    assert report.counts["chosen"] == report.samples
    assert min(report.samples.values()) >= 3
    lines = workspace.db.read(frozen_sets.of, report.id)
    assert [msgspec.json.decode(line, type=FrozenSet) for line in Path(report.manifest).read_bytes().splitlines()] == (
        lines
    )
    assert frozen_sets.content_id(lines) == report.id
    hashes = {image_id: workspace.db.read(images.get, image_id).sha256 for _, members in made for image_id in members}
    for index, (_, members) in enumerate(made):
        line = next(one for one in lines if one.members == tuple(hashes[image_id] for image_id in members))
        assert (line.chosen, line.crop, line.key) == (1, CROP if index % 2 else None, frozen_sets.key_of(line.members))
    assert build(workspace, Wanted(name="picks", task="select")).is_new is False


def test_another_choice_crop_or_split_is_another_version(workspace: Workspace) -> None:
    (set_id, members), *_ = decided_sets(workspace)
    ids = [build(workspace, Wanted(name="picks", task="select")).id]
    for image_id, crop in ((members[2], None), (members[2], CROP), (members[2], ONE)):
        workspace.db.write(sets.choose, workspace.user.uid, set_id, image_id, crop=crop)
        ids.append(build(workspace, Wanted(name="picks", task="select")).id)
    assert len(set(ids)) == 4
    found = workspace.db.read(dataset_diff.compare, ids[0], ids[1])
    assert found.sets == {"added": 0, "removed": 0, "decided otherwise": 1, "cut otherwise": 0, "moved": 0}
    assert found.counts["relabelled"] == 2
    assert workspace.db.read(dataset_diff.compare, ids[1], ids[3]).sets["cut otherwise"] == 1


def test_sets_that_teach_nothing_are_left_out_and_told(workspace: Workspace) -> None:
    made = decided_sets(workspace)
    uid, write = workspace.user.uid, workspace.db.write
    write(sets.choose, uid, made[0][0], None, state="skipped")
    write(sets.choose, uid, made[1][0], None, state="rejected")
    write(sets.choose, uid, made[2][0], None, state="pending")
    write(images.trash, uid, [made[3][1][1]])
    write(images.trash, uid, [made[4][1][0], made[4][1][2]])
    write(images.trash, uid, [made[5][1][0]])
    report = build(workspace, Wanted(name="picks", task="select"))
    gone = {"skipped": 1, "rejected": 1, "pending": 1, "choice_unusable": 1, "too_few": 1}
    assert (report.left_out, sum(report.samples.values())) == (gone, 25)
    assert sum(len(one.members) == 2 for one in workspace.db.read(frozen_sets.of, report.id)) == 1
    assert plan(workspace, Wanted(name="picks", task="select")).reasons == gone
    assert left_out_words("select", {"pending": 2, "skipped": 1}) == ["2 sets not decided yet", "1 set skipped"]


def test_sets_that_share_an_image_or_a_photo_share_a_split(workspace: Workspace) -> None:
    made = decided_sets(workspace, 24)
    one, other = made[0][1], made[9][1]
    shared, _ = workspace.db.write(sets.add, name="shared", kind="folder", image_ids=[one[0], other[0]])
    workspace.db.write(sets.choose, workspace.user.uid, shared, one[0])
    near = [add_set(workspace, 200 + 3 * index, phash=0xABCD, source_group=f"near {index}") for index in range(6)]
    for set_id, members in near:
        workspace.db.write(sets.choose, workspace.user.uid, set_id, members[0])
    report = build(workspace, Wanted(name="picks", task="select"))
    split = {image.id: item.split for item, image in workspace.db.read(datasets.items, report.id)}
    assert len({split[image_id] for image_id in one + other}) == 1
    assert len({split[image_id] for _, members in near for image_id in members}) == 1
    assert report.leaks == []
    labelled = {image.id: item.label for item, image in workspace.db.read(datasets.items, report.id)}
    assert (labelled[one[0]], labelled[other[0]]) == ("chosen", "other")


def test_a_set_between_known_splits_is_left_out(workspace: Workspace) -> None:
    made = decided_sets(workspace)
    report = build(workspace, Wanted(name="picks", task="select"))
    split = {image.id: item.split for item, image in workspace.db.read(datasets.items, report.id)}
    trained, tested = (next(m[0] for _, m in made if split[m[0]] == name) for name in ("train", "test"))
    across, _ = workspace.db.write(sets.add, name="across", kind="folder", image_ids=[trained, tested])
    workspace.db.write(sets.choose, workspace.user.uid, across, trained)
    with pytest.raises(RefusedError, match="of one set"):
        build(workspace, Wanted(name="picks", task="select"))
    again = build(workspace, Wanted(name="picks", task="select", allow_leaks=True, leak_reason="retakes"))
    assert (again.id, again.left_out) == (report.id, {"parted": 1})
    assert {(leak.first, leak.second) for leak in again.leaks} == {(trained, tested)}


def test_new_sets_never_move_others(workspace: Workspace) -> None:
    decided_sets(workspace)
    first = workspace.db.read(frozen_sets.of, build(workspace, Wanted(name="picks", task="select")).id)
    decided_sets(workspace, 20, first=300)
    second = workspace.db.read(frozen_sets.of, build(workspace, Wanted(name="picks", task="select")).id)
    splits = {line.key: line.split for line in second}
    assert {line.key: splits[line.key] for line in first} == {line.key: line.split for line in first}


def test_the_gates_list_of_sets_comes_from_the_test_split(workspace: Workspace) -> None:
    decided_sets(workspace)
    report = build(workspace, Wanted(name="picks", task="select"))
    tested = [line for line in workspace.db.read(frozen_sets.of, report.id) if line.split == "test"]
    listed = workspace.db.read(known_good.known_sets)
    assert {(one.key, one.chosen, one.crop) for one in listed} == {(one.key, one.chosen, one.crop) for one in tested}
    assert report.known_good == len(tested)
    assert build(workspace, Wanted(name="picks", task="select")).known_good == 0


def test_a_version_of_counts_holds_numbers_and_boxes(workspace: Workspace) -> None:
    ids = counted_images(workspace)
    empty, skipped, unlabelled = add_images(workspace, 100, 3)
    boxes_of(workspace, empty)
    workspace.db.write(box_labels.skip, workspace.user.uid, skipped)
    report = build(workspace, Wanted(name="bins", task="count"))
    assert (report.images, report.left_out) == (41, {"skipped": 1, "unlabelled": 1})
    lines = {image.id: item.detail for item, image in workspace.db.read(datasets.items, report.id)}
    assert lines[ids[0]] == Counted(2, (ONE, TWO), True)
    assert lines[ids[7]] == Counted(7)
    assert lines[empty] == Counted(0, (), True)
    assert unlabelled not in lines
    assert set(report.counts) == {"0", "1-5", "6-20"}
    manifest = [msgspec.json.decode(one, type=datasets.Item) for one in Path(report.manifest).read_bytes().splitlines()]
    assert datasets.content_id("count", manifest) == report.id
    listed = workspace.db.read(known_good.known_counts)
    numbers = {image.sha256: lines[image.id] for _, image in workspace.db.read(datasets.items, report.id)}
    assert listed
    assert all(numbers[one.sha256].count == one.count for one in listed)  # type: ignore[union-attr]


def test_another_number_or_box_is_another_version_and_told(workspace: Workspace) -> None:
    ids = counted_images(workspace)
    wanted = Wanted(name="bins", task="count")
    old = build(workspace, wanted).id
    count_of(workspace, ids[1], 4)
    boxes_of(workspace, ids[0], ONE, (0.7, 0.7, 0.9, 0.9))
    assert [one.kind for one in dataset_health.examine(workspace.db.read(dataset_health.gather, old)).findings] == [
        "relabelled"
    ]
    new = build(workspace, wanted).id
    found = workspace.db.read(dataset_diff.compare, old, new)
    assert sorted(dataset_diff.words(one) for one in found.sorts) == [
        "relabelled 1 → 4",
        "relabelled 2, with other boxes",
    ]
    assert dataset_health.examine(workspace.db.read(dataset_health.gather, new)).findings == []


def test_only_things_of_an_item_are_counted(workspace: Workspace) -> None:
    ids = counted_images(workspace, 30)
    nut = workspace.db.write(labels.add_class, "nut").id
    for image_id in ids[:20]:
        if image_id % 2:
            boxes_of(workspace, image_id, ONE, class_id=nut)
        count_of(workspace, image_id, 5, nut)
    report = build(workspace, Wanted(name="nuts", task="count", item="nut"))
    # One more image holds nothing at all, so no nut either.
    assert (report.images, report.item, report.left_out["others"]) == (21, "nut", 6)
    assert {item.detail.count for item, _ in workspace.db.read(datasets.items, report.id) if item.detail} == {0, 5}
    assert {one.item for one in workspace.db.read(known_good.known_counts)} == {"nut"}
    assert workspace.db.read(datasets.find, "nuts").item == "nut"
    with pytest.raises(NotFoundError):
        build(workspace, Wanted(name="x", task="count", item="bolt"))
    with pytest.raises(UsageError, match="task count"):
        build(workspace, Wanted(name="x", task="select", item="nut"))


@pytest.mark.parametrize("task", ["select", "count"])
def test_nothing_to_learn_from_is_said(workspace: Workspace, task: str) -> None:
    add_set(workspace, 0)
    with pytest.raises(BinScoutError, match="nothing to learn from") as empty:
        build(workspace, Wanted(name="x", task=task))
    assert empty.value.code == "dataset_empty"


def test_tasks_are_compared_with_themselves_only(workspace: Workspace) -> None:
    decided_sets(workspace)
    for image_id in range(1, 60):
        count_of(workspace, image_id, image_id % 7)
    picks = build(workspace, Wanted(name="picks", task="select")).id
    bins = build(workspace, Wanted(name="bins", task="count")).id
    with pytest.raises(UsageError, match="only versions of one task"):
        workspace.db.read(dataset_diff.compare, picks, bins)
    listed = {one.dataset.task: (one.images, one.sets) for one in workspace.db.read(dataset_pages.versions)}
    assert listed == {"select": (90, 30), "count": (59, 0)}


def test_rows_show_what_was_frozen(workspace: Workspace) -> None:
    made = decided_sets(workspace)
    report = build(workspace, Wanted(name="picks", task="select"))
    _, members = made[1]
    rows = workspace.db.read(dataset_pages.rows, report.id, members)
    assert [(one.frozen, one.boxes, one.differs) for one in rows] == [
        ("other", (), False),
        ("chosen", ((CROP, ""),), False),
        ("other", (), False),
    ]
    for image_id in range(1, 40):
        boxes_of(workspace, image_id, *([ONE] * (image_id % 3)))
    bins = build(workspace, Wanted(name="bins", task="count"))
    boxes_of(workspace, 1)
    [first] = workspace.db.read(dataset_pages.rows, bins.id, [1])
    assert (first.count, first.boxes, first.differs) == (1, ((ONE, ""),), False)


def test_a_purged_image_stays_a_line_and_is_told(workspace: Workspace) -> None:
    made = decided_sets(workspace)
    report = build(workspace, Wanted(name="picks", task="select", fill_known_good=False))
    set_id, members = made[0]
    workspace.db.write(sets.choose, workspace.user.uid, set_id, None)
    workspace.db.connection.execute("DELETE FROM set_member WHERE set_id = ?", (set_id,))
    workspace.db.connection.execute("DELETE FROM image WHERE id = ?", (members[0],))
    found = {
        one.kind: one.number
        for one in dataset_health.examine(workspace.db.read(dataset_health.gather, "picks")).findings
    }
    assert found == {"gone": 1, "relabelled": 2}
    assert len(workspace.db.read(frozen_sets.of, report.id)) == 30


def label(boxes: list[tuple[Any, int | None]], counts: dict[int | None, int], **more: Any) -> CountLabel:
    state = more.get("state", "boxes" if boxes else None)
    image = LabelledImage(1, "a", "", "g", None, False)
    return CountLabel(image=image, class_id=more.get("whole"), state=state, boxes=tuple(boxes), counts=counts)


@pytest.mark.parametrize(
    ("said", "class_id", "expected"),
    [
        (label([(ONE, 1), (TWO, 2)], {}), None, Counted(2, (ONE, TWO), True)),
        (label([(ONE, 1)], {None: 3}), None, Counted(3, (ONE,), False)),
        (label([(ONE, 1), (TWO, 2)], {None: 1}), None, "contradicted"),
        (label([(ONE, 1), (TWO, 1)], {1: 1}), None, "contradicted"),
        (label([], {1: 4, 2: 3}), None, Counted(7)),
        (label([(ONE, 1)], {2: 3}), None, Counted(4, (ONE,), False)),
        (label([], {}, state="empty"), None, Counted(0, (), True)),
        (label([], {}, state="skipped"), None, "skipped"),
        (label([], {None: 6}, state="skipped"), None, Counted(6)),
        (label([(ONE, 1), (TWO, 2)], {}), 1, Counted(1, (ONE,), True)),
        (label([(ONE, 2)], {}), 1, Counted(0, (), True)),
        (label([(ONE, 1), (TWO, None)], {}), 1, "unclassed"),
        (label([(ONE, 1), (TWO, None)], {}, whole=1), 1, Counted(2, (ONE, TWO), True)),
        (label([(ONE, 1)], {None: 9}), 1, "partly"),
        (label([(ONE, 1)], {None: 9}, whole=1), 1, Counted(9, (ONE,), False)),
        (label([(ONE, 1)], {None: 9, 1: 4}), 1, Counted(4, (ONE,), False)),
        (label([], {2: 9}), 1, "others"),
        (label([], {None: 0}), 1, Counted(0, (), True)),
        (label([], {None: 5}), 1, "others"),
        (label([], {}, state="empty"), 1, Counted(0, (), True)),
    ],
)
def test_what_people_said_is_a_number_or_a_reason(said: CountLabel, class_id: int | None, expected: object) -> None:
    assert count_truth.truth(said, class_id) == expected
