"""What is said of a sick dataset version: each illness by its name, and nothing of a healthy one."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from binscout_tui.learning.splits import Split
from binscout_tui.operations import dataset_health as health
from binscout_tui.operations.dataset_health import Finding, Health, findings, read_files
from binscout_tui.store import dataset_pages, images, labels, sets
from binscout_tui.store.dataset_pages import Fact, State
from binscout_tui.workspace import Workspace

from .test_datasets import build_parts, fill, split_of

SPREAD = 0x9E3779B97F4A7C15


def fact(number: int, split: Split = "train", **changes: object) -> Fact:
    """A line that is like no other number's."""
    line = Fact(
        sha256=f"{number:064x}",
        label="ab"[number % 2],
        split=split,
        group=f"photo {number}",
        image_id=number,
        phash=number * SPREAD % 2**64,
        state="ok",
        now="ab"[number % 2],
    )
    return msgspec.structs.replace(line, **changes)


def healthy() -> list[Fact]:
    """Two classes with enough in each split."""
    splits: list[Split] = ["train"] * 12 + ["val", "test"]
    return [fact(1 + 2 * place + one, split) for place, split in enumerate(splits) for one in (0, 1)]


def only(found: list[Finding]) -> Finding:
    """The one finding that there is."""
    assert len(found) == 1, [finding.title for finding in found]
    return found[0]


def test_nothing_is_said_of_a_healthy_version() -> None:
    assert findings(healthy(), [(1, 3), (1, 5)]) == []


@pytest.mark.parametrize(
    ("state", "level", "shown"),
    [
        ("gone", "problem", False),
        ("missing", "problem", True),
        ("changed", "problem", True),
        ("unreadable", "problem", False),
        ("trashed", "warning", False),
        ("withheld", "warning", False),
        ("unexamined", "warning", True),
    ],
)
def test_what_became_of_an_image_is_said(state: State, level: str, shown: bool) -> None:
    facts = [*healthy(), fact(40, state=state)]
    found = only(findings(facts, []))
    assert (found.kind, found.level, found.number, found.images) == (state, level, 1, [40] if shown else [])
    assert found.advice


def test_near_copies_in_two_splits_are_a_leak_and_in_one_are_not() -> None:
    facts = [*healthy(), fact(40, phash=0xF0F0), fact(42, phash=0xF0F1), fact(44, "test", phash=0xF0F3)]
    leak, copies = findings(facts, [])
    assert (leak.kind, leak.level, leak.number, leak.images) == ("leak", "problem", 2, [40, 42, 44])
    assert (copies.kind, copies.level, copies.images) == ("duplicates", "note", [40, 42])


def test_a_set_and_a_group_in_two_splits_are_leaks() -> None:
    facts = [*healthy(), fact(40, group="burst"), fact(42, "val", group="burst")]
    assert only(findings(facts, [])).kind == "parted_group"
    apart = [*healthy(), fact(40), fact(42, "val")]
    assert only(findings(apart, [(7, 40), (7, 42)])).kind == "leak"


def test_near_copies_with_two_classes_are_a_conflict() -> None:
    facts = [*healthy(), fact(40, phash=0xF0F0), fact(41, phash=0xF0F0)]
    conflict, _ = findings(facts, [])
    assert (conflict.kind, conflict.level, conflict.images) == ("conflict", "warning", [40, 41])


def test_small_classes_and_empty_splits_are_said() -> None:
    few = [*healthy(), *(fact(40 + n, split, label="c", now="c") for n, split in enumerate(("train", "val", "test")))]
    tiny = only(findings(few, []))
    assert (tiny.kind, tiny.number, tiny.images) == ("tiny_class", 1, [40, 41, 42])
    assert "c has only 1 training image" in tiny.title
    missing = only(findings([*healthy(), *(fact(40 + n, label="c", now="c") for n in range(12))], []))
    assert (missing.kind, missing.title) == ("no_split", "c has no image in val and test")


def test_labels_that_changed_since_are_a_note() -> None:
    facts = [*healthy(), fact(40, now="b"), fact(42, now=None)]
    found = only(findings(facts, []))
    assert (found.kind, found.level, found.images) == ("relabelled", "note", [40, 42])


def checked(workspace: Workspace, name: str = "parts") -> Health:
    """The findings on a version as it is stored."""
    return health.examine(workspace.db.read(health.gather, name))


def test_a_built_version_is_healthy_until_something_happens_to_it(workspace: Workspace) -> None:
    fill(workspace, 0, 60)
    splits = split_of(workspace, build_parts(workspace))
    assert checked(workspace).problems == 0
    trained, tested = (sorted(i for i, split in splits.items() if split == where) for where in ("train", "test"))
    workspace.db.write(images.set_health, trained[0], "missing")
    workspace.db.write(images.trash, workspace.user.uid, [trained[1]])
    workspace.db.write(labels.set_label, workspace.user.uid, trained[2], "ab"[trained[2] % 2])
    workspace.db.write(sets.add, name="s", kind="folder", image_ids=[trained[3], tested[0]])
    found = {finding.kind: finding for finding in checked(workspace).findings}
    assert set(found) == {"missing", "trashed", "relabelled", "leak"}
    assert found["missing"].images == [trained[0]]
    assert found["relabelled"].images == [trained[2]]
    assert sorted(found["leak"].images) == sorted([trained[3], tested[0]])


def test_reading_the_files_finds_what_is_not_stored(workspace: Workspace, tmp_path: Path) -> None:
    fill(workspace, 0, 40)
    build_parts(workspace)
    material = workspace.db.read(health.gather, "parts")
    paths = workspace.db.read(dataset_pages.paths, material.dataset.id)
    first = next(iter(paths.values()))
    file = workspace.paths.root / first
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"other bytes")
    done: list[tuple[int, int]] = []
    seen = read_files(workspace.paths.root, material.facts, paths, lambda *now: done.append(now))
    states = sorted(fact.state for fact in seen)
    assert states == ["changed"] + ["missing"] * 39
    assert done[-1] == (40, 40)
