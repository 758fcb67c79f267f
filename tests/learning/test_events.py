"""The event log holds whole lines only."""

from __future__ import annotations

import json
import math
from pathlib import Path

from binscout_tui.learning.events import EventWriter


def lines(folder: Path) -> list[str]:
    return (folder / "events.jsonl").read_text().splitlines()


def test_every_event_is_one_line_with_version_time_and_type(tmp_path: Path) -> None:
    with EventWriter(tmp_path) as events:
        events.state("running", pid=1)
        events.log("warning", "two\nlines and \udcff")
        events.metric(epoch=1, loss=math.nan, lr=math.inf)
        events.progress(1, 2, None, "training")
    found = [json.loads(line) for line in lines(tmp_path)]
    assert [event["type"] for event in found] == ["state", "log", "metric", "progress"]
    assert all(event["v"] == 1 and event["t"].endswith("Z") for event in found)
    assert found[1]["msg"] == "two\nlines and \udcff"
    assert found[2]["loss"] is None
    assert found[2]["lr"] is None


def test_a_torn_line_does_not_spoil_the_next(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text('{"v": 1}\n{"v": 1, "ty')
    with EventWriter(tmp_path) as events:
        events.state("running")
    assert json.loads(lines(tmp_path)[-1])["state"] == "running"
    assert len(lines(tmp_path)) == 3


def test_without_a_folder_nothing_is_written(tmp_path: Path) -> None:
    with EventWriter(None) as events:
        events.state("running")
    assert list(tmp_path.iterdir()) == []
