"""How often people take what a model says, and how fast they label: counted from the journal, for reports."""

from __future__ import annotations

import sqlite3

import msgspec

LOOK_BACK = 5_000
"""Journal rows, of all people and kinds, that are looked through for the last few decisions of one person."""
PAUSE_S = 20.0
"""Whoever did nothing for longer than this has paused, which is not slowness."""


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """Labels that a person gave while a model's word was shown: `taken` as it said, `overridden` with another."""

    uid: int
    person: str
    model: str
    shown: int
    taken: int

    @property
    def overridden(self) -> int:
        """How many got another label."""
        return self.shown - self.taken

    @property
    def rate(self) -> float:
        """The share that was taken, 0..1."""
        return self.taken / self.shown


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """A person's labels of one day (UTC); `minutes` of work without pauses, None for fewer than two labels."""

    uid: int
    person: str
    day: str
    labels: int
    minutes: float | None
    per_minute: float | None


# What a class was called when a model named it may not be what it is called now.
_WAS_TAKEN = """coalesce(class.name = said OR EXISTS (SELECT 1 FROM journal AS renamed WHERE renamed.area = 'class'
 AND renamed.target = class.id AND renamed.action = 'rename' AND json_extract(renamed.before, '$.name') = said), 0)"""
_LABELS = """SELECT journal.id, uid, at, json_extract(suggested, '$.model') AS model,
 json_extract(suggested, '$.label') AS said, json_extract(after, '$.class') AS class_id FROM journal
 WHERE area = 'label' AND action = 'label'"""
_NOT_PASSED = "json_extract(after, '$.state') <> 'skipped'"
# Undone as often as redone is not undone.
_STANDS = """(SELECT count(undoes) - count(redoes) FROM journal AS turned WHERE area = 'label'
 AND turned.target = journal.target AND (undoes = journal.id OR redoes = journal.id)) = 0"""


def taken(db: sqlite3.Connection) -> list[Taken]:
    """Who took how much of what each model said; decisions that were taken back do not count. Reads the journal."""
    rows = db.execute(
        f"SELECT labels.uid, user.name AS person, model, count(*) AS shown, sum({_WAS_TAKEN}) AS taken"
        f" FROM ({_LABELS} AND suggested IS NOT NULL AND {_NOT_PASSED} AND {_STANDS}) AS labels"
        " JOIN user ON user.uid = labels.uid LEFT JOIN class ON class.id = class_id"
        " GROUP BY labels.uid, model ORDER BY labels.uid, model"
    )
    return [Taken(**dict(row)) for row in rows]


def days(db: sqlite3.Connection, limit: int = 30) -> list[Day]:
    """Labels a day and a minute of work, newest day first; what was taken back was work too. Reads the journal."""
    rows = db.execute(
        "SELECT uid, person, day, count(*), sum(gap) FILTER (WHERE gap <= ?1), count(gap) FILTER (WHERE gap <= ?1) FROM"
        " (SELECT labels.uid, user.name AS person, substr(at, 1, 10) AS day, (julianday(at) - lag(julianday(at)) OVER"
        f" (PARTITION BY labels.uid, substr(at, 1, 10) ORDER BY labels.id)) * 86400 AS gap FROM ({_LABELS}) AS labels"
        " JOIN user ON user.uid = labels.uid) GROUP BY uid, day ORDER BY day DESC, uid LIMIT ?2",
        (PAUSE_S, limit),
    )
    return [_day(*row) for row in rows]


def _day(uid: int, person: str, day: str, labels: int, seconds: float | None, gaps: int) -> Day:
    rate = gaps * 60 / seconds if seconds else None
    minutes = None if seconds is None else seconds / 60
    return Day(uid=uid, person=person, day=day, labels=labels, minutes=minutes, per_minute=rate)


def recently_taken(db: sqlite3.Connection, uid: int, model_id: str, limit: int = 200) -> list[bool]:
    """Of this person's last labels beside a word of the model whether it was taken, newest first; undone ones too."""
    rows = db.execute(
        f"SELECT {_WAS_TAKEN} FROM (SELECT id, json_extract(suggested, '$.label') AS said,"
        " json_extract(after, '$.class') AS class_id FROM journal NOT INDEXED"
        " WHERE id > (SELECT coalesce(max(id), 0) - ? FROM journal) AND uid = ? AND area = 'label'"
        f" AND action = 'label' AND {_NOT_PASSED} AND json_extract(suggested, '$.model') = ?"
        " ORDER BY id DESC LIMIT ?) AS labels"
        " LEFT JOIN class ON class.id = class_id ORDER BY labels.id DESC",
        (LOOK_BACK, uid, model_id, limit),
    )
    return [bool(row[0]) for row in rows]
