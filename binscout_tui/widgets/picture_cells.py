"""The cells of one picture: how it gets into a frame, and when it is known to be on the screen."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from rich.style import Style
from textual.geometry import Region, Size
from textual.reactive import Reactive
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from binscout_tui.terminal.graphics import Protocol
from binscout_tui.terminal.payload import Payload, Request
from binscout_tui.widgets.graphics_of import graphics_of
from binscout_tui.widgets.link import LINK_CHECK_S, link_is_busy
from binscout_tui.widgets.picture_kitty import KittyPlacing
from binscout_tui.widgets.picture_rows import caption_row, framed, words
from binscout_tui.widgets.picture_sending import SlowSending
from binscout_tui.widgets.picture_sixel import SixelPainter
from binscout_tui.widgets.picture_store import PictureStore, store_of
from binscout_tui.widgets.picture_tags import Tag, tagged


@dataclass(frozen=True, slots=True, eq=False)
class OnScreen:
    """What the cells show from the next frame on; `payload` has no pixels where the terminal holds them."""

    request: Request
    payload: Payload


class PictureCells(Widget):
    """Shows one payload, or words instead of it, and a caption below.

    Pixels for kitty and sixel go through the app's own writer together with the frame, so that they stay in order
    with it and a picture that no frame shows costs nothing.
    """

    ALLOW_SELECT = False  # a selection changes colours, and the colour of a placeholder is the picture's id
    virtual_size = Reactive(Size(0, 0), repaint=False)
    """Nothing around depends on it: Textual would lay out and paint the screen again whenever the room changes."""

    def __init__(self, *, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:
        self._sixel = SixelPainter(self, self._picture_region, self._sixel_pixels, self._write_pixels)
        super().__init__(name=name, id=id, classes=classes)
        self._kitty = KittyPlacing(self, lambda: self._store.held, self._write)
        self._lines: tuple[str, ...] = ()
        self._dim_words = True
        self._on_screen: OnScreen | None = None
        self._rows: list[Strip] = []
        self._tags: list[Tag] = []
        self._painted: OnScreen | None = None
        self._noted: OnScreen | None = None
        self._paint_due = False
        self._waiting: tuple[Request, Payload] | None = None
        self._slow = SlowSending(self, lambda: self._store.held, self._write, self._must_wait, self._put)

    # -- what the picture itself does with its cells ------------------------------------------------------

    @property
    def caption_text(self) -> str:
        """The line below the picture; "" for none."""
        return ""

    def _tags_of(self, request: Request, payload: Payload) -> list[Tag]:
        """The names that stand on the picture."""
        return []

    def frame_written(self, request: Request) -> None:
        """A frame that shows `request`, and nothing else, has been handed to the terminal."""

    def pixels_lost(self) -> None:
        """The terminal holds the pixels no longer, and they are not at hand."""

    def put(self, request: Request, payload: Payload) -> None:
        """Show a payload in the next frame, or, while the link to the terminal is busy, the latest one after that.

        A fine kitty picture goes out in pieces first; what is shown stays until it is there.
        """
        if self._slow.takes(request, payload):
            self._slow.begin(request, payload)
            return
        self._slow.stop()
        if self._waiting is None and not (self._on_screen is not None and self._link_is_busy()):
            self._put(request, payload)
        elif self._waiting is None:
            self.set_timer(LINK_CHECK_S, self._put_waiting)
            self._waiting = request, payload
        else:
            self._waiting = request, payload

    def _put_waiting(self) -> None:
        if self._waiting is None:
            return
        if self._link_is_busy():
            self.set_timer(LINK_CHECK_S, self._put_waiting)
            return
        waiting, self._waiting = self._waiting, None
        self._put(*waiting)

    def _must_wait(self) -> bool:
        return self._waiting is not None or self._link_is_busy()

    def _link_is_busy(self) -> bool:
        return link_is_busy(self.app)

    def _put(self, request: Request, payload: Payload) -> None:
        self._on_screen = OnScreen(request, payload)
        self._tags = self._tags_of(request, payload)
        self._rows = tagged(self._store.rows(request, payload), self._tags) if payload.runs is not None else []
        if payload.sixel is None:
            self._repaint()
        elif not self._paint_due:
            self._paint_due = True
            self.call_later(self._paint_over)

    def say(self, *lines: str, dim: bool = True) -> None:
        """Show words in place of a picture."""
        self._lines, self._dim_words = tuple(line for line in lines if line), dim
        self._on_screen, self._waiting, self._rows = None, None, []
        self._slow.stop()
        self._sixel.forget()
        self._repaint()
        if self.is_attached:
            self.call_after_refresh(self._words_written)

    def _exchange_repaint_regions(self) -> Collection[Region]:
        """What the next frame writes of this widget; the compositor asks right before it."""
        regions = super()._exchange_repaint_regions()
        # Where it is on the screen must not be asked here: amid a new layout that loses the events about new sizes.
        self._sixel.will_write(regions)
        return regions

    @property
    def _store(self) -> PictureStore:
        return store_of(self.app)

    @property
    def _on_top(self) -> bool:
        return self.is_attached and self.app.screen is self.screen

    @property
    def _in_sight(self) -> bool:
        """On the screen that a person sees, or below a modal; not in another area."""
        return self._on_top or (self.is_attached and self.screen in self.app._background_screens)

    def _protocol(self) -> Protocol:
        """Half blocks under a modal: it blends the colours below it, and a blended placeholder is another picture."""
        protocol = graphics_of(self.app).protocol
        if protocol in (Protocol.HALFBLOCK, Protocol.NONE):
            return protocol
        if not self._on_top or (protocol is Protocol.KITTY and self.app.console.color_system != "truecolor"):
            return Protocol.HALFBLOCK
        return protocol

    def _repaint(self) -> None:
        self.refresh()
        if self.is_attached and not self._on_top and self._in_sight:
            self.app.screen.refresh()

    def _write(self, data: str) -> None:
        driver = self.app._driver
        if driver is not None:
            driver.write(data)
            driver.flush()

    # -- into a frame and after it ------------------------------------------------------------------------

    def render_lines(self, crop: Region) -> list[Strip]:
        """Rows for the frame that is being made; kitty's pixels go before it, sixel's right after it."""
        shown = self._on_screen
        if shown is not None and not self._can_be_drawn(shown.request):
            return [Strip.blank(crop.width, self._ground)] * crop.height
        if shown is not None and shown.request.protocol is Protocol.KITTY and shown.payload.runs is None:
            rows = self._kitty.rows(shown.request, shown.payload, self._ground)
            self._rows = tagged(rows, self._tags) if rows else []
            if rows is None:
                self.call_later(self.pixels_lost)
        strips = super().render_lines(crop)
        if self._sixel_pixels() is not None:
            self._sixel.rows_asked()
        self._note_frame()
        return strips

    def _can_be_drawn(self, request: Request) -> bool:
        """Whether the terminal that is there now draws it: pixels made for another one are nonsense to it."""
        if request.protocol is Protocol.HALFBLOCK:
            return True
        graphics = graphics_of(self.app)
        cell = request.cell_width, request.cell_height
        return self._on_top and request.protocol is graphics.protocol and cell == graphics.cell

    def _note_frame(self) -> None:
        """Remember what the frame shows: others' frames ask for our rows too, and write none of them."""
        dirty = self.screen._dirty_widgets
        if self._on_screen is None or not (not self._on_top or self in dirty or self.screen in dirty):
            return
        if self._sixel_pixels() is None or self._picture_region() is None:
            self._written()

    def _written(self) -> None:
        self._painted = self._on_screen
        if self._noted is not self._on_screen:
            self._noted = self._on_screen
            self.call_later(self._after_frame)

    def _after_frame(self) -> None:
        shown = self._painted
        if shown is None or shown is not self._on_screen:
            return
        if shown.request.protocol is Protocol.KITTY:
            self._kitty.frame_written(shown.request)
        self.frame_written(shown.request)

    def _words_written(self) -> None:
        if self._on_screen is None:
            self._kitty.hidden()

    def _paint_over(self) -> None:
        """Sixel over sixel of the same shape needs no new cells, hence no blanks that flicker between them."""
        self._paint_due = False
        shown = self._on_screen
        if shown is None or shown.payload.sixel is None or shown is self._painted:
            return
        if not self._sixel.paint_over():
            self._repaint()

    def _write_pixels(self, data: str) -> None:
        self._write(data)
        self._written()

    # -- cells -------------------------------------------------------------------------------------------

    @property
    def _ground(self) -> Style:
        return Style(bgcolor=self.background_colors[1].rich_color)

    def _room_in_cells(self) -> tuple[int, int]:
        width, height = self.content_size
        return width, height - 1 if self._has_caption(height) else height

    def _has_caption(self, height: int) -> bool:
        return bool(self.caption_text) and height > 2

    def _refresh_caption(self) -> None:
        if self.size:
            self.refresh(Region(0, self.size.height - 1, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        """One row: of the picture, of the words instead of it, or the caption."""
        width, height = self.content_size
        if self._has_caption(height) and y == height - 1:
            return caption_row(self.caption_text, width, self.rich_style)
        if self._on_screen is None:
            return self._word_row(y, width)
        left, top = self._offset(self._on_screen.payload)
        if not top <= y < top + len(self._rows):
            return Strip.blank(width, self._ground)
        return framed(self._rows[y - top], left, width, self._ground).crop(0, width)

    def _word_row(self, y: int, width: int) -> Strip:
        room = self._room_in_cells()
        style = self.rich_style + Style(dim=self._dim_words)
        return words(self._lines, room[0], room[1], style)[y] if y < room[1] else Strip.blank(width, self._ground)

    def _offset(self, payload: Payload) -> tuple[int, int]:
        """Where the picture begins within the widget's content, in cells."""
        width, height = self._room_in_cells()
        return max(0, (width - payload.columns) // 2), max(0, (height - payload.rows) // 2)

    def _sixel_pixels(self) -> str | None:
        shown = self._on_screen
        return shown.payload.sixel if shown is not None and self._can_be_drawn(shown.request) else None

    def _picture_region(self) -> Region | None:
        """Where the picture is on the screen, or None where not all of it is visible."""
        if self._on_screen is None or not self._on_top or not self.display:
            return None
        payload = self._on_screen.payload
        left, top = self._offset(payload)
        content = self.content_region
        region = Region(content.x + left, content.y + top, payload.columns, payload.rows)
        geometry = self.screen._compositor.visible_widgets.get(self)
        return region if geometry is not None and geometry[1].contains_region(region) else None

    # -- life --------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Follow what comes and goes over the picture."""
        self.screen.screen_layout_refresh_signal.subscribe(self, self._layout_refreshed)

    def on_hide(self) -> None:
        """Not visible: the terminal need not keep the pixels."""
        self._kitty.hidden()
        self._sixel.forget()

    def on_unmount(self) -> None:
        """Nothing of it is shown any longer."""
        self._slow.stop()
        self._kitty.hidden()

    def _layout_refreshed(self, _screen: Screen[object]) -> None:
        self._sixel.layout_refreshed()
