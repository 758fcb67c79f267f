"""The filter of the gallery: typed on a line in place of the header, kept with the place."""

from __future__ import annotations

from textual import events, on

from binscout_tui.browsing.desk import GalleryDesk
from binscout_tui.browsing.place import Place
from binscout_tui.errors import NotFoundError
from binscout_tui.filtering.errors import FilterError
from binscout_tui.screens.gallery_grid import GridScreen
from binscout_tui.store import saved_filters
from binscout_tui.widgets.filter_bar import FilterBar
from binscout_tui.workers.filter_words import FilterWords

DROPPED = "All images are shown: what the filter names is not there any more."


class FilteredGrid(GridScreen):
    """The grid over what a filter lets through."""

    def __init__(self) -> None:
        super().__init__()
        self._left: int | None = None

    @property
    def is_filtered(self) -> bool:
        """Whether a filter leaves images out."""
        return self.desk is not None and self.desk.is_filtered

    @property
    def is_in_trash(self) -> bool:
        """Whether the images here are those in the trash."""
        return self.desk is not None and self.desk.is_in_trash

    @property
    def bar(self) -> FilterBar:
        """The line to type a filter on."""
        return self.query_one(FilterBar)

    async def _open_desk(self, place: Place) -> GalleryDesk:
        """The images of a place; where its filter makes no sense any more, all of them."""
        desk = GalleryDesk(self.ws)
        try:
            text = await self.ws.db.read(saved_filters.resolved, place.filter)
            await desk.open(place.order, place.image, text)
        except (FilterError, NotFoundError):
            await desk.open(place.order, place.image)
            self._tell_dropped()
        return desk

    def _load_rest(self) -> None:
        if self.desk is not None:
            self.run_worker(
                self.desk.load_rest(self._grown),
                group="ids",
                exclusive=True,
                exit_on_error=False,
                description="reading the list of images",
            )

    def _grown(self) -> None:
        """More ids are known; nothing moves."""
        if self.desk is not None:
            self.grid.show(self.desk.ids)
            self._tell()

    async def _go_to(self, image_id: int | None) -> None:
        """Show an image or the one that has taken its place, in full or in the grid as before."""
        raise NotImplementedError

    # The line.

    async def on_key(self, event: events.Key) -> None:
        """Letters that came before the line was there belong to it."""
        self.bar.take_ahead(event)

    def action_filter(self) -> None:
        """Type a filter."""
        if self.desk is not None:
            # New ones each time: a name that was hidden since must not be offered, not even until the others are read.
            self.bar.open(FilterWords(self.ws), self.desk.filter_text)

    @on(FilterBar.Applied)
    async def _applied(self, event: FilterBar.Applied) -> None:
        await self.told(self._filter(event.text), "gallery.filter")

    @on(FilterBar.Cleared)
    async def _cleared(self) -> None:
        await self.told(self._filter(""), "gallery.filter")

    async def action_unfilter(self) -> None:
        """All images again; the cursor stays on its image."""
        await self._filter("")

    async def _filter(self, text: str) -> None:
        desk = self.desk
        if desk is None or text == desk.filter_text:
            return
        here = self.here if self.here is not None else self._left
        wanted = await desk.filter(text, here)
        self._left = here
        if self.grid.marks:
            # What one cannot see must not go to the trash with what is marked.
            self.grid.marks = await desk.among(self.grid.marks)
        await self._go_to(wanted)
        self._keep_soon()
        self._load_rest()

    async def _drop_filter(self) -> None:
        """A name in it exists no more."""
        self._tell_dropped()
        await self._filter("")

    def _tell_dropped(self) -> None:
        """Without the name, which may be one that was hidden."""
        self.frame.toast(DROPPED, "warning")
