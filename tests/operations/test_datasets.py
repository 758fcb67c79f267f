"""Dataset versions: content ids, stable splits, leaks, the gate's list."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from binscout_tui.errors import BinScoutError, RefusedError, StorageError, UsageError
from binscout_tui.operations import datasets as operation
from binscout_tui.operations.dataset_plan import plan
from binscout_tui.operations.datasets import Arrangement, BuildReport, Wanted, build
from binscout_tui.store import datasets, images, labels, models, sets
from binscout_tui.workspace import LiveWorkspace, Workspace
from tests.conftest import row

TASK = "classify"


def fill(workspace: Workspace, first: int, number: int, classes: str = "ab", **changes: object) -> None:
    for index in range(first, first + number):
        scattered = index * 0x9E3779B97F4A7C15 % 2**64
        new = row(index, **({"phash": scattered} | changes))
        image_id, _ = workspace.db.write(images.add, workspace.user.uid, new)
        workspace.db.write(labels.import_label, workspace.user.uid, image_id, classes[index % len(classes)])


def build_parts(workspace: Workspace, name: str = "parts", **options: bool) -> BuildReport:
    return build(workspace, Wanted(name=name, **options))  # type: ignore[arg-type]


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
    assert report.splits == {"train": 28, "val": 6, "test": 6}


def test_new_data_never_moves_an_image_between_splits(workspace: Workspace) -> None:
    fill(workspace, 0, 40)
    before = {item.sha256: item.split for item, _ in workspace.db.read(datasets.items, build_parts(workspace).id)}
    fill(workspace, 40, 60)
    after = {item.sha256: item.split for item, _ in workspace.db.read(datasets.items, build_parts(workspace).id)}
    assert {sha: after[sha] for sha in before} == before


def test_the_gate_expects_no_class_that_cannot_be_learned(workspace: Workspace) -> None:
    fill(workspace, 0, 60)
    fill(workspace, 60, 1, classes="c")
    group = workspace.db.read(images.get, 61).source_group
    workspace.db.write(datasets.keep_assignments, TASK, {group: "test"})
    report = build_parts(workspace)
    assert report.counts["c"] == {"train": 0, "val": 0, "test": 1}
    assert {one.expected for one in workspace.db.read(models.known_good, TASK)} == {"a", "b"}
    assert [(one.kind, one.number, one.images) for one in report.findings] == [("no_split", 2, [61])]


def test_a_build_warns_of_classes_as_its_plan_does(workspace: Workspace) -> None:
    fill(workspace, 0, 60)
    fill(workspace, 60, 6, classes="c")
    planned = plan(workspace, Wanted(name="parts")).findings
    found = build_parts(workspace).findings
    assert [one.kind for one in found] == ["tiny_class"]
    assert found == [one for one in planned if one.kind in ("tiny_class", "no_split")]


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


def split_of(workspace: Workspace, report: BuildReport) -> dict[int, str]:
    return {image.id: item.split for item, image in workspace.db.read(datasets.items, report.id)}


def test_a_set_across_frozen_splits_is_a_leak(workspace: Workspace) -> None:
    fill(workspace, 0, 40)
    splits = split_of(workspace, build_parts(workspace))
    members = [next(image for image in splits if splits[image] == split) for split in ("train", "test")]
    workspace.db.write(sets.add, name="stage", kind="stage", image_ids=members)
    with pytest.raises(RefusedError, match="of one set") as leak:
        build_parts(workspace)
    assert leak.value.code == "dataset_leak"
    [found] = build_parts(workspace, allow_leaks=True).leaks
    assert {found.first, found.second} == set(members)


def test_a_member_without_a_label_does_not_part_its_set(workspace: Workspace) -> None:
    fill(workspace, 0, 60)
    members = list(range(1, 60, 6))
    workspace.db.write(sets.add, name="burst", kind="folder", image_ids=members)
    for unlabelled in members[1::2]:
        workspace.db.write(labels.clear, workspace.user.uid, unlabelled)
    splits = split_of(workspace, build_parts(workspace))
    assert len({splits[image] for image in members[::2]}) == 1


def test_a_name_means_what_was_built_under_it_last(workspace: Workspace) -> None:
    fill(workspace, 0, 40)
    first = build_parts(workspace)
    workspace.db.write(labels.set_label, workspace.user.uid, 1, "b")
    second = build_parts(workspace)
    same = build_parts(workspace, "caf\u0065\u0301 ")
    assert (same.id, same.name, same.is_new) == (second.id, "caf\u00e9", False)
    assert workspace.db.read(datasets.find, "caf\u00e9").id == workspace.db.read(datasets.find, "parts").id == second.id
    workspace.db.write(labels.set_label, workspace.user.uid, 1, "a")
    assert build_parts(workspace).id == first.id
    found = workspace.db.read(datasets.find, "parts")
    assert (found.id, found.name) == (first.id, "parts")
    assert workspace.db.read(datasets.find, second.id).name == "caf\u00e9"
    assert [one.id for one in workspace.db.read(datasets.latest)] == [first.id, second.id]


@pytest.mark.parametrize(
    "name", ["", " ", "\x1b[31mred", "a\nb", "a/b", "..", "_x", "-x", "é" * 101, "0123456789abcdef"]
)
def test_a_name_that_cannot_be_shown_or_be_a_file_is_refused(workspace: Workspace, name: str) -> None:
    fill(workspace, 0, 40)
    with pytest.raises(UsageError, match="dataset's name"):
        build_parts(workspace, name)
    assert workspace.db.read(datasets.latest) == []


def test_what_changes_while_it_is_arranged_is_in_the_version(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(workspace, 0, 40)
    arrange = operation.arrange

    def interrupted(material: operation.Material, wanted: Wanted) -> Arrangement:
        assert not workspace.db.connection.in_transaction
        monkeypatch.setattr(operation, "arrange", arrange)
        made = arrange(material, wanted)
        workspace.db.write(labels.set_label, workspace.user.uid, 1, "b")
        workspace.db.write(images.trash, workspace.user.uid, [2])
        return made

    monkeypatch.setattr(operation, "arrange", interrupted)
    report = build_parts(workspace)
    found = {image.id: item.label for item, image in workspace.db.read(datasets.items, report.id)}
    assert (found[1], 2 in found, len(found)) == ("b", False, 39)
    assert datasets.content_id(TASK, [item for item, _ in workspace.db.read(datasets.items, report.id)]) == report.id
    assert len(Path(report.manifest).read_bytes().splitlines()) == 39


async def test_the_app_builds_the_same(workspace: Workspace) -> None:
    fill(workspace, 0, 40)
    live = await LiveWorkspace.open(workspace.paths.root)
    try:
        made = await operation.build_live(live, Wanted(name="parts"))
    finally:
        await live.close()
    assert build_parts(workspace).id == made.id


def test_a_version_needs_an_operator(workspace: Workspace) -> None:
    fill(workspace, 0, 40)
    workspace.user = msgspec.structs.replace(workspace.user, role="viewer")
    with pytest.raises(RefusedError, match="needs the role operator"):
        build_parts(workspace)
    assert workspace.db.read(datasets.latest) == []


def test_an_unwritable_folder_is_said(workspace: Workspace) -> None:
    fill(workspace, 0, 40)
    workspace.paths.datasets.write_text("in the way")
    with pytest.raises(StorageError, match="datasets cannot be written"):
        build_parts(workspace)
    assert workspace.db.read(datasets.latest) == []


def test_known_good_images_come_from_the_test_split_once(workspace: Workspace) -> None:
    fill(workspace, 0, 60)
    report = build_parts(workspace)
    listed = {entry.sha256 for entry in workspace.db.read(models.known_good, TASK)}
    assert report.known_good == len(listed) > 0
    assert listed <= workspace.db.read(datasets.hashes, report.id, ("test",))
    assert build_parts(workspace).known_good == 0


def test_a_known_good_image_is_for_testing_but_never_moves_a_group(workspace: Workspace) -> None:
    fill(workspace, 0, 40)
    before = split_of(workspace, build_parts(workspace, fill_known_good=False))
    trained = next(image for image, split in before.items() if split == "train")
    fill(workspace, 40, 60)
    new = sorted(set(range(1, 101)) - before.keys())[:20]
    for image in (trained, *new):
        workspace.db.write(models.add_known_good, workspace.user.uid, TASK, image, "a")
    after = split_of(workspace, build_parts(workspace))
    assert {image: after[image] for image in before} == before
    assert {after[image] for image in new} == {"test"}


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


def test_other_tasks_are_refused(workspace: Workspace) -> None:
    with pytest.raises(UsageError, match="no task 'colour'"):
        build(workspace, Wanted(name="x", task="colour"))
