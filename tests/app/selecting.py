"""What is on the screen of Select, and what is in the store."""

from __future__ import annotations

from binscout_tui.app import BinScoutApp
from binscout_tui.screens.select import SelectScreen
from binscout_tui.store import sets
from binscout_tui.store.sets import ImageSet
from binscout_tui.widgets.picture_frame import PictureFrame


def screen(app: BinScoutApp) -> SelectScreen:
    """The select screen."""
    assert isinstance(app.screen, SelectScreen)
    return app.screen


async def stored(app: BinScoutApp, set_id: int) -> ImageSet:
    """A set as it is in the store."""
    return await app.workspace.db.read(sets.get, set_id)


def chosen(found: ImageSet) -> int | None:
    """The number of the chosen image, from 1."""
    positions = [i for i, image in enumerate(found.images, 1) if image.id == found.chosen_image_id]
    return positions[0] if positions else None


def shown(app: BinScoutApp) -> int | None:
    """The set on the screen."""
    found = screen(app).current
    return found.id if found else None


def frames(app: BinScoutApp, name: str) -> list[int]:
    """Numbers of the frames with a class."""
    return [frame.position + 1 for frame in app.screen.query(PictureFrame) if frame.has_class(name) and frame.display]
