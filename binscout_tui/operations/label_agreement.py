"""How far people agree with themselves and with each other, and how often they are right, by answers to checks."""

from __future__ import annotations

import sqlite3
from collections.abc import Hashable, Iterable
from itertools import combinations
from typing import Literal

import msgspec

from binscout_tui.errors import NotFoundError
from binscout_tui.learning.agreement import Accuracy, Agreement, accuracy_by_person, agreement
from binscout_tui.store import label_checks, users
from binscout_tui.store.label_checks import Answer


class Agreed(msgspec.Struct, frozen=True, kw_only=True):
    """Two answers each to `n` images: of one person at two times, or of two people.

    `observed` is the share of equal answers, `kappa` Cohen's with its 95 % interval; None where they say nothing.
    """

    kind: Literal["own", "between"]
    people: list[str]
    n: int
    observed: float | None
    kappa: float | None
    low: float | None
    high: float | None


class Right(msgspec.Struct, frozen=True, kw_only=True):
    """How many of a person's `n` answers to gold images were right, with the 95 % interval of the share."""

    person: str
    n: int
    right: int
    share: float | None
    low: float
    high: float


def agreements(db: sqlite3.Connection, person: str | None = None) -> list[Agreed]:
    """Everybody's agreement with themselves, then that of each two people; of one person where that is named.

    Raises NotFoundError for a person who was never here.
    """
    names, wanted = users.names(db), _uid(db, person)
    answers = label_checks.answers(db)
    own = {(uid,): pairs for uid, pairs in _own(answers).items()}
    found: list[Agreed] = []
    for kind, groups in (("own", own), ("between", _between(answers))):
        for people, pairs in sorted(groups.items()):
            if wanted is None or wanted in people:
                measured = agreement([one for one, _ in pairs], [two for _, two in pairs])
                found.append(_agreed("own" if kind == "own" else "between", [names[uid] for uid in people], measured))
    return found


def accuracies(db: sqlite3.Connection, person: str | None = None) -> list[Right]:
    """How often each person, or one of them, was right on gold images. Raises NotFoundError."""
    names, wanted = users.names(db), _uid(db, person)
    gold = [one for one in label_checks.answers(db) if one.kind == "gold" and wanted in (None, one.uid)]
    found = accuracy_by_person((one.uid, one.said, one.expected) for one in gold)
    return [_right(names[uid], measured) for uid, measured in found.items()]


_Pairs = list[tuple[Hashable, Hashable]]


def _own(answers: Iterable[Answer]) -> dict[int, _Pairs]:
    found: dict[int, _Pairs] = {}
    for one in answers:
        if one.kind == "own":
            found.setdefault(one.uid, []).append((one.expected, one.said))
    return found


def _between(answers: Iterable[Answer]) -> dict[tuple[int, ...], _Pairs]:
    """What two people said of the same image without knowing of each other, the one with the smaller uid first."""
    found: dict[tuple[int, ...], _Pairs] = {}
    gold: dict[int, dict[int, Hashable]] = {}
    for one in answers:
        if one.kind == "gold":
            gold.setdefault(one.image_id, {})[one.uid] = one.said
        elif one.kind == "other" and one.of_uid is not None:
            said: dict[int, Hashable] = {one.uid: one.said, one.of_uid: one.expected}
            first, second = sorted(said)
            found.setdefault((first, second), []).append((said[first], said[second]))
    for said in gold.values():
        for first, second in combinations(sorted(said), 2):
            found.setdefault((first, second), []).append((said[first], said[second]))
    return found


def _uid(db: sqlite3.Connection, person: str | None) -> int | None:
    if person is None:
        return None
    uid = next((uid for uid, name in users.names(db).items() if name == person), None)
    if uid is None:
        raise NotFoundError(f"Nobody called {person!r} was ever here.", code="no_person")
    return uid


def _agreed(kind: Literal["own", "between"], people: list[str], measured: Agreement) -> Agreed:
    return Agreed(
        kind=kind,
        people=people,
        n=measured.n,
        observed=measured.observed,
        kappa=measured.kappa,
        low=measured.low,
        high=measured.high,
    )


def _right(person: str, measured: Accuracy) -> Right:
    return Right(
        person=person,
        n=measured.n,
        right=measured.right,
        share=measured.share,
        low=measured.low,
        high=measured.high,
    )
