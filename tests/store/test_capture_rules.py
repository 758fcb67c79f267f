"""Whatever is staged, taken again, accepted, rejected, undone and redone, by whom and in what order: what holds."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from binscout_tui.errors import NotFoundError
from binscout_tui.store import captures, gallery, images, items, labels, undoing, users
from binscout_tui.store.captures import NewCapture, NewFailure
from binscout_tui.store.database import Database
from tests.conftest import row

PEOPLE = (1, 2)
CLASSES = ("m3", "m4", None)
THERE_BEFORE = 3
PERSON = st.sampled_from(PEOPLE)
PICTURES = st.integers(0, 9)
LIVE = ("staged", "accepted")


def opened(folder: str) -> Database:
    """A database with two people, three items, and pictures that are there before everything else; one is trashed."""
    database = Database(Path(folder) / "binscout.db")
    database.connection.execute("PRAGMA synchronous = OFF")
    database.write(fill)
    return database


def fill(db: sqlite3.Connection) -> None:
    for uid in PEOPLE:
        users.sign_in(db, uid, f"person {uid}")
    for class_name in CLASSES:
        items.add(db, 1, f"item {class_name}", class_name=class_name)
    there = [images.add(db, 1, row(number))[0] for number in range(THERE_BEFORE)]
    images.trash(db, 1, there[:1])


class Queue(RuleBasedStateMachine):
    """Two people at the same queue."""

    taken = Bundle("taken")
    failures = Bundle("failures")

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.database = opened(self.folder.name)
        self.said: dict[int, str | None] = {}

    def teardown(self) -> None:
        if hasattr(self, "database"):
            self.database.close()
            self.folder.cleanup()

    @rule(target=taken, uid=PERSON, number=PICTURES, item=st.sampled_from((None, 1, 2, 3)))
    def stage(self, uid: int, number: int, item: int | None) -> int:
        return self.database.write(captures.stage, uid, NewCapture(image=row(number), item_id=item))[0]

    @rule(target=taken, uid=PERSON, number=PICTURES, older=taken)
    def retake(self, uid: int, number: int, older: int) -> int:
        new = NewCapture(image=row(number), replaces=older, reason="again")
        capture_id = self.database.write(captures.stage, uid, new)[0]
        assert self.database.read(captures.live, older) == capture_id
        return capture_id

    @rule(target=failures, uid=PERSON, older=st.none() | taken)
    def fail(self, uid: int, older: int | None) -> int:
        live = None if older is None else self.database.read(captures.live, older)
        new = NewFailure(code="timeout", error="No answer.", replaces=older)
        capture_id = self.database.write(captures.fail, uid, new)[0]
        assert older is None or self.database.read(captures.live, older) == live
        return capture_id

    @rule(target=taken, uid=PERSON, failed=consumes(failures), number=PICTURES)
    def retry(self, uid: int, failed: int, number: int) -> Any:
        if self.database.read(captures.get, failed).state == "failed":
            self.database.write(captures.retry_done, uid, failed, NewCapture(image=row(number)))
            return failed
        return multiple()

    @rule(
        uid=PERSON,
        ids=st.lists(taken | failures, max_size=4),
        state=st.sampled_from(("accepted", "rejected", "staged")),
    )
    def decide(self, uid: int, ids: list[int], state: Any) -> None:
        decided = self.database.write(captures.decide_some, uid, ids, state)
        for capture_id in ids:
            capture = self.database.read(captures.get, capture_id)
            assert (capture.state == state) == (capture_id not in decided.refused)

    @rule(uid=PERSON, one=taken, item=st.sampled_from((None, 1, 2, 3)))
    def assign(self, uid: int, one: int, item: int | None) -> None:
        self.database.write(captures.assign, uid, [one], item_id=item)

    @rule(uid=PERSON, one=taken, word=st.sampled_from(("m3", "m4")))
    def label(self, uid: int, one: int, word: str) -> None:
        image_id = self.database.read(captures.get, one).image_id
        if image_id is not None and self.database.read(images.get, image_id).is_live:
            before = self.word(image_id)
            self.database.write(labels.set_label, uid, image_id, word)
            if before != word:
                self.said[image_id] = word

    @rule(uid=PERSON, forward=st.booleans())
    def turn(self, uid: int, forward: bool) -> None:
        with contextlib.suppress(NotFoundError):
            self.database.write(undoing.redo if forward else undoing.undo, uid, ["capture"])

    def word(self, image_id: int) -> str | None:
        label = self.database.read(labels.get, image_id)
        return None if label is None else label.name

    @invariant()
    def the_numbers_are_those_of_the_rows(self) -> None:
        db = self.database.connection
        counted = dict.fromkeys(("staged", "accepted", "superseded", "rejected", "failed"), 0)
        counted.update(map(tuple, db.execute("SELECT state, count(*) FROM capture GROUP BY state")))
        assert captures.counts(db) == counted
        live = "SELECT id FROM image WHERE trashed_at IS NULL AND withheld IS NULL"
        used = [found for (found,) in db.execute(live)]
        assert list(gallery.piece(db, "oldest", None, 1000)) == used
        assert images.count(db) == sum(labels.counts(db).values()) == len(used)
        for one in labels.classes(db):
            in_class = (
                "SELECT count(*) FROM label JOIN image ON image.id = image_id WHERE class_id = ? AND withheld IS NULL"
            )
            assert one.images == db.execute(in_class, (one.id,)).fetchone()[0]

    @invariant()
    def of_all_attempts_at_a_picture_at_most_one_is_in_use(self) -> None:
        db = self.database.connection
        for (first,) in db.execute("SELECT id FROM capture WHERE replaces IS NULL").fetchall():
            attempts = captures.chain(db, first)
            assert sum(one.state in LIVE for one in attempts) <= 1

    @invariant()
    def an_image_is_withheld_as_its_captures_are(self) -> None:
        db = self.database.connection
        for image_id, found in db.execute("SELECT id, withheld FROM image").fetchall():
            brought = captures.of_image(db, image_id)
            states = {one.state for one in brought}
            if not any(one.owns_image for one in brought) or "accepted" in states:
                assert found is None
            else:
                assert found == next(state for state in ("staged", "superseded", "rejected") if state in states)

    @invariant()
    def what_was_there_before_is_as_it_was(self) -> None:
        db = self.database.connection
        there = db.execute("SELECT withheld, trashed_at IS NULL FROM image WHERE id <= ?", (THERE_BEFORE,)).fetchall()
        assert [tuple(found) for found in there] == [(None, 0), (None, 1), (None, 1)]

    @invariant()
    def what_a_person_said_stays(self) -> None:
        for image_id, word in self.said.items():
            assert self.word(image_id) == word


Queue.TestCase.settings = settings(
    max_examples=30, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
TestQueue = Queue.TestCase

STEPS = st.lists(
    st.tuples(st.sampled_from(("stage", "retake", "accepted", "rejected", "staged", "assign")), st.integers(0, 99)),
    min_size=1,
    max_size=25,
)


@settings(max_examples=40, deadline=None)
@given(steps=STEPS)
def test_everything_decided_can_be_undone_and_done_again(steps: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = opened(folder)
        ids: list[int] = []
        seen = [snapshot(database.connection)]
        for number, (what, choice) in enumerate(steps):
            decisions = journaled(database.connection)
            made = database.write(step, what, 100 + number, ids, choice)
            ids += made
            after = snapshot(database.connection)
            decided = journaled(database.connection) > decisions
            # No undo reaches a new picture: it is there in what undo goes back to, a retake as rejected.
            left = {one: ("rejected", after[one][1], "rejected", None) if decided else after[one] for one in made}
            seen = [before | left for before in seen] + ([after] if decided else [])
        for expected in seen[-2::-1]:
            database.write(undoing.undo, 1, ["capture"])
            assert snapshot(database.connection) == expected
        for expected in seen[1:]:
            database.write(undoing.redo, 1, ["capture"])
            assert snapshot(database.connection) == expected
        database.close()


def step(db: sqlite3.Connection, what: str, number: int, ids: list[int], choice: int) -> list[int]:
    """Do one thing; the captures that it made."""
    if what == "stage" or not ids:
        return [captures.stage(db, 1, NewCapture(image=row(number), item_id=1))[0]]
    one = ids[choice % len(ids)]
    if what == "retake":
        return [captures.stage(db, 1, NewCapture(image=row(number), replaces=one))[0]]
    if what == "assign":
        captures.assign(db, 1, [one], item_id=1 + choice % 3)
        return []
    captures.decide_some(db, 1, [one, ids[0]], what)  # type: ignore[arg-type]
    return []


def snapshot(db: sqlite3.Connection) -> dict[int, tuple[Any, ...]]:
    """State, item, withheld and label by capture."""
    rows = db.execute(
        "SELECT capture.id, state, item_id, withheld, (SELECT class_id FROM label WHERE label.image_id = image.id)"
        " FROM capture JOIN image ON image.id = image_id"
    )
    return {found[0]: tuple(found)[1:] for found in rows}


def journaled(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT count(*) FROM undo_entry WHERE journal_id = batch").fetchone()[0])
