"""Sources of captures and the shots that are wanted from them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from binscout_tui.errors import NotFoundError, RefusedError, UsageError
from binscout_tui.store import capture_sources as sources
from binscout_tui.store import captures, events
from binscout_tui.store.captures import NewCapture, NewFailure
from binscout_tui.workspace import Workspace
from tests.conftest import row

FAILURE = NewFailure(code="timeout", error="The camera did not answer.")


@pytest.fixture
def camera(workspace: Workspace) -> sources.Source:
    config = {"command": ["take", "{path}"]}
    return workspace.db.write(sources.add, workspace.user.uid, "bench", "command", config)


def ask(workspace: Workspace, source: sources.Source, **values: Any) -> int:
    return workspace.db.write(sources.ask, workspace.user.uid, source.id, **values)


def begun(workspace: Workspace) -> sources.Request:
    request = workspace.db.write(sources.next_request)
    assert request is not None
    return request


def test_a_source_keeps_what_it_was_told(workspace: Workspace, camera: sources.Source) -> None:
    uid = workspace.user.uid
    assert (camera.enabled, camera.state, camera.config) == (True, "off", {"command": ["take", "{path}"]})
    changed = workspace.db.write(sources.configure, uid, camera.id, name="desk", config={"a": 1}, enabled=False)
    assert workspace.db.read(sources.by_name, "desk") == changed
    assert workspace.db.read(sources.sources, enabled=True) == []
    assert workspace.db.read(sources.sources) == [changed]
    workspace.db.write(sources.add, uid, "bench", "http", {})
    for name in ("bench", "", "a\nb"):
        with pytest.raises(UsageError):
            workspace.db.write(sources.configure, uid, camera.id, name=name)


def test_how_a_source_does_is_told_once(workspace: Workspace, camera: sources.Source) -> None:
    before = workspace.db.read(events.latest)
    for _ in range(3):
        workspace.db.write(sources.set_state, camera.id, "failing", "No route to the camera.")
    found = workspace.db.read(sources.get, camera.id)
    assert (found.state, found.message) == ("failing", "No route to the camera.")
    assert [event.kind for event in workspace.db.read(events.since, before)] == ["source"]


def test_shots_are_taken_in_the_order_in_which_they_were_wanted(workspace: Workspace, camera: sources.Source) -> None:
    other = workspace.db.write(sources.add, workspace.user.uid, "other", "http", {})
    first, second = ask(workspace, camera, reason="for the list"), ask(workspace, other)
    assert workspace.db.write(sources.next_request, [other.id]).id == second  # type: ignore[union-attr]
    taken = begun(workspace)
    assert (taken.id, taken.state, taken.reason) == (first, "working", "for the list")
    assert workspace.db.write(sources.next_request) is None
    assert [one.id for one in workspace.db.read(sources.open_requests)] == [first, second]


def test_a_shot_is_staged_and_its_request_closed_at_once(workspace: Workspace, camera: sources.Source) -> None:
    first, _ = workspace.db.write(captures.stage, workspace.user.uid, NewCapture(image=row(1)))
    ask(workspace, camera, replaces=first, reason="blurred")
    request = begun(workspace)
    capture_id = workspace.db.write(sources.deliver, request.id, NewCapture(image=row(2)))
    assert capture_id is not None
    made = workspace.db.read(captures.get, capture_id)
    assert (made.state, made.replaces, made.reason, made.source) == ("staged", first, "blurred", "bench")
    done = workspace.db.read(sources.request, request.id)
    assert (done.state, done.capture_id) == ("done", capture_id)


def test_a_shot_that_failed_says_why_in_both_rows(workspace: Workspace, camera: sources.Source) -> None:
    ask(workspace, camera)
    request = begun(workspace)
    capture_id = workspace.db.write(sources.deliver, request.id, FAILURE)
    assert workspace.db.read(captures.get, capture_id).error == FAILURE.error
    done = workspace.db.read(sources.request, request.id)
    assert (done.state, done.error, done.capture_id) == ("failed", FAILURE.error, capture_id)


def test_a_retry_ends_in_the_capture_that_failed(workspace: Workspace, camera: sources.Source) -> None:
    ask(workspace, camera)
    failed = workspace.db.write(sources.deliver, begun(workspace).id, FAILURE)
    (asked,) = workspace.db.write(sources.ask_retries, workspace.user.uid, [failed])
    assert workspace.db.write(sources.ask_retries, workspace.user.uid, [failed, failed]) == [asked]
    request = begun(workspace)
    assert request.capture_id == failed
    assert workspace.db.write(sources.deliver, request.id, NewCapture(image=row(1))) == failed
    assert workspace.db.read(captures.get, failed).state == "staged"
    with pytest.raises(RefusedError, match="staged"):
        workspace.db.write(sources.ask_retries, workspace.user.uid, [failed])


def test_the_work_of_asking_for_retries_grows_with_their_number_alone(
    workspace: Workspace, camera: sources.Source
) -> None:
    uid, failure = workspace.user.uid, msgspec.structs.replace(FAILURE, source_id=camera.id)

    def steps(number: int) -> int:
        """Of SQLite's machine, to ask for so many retries at once."""
        failed = workspace.db.write(lambda db: [captures.fail(db, uid, failure)[0] for _ in range(number)])
        taken = 0

        def step() -> None:
            nonlocal taken
            taken += 1

        workspace.db.connection.set_progress_handler(step, 1)
        asked = workspace.db.write(sources.ask_retries, uid, failed)
        workspace.db.connection.set_progress_handler(None, 1)
        assert len(asked) == number
        return taken

    few, many = steps(20), steps(320)
    assert many < 20 * few


