"""What hides images, and every number that is kept, in whatever order people decide."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from binscout_tui.browsing.desk import AREAS
from binscout_tui.errors import BinScoutError
from binscout_tui.store import (
    captures,
    examining,
    images,
    labels,
    named,
    reviews,
    safe_mode,
    stars,
    texts,
    undoing,
    users,
)
from binscout_tui.store.captures import NewCapture
from binscout_tui.store.connection import connect, prepare, transaction
from binscout_tui.store.examining import Damage
from binscout_tui.store.migrate import migrate
from binscout_tui.store.named import COLLECTION, KINDS, TAG
from tests.conftest import row

UID, OTHER = 1000, 1001
UNDOABLE = (*AREAS, "label", "capture", "note")
NAMES = ("brass", "gear", "washer")
CLASSES = ("m3", "m4")


class Step(NamedTuple):
    """What somebody does: the word for it, on which image, with which of the names, to which of two ways."""

    what: str
    image: int
    name: int
    other: int
    on: bool
    uid: int


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """A database with two people, two classes, three names of each kind, and six images, one of them in place."""
    path = tmp_path_factory.mktemp("schema") / "binscout.db"
    with closing(connect(path)) as db:
        migrate(db, path)
        for uid in (UID, OTHER):
            users.sign_in(db, uid, f"user {uid}")
        for name in CLASSES:
            labels.add_class(db, name)
        for kind in KINDS.values():
            for name in NAMES:
                named.add(db, UID, kind, name)
        for number in range(6):
            storage = {"storage": "in_place", "examined": False} if number == 5 else {}
            images.add(db, UID, row(number, phash=number // 2, **storage))
        yield db


@pytest.fixture
def made(schema: sqlite3.Connection) -> Callable[[], sqlite3.Connection]:
    """Makes copies of that database in memory."""

    def copy() -> sqlite3.Connection:
        db = sqlite3.connect(":memory:", isolation_level=None)
        schema.backup(db)
        prepare(db, read_only=True)
        return db

    return copy


def _kind(step: Step) -> named.Named:
    return TAG if step.name < len(NAMES) else COLLECTION


def _name_id(step: Step) -> int:
    return step.name % len(NAMES) + 1


def _put(db: sqlite3.Connection, step: Step) -> None:
    named.put(db, step.uid, _kind(step), _name_id(step), [step.image, step.other])


def _take(db: sqlite3.Connection, step: Step) -> None:
    named.take(db, step.uid, _kind(step), _name_id(step), [step.image])


def _hide(db: sqlite3.Connection, step: Step) -> None:
    named.hide(db, step.uid, _kind(step), _name_id(step), on=step.on)


def _sensitive(db: sqlite3.Connection, step: Step) -> None:
    named.set_sensitive(db, step.uid, _kind(step), _name_id(step), on=step.on)


def _delete(db: sqlite3.Connection, step: Step) -> None:
    named.delete(db, step.uid, _kind(step), _name_id(step))


def _merge(db: sqlite3.Connection, step: Step) -> None:
    named.merge(db, step.uid, _kind(step), _name_id(step), step.other % len(NAMES) + 1)


def _safe(db: sqlite3.Connection, step: Step) -> None:
    safe_mode.switch(db, step.uid, on=step.on)


def _trash(db: sqlite3.Connection, step: Step) -> None:
    images.decide_trash(db, step.uid, [step.image], trashed=step.on)


def _star(db: sqlite3.Connection, step: Step) -> None:
    stars.star(db, step.uid, [step.image], on=step.on)


def _label(db: sqlite3.Connection, step: Step) -> None:
    if step.on:
        labels.set_label(db, step.uid, step.image, CLASSES[step.name % 2])
    else:
        labels.clear(db, step.uid, step.image)


def _words(db: sqlite3.Connection, step: Step) -> None:
    if step.on:
        texts.set_title(db, step.uid, step.image, NAMES[step.name % 3])
    else:
        reviews.set_note(db, step.uid, step.image, ("", *NAMES)[step.name % 4])


def _capture(db: sqlite3.Connection, step: Step) -> None:
    replaces = step.image if step.on and _number(db, "SELECT count(*) FROM capture WHERE id = ?", step.image) else None
    image: dict[str, Any] = {"image": row(100 + step.other)}
    if step.name == 0:
        image = {"image_id": step.other}
    captures.stage(db, step.uid, NewCapture(**image, replaces=replaces))


def _judge(db: sqlite3.Connection, step: Step) -> None:
    verdict = ("accepted", "rejected", "staged")[step.name % 3]
    number = _number(db, "SELECT max(count(*), 1) FROM capture")
    captures.decide(db, step.uid, [step.image % number + 1], verdict)  # type: ignore[arg-type]


def _damage(db: sqlite3.Connection, step: Step) -> None:
    if step.on:
        examining.reject(db, 6, Damage("damaged", "It ends too early."))
    else:
        examining.again(db, 6)


def _undo(db: sqlite3.Connection, step: Step) -> None:
    (undoing.undo if step.on else undoing.redo)(db, step.uid, UNDOABLE)


def _purge(db: sqlite3.Connection, step: Step) -> None:
    if step.other == 1:
        db.execute("DELETE FROM image WHERE id = ? AND id NOT IN (SELECT image_id FROM capture)", (step.image,))


STEPS: dict[str, Callable[[sqlite3.Connection, Step], None]] = {
    **{"put": _put, "take": _take, "hide": _hide, "sensitive": _sensitive, "delete": _delete, "merge": _merge},
    **{"safe": _safe, "trash": _trash, "star": _star, "label": _label, "words": _words, "capture": _capture},
    **{"judge": _judge, "damage": _damage, "undo": _undo, "purge": _purge},
}


def _number(db: sqlite3.Connection, sql: str, *values: object) -> int:
    return int(db.execute(sql, values).fetchone()[0])


def _table(db: sqlite3.Connection, sql: str) -> dict[Any, Any]:
    return {line[0]: line[1] if len(line) == 2 else tuple(line[1:]) for line in db.execute(sql)}


CONCEALING = "archived_at IS NULL AND (hidden = 1 OR (sensitive = 1 AND (SELECT is_on FROM safe_mode) = 1))"
CONCEALED = (
    f"SELECT image_id FROM image_tag WHERE tag_id IN (SELECT id FROM tag WHERE {CONCEALING}) UNION"
    f" SELECT image_id FROM collection_image WHERE collection_id IN (SELECT id FROM collection WHERE {CONCEALING})"
)
LIVE = "trashed_at IS NULL AND withheld IS NULL"


def check(db: sqlite3.Connection) -> None:
    """Everything that is kept is what counting says."""
    concealed = {line[0] for line in db.execute(CONCEALED)}
    for image_id, withheld, damaged, owned, states in db.execute(
        "SELECT id, withheld, EXISTS (SELECT 1 FROM image_damage WHERE image_id = image.id),"
        " (SELECT max(owns_image) FROM capture WHERE image_id = image.id),"
        " (SELECT group_concat(state) FROM capture WHERE image_id = image.id) FROM image"
    ):
        said = (states or "").split(",")
        kept_out = "rejected" if damaged else None
        if owned and "accepted" not in said:
            kept_out = next((state for state in ("staged", "superseded") if state in said), "rejected")
        assert withheld == ("hidden" if image_id in concealed else kept_out), image_id
    for kind in KINDS.values():
        word, link, key = kind.word, kind.link, kind.key
        assert _table(db, f"SELECT id, conceals, images FROM {word}") == _table(
            db,
            f"SELECT id, {CONCEALING}, (SELECT count(*) FROM {link} JOIN image ON image.id = image_id"
            f" WHERE {key} = {word}.id AND {LIVE}) FROM {word}",
        )
        assert _table(db, f"SELECT id, {word}s FROM image") == _table(
            db,
            f"SELECT id, (SELECT count(*) FROM {link} JOIN {word} ON {word}.id = {key} WHERE image_id = image.id"
            " AND archived_at IS NULL) FROM image",
        )
    assert _table(db, "SELECT view, images FROM view_count") == {
        **{
            origin: _number(db, f"SELECT count(*) FROM image WHERE {LIVE} AND origin = ?", origin)
            for origin in ("captured", "imported", "generated")
        },
        "all": _number(db, f"SELECT count(*) FROM image WHERE {LIVE}"),
        "starred": _number(db, f"SELECT count(*) FROM image WHERE {LIVE} AND starred = 1"),
        "trash": _number(db, "SELECT count(*) FROM image WHERE trashed_at IS NOT NULL AND withheld IS NULL"),
        "uncategorised": _number(db, f"SELECT count(*) FROM image WHERE {LIVE} AND collections = 0"),
    }
    labelled = f"FROM image LEFT JOIN label ON image_id = image.id WHERE {LIVE}"
    for state, number in db.execute("SELECT state, images FROM label_state_count"):
        assert number == _number(db, f"SELECT count(*) {labelled} AND coalesce(state, 'unlabelled') = ?", state)
    for class_id, number in db.execute("SELECT id, images FROM class"):
        assert number == _number(db, f"SELECT count(*) {labelled} AND class_id = ?", class_id)
    for state, number in db.execute("SELECT state, captures FROM capture_count"):
        shown = "state = ? AND (image_id IS NULL OR image_id NOT IN (SELECT id FROM image WHERE withheld = 'hidden'))"
        assert number == _number(db, f"SELECT count(*) FROM capture WHERE {shown}", state), state
    twins = f"SELECT id FROM image AS one WHERE {LIVE} AND EXISTS (SELECT 1 FROM image WHERE phash = one.phash"
    found = db.execute(f"{twins} AND image.id <> one.id AND image.trashed_at IS NULL AND image.withheld IS NULL)")
    assert {line[0] for line in db.execute("SELECT image_id FROM twin")} == {line[0] for line in found}
    words = "SELECT rowid, title, prompt, note FROM image_words WHERE title <> '' OR prompt <> '' OR note <> ''"
    assert _table(db, words) == _table(
        db,
        "SELECT image.id, coalesce(title, ''), coalesce(prompt, ''), coalesce(text, '') FROM image"
        " LEFT JOIN image_text ON image_text.image_id = image.id LEFT JOIN image_note ON image_note.image_id = image.id"
        " WHERE title <> '' OR prompt <> '' OR text <> ''",
    )
    assert db.execute("PRAGMA foreign_key_check").fetchall() == []


steps = st.builds(
    Step,
    what=st.sampled_from(sorted(STEPS)),
    image=st.integers(1, 9),
    name=st.integers(0, 5),
    other=st.integers(1, 6),
    on=st.booleans(),
    uid=st.sampled_from([UID, UID, UID, OTHER]),
)


def play(db: sqlite3.Connection, step: Step) -> None:
    """Do it, unless it is refused, and look at everything that is kept."""
    try:
        with transaction(db):
            STEPS[step.what](db, step)
    except BinScoutError:
        pass
    check(db)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(steps, min_size=8, max_size=40))
def test_whatever_is_decided_what_is_hidden_and_what_is_counted_is_right(
    made: Callable[[], sqlite3.Connection], sequence: list[Step]
) -> None:
    with closing(made()) as db:
        for step in sequence:
            play(db, step)
        db.execute("INSERT INTO image_words (image_words) VALUES ('integrity-check')")
