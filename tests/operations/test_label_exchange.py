"""Labels go out and come back as they were: the same bytes, all three empty states, the same coordinates."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from binscout_tui.errors import RefusedError, UsageError
from binscout_tui.operations.label_exchange import Format, export
from binscout_tui.operations.label_import import import_labels
from binscout_tui.store import box_labels, classes, label_rows, labels
from binscout_tui.store.box_labels import LabelBox
from binscout_tui.workspace import Workspace
from tests.interchange.made_up import PICTURES, add_class, draw, filled, image_id, say_everything, tree

FORMATS = get_args(Format)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Workspace, Workspace]]:
    """Two workspaces with the same pictures, which came in another order."""
    with filled(tmp_path / "one") as one, filled(tmp_path / "other", order=lambda n: reversed(list(n))) as other:
        yield one, other


def words(workspace: Workspace) -> list[Any]:
    """Everything that is said of the pictures, with names for ids."""
    names: dict[int | None, str | None] = {
        one.id: one.name for one in workspace.db.read(classes.all_classes, archived=True)
    } | {None: None}
    ids = [image_id(workspace, number) for number in range(len(PICTURES))]
    return [
        (
            one.state,
            names[one.class_id],
            one.boxes_state,
            sorted((box, names[class_id] or "") for box, class_id in one.boxes),
            sorted((names[class_id] or "", count) for class_id, count in one.counts),
        )
        for one in workspace.db.read(label_rows.of, ids)
    ]


@pytest.mark.parametrize("kind", FORMATS)
def test_export_import_export_gives_the_same_bytes(
    pair: tuple[Workspace, Workspace], tmp_path: Path, kind: Format
) -> None:
    one, other = pair
    say_everything(one)
    first = export(one, tmp_path / "first", kind)
    assert (first.images, first.labels, first.boxes, first.refused) == (len(PICTURES), 6, 6, [])
    report = import_labels(other, tmp_path / "first", kind, strict=True)
    assert report.refused == []
    assert (report.labels, report.boxed, report.counts, report.clipped) == (6, 5, 2, 0)
    export(other, tmp_path / "second", kind)
    assert tree(tmp_path / "second") == tree(tmp_path / "first")
    for ours, theirs in zip(words(one), words(other), strict=True):
        assert theirs[:3] == ours[:3]
        assert theirs[4] == ours[4]
    again = import_labels(other, tmp_path / "first", kind)
    assert (again.labels, again.boxed, again.counts, again.replaced, again.refused) == (0, 0, 0, 0, [])
    assert again.known == report.labels + report.boxed + report.counts


@pytest.mark.parametrize("kind", FORMATS)
def test_what_comes_back_to_where_it_was_is_known(
    pair: tuple[Workspace, Workspace], tmp_path: Path, kind: Format
) -> None:
    one, _ = pair
    say_everything(one)
    export(one, tmp_path / "out", kind)
    before = list(one.db.connection.iterdump())
    report = import_labels(one, tmp_path / "out", kind)
    assert (report.refused, report.known) == ([], 6 + 5 + 2)
    assert list(one.db.connection.iterdump()) == before


@pytest.mark.parametrize("kind", FORMATS)
def test_coordinates_come_back_within_a_hundredth_of_a_pixel(
    pair: tuple[Workspace, Workspace], tmp_path: Path, kind: Format
) -> None:
    one, other = pair
    say_everything(one)
    export(one, tmp_path / "out", kind)
    import_labels(other, tmp_path / "out", kind)
    for number, (_, _, width, height) in enumerate(PICTURES):
        before, after = words(one)[number][3], words(other)[number][3]
        assert [name for _, name in after] == [name for _, name in before]
        for (old, _), (new, _) in zip(before, after, strict=True):
            off = [abs(a - b) * (width, height)[i % 2] for i, (a, b) in enumerate(zip(old, new, strict=True))]
            assert max(off) < 0.01


edge = st.floats(0, 1, allow_nan=False)
boxes = st.tuples(edge, edge, edge, edge, st.sampled_from(["m3", "a/b", None]))
said = st.tuples(
    st.sampled_from(["unlabelled", "m3", "a/b", "empty", "skipped"]),
    st.one_of(st.sampled_from(["unlabelled", "empty", "skipped"]), st.lists(boxes, min_size=1, max_size=4)),
    st.dictionaries(st.sampled_from(["m3", "a/b", None]), st.integers(0, 10**9), max_size=3),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(said, min_size=len(PICTURES), max_size=len(PICTURES)))
def test_any_words_come_back_the_same(tmp_path_factory: pytest.TempPathFactory, told: list[Any]) -> None:
    root = tmp_path_factory.mktemp("any")
    with filled(root / "one") as one, filled(root / "other", order=lambda n: reversed(list(n))) as other:
        for number, what in enumerate(told):
            say(one, number, *what)
        for kind in [kind for kind in FORMATS if kind != "imagefolder"]:
            export(one, root / kind, kind, pictures="none")
            assert import_labels(other, root / kind, kind, strict=True).refused == []
            export(other, root / f"{kind} again", kind, pictures="none")
            assert tree(root / f"{kind} again") == tree(root / kind)
            forget(other)


def say(workspace: Workspace, number: int, label: str, drawn: Any, counts: dict[str | None, int]) -> None:
    """Enter made-up words on a picture; boxes that are too thin for it are left out."""
    db, uid, image = workspace.db, workspace.user.uid, image_id(workspace, number)
    ids = {name: add_class(workspace, name) for name in ("m3", "a/b")}
    if label in ids:
        db.write(labels.set_label, uid, image, label)
    elif label != "unlabelled":
        db.write(labels.set_label, uid, image, None, state=label)  # type: ignore[arg-type]
    if isinstance(drawn, list):
        wanted = []
        for x1, y1, x2, y2, name in drawn:
            box = LabelBox(box=(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)), class_id=ids.get(name))
            try:
                box_labels.fit(box.box, PICTURES[number][2:])
            except UsageError:
                continue
            wanted.append(box)
        db.write(box_labels.set_boxes, uid, image, wanted)
    elif drawn == "empty":
        db.write(box_labels.set_boxes, uid, image, [])
    elif drawn == "skipped":
        db.write(box_labels.skip, uid, image)
    for name, count in counts.items():
        db.write(box_labels.set_count, uid, image, count, class_id=ids.get(name))  # type: ignore[arg-type]


def forget(workspace: Workspace) -> None:
    """Nobody said anything, and there are no classes."""
    for table in ("label", "box_label", "label_count"):
        workspace.db.connection.execute(f"DELETE FROM {table}")
    workspace.db.connection.execute("DELETE FROM class")


def test_pictures_without_a_word_are_not_offered_for_training(
    pair: tuple[Workspace, Workspace], tmp_path: Path
) -> None:
    one, _ = pair
    say_everything(one)
    for kind in ("coco", "yolo"):
        export(one, tmp_path / kind, kind)  # type: ignore[arg-type]
        assert len(list((tmp_path / kind / "images").iterdir())) == 4, "boxes or empty, not skipped or unlabelled"
    export(one, tmp_path / "folders", "imagefolder")
    folders = sorted(path.name.split("~")[0] for path in (tmp_path / "folders").iterdir() if path.is_dir())
    assert folders == ["=cmd", "M3", "a%2Fb", "m3"], "no folder for what is empty, skipped or unlabelled"


def test_names_that_clash_are_told_apart_by_their_content(pair: tuple[Workspace, Workspace], tmp_path: Path) -> None:
    one, _ = pair
    draw(one, 5)
    draw(one, 6)
    draw(one, 0)
    draw(one, 2)
    export(one, tmp_path / "yolo", "yolo")
    stems = sorted(path.stem for path in (tmp_path / "yolo" / "labels").iterdir())
    assert [stem.split("-")[0] for stem in stems] == ["plain", "plain", "same", "same"]
    assert len(set(stems)) == 4


def test_what_is_there_is_left_alone(pair: tuple[Workspace, Workspace], tmp_path: Path) -> None:
    one, _ = pair
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    (tmp_path / "old.csv").write_text("mine")
    for kind, path, replace in (("coco", "mine", True), ("csv", "old.csv", False), ("jsonl", "mine", True)):
        with pytest.raises(RefusedError):
            export(one, tmp_path / path, kind, replace=replace)  # type: ignore[arg-type]
    with pytest.raises(RefusedError):
        export(one, one.paths.originals / "out", "coco")
    assert (tmp_path / "old.csv").read_text() == "mine"
    export(one, tmp_path / "old.csv", "csv", replace=True)
    assert (tmp_path / "old.csv").read_text().startswith("file,")
    assert not list(tmp_path.glob(".tmp-*"))


def test_a_picture_that_changed_is_told_and_not_exported(pair: tuple[Workspace, Workspace], tmp_path: Path) -> None:
    one, _ = pair
    draw(one, 0, ((0.1, 0.1, 0.5, 0.5), "m3"))
    draw(one, 1, ((0.1, 0.1, 0.5, 0.5), "m3"))
    draw(one, 2)
    paths = [one.paths.original(row.image) for row in one.db.read(label_rows.of, [1, 2])]
    paths[0].write_bytes(b"other")
    paths[1].unlink()
    done = export(one, tmp_path / "out", "coco")
    assert sorted(refused.code for refused in done.refused) == ["changed_while_reading", "unreadable"]
    assert len(list((tmp_path / "out" / "images").iterdir())) == 1
    assert b"upper" not in (tmp_path / "out" / "annotations.json").read_bytes()


def test_an_export_that_fails_leaves_nothing(
    pair: tuple[Workspace, Workspace], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _ = pair
    say_everything(one)

    def broken(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(label_rows, "of", broken)
    before = set(tmp_path.iterdir())
    for kind in FORMATS:
        with pytest.raises(Exception, match="No space left"):
            export(one, tmp_path / "out", kind)
    assert set(tmp_path.iterdir()) == before


def test_classes_keep_key_colour_group_parent_and_order(pair: tuple[Workspace, Workspace], tmp_path: Path) -> None:
    one, other = pair
    say_everything(one)
    export(one, tmp_path / "out.jsonl", "jsonl")
    import_labels(other, tmp_path / "out.jsonl", "jsonl")

    def rows(workspace: Workspace) -> list[Any]:
        found = workspace.db.read(classes.all_classes)
        names = {row.id: row.name for row in found}
        return [(row.name, row.key, row.colour, row.group, names.get(row.parent_id or 0)) for row in found]

    assert rows(other) == rows(one)
    assert ("m3", "k", None, "", "1.0") in rows(other)
    assert rows(one)[0][0] == "no"


def test_a_class_that_was_archived_is_exported_while_labels_have_it(
    pair: tuple[Workspace, Workspace], tmp_path: Path
) -> None:
    one, other = pair
    draw(one, 0, ((0.1, 0.1, 0.5, 0.5), "used"))
    unused = add_class(one, "unused")
    for class_id in (unused, add_class(one, "used")):
        one.db.write(classes.archive, one.user.uid, class_id)
    export(one, tmp_path / "out", "yolo")
    assert import_labels(other, tmp_path / "out", "yolo").refused == []
    assert [row.name for row in other.db.read(classes.all_classes)] == ["used"]
