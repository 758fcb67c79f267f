"""What comes from other programs: each line that cannot be used is told, and nobody's word is overruled unasked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from binscout_tui.errors import BinScoutError, NotFoundError, RefusedError
from binscout_tui.interchange.refusals import NotThatFormatError
from binscout_tui.operations.label_import import LabelReport, import_labels
from binscout_tui.store import box_labels, classes, images, journal, labels
from binscout_tui.workspace import Workspace
from tests.interchange.made_up import contents, draw, filled, image_id

SIZE = (640, 480)


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with filled(tmp_path / "workspace") as workspace:
        yield workspace


def put(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def told(report: LabelReport) -> list[tuple[str, str]]:
    return [(one.where, one.code) for one in report.refused]


def state(workspace: Workspace) -> list[str]:
    return list(workspace.db.connection.iterdump())


def boxes_of(workspace: Workspace, number: int) -> list[tuple[list[float], str | None]]:
    names = {one.id: one.name for one in workspace.db.read(classes.all_classes)}
    found = workspace.db.read(box_labels.get, image_id(workspace, number))
    width, height = SIZE
    return [
        ([round(v * s, 3) for v, s in zip(one.box, (width, height) * 2, strict=True)], names.get(one.class_id or 0))
        for one in found.boxes
    ]


def coco(tmp_path: Path, annotations: list[dict[str, Any]], **more: Any) -> Path:
    data = {
        "images": [{"id": 7, "file_name": "plain.jpg", "width": 640, "height": 480}],
        "categories": [{"id": 1, "name": "m3"}, {"id": 90, "name": "nut"}],
        "annotations": [
            {"id": n, "image_id": 7, "category_id": 1, "bbox": [1, 2, 3, 4]} | a for n, a in enumerate(annotations)
        ],
    }
    return put(tmp_path / "c.json", json.dumps(data | more))


@pytest.mark.parametrize(
    ("annotation", "code"),
    [
        ({"iscrowd": 1}, "crowd"),
        ({"category_id": 5}, "unknown_category"),
        ({"category_id": None}, "unknown_category"),
        ({"bbox": None, "segmentation": [[1, 2, 3, 4, 5, 6]]}, "no_box"),
        ({"bbox": [1, 2, 3]}, "no_box"),
        ({"bbox": [1, 2, 0, 4]}, "no_area"),
        ({"bbox": [1, 2, -3, 4]}, "no_area"),
        ({"bbox": [630, 2, 10.51, 4]}, "outside"),
        ({"bbox": ["1", 2, 3, 4]}, "bad_field"),
        ({"image_id": 8}, "unknown_image"),
    ],
)
def test_coco_tells_each_annotation_that_it_refuses(
    ws: Workspace, tmp_path: Path, annotation: dict[str, Any], code: str
) -> None:
    report = import_labels(ws, coco(tmp_path, [{}, annotation]), "coco")
    assert told(report) == [("c.json annotations[1]", code)]
    alone = code == "unknown_image"
    assert (report.boxed, report.incomplete) == ((1, 0) if alone else (0, 1)), "a part of the boxes would be wrong"
    strict = import_labels(ws, coco(tmp_path, [{}, annotation]), "coco", strict=True, replace=True)
    assert (strict.written, len(strict.refused)) == (False, 1)


def test_coco_takes_boxes_and_leaves_shapes(ws: Workspace, tmp_path: Path) -> None:
    path = coco(tmp_path, [{"bbox": [0, 0, 640.4, 10], "segmentation": [[1, 2, 3, 4, 5, 6]]}, {"category_id": 90}])
    report = import_labels(ws, path, "coco")
    assert (told(report), report.boxed, report.clipped, report.classes) == ([], 1, 1, 2)
    assert boxes_of(ws, 0) == [([0, 0, 640, 10], "m3"), ([1, 2, 4, 6], "nut")]


def test_coco_images_that_are_not_here_or_twice_or_of_another_size(ws: Workspace, tmp_path: Path) -> None:
    images_ = [
        {"id": 7, "file_name": "plain.jpg", "width": 640, "height": 480},
        {"id": 7, "file_name": "plain.jpg"},
        {"id": 8, "file_name": "nowhere.jpg"},
        {"id": 9, "file_name": "../../etc/passwd"},
        {"id": 10, "file_name": "plain.png", "width": 7, "height": 13},
        {"id": 11, "file_name": "b/same.jpg", "width": 4000, "height": 3000},
        {"id": 12, "file_name": "same.jpg"},
        {"id": 13, "file_name": "/elsewhere/plain.jpg", "width": 640, "height": 480},
        {"id": 14},
    ]
    report = import_labels(ws, coco(tmp_path, [], images=images_), "coco")
    assert sorted(told(report)) == [
        ("c.json images[1]", "again"),
        ("c.json images[2]", "no_image"),
        ("c.json images[3]", "leads_outside"),
        ("c.json images[4]", "size"),
        ("c.json images[5]", "not_upright"),
        ("c.json images[6]", "ambiguous"),
        ("c.json images[7]", "again"),
        ("c.json images[8]", "bad_field"),
    ]
    assert ws.db.read(box_labels.get, image_id(ws, 0)).state == "empty"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("2 0.5 0.5 0.1 0.1", "class_id"),
        ("-1 0.5 0.5 0.1 0.1", "class_id"),
        ("9" * 50 + " 0.5 0.5 0.1 0.1", "class_id"),
        ("m3 0.5 0.5 0.1 0.1", "class_id"),
        ("0 0.5 0.5 0.1", "bad_line"),
        ("0 0.5 0.5 0.1 x", "not_a_number"),
        ("0 nan 0.5 0.1 0.1", "not_a_number"),
        ("0 0.5 0.5 0.1 0.1 0.9", "prediction"),
        ("0 0.1 0.1 0.2 0.1 0.2 0.2", "shape"),
        ("0 0.95 0.5 0.2 0.1", "outside"),
        ("0 0.5 0.5 0 0.1", "no_area"),
        ("0 0.5 0.5 0.000001 0.1", "bad_box"),
    ],
)
def test_yolo_tells_each_line_that_it_refuses(ws: Workspace, tmp_path: Path, line: str, code: str) -> None:
    put(tmp_path / "y" / "data.yaml", "names: [m3, no]\n")
    put(tmp_path / "y" / "labels" / "train" / "plain-x.txt", "")
    put(tmp_path / "y" / "labels" / "train" / "upper.txt", f"1 0.5 0.5 0.5 0.5\n\n{line}\n")
    report = import_labels(ws, tmp_path / "y", "yolo")
    assert told(report) == [("labels/train/plain-x.txt", "no_image"), ("labels/train/upper.txt:3", code)]
    assert (report.boxed, report.incomplete) == (0, 1)


def test_yolo_of_other_programs(ws: Workspace, tmp_path: Path) -> None:
    put(tmp_path / "y" / "data.yaml", "names:\n  0: yes\n  1: no\n")
    put(tmp_path / "y" / "train" / "images" / "renamed.jpg", contents(0))
    put(tmp_path / "y" / "train" / "labels" / "renamed.txt", "1 0.500000 0.500000 1.000000 1.000000\n")
    put(tmp_path / "y" / "train" / "labels" / "upper.txt", b"\xff\n")
    report = import_labels(ws, tmp_path / "y", "yolo")
    assert told(report) == [("train/labels/upper.txt:1", "not_utf8")]
    assert boxes_of(ws, 0) == [([0, 0, 640, 480], "no")]
    assert [one.name for one in ws.db.read(classes.all_classes)] == ["yes", "no"]


@pytest.mark.parametrize(
    "data",
    ["names: 5", "names: {1: a}", "- a", "names: [[a]]", "a: [", ""],
)
def test_a_data_yaml_without_names_is_refused_as_a_whole(ws: Workspace, tmp_path: Path, data: str) -> None:
    put(tmp_path / "y" / "data.yaml", data)
    with pytest.raises(NotThatFormatError):
        import_labels(ws, tmp_path / "y", "yolo")


def test_csv_tells_each_row_that_it_refuses(ws: Workspace, tmp_path: Path) -> None:
    rows = [
        "filename,label",
        "plain.jpg,m3",
        "upper.JPG,m3,more",
        'plain.png,"two\nlines"',
        "nowhere.jpg,m3",
        ",m3",
        "../plain.png,m3",
        "plain.jpg,nut",
        'plain.png,"m3"x',
        "plain.png,",
        "/b/same.jpg,'=nut",
    ]
    report = import_labels(ws, put(tmp_path / "l.csv", "\n".join(rows)), "csv")
    assert sorted(told(report)) == sorted(
        [
            ("l.csv:3", "bad_csv"),
            ("l.csv:4", "bad_class_name"),
            ("l.csv:6", "no_image"),
            ("l.csv:7", "no_name"),
            ("l.csv:8", "leads_outside"),
            ("l.csv:9", "again"),
            ("l.csv:10", "bad_csv"),
        ]
    )
    assert report.labels == 2
    assert ws.db.read(labels.get, image_id(ws, 6)) == labels.Label(image_id(ws, 6), "class", "=nut")


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n", "file,file,label\n"])
def test_a_table_without_the_columns_is_refused_as_a_whole(ws: Workspace, tmp_path: Path, content: str) -> None:
    with pytest.raises(NotThatFormatError):
        import_labels(ws, put(tmp_path / "l.csv", content), "csv")


@pytest.mark.parametrize("head", ["file,count", "file,class,count"])
def test_counts_without_a_kind_are_refused_by_the_columns_they_need(ws: Workspace, tmp_path: Path, head: str) -> None:
    with pytest.raises(NotThatFormatError) as caught:
        import_labels(ws, put(tmp_path / "l.csv", f"{head}\n"), "csv")
    assert "file,kind,class,count" in caught.value.hint


def test_a_row_of_a_box_that_is_lost_leaves_the_boxes_out(ws: Workspace, tmp_path: Path) -> None:
    head = "file,kind,state,class,x1,y1,x2,y2"
    rows = [head, "plain.jpg,box,,m3,0,0,1,1", "plain.jpg,box,,m3,0,0,1", "upper.JPG,box,,m3,0,0,1,1"]
    report = import_labels(ws, put(tmp_path / "l.csv", "\n".join(rows)), "csv")
    assert (told(report), report.boxed, report.incomplete) == ([("l.csv:3", "bad_csv")], 0, 2)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ('{"label": "m3"}', "no_name"),
        ('{"file": "plain.jpg", "label": 5}', "bad_field"),
        ('{"file": "plain.jpg", "state": "empty", "label": "m3"}', "bad_field"),
        ('{"file": "plain.jpg", "boxes_state": "boxes"}', "bad_field"),
        ('{"file": "plain.jpg", "counts": [{"count": -1}]}', "bad_count"),
        ('{"file": "plain.jpg", "counts": [{"count": 1}, {"count": 2}]}', "again"),
        ('{"file": "a/../../plain.jpg", "label": "m3"}', "leads_outside"),
        ('{"file": "plain.jpg", "label": "m3"', "bad_json"),
        pytest.param('{"x":' + "[" * 100_000, "bad_json", id="deep"),
        ('{"sha256": "12", "label": "m3"}', "bad_field"),
        ("\udcff", "not_utf8"),
    ],
)
def test_jsonl_tells_each_line_that_it_refuses(ws: Workspace, tmp_path: Path, line: str, code: str) -> None:
    good = '{"image": "upper.JPG", "label": "m3"}\n'
    path = put(tmp_path / "l.jsonl", f"{line}\n{good}".encode(errors="surrogateescape"))
    report = import_labels(ws, path, "jsonl")
    assert (told(report), report.labels) == ([("l.jsonl:1", code)], 1)


def test_a_newer_file_is_refused_as_a_whole(ws: Workspace, tmp_path: Path) -> None:
    path = put(tmp_path / "l.jsonl", '{"binscout": "jsonl", "version": 2}\n{"file": "plain.jpg", "label": "m3"}\n')
    with pytest.raises(NotThatFormatError) as refused:
        import_labels(ws, path, "jsonl")
    assert refused.value.code == "newer_format"


VOC = "<annotation><filename>{0}</filename><size><width>640</width><height>480</height></size>{1}</annotation>"
OBJECT = (
    "<object><name>{0}</name><bndbox><xmin>{1}</xmin><ymin>1</ymin><xmax>{2}</xmax><ymax>480</ymax></bndbox></object>"
)


def test_voc_counts_pixels_from_one(ws: Workspace, tmp_path: Path) -> None:
    put(tmp_path / "v" / "1.xml", VOC.format("plain.jpg", OBJECT.format("m3", 1, 640) + OBJECT.format("nut", 11, 20)))
    put(tmp_path / "v" / "2.xml", VOC.format("upper.JPG", ""))
    report = import_labels(ws, tmp_path / "v", "voc")
    assert told(report) == [("2.xml", "size")]
    assert boxes_of(ws, 0) == [([0, 0, 640, 480], "m3"), ([10, 0, 20, 480], "nut")]


@pytest.mark.parametrize(
    ("content", "where", "code"),
    [
        ("<annotation>", "1.xml", "bad_xml"),
        ("<other/>", "1.xml", "bad_xml"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><annotation>&b;</annotation>', "1.xml", "unsafe_xml"),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><annotation/>', "1.xml", "unsafe_xml"),
        (VOC.format("../plain.jpg", ""), "1.xml", "leads_outside"),
        (VOC.format("plain.jpg", OBJECT.format("", 1, 5)), "1.xml object[0]", "no_class"),
        (VOC.format("plain.jpg", OBJECT.format("m3", "x", 5)), "1.xml object[0]", "not_a_number"),
        (VOC.format("plain.jpg", OBJECT.format("m3", 1, 641)), "1.xml object[0]", "outside"),
        (VOC.format("plain.jpg", "<object><name>m3</name></object>"), "1.xml object[0]", "no_box"),
    ],
)
def test_voc_tells_what_it_refuses(ws: Workspace, tmp_path: Path, content: str, where: str, code: str) -> None:
    put(tmp_path / "v" / "1.xml", content)
    report = import_labels(ws, tmp_path / "v", "voc")
    assert (told(report), report.boxed) == ([(where, code)], 0)


def test_labelme_rectangles_are_taken_over_and_other_shapes_told(ws: Workspace, tmp_path: Path) -> None:
    def file(name: str, *shapes: dict[str, Any], **more: Any) -> None:
        data = {"imagePath": name, "imageWidth": 640, "imageHeight": 480, "shapes": shapes, "imageData": "AAAA"}
        put(tmp_path / "l" / f"{Path(name).stem}.json", json.dumps(data | more))

    corners = {"label": "m3", "shape_type": "rectangle", "points": [[64.5, 48], [10, 20]]}
    file("..\\pictures\\plain.jpg", corners, flags={"nut": True, "blurred": False})
    polygon = {"label": "m3", "shape_type": "polygon", "points": [[1, 1], [2, 2], [3, 1]]}
    file("upper.JPG", corners, polygon, imageWidth=4032, imageHeight=3024)
    put(tmp_path / "l" / "z.json", "[]")
    report = import_labels(ws, tmp_path / "l", "labelme")
    assert told(report) == [("upper.json shapes[1]", "shape"), ("z.json", "bad_field")]
    assert boxes_of(ws, 0) == [([10, 20, 64.5, 48], "m3")]
    assert ws.db.read(labels.get, image_id(ws, 0)) == labels.Label(image_id(ws, 0), "class", "nut")


def test_folders_of_pictures(ws: Workspace, tmp_path: Path) -> None:
    put(tmp_path / "f" / "train" / "m3" / "renamed.jpg", contents(0))
    put(tmp_path / "f" / "m3" / "other.jpg", b"not in the workspace")
    put(tmp_path / "f" / "loose.jpg", contents(1))
    report = import_labels(ws, tmp_path / "f", "imagefolder")
    assert sorted(told(report)) == [("loose.jpg", "no_class_folder"), ("m3/other.jpg", "no_image")]
    assert ws.db.read(labels.get, image_id(ws, 0)) == labels.Label(image_id(ws, 0), "class", "m3")


def test_labels_never_go_to_a_picture_that_was_exchanged(ws: Workspace, tmp_path: Path) -> None:
    line = json.dumps({"file": "x.jpg", "sha256": ws.db.read(images.get, 1).sha256, "state": "class", "label": "m3"})
    put(tmp_path / "f" / "binscout.jsonl", f"{line}\n")
    put(tmp_path / "f" / "m3" / "x.jpg", contents(1))
    report = import_labels(ws, tmp_path / "f", "imagefolder")
    assert (told(report), report.labels) == ([("m3/x.jpg", "other_picture")], 0)


def test_what_a_person_said_stays_unless_replace(ws: Workspace, tmp_path: Path) -> None:
    db, uid, image = ws.db, ws.user.uid, image_id(ws, 0)
    for name in ("own", "m3"):
        db.write(labels.add_class, name)
    db.write(labels.set_label, uid, image, "own")
    draw(ws, 0, ((0.1, 0.1, 0.2, 0.2), "own"))
    db.write(box_labels.set_count, uid, image, 3)
    said = {"file": "plain.jpg", "label": "m3", "boxes_state": "empty", "counts": [{"count": 4}]}
    path = put(tmp_path / "l.jsonl", json.dumps(said))
    before = state(ws)
    report = import_labels(ws, path, "jsonl")
    assert told(report) == [("l.jsonl:1", "labelled")] * 3
    assert state(ws) == before
    report = import_labels(ws, path, "jsonl", replace=True)
    assert (report.replaced, report.refused) == (3, [])
    entry = db.read(journal.history, area="label", target=image)[0]
    assert (entry.action, entry.before["class"]) == ("import", db.read(labels.find_class, "own").id)
    # Undo goes on with what the person decided, of which nothing is left as it was.
    assert [db.write(journal.undo, uid).stale for _ in range(3)] == [True] * 3
    with pytest.raises(NotFoundError):
        db.write(journal.undo, uid)


BAD_BOXES = [{"x1": 0.1, "y1": 0.1, "x2": 0.2, "y2": 0.2, "class": "x"}, {"x1": 2, "y1": 0, "x2": 3, "y2": 1}]


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("jsonl", json.dumps({"file": "plain.jpg", "label": "x"})),
        ("csv", "file,label\nplain.jpg,x\n"),
        ("jsonl", json.dumps({"file": "plain.png", "boxes": BAD_BOXES})),
        (
            "jsonl",
            json.dumps({"file": "plain.png", "counts": [{"class": "x", "count": 1}, {"class": "x", "count": 2}]}),
        ),
        ("jsonl", json.dumps({"file": "no.jpg", "label": "x"})),
    ],
)
def test_what_is_refused_makes_no_class(ws: Workspace, tmp_path: Path, kind: Any, content: str) -> None:
    ws.db.write(labels.add_class, "own")
    ws.db.write(labels.set_label, ws.user.uid, image_id(ws, 0), "own")
    path = put(tmp_path / f"l.{kind}", content)
    for dry_run in (True, False):
        report = import_labels(ws, path, kind, dry_run=dry_run)
        assert (report.classes, bool(report.refused)) == (0, True)
        assert [one.name for one in ws.db.read(classes.all_classes)] == ["own"]


def test_a_class_is_made_for_the_first_line_that_is_taken_over(ws: Workspace, tmp_path: Path) -> None:
    ws.db.write(labels.add_class, "own")
    ws.db.write(labels.set_label, ws.user.uid, image_id(ws, 0), "own")
    lines = [{"file": name, "label": "x"} for name in ("plain.jpg", "upper.JPG", "plain.png")]
    report = import_labels(ws, put(tmp_path / "l.jsonl", "\n".join(map(json.dumps, lines))), "jsonl")
    assert (report.labels, report.classes, told(report)) == (2, 1, [("l.jsonl:1", "labelled")])
    assert {one.name: one.images for one in ws.db.read(classes.all_classes)} == {"own": 1, "x": 2}


def test_strict_and_a_trial_write_nothing_and_say_the_same(ws: Workspace, tmp_path: Path) -> None:
    lines = [
        {"file": "plain.jpg", "label": "m3"},
        {"file": "upper.JPG", "label": "nut"},
        {"file": "no.jpg", "label": "x"},
    ]
    path = put(tmp_path / "l.jsonl", "\n".join(map(json.dumps, lines)))
    before = state(ws)
    strict = import_labels(ws, path, "jsonl", strict=True)
    trial = import_labels(ws, path, "jsonl", dry_run=True)
    assert state(ws) == before
    real = import_labels(ws, path, "jsonl")
    for report in (strict, trial):
        assert (report.written, report.labels, report.classes, told(report)) == (False, 2, 2, told(real))
    assert (real.written, real.labels, real.classes) == (True, 2, 2)


def test_pictures_in_the_trash_get_no_labels(ws: Workspace, tmp_path: Path) -> None:
    sha256 = ws.db.read(images.get, 1).sha256
    ws.db.write(images.trash, ws.user.uid, [1])
    path = put(tmp_path / "l.jsonl", json.dumps({"sha256": sha256, "label": "m3"}))
    assert told(import_labels(ws, path, "jsonl")) == [("l.jsonl:1", "not_live")]


def test_many_lines_are_entered_in_batches(ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from binscout_tui.operations import label_import

    monkeypatch.setattr(label_import, "BATCH", 2)
    names = ["plain.jpg", "upper.JPG", "plain.png", ".hidden", "plain.jpg"]
    path = put(tmp_path / "l.jsonl", "\n".join(json.dumps({"file": name, "label": "m3"}) for name in names))
    trial = import_labels(ws, path, "jsonl", dry_run=True)
    real = import_labels(ws, path, "jsonl")
    for report in (trial, real):
        assert (report.labels, report.classes, told(report)) == (4, 1, [("l.jsonl:5", "again")])
    assert [one.images for one in ws.db.read(classes.all_classes)] == [4]


@pytest.mark.parametrize("kind", ["coco", "yolo", "csv", "jsonl", "voc", "labelme", "imagefolder"])
def test_nothing_there_is_one_clear_sentence(ws: Workspace, tmp_path: Path, kind: Any) -> None:
    with pytest.raises(BinScoutError):
        import_labels(ws, tmp_path / "nowhere", kind)


def test_a_viewer_imports_nothing(ws: Workspace, tmp_path: Path) -> None:
    from binscout_tui.workspace import Workspace as Opened

    ws.db.connection.execute("UPDATE user SET role = 'viewer'")
    with Opened(ws.paths.root) as viewer, pytest.raises(RefusedError):
        import_labels(viewer, put(tmp_path / "l.jsonl", ""), "jsonl")
