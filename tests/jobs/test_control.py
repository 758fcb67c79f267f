"""Jobs that lost their process, and jobs under a busy database."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from binscout_tui.errors import ConflictError, RefusedError, UsageError
from binscout_tui.jobs.control import MOST_ATTEMPTS, reconcile, retry
from binscout_tui.jobs.runner import Heart
from binscout_tui.store import events, jobs, labels
from binscout_tui.store.connection import connect
from binscout_tui.store.database import Database, StoreFunction
from binscout_tui.store.jobs import Job
from binscout_tui.workspace import Workspace

LATER = timedelta(minutes=2)
# No process knows how to do this, so its job fails in words as soon as a process begins it.
KIND = "nothing"


def later() -> datetime:
    return datetime.now(UTC) + LATER


def ended(workspace: Workspace, job_id: int) -> Job:
    until = time.monotonic() + 30
    while (job := workspace.db.read(jobs.get, job_id)).is_open:
        assert time.monotonic() < until
        time.sleep(0.02)
    return job


def test_a_job_whose_process_never_began_is_started_again(workspace: Workspace) -> None:
    job_id = workspace.db.write(jobs.add, workspace.user.uid, KIND, {})
    assert workspace.db.write(reconcile, workspace.paths.root) == []
    touched = workspace.db.write(reconcile, workspace.paths.root, later())
    assert [(job.id, job.attempts) for job in touched] == [(job_id, 1)]
    assert "does not know jobs of the kind 'nothing'" in str(ended(workspace, job_id).error)


def test_a_job_that_can_never_be_started_is_closed_in_words(workspace: Workspace) -> None:
    workspace.paths.logs.write_text("a file where the folder of logs should be")
    job_id = workspace.db.write(jobs.add, workspace.user.uid, KIND, {})
    workspace.db.write(reconcile, workspace.paths.root, later())
    job = workspace.db.read(jobs.get, job_id)
    assert job.state == "failed"
    assert "could not be started" in str(job.error)


def test_dying_again_and_again_ends_and_a_retry_begins_to_count_anew(workspace: Workspace) -> None:
    job_id = workspace.db.write(jobs.add, workspace.user.uid, KIND, {})
    workspace.db.write(jobs.requeue, job_id, attempts=MOST_ATTEMPTS - 1)
    workspace.db.write(reconcile, workspace.paths.root, later())
    assert workspace.db.read(jobs.get, job_id).state == "failed"
    again = workspace.db.write(retry, workspace.paths.root, job_id)
    assert again.attempts == 0
    assert ended(workspace, job_id).attempts == 1


@pytest.mark.parametrize(
    ("kind", "payload", "hint"),
    [
        ("rollback", {}, "`binscout backup rollback` asks"),
        ("backup-prune", {"target": "nas", "plan": "0123"}, "`binscout backup prune --target nas` asks"),
        ("restore", {"run": "R", "target": "n", "scope": {"kind": "everything"}}, "restore R --target n --in-place`"),
        ("restore", {"run": "R", "scope": {"kind": "database"}}, "restore R --in-place --database-only`"),
        ("restore", {"run": "R", "scope": {"kind": "folder", "folder": "/a b"}}, "restore R --to '/a b'`"),
        ("restore", {"run": "R", "scope": {"kind": "items", "items": ["1", "m"]}}, "restore R --item 1 --item m`"),
    ],
)
def test_what_was_confirmed_is_not_done_again_without_a_new_word(
    workspace: Workspace, kind: str, payload: dict[str, object], hint: str
) -> None:
    job_id = workspace.db.write(jobs.add, workspace.user.uid, kind, payload)
    workspace.db.write(jobs.finish, job_id, "failed", error="It was cut off.")
    with pytest.raises(RefusedError) as refused:
        workspace.db.write(retry, workspace.paths.root, job_id)
    assert hint in refused.value.hint
    assert workspace.db.read(jobs.get, job_id).state == "failed"


def test_only_one_process_can_begin_a_job(workspace: Workspace) -> None:
    job_id = workspace.db.write(jobs.add, workspace.user.uid, KIND, {})
    workspace.db.write(jobs.begin, job_id, 1, "x")
    with pytest.raises(ConflictError, match="cannot be started"):
        workspace.db.write(jobs.begin, job_id, 2, "y")


def test_a_busy_database_does_not_end_the_work(workspace: Workspace) -> None:
    job_id = workspace.db.write(jobs.add, workspace.user.uid, KIND, {})
    heart = Heart(workspace, workspace.db.read(jobs.get, job_id))
    workspace.db.connection.execute("PRAGMA busy_timeout=20")
    other = connect(workspace.paths.database)
    other.execute("BEGIN IMMEDIATE")
    assert heart.beat(1, 2, "epoch 1/2") is False
    other.execute("ROLLBACK")
    other.close()
    workspace.db.write(jobs.ask_cancel, workspace.db.write(jobs.add, workspace.user.uid, KIND, {}))
    assert heart.beat(2, 2, "epoch 2/2") is False
    assert workspace.db.read(jobs.get, job_id).done == 2


class Counting(Database):
    """Tells when a write was refused."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.refused = threading.Event()

    def write(self, function: StoreFunction, *args: object, **kwargs: object) -> object:  # type: ignore[override, type-arg]
        try:
            return super().write(function, *args, **kwargs)
        except ConflictError:
            self.refused.set()
            raise


def test_what_must_be_written_waits_for_its_turn(workspace: Workspace) -> None:
    patient = Counting(workspace.paths.database)
    patient.connection.execute("PRAGMA busy_timeout=20")
    workspace.db.connection.execute("BEGIN IMMEDIATE")
    writing = threading.Thread(target=patient.insist, args=(labels.add_class, "m3"))
    writing.start()
    assert patient.refused.wait(10)
    workspace.db.connection.execute("COMMIT")
    writing.join(10)
    assert [one.name for one in workspace.db.read(labels.classes)] == ["m3"]
    with pytest.raises(UsageError):
        patient.insist(labels.add_class, "")
    patient.close()


def test_old_events_are_forgotten(workspace: Workspace) -> None:
    workspace.db.write(labels.add_class, "m3")
    workspace.db.connection.execute("UPDATE event SET at = '2020-01-01T00:00:00.000Z'")
    workspace.db.write(labels.add_class, "m4")
    workspace.db.write(reconcile, workspace.paths.root)
    assert [event.target for event in workspace.db.read(events.since, 0)] == ["m4"]


def test_a_leftover_folder_does_not_block_new_runs(workspace: Workspace) -> None:
    from binscout_tui.store import runs

    workspace.paths.run("parts-1").mkdir(parents=True)
    found = workspace.db.read(runs.free_id, "parts", lambda one: workspace.paths.run(one).exists())
    assert found == "parts-2"


def test_ids_of_runs_can_be_ids_of_models(workspace: Workspace) -> None:
    from binscout_tui.engine.model_files import MODEL_ID
    from binscout_tui.store import runs

    for name in ("_parts", "..", "-x", "a/b", "ünï çode", "x" * 300, " ", "\x1b[31m"):
        assert MODEL_ID.fullmatch(workspace.db.read(runs.free_id, name)), name
