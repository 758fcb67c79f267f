"""One picture, in whatever way the terminal can show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from textual.message import Message
from textual.reactive import reactive

from binscout_tui.errors import BinScoutError
from binscout_tui.terminal import sixel
from binscout_tui.terminal.graphics import Protocol
from binscout_tui.terminal.halfblock import DOTS
from binscout_tui.terminal.overlay import Box, Point
from binscout_tui.terminal.payload import DRAFT_BYTES, Payload, Request
from binscout_tui.terminal.scale import Detail, PictureError
from binscout_tui.terminal.view import WHOLE, View
from binscout_tui.widgets.graphics_of import graphics_of
from binscout_tui.widgets.picture_loading import Loading, is_same_picture
from binscout_tui.widgets.picture_looking import PictureLooking
from binscout_tui.widgets.picture_view import Viewing

LOADING_AFTER_S = 0.08
REST_S = 0.45
"""So long nothing may change before the fine quality is sent."""
REMOTE_SIXEL_BYTES = 400_000
"""What a fine sixel picture may send over SSH: it cannot be broken off when somebody moves on."""


class Picture(PictureLooking):
    """Shows one picture file as large as there is room, aspect kept, with boxes, points and a caption.

    Reading, scaling and encoding happen on threads; a result that is no longer wanted is dropped. First comes a draft,
    which is small and quick; the fine one replaces it in place after a rest. What the terminal can show is asked of
    the app each time; an app that does not say gets half blocks.
    """

    DEFAULT_CSS = """
    Picture {
        width: 1fr;
        height: 1fr;
    }
    """

    state: reactive[str] = reactive("empty", repaint=False)
    """One of "empty", "loading", "shown", "damaged"; "shown" when the frame that shows it has been written."""

    @dataclass
    class Shown(Message):
        """The picture is on the screen: a frame with it, and with nothing else in its place, has been written."""

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

    @dataclass
    class DetailWanted(Message):
        """More pixels are looked at than the file at `path` has; `give_detail` brings them."""

        picture: Picture
        path: Path

        @property
        def control(self) -> Picture:
            return self.picture

    def __init__(
        self,
        *,
        empty: str = "no picture",
        zoomable: bool = False,
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self.zoomable = zoomable
        self._empty = empty
        self._lines = (empty,)
        self._path: Path | None = None
        self._boxes: tuple[Box, ...] = ()
        self._points: tuple[Point, ...] = ()
        self._rest_s = REST_S
        self._room_ahead: tuple[int, int] | None = None
        self._loading = Loading(self, lambda: self._store, self._there, self._failed)
        self._waits = 0
        self._tells = False
        self._was_cut = False
        self._wished: tuple[tuple[Path, ...], tuple[int, int] | None, tuple[Box, ...], int] | None = None
        self.draft_bytes = DRAFT_BYTES

    # -- what screens call -------------------------------------------------------------------------------

    @property
    def path(self) -> Path | None:
        """The file that is shown or on its way."""
        return self._path

    def show(
        self,
        path: Path | None,
        *,
        boxes: Sequence[Box] = (),
        points: Sequence[Point] = (),
        caption: str = "",
        size: tuple[int, int] | None = None,
        fine: bool = False,
        room: tuple[int, int] | None = None,
        view: View = WHOLE,
        detail: Detail | None = None,
    ) -> None:
        """Show `path` with `boxes` and `points` drawn on it; None empties the widget. Returns at once.

        `size` is that of the original in pixels, upright; without it there is no zoom. The same path again keeps
        what is looked at. With `fine` the fine quality follows without waiting for a rest. `room` is the size in cells
        that the widget will have in the next frame, for whoever changes the layout at the same time. `view` is what is
        looked at of another picture than before, `detail` its pixels where they are known.
        """
        before = self.caption_text
        if path != self._path or size != self._viewing.size:
            self._viewing = Viewing(size)
            self._viewing.detail = detail
            if not view.is_whole:
                self._viewing.look_at(view, self._room())
        self._path, self._boxes, self._points, self._caption = path, tuple(boxes), tuple(points), caption
        self._rest_s = 0.0 if fine else REST_S
        self._room_ahead = room
        self._load()
        if self.caption_text != before:
            self._refresh_caption()

    def prefetch(
        self,
        paths: Sequence[Path],
        *,
        room: tuple[int, int] | None = None,
        boxes: Sequence[Box] = (),
        draft_bytes: int = 0,
    ) -> None:
        """Make `paths` ready at this widget's size, so that `show` has them at once. Replaces earlier wishes.

        `room` is the size in cells that the widget will have then, where that is another one; `boxes` will be drawn,
        and `draft_bytes` be what the drafts may take, where that is not as now.
        It begins when what is being shown is on the screen: threads that work take time from the frame.
        """
        self._wished = tuple(paths), room, tuple(boxes), draft_bytes or self.draft_bytes
        if not self._tells:
            self._prefetch_wished()

    def _prefetch_wished(self) -> None:
        wished, self._wished = self._wished, None
        if wished is not None:
            paths, room, boxes, draft_bytes = wished
            plain = [self._make_request(path, room, boxes) for path in paths]
            requests = [request and replace(request, budget=draft_bytes) for request in plain]
            self._loading.prefetch([request for request in requests if request is not None])

    def redraw(self) -> None:
        """Send the pixels again, because the terminal lost them, or shows pictures in another way now."""
        self._sixel.forget()
        if self._in_sight:
            self._load()
            self._repaint()

    def looked_elsewhere(self) -> None:
        """Show what is looked at now; it is still the picture that was shown."""
        self._load(tells=False)

    def give_detail(self, path: Path, detail: Detail) -> None:
        """All pixels of the picture at `path`; ignored when another one is shown by now."""
        if path == self._path:
            self._viewing.detail = detail
            self._load(tells=False)

    # -- loading -----------------------------------------------------------------------------------------

    def _load(self, *, tells: bool = True) -> None:
        if self._path is None:
            self._loading.drop()
            self._settle("empty", self._empty)
            return
        request = self._make_request(self._path)
        if request is None or request == self._loading.target:
            return
        if request.protocol is Protocol.NONE:
            self._loading.drop()
            self._settle("shown", self._path.name, "this terminal shows no pictures")
            self.call_after_refresh(self.post_message, self.Shown(self, self._path))
            return
        self._want(request, tells=tells)

    def _want(self, request: Request, *, tells: bool) -> None:
        if tells or self.state != "shown":
            self._tells = True
            self.state = "loading"
        self._waits += 1
        self._slow.stop()
        self._loading.want(request, rest_s=self._rest_s, refines=self._on_top)
        if self._loading.is_waiting:
            self.set_timer(LOADING_AFTER_S, lambda waits=self._waits: self._still_loading(waits))
        detail = self._viewing.wants_detail(self._room(), self._dots(request))
        if detail:
            self.post_message(self.DetailWanted(self, request.path))

    def _still_loading(self, waits: int) -> None:
        """Only a load that takes long is worth a flicker; but the wrong picture must not stay either."""
        if waits == self._waits and self._loading.is_waiting:
            self.say("loading…")

    def _there(self, request: Request, payload: Payload) -> None:
        now = self._on_screen
        if (
            now is not None
            and not self._tells
            and request.path == now.request.path
            and payload == now.payload
            and is_same_picture(request, now.request)
            and request.boxes == now.request.boxes
        ):
            return  # the fine one is the draft, byte for byte
        self.put(request, payload)

    def _failed(self, request: Request, error: PictureError) -> None:
        if request.detail is not None:
            self._viewing.lose_detail()
            self._load(tells=False)
            return
        self._settle("damaged", "✗ this picture cannot be shown", error.sentence, request.path.name, error.hint)
        self.post_message(self.Damaged(self, request.path, error))

    def _settle(self, state: str, *lines: str) -> None:
        self._tells = False
        self._waits += 1
        self.state = state
        self.say(*lines, dim=state != "damaged")
        self._prefetch_wished()

    def frame_written(self, request: Request) -> None:
        """Tell, once a `show`, that the picture is there."""
        if self._tells and request.path == self._path:
            self._tells = False
            self.state = "shown"
            self.post_message(self.Shown(self, request.path))
            self._prefetch_wished()

    def pixels_lost(self) -> None:
        """The terminal was to hold the pixels and does not: make them again."""
        self._loading.again(self._rest_s)

    def _make_request(
        self, path: Path, room: tuple[int, int] | None = None, boxes: tuple[Box, ...] = ()
    ) -> Request | None:
        """The request for `path`, in the fine quality; with what is drawn and looked at where it is the one shown."""
        width, height = room or self._room_ahead or self._room_in_cells()
        if width < 1 or height < 1:
            return None
        graphics = graphics_of(self.app)
        plain = Request(
            path=path,
            columns=width,
            rows=height,
            cell_width=graphics.cell_width,
            cell_height=graphics.cell_height,
            protocol=self._protocol(),
            background=self.background_colors[1].rgb,
            tmux=graphics.tmux,
            fine_sixel=REMOTE_SIXEL_BYTES if graphics.remote else sixel.MAX_BYTES,
            largest_sixel=graphics.sixel_size,
            boxes=boxes,
            budget=self.draft_bytes,
        )
        return self._with_overlays(plain) if path == self._path else plain

    def _with_overlays(self, plain: Request) -> Request:
        view = self._viewing.view
        return replace(
            plain,
            boxes=self._boxes,
            points=self._points,
            view=view,
            detail=None if view.is_whole else self._viewing.detail,
        )

    @staticmethod
    def _dots(request: Request) -> float:
        """How many dots are drawn for one screen pixel."""
        return DOTS[0] / request.cell_width if request.protocol is Protocol.HALFBLOCK else 1.0

    # -- life --------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Follow modals above this screen, and the theme, whose background is around the picture."""
        self.watch(self.screen, "stack_updates", self._screen_changed, init=False)
        # The signal comes after the new colours are there; a watcher of `theme` may run before.
        self.app.theme_changed_signal.subscribe(self, lambda _: self._load())

    def on_resize(self) -> None:
        """A new size, or a new size of the font."""
        self._room_ahead = None
        self._load()

    def on_show(self) -> None:
        """Shown again after `on_hide`."""
        self._load()
        if self._was_cut:
            self._was_cut = False
            self._loading.again(self._rest_s)
        self.refresh()

    def on_hide(self) -> None:
        """Not visible: whatever is on its way to the terminal only keeps others waiting."""
        self._was_cut = self._slow.stop()

    def on_unmount(self) -> None:
        """Nothing that still runs reports back."""
        self._loading.close()

    def _screen_changed(self) -> None:
        self._sixel.forget()
        if self._path is not None and self._in_sight:
            self._load()


__all__ = ["Box", "Picture"]
