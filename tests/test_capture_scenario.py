"""From the inbox to the exported log, in the app with keys alone; the store must say what was done to the last row."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from binscout_tui.app import BinScoutApp
from binscout_tui.screens.capture import CaptureScreen
from binscout_tui.screens.select import SelectScreen
from binscout_tui.store import capture_sources
from binscout_tui.store import images as store_images
from binscout_tui.workspace import Workspace
from tests import scenario
from tests.app.deciding import ready
from tests.app.driving import screen_text, settle, told
from tests.command_line import ok
from tests.scenario import CHOICES, PLACES, REASON, SETS, SHOTS, Shot

LIMIT_S = 60


@pytest.fixture(autouse=True)
def runner_ends_with_the_test(workspace: Workspace) -> Iterator[None]:
    yield
    ok(workspace.paths.root, "capture", "stop")


async def until(pilot: Pilot[int], holds: Callable[[], object]) -> None:
    """Wait for what the process that takes pictures brings about."""
    try:
        async with asyncio.timeout(LIMIT_S):
            while not holds():
                await pilot.pause(0.01)
    except TimeoutError:
        raise AssertionError("\n".join([*screen_text(pilot.app), *told(pilot.app)])) from None
    await settle(pilot)


async def type_in(pilot: Pilot[int], *keys: str) -> None:
    """Press keys of which none decides, or all of them on what is on the screen."""
    for key in keys:
        await pilot.press(key)
        await settle(pilot)


def here(app: BinScoutApp) -> int | None:
    """The capture on the desk."""
    return app.screen.capture.id if isinstance(app.screen, CaptureScreen) and app.screen.capture else None


class Camera:
    """Throws pictures into the inbox, each with another content."""

    def __init__(self, workspace: Workspace, tmp_path: Path) -> None:
        self.workspace = workspace
        self.inbox = workspace.paths.root / "inbox"
        self.card = tmp_path / "card"
        self.taken: list[str] = []

    def is_waited_for(self) -> bool:
        """Whether the next picture will take the place of another."""
        found = self.workspace.db.read(capture_sources.open_requests)
        return any(request.replaces for request in found)

    def take(self, name: str, second: int) -> None:
        """The next picture arrives in the inbox."""
        path = scenario.shoot(self.card, name, len(self.taken), second)
        self.taken.append(name)
        path.replace(self.inbox / path.name)


async def capture_all(app: BinScoutApp, camera: Camera) -> None:
    """Make the inbox, then twelve shots at two places, three of them taken again."""
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await type_in(pilot, "comma", "c", "m", "t")
        await until(pilot, camera.inbox.is_dir)
        for code, item in PLACES.items():
            # Up from the line is the last row, which makes a new one; Enter asks first.
            await type_in(pilot, "c", *code, "up", "enter", "enter")
            await type_in(pilot, "i", *("space" if c == " " else c for c in item), "up", "enter", "enter", "p")
            for shot in SHOTS[code]:
                await capture_one(pilot, camera, shot)


async def capture_one(pilot: Pilot[int], camera: Camera, shot: Shot) -> None:
    """A shot, taken again where the scenario says so, is accepted."""
    camera.take(shot.name, shot.second)
    await until(pilot, lambda: here(pilot.app) is not None)
    first = here(pilot.app)
    await ready(pilot)
    if shot.again == "after":
        await type_in(pilot, "enter")
        await type_in(pilot, "f")
        await type_in(pilot, "G")
        await ready(pilot)
        assert here(pilot.app) == first
    if shot.again:
        await type_in(pilot, "R", *REASON, "enter")
        # What came before the request is no retake.
        await until(pilot, camera.is_waited_for)
        camera.take(f"{shot.name}-again", shot.second)
        await until(pilot, lambda: here(pilot.app) not in (None, first))
        await ready(pilot)
    await type_in(pilot, "enter")
    if shot.again == "after":
        await type_in(pilot, "F")
    await until(pilot, lambda: here(pilot.app) is None)


async def select_all(root: Path) -> None:
    """Choose and crop in every set; the program is left and opened again in the middle."""
    half = len(CHOICES) // 2
    for choices in (CHOICES[:half], CHOICES[half:]):
        app = BinScoutApp(root)
        async with app.run_test(size=(80, 24)) as pilot:
            await settle(pilot)
            await type_in(pilot, "comma", "s")
            for choice in choices:
                for key in choice.keys:
                    if not app.screen.is_cropping:  # type: ignore[attr-defined]
                        await ready(pilot)
                    await type_in(pilot, key)
            assert isinstance(app.screen, SelectScreen)
            assert told(app) == []


class Store:
    """The rows of a workspace as the scenario says them."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.images = {
            row["id"]: row["name"] if row["origin"] == "captured" else "/".join(Path(row["source"]).parts[-2:])
            for row in self.rows("SELECT id, name, origin, source FROM image")
        }
        self.sets = {row["id"]: n for n, row in enumerate(self.rows("SELECT id FROM image_set ORDER BY id"))}
        self.captures = {
            row["id"]: self.images[row["image_id"]] for row in self.rows("SELECT id, image_id FROM capture")
        }

    def rows(self, sql: str) -> list[sqlite3.Row]:
        """What a query finds."""
        return self.workspace.db.read(lambda db: db.execute(sql).fetchall())

    def table(self, sql: str, **named: dict[int, Any]) -> list[scenario.Row]:
        """What a query finds, with the columns in `named` looked up where they are not NULL."""
        found = self.rows(sql)
        return [
            tuple(
                named[column][value] if column in named and value is not None else value
                for column, value in zip(row.keys(), row, strict=True)
            )
            for row in found
        ]

    def crops(self) -> list[scenario.Row]:
        """set, image, box."""
        found = self.rows("SELECT set_id, image_id, x1, y1, x2, y2 FROM crop ORDER BY set_id")
        return [(self.sets[row[0]], self.images[row[1]], tuple(row)[2:]) for row in found]

    def set_decisions(self) -> list[scenario.Row]:
        """action, set, image, crop, whether something was suggested, whether it was taken."""
        rows = []
        for row in self.rows("SELECT action, target, after, suggested FROM journal WHERE area = 'set' ORDER BY id"):
            after, said = json.loads(row["after"]), json.loads(row["suggested"] or "null")
            assert set(after) == {"state", "image", "crop"}
            crop = tuple(after["crop"]) if after["crop"] else None
            image = self.images[after["image"]] if after["image"] else None
            told = (said["by"] == "sharpest", said["taken"]) if said else (None, None)
            rows.append((row["action"], self.sets[row["target"]], image, crop, *told))
        return rows


