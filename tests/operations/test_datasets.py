"""Dataset versions: content ids, stable splits, leaks, the gate's list."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from binscout_tui.errors import BinScoutError, RefusedError, UsageError
from binscout_tui.operations.datasets import BuildReport, build
from binscout_tui.store import datasets, images, labels, models, sets
from binscout_tui.workspace import Workspace
from tests.conftest import row

TASK = "classify"


def fill(workspace: Workspace, first: int, number: int, classes: str = "ab", **changes: object) -> None:
    for index in range(first, first + number):
        scattered = index * 0x9E3779B97F4A7C15 % 2**64
        new = row(index, **({"phash": scattered} | changes))
        image_id, _ = workspace.db.write(images.add, workspace.user.uid, new)
        workspace.db.write(labels.import_label, workspace.user.uid, image_id, classes[index % len(classes)])


def build_parts(workspace: Workspace, **options: bool) -> BuildReport:
    return workspace.db.write(build, workspace.paths, workspace.user.uid, "parts", **options)  # type: ignore[arg-type]


def test_the_same_labels_give_the_same_id_and_other_labels_another(workspace: Workspace) -> None:
    fill(workspace, 0, 40)
    first, again = build_parts(workspace), build_parts(workspace)
    assert (first.id, first.is_new, again.is_new) == (again.id, True, False)
    workspace.db.write(labels.set_label, workspace.user.uid, 1, "b")
    assert build_parts(workspace).id != first.id
    assert len(workspace.db.read(datasets.items, first.id)) == 40


def test_the_manifest_is_the_list(workspace: Workspace) -> None:
    fill(workspace, 0, 40)
    report = build_parts(workspace)
    lines = [msgspec.json.decode(line, type=datasets.Item) for line in Path(report.manifest).read_bytes().splitlines()]
    assert datasets.content_id(TASK, lines) == report.id
    assert sorted(lines) == lines
    assert report.splits == {"train": 32, "val": 4, "test": 4}


def test_new_data_never_moves_an_image_between_splits(workspace: Workspace) -> None:
    fill(workspace, 0, 40)
    before = {item.sha256: item.split for item, _ in workspace.db.read(datasets.items, build_parts(workspace).id)}
    fill(workspace, 40, 60)
    after = {item.sha256: item.split for item, _ in workspace.db.read(datasets.items, build_parts(workspace).id)}
    assert {sha: after[sha] for sha in before} == before


def test_near_copies_share_a_split(workspace: Workspace) -> None:
    fill(workspace, 0, 40)
    fill(workspace, 40, 20, phash=0xABCD)
    found = workspace.db.read(datasets.items, build_parts(workspace).id)
    assert len({item.split for item, image in found if image.phash == 0xABCD}) == 1


def test_images_of_a_set_share_a_split(workspace: Workspace) -> None:
    fill(workspace, 0, 60)
    members = list(range(1, 60, 6))
    workspace.db.write(sets.add, name="burst", kind="folder", image_ids=members)
    found = workspace.db.read(datasets.items, build_parts(workspace).id)
    assert len({item.split for item, image in found if image.id in members}) == 1


def test_a_near_copy_across_frozen_splits_is_a_leak(workspace: Workspace) -> None:
    fill(workspace, 0, 40)
    found = workspace.db.read(datasets.items, build_parts(workspace).id)
    tested = next(image for item, image in found if item.split == "test")
    trained = next(item for item, _ in found if item.split == "train")
    fill(workspace, 40, 1, phash=tested.phash, source_group=trained.source_group)
    with pytest.raises(RefusedError, match="nearly the same picture") as leak:
        build_parts(workspace)
    assert leak.value.code == "dataset_leak"
    assert len(build_parts(workspace, allow_leaks=True).leaks) == 1


def test_known_good_images_come_from_the_test_split_once(workspace: Workspace) -> None:
    fill(workspace, 0, 60)
    report = build_parts(workspace)
    listed = {entry.sha256 for entry in workspace.db.read(models.known_good, TASK)}
    assert report.known_good == len(listed) > 0
    assert listed <= workspace.db.read(datasets.hashes, report.id, ("test",))
    assert build_parts(workspace).known_good == 0


def test_a_known_good_image_leaves_training(workspace: Workspace) -> None:
    fill(workspace, 0, 40)
    report = build_parts(workspace, fill_known_good=False)
    trained = next(image for item, image in workspace.db.read(datasets.items, report.id) if item.split == "train")
    workspace.db.write(models.add_known_good, workspace.user.uid, TASK, trained.id, "a")
    again = build_parts(workspace)
    assert trained.sha256 in workspace.db.read(datasets.hashes, again.id, ("test",))


def test_trashed_and_lost_images_are_left_out(workspace: Workspace) -> None:
    fill(workspace, 0, 40)
    workspace.db.write(images.trash, workspace.user.uid, [1])
    workspace.db.write(images.set_health, 2, "missing")
    assert build_parts(workspace).images == 38


@pytest.mark.parametrize(
    ("number", "classes", "code"),
    [(0, "a", "dataset_empty"), (20, "a", "dataset_one_class"), (2, "ab", "dataset_too_small")],
)
def test_nothing_to_learn_from_is_said_and_nothing_is_written(
    workspace: Workspace, number: int, classes: str, code: str
) -> None:
    fill(workspace, 0, number, classes)
    with pytest.raises(BinScoutError) as refused:
        build_parts(workspace)
    assert refused.value.code == code
    assert not workspace.paths.datasets.exists()
    assert workspace.db.read(datasets.latest) == []


def test_other_tasks_are_said_to_be_missing(workspace: Workspace) -> None:
    with pytest.raises(UsageError, match="cannot be built yet"):
        workspace.db.write(build, workspace.paths, workspace.user.uid, "x", task="count")
