"""Everything is lost, and comes back: the commands that a person types on a new machine."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.backup.made import digest, made_workspace
from tests.backup.restorable import same
from tests.command_line import ok


def test_a_backup_brings_back_a_workspace_that_is_gone(tmp_path: Path) -> None:
    root, target = made_workspace(tmp_path / "bins"), tmp_path / "nas"
    target.mkdir()
    before = digest(root)
    ok(root, "backup", "target", "add", "nas", target)
    run = ok(root, "backup", "run")["run"]
    shutil.rmtree(root)
    ok(root, "init", root)
    ok(root, "backup", "target", "add", "nas", target)
    [found] = ok(root, "backup", "list")["rows"]
    assert (found["run"], found["state"], found["verified"]) == (run, "committed", "read back")
    assert ok(root, "backup", "restore", "latest", "--in-place", "--confirm", "restore")["run"] == run
    same(digest(root), before)
    assert ok(root, "backup", "verify", "latest")["bad"] == []
    shown = ok(root, "backup", "show", run)["detail"]
    assert [look["kind"] for look in shown["looks"]] == ["verify", "run"]