def test_a_retry_that_nobody_wants_any_more_is_closed(workspace: Workspace, camera: sources.Source) -> None:
    ask(workspace, camera)
    failed = workspace.db.write(sources.deliver, begun(workspace).id, FAILURE)
    workspace.db.write(sources.ask_retries, workspace.user.uid, [failed])
    request = begun(workspace)
    workspace.db.write(captures.decide, workspace.user.uid, [failed], "rejected")
    assert workspace.db.write(sources.deliver, request.id, NewCapture(image=row(1))) is None
    assert workspace.db.read(sources.request, request.id).state == "failed"
    assert workspace.db.read(captures.get, failed).state == "rejected"


def test_what_a_dead_process_worked_on_waits_again(workspace: Workspace, camera: sources.Source) -> None:
    first, second = ask(workspace, camera), ask(workspace, camera)
    begun(workspace)
    assert workspace.db.write(sources.release_requests) == 1
    assert [begun(workspace).id, begun(workspace).id] == [first, second]


def test_a_wish_can_be_taken_back_until_it_is_worked_on(workspace: Workspace, camera: sources.Source) -> None:
    first, second = ask(workspace, camera), ask(workspace, camera)
    begun(workspace)
    assert not workspace.db.write(sources.withdraw, first)
    assert workspace.db.write(sources.withdraw, second)
    assert workspace.db.write(sources.next_request) is None


def test_what_cannot_be_asked_for_is_refused(workspace: Workspace, camera: sources.Source) -> None:
    for values in ({"compartment_id": 9}, {"item_id": 9}, {"replaces": 9}, {"retry": 9}):
        with pytest.raises(NotFoundError):
            ask(workspace, camera, **values)
    workspace.db.write(sources.configure, workspace.user.uid, camera.id, enabled=False)
    with pytest.raises(RefusedError, match="switched off"):
        ask(workspace, camera)
    with pytest.raises(NotFoundError):
        workspace.db.write(sources.ask, workspace.user.uid, 99)


def test_a_source_that_is_gone_leaves_its_captures(workspace: Workspace, camera: sources.Source) -> None:
    ask(workspace, camera)
    failed = workspace.db.write(sources.deliver, begun(workspace).id, FAILURE)
    ask(workspace, camera)
    workspace.db.write(sources.remove, workspace.user.uid, camera.id)
    assert workspace.db.read(sources.open_requests) == []
    assert workspace.db.read(captures.get, failed).source is None
    workspace.db.write(sources.set_state, camera.id, "ready")
    with pytest.raises(RefusedError) as raised:
        workspace.db.write(sources.ask_retries, workspace.user.uid, [failed])
    assert raised.value.code == "source_gone"
