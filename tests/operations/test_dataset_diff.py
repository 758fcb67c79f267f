"""What differs between two versions is counted and listed image by image."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from binscout_tui.errors import NotFoundError, UsageError
from binscout_tui.operations.dataset_diff import compare, words
from binscout_tui.store import dataset_changes, datasets, images, labels
from binscout_tui.store.database import Database
from binscout_tui.store.datasets import Item
from binscout_tui.workspace import Workspace

from .test_datasets import build_parts, fill


def test_added_removed_and_relabelled_images_are_counted_and_found(workspace: Workspace) -> None:
    fill(workspace, 0, 40)
    before = build_parts(workspace, "old")
    fill(workspace, 40, 4)
    workspace.db.write(images.trash, workspace.user.uid, [3, 5])
    workspace.db.write(labels.set_label, workspace.user.uid, 1, "b")
    after = build_parts(workspace, "new")
    found = workspace.db.read(compare, "old", "new", kind="removed", limit=10)
    assert (found.before.id, found.after.id) == (before.id, after.id)
    assert found.counts == {"added": 4, "removed": 2, "relabelled": 1, "moved": 0}
    assert {words(sort): sort.images for sort in found.sorts} == {
        "added a": 2,
        "added b": 2,
        "removed a": 2,
        "relabelled a → b": 1,
    }
    assert [(change.image_id, change.label_before, change.label_after) for change in found.changes] == [
        (3, "a", None),
        (5, "a", None),
    ]
    seen = {words(s): list(workspace.db.read(dataset_changes.ids, before.id, after.id, s)) for s in found.sorts}
    assert (seen["added a"], seen["relabelled a → b"]) == ([41, 43], [1])
    assert seen["removed a"] == [], "what is in the trash is not shown"


def test_a_version_and_itself_or_nothing_are_refused(workspace: Workspace) -> None:
    fill(workspace, 0, 40)
    build_parts(workspace)
    with pytest.raises(UsageError, match="are the same version"):
        workspace.db.read(compare, "parts", "parts")
    with pytest.raises(NotFoundError):
        workspace.db.read(compare, "parts", "nothing")


LINES = st.dictionaries(
    st.integers(0, 30), st.tuples(st.sampled_from("abc"), st.sampled_from(["train", "val", "test"])), max_size=20
)


def keep(db: Database, name: str, lines: dict[int, tuple[str, str]]) -> str:
    """A version of these lines, whatever was there before."""
    items = [Item(f"{number:064x}", label, split, "g") for number, (label, split) in lines.items()]  # type: ignore[arg-type]
    version = datasets.new_dataset(name, "classify", name * 16, "m", items)
    with_uid = db.connection.execute("SELECT uid FROM user").fetchone()[0]
    db.connection.execute("DELETE FROM dataset WHERE id = ?", (version.id,))
    db.write(datasets.add, with_uid, version, items)
    return version.id


@settings(max_examples=40, deadline=None)
@given(one=LINES, two=LINES)
def test_pages_hold_every_change_once(
    shared: Workspace, one: dict[int, tuple[str, str]], two: dict[int, tuple[str, str]]
) -> None:
    before, after = keep(shared.db, "x", one), keep(shared.db, "y", two)
    both = one.keys() & two.keys()
    expected = {
        "added": two.keys() - one.keys(),
        "removed": one.keys() - two.keys(),
        "relabelled": {n for n in both if one[n][0] != two[n][0]},
        "moved": {n for n in both if one[n][1] != two[n][1]},
    }
    found = shared.db.read(compare, before, after)
    assert found.counts == {kind: len(numbers) for kind, numbers in expected.items()}
    for kind, numbers in expected.items():
        seen, beyond = [], ""
        while page := shared.db.read(dataset_changes.page, before, after, kind, beyond=beyond, limit=3):
            seen += [int(change.sha256, 16) for change in page]
            beyond = page[-1].sha256
        assert seen == sorted(numbers)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """One workspace for all examples; each replaces its versions."""
    from binscout_tui import workspace as workspaces

    root = tmp_path_factory.mktemp("diff") / "workspace"
    workspaces.create(root)
    return Workspace(root)
