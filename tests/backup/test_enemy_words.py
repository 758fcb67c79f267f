"""What a target says is shown as words: nothing in it reaches the terminal as a command, no time in it is a crash."""

from __future__ import annotations

import json
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from binscout_tui.backup.archive.manifest import Tally
from binscout_tui.backup.target.known import Target, make_folder, put
from binscout_tui.operations.backups import detail, listing, pruning, standing
from binscout_tui.workspace import Workspace
from tests.backup.enemy import RUN, entry, forge
from tests.backup.made import made_workspace

EVIL = "a\x1b]0;owned\x07b\x1b[2Jc\rd\ne\u202ef\x9b1mg[/red]h\u2028i"
OLD, FAR = "00010101T000000Z-00000000", "99991231T235959Z-ffffffff"


@pytest.fixture
def ws(tmp_path: Path) -> Path:
    """A workspace whose target holds a run that speaks evil, one of the year 1 and one of the year 9999."""
    store = tmp_path / "store"
    store.mkdir()
    root = made_workspace(tmp_path / "ws", 4)
    make_folder(root / "backup")
    put(root / "backup", Target(name="nas", kind="local", fs=str(store), shown=str(store)))
    data = b"bytes"
    one = entry(f"originals/{EVIL.replace('/', '')}.jpg", data)
    words = {"host": EVIL, "user": EVIL, "note": EVIL, "app": EVIL, "warnings": [EVIL], "vanished": [EVIL]}
    forge(
        store,
        [one],
        stored={one.blob: data},
        kinds={"original": Tally(1, len(data))},
        rows={EVIL: 3},
        durations={EVIL: 1.0},
        suspicious=EVIL,
        **words,
    )
    for run in (OLD, FAR):
        at = f"{run[:4]}-{run[4:6]}-{run[6:8]}T00:00:00.000Z"
        forge(store, [one], run=run, stored={one.blob: data}, began=at, committed=at)
    return root


def said(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "binscout_tui", "--workspace", str(root), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize(
    "words",
    [
        ("backup", "list"),
        ("backup", "list", "--cached"),
        ("backup", "show", RUN),
        ("backup", "diff", RUN, FAR),
        ("backup", "verify", RUN, "--level", "sizes"),
        ("backup", "prune"),
        ("backup", "restore", RUN, "--to", "new"),
        ("doctor",),
    ],
    ids=" ".join,
)
def test_nothing_that_a_terminal_obeys_is_printed(ws: Path, tmp_path: Path, words: tuple[str, ...]) -> None:
    found = said(ws, *(str(tmp_path / "new") if word == "new" else word for word in words))
    assert found.returncode in (0, 1, 3), found.stderr
    text = found.stdout + found.stderr
    assert text.strip()
    assert "Traceback" not in text
    odd = {sign for sign in text if sign != "\n" and unicodedata.category(sign) in ("Cc", "Cf", "Zl", "Zp")}
    assert odd == set()


def test_years_at_the_ends_of_time_are_times(ws: Path) -> None:
    with Workspace(ws) as workspace:
        view = listing.runs(workspace, "nas", live=True)
        assert [row.run for row in view.rows] == [FAR, RUN, OLD]
        plan = pruning.plan(workspace, "nas")
        assert plan.drop == []
        assert detail.detail(workspace, "nas", OLD)
        assert detail.detail(workspace, "nas", FAR)
        found = standing.standing(workspace.paths, workspace.settings.backup)
        assert found.words
        assert found.run != FAR, "a run of the future is no last good one"


def test_as_json_it_is_data(ws: Path) -> None:
    found = said(ws, "--json", "backup", "list")
    assert [row["run"] for row in json.loads(found.stdout)["rows"]] == [FAR, RUN, OLD]
    assert "\x1b" not in found.stdout
