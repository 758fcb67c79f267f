"""Screens with a grid whose keys decide on the page that is seen."""

from __future__ import annotations

from textual import on

from binscout_tui.screens.deciding import DecidingScreen
from binscout_tui.widgets.image_grid import ImageGrid

LOOK_S = 0.03


class GridDecidingScreen(DecidingScreen):
    """A key decides when every picture of the page was on the screen, and no other page has taken its place since."""

    def __init__(self) -> None:
        super().__init__()
        self._seen_page: tuple[int, ...] = ()

    @property
    def grid(self) -> ImageGrid:
        """The tiles."""
        raise NotImplementedError

    def seen(self) -> None:
        """The page is on the screen."""
        self._seen_page = self.grid.page_ids
        super().seen()

    def _may_be_meant(self, moment: float) -> bool:
        return self._seen_page == self.grid.page_ids and super()._may_be_meant(moment)

    def await_page(self) -> None:
        """Another page, or other pictures: no key decides before they are on the screen."""
        self.waits()
        self.call_after_refresh(self._look)

    def page_moved(self) -> None:
        """The cursor has moved, and perhaps the page with it."""
        if self._seen_page != self.grid.page_ids:
            self.await_page()

    @on(ImageGrid.CursorMoved)
    def _cursor_moved(self) -> None:
        self.page_moved()
        self.tell()

    def tell(self) -> None:
        """The lines around the pictures."""

    def _is_there(self) -> bool:
        return self.grid.is_on_screen or not self.grid.ids

    def _look(self) -> None:
        if self.is_seen:
            return
        if self._is_there():
            # What became true just now is painted with the next refresh.
            self.call_after_refresh(self._painted, self.grid.page_ids)
        else:
            self.set_timer(LOOK_S, self._look)

    def _painted(self, page: tuple[int, ...]) -> None:
        if self.is_seen:
            return
        if page == self.grid.page_ids and self._is_there():
            self.seen()
        else:
            self._look()
