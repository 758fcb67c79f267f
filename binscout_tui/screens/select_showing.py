"""Showing a set and following what becomes of it; the keys that decide are in `select`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from textual import events, on
from textual.app import ComposeResult
from textual.widgets import Static

from binscout_tui.commands.table import with_keys
from binscout_tui.screens.deciding import DecidingScreen
from binscout_tui.screens.select_lines import by_words, status_line, suggestion_line
from binscout_tui.selecting.desk import SetDesk, refused, suggestion_of
from binscout_tui.selecting.rows import MOST
from binscout_tui.store.events import Event
from binscout_tui.store.images import Image
from binscout_tui.store.sets import ImageSet
from binscout_tui.widgets.crop_view import CropView
from binscout_tui.widgets.line import Line
from binscout_tui.widgets.picture_frame import Corners, Member
from binscout_tui.widgets.set_strip import SetStrip

RELEVANT = frozenset({"set", "set_note", "suggestion", "image", "trash", "capture"})
NO_SETS = """There are no sets yet.

{select.group} makes sets of the images that are in none"""


class ShowingSets(DecidingScreen):
    """A set on the desk and on the screen; keys count for it once all its pictures are there."""

    def __init__(self) -> None:
        super().__init__()
        self.desk: SetDesk | None = None
        self._clicked_position: int | None = None

    def body(self) -> ComposeResult:
        """Status, then the pictures or the crop, then what is suggested."""
        yield Static(id="select-status", markup=False)
        yield SetStrip(id="select-strip")
        yield CropView(id="select-crop")
        yield Line(id="select-suggestion")
        yield Static(id="select-empty", markup=False)

    # What the checks of the commands look at.

    @property
    def is_loading(self) -> bool:
        """Whether the sets are still being read."""
        return self.desk is None

    @property
    def current(self) -> ImageSet | None:
        """The set on the desk."""
        return self.desk.current if self.desk else None

    @property
    def has_set(self) -> bool:
        """Whether there is a set on the desk."""
        return self.current is not None

    @property
    def skipped(self) -> int:
        """How many sets are skipped."""
        return self.desk.counts.get("skipped", 0) if self.desk else 0

    @property
    def is_cropping(self) -> bool:
        """Whether a crop is being edited."""
        return self.has_class("-cropping")

    @property
    def is_untouched(self) -> bool:
        """Whether nothing was decided on the set and nothing ruled out."""
        return self.current is None or (self.current.state == "pending" and not self.current.ruled_out)

    @property
    def suggestions(self) -> bool:
        """Whether suggestions are shown."""
        return self.desk is not None and self.desk.suggestions

    @property
    def has_suggestion(self) -> bool:
        """Whether something is suggested for the set."""
        return self.desk is not None and self.desk.suggestion is not None

    @property
    def strip(self) -> SetStrip:
        """The pictures."""
        return self.query_one(SetStrip)

    # Opening, and changes made elsewhere.

    async def start(self) -> None:
        """Go to where the person stopped."""
        desk = SetDesk(self.ws)
        await desk.open()
        self.desk = desk
        self._show()

    async def resume(self) -> None:
        """Take in what other screens did meanwhile."""
        await self._refresh()

    async def changed(self, events: Sequence[Event]) -> None:
        """Somebody changed sets or images."""
        if not RELEVANT.isdisjoint(event.kind for event in events):
            await self._refresh()

    async def _refresh(self) -> None:
        if self.desk is None:
            return
        before = self.current
        await self.desk.refresh()
        if before != self.current and not self.is_cropping:
            self._show(cursor=self.strip.cursor if before and self.current and before.id == self.current.id else None)
        self._tell()

    # Showing.

    def _show(self, cursor: int | None = None) -> None:
        """Show the set on the desk."""
        self.waits()
        self._clicked_position = None
        found = self.current
        self.set_class(found is None, "-empty")
        self.set_class(self.suggestions, "-suggesting")
        self._tell()
        if self.desk is None or found is None:
            self.query_one("#select-empty", Static).update(with_keys(NO_SETS, self.frame.key_changes))
            # Nothing will come that a key could be too early for.
            self.seen()
            return
        kept = next((i for i, image in enumerate(found.images) if image.id == found.chosen_image_id), None)
        members = self._members(self.desk, found)
        self.strip.show(members, kept=kept, cursor=min(cursor if cursor is not None else kept or 0, len(members) - 1))
        if self.strip.is_settled:
            self.call_after_refresh(self._seen, found.id)

    def _members(self, desk: SetDesk, found: ImageSet) -> list[Member]:
        return [self._member(desk, found, image) for image in found.images[:MOST]]

    def _member(self, desk: SetDesk, found: ImageSet, image: Image) -> Member:
        said = suggestion_of(found) if desk.suggestions else None
        here = said is not None and said.image == image.id
        return Member(
            desk.preview(image),
            refused(image),
            found.crop if image.id == found.chosen_image_id else None,
            (image.width, image.height),
            is_out=image.id in found.ruled_out,
            suggested=by_words(said) if said and here else "",
            hint=corners(said.crop) if said and here else None,
        )

    def _tell(self) -> None:
        found, desk = self.current, self.desk
        line = self.query_one("#select-status", Static)
        if found is None or desk is None:
            line.update("", layout=False)
            return
        width = max(20, self.size.width - 2)
        zoom = self.strip.zoom_text if self.strip.is_looking else ""
        line.update(
            status_line(
                found,
                desk.position,
                desk.total,
                desk.counts,
                self.early,
                width,
                only=desk.order.only,
                zoom=zoom,
                key=self.frame.key,
            ),
            layout=False,
        )
        self.query_one("#select-suggestion", Line).say(suggestion_line(found, desk.suggestion, self.frame.key))

    def on_resize(self, event: events.Resize) -> None:
        """The counts stay at the right end."""
        self._tell()

    @on(SetStrip.Looked)
    def _looked(self) -> None:
        self._tell()

    @on(SetStrip.Settled)
    def _settled(self) -> None:
        if self.current is not None:
            self.call_after_refresh(self._seen, self.current.id)

    @on(SetStrip.Damaged)
    def _damaged(self, event: SetStrip.Damaged) -> None:
        found = self.current
        if found is not None and event.position < len(found.images):
            self.repair(found.images[event.position], partial(self._show_again, found.id))

    def _show_again(self, set_id: int) -> None:
        if self.current is not None and self.current.id == set_id and not self.is_cropping:
            self._show(self.strip.cursor)

    def _seen(self, set_id: int) -> None:
        if self.desk is None or self.current is None or self.current.id != set_id or self.is_seen:
            return
        self.seen()
        if self.desk.following is not None:
            self.strip.prefetch(self._members(self.desk, self.desk.following))
        if self.desk.wants_advice:
            self.run_worker(
                self._advise(self.desk), group="advice", exit_on_error=False, description="looking for the sharpest"
            )

    async def _advise(self, desk: SetDesk) -> None:
        before = self.current
        await desk.advise()
        if self.current is not before and not self.is_cropping:
            self._show(self.strip.cursor)

    def came_early(self) -> None:
        """Say so in the status line."""
        self._tell()


def corners(crop: Sequence[float] | None) -> Corners | None:
    """A crop from the journal as four numbers, None for one that is none."""
    if crop is None or len(crop) != 4:
        return None
    left, top, right, bottom = crop
    return (left, top, right, bottom)
