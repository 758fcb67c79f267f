"""One image of Similar as large as there is room."""

from __future__ import annotations

from typing import Protocol, cast

from binscout_tui.commands.similar import FULL
from binscout_tui.screens.gallery_full import FullView


class NearHost(Protocol):
    """The screen around it."""

    def show_near(self, image_id: int | None) -> None:
        """Show what looks like an image."""


class SimilarFull(FullView, inherit_bindings=False):
    """The gallery's full view; what is decided on its image is up to the screen."""

    SCOPE = FULL
    BINDINGS = FULL.bindings()

    def action_near(self) -> None:
        """What looks like this image."""
        image = self.shown.row.image.id if self.shown is not None else None
        cast(NearHost, self.screen).show_near(image)
