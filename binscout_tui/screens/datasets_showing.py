"""The images of a version inside of Data sets: the grid, one of them in full, and what is kept of the place."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar, Literal

import msgspec
from textual import on
from textual.timer import Timer

from binscout_tui.browsing.version import VersionDesk
from binscout_tui.errors import BinScoutError
from binscout_tui.screens.datasets_found import FoundView
from binscout_tui.screens.datasets_full import ShownLine, VersionFull, row_of
from binscout_tui.screens.datasets_images import ImagesView
from binscout_tui.screens.deciding import DecidingScreen
from binscout_tui.store.dataset_pages import FrozenRow, Wanted
from binscout_tui.store.datasets import Dataset
from binscout_tui.widgets.image_grid import TileSize
from binscout_tui.widgets.picture import Picture

KEEP_S = 0.8
Level = Literal["list", "found", "images", "full"]
LEVELS: tuple[Level, ...] = ("list", "found", "images", "full")


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a person was: in the list, or among the images of a version."""

    version: str = ""
    level: Level = "list"
    image: int | None = None
    size: str = "M"
    wanted: Wanted = Wanted()


def from_kept(value: Any) -> Place:
    """The place that was kept; what cannot be one begins anew."""
    try:
        return msgspec.convert(value, Place)
    except msgspec.ValidationError:
        return Place()


