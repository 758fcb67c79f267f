"""Very many images as tiles of one widget: pictures, captions, a cursor, marks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from textual import events
from textual.message import Message

from binscout_tui.widgets.grid_items import GridItem
from binscout_tui.widgets.grid_layout import GridLayout, TileSize
from binscout_tui.widgets.grid_seeing import GridSeeing

RIGHT_BUTTON = 3


class ImageGrid(GridSeeing, can_focus=False):
    """Tiles of images by their ids, of which any number may be given: only those that are seen cost anything.

    The screen that holds it owns the keys, and answers `Wanted` with `give`. The grid scrolls by whole rows of tiles.
    """

    DEFAULT_CSS = """
    ImageGrid {
        width: 1fr;
        height: 1fr;
        overflow-x: hidden;
        overflow-y: scroll;
        scrollbar-size-vertical: 1;
    }
    ImageGrid > .image-grid--caption { color: $text-muted; }
    ImageGrid > .image-grid--cursor { color: $background; background: $accent; text-style: bold; }
    ImageGrid > .image-grid--mark { color: $success; text-style: bold; }
    ImageGrid > .image-grid--quiet { color: $text-disabled; }
    ImageGrid > .image-grid--problem { color: $warning; }
    """
    COMPONENT_CLASSES = {
        "image-grid--caption",
        "image-grid--cursor",
        "image-grid--mark",
        "image-grid--quiet",
        "image-grid--problem",
    }

    @dataclass
    class Wanted(Message):
        """Something is to be known of these images, the most urgent first: `give` it."""

        grid: ImageGrid
        ids: tuple[int, ...]

    @dataclass
    class Damaged(Message):
        """The preview of an image that is seen cannot be shown; `give` it again when there is a better one."""

        grid: ImageGrid
        id: int

    @dataclass
    class CursorMoved(Message):
        """The cursor stands on another image."""

        grid: ImageGrid
        id: int
        position: int

    @dataclass
    class Opened(Message):
        """The image under the cursor was clicked."""

        grid: ImageGrid
        id: int

    @dataclass
    class Marked(Message):
        """A tile was clicked with ctrl to mark it or not, or with shift to mark all `up_to` it; it has the cursor."""

        grid: ImageGrid
        id: int
        up_to: bool

    @dataclass
    class Asked(Message):
        """A tile was clicked with the right button; it has the cursor."""

        grid: ImageGrid
        id: int

    def __init__(
        self,
        *,
        tile_size: TileSize = TileSize.M,
        empty: str = "no images",
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(tile_size, empty, id, classes)

    @property
    def ids(self) -> Sequence[int]:
        """The ids as they were given."""
        return self._place.ids

    @property
    def cursor(self) -> int:
        """The position under the cursor, -1 where there is nothing."""
        return self._place.cursor

    @property
    def cursor_id(self) -> int | None:
        """The id under the cursor."""
        return self._place.cursor_id

    @property
    def columns(self) -> int:
        """Tiles side by side."""
        return self._place.layout.columns

    @property
    def rows_a_page(self) -> int:
        """Whole rows of tiles that are seen."""
        return self._place.layout.rows

    @property
    def page_ids(self) -> tuple[int, ...]:
        """The ids of the tiles that are seen."""
        return tuple(self._place.seen)

    @property
    def without_picture(self) -> frozenset[int]:
        """Those that are seen without their picture: it cannot be shown, or is not there yet."""
        return frozenset(tile.id for tile in self._tiles if tile.payload is None)

    @property
    def damaged_ids(self) -> frozenset[int]:
        """Those that are seen whose picture cannot be shown."""
        return frozenset(tile.id for tile in self._tiles if tile.problem)

    # -- images ------------------------------------------------------------------------------------------

    def show(self, ids: Sequence[int], cursor: int | None = None) -> None:
        """Show these images. The cursor goes to the id `cursor`, or stays on its image, else where it was."""
        before = self.cursor_id
        self._place.show(ids, before if cursor is None else cursor)
        self._lay_out()
        self.moved_from(before)

    def give(self, items: Iterable[GridItem]) -> None:
        """What is known of images; those that are seen are drawn, where something of them is new."""
        self._take_in(items)

    def forget(self, ids: Iterable[int]) -> None:
        """What is known of these is old: it is asked for again; until it comes the old is shown."""
        self._known.forget(ids)
        self._ask()

    def wants(self, ids: tuple[int, ...]) -> None:
        """Ask the screen."""
        self.post_message(self.Wanted(self, ids))

    def damaged(self, image: int) -> None:
        """Tell the screen."""
        self.post_message(self.Damaged(self, image))

    # -- moving ------------------------------------------------------------------------------------------

    def move(self, columns: int = 0, rows: int = 0) -> None:
        """Move the cursor; beyond the ends it stays where it is, beyond a row it goes on in the next."""
        self._go(self._place.beside(columns, rows))

    def page(self, by: int = 1) -> None:
        """Move by so many pages; the cursor keeps its place on the page as far as there are images."""
        self._go(*self._place.turned(by))

    def to_start(self) -> None:
        """To the first image."""
        self._go(0)

    def to_end(self) -> None:
        """To the last image."""
        self._go(len(self.ids) - 1)

    def go_to(self, image: int) -> bool:
        """To the image with this id; False where it is not among those shown."""
        position = self._place.find(image)
        self._go(position)
        return position >= 0

    def _go(self, position: int, first_row: int | None = None) -> None:
        if not 0 <= position < len(self.ids):
            return
        before, before_id = self.cursor, self.cursor_id
        if self._place.go(position, first_row):
            self._scrolled()
        elif position != before:
            self._refresh_caption(before)
            self._refresh_caption(position)
        self.moved_from(before_id)

    def moved_from(self, before: int | None) -> None:
        """Tell the screen where the cursor is now."""
        image = self.cursor_id
        if image is not None and image != before:
            self.post_message(self.CursorMoved(self, image, self.cursor))

    # -- the mouse ---------------------------------------------------------------------------------------

    def on_click(self, event: events.Click) -> None:
        """Move to the clicked tile; a click on the tile under the cursor opens it."""
        offset = event.get_content_offset(self)
        position = self._place.layout.at(offset.x, offset.y, self._place.first_row) if offset is not None else None
        if position is None or position >= len(self.ids):
            return
        if event.button == RIGHT_BUTTON or event.ctrl or event.shift:
            self._go(position)
            image = self.ids[position]
            asks = event.button == RIGHT_BUTTON
            self.post_message(self.Asked(self, image) if asks else self.Marked(self, image, event.shift))
        elif position == self.cursor:
            self.post_message(self.Opened(self, self.ids[position]))
        else:
            self._go(position)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """One row of tiles; the cursor stays on its image while that is seen."""
        event.stop()
        event.prevent_default()
        self._scroll_rows(self._place.first_row + 1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """One row of tiles; the cursor stays on its image while that is seen."""
        event.stop()
        event.prevent_default()
        self._scroll_rows(self._place.first_row - 1)


__all__ = ["GridItem", "GridLayout", "ImageGrid", "TileSize"]
