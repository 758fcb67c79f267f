"""Looking closely at compared pictures, all at the same place: bringing the pixels that the previews do not have."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.containers import Vertical
from textual.worker import Worker

from binscout_tui.commands.dispatch import Commanded
from binscout_tui.errors import BinScoutError
from binscout_tui.imaging.previews import PREVIEW, preview_path
from binscout_tui.screens.gallery_full import WAYS
from binscout_tui.store.gallery import Row
from binscout_tui.store.images import Image
from binscout_tui.widgets.compare_strip import CompareStrip
from binscout_tui.widgets.picture import Picture

if TYPE_CHECKING:
    from binscout_tui.workers.details import DetailMaker


class LookingTogether(Commanded, Vertical):
    """Zooms and moves the pictures of a strip; originals are unpacked one after the other, beside the event loop."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.rows: list[Row] = []
        self._strip = CompareStrip(id="compare-strip")
        self._details: DetailMaker | None = None
        self._wanted: list[Picture] = []

    @property
    def strip(self) -> CompareStrip:
        """The pictures."""
        return self._strip

    @property
    def can_zoom(self) -> bool:
        """Whether the framed picture can be looked at more closely."""
        return bool(self.rows) and self._strip.framed.picture.can_zoom

    def preview(self, image: Image) -> Path:
        """The larger preview of an image."""
        return preview_path(self.frame.workspace.paths.previews, image.sha256, PREVIEW)

    @on(Picture.DetailWanted)
    def _detail_wanted(self, event: Picture.DetailWanted) -> None:
        event.stop()
        self._wanted.append(event.picture)
        if len(self._wanted) == 1:
            self.run_worker(
                self._give_details(), group="detail", exit_on_error=False, description="looking closely at images"
            )

    async def _give_details(self) -> None:
        try:
            while self._wanted:
                path = self._wanted[0].path
                image = next((row.image for row in self.rows if self.preview(row.image) == path), None)
                if path is not None and image is not None:
                    await self._give_detail(path, image)
                self._wanted.pop(0)
        finally:
            self._wanted.clear()

    async def _give_detail(self, path: Path, image: Image) -> None:
        try:
            detail = await self.maker().make(image)
        except BinScoutError as error:
            # The others may be there all the same.
            self.frame.report(error, f"looking closely at {image.name}")
            return
        if detail is not None:
            self._strip.give_detail(path, detail)

    def maker(self) -> DetailMaker:
        """What unpacks originals; begun when it is first needed."""
        if self._details is None:
            from binscout_tui.operations.importing import decode_limits
            from binscout_tui.workers.details import DetailMaker

            workspace = self.frame.workspace
            # All that are compared stay unpacked: they are looked at side by side.
            self._details = DetailMaker(
                workspace.paths, decode_limits(workspace.settings.importing), kept=len(self._strip.frames)
            )
        return self._details

    async def on_unmount(self) -> None:
        """End what reads originals."""
        if self._details is not None:
            await self._details.close()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """What failed is told; the previews stay."""
        self.frame.on_worker_state_changed(event)

    def action_closer(self) -> None:
        """Zoom in."""
        self._strip.zoom(closer=True)

    def action_farther(self) -> None:
        """Zoom out."""
        self._strip.zoom(closer=False)

    def action_whole(self) -> None:
        """All of each picture."""
        self._strip.whole()

    def action_pixels(self) -> None:
        """Pixel by pixel."""
        if not self._strip.to_pixels() and not self._strip.framed.picture.is_zoomed:
            self.frame.toast("The picture has fewer pixels than the room it fills: it is enlarged already.")

    def action_pan(self, key: str = "") -> None:
        """See more of one side."""
        if key not in WAYS:
            self.frame.toast("Press H, J, K or L to see more of a side.")
            return
        self._strip.pan(*WAYS[key])

    def action_unlink(self) -> None:
        """Alone, or with the others again."""
        alone = self._strip.link()
        number = self._strip.cursor + 1
        self.frame.toast(f"{number} moves alone now." if alone else f"{number} moves with the others again.")
