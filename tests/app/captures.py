"""Captures as the process that takes pictures writes them, and that process played by the test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from binscout_tui.store import capture_sources, captures, compartments, items
from binscout_tui.store.capture_sources import Request
from binscout_tui.store.captures import NewCapture, NewFailure
from binscout_tui.workspace import Workspace

from .made_up import _new

CAMERA = {"argv": ["true"]}
WARNED = {"findings": [{"check": "blur", "level": "warn", "sentence": "The photo is blurred or shaken."}]}
FINE = {
    "findings": [
        {"check": "blur", "level": "ok", "sentence": "The photo is sharp."},
        {"check": "size", "level": "ok", "sentence": "400 x 300 pixels."},
    ]
}


def new(ws: Workspace, number: int, **values: Any) -> NewCapture:
    """A picture that differs from those with other numbers, with its previews."""
    previews = values.pop("previews", True)
    return NewCapture(
        image=_new(number, ws.paths.previews, previews=previews),
        **{"checks": FINE, "origin": f"p{number}.jpg"} | values,
    )


def stage(root: Path, *numbers: int, **values: Any) -> list[int]:
    """Stage a picture a number; the captures' ids."""
    with Workspace(root) as ws:
        return [ws.db.write(captures.stage, ws.user.uid, new(ws, number, **values))[0] for number in numbers]


def stage_many(root: Path, count: int, first: int = 5000) -> None:
    """Stage many pictures in one transaction, without previews."""
    with Workspace(root) as ws:

        def enter(db: Any) -> None:
            for number in range(first, first + count):
                captures.stage(db, ws.user.uid, new(ws, number, previews=False))

        ws.db.write(enter)


def fail(root: Path, origin: str, **values: Any) -> int:
    """A picture that could not be had."""
    with Workspace(root) as ws:
        failure = NewFailure(code="truncated", error="The file ends too early.", origin=origin, **values)
        return ws.db.write(captures.fail, ws.user.uid, failure)[0]


def add_source(root: Path, name: str = "cam", kind: str = "command", config: dict[str, Any] | None = None) -> int:
    """A source that is ready."""
    with Workspace(root) as ws:
        made = ws.db.write(capture_sources.add, ws.user.uid, name, kind, config or CAMERA)  # type: ignore[arg-type]
        ws.db.write(capture_sources.set_state, made.id, "ready")
        return made.id


def add_place(root: Path, code: str, item: str = "", *, organiser: str = "drawer A", target: int | None = None) -> int:
    """A compartment, with an item placed in it when one is named; its id."""
    with Workspace(root) as ws:
        uid = ws.user.uid
        made = ws.db.write(compartments.add, uid, code, organiser=organiser)
        if item:
            there = ws.db.read(items.by_name, item) or ws.db.write(items.add, uid, item, target=target)
            ws.db.write(compartments.place, uid, made.id, there.id)
        return made.id


def take(root: Path, number: int, **values: Any) -> int | None:
    """Take the picture that was asked for first, as the process with the cameras does; the capture's id."""
    with Workspace(root) as ws:
        asked = ws.db.write(capture_sources.next_request)
        assert asked is not None, "nothing was asked for"
        return ws.db.write(capture_sources.deliver, asked.id, new(ws, number, **values))


def refuse(root: Path, error: str) -> None:
    """Fail what was asked for first."""
    with Workspace(root) as ws:
        asked = ws.db.write(capture_sources.next_request)
        assert asked is not None
        ws.db.write(capture_sources.deliver, asked.id, NewFailure(code="camera", error=error, origin="cam"))


def asked(root: Path) -> list[Request]:
    """What was asked for and not taken yet."""
    with Workspace(root) as ws:
        return ws.db.read(capture_sources.open_requests)


def states(root: Path) -> dict[int, str]:
    """{capture id: state}."""
    with Workspace(root) as ws:
        return {one.id: one.state for one in ws.db.read(captures.page, limit=10_000, newest=False)}


def capture(root: Path, capture_id: int) -> captures.Capture:
    """A capture as it is in the store."""
    with Workspace(root) as ws:
        return ws.db.read(captures.get, capture_id)


def withheld(root: Path, capture_id: int) -> str | None:
    """Whether its image is kept out of everything."""
    from binscout_tui.store import images

    with Workspace(root) as ws:
        found = ws.db.read(captures.get, capture_id)
        assert found.image_id is not None
        return msgspec.to_builtins(ws.db.read(images.get, found.image_id).withheld)
