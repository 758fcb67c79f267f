"""Failed files of an inbox that somebody wants to be looked at again."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from binscout_tui.capture.inbox_work import InboxWork
from binscout_tui.capture.staging import Stager
from binscout_tui.capture.wishes import FEW, Wishes
from binscout_tui.store import capture_sources, captures
from binscout_tui.store.capture_sources import Source
from binscout_tui.store.captures import NewFailure
from binscout_tui.workspace import Workspace

from ..pictures import photo

AddSource = Callable[..., Source]
MANY = 2 * FEW + 3


@pytest.fixture
def stager(workspace: Workspace) -> Iterator[Stager]:
    with Stager(workspace, workers=2) as made:
        yield made


def wanted(workspace: Workspace, source: Source, files: list[Path]) -> list[int]:
    """Requests for another look at these files, each of a failed capture."""
    uid, write = workspace.user.uid, workspace.db.write
    failures = [NewFailure(code="timeout", error="Too slow.", source_id=source.id, path=file) for file in files]
    failed = write(lambda db: [captures.fail(db, uid, one)[0] for one in failures])
    return write(capture_sources.ask_retries, uid, failed)


def closed(workspace: Workspace) -> int:
    return MANY - len(workspace.db.read(capture_sources.open_requests))


def test_of_many_only_a_few_are_looked_at_between_two_looks_at_what_is_new(
    workspace: Workspace, inbox: Path, add_source: AddSource, stager: Stager
) -> None:
    source = add_source("phone", "inbox", path=str(inbox))
    wanted(workspace, source, [photo(inbox / "a.jpg", 1), *[inbox / f"{number}.jpg" for number in range(MANY - 1)]])
    wishes = Wishes(workspace, source.id, stager, threading.Event())
    assert (wishes.look(), closed(workspace)) == ((1, True), FEW)
    assert (wishes.look(), closed(workspace)) == ((0, True), 2 * FEW)
    assert (wishes.look(), closed(workspace)) == ((0, False), MANY)


def test_who_is_to_leave_looks_at_none(
    workspace: Workspace, inbox: Path, add_source: AddSource, stager: Stager
) -> None:
    source = add_source("phone", "inbox", path=str(inbox))
    wanted(workspace, source, [inbox / f"{number}.jpg" for number in range(MANY)])
    stop = threading.Event()
    stop.set()
    Wishes(workspace, source.id, stager, stop).look()
    assert closed(workspace) == 0


def test_what_is_new_is_staged_while_many_wait_and_once_answers_them_all(
    workspace: Workspace, inbox: Path, add_source: AddSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.paths.settings.write_text("[inbox]\nlook_seconds = 0.02\n")
    source = add_source("phone", "inbox", path=str(inbox))
    wanted(workspace, source, [inbox / f"{number}.jpg" for number in range(MANY)])
    photo(inbox / "new.jpg", 1)
    stage, waiting = captures.stage, []

    def staging(db: sqlite3.Connection, *args: object) -> tuple[int, bool]:
        waiting.append(len(capture_sources.open_requests(db)))
        return stage(db, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(captures, "stage", staging)
    work = InboxWork(workspace.paths.root, source, once=True)
    work.run()
    assert (work.tally.staged, work.tally.problem, closed(workspace)) == (1, "", MANY)
    assert waiting == [MANY - FEW]


def test_a_request_that_breaks_is_answered_and_stops_no_other(
    workspace: Workspace,
    inbox: Path,
    add_source: AddSource,
    stager: Stager,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = add_source("phone", "inbox", path=str(inbox))
    first, second = wanted(workspace, source, [inbox / "a.jpg", photo(inbox / "b.jpg", 1)])
    deliver = capture_sources.deliver

    def breaking(db: sqlite3.Connection, request_id: int, came: object) -> int | None:
        if request_id == first:
            raise RuntimeError("unforeseen")
        return deliver(db, request_id, came)  # type: ignore[arg-type]

    monkeypatch.setattr(capture_sources, "deliver", breaking)
    assert Wishes(workspace, source.id, stager, threading.Event()).look() == (1, False)
    error = workspace.db.read(capture_sources.request, first).error
    assert error == "Looking at it again broke (RuntimeError); the log says more."
    assert workspace.db.read(capture_sources.request, second).state == "done"
    assert "unforeseen" in capsys.readouterr().err
