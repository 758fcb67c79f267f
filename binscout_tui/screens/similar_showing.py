"""Similar: one image in full."""

from __future__ import annotations

from dataclasses import replace

from textual import on

from binscout_tui.commands.dispatch import Commanded
from binscout_tui.screens.gallery_full import Shown
from binscout_tui.screens.similar_views import SimilarViews
from binscout_tui.widgets.image_grid import ImageGrid
from binscout_tui.widgets.picture import Picture


class SimilarShowing(SimilarViews):
    """The views of Similar, and over them one image; what is decided then concerns that one alone."""

    def __init__(self) -> None:
        super().__init__()
        self._seen_full: int | None = None

    @property
    def meant(self) -> list[int]:
        """What a command decides on: the image in full; in the grid what is marked, else what is under the cursor."""
        here = self.here
        marks = () if self.is_full else self.grid.marks
        return sorted(marks) or ([here] if here is not None else [])

    # What was seen is this image, and no other.

    def taken(self, key: str) -> tuple[Commanded, tuple[str, ...]] | None:
        """All keys of screen and full view while an image fills it, in their order."""
        return self.bound(key, self, self.full) if self.is_full else super().taken(key)

    def seen(self) -> None:
        """It is on the screen."""
        self._seen_full = self._full_id
        super().seen()

    def _may_be_meant(self, moment: float) -> bool:
        return self._seen_full == self._full_id and super()._may_be_meant(moment)

    def came_early(self) -> None:
        """Say so beside the picture."""
        self.tell()

    def await_page(self) -> None:
        """What is to be decided on is on its way to the screen: the picture in full, else the tiles."""
        if not self.is_full:
            super().await_page()
            return
        self.waits()
        if self._is_full_there():
            self.call_after_refresh(self._full_drawn, self._full_id)

    def _is_full_there(self) -> bool:
        shown, picture = self.full.shown, self.full.picture
        return shown is not None and picture.path == shown.path and picture.state in ("shown", "damaged")

    def _full_drawn(self, image_id: int | None) -> None:
        if self.is_full and self._full_id == image_id and self._is_full_there():
            self.seen()

    @on(Picture.Shown)
    @on(Picture.Damaged)
    def _picture_settled(self, event: Picture.Shown | Picture.Damaged) -> None:
        shown = self.full.shown
        if shown is None or shown.path != event.path:
            return
        self.call_after_refresh(self._full_drawn, shown.row.image.id)
        if isinstance(event, Picture.Damaged):
            self.repair(shown.row.image, lambda: self.full.show(shown))

    def _look(self) -> None:
        if not self.is_full:
            super()._look()

    def _painted(self, page: tuple[int, ...]) -> None:
        if not self.is_full:
            super()._painted(page)

    # Showing it.

    @on(ImageGrid.Opened)
    async def _opened(self, event: ImageGrid.Opened) -> None:
        if self.view == "grid":
            await self._open_full(event.id)

    async def _open_full(self, image_id: int | None) -> None:
        if image_id is None:
            return
        self._full_id = image_id
        self.add_class("-full")
        self.set_focus(self.full)
        await self._show_full(image_id)

    async def _show_full(self, image_id: int) -> None:
        self.waits()
        desk, page = self.desk, self.page
        if desk is None or page is None:
            return
        self._full_id = image_id
        row = self._rows.get(image_id) or next(iter(await desk.rows([image_id])), None)
        if self._full_id != image_id:
            return
        if row is None or image_id not in page.ids:
            self.leave_full()
            return
        self.full.show(
            Shown(
                row=row,
                path=desk.preview(row.image),
                position=page.ids.index(image_id),
                total=len(page.ids),
                marked=image_id in self.grid.marks,
                marks=self.marked,
                early=self.early,
            )
        )
        self.await_page()

    def tell(self) -> None:
        """The lines around what is shown, and that below the picture."""
        super().tell()
        shown = self.full.shown
        if shown is not None:
            marked = shown.row.image.id in self.grid.marks
            self.full.show(replace(shown, marked=marked, marks=self.marked, early=self.early))

    async def _follow_full(self, before: tuple[int, ...], *, is_own: bool) -> None:
        """The image in full may be gone since the images were those of `before`, or look different."""
        image_id, page = self._full_id, self.page
        if image_id is None or page is None:
            return
        self._rows.pop(image_id, None)
        if image_id in page.ids:
            await self._show_full(image_id)
            return
        if not is_own:
            self.frame.toast(f"Image {image_id} is not here any more.", "warning")
        place = before.index(image_id) if image_id in before else 0
        left = frozenset(page.ids)
        following = next((one for one in (*before[place:], *reversed(before[:place])) if one in left), None)
        if following is None:
            self.leave_full()
        else:
            await self._show_full(following)

    async def step_full(self, by: int) -> None:
        """Show the image `by` places further on."""
        page = self.page
        if page is None or self._full_id not in page.ids:
            return
        place = page.ids.index(self._full_id) + by
        if 0 <= place < len(page.ids):
            await self._show_full(page.ids[place])
        else:
            self.frame.toast("This is the last image." if by > 0 else "This is the first image.")

    async def end_full(self, *, last: bool) -> None:
        """Show the first image or the last."""
        if self.page is not None and self.page.ids:
            await self._show_full(self.page.ids[-1 if last else 0])

    async def mark_full(self) -> None:
        """Mark the shown image or not, and show the next."""
        if self._full_id is not None:
            self.grid.marks ^= {self._full_id}
            self.tell()
            await self.step_full(1)

    def leave_full(self) -> None:
        """Back to the others, to the image that was shown."""
        here, self._full_id = self._full_id, None
        self.full.end()
        self.remove_class("-full")
        self.set_focus(None)
        if here is not None and self.view == "grid":
            self.grid.go_to(here)
        self.await_page()
        self.tell()

    def on_descendant_blur(self) -> None:
        """A click elsewhere does not take the keys away from the full view."""
        if self.is_full and self.focused is None:
            self.full.focus()
