"""Captures: what waits for a decision, is taken again, accepted, rejected and failed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from binscout_tui.errors import ConflictError, NotFoundError, RefusedError, StorageError, UsageError
from binscout_tui.operations import captures as captured
from binscout_tui.operations import known_good
from binscout_tui.operations.captures import accept_all
from binscout_tui.store import (
    captures,
    compartments,
    datasets,
    events,
    gallery,
    images,
    items,
    journal,
    labels,
    overview,
    predictions,
    sets,
    undoing,
    users,
)
from binscout_tui.store.captures import Capture, NewCapture, NewFailure
from binscout_tui.workspace import Workspace
from tests.conftest import AddImages, row

Stage = Callable[..., int]
FAILURE = NewFailure(code="timeout", error="The camera did not answer.", origin="http://camera")


@pytest.fixture
def stage(workspace: Workspace) -> Stage:
    """Stages a picture with so many's bytes, and returns the capture's id."""

    def staged(number: int, **changes: Any) -> int:
        new = NewCapture(image=row(number), **changes)
        return workspace.db.write(captures.stage, workspace.user.uid, new)[0]

    return staged


def get(workspace: Workspace, capture_id: int) -> Capture:
    return workspace.db.read(captures.get, capture_id)


def decide(workspace: Workspace, ids: list[int], state: Any, reason: str = "") -> list[int]:
    return workspace.db.write(captures.decide, workspace.user.uid, ids, state, reason)


def undo(workspace: Workspace) -> journal.Entry:
    return workspace.db.write(undoing.undo, workspace.user.uid, ["capture"])


def redo(workspace: Workspace) -> journal.Entry:
    return workspace.db.write(undoing.redo, workspace.user.uid, ["capture"])


def states(workspace: Workspace, *ids: int) -> list[str]:
    return [get(workspace, one).state for one in ids]


def withheld(workspace: Workspace, capture_id: int) -> str | None:
    image_id = get(workspace, capture_id).image_id
    assert image_id is not None
    return workspace.db.read(images.get, image_id).withheld


def label_of(workspace: Workspace, capture_id: int) -> str | None:
    label = workspace.db.read(labels.get, get(workspace, capture_id).image_id)
    return None if label is None else label.name or label.state


def item(workspace: Workspace, name: str, class_name: str | None = None) -> int:
    return workspace.db.write(items.add, workspace.user.uid, name, class_name=class_name).id


def test_a_staged_picture_waits_and_one_decision_takes_many_and_gives_them_back(
    workspace: Workspace, stage: Stage
) -> None:
    ids = [stage(n) for n in range(3)]
    assert [withheld(workspace, one) for one in ids] == ["staged"] * 3
    assert workspace.db.read(captures.counts)["staged"] == 3

    assert decide(workspace, ids[:2], "accepted") == ids[:2]
    assert decide(workspace, ids[:2], "accepted") == []
    assert [withheld(workspace, one) for one in ids] == [None, None, "staged"]
    assert get(workspace, ids[0]).decided_by == workspace.user.uid

    entry = undo(workspace)
    assert (entry.action, entry.turned, entry.left) == ("accept", tuple(ids[:2]), 0)
    assert states(workspace, *ids) == ["staged"] * 3
    assert get(workspace, ids[0]).decided_by is None
    redo(workspace)
    assert states(workspace, *ids) == ["accepted", "accepted", "staged"]


def test_a_second_look_at_the_same_file_is_the_same_capture(workspace: Workspace, stage: Stage) -> None:
    first = stage(1, fingerprint="inbox 1")
    new = NewCapture(image=row(2), fingerprint="inbox 1")
    assert workspace.db.write(captures.stage, workspace.user.uid, new) == (first, False)
    failure = NewFailure(code="x", error="y", fingerprint="inbox 1")
    assert workspace.db.write(captures.fail, workspace.user.uid, failure) == (first, False)
    assert workspace.db.read(images.by_hash, row(2).sha256) is None
    assert workspace.db.read(captures.known, ["inbox 1", "inbox 2"]) == {"inbox 1"}
    assert len(workspace.db.read(captures.page)) == 1


def test_a_retake_supersedes_and_says_who_what_when_and_why(workspace: Workspace, stage: Stage) -> None:
    first = stage(1)
    second = stage(2, replaces=first, reason="blurred")
    assert states(workspace, first, second) == ["superseded", "staged"]
    assert (get(workspace, second).attempt, get(workspace, second).replaces) == (2, first)
    assert withheld(workspace, first) == "superseded"
    entry = workspace.db.read(captures.history, first)[-1]
    assert (entry.action, entry.target, entry.uid) == ("retake", second, workspace.user.uid)
    assert entry.after["reason"] == "blurred"
    assert entry.at
    assert (entry.before["replaced"], entry.after["replaced"]) == ("staged", "superseded")


def test_taking_again_works_any_number_of_times_also_after_accepting(workspace: Workspace, stage: Stage) -> None:
    ids = [stage(0)]
    for number in range(1, 6):
        decide(workspace, [ids[-1]], "accepted")
        ids.append(stage(number, replaces=ids[0] if number % 2 else ids[-1]))
    assert states(workspace, *ids) == ["superseded"] * 5 + ["staged"]
    assert [one.id for one in workspace.db.read(captures.chain, ids[2])] == ids
    assert [one.attempt for one in workspace.db.read(captures.chain, ids[2])] == [1, 2, 3, 4, 5, 6]
    assert workspace.db.read(captures.live, ids[0]) == ids[-1]
    assert workspace.db.read(images.count) == 0


def test_the_history_of_a_capture_has_every_decision_however_many(workspace: Workspace, stage: Stage) -> None:
    capture_id = stage(1)
    for _ in range(60):
        decide(workspace, [capture_id], "accepted")
        decide(workspace, [capture_id], "rejected")
    actions = [entry.action for entry in workspace.db.read(captures.history, capture_id)]
    assert actions == ["accept", "reject"] * 60


def test_undoing_a_retake_brings_the_older_one_back_as_it_was(workspace: Workspace, stage: Stage) -> None:
    first = stage(1)
    decide(workspace, [first], "accepted")
    second = stage(2, replaces=first)
    third = stage(3, replaces=second)
    undo(workspace)
    assert states(workspace, first, second, third) == ["superseded", "staged", "rejected"]
    undo(workspace)
    assert states(workspace, first, second, third) == ["accepted", "rejected", "rejected"]
    assert [withheld(workspace, one) for one in (first, second, third)] == [None, "rejected", "rejected"]
    redo(workspace)
    redo(workspace)
    assert states(workspace, first, second, third) == ["superseded", "superseded", "staged"]


def test_two_attempts_are_never_in_use_at_once(workspace: Workspace, stage: Stage) -> None:
    first = stage(1)
    second = stage(2, replaces=first)
    for state in ("accepted", "staged"):
        with pytest.raises(RefusedError) as raised:
            decide(workspace, [first], state)
        assert raised.value.code == "superseded"
        assert f"capture {second}" in raised.value.sentence
    with pytest.raises(RefusedError):
        decide(workspace, [first], "rejected")
    decide(workspace, [second], "rejected")
    assert decide(workspace, [first], "accepted") == [first]
    assert states(workspace, first, second) == ["accepted", "rejected"]


def test_undo_stays_away_from_what_somebody_else_took_into_use(workspace: Workspace, stage: Stage) -> None:
    workspace.db.write(users.sign_in, 4242, "other")
    first = stage(1)
    second = stage(2, replaces=first)
    decide(workspace, [second], "rejected")
    workspace.db.write(captures.decide, 4242, [first], "accepted")
    assert undo(workspace).stale
    assert states(workspace, first, second) == ["accepted", "rejected"]


def test_what_can_be_decided_on_is_when_others_cannot(workspace: Workspace, stage: Stage) -> None:
    first = stage(1)
    second = stage(2, replaces=first)
    failed, _ = workspace.db.write(captures.fail, workspace.user.uid, FAILURE)
    decided = workspace.db.write(captures.decide_some, workspace.user.uid, [first, second, failed], "accepted")
    assert decided.changed == [second]
    assert {one: error.code for one, error in decided.refused.items()} == {
        first: "superseded",
        failed: "capture_failed",
    }
    with pytest.raises(NotFoundError):
        decide(workspace, [second, 999], "rejected")
    assert states(workspace, second) == ["accepted"]


def test_a_failure_stays_until_a_retry_or_a_person_moves_it(workspace: Workspace) -> None:
    uid = workspace.user.uid
    failed, added = workspace.db.write(captures.fail, uid, FAILURE)
    assert added
    assert get(workspace, failed).error == "The camera did not answer."
    again = NewFailure(code="refused", error="The camera said no.")
    workspace.db.write(captures.retry_done, uid, failed, again)
    assert (get(workspace, failed).state, get(workspace, failed).error_code) == ("failed", "refused")
    workspace.db.write(captures.retry_done, uid, failed, NewCapture(image=row(7), origin="camera"))
    assert (get(workspace, failed).state, get(workspace, failed).error) == ("staged", None)
    assert withheld(workspace, failed) == "staged"
    with pytest.raises(ConflictError):
        workspace.db.write(captures.retry_done, uid, failed, again)
    assert workspace.db.read(captures.counts)["failed"] == 0


def test_a_failed_file_that_can_be_read_now_is_the_same_capture(workspace: Workspace, stage: Stage) -> None:
    failure = NewFailure(
        code="truncated", error="The file ends early.", fingerprint="f", path=Path(os.fsdecode(b"\xff"))
    )
    failed, _ = workspace.db.write(captures.fail, workspace.user.uid, failure)
    assert get(workspace, failed).path == Path(os.fsdecode(b"\xff"))
    assert workspace.db.write(captures.fail, workspace.user.uid, failure) == (failed, False)
    assert stage(1, fingerprint="f") == failed
    assert states(workspace, failed) == ["staged"]


def test_a_file_that_failed_in_another_state_is_known_in_that_one(workspace: Workspace) -> None:
    uid = workspace.user.uid
    first, second, third = (NewFailure(code="truncated", error="It ends early.", fingerprint=f"f{n}") for n in range(3))
    failed, _ = workspace.db.write(captures.fail, uid, first)
    other, _ = workspace.db.write(captures.fail, uid, third)
    workspace.db.write(captures.retry_done, uid, failed, second)
    assert workspace.db.read(captures.known, ["f0", "f1", "f2"]) == {"f1", "f2"}
    workspace.db.write(captures.retry_done, uid, failed, third)
    workspace.db.write(captures.retry_done, uid, other, NewFailure(code="timeout", error="No answer."))
    assert [get(workspace, one).fingerprint for one in (failed, other)] == ["f1", "f2"]


def test_a_dismissed_failure_comes_back_with_undo(workspace: Workspace) -> None:
    failed, _ = workspace.db.write(captures.fail, workspace.user.uid, FAILURE)
    decide(workspace, [failed], "rejected", "the camera was off")
    assert (get(workspace, failed).state, get(workspace, failed).error_code) == ("rejected", "timeout")
    with pytest.raises(RefusedError) as told:
        decide(workspace, [failed], "accepted")
    assert told.value.hint == "Take the picture again."  # only one that is failed can be tried again
    undo(workspace)
    assert states(workspace, failed) == ["failed"]
    with pytest.raises(RefusedError) as told:
        decide(workspace, [failed], "accepted")
    assert f"capture retry {failed}" in told.value.hint


def test_a_retake_that_fails_takes_nothing_out_of_use_until_its_retry_works(workspace: Workspace, stage: Stage) -> None:
    first = stage(1)
    decide(workspace, [first], "accepted")
    failure = NewFailure(code="timeout", error="No answer.", replaces=first)
    second, _ = workspace.db.write(captures.fail, workspace.user.uid, failure)
    assert states(workspace, first, second) == ["accepted", "failed"]
    workspace.db.write(captures.retry_done, workspace.user.uid, second, NewCapture(image=row(2)))
    assert states(workspace, first, second) == ["superseded", "staged"]
    undo(workspace)
    assert states(workspace, first, second) == ["accepted", "rejected"]


def test_a_retry_that_comes_late_takes_nothing_newer_out_of_use(workspace: Workspace, stage: Stage) -> None:
    first = stage(1)
    failure = NewFailure(code="timeout", error="No answer.", replaces=first)
    late, _ = workspace.db.write(captures.fail, workspace.user.uid, failure)
    third = stage(3, replaces=first)
    decide(workspace, [third], "accepted")
    workspace.db.write(captures.retry_done, workspace.user.uid, late, NewCapture(image=row(2)))
    assert states(workspace, first, late, third) == ["superseded", "superseded", "accepted"]
    assert withheld(workspace, late) == "superseded"


def test_a_failure_that_was_taken_again_is_superseded(workspace: Workspace, stage: Stage) -> None:
    failed, _ = workspace.db.write(captures.fail, workspace.user.uid, FAILURE)
    second = stage(1, replaces=failed)
    assert states(workspace, failed, second) == ["superseded", "staged"]
    undo(workspace)
    assert states(workspace, failed, second) == ["failed", "rejected"]


def test_one_undo_takes_a_mixed_rejection_of_one_chain_back(workspace: Workspace, stage: Stage) -> None:
    first = stage(1)
    failed, _ = workspace.db.write(captures.fail, workspace.user.uid, NewFailure(code="x", error="y", replaces=first))
    decide(workspace, [first, failed], "rejected")
    entry = undo(workspace)
    assert (entry.turned, entry.left) == ((first, failed), 0)
    assert states(workspace, first, failed) == ["staged", "failed"]


def test_a_picture_in_the_trash_is_not_accepted_before_it_is_restored(
    workspace: Workspace, add_images: AddImages, stage: Stage
) -> None:
    [there] = add_images(1)
    uid = workspace.user.uid
    workspace.db.write(images.trash, uid, [there])
    again, other = stage(0), stage(1)
    with pytest.raises(RefusedError, match=f"in the trash, as image {there}: restore it first") as raised:
        decide(workspace, [again], "accepted")
    assert (raised.value.code, states(workspace, again)) == ("in_trash", ["staged"])
    done = accept_all(workspace.db, workspace.user)
    assert (done.changed, list(done.refused)) == ([other], [again])
    workspace.db.write(images.restore, uid, [there])
    assert decide(workspace, [again], "accepted") == [again]
    assert decide(workspace, [again], "rejected") == [again]


@pytest.mark.parametrize("number", [1, 7, 8, 9, 25])
def test_accepting_all_is_one_decision_in_several_transactions(
    workspace: Workspace, stage: Stage, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(captured, "PART", 8)
    before = stage(99)
    decide(workspace, [before], "accepted")
    ids = [stage(one) for one in range(number)]
    longest, insist = 0, workspace.db.insist
    pauses: list[bool] = []
    monkeypatch.setattr(captured.time, "sleep", lambda seconds: pauses.append(workspace.db.connection.in_transaction))

    def counting(function: Callable[..., Any], *args: Any) -> Any:
        nonlocal longest
        done = insist(function, *args)
        longest = max(longest, len(done.changed))
        return done

    monkeypatch.setattr(workspace.db, "insist", counting)
    assert accept_all(workspace.db, workspace.user, reason="fine").changed == ids
    assert longest == min(number, 8)
    assert pauses == [False] * ((number - 1) // 8), "others get the lock between two parts"
    assert undo(workspace).turned == tuple(ids)
    assert set(states(workspace, *ids)) == {"staged"}
    assert redo(workspace).turned == tuple(ids)
    assert set(states(workspace, *ids)) == {"accepted"}
    undo(workspace)
    assert undo(workspace).turned == (before,)
    assert len(workspace.db.read(captures.history, ids[0])) == 4


def test_what_others_decide_while_all_are_accepted_stays_and_is_another_decision(
    workspace: Workspace, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(captured, "PART", 2)
    uid = workspace.user.uid
    ids = [stage(one) for one in range(6)]
    insist = workspace.db.insist
    parts = 0

    def interrupted(function: Callable[..., Any], *args: Any) -> Any:
        nonlocal parts
        parts += 1
        if parts == 2:
            workspace.db.write(captures.decide, uid, [ids[3]], "rejected")
        return insist(function, *args)

    monkeypatch.setattr(workspace.db, "insist", interrupted)
    assert accept_all(workspace.db, workspace.user).changed == [*ids[:3], *ids[4:]]
    assert undo(workspace).turned == (*ids[:3], *ids[4:])
    assert states(workspace, *ids) == ["staged"] * 3 + ["rejected"] + ["staged"] * 2
    assert undo(workspace).turned == (ids[3],)


def test_accepting_all_that_ends_halfway_is_taken_back_by_one_undo(
    workspace: Workspace, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(captured, "PART", 2)
    ids = [stage(one) for one in range(6)]
    insist = workspace.db.insist
    left = [2]

    def failing(function: Callable[..., Any], *args: Any) -> Any:
        if not left[0]:
            raise StorageError("The disk is full.")
        left[0] -= 1
        return insist(function, *args)

    monkeypatch.setattr(workspace.db, "insist", failing)
    with pytest.raises(StorageError):
        accept_all(workspace.db, workspace.user)
    assert states(workspace, *ids) == ["accepted"] * 4 + ["staged"] * 2
    assert undo(workspace).turned == tuple(ids[:4])


def test_a_picture_that_was_there_before_is_left_alone(
    workspace: Workspace, add_images: AddImages, stage: Stage
) -> None:
    there = add_images(2)
    workspace.db.write(images.trash, workspace.user.uid, [there[1]])
    ids = [stage(0), stage(1)]
    assert [get(workspace, one).owns_image for one in ids] == [False, False]
    for state in ("rejected", "accepted", "rejected"):
        decide(workspace, ids[: 1 if state == "accepted" else 2], state)
        found = [workspace.db.read(images.get, one) for one in there]
        assert [one.withheld for one in found] == [None, None]
        assert [one.trashed_at is None for one in found] == [True, False]


def test_the_same_picture_twice_is_in_use_when_either_was_accepted(workspace: Workspace, stage: Stage) -> None:
    first, second = stage(5), stage(5)
    decide(workspace, [first], "rejected")
    assert withheld(workspace, second) == "staged"
    decide(workspace, [second], "accepted")
    assert withheld(workspace, first) is None
    again = stage(5, replaces=second)
    assert withheld(workspace, again) == "staged"
    decide(workspace, [again], "accepted")
    assert withheld(workspace, again) is None


def test_a_picture_that_is_not_accepted_is_nowhere(workspace: Workspace, stage: Stage) -> None:
    uid = workspace.user.uid
    seen = stage(1, item_id=item(workspace, "M3", "m3"))
    hidden = stage(2)
    decide(workspace, [seen], "accepted")
    image = get(workspace, hidden).image_id
    assert image is not None
    db = workspace.db
    db.write(images.add_warning, image, "made up")
    assert db.read(images.count) == 1
    assert [one.id for one in db.read(images.page)] == [get(workspace, seen).image_id]
    assert list(db.read(gallery.piece, "newest", None, 10)) == [get(workspace, seen).image_id]
    assert db.read(gallery.begin)[1:] == (1, False)
    assert db.read(labels.queue) == []
    assert sum(db.read(labels.counts).values()) == 1
    assert db.read(predictions.missing, "model") == []
    assert [one.id for one in db.read(datasets.labelled, "classify")] == [get(workspace, seen).image_id]
    assert db.read(overview.overview, uid, "", "").images == 1

    for refused in (
        lambda: db.write(labels.set_label, uid, image, None, state="empty"),
        lambda: db.write(images.trash, uid, [image]),
        lambda: db.write(known_good.add, workspace.user, "classify", [image], must_pass=False),
    ):
        with pytest.raises(UsageError) as raised:
            refused()
        assert raised.value.code == "withheld"
    set_id, _ = db.write(sets.add, name="two", kind="folder", image_ids=[get(workspace, seen).image_id, image])
    with pytest.raises(UsageError, match="staged"):
        db.write(sets.choose, uid, set_id, image)


def test_the_gallery_hears_of_pictures_that_come_into_use_and_go(workspace: Workspace, stage: Stage) -> None:
    first = stage(1)
    image = get(workspace, first).image_id
    before = workspace.db.read(events.latest)
    decide(workspace, [first], "accepted")
    assert workspace.db.read(gallery.news, before).live == {image}
    before = workspace.db.read(events.latest)
    second = stage(2, replaces=first)
    news = workspace.db.read(gallery.news, before)
    assert news.gone == {image, get(workspace, second).image_id}
    told = {event.target for event in workspace.db.read(events.since, before) if event.kind == "capture"}
    assert told == {str(first), str(second)}


def test_accepting_gives_the_class_of_the_item_and_one_undo_takes_both_back(workspace: Workspace, stage: Stage) -> None:
    m3, plain = item(workspace, "M3 screw", "m3"), item(workspace, "something")
    first, second = stage(1, item_id=m3), stage(2, item_id=plain)
    decide(workspace, [first, second], "accepted")
    assert (label_of(workspace, first), label_of(workspace, second)) == ("m3", None)
    assert workspace.db.read(labels.classes)[0].images == 1
    with pytest.raises(NotFoundError):
        workspace.db.write(journal.undo, workspace.user.uid, "label")
    undo(workspace)
    assert states(workspace, first, second) == ["staged", "staged"]
    assert label_of(workspace, first) is None
    redo(workspace)
    assert label_of(workspace, first) == "m3"


def test_what_a_person_said_is_never_overwritten_by_an_item(
    workspace: Workspace, add_images: AddImages, stage: Stage
) -> None:
    uid = workspace.user.uid
    m3, m4 = item(workspace, "M3", "m3"), item(workspace, "M4", "m4")
    (there,) = add_images(1)
    workspace.db.write(labels.set_label, uid, there, None, state="empty")
    first, second = stage(0, item_id=m3), stage(1, item_id=m3)
    decide(workspace, [first, second], "accepted")
    assert label_of(workspace, first) == "empty"
    workspace.db.write(labels.set_label, uid, get(workspace, second).image_id, "m4")
    workspace.db.write(captures.assign, uid, [second], item_id=m4)
    workspace.db.write(captures.assign, uid, [second], item_id=m3)
    for _ in range(3):
        undo(workspace)
    assert label_of(workspace, second) == "m4"
    assert states(workspace, second) == ["staged"]


def test_a_label_that_came_from_the_item_follows_it(workspace: Workspace, stage: Stage) -> None:
    uid = workspace.user.uid
    m3, m4, plain = item(workspace, "M3", "m3"), item(workspace, "M4", "m4"), item(workspace, "plain")
    one = stage(1, item_id=m3)
    decide(workspace, [one], "accepted")
    undo(workspace)
    redo(workspace)
    assert workspace.db.write(captures.assign, uid, [one], item_id=m4) == [one]
    assert label_of(workspace, one) == "m4"
    workspace.db.write(captures.assign, uid, [one], item_id=plain)
    assert label_of(workspace, one) is None
    undo(workspace)
    undo(workspace)
    assert (label_of(workspace, one), get(workspace, one).item) == ("m3", "M3")


def test_a_class_counts_only_pictures_in_use(workspace: Workspace, stage: Stage) -> None:
    first = stage(1, item_id=item(workspace, "M3", "m3"))
    decide(workspace, [first], "accepted")
    second = stage(2, replaces=first)
    assert workspace.db.read(labels.classes)[0].images == 0
    decide(workspace, [second], "accepted")
    assert workspace.db.read(labels.classes)[0].images == 1
    undo(workspace)
    undo(workspace)
    assert workspace.db.read(labels.classes)[0].images == 1


def test_the_item_of_a_compartment_is_taken_and_can_be_changed(workspace: Workspace, stage: Stage) -> None:
    uid = workspace.user.uid
    m3 = item(workspace, "M3", "m3")
    place = workspace.db.write(compartments.add, uid, "A-01")
    workspace.db.write(compartments.place, uid, place.id, m3)
    first = stage(1, compartment_id=place.id)
    assert (get(workspace, first).compartment, get(workspace, first).item) == ("A-01", "M3")
    second = stage(2, replaces=first)
    assert get(workspace, second).item_id == m3
    assert workspace.db.write(captures.assign, uid, [second], compartment_id=None) == [second]
    assert workspace.db.write(captures.assign, uid, [second], compartment_id=None) == []
    assert (get(workspace, second).compartment_id, get(workspace, second).item_id) == (None, m3)
    undo(workspace)
    assert get(workspace, second).compartment_id == place.id
    with pytest.raises(NotFoundError):
        stage(3, compartment_id=999)
    with pytest.raises(NotFoundError):
        workspace.db.write(captures.assign, uid, [second], item_id=999)


def test_pages_go_both_ways_by_key_and_by_what_they_show(workspace: Workspace, stage: Stage) -> None:
    ids = [stage(n, item_id=None) for n in range(7)]
    decide(workspace, ids[::2], "accepted")

    def walk(**filters: Any) -> list[int]:
        found: list[int] = []
        while page := workspace.db.read(captures.page, beyond=found[-1] if found else None, limit=2, **filters):
            found += [one.id for one in page]
        return found

    assert walk() == ids[::-1]
    assert walk(newest=False) == ids
    assert walk(state="accepted", newest=False) == ids[::2]
    assert [one.id for one in workspace.db.read(captures.many, [ids[3], 999, ids[1]])] == [ids[3], ids[1]]


def test_what_was_found_in_a_picture_later_is_kept(workspace: Workspace, stage: Stage) -> None:
    one = stage(1, checks={"blur": 0.5}, codes=["A-01", "ünï"])
    assert (get(workspace, one).checks, get(workspace, one).codes) == ({"blur": 0.5}, ["A-01", "ünï"])
    workspace.db.write(captures.keep_checks, one, {"blur": 0.25}, [])
    assert (get(workspace, one).checks, get(workspace, one).codes) == ({"blur": 0.25}, [])
    decide(workspace, [one], "accepted")
    assert not undo(workspace).stale


def test_accepting_thousands_at_once_is_one_decision(workspace: Workspace) -> None:
    def many(db: Any) -> list[int]:
        return [captures.stage(db, workspace.user.uid, NewCapture(image=row(n)))[0] for n in range(2000)]

    ids = workspace.db.write(many)
    assert decide(workspace, ids, "accepted") == ids
    assert workspace.db.read(images.count) == 2000
    assert len(undo(workspace).turned) == 2000
    assert workspace.db.read(captures.counts)["staged"] == 2000
