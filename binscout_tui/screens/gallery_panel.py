"""The gallery: the details of an image beside the pictures, and its title."""

from __future__ import annotations

import sqlite3

import msgspec
from textual.timer import Timer

from binscout_tui.browsing import panel as sizes
from binscout_tui.errors import NotFoundError
from binscout_tui.screens import gallery_details as lines
from binscout_tui.screens.base import dialog
from binscout_tui.screens.gallery_sidebar import SidebarGrid
from binscout_tui.store import details, texts
from binscout_tui.store.details import Details
from binscout_tui.store.journal import Change
from binscout_tui.widgets.details_panel import DetailsPanel
from binscout_tui.widgets.grid_layout import LEAST_WIDTH

RESTED_S = 0.06
"""So long one looks at an image before its details are read: who goes on sooner does not wait for them."""


class PanelGrid(SidebarGrid):
    """The grid with the details of an image."""

    def __init__(self) -> None:
        super().__init__()
        self._resting: Timer | None = None
        self._details: Details | None = None

    # Which of the two, and how large.

    @property
    def panel(self) -> DetailsPanel:
        """The details beside what is shown now, the grid or one image in full."""
        return self.query_one("#full-details" if self.is_full else "#gallery-details", DetailsPanel)

    @property
    def panel_size(self) -> sizes.Size:
        """How much is told beside what is shown now."""
        kept = self._place.full_panel if self.is_full else self._place.panel
        return sizes.shown(kept, 0 if self.is_full else self.size.width)

    @property
    def shows_details(self) -> bool:
        """Whether there are details beside it."""
        return self.panel_size != "off"

    def _lay_out_panel(self) -> None:
        size, here = self.panel_size, self.panel
        sidebar = self.sidebar
        room = self.size.width
        if not self.is_full and sidebar.has_class("-pinned") and sidebar.display and sidebar.styles.width is not None:
            room -= int(sidebar.styles.width.value)
        here.styles.width = sizes.columns(size, room, LEAST_WIDTH[self.grid.tile_size]) or 1
        here.display = size != "off"
        self.set_class(self.shows_details and not self.is_full, "-details")

    async def action_panel(self) -> None:
        """More details, or none after the most."""
        size = sizes.following(self.panel_size)
        field = "full_panel" if self.is_full else "panel"
        self._place = msgspec.structs.replace(self._place, **{field: size})
        if size == "off" and self.panel.has_focus:
            self.leave_panel()
        self._keep_soon()
        self.tell_details()
        if not self.is_full:
            self.waits()
            self._await_grid()

    def action_read_panel(self) -> None:
        """The details have the keys."""
        self.panel.focus()

    def leave_panel(self) -> None:
        """The pictures have the keys again."""
        self.set_focus(self.full if self.is_full else None)

    def go_up(self) -> bool:
        """Esc and q lead from the details to the pictures."""
        if self.panel.has_focus:
            self.leave_panel()
            return True
        return super().go_up()

    # What they say.

    def tell_details(self) -> None:
        """Say what is known of the image here, and read the rest when one rests on it."""
        self._lay_out_panel()
        if self._resting is not None:
            self._resting.stop()
            self._resting = None
        if not self.shows_details:
            return
        self._say_details()
        self._resting = self.set_timer(RESTED_S, self._rested)

    def _say_details(self) -> None:
        here, found = self.here, self._details
        marked = here in self.grid.marks
        if found is not None and found.image.id == here:
            self.panel.show(here, lines.lines(found, self.panel_size, marked=marked))
            return
        row = self.desk.known(here) if self.desk is not None and here is not None else None
        self.panel.show(here, lines.brief(row, marked=marked))

    def _rested(self) -> None:
        self._resting = None
        here = self.here
        if here is not None:
            self.run_worker(
                self._read_details(here),
                group="details",
                exclusive=True,
                exit_on_error=False,
                description=f"reading the details of image {here}",
            )

    async def _read_details(self, image_id: int) -> None:
        try:
            found = await self.ws.db.read(details.details, image_id)
        except NotFoundError:
            found = None  # it went meanwhile, and the list of images follows
        if self.here == image_id:
            self._details = found
            self._say_details()

    # Titles.

    @dialog(description="asking for a title")
    async def action_title(self) -> None:
        """Ask for a title."""
        from binscout_tui.dialogs.ask import Ask

        here = self.here
        if here is None:
            return
        self.ws.user.must_be("operator", "Giving titles")
        before = (await self.ws.db.read(texts.get, here)).title
        text = "It is found by its words, with text: or title: in a filter. An empty line takes it away."
        wanted = await self.app.push_screen_wait(Ask(f"Title of image {here}", text, before, may_be_empty=True))
        if wanted is None:
            return

        def decide(db: sqlite3.Connection, uid: int, ids: list[int], batch: int) -> Change:
            made = [texts.set_title(db, uid, one, wanted) for one in ids]
            return Change(sum(one is not None for one in made), batch or next((one for one in made if one), 0))

        def said(changed: int, asked: int) -> str:
            if not changed:
                return "That is its title already." if wanted else "It has no title."
            return f"The title is “{wanted}”." if wanted else "It has no title any more."

        await self.decide_marked(decide, "Giving titles", said, ids=[here])
