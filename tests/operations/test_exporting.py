"""Images written to a folder: whole, found again, nothing overwritten, nothing hidden."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from binscout_tui.errors import RefusedError, UsageError
from binscout_tui.operations.exporting import exporting, placing
from binscout_tui.operations.exporting.exporting import Report, export
from binscout_tui.operations.exporting.names import LONGEST, candidates, safe_stem
from binscout_tui.operations.exporting.options import Options
from binscout_tui.store import (
    box_labels,
    crops,
    images,
    labels,
    named,
    reviews,
    safe_mode,
    texts,
)
from binscout_tui.workspace import Workspace
from tests.conftest import row
from tests.pictures import photo

Send = Callable[..., Report]


@pytest.fixture
def ids(workspace: Workspace) -> list[int]:
    """Three photos of which two have the same name; their ids."""
    return [enter(workspace, number, name) for number, name in enumerate(("photo.jpg", "photo.jpg", "other.jpg"))]


def enter(workspace: Workspace, number: int, name: str) -> int:
    """A photo as an import leaves it."""
    path = Path("originals") / f"{number}.jpg"
    content = photo(workspace.paths.root / path, number, size=(320, 240)).read_bytes()
    new = row(number, sha256=hashlib.sha256(content).hexdigest(), path=path, name=name, bytes=len(content))
    return workspace.db.write(images.add, workspace.user.uid, new)[0]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Where to."""
    return tmp_path / "out"


@pytest.fixture
def send(workspace: Workspace, out: Path) -> Send:
    """Exports images there."""

    def sent(wanted: list[int], **options: object) -> Report:
        return export(workspace, wanted, Options(folder=out, **options))  # type: ignore[arg-type]

    return sent


def names(out: Path) -> list[str]:
    return sorted(path.name for path in out.iterdir())


def bytes_of(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in out.iterdir()}


def test_originals_byte_for_byte_with_a_file_beside_each(
    workspace: Workspace, ids: list[int], out: Path, send: Send
) -> None:
    report = send(ids)
    assert (report.images, report.pictures, report.refused, report.gone) == (3, 3, [], 0)
    pictures = ["other.jpg", "photo-2.jpg", "photo.jpg"]
    assert names(out) == sorted([*pictures, *(f"{name}.json" for name in pictures), "manifest.json"])
    for image_id in ids:
        image = workspace.db.read(images.get, image_id)
        beside = next(b for name in pictures if (b := json.loads((out / f"{name}.json").read_text()))["id"] == image_id)
        [written] = [p for p in pictures if hashlib.sha256((out / p).read_bytes()).hexdigest() == image.sha256]
        assert json.loads((out / f"{written}.json").read_text()) == beside
        assert (beside["sha256"], beside["name"]) == (image.sha256, image.name)
    listed = json.loads((out / "manifest.json").read_text())
    assert {one["file"]: one["id"] for one in listed["files"]}.keys() == set(pictures)


def test_the_same_export_again_finds_all_of_it(ids: list[int], out: Path, send: Send) -> None:
    send(ids)
    before = bytes_of(out)
    again = send(ids)
    assert (again.images, again.manifest) == (3, "manifest.json")
    assert bytes_of(out) == before


def test_one_that_was_killed_is_finished(ids: list[int], out: Path, send: Send) -> None:
    send(ids)
    whole = bytes_of(out)
    for name in ("photo-2.jpg", "manifest.json", "other.jpg", "other.jpg.json"):
        (out / name).unlink()
    (out / f"{placing.PREFIX}abc").write_bytes(b"half")
    assert send(ids).images == 3
    assert bytes_of(out) == whole


def test_what_is_there_stays_and_the_next_name_is_taken(ids: list[int], out: Path, send: Send) -> None:
    out.mkdir()
    (out / "photo.jpg").write_text("somebody's")
    (out / "PHOTO-2.jpg.json").write_text("somebody's")
    (out / "other.jpg").symlink_to(out / "nowhere")
    (out / "manifest.json").mkdir()
    report = send(ids)
    assert (report.images, report.manifest) == (3, "manifest-2.json")
    assert (out / "photo.jpg").read_text() == "somebody's"
    assert (out / "other.jpg").is_symlink()
    listed = json.loads((out / "manifest-2.json").read_text())["files"]
    assert {one["file"] for one in listed} >= {"other-2.jpg", "photo-3.jpg"}


