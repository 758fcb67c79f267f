"""What Capture asks and shows beside the queue: compartment, item, source, coverage, details, backgrounds."""

from __future__ import annotations

from functools import partial

from textual.content import Content

from binscout_tui.capturing import lists
from binscout_tui.capturing.choosing import Picked
from binscout_tui.capturing.desk import CaptureDesk
from binscout_tui.dialogs.ask import Ask
from binscout_tui.dialogs.confirm import Confirm
from binscout_tui.dialogs.coverage import Coverage
from binscout_tui.dialogs.pick import Pick
from binscout_tui.dialogs.reader import Reader
from binscout_tui.errors import BinScoutError
from binscout_tui.screens import capture_lines
from binscout_tui.screens.base import dialog
from binscout_tui.screens.deciding import DecidingScreen
from binscout_tui.store.captures import Capture
from binscout_tui.store.coverage import ItemCoverage
from binscout_tui.widgets.cut_view import CutView


class AskingScreen(DecidingScreen):
    """The part of Capture that opens dialogs; its subclass shows the queue and decides."""

    def __init__(self) -> None:
        super().__init__()
        self.desk: CaptureDesk | None = None
        self._note = Content("")

    # What the checks of the commands look at.

    @property
    def capture(self) -> Capture | None:
        """The capture on the desk."""
        return self.desk.current if self.desk else None

    @property
    def state(self) -> str | None:
        """Its state."""
        return self.capture.state if self.capture else None

    @property
    def source_kind(self) -> str | None:
        """The kind of the source in use."""
        source = self.desk.source if self.desk else None
        return source.kind if source else None

    @property
    def counts(self) -> dict[str, int]:
        """How many captures are in each state."""
        return self.desk.counts if self.desk else {}

    @property
    def has_item(self) -> bool:
        """Whether an item is chosen."""
        return self.desk is not None and self.desk.shown_spot.item_id is not None

    @property
    def compartment_chosen(self) -> bool:
        """Whether a compartment is chosen."""
        return self.desk is not None and self.desk.shown_spot.compartment_id is not None

    def inbox_words(self) -> str:
        """The folder of the inbox in use, or the one that would be made."""
        return self.desk.inbox_words() if self.desk else ""

    # What the subclass does.

    def _tell(self) -> None:
        """Bring everything on the screen but the picture up to date."""

    def redraw_picture(self) -> None:
        """Send the picture's pixels again."""

    async def retake(self, reason: str, capture_id: int | None = None) -> None:
        """Ask for a picture in the place of one."""

    def note(self, text: str, style: str = "$text-muted") -> None:
        """Say what has just happened."""

    # The process that watches the sources.

    def watch_sources(self) -> None:
        """See, beside the event loop, that the process lives which takes the pictures."""
        if self.desk is not None and self.desk.sources and self.ws.user.role != "viewer":
            self.run_worker(
                self._watch_sources(),
                group="runner",
                exclusive=True,
                exit_on_error=False,
                description="starting the process that takes pictures",
            )

    async def _watch_sources(self) -> None:
        if await self.frame.session.watch_sources():
            self.note("the process that takes pictures was started", "$accent")

    @dialog
    async def action_make_inbox(self) -> None:
        """Make an inbox in the workspace."""
        if self.desk is not None:
            await self.desk.make_inbox()
            self._tell()
            self.watch_sources()

    # Choosing. A dialog opens at once, so that what a scanner types goes there; its list comes meanwhile.

    def action_compartment(self) -> None:
        """Choose or scan the compartment."""
        if self.desk is None:
            return
        here = self.capture.id if self.capture else None
        pick = Pick(
            "Compartment",
            partial(lists.compartment_options, self.ws),
            makes="compartment",
            empty="no compartment yet: type its code",
        )
        self.frame.push_screen(pick, partial(self._compartment_picked, here))

    async def _compartment_picked(self, capture_id: int | None, picked: Picked | None) -> None:
        if self.desk is not None and picked is not None:
            await self.told(self.desk.choose_compartment(picked.key, picked.text, capture_id), "capture.compartment")
            self._tell()

    def action_item(self) -> None:
        """Choose the item."""
        if self.desk is None:
            return
        here = self.capture.id if self.capture else None
        self.frame.push_screen(
            Pick("Item", partial(lists.item_options, self.ws), makes="item", empty="no item yet: type its name"),
            partial(self._item_picked, here),
        )

    async def _item_picked(self, capture_id: int | None, picked: Picked | None) -> None:
        if self.desk is None or picked is None:
            return
        await self.told(self.desk.choose_item(picked.key, picked.text, capture_id), "capture.item")
        self._tell()
        spot = self.desk.spot
        if spot.compartment_id is not None and spot.how == "chosen":
            self.note(
                f"{self.frame.key('capture.place')} notes that {spot.item} lives in {spot.compartment}", "$accent"
            )

    async def action_place(self) -> None:
        """Note where the item lives."""
        if self.desk is not None:
            spot = self.desk.shown_spot
            await self.desk.place()
            self._tell()
            self.note(f"{spot.item} lives in {spot.compartment} now")

    def action_source(self) -> None:
        """Show the sources, and choose."""
        if (desk := self.desk) is not None:
            empty = f"there is no source; {self.frame.key('capture.make_inbox')} makes an inbox"
            self.frame.push_screen(
                Pick("Source of pictures", partial(lists.source_options, desk.sources), empty=empty),
                self._source_picked,
            )

    async def _source_picked(self, picked: Picked | None) -> None:
        if self.desk is not None and picked is not None and picked.key is not None:
            await self.told(self.desk.use_source(picked.key), "capture.source")
            self._tell()

    def action_coverage(self) -> None:
        """Show what needs pictures."""
        if self.desk is not None:
            here = self.capture.id if self.capture else None
            self.frame.push_screen(Coverage(partial(lists.needs, self.ws)), partial(self._coverage_picked, here))

    async def _coverage_picked(self, capture_id: int | None, found: ItemCoverage | None) -> None:
        if self.desk is not None and found is not None:
            await self.told(self.desk.go_to(found.item_id), "capture.coverage")
            self._tell()

    def action_retake_why(self) -> None:
        """Ask for the reason, then retake."""
        if self.capture is not None:
            text = f"Why is #{self.capture.id} taken again?"
            self.frame.push_screen(Ask("Retake", text), partial(self._retake_picked, self.capture.id))

    async def _retake_picked(self, capture_id: int, reason: str | None) -> None:
        if reason is not None:
            await self.told(self.retake(reason, capture_id), "capture.retake")

    async def ask(self, text: str) -> bool:
        """Ask a question; called from a worker."""
        answer = await self.app.push_screen_wait(Confirm("Accept all", text, yes="Accept"))
        return bool(answer)

    # Looking closer.

    @dialog
    async def action_details(self) -> None:
        """All about the capture on the desk, and what was told."""
        if self.desk is None or self.capture is None:
            self.frame.action_messages()
            return
        chain = await lists.attempts(self.ws, self.capture.id)
        here = next((one for one in chain if one.id == self.capture.id), self.capture)
        text = Content("\n\n").join([capture_lines.details_text(here, chain), self.frame.messages.text()])
        self.frame.push_screen(Reader("Capture", text))

    def action_background(self) -> None:
        """Show or hide the picture without its background."""
        self.toggle_class("-cut")
        if self.has_class("-cut"):
            self.show_cut()

    def show_cut(self) -> None:
        """Have the background removed beside the event loop, and show what comes of it."""
        found, view = self.capture, self.query_one(CutView)
        if self.desk is None or found is None or found.image_id is None:
            view.say("There is no picture.")
            return
        view.say("The background is being removed…")
        self.run_worker(
            self._cut(found),
            group="cut",
            exclusive=True,
            exit_on_error=False,
            description=f"removing the background of #{found.id}",
        )

    async def _cut(self, capture: Capture) -> None:
        if self.desk is None:
            return
        view = self.query_one(CutView)
        try:
            path = await lists.cut_out(self.ws, capture)
        except BinScoutError as error:
            if self.capture is not None and self.capture.id == capture.id:
                view.say(Content.assemble((error.sentence, "$error"), (f"\n\n{error.hint}" if error.hint else "", "")))
            return
        if self.capture is not None and self.capture.id == capture.id:
            view.show(path)
            # The new layout writes over the pixels beside it where a terminal has them outside its cells.
            self.call_after_refresh(self.redraw_picture)
