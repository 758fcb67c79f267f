"""Whose runs on a store are whose: by the id of a workspace, never by the name of its machine."""

from __future__ import annotations

import re
import shutil
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from binscout_tui.backup.archive import identity
from binscout_tui.errors import StorageError
from binscout_tui.operations.backups import pruning, running
from binscout_tui.workspace import Workspace
from tests.backup.backing_up import NAME, back_up, manifest_of, point_at, set_backup
from tests.backup.made import made_workspace
from tests.backup.servers import Server


def test_an_id_is_made_once_and_stays(tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    assert identity.known(folder) == ""
    assert not folder.exists()
    found = identity.own(folder)
    assert re.fullmatch("[0-9a-f]{16}", found)
    assert (folder.stat().st_mode & 0o777, (folder / identity.FILE).stat().st_mode & 0o777) == (0o700, 0o600)
    assert identity.own(folder) == identity.known(folder) == found
    assert identity.own(tmp_path / "other") != found


@pytest.mark.parametrize("content", [b"", b"0123", b"0" * 15 + b"g", b"0" * 17, b"A" * 16, b"\xff" * 16], ids=repr)
def test_one_that_is_none_is_made_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / identity.FILE).write_bytes(content)
    assert identity.known(tmp_path) == ""
    found = identity.own(tmp_path)
    assert (tmp_path / identity.FILE).read_text() == f"{found}\n"
    assert identity.known(tmp_path) == found


def test_many_that_make_one_at_once_have_the_same(tmp_path: Path) -> None:
    gate, found = threading.Barrier(8), []

    def make() -> None:
        gate.wait(10)
        found.append(identity.own(tmp_path))

    threads = [threading.Thread(target=make) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    assert found == [identity.known(tmp_path)] * 8


def test_where_it_cannot_be_kept_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "id").mkdir()
    with pytest.raises(StorageError, match="id of this workspace"):
        identity.own(tmp_path)


def test_two_workspaces_of_one_machine_use_one_store_and_none_counts_the_other(
    tmp_path: Path, local_target: Server
) -> None:
    one, other = (made_workspace(tmp_path / name / "workspace") for name in ("one", "other"))
    for root in (one, other):
        point_at(root, local_target)
        set_backup(root, keep_last=1, weekly=0, grace_days=0)
    shutil.rmtree(other / "originals")
    first, lone, second = back_up(one), back_up(other), back_up(one)
    assert (first.parent, lone.parent, second.parent) == (None, None, first.run)
    assert lone.suspicious is None, "a loss is measured by the runs of this workspace"
    said = [manifest_of(local_target.folder, done.run)["workspace"] for done in (first, lone, second)]
    assert said[0] == said[2] == identity.known(one / "backup")
    assert said[1] == identity.known(other / "backup") != said[0]
    with Workspace(one) as workspace:
        found = pruning.plan(workspace, NAME)
        assert (found.drop, found.refused) == ([first.run], "")
        assert running.last_within(workspace, NAME, timedelta(hours=1)) == second.run
    with Workspace(other) as workspace:
        assert running.last_within(workspace, NAME, timedelta(hours=1)) == lone.run


def test_a_workspace_without_a_run_of_its_own_is_due(tmp_path: Path, local_target: Server) -> None:
    one, other = (made_workspace(tmp_path / name / "workspace") for name in ("one", "other"))
    point_at(one, local_target)
    point_at(other, local_target)
    back_up(one)
    with Workspace(other) as workspace:
        assert running.last_within(workspace, NAME, timedelta(hours=1)) == ""
    with Workspace(one) as workspace:
        assert running.last_within(workspace, NAME, timedelta(hours=1)) != ""
    assert identity.known(other / "backup") == "", "a look makes no id"