def test_what_an_export_in_another_order_wrote_is_found(ids: list[int], out: Path, send: Send) -> None:
    send([ids[1], ids[0]])
    before = bytes_of(out)
    send(ids[:2])
    # The manifest lists them in another order.
    assert bytes_of(out).keys() - before.keys() == {"manifest-2.json"}
    for name in ("photo.jpg", "photo-2.jpg", "manifest-2.json"):
        (out / name).unlink()
    whole = send(ids[:2])
    assert whole.manifest == "manifest-2.json"
    assert bytes_of(out).items() >= before.items()


def test_very_many_of_one_name_are_written_and_each_name_is_looked_at_once(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out.mkdir()
    many = 12_000
    for number in range(1, many):
        (out / (f"snapshot-{number}.jpg" if number > 1 else "snapshot.jpg")).symlink_to(out / "nowhere")
    looks: list[Path] = []
    look = placing._hash_at
    monkeypatch.setattr(placing, "_hash_at", lambda path: looks.append(path) or look(path))
    places = placing.Places(out)
    given = []
    for number in range(50):
        with placing.written(out, str(number).encode()) as (temporary, sha256):
            given.append(places.place(temporary, sha256, "snapshot", ".jpg", b""))
    assert given == [f"snapshot-{many + number}.jpg" for number in range(50)]
    assert len(looks) < many + 200


def test_files_are_for_those_whom_the_umask_allows(ids: list[int], out: Path, send: Send) -> None:
    before = os.umask(0o027)
    try:
        send(ids)
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in out.iterdir()} == {0o640}


def test_a_class_that_is_made_meanwhile_is_named(
    workspace: Workspace, ids: list[int], out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "PART", 1)

    def meanwhile(done: int, total: int) -> bool:
        if done == 0:
            workspace.db.write(labels.add_class, "nut")
            workspace.db.write(labels.set_label, workspace.user.uid, ids[2], "nut")
        return False

    export(workspace, ids, Options(folder=out), on_progress=meanwhile)
    assert json.loads((out / "other.jpg.json").read_text())["label"]["class"] == "nut"


def test_a_sidecar_of_an_older_export_is_not_overwritten(
    workspace: Workspace, ids: list[int], out: Path, send: Send
) -> None:
    send(ids[:1])
    before = bytes_of(out)
    workspace.db.write(texts.set_title, workspace.user.uid, ids[0], "new words")
    send(ids[:1])
    after = bytes_of(out)
    assert before.items() <= after.items()
    assert json.loads(after["photo-2.jpg.json"])["title"] == "new words"


def test_all_that_was_said_is_beside_the_picture(workspace: Workspace, ids: list[int], out: Path, send: Send) -> None:
    write, uid, one = workspace.db.write, workspace.user.uid, ids[0]
    nut = write(labels.add_class, "nut").id
    write(labels.set_label, uid, one, "nut")
    write(box_labels.set_boxes, uid, one, [box_labels.LabelBox(box=(0.1, 0.2, 0.3, 0.4), class_id=nut)])
    write(crops.keep, uid, one, [crops.Drawn(box=(0.1, 0.1, 0.5, 0.5))])
    write(reviews.set_note, uid, one, "dusty")
    write(texts.set_title, uid, one, 'A "bolt"')
    write(texts.set_prompt, one, "a brass bolt")
    write(texts.set_meta, one, {"camera": "X100", "gps": {"latitude": 52.5, "longitude": 13.4}})
    for kind, name in ((named.TAG, "brass"), (named.COLLECTION, "box 3")):
        write(named.put, uid, kind, write(named.ensure, uid, kind, name), [one])
    secret = write(named.ensure, uid, named.TAG, "gone")
    write(named.put, uid, named.TAG, secret, [one])
    write(named.delete, uid, named.TAG, secret)
    send([one])
    beside = json.loads((out / "photo.jpg.json").read_text())
    assert beside["label"] == {"state": "class", "class": "nut"}
    assert beside["boxes"] == {"state": "boxes", "boxes": [{"box": [0.1, 0.2, 0.3, 0.4], "class": "nut"}]}
    assert beside["crops"] == [[0.1, 0.1, 0.5, 0.5]]
    assert (beside["title"], beside["prompt"], beside["note"]) == ('A "bolt"', "a brass bolt", "dusty")
    assert (beside["tags"], beside["collections"]) == (["brass"], ["box 3"])
    assert beside["metadata"] == {"camera": "X100"}
    assert "13.4" not in (out / "photo.jpg.json").read_text()
    send([one], gps=True)
    assert json.loads((out / "photo-2.jpg.json").read_text())["metadata"]["gps"]["longitude"] == 13.4


