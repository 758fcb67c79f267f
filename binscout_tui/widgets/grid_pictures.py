"""The pictures of the tiles that are seen: what is ready is taken at once, the rest is made beside the event loop."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from binscout_tui.terminal import halfblock
from binscout_tui.terminal.graphics import Protocol
from binscout_tui.terminal.making import Made
from binscout_tui.terminal.overlay import Colour
from binscout_tui.terminal.payload import DRAFT_BYTES, Payload, Quality, Request
from binscout_tui.terminal.scale import PictureError
from binscout_tui.terminal.view import fitting_scale
from binscout_tui.widgets.grid_items import GridItem
from binscout_tui.widgets.grid_rows import Row
from binscout_tui.widgets.picture_store import PictureStore

SMALL_PIXELS = 160
"""The longer side of the small preview."""
DRAFT_ENLARGED = 2
"""How much a draft may enlarge the small preview: it has few pixels anyway, and decoding the large one takes longer."""
TILE_BYTES = 250
"""What a tile costs beside its picture: caption, changes of colour, the words around the pixels."""
FEW_TILES = 12
REFINED_BYTES = 800_000
"""What all pictures of a page of many tiles may take after a rest: who has a slow line and goes on waits for them."""
PROBLEMS = 500


@dataclass(frozen=True, slots=True)
class Look:
    """Everything but the picture itself that decides how a tile's picture is made.

    `columns` and `rows` are its room in cells, `page` is how many tiles share the bytes that are to be sent.
    """

    protocol: Protocol
    cell: tuple[int, int]
    background: Colour
    tmux: bool
    columns: int
    rows: int
    page: int

    def draft(self, item: GridItem) -> Request | None:
        """What to ask for while moving, or None where there is no preview at all."""
        page_bytes = max(DRAFT_BYTES // 3, DRAFT_BYTES - TILE_BYTES * self.page)
        return self._request(item, SMALL_PIXELS * DRAFT_ENLARGED, Quality.DRAFT, page_bytes)

    def fine(self, item: GridItem) -> Request | None:
        """What to ask for at rest; many tiles stay within a number of bytes."""
        bounded = self.page > FEW_TILES and self.protocol is not Protocol.HALFBLOCK
        return self._request(item, SMALL_PIXELS, Quality.DRAFT if bounded else Quality.FINE, REFINED_BYTES)

    def _request(self, item: GridItem, small_up_to: int, quality: Quality, page_bytes: int) -> Request | None:
        small = self._longer_side(item) <= small_up_to
        path = (item.small or item.large) if small else (item.large or item.small)
        if path is None:
            return None
        return Request(
            path=path,
            columns=self.columns,
            rows=self.rows,
            cell_width=self.cell[0],
            cell_height=self.cell[1],
            protocol=self.protocol,
            background=self.background,
            tmux=self.tmux,
            quality=quality,
            budget=page_bytes // self.page,
        )

    def _longer_side(self, item: GridItem) -> float:
        """Of the picture as it is seen, in dots."""
        dots = halfblock.DOTS if self.protocol is Protocol.HALFBLOCK else self.cell
        scale = fitting_scale(item.size, (self.columns * dots[0], self.rows * dots[1]))
        return max(item.size) * scale


@dataclass(slots=True, eq=False)
class Tile:
    """One place of the page. `shown` is what its picture was made for; `rows` are its cells, once they are drawn."""

    id: int
    item: GridItem | None = None
    draft: Request | None = None
    shown: Request | None = None
    payload: Payload | None = None
    problem: str = ""
    image_id: int = 0
    rows: list[Row] | None = None

    @property
    def is_settled(self) -> bool:
        """Its picture is there, or why there is none."""
        return self.payload is not None or bool(self.problem)


class GridPictures:
    """The tiles of the visible page, and what is asked of the store for them and for the pages beside it.

    `arrived` is called on the event loop when something for the visible page was made: `take` it when it suits.
    """

    def __init__(self, store: PictureStore, arrived: Callable[[], None]) -> None:
        self._store = store
        self._arrived = arrived
        self.tiles: list[Tile] = []
        self._look: Look | None = None
        self._visible: dict[Request, list[Tile]] = {}
        self._ahead: set[Request] = set()
        self._asked: dict[Request, int] = {}
        self._made: dict[Request, Made] = {}
        self._problems: dict[Path, str] = {}

    @property
    def is_settled(self) -> bool:
        """Every tile shows its picture or why there is none; where pictures are not shown at all, its words."""
        return all(tile.is_settled or (self._look is None and tile.item is not None) for tile in self.tiles)

    @property
    def is_waiting(self) -> bool:
        """Something that is seen was asked for and is not there yet."""
        return any(request in self._asked for request in self._visible)

    def see(self, page: Sequence[tuple[int, GridItem | None]], look: Look | None) -> list[Tile]:
        """From now on these are seen; which tiles are other than before. `look` None: no pictures, only words."""
        before = {tile.id: tile for tile in self.tiles} if look == self._look else {}
        if look != self._look:
            self._ahead = set()
        self._look = look
        self._visible = {}
        self._made.clear()
        self.tiles = [self._tile(image, item, before.get(image)) for image, item in page]
        changed = [tile for tile in self.tiles if before.get(tile.id) is not tile]
        self._drop_unwanted()
        for tile in self.tiles:
            if not tile.is_settled and tile.draft is not None:
                self._want(tile.draft, tile, 0)
        if self._made:
            self._arrived()
        return changed

    def prefetch(self, items: Iterable[GridItem]) -> None:
        """Have drafts made of what may be seen next, the likeliest first. Replaces earlier wishes."""
        look = self._look
        requests = [look.draft(item) for item in items if not item.problem] if look else []
        wanted = [request for request in requests if request is not None and self._unproblematic(request)]
        self._ahead = set(wanted)
        self._drop_unwanted()
        for request in wanted:
            if self._store.payloads.ready(request) is None:
                self._ask(request, 2)

    def refine(self) -> None:
        """Have the fine pictures made of what is seen."""
        for tile in self.tiles:
            if self._look is None or tile.item is None or tile.problem:
                continue
            fine = self._look.fine(tile.item)
            if fine is None or fine == tile.shown or not self._unproblematic(fine):
                continue
            self._want(fine, tile, 1)
        if self._made:
            self._arrived()

    def take(self) -> list[Tile]:
        """Put what was made into its tiles; which of them are other than before."""
        changed = [
            tile
            for request, made in self._made.items()
            for tile in self._visible.get(request, ())
            if self._put(tile, request, made)
        ]
        self._made.clear()
        return changed

    def retry(self, item: GridItem) -> bool:
        """The files of `item` may be other ones now: forget what was wrong with them; whether anything was."""
        wrong = [path for path in (item.small, item.large) if path is not None and path in self._problems]
        for path in wrong:
            self._problems.pop(path, None)
        return bool(wrong)

    def leave(self) -> None:
        """Nothing is seen any longer, and nothing more is wanted."""
        self.tiles = []
        self._visible = {}
        self._ahead = set()
        self._made.clear()
        self._asked.clear()
        self._look = None

    def _tile(self, image: int, item: GridItem | None, before: Tile | None) -> Tile:
        draft = self._look.draft(item) if self._look is not None and item is not None else None
        problem = self._problem(item, draft)
        if before is not None and before.draft == draft and before.problem == problem and (before.payload or not draft):
            before.item = item
            return before
        tile = Tile(image, item, draft, problem=problem)
        if draft is not None and not problem:
            tile.shown, tile.payload = self._ready(tile, draft)
        return tile

    def _problem(self, item: GridItem | None, draft: Request | None) -> str:
        if item is None or self._look is None:
            return ""
        if item.problem:
            return item.problem
        return "no preview" if draft is None else self._problems.get(draft.path, "")

    def _ready(self, tile: Tile, draft: Request) -> tuple[Request | None, Payload | None]:
        """What can be shown at once: a fine picture only where the terminal holds it, else it costs more bytes."""
        if tile.item is not None and self._look is not None:
            fine = self._look.fine(tile.item)
            if fine is not None and fine in self._store.held and (payload := self._store.payloads.ready(fine)):
                return fine, payload
        payload = self._store.payloads.ready(draft)
        return (draft, payload) if payload is not None else (None, None)

    def _put(self, tile: Tile, request: Request, made: Made) -> bool:
        if isinstance(made, PictureError):
            self._note(request.path, made.sentence)
            if request != tile.draft and tile.payload is not None:
                return False
            tile.problem, tile.payload, tile.shown = made.sentence, None, None
        elif tile.shown == request or (tile.shown is not None and request == tile.draft):
            return False
        else:
            tile.shown, tile.payload, tile.problem = request, made, ""
        tile.rows = None
        return True

    def _want(self, request: Request, tile: Tile, urgency: int) -> None:
        self._visible.setdefault(request, []).append(tile)
        if (payload := self._store.payloads.ready(request)) is not None:
            self._made[request] = payload
        else:
            self._ask(request, urgency)

    def _ask(self, request: Request, urgency: int) -> None:
        if self._asked.get(request, urgency + 1) <= urgency:
            return
        self._asked[request] = urgency
        self._store.ask(request, self._done, urgency=urgency, wanted=lambda: self._is_wanted(request))

    def _is_wanted(self, request: Request) -> bool:
        return request in self._visible or request in self._ahead

    def _drop_unwanted(self) -> None:
        self._asked = {request: urgency for request, urgency in self._asked.items() if self._is_wanted(request)}

    def _done(self, request: Request, made: Made) -> None:
        if self._asked.pop(request, None) is None:
            return
        if isinstance(made, PictureError):
            self._note(request.path, made.sentence)
        if request in self._visible:
            self._made[request] = made
            self._arrived()

    def _unproblematic(self, request: Request) -> bool:
        return request.path not in self._problems

    def _note(self, path: Path, sentence: str) -> None:
        """Remember what is wrong with a file, so that it is not read again and again."""
        self._problems[path] = sentence
        while len(self._problems) > PROBLEMS:
            del self._problems[next(iter(self._problems))]
