"""What earlier captures have to do with a new one."""

from __future__ import annotations

from pathlib import Path

import msgspec

from binscout_tui.store import captures, compartments, near
from binscout_tui.store.captures import NewCapture
from binscout_tui.workspace import Workspace
from tests.conftest import row


def staged(workspace: Workspace, number: int, **changes: object) -> int:
    """A staged capture of a picture of its own."""
    image = row(number, origin="captured", phash=(1 << 63) + number)
    new = msgspec.structs.replace(NewCapture(image=image, origin="test"), **changes)
    capture_id, added = workspace.db.write(captures.stage, workspace.user.uid, new)
    assert added
    return capture_id


def image_of(workspace: Workspace, capture_id: int) -> int:
    image_id = workspace.db.read(captures.get, capture_id).image_id
    assert image_id is not None
    return image_id


def test_hashes_come_in_parts_unsigned_and_only_of_captures(workspace: Workspace, add_images: object) -> None:
    add_images(2)  # type: ignore[operator]
    made = [staged(workspace, 100 + number) for number in range(5)]
    ids, hashes = workspace.db.read(near.hashes_after, 0, 3)
    assert ids == [image_of(workspace, one) for one in made[:3]]
    assert hashes == [(1 << 63) + 100 + number for number in range(3)]
    assert workspace.db.read(near.hashes_after, ids[-1])[0] == [image_of(workspace, one) for one in made[3:]]
    assert workspace.db.read(near.hashes_after, 10_000) == ([], [])


def test_only_captures_in_use_are_compared_and_never_the_one_that_is_retaken(workspace: Workspace) -> None:
    one, two, three = (staged(workspace, number) for number in (1, 2, 3))
    ids = [image_of(workspace, capture) for capture in (one, two, three)]
    uid = workspace.user.uid
    assert [found for found, _ in workspace.db.read(near.comparable, ids)] == [three, two, one]
    assert [found for found, _ in workspace.db.read(near.comparable, ids, two)] == [three, one]
    workspace.db.write(captures.decide, uid, [three], "rejected")
    workspace.db.write(captures.decide, uid, [two], "accepted")
    assert workspace.db.read(near.comparable, ids) == [(two, f"{2:064x}"), (one, f"{1:064x}")]
    assert workspace.db.read(near.comparable, []) == []


def test_the_same_bytes_are_found_in_any_state(workspace: Workspace) -> None:
    one = staged(workspace, 1)
    workspace.db.write(captures.decide, workspace.user.uid, [one], "rejected")
    assert workspace.db.read(near.same_bytes, f"{1:064x}") == one
    assert workspace.db.read(near.same_bytes, f"{1:064x}", one) is None
    assert workspace.db.read(near.same_bytes, f"{2:064x}") is None


def test_accepted_captures_of_the_compartment_lend_their_sharpness(workspace: Workspace, tmp_path: Path) -> None:
    uid = workspace.user.uid
    here = workspace.db.write(compartments.add, uid, "A 1").id
    there = workspace.db.write(compartments.add, uid, "A 2").id
    made = [
        staged(workspace, number, compartment_id=place, checks=checks)
        for number, (place, checks) in enumerate(
            [
                (here, {"measures": {"focus": 20.5}}),
                (here, {}),
                (there, {"measures": {"focus": 99.0}}),
                (here, {"measures": {"focus": 30.0}}),
                (here, {"measures": {"focus": 40.0}}),
            ]
        )
    ]
    assert workspace.db.read(near.accepted_focus, here) == []
    workspace.db.write(captures.decide, uid, made[:4], "accepted")
    assert workspace.db.read(near.accepted_focus, here) == [30.0, 20.5]
    assert workspace.db.read(near.accepted_focus, here, 1) == [30.0]
