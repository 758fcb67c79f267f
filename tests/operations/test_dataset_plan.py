"""A plan writes nothing, and what is frozen is what was planned; ids are the same wherever the content lies."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from binscout_tui import workspace as workspaces
from binscout_tui.errors import ConflictError, RefusedError
from binscout_tui.operations.dataset_plan import Plan, freeze_live, plan, plan_live
from binscout_tui.operations.datasets import Arrangement, Wanted, build
from binscout_tui.store import datasets, images, journal, labels
from binscout_tui.workspace import LiveWorkspace, Workspace

from .test_datasets import build_parts, fill, split_of


async def planned(root: Path, wanted: Wanted) -> tuple[Plan, Arrangement]:
    """A plan as the app makes it."""
    live = await LiveWorkspace.open(root)
    try:
        return await plan_live(live, wanted, lambda _: None)
    finally:
        await live.close()


async def frozen(root: Path, wanted: Wanted, arrangement: Arrangement) -> str:
    """The id of what the app froze."""
    live = await LiveWorkspace.open(root)
    try:
        return (await freeze_live(live, wanted, arrangement)).id
    finally:
        await live.close()


def leak(workspace: Workspace) -> list[int]:
    """A labelled copy of a test image in a group that trains: the ids of the two."""
    splits = split_of(workspace, build_parts(workspace, "before"))
    tested = next(image for image, split in splits.items() if split == "test")
    trained = next(image for image, split in splits.items() if split == "train")
    phash, group = (workspace.db.read(images.get, one) for one in (tested, trained))
    fill(workspace, 900, 1, phash=phash.phash, source_group=group.source_group)
    return [tested, 41]


def test_a_plan_says_what_would_be_frozen_and_writes_nothing(workspace: Workspace) -> None:
    fill(workspace, 0, 40)
    workspace.db.write(images.set_health, 7, "missing")
    before = list(workspace.db.connection.iterdump())
    found = plan(workspace, Wanted(name="parts"))
    assert list(workspace.db.connection.iterdump()) == before
    assert not workspace.paths.datasets.exists()
    report = build_parts(workspace)
    assert (found.id, found.counts, found.splits) == (report.id, report.counts, report.splits)
    assert (found.images, found.left_out, found.leaks) == (39, 1, [])


async def test_what_was_planned_is_frozen(workspace: Workspace) -> None:
    fill(workspace, 0, 40)
    found, arrangement = await planned(workspace.paths.root, Wanted(name="parts"))
    assert await frozen(workspace.paths.root, Wanted(name="parts"), arrangement) == found.id
    assert workspace.db.read(datasets.find, "parts").id == found.id


async def test_what_changed_since_the_plan_is_not_frozen_unseen(workspace: Workspace) -> None:
    fill(workspace, 0, 40)
    _, arrangement = await planned(workspace.paths.root, Wanted(name="parts"))
    workspace.db.write(labels.set_label, workspace.user.uid, 1, "b")
    with pytest.raises(ConflictError, match="have changed since this list was shown"):
        await frozen(workspace.paths.root, Wanted(name="parts"), arrangement)
    assert workspace.db.read(datasets.latest) == []


async def test_leaks_are_planned_but_frozen_only_with_a_reason_that_the_journal_keeps(workspace: Workspace) -> None:
    fill(workspace, 0, 40)
    pair = leak(workspace)
    wanted = Wanted(name="parts")
    found, arrangement = await planned(workspace.paths.root, wanted)
    assert [sorted((one.first, one.second)) for one in found.leaks] == [sorted(pair)]
    assert found.findings[0].kind == "leak"
    with pytest.raises(RefusedError, match="nearly the same picture"):
        await frozen(workspace.paths.root, wanted, arrangement)
    allowed = msgspec.structs.replace(wanted, allow_leaks=True, leak_reason="a demonstration")
    assert await frozen(workspace.paths.root, allowed, arrangement) == found.id
    kept = workspace.db.read(journal.history, area="dataset")[0].after["leaks_allowed"]
    assert (kept["reason"], kept["leaks"], [sorted(one) for one in kept["pairs"]]) == (
        "a demonstration",
        1,
        [sorted(pair)],
    )


def test_a_plan_ends_where_nobody_waits(workspace: Workspace) -> None:
    from binscout_tui.operations.datasets import arrange, gather

    class LeftError(Exception):
        pass

    def tell(stage: str) -> None:
        raise LeftError(stage)

    fill(workspace, 0, 40)
    with pytest.raises(LeftError):
        arrange(workspace.db.read(gather, "classify"), Wanted(name="parts"), tell)


def test_the_same_content_has_the_same_id_wherever_it_lies(workspace: Workspace, tmp_path: Path) -> None:
    """Another machine, other folders, another order of arrival: the same list, split and id."""
    fill(workspace, 0, 60, "abc")
    here = build_parts(workspace)
    root = tmp_path / "elsewhere"
    workspaces.create(root)
    with Workspace(root) as other:
        for index in reversed(range(60)):
            fill(other, index, 1, "abc", source_group=f"Other Folder/IMG {index}", path=Path(f"elsewhere/{index}"))
        there = build(other, Wanted(name="another name"))
        assert (there.id, there.splits) == (here.id, here.splits)
        other.db.write(labels.set_label, other.user.uid, 1, "b" if index % 3 != 1 else "c")
        assert build(other, Wanted(name="another name")).id != here.id
