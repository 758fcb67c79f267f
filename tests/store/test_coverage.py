"""Coverage: which items and compartments still need pictures, and which compartment is next."""

from __future__ import annotations

import sqlite3
import time

import pytest

from binscout_tui.clock import utc_now
from binscout_tui.store import captures, compartments, coverage, images, items
from binscout_tui.store.captures import NewCapture
from binscout_tui.workspace import Workspace
from tests.conftest import row

TARGET = 3
BUDGET_S = 0.05


class Bins:
    """Three compartments; M3 lives in the first two, M4 in the third, a fourth is bare."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace, self.uid, self.shots = workspace, workspace.user.uid, 0
        write = workspace.db.write
        self.m3 = write(items.add, self.uid, "M3", class_name="m3").id
        self.m4 = write(items.add, self.uid, "M4", target=1).id
        self.places = [write(compartments.add, self.uid, code).id for code in ("A1", "A2", "A3", "A4")]
        for place, item in zip(self.places, (self.m3, self.m3, self.m4), strict=False):
            write(compartments.place, self.uid, place, item)

    def shoot(self, place: int, *, accept: bool = True) -> int:
        self.shots += 1
        new = NewCapture(image=row(self.shots), compartment_id=self.places[place])
        made = self.workspace.db.write(captures.stage, self.uid, new)[0]
        if accept:
            self.workspace.db.write(captures.decide, self.uid, [made], "accepted")
        return made

    def item(self, item_id: int) -> coverage.ItemCoverage:
        return next(one for one in self.workspace.db.read(coverage.items, TARGET) if one.item_id == item_id)

    def next(self, after: int | None = None) -> str | None:
        place = None if after is None else self.places[after]
        found = self.workspace.db.read(coverage.next, TARGET, place)
        return found.code if found else None


@pytest.fixture
def bins(workspace: Workspace) -> Bins:
    return Bins(workspace)


def test_an_item_says_what_it_has_waits_for_and_lacks(bins: Bins) -> None:
    bins.shoot(0)
    bins.shoot(1, accept=False)
    found = bins.item(bins.m3)
    assert (found.accepted, found.staged, found.target, found.missing, found.needed) == (1, 1, TARGET, 2, 1)
    assert (found.class_name, found.compartments) == ("m3", ["A1", "A2"])
    assert (bins.item(bins.m4).target, bins.item(bins.m4).missing) == (1, 1)


def test_only_pictures_in_use_count_and_each_once(bins: Bins) -> None:
    first, second = bins.shoot(0), bins.shoot(0)
    again = NewCapture(image=row(1), compartment_id=bins.places[0])
    twice = bins.workspace.db.write(captures.stage, bins.uid, again)[0]
    bins.workspace.db.write(captures.decide, bins.uid, [twice], "accepted")
    assert bins.item(bins.m3).accepted == 2
    bins.workspace.db.write(captures.decide, bins.uid, [second], "rejected")
    assert bins.item(bins.m3).accepted == 1
    image = bins.workspace.db.read(captures.get, first).image_id
    bins.workspace.db.write(images.trash, bins.uid, [image])
    assert bins.item(bins.m3).accepted == 0


def test_what_needs_most_comes_first(bins: Bins) -> None:
    assert [one.name for one in bins.workspace.db.read(coverage.items, TARGET)] == ["M3", "M4"]
    for _ in range(TARGET):
        bins.shoot(0)
    assert [one.name for one in bins.workspace.db.read(coverage.items, TARGET)] == ["M4", "M3"]
    found = bins.workspace.db.read(coverage.compartments, TARGET)
    assert [(one.code, one.missing, one.here) for one in found] == [
        ("A3", 1, 0),
        ("A2", 0, 0),
        ("A1", 0, 3),
        ("A4", 0, 0),
    ]
    assert found[-1].target is None


def test_a_session_goes_round_and_ends_when_nothing_is_needed(bins: Bins) -> None:
    walk = []
    here = None
    while (code := bins.next(here)) is not None:
        walk.append(code)
        here = ["A1", "A2", "A3", "A4"].index(code)
        bins.shoot(here, accept=False)
        assert len(walk) < 10
    assert walk == ["A1", "A2", "A3", "A1"]


def test_the_only_one_that_needs_pictures_is_next_again(bins: Bins) -> None:
    bins.shoot(2)
    bins.workspace.db.write(compartments.archive, bins.uid, bins.places[1])
    assert bins.next(0) == "A1"


def test_archived_items_need_nothing(bins: Bins) -> None:
    bins.workspace.db.write(items.archive, bins.uid, bins.m3)
    assert [one.name for one in bins.workspace.db.read(coverage.items, TARGET)] == ["M4"]
    assert bins.next() == "A3"


def fill(db: sqlite3.Connection, uid: int, shots: int, parts: int) -> None:
    """So many accepted captures of so many items, each in a compartment."""
    now = utc_now()
    for part in range(1, parts + 1):
        values = (part, now, uid)
        db.execute("INSERT INTO item (name, added_at, added_by) VALUES ('part ' || ?, ?, ?)", values)
        db.execute("INSERT INTO compartment (code, added_at, added_by) VALUES ('C' || ?, ?, ?)", values)
        db.execute("INSERT INTO placement (compartment_id, item_id, at, uid) VALUES (?1, ?1, ?2, ?3)", values)
    db.executemany(
        "INSERT INTO image (sha256, origin, storage, path, name, source, bytes, mtime_ns, width, height, format, mode,"
        " source_group, added_at, added_by)"
        " VALUES (printf('%064x', ?1), 'captured', 'copy', CAST(?1 AS BLOB), 'a', 'a', 1, 1, 1, 1, 'JPEG', 'RGB',"
        " 'a', ?2, ?3)",
        [(number, now, uid) for number in range(1, shots + 1)],
    )
    db.executemany(
        "INSERT INTO capture (state, image_id, owns_image, compartment_id, item_id, added_at, uid)"
        " VALUES (?1, ?2, 1, ?3, ?3, ?4, ?5)",
        [
            ("staged" if number % 5 == 0 else "accepted", number, 1 + number % parts, now, uid)
            for number in range(1, shots + 1)
        ],
    )


def test_coverage_of_ten_thousand_captures_is_at_once(workspace: Workspace) -> None:
    workspace.db.write(fill, workspace.user.uid, 10_000, 500)
    for question in (coverage.items, coverage.compartments, coverage.next):
        taken = []
        for _ in range(5):
            began = time.perf_counter()
            found = workspace.db.read(question, 30)  # type: ignore[arg-type]
            taken.append(time.perf_counter() - began)
        assert found
        assert min(taken) < BUDGET_S, f"{question.__name__} took {min(taken) * 1000:.0f} ms"
    assert len(workspace.db.read(coverage.items, 30)) == 500


def test_coverage_reads_captures_from_an_index_alone(workspace: Workspace) -> None:
    for question, index in ((coverage.ITEMS, "capture_item"), (coverage.COMPARTMENTS, "capture_compartment")):
        plan = workspace.db.connection.execute(f"EXPLAIN QUERY PLAN {question}", (30,)).fetchall()
        assert any(f"capture USING COVERING INDEX {index}" in step["detail"] for step in plan)
