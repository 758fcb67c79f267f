"""Reading the names of a workspace and making groups of them: nothing by itself, and the same again changes nothing."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from binscout_tui import workspace as workspaces
from binscout_tui.errors import RefusedError
from binscout_tui.operations.by_name import making
from binscout_tui.store import images, items, named, texts, undoing
from binscout_tui.store.images import NewImage
from binscout_tui.store.named import COLLECTION, TAG
from binscout_tui.workspace import Workspace

FILES = ("m3-washer_001.jpg", "m3-washer_002.jpg", "IMG_1.jpg", "IMG_2.jpg", "IMG_3.jpg", "IMG_4.jpg")


@pytest.fixture
def ws(tmp_path: Path):  # type: ignore[no-untyped-def]
    """Six images: two of a row, one with people, one with a prompt, one with an item, one in the trash."""
    workspaces.create(tmp_path / "bins")
    with Workspace(tmp_path / "bins") as found:

        def fill(db) -> None:  # type: ignore[no-untyped-def]
            for name in FILES:
                sha256 = hashlib.sha256(name.encode()).hexdigest()
                images.add(
                    db,
                    found.user.uid,
                    NewImage(
                        sha256=sha256,
                        storage="copy",
                        path=Path("originals") / sha256,
                        name=name,
                        source=f"/photos/{name}",
                        bytes=1,
                        mtime_ns=0,
                        width=4,
                        height=3,
                        format="JPEG",
                        mode="RGB",
                        source_group="photos",
                    ),
                )
            texts.set_meta(db, 3, {"people": ["Anna Berg"], "camera": "x"})
            texts.set_prompt(db, 4, "a spring, <lora:spring_v2:1>, character: Otto")
            texts.set_title(db, found.user.uid, 5, "a spring")
            texts.set_meta(db, 6, {"people": ["Anna Berg"]})
            images.decide_trash(db, found.user.uid, [6], trashed=True)

        found.db.write(fill)
        found.db.write(items.add, found.user.uid, "spring")
        yield found


def test_the_report_writes_nothing_and_leaves_out_what_does_not_count(ws: Workspace) -> None:
    before = list(ws.db.connection.iterdump())
    found = {one.name: one.images for one in making.report(ws)}
    assert found == {"m3 washer": (1, 2), "Anna Berg": (3,), "Otto": (4,), "spring": (4, 5)}
    assert list(ws.db.connection.iterdump()) == before


def test_making_again_changes_nothing_and_one_undo_takes_the_images_out(ws: Workspace) -> None:
    wanted = making.report(ws)
    assert making.make(ws, COLLECTION, wanted) == making.Made(names=4, put=6)
    assert {one.name: one.images for one in ws.db.read(named.listed, COLLECTION)} == {
        "Anna Berg": 1,
        "m3 washer": 2,
        "Otto": 1,
        "spring": 2,
    }
    assert making.make(ws, COLLECTION, making.report(ws)).put == 0
    entry = ws.db.write(undoing.undo, ws.user.uid, (COLLECTION.area, COLLECTION.own_area))
    assert sorted(entry.turned) == [1, 2, 3, 4, 4, 5]
    assert all(one.images == 0 for one in ws.db.read(named.listed, COLLECTION))


def test_hidden_images_are_in_no_report_and_a_hidden_name_takes_its_images_along(ws: Workspace) -> None:
    tag = ws.db.write(named.add, ws.user.uid, TAG, "m3 washer")
    ws.db.write(named.hide, ws.user.uid, TAG, tag)
    wanted = making.report(ws)
    assert making.make(ws, TAG, wanted).put == 6
    assert [one.name for one in ws.db.read(named.listed, TAG)] == ["Anna Berg", "Otto", "spring"]
    assert {one.name for one in making.report(ws)} == {"Anna Berg", "Otto", "spring"}


def test_a_viewer_reads_and_makes_nothing(ws: Workspace) -> None:
    ws.db.connection.execute("UPDATE user SET role = 'viewer'")
    ws.db.connection.commit()
    with Workspace(ws.paths.root) as viewer:
        with pytest.raises(RefusedError):
            making.make(viewer, COLLECTION, making.report(viewer))
        assert viewer.db.read(named.listed, COLLECTION) == []
