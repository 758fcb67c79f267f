"""Changes of other processes are handed out in order and once; details go to the log without secrets."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from binscout_tui import workspace
from binscout_tui.store import events, labels
from binscout_tui.store.database import AsyncDatabase
from binscout_tui.store.events import Event
from binscout_tui.workers import diagnostics
from binscout_tui.workers.changes import ChangeWatcher, Seen, look
from binscout_tui.workspace import Workspace


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A new workspace in which something happened before anybody watched."""
    workspace.create(tmp_path / "bins")
    with Workspace(tmp_path / "bins") as ws:
        ws.db.write(labels.add_class, "before")
    return tmp_path / "bins"


async def test_events_of_others_come_in_order_and_once_and_own_ones_after_a_nudge(root: Path) -> None:
    db = await AsyncDatabase.open(root / "binscout.db")
    watcher = ChangeWatcher(db, interval_s=0.01)
    found: asyncio.Queue[list[Event]] = asyncio.Queue()
    task = asyncio.create_task(watcher.run(found.put))
    try:
        # The watcher's first look is queued before this one, so that it has begun when this returns.
        await asyncio.sleep(0)
        await db.read(events.latest)
        with Workspace(root) as other:
            for name in "abc":
                other.db.write(labels.add_class, name)
        names: list[str] = []
        while len(names) < 3:
            names += [event.target for event in await asyncio.wait_for(found.get(), 5)]
        assert names == ["a", "b", "c"]
        await db.write(labels.add_class, "own")
        watcher.nudge()
        assert [event.target for event in await asyncio.wait_for(found.get(), 5)] == ["own"]
        assert found.empty()
    finally:
        task.cancel()
        await db.close()


def test_numbers_that_went_back_hide_nothing_that_comes(root: Path) -> None:
    with Workspace(root) as ws, Workspace(root) as other:
        seen = Seen(-1, ws.db.read(events.latest) + 100)
        seen, found = ws.db.read(look, seen)
        assert found == []
        other.db.write(labels.add_class, "after")
        assert [event.target for event in ws.db.read(look, seen)[1]] == ["after"]


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("api_key=sk-123456", "sk-123456"),
        ('{"token": "abc.def"}', "abc.def"),
        ("Authorization: Bearer eyJhbGci", "eyJhbGci"),
        ("https://ana:geheim@nas/share", "geheim"),
        ("password='hunter2', host=nas", "hunter2"),
    ],
)
def test_secrets_do_not_reach_the_log(tmp_path: Path, text: str, gone: str) -> None:
    diagnostics.write(tmp_path / "logs" / "app.log", "test", text)
    written = (tmp_path / "logs" / "app.log").read_text()
    assert gone not in written
    assert "***" in written


def test_the_log_turns_over_and_keeps_three(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnostics, "MAX_BYTES", 100)
    for number in range(12):
        diagnostics.write(tmp_path / "app.log", f"number {number}", "x" * 100)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["app.log", "app.log.1", "app.log.2", "app.log.3"]
    assert "number 11" in (tmp_path / "app.log").read_text()
    assert "number 8" in (tmp_path / "app.log.3").read_text()
