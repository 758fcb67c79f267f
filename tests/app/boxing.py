"""What is on the screen of Boxes, and what is in the store."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot

from binscout_tui.app import BinScoutApp
from binscout_tui.screens.boxes import BoxesScreen
from binscout_tui.store import box_drafts, box_labels, labels
from binscout_tui.store.box_labels import Boxes

from .deciding import ready
from .driving import screen_text

MIDDLE = pytest.approx((0.25, 0.25, 0.75, 0.75))


def screen(app: BinScoutApp) -> BoxesScreen:
    """The screen of boxes."""
    assert isinstance(app.screen, BoxesScreen)
    return app.screen


def shown(app: BinScoutApp) -> int | None:
    """The image on the screen."""
    found = screen(app).shown
    return found.image.id if found else None


def status(app: BinScoutApp) -> str:
    """The line that says what is known of the image."""
    return screen_text(app)[1]


async def stored(app: BinScoutApp, image_id: int) -> Boxes:
    """The boxes of an image as they are kept."""
    return await app.workspace.db.read(box_labels.get, image_id)


async def names(app: BinScoutApp, image_id: int) -> list[str | None]:
    """The classes of the kept boxes of an image from top to bottom."""
    known = {one.id: one.name for one in await app.workspace.db.read(labels.classes)}
    return [known.get(one.class_id or 0) for one in (await stored(app, image_id)).boxes]


async def drafted(app: BinScoutApp, image_id: int) -> list[Any]:
    """The places of the boxes of this person's draft on an image."""
    found = await app.workspace.db.read(box_drafts.get, app.workspace.user.uid, image_id)
    return [one.box for one in found.boxes] if found else []


async def written_down(pilot: Pilot[Any]) -> None:
    """Wait until what was drawn is on the disk."""
    desk = screen(pilot.app).desk  # type: ignore[arg-type]
    while desk is not None and not desk.is_saved:
        await pilot.pause()


async def shows(pilot: Pilot[Any], image_id: int) -> None:
    """Wait until this image is shown and keys count for it."""
    while shown(pilot.app) != image_id:  # type: ignore[arg-type]
        await pilot.pause()
    await ready(pilot)
