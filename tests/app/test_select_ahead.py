"""The next set is ready before its key: its pictures are asked for at the size that they will have."""

from __future__ import annotations

from pathlib import Path

import pytest

from binscout_tui.app import BinScoutApp
from binscout_tui.store import sets, suggestions
from binscout_tui.terminal.overlay import Box
from binscout_tui.terminal.payload import Payload, Request
from binscout_tui.widgets.picture_store import store_of
from binscout_tui.workspace import Workspace

from .deciding import decide, open_area, press, ready
from .made_up import add_sets
from .selecting import screen, shown

Wish = tuple[Path, int, int, tuple[Box, ...], int]


def wish(request: Request) -> Wish:
    """What must be the same for a picture to be found ready."""
    return request.path, request.columns, request.rows, request.boxes, request.budget


def targets(app: BinScoutApp) -> set[Wish]:
    """What the frames show."""
    found = [frame.picture._loading.target for frame in screen(app).strip.frames if frame.member is not None]
    return {wish(target) for target in found if target is not None}


@pytest.mark.parametrize("sizes", [(2, 4), (4, 2), (3, 9), (5, 4)])
@pytest.mark.parametrize("width", [80, 113])
async def test_pictures_of_the_next_set_are_ready_at_the_size_of_their_frames(
    root: Path, app: BinScoutApp, sizes: tuple[int, int], width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = add_sets(root, sizes)
    with Workspace(root) as ws:
        members = ws.db.read(sets.get, ids[1]).images
        ws.db.write(suggestions.put, ids[1], "m-1", members[1].id, 0.9, (0.1, 0.1, 0.5, 0.5))
    async with app.run_test(size=(width, 24)) as pilot:
        await open_area(pilot, "select")
        await press(pilot, "t")
        await ready(pilot)
        desk, strip = screen(app).desk, screen(app).strip
        assert desk is not None
        assert desk.following is not None
        payloads, asked = store_of(app).payloads, list[Request]()
        known = payloads.ready

        def listen(request: Request) -> Payload | None:
            asked.append(request)
            return known(request)

        monkeypatch.setattr(payloads, "ready", listen)
        strip.prefetch(screen(app)._members(desk, desk.following))
        monkeypatch.undo()
        await decide(pilot, "1")
        await ready(pilot)
        assert shown(app) == ids[1]
        assert targets(app) == {wish(request) for request in asked}
