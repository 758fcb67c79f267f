"""Answers that check people and not images: gold images, and labelled ones that are shown as if they were not.

An answer is never a label. Where it differs from the label that the image had, the image needs review from then on, in
the same decision.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Collection
from typing import Any, Literal

import msgspec

from binscout_tui.clock import utc_now
from binscout_tui.store import images, journal, labels, reviews
from binscout_tui.store.journal import Entry
from binscout_tui.store.labels import Label, LabelState

AREA = "answer"
GOLD_AGAIN = "-1 day"
"""A gold image comes to the same person again after this time at the earliest."""
LOOKED_AT = 40
"""Candidates for a check that are looked at before there is none."""
Kind = Literal["gold", "own", "other"]


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """An image to ask about: `expected` is (state, class id) of the truth, or of the label that `of_uid` gave.

    `id` is that of the answer, None before it was given.
    """

    kind: Kind
    image_id: int
    expected: tuple[str, int | None]
    of_uid: int | None = None
    id: int | None = None


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that was given and not taken back; what was expected and said are (state, class id)."""

    uid: int
    image_id: int
    kind: Kind
    of_uid: int | None
    expected: tuple[str, int | None]
    said: tuple[str, int | None]


_GOLD = f"""SELECT gold.image_id, state, class_id,
 (SELECT max(at) FROM label_check WHERE uid = ? AND label_check.image_id = gold.image_id) AS answered
 FROM gold JOIN image ON image.id = gold.image_id WHERE {images.LIVE}
 AND (answered IS NULL OR julianday(answered) < julianday('now', '{GOLD_AGAIN}')) ORDER BY answered"""


def golds(db: sqlite3.Connection, uid: int) -> int:
    """How many gold images can be shown to this person by now."""
    return int(db.execute(f"SELECT count(*) FROM ({_GOLD})", (uid,)).fetchone()[0])


def pick_gold(db: sqlite3.Connection, uid: int, avoid: Collection[int], chance: random.Random) -> Check | None:
    """A gold image for this person: one never shown to them, else the one that was shown longest ago."""
    found = [row for row in db.execute(_GOLD, (uid,)) if row["image_id"] not in avoid]
    fresh = [row for row in found if row["answered"] is None]
    if not found:
        return None
    row = chance.choice(fresh) if fresh else found[0]
    return Check(kind="gold", image_id=row["image_id"], expected=(row["state"], row["class_id"]))


def pick_labelled(db: sqlite3.Connection, uid: int, avoid: Collection[int], chance: random.Random) -> Check | None:
    """An image that was labelled before, each only once a person: their own, or half of the time somebody else's."""
    others = [row[0] for row in db.execute("SELECT uid FROM user WHERE uid <> ?", (uid,))]
    people = [chance.choice(others), uid] if others and chance.random() < 0.5 else [uid]
    return next((check for of_uid in people if (check := _labelled_by(db, uid, of_uid, avoid, chance))), None)


def _labelled_by(
    db: sqlite3.Connection, uid: int, of_uid: int, avoid: Collection[int], chance: random.Random
) -> Check | None:
    """From an image somewhere among theirs onwards, then from the first one."""
    highest = db.execute("SELECT max(image_id) FROM label WHERE uid = ?", (of_uid,)).fetchone()[0]
    if highest is None:
        return None
    for first in (chance.randint(1, highest), 1):
        rows = db.execute(
            "SELECT label.image_id, label.state, label.class_id FROM label INDEXED BY label_by"
            " CROSS JOIN image ON image.id = label.image_id"
            f" WHERE label.uid = ? AND label.image_id >= ? AND label.state <> 'skipped' AND {images.LIVE}"
            " AND NOT EXISTS (SELECT 1 FROM label_check WHERE uid = ? AND image_id = label.image_id)"
            " ORDER BY label.image_id LIMIT ?",
            (of_uid, first, uid, LOOKED_AT),
        )
        for image_id, state, class_id in rows:
            if image_id not in avoid:
                kind: Kind = "own" if of_uid == uid else "other"
                return Check(kind=kind, image_id=image_id, expected=(state, class_id), of_uid=of_uid)
    return None


def answer(db: sqlite3.Connection, uid: int, check: Check, class_name: str | None, state: LabelState) -> int:
    """Write down what a person says of it, anew or in the place of what they said before; the answer's id.

    Raises what `labels.set_label` raises.
    """
    images.must_be_live(images.get(db, check.image_id))
    class_id = labels.find_class(db, class_name).id if class_name is not None else None
    check_id = check.id or _next_id(db)
    before = _read(db, check_id)
    after = {
        "image": check.image_id,
        "kind": check.kind,
        "of": check.of_uid,
        "expected": list(check.expected),
        "said": [state, class_id],
    }
    if before == after:
        return check_id
    _write(db, check_id, after, uid)
    decisions = [journal.Decision(area=AREA, action="answer", target=check_id, before=before, after=after)]
    if check.kind != "gold" and state != "skipped" and (state, class_id) != check.expected:
        flagged = reviews.flagged(db, uid, check.image_id)
        decisions += [flagged] if flagged else []
    journal.record_all(db, uid, decisions)
    return check_id


def given(db: sqlite3.Connection, check: Check) -> Label | None:
    """What was answered, in the form of a label; None before an answer."""
    row = db.execute(
        "SELECT image_id, state, name FROM label_check LEFT JOIN class ON class.id = class_id WHERE label_check.id = ?",
        (check.id,),
    ).fetchone()
    return Label(*row) if row else None


def check_of(entry: Entry) -> Check | None:
    """The check that a journal row of this area is about; None for rows of others."""
    state = entry.after or entry.before
    if entry.area != AREA or not state:
        return None
    expected = (state["expected"][0], state["expected"][1])
    return Check(kind=state["kind"], image_id=state["image"], expected=expected, of_uid=state["of"], id=entry.target)


def answers(db: sqlite3.Connection) -> list[Answer]:
    """Every answer but those that passed by, in their order."""
    rows = db.execute(
        "SELECT uid, image_id, kind, of_uid, expected_state, expected_class_id, state, class_id FROM label_check"
        f" WHERE state <> 'skipped' AND image_id NOT IN (SELECT id FROM image WHERE withheld = '{images.HIDDEN}')"
        " ORDER BY id"
    )
    return [
        Answer(
            uid=row[0], image_id=row[1], kind=row[2], of_uid=row[3], expected=(row[4], row[5]), said=(row[6], row[7])
        )
        for row in rows
    ]


def _next_id(db: sqlite3.Connection) -> int:
    """An id that was never given: an answer that was taken back may come again under its own."""
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'label_check'").fetchone()
    return int(row[0]) + 1 if row else 1


def _read(db: sqlite3.Connection, check_id: int) -> dict[str, Any]:
    row = db.execute("SELECT * FROM label_check WHERE id = ?", (check_id,)).fetchone()
    if row is None:
        return {}
    return {
        "image": row["image_id"],
        "kind": row["kind"],
        "of": row["of_uid"],
        "expected": [row["expected_state"], row["expected_class_id"]],
        "said": [row["state"], row["class_id"]],
    }


def _write(db: sqlite3.Connection, check_id: int, state: journal.State, uid: int) -> None:
    db.execute("DELETE FROM label_check WHERE id = ?", (check_id,))
    if state:
        values = (check_id, state["image"], uid, state["kind"], state["of"], *state["expected"], *state["said"])
        db.execute("INSERT INTO label_check VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (*values, utc_now()))


journal.register(AREA, _read, _write)
