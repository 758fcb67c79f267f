"""Two characters of a name, and what a model has not looked at: found without going over all images, and all of it."""

from __future__ import annotations

import random
import sqlite3

import pytest

from binscout_tui.store import filters, images, name_parts, predictions
from binscout_tui.store import named as names
from binscout_tui.store.named import COLLECTION, TAG
from binscout_tui.store.predictions import Prediction
from binscout_tui.workspace import Workspace
from tests.conftest import AddImages

NAMES = [
    "part-07.jpg", "bolt.JPEG", "nut.png", "odd.tiff", "no ending", "zz", "a", "xZz", "äöü.jpg", 'quo"te.bmp', "%_.gif",
    "Ünder.webp", "K2.jpg", "dot.", ".jpg", "jp", "G", "ab.jpgx",
]  # fmt: skip
STEP = 50


def enter(db: sqlite3.Connection, uid: int) -> None:
    """Images with these names in several zones; the last zone is not in the index yet."""
    for number, name in enumerate(NAMES * 4, start=1):
        db.execute(
            "INSERT INTO image (id, sha256, origin, storage, path, name, source, bytes, mtime_ns, width, height,"
            " format, mode, source_group, added_at, added_by)"
            " VALUES (?, ?, 'imported', 'copy', ?, ?, '', 1, 1, 1, 1, 'JPEG', 'RGB', '', '2026', ?)",
            (number * STEP, f"{number:064}", b"%d" % number, name, uid),
        )


def found(workspace: Workspace, text: str) -> list[int]:
    """All ids that a filter finds, page by page."""
    ids: list[int] = []
    while page := workspace.db.read(filters.page, filters.parse(text), beyond=ids[-1] if ids else None, limit=7):
        ids += page
    return ids


@pytest.fixture
def named(workspace: Workspace) -> Workspace:
    """With images of odd names."""
    workspace.db.write(enter, workspace.user.uid)
    return workspace


def test_two_characters_are_found_wherever_they_are(named: Workspace) -> None:
    pairs = {name[at : at + 2] for name in NAMES for at in range(len(name) - 1)} | {"qq", "pg", "NG", "eg", "FF", "7x"}
    rows = [tuple(row) for row in named.db.connection.execute("SELECT id, lower(name) FROM image ORDER BY id DESC")]
    for pair in sorted(pairs):
        text = pair.replace("\\", "\\\\").replace('"', '\\"')
        folded = "".join(c.lower() if c.isascii() else c for c in pair)
        assert found(named, f'name:"{text}"') == [image for image, name in rows if folded in name], pair


def test_two_characters_that_are_nowhere_are_not_looked_for(named: Workspace) -> None:
    [query] = named.db.read(filters.plan, filters.parse("name:qq"))
    assert query.start == "names"
    assert named.db.read(name_parts.parts_that_begin, "qq") == []
    assert named.db.read(name_parts.parts_that_begin, "jp") == ["jpe", "jpg"]
    assert found(named, "name:qq in:trash") == []


def test_a_name_that_changes_is_found_by_its_new_end(named: Workspace) -> None:
    with named.db.connection as db:
        db.execute("UPDATE image SET name = 'shot.qq' WHERE id = ?", (3 * STEP,))
    assert found(named, "name:qq") == [3 * STEP]
    named.db.write(images.trash, named.user.uid, [3 * STEP])
    assert (found(named, "name:qq"), found(named, "name:qq in:trash")) == ([], [3 * STEP])


def whole_zones(workspace: Workspace) -> list[tuple[int, str]]:
    """Zones that are not looked at for a model."""
    return [tuple(row) for row in workspace.db.connection.execute("SELECT * FROM zone_predicted ORDER BY zone")]


def add_model(workspace: Workspace, name: str) -> None:
    """A model by this name."""
    row = (name, "0" * 64, workspace.user.uid)
    workspace.db.connection.execute(
        "INSERT INTO model (id, run_id, task, sha256, bytes, card, uid, created_at) VALUES"
        " (?, NULL, 'classify', ?, 1, '{}', ?, '')",
        row,
    )


def says(workspace: Workspace, model: str, ids: list[int]) -> None:
    """A model's word on images."""
    made = [Prediction(image_id=one, model_id=model, label="m3", score=0.5, unknown=False) for one in ids]
    workspace.db.write(predictions.keep, made)