class ShowingScreen(DecidingScreen):
    """A screen of levels, one shown at a time. Nothing is decided on them: a version never changes."""

    DECISIONS: ClassVar[frozenset[str]] = frozenset()

    def __init__(self) -> None:
        super().__init__()
        self.level: Level = "list"
        self._below: Level = "list"
        self._travel = 1
        self._full_id: int | None = None
        self._keeping: Timer | None = None
        self._place = Place()

    @property
    def images(self) -> ImagesView:
        """The grid with its lines."""
        return self.query_one(ImagesView)

    @property
    def full(self) -> VersionFull:
        """One image in full."""
        return self.query_one(VersionFull)

    @property
    def found(self) -> FoundView:
        """What a check or a comparison found."""
        return self.query_one(FoundView)

    def go(self, level: Level) -> None:
        """Show a level, and give it the keys."""
        self.level = level
        for name in LEVELS:
            self.set_class(name == level, f"-{name}")
        views = {"found": self.found, "images": self.images, "full": self.full}
        self.set_focus(views.get(level))
        if level == "list":
            self.frame.refresh_commands()
        self.keep_soon()

    def go_up(self) -> bool:
        """Esc and q lead from the image to the grid, from there to where it was opened, and to the versions."""
        if self.images.bar.is_open:
            self.images.focus()
            return True
        if self.level == "list":
            return super().go_up()
        if self.level == "full":
            self.leave_full()
        else:
            self.go(self._below if self.level == "images" else "list")
        return True

    def on_descendant_blur(self) -> None:
        """A click elsewhere does not take the keys away from what is shown."""
        if self.level != "list" and self.focused is None and not self.images.bar.is_open:
            self.go(self.level)
        super().on_descendant_blur()

    # The grid.

    async def show_images(self, desk: VersionDesk, title: str, place: Place, below: Level) -> None:
        """The images of a desk, over the level `below`."""
        try:
            await desk.open(place.wanted, place.image)
        except BinScoutError as error:
            self.frame.report(error, "filtering")
            await desk.open(Wanted())
        self._below = below
        self.images.grid.tile_size = TileSize(place.size if place.size in [str(size) for size in TileSize] else "M")
        self.images.show(desk, title, place.image)
        self.go("images")

    @on(ImagesView.Left)
    def _left_images(self) -> None:
        self.go(self._below)

    @on(ImagesView.Moved)
    def _moved_images(self) -> None:
        self.keep_soon()

    @on(ImagesView.Damaged)
    def _repair_tile(self, event: ImagesView.Damaged) -> None:
        self.repair(event.image, partial(self.images.give_again, event.image.id))

    @on(FoundView.Left)
    def _left_found(self) -> None:
        self.go("list")

    # One image in full.

    @on(ImagesView.Opened)
    async def _open_full(self, event: ImagesView.Opened) -> None:
        self.go("full")
        await self._show_full(event.id)

    async def _show_full(self, image_id: int) -> None:
        desk, self._full_id = self.images.desk, image_id
        row = await desk.row(image_id) if desk is not None else None
        if desk is None or self._full_id != image_id:
            return
        if row is None:
            self.frame.toast(f"Image {image_id} is gone.", "warning")
            self.leave_full()
            return
        self.full.show(self._shown(desk, row))
        self.keep_soon()

    async def refresh_full(self) -> None:
        """What is said of the image in full may have changed."""
        if self._full_id is not None:
            await self._show_full(self._full_id)

    def _shown(self, desk: VersionDesk, row: FrozenRow) -> ShownLine:
        return ShownLine(
            row=row_of(row),
            path=desk.preview(row.image),
            position=desk.position(row.image.id),
            total=len(desk.ids),
            line=row,
        )

    @on(Picture.Shown)
    @on(Picture.Damaged)
    async def _picture_settled(self, event: Picture.Shown | Picture.Damaged) -> None:
        shown, desk = self.full.shown, self.images.desk
        if shown is None or desk is None or shown.path != event.path:
            return
        image = shown.row.image
        if isinstance(event, Picture.Damaged):
            self.repair(image, partial(self._show_again, image.id))
            return
        rows = await desk.rows(desk.ahead(image.id, self._travel))
        self.full.picture.prefetch([desk.preview(row.image) for row in rows])

    def _show_again(self, image_id: int) -> None:
        if self._full_id == image_id:
            self.run_worker(
                self._show_full(image_id), group="again", exit_on_error=False, description="showing a picture again"
            )

    async def step_full(self, by: int) -> None:
        """Show the image `by` places further on."""
        desk = self.images.desk
        if desk is None or self._full_id is None:
            return
        self._travel = 1 if by > 0 else -1
        following = desk.step(self._full_id, by)
        if following is None:
            self.frame.toast("This is the last image." if by > 0 else "This is the first image.")
        else:
            await self._show_full(following)

    async def end_full(self, *, last: bool) -> None:
        """Show the first image or the last."""
        desk = self.images.desk
        if desk is not None and desk.ids:
            await self._show_full(desk.ids[-1 if last else 0])

    def leave_full(self) -> None:
        """Back to the grid, to the image that was shown."""
        here, self._full_id = self._full_id, None
        self.full.end()
        if here is not None:
            self.images.grid.go_to(here)
        self.go("images")
        self.images.tell()

    # The place.

    def place(self) -> Place:
        """Where the person is; images that are only a part of a version are not gone back to."""
        desk = self.images.desk
        if desk is None or desk.part is not None or self.level in ("list", "found"):
            return Place(version=self.version_id(), size=str(self.images.grid.tile_size))
        image = self._full_id if self.level == "full" else self.images.grid.cursor_id
        return Place(
            version=desk.dataset.id,
            level=self.level,
            image=image,
            size=str(self.images.grid.tile_size),
            wanted=desk.wanted,
        )

    def version_id(self) -> str:
        """The version under the cursor of the list."""
        raise NotImplementedError

    async def restore(self, dataset: Dataset, place: Place) -> None:
        """Go to where the person was in a version."""
        await self.show_images(VersionDesk(self.ws, dataset), "", place, "list")
        here = self.images.grid.cursor_id
        if place.level == "full" and here is not None:
            self.go("full")
            await self._show_full(here)

    def keep_soon(self) -> None:
        """Remember the place, not more than about once a second."""
        self._place = self.place()
        if self._keeping is None:
            self._keeping = self.set_timer(KEEP_S, self._keep)

    async def _keep(self) -> None:
        if self._keeping is not None:
            self._keeping.stop()
            self._keeping = None
            await self.keep_place(msgspec.to_builtins(self._place))

    async def on_screen_suspend(self) -> None:
        """The place is kept when one leaves."""
        await self._keep()

    async def on_unmount(self) -> None:
        """The place is kept at the end too."""
        await self._keep()
