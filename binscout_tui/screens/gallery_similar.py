"""The gallery: images that look alike, and ways that lead here from other areas."""

from __future__ import annotations

from binscout_tui.filtering.errors import FilterError
from binscout_tui.screens.gallery_panel import PanelGrid


class SimilarGrid(PanelGrid):
    """The grid with images that look alike."""

    def action_similar(self) -> None:
        """What looks like the image under the cursor or in full."""
        if self.here is not None:
            self.frame.go_to("similar", sought=f"image:{self.here}")

    async def seek(self, sought: str) -> None:
        """`image:12` in the grid, `full:12` in full, whatever filter was there; `filter:TEXT` shows what it finds."""
        kind, _, value = sought.partition(":")
        if kind == "filter":
            await self._seek_filter(value)
        elif kind in ("image", "full") and value.isascii() and value.isdigit():
            await self._seek_image(int(value), full=kind == "full")

    async def _seek_filter(self, text: str) -> None:
        if self.is_full:
            self.leave_full()
        try:
            await self._filter(text)
        except FilterError:
            self._tell_dropped()

    async def _seek_image(self, image_id: int, *, full: bool) -> None:
        if self.is_full:
            self.leave_full()
        if self.desk is not None and image_id not in await self.desk.among([image_id]):
            await self._filter("")
        if self.desk is not None and image_id not in await self.desk.among([image_id]):
            self.frame.toast(f"There is no image {image_id} here.", "warning")
            return
        await self._go_to(image_id)
        if full:
            await self._open_full(image_id)

    def leave_full(self) -> None:
        """Back to the grid."""
        raise NotImplementedError

    async def _open_full(self, image_id: int) -> None:
        raise NotImplementedError