def test_what_no_model_looked_at_is_found_after_every_change(workspace: Workspace, add_images: AddImages) -> None:
    ids, uid, db = add_images(6), workspace.user.uid, workspace.db
    for model in ("a", "b"):
        add_model(workspace, model)
    rng = random.Random(11)
    were_whole = 0
    for _ in range(200):
        image, model = rng.choice(ids), rng.choice("ab")
        match rng.randrange(7):
            case 0 | 1:
                says(workspace, model, rng.sample(ids, rng.randrange(1, 7)))
            case 2 | 3:
                gone = rng.choice((None, "2026"))
                row = (gone, gone and uid, image)
                db.connection.execute("UPDATE image SET trashed_at = ?, trashed_by = ? WHERE id = ?", row)
            case 4 if rng.random() < 0.3:
                db.connection.execute("DELETE FROM prediction WHERE image_id = ? AND model_id = ?", (image, model))
            case 5:
                state = rng.choice((None, None, "superseded"))
                db.connection.execute("UPDATE image SET withheld = ? WHERE id = ?", (state, image))
            case 6:
                says(workspace, model, ids)
        were_whole += bool(whole_zones(workspace))
        for one in ("a", "b"):
            gaps = db.connection.execute(
                f"SELECT id FROM image WHERE {images.LIVE} AND id NOT IN (SELECT image_id FROM prediction"
                " WHERE model_id = ?) ORDER BY id DESC",
                (one,),
            ).fetchall()
            assert named_gaps(workspace, one) == [row[0] for row in gaps]
    assert were_whole > 20


def named_gaps(workspace: Workspace, model: str) -> list[int]:
    """What `pred:none` finds of the active model."""
    workspace.db.connection.execute("PRAGMA foreign_keys = OFF")
    workspace.db.connection.execute("INSERT OR REPLACE INTO active_model VALUES ('classify', ?, 1)", (model,))
    workspace.db.connection.execute("PRAGMA foreign_keys = ON")
    return found(workspace, "pred:none")


def test_an_image_that_comes_into_a_whole_zone_is_found(workspace: Workspace, add_images: AddImages) -> None:
    add_model(workspace, "a")
    says(workspace, "a", add_images(3))
    assert whole_zones(workspace) == [(0, "a")]
    assert named_gaps(workspace, "a") == []
    [new] = add_images(1)
    assert named_gaps(workspace, "a") == [new]
    workspace.db.connection.execute("DELETE FROM active_model")
    workspace.db.connection.execute("DELETE FROM model WHERE id = 'a'")
    assert whole_zones(workspace) == []


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("tag:any", "image_tagged"),
        ("-tag:none", "image_tagged"),
        ("-tag:any", "image_untagged"),
        ("collection:any", "image_collected"),
        ("-collection:none", "image_collected"),
        ("collection:none", "image_loose"),
        ("title", "image_text_title"),
        ("prompt", "image_text_prompt"),
    ],
)
def test_what_has_something_is_found_by_an_index(named: Workspace, text: str, index: str) -> None:
    [query] = named.db.read(filters.plan, filters.parse(text))
    plan = named.db.connection.execute(f"EXPLAIN QUERY PLAN {query.sql.text}", query.sql.values).fetchall()
    assert index in plan[0]["detail"]
    assert not any("TEMP B-TREE" in row["detail"] for row in plan)


def test_any_and_none_are_each_the_other_with_a_minus(named: Workspace) -> None:
    ids = [row[0] for row in named.db.connection.execute("SELECT id FROM image ORDER BY id DESC")]
    uid, write = named.user.uid, named.db.write
    for kind in (TAG, COLLECTION):
        name = write(names.ensure, uid, kind, "brass")
        write(names.put, uid, kind, name, [*ids[::3], ids[1]])
    write(images.trash, uid, ids[1:2])
    for kind in (TAG, COLLECTION):
        some, none = ids[::3], [one for one in ids[2:] if one not in ids[::3]]
        for text, wanted in (("any", some), ("none", none), ("any|none", sorted([*some, *none], reverse=True))):
            assert found(named, f"{kind.word}:{text}") == wanted
        for text, wanted in (("none", some), ("any", none), ("any|none", [])):
            assert found(named, f"-{kind.word}:{text}") == wanted
        assert found(named, f"{kind.word}:any in:trash") == found(named, f"-{kind.word}:none in:trash") == ids[1:2]
        assert found(named, f"-{kind.word}:any in:trash") == []
