"""Prunes, runs and proofs of two machines on one store, at the same time."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from binscout_tui.backup.faults import CancelledWork
from binscout_tui.backup.keeping import pruning as deleting
from binscout_tui.backup.progress import Progress
from binscout_tui.errors import RefusedError
from binscout_tui.operations.backups import opening, pruning, running, targets, verifying
from binscout_tui.workspace import Workspace
from tests.backup.made import add_pictures, made_workspace
from tests.backup.servers import Server

SETTINGS = "[backup]\nkeep_last = 1\nweekly = 0\ngrace_days = 0\n"
Pair = tuple[Workspace, Workspace]


def nothing(progress: Progress) -> None:
    """Nobody looks."""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace that keeps one run."""
    root = made_workspace(tmp_path_factory.mktemp("template") / "ws")
    (root / "settings.toml").write_text(SETTINGS)
    return root


def with_target(template: Path, root: Path, url: str, secret: str = "") -> Workspace:
    shutil.copytree(template, root)
    workspace = Workspace(root)
    targets.add(workspace, "nas", url, secret=secret, tested=False)
    return workspace


@pytest.fixture
def pair(template: Path, tmp_path: Path) -> Pair:
    """Two workspaces that back up to the same store; the first has two runs there."""
    one = with_target(template, tmp_path / "one", str(tmp_path / "nas"))
    other = with_target(template, tmp_path / "other", str(tmp_path / "nas"))
    running.run(one, "nas")
    running.run(one, "nas")
    return one, other


def test_no_prune_begins_at_any_moment_of_a_run(pair: Pair) -> None:
    one, other = pair
    refused: dict[str, str] = {}

    def at(moment: str) -> None:
        refused[moment] = pruning.plan(other, "nas").refused

    add_pictures(one, range(100, 103))
    run = running.run(one, "nas", at=at).run
    amid = [moment for moment, why in refused.items() if run in why]
    assert len(amid) >= 5
    assert pruning.plan(other, "nas").refused == ""


def test_no_run_begins_at_any_moment_of_a_prune(pair: Pair) -> None:
    one, other = pair
    refused: list[str] = []

    def report(progress: Progress) -> None:
        with pytest.raises(RefusedError) as caught:
            running.run(other, "nas")
        refused.append(f"{progress.stage}: {caught.value.code}")

    pruning.prune(one, "nas", pruning.plan(one, "nas").hash, report)
    assert refused == [f"{stage}: pruning" for stage in deleting.STAGES]
    assert running.run(other, "nas").run
    with opening.opened(one, "nas") as on:
        assert {run.state for run in on.repository.listing().runs} == {"committed"}
    assert verifying.verify(one, "nas", "latest", nothing).is_good


def test_a_run_that_was_stopped_does_not_block_a_prune(pair: Pair) -> None:
    one, _ = pair

    def stop(progress: Progress) -> None:
        if progress.stage == "lists":
            raise CancelledWork

    with pytest.raises(CancelledWork):
        running.run(one, "nas", stop)
    assert pruning.plan(one, "nas").refused == ""


def test_a_verify_goes_on_beside_a_prune_and_a_run(pair: Pair) -> None:
    one, other = pair
    done: list[object] = []

    def report(progress: Progress) -> None:
        if progress.stage == verifying.READ and not done:
            done.append(running.run(other, "nas"))
            done.append(pruning.prune(other, "nas", pruning.plan(other, "nas").hash, nothing))

    # The run that is looked at may go amid the reading; then its files are missing, and nothing else is said of them.
    found = verifying.verify(one, "nas", "latest", report)
    assert len(done) == 2
    assert [bad.reason for bad in found.bad if "missing" not in bad.reason] == []
    assert verifying.verify(one, "nas", "latest", nothing).is_good


def test_a_prune_on_every_kind_of_target(template: Path, tmp_path: Path, any_server: Server) -> None:
    one = with_target(template, tmp_path / "one", any_server.url, any_server.secret)
    first = running.run(one, "nas").run
    (one.paths.originals / "gone.jpg").write_bytes(b"only in the second")
    add_pictures(one, range(200, 202))
    second = running.run(one, "nas").run
    plan = pruning.plan(one, "nas")
    assert (plan.drop, plan.refused) == ([first], "")
    done = pruning.prune(one, "nas", plan.hash, nothing)
    assert (done.dropped, done.failed) == ([first], [])
    with opening.opened(one, "nas") as on:
        assert [(run.run, run.state) for run in on.repository.listing().runs] == [(second, "committed")]
    assert verifying.verify(one, "nas", second, nothing).is_good
    assert pruning.plan(one, "nas").is_empty
