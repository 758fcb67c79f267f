"""What looks like labels and would be wrong ones is told, and never half taken over; names that formats keep."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from binscout_tui.interchange import csv_labels
from binscout_tui.interchange.refusals import NotThatFormatError
from binscout_tui.operations.label_exchange import export
from binscout_tui.operations.label_import import LabelReport, import_labels
from binscout_tui.store import box_labels, classes, images, labels
from binscout_tui.workspace import Workspace
from tests.interchange.made_up import add_class, contents, draw, filled, image_id, tree

PARTS = '{"x1": 0, "y1": 0, "x2": 1, "y2": %s}'


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with filled(tmp_path / "workspace") as workspace:
        yield workspace


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Workspace]:
    with filled(tmp_path / "other") as workspace:
        yield workspace


def put(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def told(report: LabelReport) -> list[tuple[str, str]]:
    return [(one.where, one.code) for one in report.refused]


def label(workspace: Workspace, number: int) -> tuple[str, str | None] | None:
    found = workspace.db.read(labels.get, image_id(workspace, number))
    return found and (found.state, found.name)


def drawn(workspace: Workspace, number: int) -> tuple[str | None, list[str | None]]:
    """The state of the boxes of a picture, and their classes."""
    names = {one.id: one.name for one in workspace.db.read(classes.all_classes, archived=True)}
    found = workspace.db.read(box_labels.get, image_id(workspace, number))
    return found.state, [names.get(one.class_id or 0) for one in found.boxes]


def table(tmp_path: Path, *rows: str) -> Path:
    return put(tmp_path / "l.csv", "\n".join(["file,kind,state,class,x1,y1,x2,y2", *rows]))


def test_rows_of_one_picture_need_not_stand_together(ws: Workspace, tmp_path: Path) -> None:
    rows = ["plain.jpg,box,,m3,0,0,.5,.5", "upper.JPG,box,,m3,0,0,.5,.5", "plain.jpg,box,,nut,.5,.5,1,1"]
    report = import_labels(ws, table(tmp_path, *rows), "csv")
    assert (told(report), report.boxed) == ([], 2)
    assert drawn(ws, 0) == ("boxes", ["m3", "nut"]), "the first row alone would say that nothing else is there"


@pytest.mark.parametrize(
    "bad", ["plain.jpg,box,,m3,0,0,5,.5", "plain.jpg,thing,,m3,0,0,.5,.5", "plain.jpg,boxes,x,,,,,"]
)
def test_a_bad_row_far_away_leaves_out_all_boxes_of_the_picture(ws: Workspace, tmp_path: Path, bad: str) -> None:
    rows = [bad, "upper.JPG,box,,m3,0,0,.5,.5", "plain.jpg,box,,m3,.5,.5,1,1"]
    report = import_labels(ws, table(tmp_path, *rows), "csv")
    assert (len(report.refused), report.boxed, report.incomplete) == (1, 1, 1)
    assert drawn(ws, 0) == (None, [])


def test_rows_that_contradict_each_other_are_told(ws: Workspace, tmp_path: Path) -> None:
    path = put(tmp_path / "l.csv", "file,label\nplain.jpg,m3\nplain.jpg,nut\nupper.JPG,m3\nupper.JPG,m3\n")
    report = import_labels(ws, path, "csv")
    assert (told(report), report.labels, label(ws, 0)) == ([("l.csv:3", "again")], 2, ("class", "m3"))


def test_a_table_of_boxes_is_not_taken_for_classes_of_pictures(ws: Workspace, tmp_path: Path) -> None:
    path = put(tmp_path / "l.csv", "filename,width,height,class,xmin,ymin,xmax,ymax\nplain.jpg,640,480,m3,1,1,5,5\n")
    with pytest.raises(NotThatFormatError) as refused:
        import_labels(ws, path, "csv")
    assert refused.value.code == "no_kind"


def test_many_rows_that_take_turns_are_read_in_one_go(tmp_path: Path) -> None:
    rows = [f"{name}.jpg,box,,m3,0,0,.5,.5" for _ in range(5000) for name in "ab"]
    found = list(csv_labels.read(table(tmp_path, *rows)))
    assert [len(one.boxes.boxes) for one in found] == [5000, 5000]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("parts", "codes"), [((1, 0.5), ["again", "again"]), ((1, 1), ["again"]), ((5, 0.5), ["again", "again"])]
)
def test_lines_that_name_other_boxes_of_one_picture_leave_them_out(
    ws: Workspace, tmp_path: Path, parts: tuple[float, float], codes: list[str]
) -> None:
    lines = [f'{{"file": "plain.jpg", "boxes": [{PARTS % part}]}}' for part in parts]
    report = import_labels(ws, put(tmp_path / "l.jsonl", "\n".join(lines)), "jsonl")
    assert [code for _, code in told(report)] == codes
    assert drawn(ws, 0)[0] == ("boxes" if parts == (1, 1) else None)


def test_boxes_that_were_refused_once_are_not_replaced_by_a_part_of_them(ws: Workspace, tmp_path: Path) -> None:
    put(tmp_path / "y" / "data.yaml", "names: [m3]\n")
    put(tmp_path / "y" / "a" / "labels" / "upper.txt", "0 0.5 0.5 5 5\n")
    put(tmp_path / "y" / "b" / "labels" / "upper.txt", "0 0.5 0.5 0.5 0.5\n")
    report = import_labels(ws, tmp_path / "y", "yolo")
    assert [code for _, code in told(report)] == ["outside", "again"]
    assert drawn(ws, 1) == (None, [])


def test_coco_tells_every_annotation_of_an_unknown_image(ws: Workspace, tmp_path: Path) -> None:
    notes = [{"image_id": 8, "category_id": 1, "bbox": box} for box in ([1], [1, 1, 2, 2], [3, 3, 2, 2])]
    notes.append({"image_id": 9, "category_id": 1, "bbox": [1]})
    data = {"images": [], "categories": [{"id": 1, "name": "m3"}], "annotations": notes}
    report = import_labels(ws, put(tmp_path / "c.json", json.dumps(data)), "coco")
    assert told(report) == [
        ("c.json annotations[0]", "no_box"),
        ("c.json annotations[3]", "no_box"),
        ("c.json annotations[1]", "unknown_image"),
        ("c.json annotations[2]", "unknown_image"),
    ]


@pytest.mark.parametrize("kind", ["yolo", "coco"])
def test_a_class_in_the_place_of_boxes_without_one_is_that_class(
    ws: Workspace, other: Workspace, tmp_path: Path, kind: Any
) -> None:
    draw(ws, 0, ((0.1, 0.1, 0.5, 0.5), None), ((0.1, 0.1, 0.6, 0.5), "m3"))
    export(ws, tmp_path / "out", kind)
    path = tmp_path / "out" / {"yolo": "data.yaml", "coco": "annotations.json"}[kind]
    path.write_text(path.read_text().replace('"object"', '"washer"'))
    assert told(import_labels(other, tmp_path / "out", kind)) == []
    assert drawn(other, 0) == ("boxes", ["washer", "m3"])


def test_yolo_names_that_stand_twice_are_refused(ws: Workspace, tmp_path: Path) -> None:
    put(tmp_path / "y" / "data.yaml", "names:\n  0: m3\n  1: nut\n  0: bolt\n")
    put(tmp_path / "y" / "labels" / "upper.txt", "0 0.5 0.5 0.1 0.1\n")
    with pytest.raises(NotThatFormatError, match="a key stands twice"):
        import_labels(ws, tmp_path / "y", "yolo")


def test_yolo_without_text_files_where_they_belong_says_so(ws: Workspace, tmp_path: Path) -> None:
    put(tmp_path / "y" / "data.yaml", "names: [m3]\n")
    put(tmp_path / "y" / "upper.txt", "0 0.5 0.5 0.1 0.1\n")
    with pytest.raises(NotThatFormatError):
        import_labels(ws, tmp_path / "y", "yolo")


def test_one_text_file_that_cannot_be_read_does_not_keep_the_others_out(ws: Workspace, tmp_path: Path) -> None:
    put(tmp_path / "y" / "data.yaml", "names: [m3]\n")
    put(tmp_path / "y" / "labels" / "upper.txt", "0 0.5 0.5 0.1 0.1\n")
    (tmp_path / "y" / "labels" / "a.txt").symlink_to("nowhere")
    report = import_labels(ws, tmp_path / "y", "yolo")
    assert (told(report), report.boxed) == ([("labels/a.txt", "unreadable")], 1)


def test_a_text_file_beside_two_pictures_is_of_neither(ws: Workspace, tmp_path: Path) -> None:
    put(tmp_path / "y" / "data.yaml", "names: [m3]\n")
    put(tmp_path / "y" / "labels" / "plain.txt", "0 0.5 0.5 0.1 0.1\n")
    for name, number in (("plain.jpg", 0), ("plain.png", 2)):
        put(tmp_path / "y" / "images" / name, contents(number))
    report = import_labels(ws, tmp_path / "y", "yolo")
    assert (told(report), report.boxed) == ([("labels/plain.txt", "ambiguous")], 0)


@pytest.mark.parametrize("word", ["0_5", "0.\uff15", "1e999", "0x1p-1", ""])
def test_only_plain_numbers_are_coordinates(ws: Workspace, tmp_path: Path, word: str) -> None:
    report = import_labels(ws, table(tmp_path, f"plain.jpg,box,,m3,0,0,{word},1"), "csv")
    assert (told(report), report.boxed) == ([("l.csv:2", "not_a_number")], 0)


@pytest.mark.parametrize("kind", ["yolo", "coco", "imagefolder", "csv", "jsonl"])
def test_a_picture_called_classes_keeps_its_words(ws: Workspace, other: Workspace, tmp_path: Path, kind: Any) -> None:
    for workspace in (ws, other):
        workspace.db.connection.execute("UPDATE image SET name = 'classes.jpg' WHERE id = ?", (image_id(workspace, 0),))
    draw(ws, 0, ((0.1, 0.1, 0.5, 0.5), "m3"))
    export(ws, tmp_path / "out", kind)
    assert told(import_labels(other, tmp_path / "out", kind)) == []
    assert drawn(other, 0) == ("boxes", ["m3"])


@pytest.mark.parametrize(
    "name", ["binscout.jsonl", "BinScout.JSONL", "lost+found", "__MACOSX", ".git", "@eaDir", ".Trash-0"]
)
def test_a_class_called_like_what_is_no_class_keeps_its_pictures(
    ws: Workspace, other: Workspace, tmp_path: Path, name: str
) -> None:
    add_class(ws, name)
    ws.db.write(labels.set_label, ws.user.uid, image_id(ws, 0), name)
    export(ws, tmp_path / "out", "imagefolder")
    assert told(import_labels(other, tmp_path / "out", "imagefolder")) == []
    assert label(other, 0) == ("class", name)
    export(other, tmp_path / "again", "imagefolder")
    assert tree(tmp_path / "again") == tree(tmp_path / "out")


def test_folders_of_pictures_tell_links_and_lines_that_stand_twice(ws: Workspace, tmp_path: Path) -> None:
    put(tmp_path / "f" / "all" / "a.jpg", contents(0))
    put(tmp_path / "f" / "m3" / "b.jpg", contents(1))
    (tmp_path / "f" / "m3" / "a.jpg").symlink_to("../all/a.jpg")
    lines = ['{"file": "a.jpg", "boxes_state": "empty"}', '{"file": "a.jpg", "boxes_state": "skipped"}']
    put(tmp_path / "f" / "binscout.jsonl", "\n".join([*lines, '{"file": "b.jpg", "boxes_state": "boxes"}']))
    report = import_labels(ws, tmp_path / "f", "imagefolder")
    assert told(report) == [("binscout.jsonl:2", "again"), ("m3/a.jpg", "link"), ("binscout.jsonl:3", "bad_field")]
    assert (label(ws, 0), drawn(ws, 0)[0]) == (("class", "all"), "empty")
    assert label(ws, 1) == ("class", "m3"), "the folder says that, whatever is wrong beside it"


def test_labelme_flags_say_nothing_of_things(ws: Workspace, tmp_path: Path) -> None:
    for name, flags in (("plain.jpg", {"a": True, "b": True}), ("upper.JPG", {"a": True}), ("plain.png", {"a": False})):
        data = {"imagePath": name, "shapes": [], "flags": flags}
        put(tmp_path / "l" / f"{name}.json", json.dumps(data))
    report = import_labels(ws, tmp_path / "l", "labelme")
    assert told(report) == [("plain.jpg.json flags", "flags")]
    assert (label(ws, 0), label(ws, 1)) == (None, ("class", "a"))
    assert [drawn(ws, number)[0] for number in (0, 1, 2)] == [None, None, "empty"]


@pytest.mark.parametrize("kind", ["yolo", "coco", "csv", "jsonl"])
def test_an_archived_class_comes_back_only_for_new_words(ws: Workspace, tmp_path: Path, kind: Any) -> None:
    draw(ws, 0, ((0.1, 0.1, 0.5, 0.5), "used"))
    ws.db.write(classes.archive, ws.user.uid, add_class(ws, "used"))
    export(ws, tmp_path / "out", kind)
    before = list(ws.db.connection.iterdump())
    for dry_run in (False, True):
        report = import_labels(ws, tmp_path / "out", kind, dry_run=dry_run)
        assert (report.known, report.classes) == (1, 0)
        assert list(ws.db.connection.iterdump()) == before
    ws.db.write(box_labels.clear, ws.user.uid, image_id(ws, 0))
    for dry_run in (True, False):
        assert import_labels(ws, tmp_path / "out", kind, dry_run=dry_run).classes == 1
    assert [one.name for one in ws.db.read(classes.all_classes)] == ["used"]


def test_a_parent_that_was_archived_does_not_come_to_life_elsewhere(
    ws: Workspace, other: Workspace, tmp_path: Path
) -> None:
    child, parent = add_class(ws, "child"), add_class(ws, "parent")
    ws.db.write(classes.set_parent, ws.user.uid, child, parent)
    ws.db.write(classes.archive, ws.user.uid, parent)
    export(ws, tmp_path / "out.jsonl", "jsonl")
    import_labels(other, tmp_path / "out.jsonl", "jsonl")
    export(other, tmp_path / "again.jsonl", "jsonl")
    assert [one.name for one in other.db.read(classes.all_classes)] == ["child"]
    assert tree(tmp_path / "again.jsonl") == tree(tmp_path / "out.jsonl")


@pytest.mark.parametrize(
    ("file", "number"),
    [("a/same.jpg", 5), ("/b/same.jpg", 6), ("b//same.jpg", 6), ("same.jpg", None), ("x/a/same.jpg", None)],
)
def test_of_pictures_with_one_name_the_folder_decides(
    ws: Workspace, tmp_path: Path, file: str, number: int | None
) -> None:
    report = import_labels(ws, put(tmp_path / "l.jsonl", json.dumps({"file": file, "label": "m3"})), "jsonl")
    assert [code for _, code in told(report)] == ([] if number else ["ambiguous"])
    assert [one for one in (5, 6) if label(ws, one)] == ([number] if number else [])


@pytest.mark.parametrize(
    ("kind", "content"), [("csv", "file,label\nx,m3\n"), ("jsonl", "{"), ("coco", '{"images":[{}]}')]
)
def test_the_name_of_a_file_moves_no_cursor(ws: Workspace, tmp_path: Path, kind: Any, content: str) -> None:
    report = import_labels(ws, put(tmp_path / "a\x1b[31m\udcff", content), kind)
    assert [one.file for one in report.refused] == ["a\\x1b[31m\\xff"]
    with pytest.raises(NotThatFormatError) as refused:
        import_labels(ws, put(tmp_path / "b\x1b", '{"binscout": "x", "version": 9}'), kind)
    assert "\x1b" not in refused.value.sentence


def test_more_than_anybody_writes_is_not_read_at_all(ws: Workspace, tmp_path: Path) -> None:
    put(tmp_path / "v" / "1.xml", b"<annotation>" + b"<a/>" * (5 << 19) + b"</annotation>")
    assert told(import_labels(ws, tmp_path / "v", "voc")) == [("1.xml", "too_large")]
    put(tmp_path / "y" / "data.yaml", f"names: [{'a,' * (3 << 18)}a]")
    with pytest.raises(NotThatFormatError):
        import_labels(ws, tmp_path / "y", "yolo")


def test_a_picture_that_is_thrown_away_during_an_import_is_told(ws: Workspace, tmp_path: Path) -> None:
    first, second = (ws.db.read(images.get, image_id(ws, number)) for number in (0, 1))
    ws.db.connection.execute(
        f"CREATE TEMP TRIGGER away AFTER INSERT ON main.label WHEN new.image_id = {first.id}"
        f" BEGIN UPDATE image SET trashed_at = 'now', trashed_by = {ws.user.uid} WHERE id = {second.id}; END"
    )
    lines = [json.dumps({"sha256": one.sha256, "label": "m3"}) for one in (first, second)]
    report = import_labels(ws, put(tmp_path / "l.jsonl", "\n".join(lines)), "jsonl")
    assert ([one.line for one in report.refused], report.labels) == ([2], 1)
