"""Looking closely at all pictures of a set: bringing the pixels that the previews do not have."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from textual import on

from binscout_tui.screens.select_showing import ShowingSets
from binscout_tui.selecting.rows import MOST
from binscout_tui.store.images import Image
from binscout_tui.widgets.picture import Picture
from binscout_tui.widgets.set_strip import SetStrip

if TYPE_CHECKING:
    from binscout_tui.workers.details import DetailMaker


class LookingClosely(ShowingSets):
    """`v` looks at one place of all pictures; originals are unpacked one after the other, beside the event loop."""

    def __init__(self) -> None:
        super().__init__()
        self._details: DetailMaker | None = None
        self._wanted: list[Picture] = []

    def action_look(self) -> None:
        """Look at all pictures pixel by pixel, or see them whole again."""
        if self.strip.is_looking:
            self.strip.stop_looking()
        elif not self.strip.look():
            self.frame.toast("There is no picture here to look at more closely.")

    @on(SetStrip.Looked)
    def _looked_closely(self) -> None:
        self.frame.refresh_commands()

    def on_descendant_blur(self) -> None:
        """A click elsewhere does not take the keys away from what is looked at."""
        if self.strip.is_looking and self.focused is None and not self.is_cropping:
            self.strip.focus()
        super().on_descendant_blur()

    def go_up(self) -> bool:
        """Esc and q show the pictures whole again."""
        if self.strip.is_looking:
            self.strip.stop_looking()
            return True
        return super().go_up()

    @on(Picture.DetailWanted)
    def _detail_wanted(self, event: Picture.DetailWanted) -> None:
        event.stop()
        self._wanted.append(event.picture)
        if len(self._wanted) == 1:
            self.run_worker(
                self._give_details(), group="detail", exit_on_error=False, description="looking closely at a set"
            )

    async def _give_details(self) -> None:
        try:
            while self._wanted:
                await self._give_detail(self._wanted[0])
                self._wanted.pop(0)
        finally:
            self._wanted.clear()

    async def _give_detail(self, picture: Picture) -> None:
        path = picture.path
        image = self._image_of(path)
        if path is None or image is None:
            return
        detail = await self._maker().make(image)
        if detail is not None and picture.path == path:
            picture.give_detail(path, detail)

    def _image_of(self, path: Path | None) -> Image | None:
        if self.desk is None or self.desk.current is None or path is None:
            return None
        return next((image for image in self.desk.current.images if self.desk.preview(image) == path), None)

    def _maker(self) -> DetailMaker:
        if self._details is None:
            from binscout_tui.operations.importing import decode_limits
            from binscout_tui.workers.details import DetailMaker

            # All candidates of a set stay unpacked: they are looked at side by side.
            self._details = DetailMaker(self.ws.paths, decode_limits(self.ws.settings.importing), kept=MOST)
        return self._details

    async def on_unmount(self) -> None:
        """End what reads originals."""
        if self._details is not None:
            await self._details.close()
        await super().on_unmount()