EMPTY = ("label", "class", "crop_task", "job", "model", "prediction", "dataset", "run")
"""Tables that nothing here writes to."""


def log_row(row: dict[str, str]) -> scenario.Row:
    """A line of the log: set's size, index of the chosen image, crop, state."""
    crop = tuple(float(row[f"crop_{side}"]) for side in ("x1", "y1", "x2", "y2")) if row["crop_x1"] else None
    chosen = int(row["chosen_index"]) if row["chosen_index"] else None
    return int(row["image_count"]), chosen, crop, row["state"]


def test_from_the_inbox_to_the_log(workspace: Workspace, tmp_path: Path) -> None:
    root = workspace.paths.root
    camera = Camera(workspace, tmp_path)
    asyncio.run(capture_all(BinScoutApp(root), camera))
    ok(root, "capture", "stop")
    assert ok(root, "set", "group", "--by", "burst")["made"] == 4
    found = ok(root, "import", scenario.folders(tmp_path / "library"), "--sets", "folder")
    assert (found["imported"], found["rejected"]) == (len(scenario.imported()), [])
    asyncio.run(select_all(root))

    assert_captured(Store(workspace))
    assert_chosen(Store(workspace))
    images = [workspace.db.read(store_images.get, image) for image in Store(workspace).images]
    for image in images:
        assert hashlib.sha256(workspace.paths.original(image).read_bytes()).hexdigest() == image.sha256
    log = tmp_path / "select-crop.csv"
    assert ok(root, "set", "export", log)["lines"] == len(SETS)
    with log.open(newline="") as lines:
        assert [log_row(row) for row in csv.DictReader(lines)] == scenario.log()


def assert_captured(store: Store) -> None:
    """Images, captures, places, shots asked for, and the decisions on them."""
    images, captures = store.images, store.captures
    told = "SELECT id, origin, withheld FROM image WHERE trashed_at IS NULL ORDER BY id"
    assert store.table(told, id=images) == scenario.images()
    told = (
        "SELECT image_id, state, (SELECT code FROM compartment WHERE id = compartment_id) AS place,"
        " (SELECT name FROM item WHERE id = item_id) AS item, attempt, replaces, reason FROM capture ORDER BY id"
    )
    assert store.table(told, image_id=images, replaces=captures) == scenario.captures()
    told = "SELECT action, target FROM journal WHERE area = 'capture' ORDER BY id"
    assert store.table(told, target=captures) == scenario.capture_decisions()
    told = "SELECT state, replaces, capture_id, reason FROM capture_request ORDER BY id"
    assert store.table(told, replaces=captures, capture_id=captures) == scenario.requests()
    told = (
        "SELECT code, item.name FROM placement JOIN compartment ON compartment_id = compartment.id"
        " JOIN item ON item_id = item.id WHERE ended_at IS NULL ORDER BY placement.id"
    )
    assert store.table(told) == list(PLACES.items())
    assert store.table("SELECT code FROM compartment ORDER BY id") == [(code,) for code in PLACES]
    assert store.table("SELECT name FROM item ORDER BY id") == [(name,) for name in PLACES.values()]
    assert store.table("SELECT name, kind, enabled FROM capture_source") == [("inbox", "inbox", 1)]
    counts = store.table("SELECT state, captures FROM capture_count WHERE captures > 0 ORDER BY state")
    assert counts == [("accepted", 12), ("superseded", 3)]
    assert store.table("SELECT DISTINCT owns_image, error FROM capture") == [(1, None)]


def assert_chosen(store: Store) -> None:
    """Sets, choices, crops, the decisions on them, and that nothing else was written."""
    told = "SELECT set_id, image_id, position, ruled_out FROM set_member ORDER BY set_id, position"
    assert store.table(told, set_id=store.sets, image_id=store.images) == scenario.set_members()
    told = "SELECT kind, state, chosen_image_id, note FROM image_set ORDER BY id"
    assert store.table(told, chosen_image_id=store.images) == scenario.sets()
    assert store.crops() == scenario.crops()
    assert store.set_decisions() == scenario.set_decisions()
    assert store.table("SELECT set_id, by FROM set_suggestion ORDER BY set_id", set_id=store.sets) == [
        (number, "sharpest") for number in range(len(SETS))
    ]
    areas = store.table("SELECT DISTINCT area FROM journal ORDER BY area")
    assert areas == [("capture",), ("compartment",), ("item",), ("set",), ("source",)]
    assert [table for table in EMPTY if store.rows(f"SELECT 1 FROM {table} LIMIT 1")] == []
