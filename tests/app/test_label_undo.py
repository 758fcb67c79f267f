"""Many edits in several orders and several lives of the app, undone to the same bytes and redone."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from binscout_tui.app import BinScoutApp
from binscout_tui.labelling import desk
from binscout_tui.operations.label_exchange import Format, export
from binscout_tui.screens.label import LabelScreen
from binscout_tui.store import gold, journal, labels
from binscout_tui.workspace import Workspace

from .deciding import decide, open_area, press, ready
from .driving import settle
from .made_up import add_classes, add_images, add_model

KEYS = [*"123123", "0", "space", "d", "r", "y"]
ORDERS = "umrau"
FORMATS: tuple[Format, ...] = ("csv", "jsonl")
EDITS = 8
"""In each order, which is a life of the app."""


def exported(root: Path, folder: Path) -> list[bytes]:
    """What the formats write of the labels, and all rows that edits change."""
    folder.mkdir()
    with Workspace(root) as ws:
        for kind in FORMATS:
            export(ws, folder / kind, kind, pictures="none")
        rows = [
            tuple(row)
            for table in ("label", "image_review", "label_check")
            for row in ws.db.connection.execute(f"SELECT * FROM {table}")
        ]
        counts = sorted(ws.db.read(labels.counts).items())
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    without_moments = [tuple(value for value in row if not str(value).startswith("20")) for row in rows]
    return [*(path.read_bytes() for path in files), repr((sorted(map(repr, without_moments)), counts)).encode()]


def open_decisions(root: Path, undone: int) -> int:
    """How many decisions can be undone, or redone."""
    with Workspace(root) as ws:
        sql = "SELECT count(DISTINCT batch) FROM undo_entry WHERE undone = ? AND area <> 'gold'"
        return int(ws.db.connection.execute(sql, (undone,)).fetchone()[0])


@pytest.fixture(autouse=True)
def _same_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "SEED", 7)


@pytest.mark.timeout(600)
async def test_every_edit_is_undone_and_redone_over_restarts(root: Path, tmp_path: Path) -> None:
    add_classes(root, ["M2", "M3", "M4"])
    ids = add_images(root, 60)
    add_model(root, {image: ("M3", image % 10 / 10) for image in ids})
    with Workspace(root) as ws:
        for image in ids[:6]:
            ws.db.write(gold.add, ws.user.uid, image, "M2")
    (root / "settings.toml").write_text("[label]\ngold_share = 0.2\nreshow_share = 0.2\n")
    chance = random.Random(11)
    before = exported(root, tmp_path / "before")
    for letter in ORDERS:
        app = BinScoutApp(root)
        async with app.run_test() as pilot:
            await open_area(pilot, "label")
            await press(pilot, "o", letter)
            for _ in range(EDITS):
                if chance.random() < 0.2:
                    await press(pilot, "h")
                assert isinstance(app.screen, LabelScreen)
                await decide(pilot, chance.choice(KEYS) if app.screen.suggestion else chance.choice(KEYS[:-1]))
            await ready(pilot)
    made = open_decisions(root, 0)
    after = exported(root, tmp_path / "after")
    assert made > 25
    assert after != before
    await turned(root, "z", made)
    assert open_decisions(root, 0) == 0
    assert exported(root, tmp_path / "undone") == before
    await turned(root, "Z", made)
    assert open_decisions(root, 1) == 0
    assert exported(root, tmp_path / "redone") == after


async def turned(root: Path, key: str, number: int) -> None:
    """Press `z` or `Z` so many times, in two lives of the app."""
    for part in (number // 2, number - number // 2):
        app = BinScoutApp(root)
        async with app.run_test() as pilot:
            await open_area(pilot, "label", empty=True)
            for _ in range(part):
                await decide(pilot, key)
            await settle(pilot)
            history = await app.workspace.db.read(journal.history, limit=1)
            assert history[0].action == {"z": "undo", "Z": "redo"}[key]
