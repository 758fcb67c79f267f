"""Versions as they are looked at: pages by key, what was frozen beside what is said today."""

from __future__ import annotations

from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from binscout_tui import workspace as workspaces
from binscout_tui.filtering.errors import FilterError
from binscout_tui.store import box_labels, dataset_pages, datasets, images, labels
from binscout_tui.store.box_labels import LabelBox
from binscout_tui.store.dataset_pages import Wanted
from binscout_tui.store.datasets import Item
from binscout_tui.workspace import Workspace
from tests.conftest import row

CLASSES = ("nut", "pin", "clip")
SPLITS = ("train", "val", "test")
VERSION = "c" * 16


def fill(workspace: Workspace, number: int = 60) -> str:
    """A version of the first images, and some that are not in it; its id."""
    uid = workspace.user.uid
    for index in range(number + 10):
        image_id, _ = workspace.db.write(images.add, uid, row(index))
        workspace.db.write(labels.import_label, uid, image_id, CLASSES[index % 3])
    items = [Item(f"{n:064x}", CLASSES[n % 3], SPLITS[n % 5 % 3], f"g{n}") for n in range(number)]
    workspace.db.write(datasets.add, uid, datasets.new_dataset("parts", "classify", VERSION, "m", items), items)
    return VERSION


def every_page(workspace: Workspace, wanted: Wanted, limit: int) -> list[int]:
    """All pages one after the other."""
    seen: list[int] = []
    while page := workspace.db.read(dataset_pages.piece, VERSION, wanted, seen[-1] if seen else 0, limit):
        assert len(page) <= limit
        seen += page
    return seen


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with a version; image 4 has another label today, 7 is in the trash."""
    root = tmp_path_factory.mktemp("pages") / "workspace"
    workspaces.create(root)
    workspace = Workspace(root)
    fill(workspace)
    workspace.db.write(labels.set_label, workspace.user.uid, 4, "pin")
    workspace.db.write(images.trash, workspace.user.uid, [7])
    return workspace


@settings(max_examples=40, deadline=None)
@given(
    split=st.sampled_from([None, *SPLITS]),
    label=st.sampled_from([None, *CLASSES]),
    text=st.sampled_from(["", "label:pin", "id:..30", "-label:nut id:10.."]),
    limit=st.integers(1, 40),
)
def test_pages_hold_every_image_that_is_wanted_once(
    filled: Workspace, split: str | None, label: str | None, text: str, limit: int
) -> None:
    now = {4: "pin"}

    def lets_through(number: int) -> bool:
        today = now.get(number, CLASSES[(number - 1) % 3])
        by_text = {
            "": True,
            "label:pin": today == "pin",
            "id:..30": number <= 30,
            "-label:nut id:10..": today != "nut" and number >= 10,
        }
        frozen, place = CLASSES[(number - 1) % 3], SPLITS[(number - 1) % 5 % 3]
        return by_text[text] and label in (None, frozen) and split in (None, place)

    wanted = Wanted(split=split, label=label, text=text)  # type: ignore[arg-type]
    expected = [number for number in range(1, 61) if number != 7 and lets_through(number)]
    assert every_page(filled, wanted, limit) == expected


def test_a_wrong_filter_is_said(filled: Workspace) -> None:
    with pytest.raises(FilterError, match="There is no class"):
        filled.db.read(dataset_pages.piece, VERSION, Wanted(text="label:bolt"), 0, 5)


def test_a_row_has_what_was_frozen_beside_what_is_said_today(workspace: Workspace) -> None:
    fill(workspace, 6)
    uid = workspace.user.uid
    workspace.db.write(labels.set_label, uid, 2, "nut")
    workspace.db.write(labels.clear, uid, 3)
    nut = workspace.db.read(labels.find_class, "nut").id
    workspace.db.write(box_labels.set_boxes, uid, 1, [LabelBox(box=(0.1, 0.2, 0.3, 0.4), class_id=nut)])
    found = workspace.db.read(dataset_pages.rows, VERSION, [3, 1, 2, 99, 12])
    assert [(r.image.id, r.frozen, r.split, r.differs) for r in found] == [
        (3, "clip", "test", True),
        (1, "nut", "train", False),
        (2, "pin", "val", True),
        (12, None, None, False),
    ]
    assert found[1].boxes == (((0.1, 0.2, 0.3, 0.4), "nut"),)


def test_an_image_that_comes_back_is_in_its_version_again(workspace: Workspace) -> None:
    fill(workspace, 6)
    workspace.db.connection.execute("DELETE FROM image WHERE id = 5")
    assert every_page(workspace, Wanted(label="pin"), 10) == [2]
    gone = [fact for fact in workspace.db.read(dataset_pages.facts, VERSION) if fact.state == "gone"]
    assert [(fact.sha256, fact.label, fact.image_id) for fact in gone] == [(f"{4:064x}", "pin", None)]
    again, _ = workspace.db.write(images.add, workspace.user.uid, row(4))
    assert every_page(workspace, Wanted(label="pin"), 10) == [2, again]


def test_versions_are_listed_by_their_last_build_with_who_made_them(workspace: Workspace) -> None:
    fill(workspace, 6)
    uid = workspace.user.uid
    other = [Item(f"{n:064x}", "nut", "train", "g") for n in range(2)]
    workspace.db.write(datasets.add, uid, datasets.new_dataset("two", "classify", "d" * 16, "m", other), other)
    first = datasets.new_dataset("again", "classify", VERSION, "m", [])
    workspace.db.write(datasets.add, uid, first, [])
    found = workspace.db.read(dataset_pages.versions)
    assert [(one.dataset.name, one.images, one.classes, one.by) for one in found] == [
        ("again", 6, 3, workspace.user.name),
        ("two", 2, 1, workspace.user.name),
    ]
    assert found[1].splits == {"train": 2, "val": 0, "test": 0}


def test_sizes_are_counted_by_the_longer_side(filled: Workspace) -> None:
    assert filled.db.read(dataset_pages.longer_sides, VERSION) == {320: 60}


def test_a_piece_is_small_in_memory(filled: Workspace) -> None:
    assert isinstance(filled.db.read(dataset_pages.piece, VERSION, Wanted(), 0, 5), array)
