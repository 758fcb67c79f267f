"""Filters against rows: what each finds, that every way to the rows finds the same, and that text stays a value."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from binscout_tui.filtering.errors import FilterError
from binscout_tui.filtering.tree import Filter
from binscout_tui.store import datasets, filters, images, labels, migrate, named, predictions
from binscout_tui.store.database import Database
from binscout_tui.store.filter_fields import BUILDS, FIELDS
from binscout_tui.store.filter_names import vocabulary
from binscout_tui.store.predictions import Prediction
from binscout_tui.workspace import Workspace
from tests.conftest import AddImages
from tests.filtering.trees import filters as trees

CLASSES = ("m3", "hex nut", "none")
STEP = 97
"""Between ids, so that a few images lie in many zones."""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """120 images with something of everything; odd things are rare and lie together."""
    db = Database(tmp_path_factory.mktemp("filters") / "binscout.db")
    db.write(_fill)
    db.write(_remark)
    db.write(_name)
    yield db
    db.close()


def _fill(db: sqlite3.Connection) -> None:
    rng = random.Random(3)
    db.executemany("INSERT INTO user VALUES (?, ?, 'operator', '')", [(1, "anna"), (2, "bert"), (3, "bert")])
    db.executemany("INSERT INTO class (name) VALUES (?)", [(name,) for name in CLASSES])
    db.execute("INSERT INTO item (name, added_at, added_by) VALUES ('bolt', '', 1)")
    db.execute("INSERT INTO compartment (code, added_at, added_by) VALUES ('A1', '', 1)")
    for model in ("parts-1", "other"):
        db.execute(
            "INSERT INTO model (id, run_id, task, sha256, bytes, card, uid, created_at) VALUES"
            " (?, NULL, 'classify', ?, 1, '{}', 1, '')",
            (model, "0" * 64),
        )
    db.execute(
        "INSERT INTO activation (task, model_id, action, reason, uid, at)"
        " VALUES ('classify', 'parts-1', 'activate', 'x', 1, '')"
    )
    db.execute("INSERT INTO active_model VALUES ('classify', 'parts-1', 1)")
    for number in range(1, 121):
        _image(db, rng, number)
    for number in range(1, 20):
        state = rng.choice(("pending", "skipped", "rejected"))
        note = "blurred" if number % 5 == 0 else ""
        db.execute(
            "INSERT INTO image_set (id, key, name, kind, state, note, added_at) VALUES (?, ?, '', 'hand', ?, ?, '')",
            (number, str(number), state, note),
        )
        db.executemany(
            "INSERT INTO set_member (set_id, image_id, position) VALUES (?, ?, ?)",
            [(number, (number * 4 + place) * STEP, place) for place in range(5)],
        )
    for version, name, below in (("a" * 16, "old", 30), ("b" * 16, "parts", 110)):
        db.execute(
            "INSERT INTO dataset (id, name, task, manifest, counts, uid, created_at) VALUES"
            " (?, ?, 'classify', '', '{}', 1, '')",
            (version, name),
        )
        db.execute("INSERT INTO dataset_name (name, dataset_id, at) VALUES (?, ?, '')", (name, version))
        db.execute(
            "INSERT INTO dataset_item (dataset_id, sha256, label, split, source_group)"
            " SELECT ?, sha256, 'x', CASE id % 10 WHEN 0 THEN 'val' WHEN 1 THEN 'test'"
            " ELSE 'train' END, source_group FROM image WHERE id <= ?",
            (version, below * STEP),
        )
        if db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'dataset_image'").fetchone():
            datasets.link(db, version)  # in an older schema the migration does it


def _remark(db: sqlite3.Connection) -> None:
    for number in range(3, 120, 11):
        db.execute("INSERT INTO image_review VALUES (?, 1, '')", (number * STEP,))
        db.execute("INSERT INTO image_note VALUES (?, ?, 1, '')", (number * STEP, "blurry" if number % 2 else "dusty"))


def _name(db: sqlite3.Connection) -> None:
    for number, name in enumerate(("brass", "hex nut", "none"), 1):
        for kind in (named.TAG, named.COLLECTION):
            ids = [one * STEP for one in range(1, 121) if one % (3 * number) == 0]
            db.execute(f"INSERT INTO {kind.word} (name, fold) VALUES (?, ?)", (name, name))
            db.executemany(f"INSERT INTO {kind.link} VALUES (?, ?)", [(number, one) for one in ids])
    db.execute("UPDATE image SET starred = 1 WHERE id % 4 = 0")
    for number in range(2, 120, 8):
        values = (number * STEP, "Wing nut" if number % 3 else "", "a brassy gear" if number % 16 == 2 else "")
        db.execute("INSERT INTO image_text VALUES (?, ?, ?)", values)


def _image(db: sqlite3.Connection, rng: random.Random, number: int) -> None:
    image_id, large = number * STEP, 30 < number < 40
    day = f"2026-{1 + number // 11:02d}-05T10:00:00.000Z"
    db.execute(
        "INSERT INTO image (id, sha256, origin, storage, path, name, source, health, bytes, mtime_ns, width, height,"
        " format, mode, taken_at, source_group, phash, sharpness, warnings, added_at, added_by, trashed_at, trashed_by,"
        " withheld) VALUES (?, ?, ?, 'copy', ?, ?, '', ?, ?, 1, ?, ?, ?, 'RGB', ?, ?, ?, ?, ?, ?, 1, ?, ?, ?)",
        (
            image_id,
            f"{number:064x}",
            "generated" if number == 7 else rng.choice(("captured", "imported")),
            b"%d" % number,
            f"Part-{number:04d}.jpg",
            "missing" if number % 50 == 9 else "ok",
            9_000_000 if large else 1000 + number,
            6000 if large else rng.choice((640, 480)),
            4000 if large else rng.choice((640, 480)),
            "WEBP" if number == 9 else "JPEG",
            None if number % 7 == 0 else day,
            f"burst {number // 5}",
            None if number % 9 == 0 else rng.randint(0, 60),
            None if number % 8 == 0 else rng.random() * 100,
            '["An odd \\"profile\\""]' if number % 40 == 1 else "[]",
            day,
            "2026" if number % 10 == 3 else None,
            1 if number % 10 == 3 else None,
            "staged" if number % 20 == 6 else None,
        ),
    )
    roll = rng.random()
    if roll < 0.8:
        state = "class" if roll < 0.65 else rng.choice(("empty", "skipped"))
        class_id = rng.choice((1, 1, 2, 3)) if state == "class" else None
        db.execute("INSERT INTO label VALUES (?, ?, ?, ?, '')", (image_id, state, class_id, rng.choice((1, 2, 3))))
    if rng.random() < 0.8:
        said = rng.choice(CLASSES)
        values = (image_id, "parts-1", said, rng.random(), int(rng.random() < 0.1))
        db.execute("INSERT INTO prediction VALUES (?, ?, ?, ?, ?, NULL, '')", values)
    if number % 4 == 0:
        db.execute(
            "INSERT INTO capture (state, image_id, item_id, compartment_id, added_at, uid) VALUES (?, ?, 1, 1, '', 1)",
            (rng.choice(("accepted", "accepted", "rejected")), image_id),
        )


def found(db: Database, text: str, **more: int) -> list[int]:
    """All that a filter finds, as numbers of images."""
    return [image_id // STEP for image_id in db.read(filters.page, filters.parse(text), limit=1000, **more)]


def said_by(db: Database, sql: str) -> list[int]:
    """The same by a plain statement on what counts."""
    rows = db.connection.execute(
        "SELECT DISTINCT image.id FROM image LEFT JOIN label ON label.image_id = image.id"
        " LEFT JOIN class ON class.id = label.class_id LEFT JOIN user ON user.uid = label.uid"
        " LEFT JOIN prediction ON prediction.image_id = image.id AND prediction.model_id = 'parts-1'"
        " LEFT JOIN dataset_item ON dataset_item.sha256 = image.sha256 AND dataset_item.dataset_id = 'bbbbbbbbbbbbbbbb'"
        " LEFT JOIN image_note ON image_note.image_id = image.id"
        " LEFT JOIN image_text ON image_text.image_id = image.id"
        " LEFT JOIN set_member ON set_member.image_id = image.id LEFT JOIN image_set ON image_set.id = set_id"
        " LEFT JOIN capture ON capture.image_id = image.id AND capture.state = 'accepted'"
        f" WHERE {images.LIVE} AND ({sql}) ORDER BY image.id DESC"
    )
    return [row[0] // STEP for row in rows]


TAGGED = "image.id IN (SELECT image_id FROM image_tag WHERE"
COLLECTED = "image.id IN (SELECT image_id FROM collection_image WHERE"
MEANINGS = {
    "": "1",
    "label:m3": "class.name = 'm3'",
    'label:"none"': "class.name = 'none'",
    "label:none": "label.image_id IS NULL",
    "label:any": "label.state = 'class'",
    "label:empty": "label.state = 'empty'",
    'label:m3|"hex nut"': "class.name IN ('m3', 'hex nut')",
    "-label:m3": "class.name IS NOT 'm3'",
    "by:anna": "user.name = 'anna'",
    "by:bert": "user.name = 'bert'",
    "pred:m3": "prediction.label = 'm3'",
    "pred:none": "prediction.label IS NULL",
    "conf<0.3": "score < 0.3",
    "-conf<0.3": "score IS NULL OR score >= 0.3",
    "unknown": "prediction.unknown = 1",
    "disagree": "prediction.unknown = 0 AND prediction.label <> class.name",
    "model:parts-1": "prediction.image_id IS NOT NULL",
    "split:val": "split = 'val'",
    "split:val|test": "split IN ('val', 'test')",
    "dataset:parts": "split IS NOT NULL",
    "dataset:old": "image.id <= 30 * 97",
    "split:val dataset:old": "split = 'val' AND image.id <= 30 * 97",
    "-dataset:old split:val": "split = 'val' AND image.id > 30 * 97",
    "set:pending": "image_set.state = 'pending'",
    "set:none": "set_id IS NULL",
    "review": "image.id IN (SELECT image_id FROM image_review)",
    "note": "image_set.note <> '' OR image_note.text <> ''",
    "note:BLUR": "image_set.note LIKE '%blur%' OR image_note.text LIKE '%blur%'",
    "-note": "image_note.text IS NULL AND NOT EXISTS"
    " (SELECT 1 FROM set_member AS m JOIN image_set AS s ON s.id = m.set_id"
    " WHERE m.image_id = image.id AND s.note <> '')",
    "item:bolt": "capture.id IS NOT NULL",
    "compartment:A1": "capture.id IS NOT NULL",
    "origin:generated": "image.origin = 'generated'",
    "in:library": "1",
    "health:missing": "health = 'missing'",
    "health:ok": "health = 'ok'",
    "format:webp": "format = 'WEBP'",
    "size>5000": "width > 5000",
    "megapixels>20": "width > 5000",
    "width:640 height:640": "width = 640 AND height = 640",
    "bytes>=9000000": "width > 5000",
    "sharp<20": "sharpness < 20",
    "-sharp<20": "sharpness >= 20 OR sharpness IS NULL",
    "after:2026-09": "image.added_at > '2026-09'",
    "before:2026-03": "image.added_at < '2026-03'",
    "added:2026-04-05": "image.added_at LIKE '2026-04%'",
    "taken:2026-02..2026-03": "taken_at BETWEEN '2026-02' AND '2026-03-99'",
    "warn": "warnings <> '[]'",
    'warn:"ODD \\"prof"': "warnings <> '[]'",
    "dup": "phash IN (SELECT phash FROM image WHERE trashed_at IS NULL AND withheld IS NULL"
    " GROUP BY phash HAVING count(*) > 1)",
    "id:97..970": "image.id <= 970",
    "id>11000.5": "image.id > 11000",
    "name:PART-000": "image.name LIKE 'part-000%'",
    "name:09": "image.name LIKE '%09%'",
    "star": "image.starred = 1",
    "tag:brass": f"{TAGGED} tag_id = 1)",
    'tag:brass|"hex nut"': f"{TAGGED} tag_id IN (1, 2))",
    'tag:brass tag:"hex nut" -tag:"none"': f"{TAGGED} tag_id = 2) AND NOT {TAGGED} tag_id = 3)",
    "tag:none": f"NOT {TAGGED} 1)",
    "tag:any": f"{TAGGED} 1)",
    'collection:"hex nut"': f"{COLLECTED} collection_id = 2)",
    "collection:none": f"NOT {COLLECTED} 1)",
    "collection:any -star": f"{COLLECTED} 1) AND image.starred = 0",
    "title": "title <> ''",
    "-title": "coalesce(title, '') = ''",
    "title:wing": "title LIKE '%wing%'",
    "prompt": "prompt <> ''",
    "prompt:gea": "prompt LIKE '%gea%'",
    "text:brass": f"prompt LIKE '%brass%' OR {TAGGED} tag_id = 1)",
    "text:nu": f"title LIKE '%nut%' OR {TAGGED} tag_id = 2)",
    'text:"nut wing"': "title LIKE '%nut%'",
    "text:dust -star": "image_note.text LIKE '%dust%' AND image.starred = 0",
    'group:"burst 3"': "image.source_group = 'burst 3'",
    "label:m3 OR sharp<20 -warn": "class.name = 'm3' OR (sharpness < 20 AND warnings = '[]')",
    "-(label:m3 OR label:none)": "class.name <> 'm3' OR label.state <> 'class'",
}


def test_every_field_has_a_meaning_here() -> None:
    words = " ".join(MEANINGS)
    assert [name for name in FIELDS if name not in words] == []
    assert FIELDS.keys() == BUILDS.keys()


@pytest.mark.parametrize(("most_counted", "most_ways"), [(20_000, 16), (3, 1)])
@pytest.mark.parametrize("text", MEANINGS)
def test_what_a_filter_finds(
    library: Database, monkeypatch: pytest.MonkeyPatch, text: str, most_counted: int, most_ways: int
) -> None:
    monkeypatch.setattr(filters, "COUNTED", most_counted)
    monkeypatch.setattr(filters, "MOST_WAYS", most_ways)
    expected = said_by(library, MEANINGS[text])
    assert found(library, text) == expected
    assert found(library, text, order="oldest") == expected[::-1]  # type: ignore[arg-type]
    assert expected


@pytest.mark.parametrize("text", ["", "label:m3", "conf<0.6", "set:pending|skipped", "size>5000", "sharp<60 -dup"])
def test_pages_put_together_are_the_whole(library: Database, text: str) -> None:
    wanted = filters.parse(text)
    for order, sign in (("newest", -1), ("oldest", 1)):
        ids: list[int] = []
        while piece := library.read(
            filters.page,
            wanted,
            beyond=ids[-1] if ids else None,
            limit=3,
            order=order,  # type: ignore[arg-type]
        ):
            assert len(piece) <= 3
            ids += piece
        assert ids == sorted(library.read(filters.page, wanted, limit=1000), key=lambda one: sign * one)


def test_the_trash_is_looked_at_alone_and_nothing_else_shows_it(library: Database) -> None:
    trashed = [n for n in range(120, 0, -1) if n % 10 == 3 and n % 20 != 6]
    assert found(library, "in:trash") == trashed
    assert set(found(library, "in:trash origin:captured|imported")) == set(trashed)
    assert not set(found(library, "")) & set(trashed)
    assert set(found(library, "in:trash dup")) <= set(trashed)
    for text in ("-in:trash", "dup OR in:trash", "in:trash in:library", "in:trash|library"):
        with pytest.raises(FilterError):
            found(library, text)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    wanted=trees(
        leaving_out=("in", "dataset", "model"), names=st.sampled_from(("m3", "hex nut", "none", "anna", "bolt", "A1"))
    ),
    few=st.booleans(),
)
def test_every_way_to_the_rows_finds_what_a_look_at_each_row_finds(
    library: Database, wanted: Filter, few: bool
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        if few:
            patch.setattr(filters, "COUNTED", 5)
            patch.setattr(filters, "MOST_WAYS", 2)
        try:
            ids = library.read(filters.page, wanted, limit=1000)
            check = library.read(filters.checked, wanted)
        except FilterError:
            return
        rows = library.connection.execute(
            f"SELECT id FROM image NOT INDEXED WHERE {images.LIVE} AND ({check.text}) ORDER BY id DESC", check.values
        )
        assert ids == [row[0] for row in rows]


@settings(max_examples=200, deadline=None)
@given(
    field=st.sampled_from(sorted(FIELDS)),
    text=st.text(max_size=20)
    | st.sampled_from(("'; DROP TABLE image; --", '" OR 1=1 --', "%_*", "m3' OR '1'='1", '")*', "NEAR(")),
)
def test_text_is_never_part_of_a_statement(library: Database, field: str, text: str) -> None:
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    library.connection.set_authorizer(_may_only_look)
    try:
        wanted = filters.parse(f'{field}:"{quoted}"')
        queries = library.read(filters.plan, wanted)
        library.read(filters.page, wanted)
    except FilterError:
        return
    finally:
        library.connection.set_authorizer(None)
    assert len(text) < 6 or not any(text in query.sql.text for query in queries)


def _may_only_look(action: int, *_: object) -> int:
    allowed = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE)
    # A full-text table asks for its own version when it is opened.
    return sqlite3.SQLITE_OK if action in (*allowed, sqlite3.SQLITE_PRAGMA) else sqlite3.SQLITE_DENY


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("label:m33", "no class 'm33'. Did you mean m3?"),
        ("by:ana", "Did you mean anna?"),
        ("dataset:part", "Did you mean parts?"),
        ("model:part-1", "Did you mean parts-1?"),
        ("item:bold", "Did you mean bolt?"),
        ("compartment:A2", "There is no compartment 'A2'."),
        ("pred:m33", "Did you mean m3?"),
        ("split:val dataset:old dataset:parts", "not clear which dataset"),
        ("conf<0.5 model:other|parts-1", "not clear which model"),
    ],
)
def test_names_that_do_not_exist_are_refused_with_the_nearest(library: Database, text: str, words: str) -> None:
    with pytest.raises(FilterError) as refused:
        found(library, text)
    assert words in f"{refused.value.sentence} {refused.value.hint}"
    begin, end = refused.value.place
    assert text[begin:end]


def test_without_a_model_or_a_dataset_that_is_said(workspace: Workspace) -> None:
    with pytest.raises(FilterError, match="No model is active"):
        found(workspace.db, "conf<0.5")
    with pytest.raises(FilterError, match="no dataset yet"):
        found(workspace.db, "split:val")


def test_names_to_complete_from(library: Database) -> None:
    known = library.read(vocabulary)
    assert known["class"][0].text == "m3"
    assert known["class"][0].images
    assert [name.text for name in known["dataset"]] == ["parts", "old"]
    assert [name.text for name in known["person"]] == ["anna", "bert"]


def test_a_page_starts_where_the_fewest_images_are(library: Database) -> None:
    def start(text: str) -> str:
        return " ".join(query.start for query in library.read(filters.plan, filters.parse(text)))

    assert start('label:m3 label:"none" name:part') == "label"
    assert start("label:m3 health:missing") == "image"
    assert start("size>5000") == "zones"
    assert start("size>9999 id<5000") == ""
    assert start("-label:m3") == "walk"
    assert start("(label:m3 OR size>5000) -dup") == "label zones"


def test_what_is_kept_follows_every_change(workspace: Workspace, add_images: AddImages) -> None:
    """Labels, predictions, trash, names: what filters start from is what one would count."""
    ids, db, uid = add_images(6), workspace.db, workspace.user.uid
    for name in ("m3", "m4"):
        db.write(labels.add_class, name)
    db.connection.execute(
        "INSERT INTO model (id, run_id, task, sha256, bytes, card, uid, created_at) VALUES"
        " ('a', NULL, 'classify', ?, 1, '{}', ?, '')",
        ("0" * 64, uid),
    )
    rng = random.Random(5)
    for _ in range(150):
        image = rng.choice(ids)
        match rng.randrange(7):
            case 0:
                db.write(labels.clear, uid, image)
            case 1 | 2 if image in db.read(filters.page, filters.parse("")):
                db.write(labels.set_label, uid, image, rng.choice(db.read(labels.classes)).name)
            case 3:
                said = Prediction(
                    image_id=image, model_id="a", label=rng.choice(("m3", "m4")), score=0.5, unknown=rng.random() < 0.2
                )
                db.write(predictions.keep, [said])
            case 4:
                db.write(rng.choice((images.trash, images.restore)), uid, [image])
            case 5:
                new = (rng.choice((None, 1, 2)), rng.choice((None, 5.0, 50.0)), f"x{rng.random()}", image)
                db.connection.execute("UPDATE image SET phash = ?, sharpness = ?, name = ? WHERE id = ?", new)
            case 6 if rng.random() < 0.2:
                db.connection.execute(
                    "UPDATE class SET name = CASE name WHEN 'm4' THEN 'm5' ELSE 'm4' END WHERE id = 2"
                )
        _is_kept_right(db.connection)
    for image in ids:
        db.connection.execute("DELETE FROM image WHERE id = ?", (image,))
        _is_kept_right(db.connection)


def _is_kept_right(db: sqlite3.Connection) -> None:
    live = "trashed_at IS NULL AND withheld IS NULL"
    pairs = {
        "SELECT image_id FROM unlabelled": "SELECT id FROM image WHERE id NOT IN (SELECT image_id FROM label)",
        "SELECT image_id FROM twin": f"SELECT id FROM image WHERE {live} AND phash IN (SELECT phash FROM image"
        f" WHERE {live} GROUP BY phash HAVING count(*) > 1)",
        "SELECT image_id, model_id FROM disagreement": "SELECT prediction.image_id, model_id FROM prediction"
        " JOIN label ON label.image_id = prediction.image_id JOIN class ON class.id = class_id"
        " WHERE unknown = 0 AND prediction.label <> name",
        "SELECT image_id, model_id, score FROM open_prediction": "SELECT image_id, model_id, score FROM prediction"
        " WHERE image_id IN (SELECT image_id FROM unlabelled)",
        "SELECT state, images FROM label_state_count WHERE images": "SELECT coalesce(state, 'unlabelled'), count(*)"
        f" FROM image LEFT JOIN label ON image_id = image.id WHERE {live} GROUP BY 1",
        "SELECT rowid FROM image_name WHERE image_name MATCH 'jpg'": "SELECT id FROM image JOIN image_zone"
        " ON zone = id >> 7 WHERE named AND name LIKE '%jpg%'",
        "SELECT DISTINCT id FROM image JOIN image_zone ON zone = id >> 7"
        " WHERE NOT known AND sharpness NOT NULL OR sharpness BETWEEN sharpness_low AND sharpness_high": "SELECT id"
        " FROM image WHERE sharpness NOT NULL",
    }
    for kept, counted in pairs.items():
        assert sorted(map(tuple, db.execute(kept))) == sorted(map(tuple, db.execute(counted))), kept


def test_an_older_workspace_gets_what_filters_start_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    all_of_them = migrate.migrations()
    older = [one for one in all_of_them if one[0] < 4]
    with monkeypatch.context() as before:
        before.setattr(migrate, "migrations", lambda: older)
        old = Database(tmp_path / "binscout.db")
        old.write(_fill)
        old.close()
    with_rows = Database(tmp_path / "binscout.db")
    _is_kept_right(with_rows.connection)
    assert with_rows.read(filters.plan, filters.parse("name:0777"))[0].start == "names"
    assert found(with_rows, "size>5000") == said_by(with_rows, "width > 5000")
    assert found(with_rows, "split:val") == said_by(with_rows, "split = 'val'")
    assert found(with_rows, "name:PART-000") == said_by(with_rows, "image.name LIKE 'part-000%'")
    with_rows.close()