def test_smaller_pictures_and_crops(workspace: Workspace, ids: list[int], out: Path, send: Send) -> None:
    write, uid = workspace.db.write, workspace.user.uid
    image = workspace.db.read(images.get, ids[0])
    boxes = [crops.Drawn(box=(0.0, 0.0, 0.5, 0.5)), crops.Drawn(box=(0.5, 0.5, 1.0, 1.0))]
    write(crops.keep, uid, ids[0], boxes)
    report = send(ids[:2], size=64, crop=True, names="id", metadata="none")
    assert (report.images, report.pictures) == (2, 3)
    pictures = [f"{ids[0]}-2.jpg", f"{ids[0]}.jpg", f"{ids[1]}.jpg"]
    assert names(out) == sorted([*pictures, "manifest.json"])
    for name in pictures:
        with Pillow.open(out / name) as picture:
            assert max(picture.size) == 64
            assert picture.size[0] / picture.size[1] == pytest.approx(image.width / image.height, abs=0.05)
            assert not picture.getexif()
    before = bytes_of(out)
    send(ids[:2], size=64, crop=True, names="id", metadata="none")
    assert bytes_of(out) == before


def test_what_is_hidden_or_in_the_trash_is_never_written(
    workspace: Workspace, ids: list[int], out: Path, send: Send
) -> None:
    write, uid = workspace.db.write, workspace.user.uid
    tag = write(named.ensure, uid, named.TAG, "private")
    write(named.put, uid, named.TAG, tag, [ids[0]])
    write(named.set_sensitive, uid, named.TAG, tag)
    write(safe_mode.switch, uid, on=True)
    write(images.trash, uid, [ids[1]])
    report = send([*ids, 99])
    assert (report.images, report.gone) == (1, 3)
    assert names(out) == ["manifest.json", "other.jpg", "other.jpg.json"]


def test_an_original_that_changed_is_told_and_not_written(
    workspace: Workspace, ids: list[int], out: Path, send: Send
) -> None:
    path = workspace.paths.original(workspace.db.read(images.get, ids[0]))
    path.chmod(0o644)
    path.write_bytes(b"something else")
    other = workspace.paths.original(workspace.db.read(images.get, ids[1]))
    other.unlink()
    report = send(ids)
    assert report.images == 1
    assert [(one.image, one.code) for one in report.refused] == [
        (ids[0], "changed_while_reading"),
        (ids[1], "unreadable"),
    ]
    assert names(out) == ["manifest.json", "other.jpg", "other.jpg.json"]


def test_places_that_are_refused(workspace: Workspace, ids: list[int], out: Path, send: Send) -> None:
    with pytest.raises(RefusedError, match="belongs to a workspace"):
        export(workspace, ids, Options(folder=workspace.paths.originals / "out"))
    with pytest.raises(UsageError):
        send(ids, size=3)
    out.mkdir()
    with placing.alone(out), pytest.raises(RefusedError, match="Another export"):
        send(ids)
    assert names(out) == []


def test_it_stops_when_it_is_told_to_and_leaves_nothing_half(workspace: Workspace, ids: list[int], out: Path) -> None:
    report = export(workspace, ids, Options(folder=out), on_progress=lambda done, total: True)
    assert (report.stopped, report.images) == (True, 0)
    assert names(out) == []


@given(name=st.text(max_size=400))
def test_every_name_is_taken_by_every_file_system(name: str) -> None:
    stem = safe_stem(name, "7")
    assert stem
    assert stem not in (".", "..")
    assert not set(stem) & set('/\\:*?"<>|\x00\n\x1b')
    assert len(stem.encode("utf-8", "replace")) <= LONGEST
    assert stem == stem.strip(" .")
    assert not stem.startswith("-")


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("photo.jpg", "photo"),
        ("../../etc/passwd", "passwd"),
        ("con.jpg", "7"),
        ("...", "7"),
        ("a:b*c.png", "a_b_c"),
        ("two.dots.tar", "two.dots"),
        ("ünï.jpg", "ünï"),
        ("-rf.jpg", "_rf"),
        (" --x.jpg", "_-x"),
    ],
)
def test_names_as_people_know_them(name: str, stem: str) -> None:
    assert safe_stem(name, "7") == stem


def test_numbers_go_on() -> None:
    found = candidates("a", ".jpg")
    assert [next(found) for _ in range(3)] == ["a.jpg", "a-2.jpg", "a-3.jpg"]
