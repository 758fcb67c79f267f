"""One picture, in whatever way the terminal can show it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from rich.style import Style
from textual import work
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from binscout_tui.errors import BinScoutError
from binscout_tui.terminal import kitty
from binscout_tui.terminal.cells import cell_size
from binscout_tui.terminal.graphics import HALF_BLOCKS, Protocol, TerminalGraphics
from binscout_tui.terminal.overlay import Box
from binscout_tui.terminal.payload import Payload, Request
from binscout_tui.terminal.scale import PictureError
from binscout_tui.widgets.picture_rows import caption_row, framed, placeholder_rows, words
from binscout_tui.widgets.picture_sixel import SixelPainter
from binscout_tui.widgets.picture_store import PictureStore, store_of

LOADING_AFTER_S = 0.08


class Picture(Widget):
    """Shows one picture file as large as there is room, aspect kept, with boxes and a caption.

    Reading, scaling and encoding happen on threads; a result that is no longer wanted is dropped. Pixels for
    kitty and sixel go through the app's own writer, so that they stay in order with the frames. The app may
    carry a `TerminalGraphics` as `graphics`; without one, half blocks are used.
    """

    DEFAULT_CSS = """
    Picture {
        width: 1fr;
        height: 1fr;
    }
    """

    state: reactive[str] = reactive("empty", repaint=False)
    """One of "empty", "loading", "shown", "damaged"."""

    @dataclass
    class Shown(Message):
        """The picture is on the screen."""

        picture: Picture
        path: Path

        @property
        def control(self) -> Picture:
            return self.picture

    @dataclass
    class Damaged(Message):
        """The file cannot be shown; the widget says so in words."""

        picture: Picture
        path: Path
        error: BinScoutError

        @property
        def control(self) -> Picture:
            return self.picture

    def __init__(
        self,
        *,
        empty: str = "no picture",
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        self._sixel = SixelPainter(self, self._picture_region, self._sixel_pixels, self._write)
        super().__init__(name=name, id=id, classes=classes)
        self._empty = empty
        self._path: Path | None = None
        self._boxes: tuple[Box, ...] = ()
        self._caption = ""
        self._lines: tuple[str, ...] = (empty,)
        self._generation = 0
        self._prefetch_generation = 0
        self._settled = asyncio.Event()
        self._settled.set()
        self._loading: Request | None = None
        self._request: Request | None = None
        self._payload: Payload | None = None
        self._rows: list[Strip] = []
        self._image_id: int | None = None
        self._sent: Payload | None = None

    # -- what screens call -------------------------------------------------------------------------------

    @property
    def path(self) -> Path | None:
        """The file that is shown or on its way."""
        return self._path

    def show(self, path: Path | None, *, boxes: Sequence[Box] = (), caption: str = "") -> None:
        """Show `path` with `boxes` drawn on it; None empties the widget. Returns at once."""
        caption_changed = caption != self._caption
        self._path, self._boxes, self._caption = path, tuple(boxes), caption
        self._load()
        if caption_changed and self.size:
            self.refresh(Region(0, self.size.height - 1, self.size.width, 1))

    def prefetch(self, paths: Sequence[Path]) -> None:
        """Make `paths` ready at this widget's size, so that `show` has them at once. Replaces earlier wishes."""
        self._prefetch_generation += 1
        requests = [request for path in paths if (request := self._make_request(path, ())) is not None]
        if requests:
            self._prefetch_all(requests, self._prefetch_generation)

    def redraw(self) -> None:
        """Send the pixels again, because the terminal lost them (another one was attached, or it was cleared)."""
        self._sent = None
        self._sixel.forget()
        if self._payload is not None and self._request is not None:
            self._present(self._request, self._payload)
        self.refresh()

    # -- loading -----------------------------------------------------------------------------------------

    def _load(self) -> None:
        if self._path is None:
            self._generation += 1
            self._give_up_loading()
            self._say("empty", self._empty)
            return
        request = self._make_request(self._path, self._boxes)
        if request is None:
            return
        if request.protocol is Protocol.NONE:
            self._say("shown", self._path.name, "this terminal shows no pictures")
            return
        if request == (self._loading if self.state == "loading" else self._request) and not self._lost():
            return
        self._generation += 1
        payload = self._store.payloads.ready(request)
        if payload is not None:
            self._give_up_loading()
            self._present(request, payload)
            return
        self.state = "loading"
        self._loading = request
        self._settled.clear()
        self.set_timer(LOADING_AFTER_S, lambda generation=self._generation: self._still_loading(generation))
        self._make(request, self._generation)

    def _lost(self) -> bool:
        """The terminal no longer holds the pixels of what is shown."""
        return self._payload is not None and self._payload.picture is not None and self._image_id is None

    def _give_up_loading(self) -> None:
        self._loading = None
        if self.is_attached:
            self.workers.cancel_group(self, "picture")
        self._settled.set()

    def _still_loading(self, generation: int) -> None:
        """Only a load that takes long is worth a flicker; but the wrong picture must not stay either."""
        if generation == self._generation and self.state == "loading" and self._path is not None:
            self._say("loading", "loading…")

    @work(group="picture", exclusive=True, exit_on_error=False, description="load a picture")
    async def _make(self, request: Request, generation: int) -> None:
        def wanted() -> bool:
            return generation == self._generation

        try:
            payload = await asyncio.to_thread(self._store.make, request, wanted)
        except PictureError as error:
            if wanted():
                self._settled.set()
                self._say("damaged", "✗ this picture cannot be shown", error.sentence, request.path.name, error.hint)
                self.post_message(self.Damaged(self, request.path, error))
            return
        if wanted() and payload is not None:
            self._settled.set()
            self._present(request, payload)

    @work(group="picture-prefetch", exclusive=True, exit_on_error=False, description="prepare pictures")
    async def _prefetch_all(self, requests: list[Request], generation: int) -> None:
        def wanted() -> bool:
            return generation == self._prefetch_generation

        for request in requests:
            await self._settled.wait()
            if not wanted():
                return
            try:
                await asyncio.to_thread(self._store.make, request, wanted)
            except PictureError:
                # Nobody looks at it yet; `show` says so when its turn comes.
                continue

    @property
    def _store(self) -> PictureStore:
        return store_of(self.app)

    @property
    def _graphics(self) -> TerminalGraphics:
        found = getattr(self.app, "graphics", None)
        return found if isinstance(found, TerminalGraphics) else HALF_BLOCKS

    @property
    def _on_top(self) -> bool:
        return self.is_attached and self.app.screen is self.screen

    def _protocol(self) -> Protocol:
        """Half blocks under a modal: it blends the colours below it, and a blended placeholder is another picture."""
        protocol = self._graphics.protocol
        if protocol in (Protocol.HALFBLOCK, Protocol.NONE):
            return protocol
        if not self._on_top or (protocol is Protocol.KITTY and self.app.console.color_system != "truecolor"):
            return Protocol.HALFBLOCK
        return protocol

    def _make_request(self, path: Path, boxes: tuple[Box, ...]) -> Request | None:
        width, height = self._room_in_cells()
        if width < 1 or height < 1:
            return None
        graphics = self._graphics
        cell = (graphics.cell_width, graphics.cell_height)
        if not self.app.is_headless:
            cell = cell_size() or cell
        return Request(
            path=path,
            columns=width,
            rows=height,
            cell_width=cell[0],
            cell_height=cell[1],
            protocol=self._protocol(),
            background=self.background_colors[1].rgb,
            boxes=boxes,
            tmux=graphics.tmux,
        )

    def _room_in_cells(self) -> tuple[int, int]:
        width, height = self.content_size
        return width, height - 1 if self._has_caption(height) else height

    def _has_caption(self, height: int) -> bool:
        return bool(self._caption) and height > 2

    # -- showing -----------------------------------------------------------------------------------------

    def _say(self, state: str, *lines: str) -> None:
        self._lines = tuple(line for line in lines if line)
        self.state = state
        self._request = self._payload = None
        self._rows = []
        self._sixel.forget()
        self._forget_image()
        self._repaint()

    def _present(self, request: Request, payload: Payload) -> None:
        self._request, self._payload = request, payload
        self.state = "shown"
        if payload.picture is not None:
            self._present_kitty(payload)
        elif payload.sixel is not None:
            self._rows = []
            if not self._sixel.paint_over():
                self._repaint()
        else:
            self._rows = self._store.rows(request, payload)
            self._repaint()
        self.post_message(self.Shown(self, request.path))

    def _present_kitty(self, payload: Payload) -> None:
        """The new picture goes out under a new id before the cells change, so that nothing is blank between."""
        if payload.picture is None:
            return
        if self._sent is not payload or self._image_id is None:
            before, self._image_id = self._image_id, next(self._store.ids)
            self._write(payload.picture.transmit(self._image_id))
            self._sent = payload
            if before is not None:
                self.call_after_refresh(self._write, kitty.delete(before, tmux=self._graphics.tmux))
        self._rows = placeholder_rows(payload, self._image_id, self._ground)
        self._repaint()

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Textual's refresh; remembers whether more than the caption is to be drawn again."""
        self._sixel.cells_changed = self._sixel.cells_changed or not regions
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def _repaint(self) -> None:
        self.refresh()
        if self.is_attached and not self._on_top and self.screen in self.app._background_screens:
            self.app.screen.refresh()

    def _write(self, data: str) -> None:
        driver = self.app._driver
        if driver is not None:
            driver.write(data)
            driver.flush()

    def _forget_image(self) -> None:
        if self._image_id is not None:
            self._write(kitty.delete(self._image_id, tmux=self._graphics.tmux))
        self._image_id = self._sent = None

    # -- cells -------------------------------------------------------------------------------------------

    @property
    def _ground(self) -> Style:
        return Style(bgcolor=self.background_colors[1].rich_color)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Rows for the frame that is being made; sixel pixels follow right after it."""
        if not self._on_top and self._payload is not None and self._payload.runs is None:
            return [Strip.blank(crop.width, self._ground)] * crop.height
        strips = super().render_lines(crop)
        if self._sixel_pixels() is not None:
            self._sixel.rows_asked()
        return strips

    def render_line(self, y: int) -> Strip:
        """One row: of the picture, of the words instead of it, or the caption."""
        width, height = self.content_size
        if self._has_caption(height) and y == height - 1:
            return caption_row(self._caption, width, self.rich_style)
        room = self._room_in_cells()
        if self._payload is None:
            style = self.rich_style + Style(dim=self.state != "damaged")
            return words(self._lines, room[0], room[1], style)[y] if y < room[1] else Strip.blank(width, self._ground)
        left, top = self._offset(self._payload)
        if not top <= y < top + len(self._rows):
            return Strip.blank(width, self._ground)
        return framed(self._rows[y - top], left, width, self._ground).crop(0, width)

    def _offset(self, payload: Payload) -> tuple[int, int]:
        """Where the picture begins within the widget's content, in cells."""
        width, height = self._room_in_cells()
        return max(0, (width - payload.columns) // 2), max(0, (height - payload.rows) // 2)

    def _sixel_pixels(self) -> str | None:
        return self._payload.sixel if self._payload is not None else None

    def _picture_region(self) -> Region | None:
        """Where the picture is on the screen, or None where not all of it is visible."""
        if self._payload is None or not self._on_top or not self.display:
            return None
        left, top = self._offset(self._payload)
        content = self.content_region
        region = Region(content.x + left, content.y + top, self._payload.columns, self._payload.rows)
        geometry = self.screen._compositor.visible_widgets.get(self)
        return region if geometry is not None and geometry[1].contains_region(region) else None

    # -- life --------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Follow modals above this screen, and the theme, whose background is around the picture."""
        self.screen.screen_layout_refresh_signal.subscribe(self, self._layout_refreshed)
        self.watch(self.screen, "stack_updates", self._screen_changed, init=False)
        self.watch(self.app, "theme", self._theme_changed, init=False)

    def on_resize(self) -> None:
        """A new size, or a new size of the font."""
        self._load()

    def on_show(self) -> None:
        """Shown again after `on_hide`."""
        self._load()

    def on_hide(self) -> None:
        """Not visible: the terminal need not keep the pixels."""
        self._forget_image()
        self._sixel.forget()

    def on_unmount(self) -> None:
        """Nothing of it stays in the terminal, and nothing that still runs reports back."""
        self._generation += 1
        self._prefetch_generation += 1
        self._forget_image()

    def _layout_refreshed(self, _screen: Screen[object]) -> None:
        self._sixel.layout_refreshed()

    def _theme_changed(self) -> None:
        self.call_after_refresh(self._load)

    def _screen_changed(self) -> None:
        self._sixel.forget()
        if self._path is not None:
            self._load()


__all__ = ["Box", "Picture"]
