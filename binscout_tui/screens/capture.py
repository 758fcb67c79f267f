"""Item Capture: a picture comes, its checks beside it, one key accepts or takes it again."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from binscout_tui.capturing import lists
from binscout_tui.capturing.desk import CaptureDesk
from binscout_tui.commands import capture as commands
from binscout_tui.screens import capture_lines as lines
from binscout_tui.screens.base import dialog
from binscout_tui.screens.capture_asking import AskingScreen
from binscout_tui.screens.words import counted
from binscout_tui.store import images
from binscout_tui.store.captures import Capture
from binscout_tui.store.events import Event
from binscout_tui.store.journal import Entry
from binscout_tui.widgets.cut_view import CutView
from binscout_tui.widgets.line import Line
from binscout_tui.widgets.picture import Picture

RELEVANT = frozenset({"capture", "image", "trash", "source", "request", "item", "compartment"})
LOOK_S = 0.1
RUNNER_S = 5.0


class CaptureScreen(AskingScreen):
    """Shows one capture of the queue; what one captures for is asked by `AskingScreen`."""

    SCOPE = commands.SCOPE
    BINDINGS = SCOPE.bindings()
    CSS_PATH = "../tcss/capture.tcss"
    DECISIONS = commands.DECISIONS
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (72, "-normal"), (120, "-wide")]

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[str, Content] = {}
        self._shown: tuple[int, str | None] | None = None

    def body(self) -> ComposeResult:
        """What one captures for, the picture beside its checks, the queue."""
        yield Line(id="capture-top")
        with Horizontal(id="capture-work"):
            yield Picture(empty="opening…", id="capture-picture")
            yield CutView(id="capture-cut")
            yield Static(id="capture-words", markup=False)
            with Vertical(id="capture-side"):
                yield Static(id="capture-facts", markup=False)
                yield Line(id="capture-newest")
        yield Line(id="capture-note")
        yield Line(id="capture-queue")

    @property
    def picture(self) -> Picture:
        """The picture."""
        return self.query_one("#capture-picture", Picture)

    @property
    def is_damaged(self) -> bool:
        """Whether the picture on the desk cannot be shown."""
        return self.capture is not None and not self.has_class("-words") and self.picture.state == "damaged"

    # Opening, and changes made elsewhere.

    async def start(self) -> None:
        """Go to where the person stopped, and see that somebody watches the sources."""
        desk = CaptureDesk(self.ws)
        await desk.open()
        self.desk = desk
        self.set_class(self.ws.settings.capture.background, "-cut")
        self._show()
        self.set_interval(RUNNER_S, self.watch_sources)
        self._come_back()

    async def resume(self) -> None:
        """Take in what was done meanwhile."""
        self._come_back()
        await self._refresh()

    def _come_back(self) -> None:
        self.frame.session.look_every(LOOK_S)
        self.watch_sources()

    def on_screen_suspend(self) -> None:
        """Nobody waits for pictures now."""
        self.frame.session.look_every()

    async def changed(self, events: Sequence[Event]) -> None:
        """Pictures came, or somebody decided."""
        if not RELEVANT.isdisjoint(event.kind for event in events):
            await self._refresh()

    async def _refresh(self) -> None:
        if self.desk is None:
            return
        for ask in await self.desk.refresh():
            self.frame.toast(f"No picture: {ask.error}", "error")
        # A key may have shown another one meanwhile.
        if _shown_as(self.capture) != self._shown:
            self._show()
        else:
            self._tell()

    # Showing.

    def _show(self) -> None:
        """Show the capture on the desk; keys count for it once it is on the screen."""
        self.waits()
        self._note = Content("")
        self._shown = _shown_as(self.capture)
        found, path = self.capture, None
        if self.desk is not None and found is not None:
            path = self.desk.preview(found)
        self.set_class(path is None, "-words")
        self.set_class(found is None, "-empty")
        self._tell()
        self.picture.show(path)
        if self.desk is None or found is None or path is None:
            self.call_after_refresh(self._seen, found.id if found else None)
            return
        if self.picture.path == path and self.picture.state in ("shown", "damaged"):
            self.call_after_refresh(self._seen, found.id)
        if self.has_class("-cut"):
            self.show_cut()

    def redraw_picture(self) -> None:
        """Send the picture's pixels again."""
        self.picture.redraw()

    @on(Picture.Shown, "#capture-picture")
    @on(Picture.Damaged, "#capture-picture")
    def _settled(self, event: Picture.Shown | Picture.Damaged) -> None:
        found = self.capture
        if self.desk is None or found is None or event.path != self.desk.preview(found):
            return
        self.call_after_refresh(self._seen, found.id)
        if isinstance(event, Picture.Damaged):
            self.run_worker(
                self._mend(found), group="previews", exit_on_error=False, description=f"make {found.name} visible"
            )

    async def _mend(self, capture: Capture) -> None:
        if capture.image_id is not None:
            image = await self.ws.db.read(images.get, capture.image_id)
            self.repair(image, partial(self._show_again, capture.id))

    def _show_again(self, capture_id: int) -> None:
        if self.capture is not None and self.capture.id == capture_id:
            self._show()

    async def _seen(self, capture_id: int | None) -> None:
        here = self.capture.id if self.capture else None
        if self.desk is None or here != capture_id or self.is_seen:
            return
        self.seen()
        view = self.desk.view
        ahead = [self.desk.preview(following) for following in view.following] if view else []
        self.picture.prefetch([path for path in ahead if path is not None])
        self.frame.refresh_commands()
        await self.desk.look_ahead()

    def _tell(self) -> None:
        """Everything on the screen but the picture."""
        desk = self.desk
        if desk is None or desk.view is None:
            return
        width = max(20, self.size.width - 2)
        top = lines.top_line(desk.shown_spot, desk.view.need, self.frame.key, stays=desk.stays, width=width)
        self.query_one("#capture-top", Line).say(top)
        self._say("#capture-facts", lines.facts(desk.view, desk.which, desk.total))
        self._tell_words()
        self._tell_newest()
        self._tell_queue()

    def _tell_words(self) -> None:
        desk = self.desk
        if desk is None or not self.has_class("-words"):
            return
        if self.capture is not None:
            words = lines.failure_words(self.capture, self.frame.key)
        else:
            words = lines.empty_words(
                desk.which,
                desk.source,
                waiting=len(desk.waiting),
                inbox=self.inbox_words(),
                spot=desk.shown_spot,
                key=self.frame.key,
            )
        self._say("#capture-words", words)

    def _say(self, selector: str, content: Content) -> None:
        """Pictures may come a hundred times a second: words that need no other room cost no layout."""
        before = self._said.get(selector)
        if before is None or not before.is_same(content):
            self._said[selector] = content
            line = self.query_one(selector, Static)
            room = line.content_size
            line.update(content, layout=not room or content.get_height({}, room.width) != room.height)

    def _tell_newest(self) -> None:
        desk, line = self.desk, self.query_one("#capture-newest", Line)
        if desk is not None and desk.view is not None and line.display:
            here = self.capture.id if self.capture else None
            line.say(lines.newest_lines(desk.view.newest, here, line.size.height, max(10, line.size.width)))

    def _tell_queue(self) -> None:
        desk = self.desk
        if desk is None:
            return
        source = lines.source_words(desk.source, len(desk.waiting))
        width = max(20, self.size.width - 2)
        self.query_one("#capture-note", Line).say(lines.note_line(self._note, source, self.early, width))
        self.query_one("#capture-queue", Line).say(lines.queue_line(desk.counts, desk.which))

    def note(self, text: str, style: str = "$text-muted") -> None:
        """Say below the picture what has just happened, until the next one."""
        self._note = Content.styled(text, style)
        self._tell_queue()

    def on_resize(self, event: events.Resize) -> None:
        """What stands at the right stays there, and the list gets as long as there is room."""
        self.call_after_refresh(self._tell)

    def came_early(self) -> None:
        """Say so below the picture."""
        self._tell_queue()

    # Deciding.

    async def action_accept(self) -> None:
        """Accept, and go on."""
        if self.desk is not None and self.capture is not None:
            await self.desk.accept(self.capture.id)
            self._moved()

    async def action_reject(self) -> None:
        """Reject, and go on."""
        if self.desk is not None and self.capture is not None:
            await self.desk.reject(self.capture.id)
            self._moved()

    def _moved(self) -> None:
        self.early = 0
        self._show()

    async def action_shoot(self) -> None:
        """Ask for a picture."""
        if self.desk is not None:
            self.watch_sources()
            await self.desk.shoot()
            self._tell()

    async def action_retake(self) -> None:
        """Ask for a picture in the place of this one."""
        await self.retake("")

    async def retake(self, reason: str, capture_id: int | None = None) -> None:
        """Ask for a picture in the place of `capture_id`, or of the one on the desk."""
        if self.desk is None or self.capture is None:
            return
        wanted = self.capture.id if capture_id is None else capture_id
        self.watch_sources()
        await self.desk.retake(wanted, reason)
        self._tell()
        source = self.desk.source
        if source is not None and source.kind == "inbox":
            self.note(f"the next picture in {source.name} replaces #{wanted}", "$accent")
        else:
            self.note(f"taking #{wanted} again…", "$accent")

    async def action_undo(self) -> None:
        """Take back the last decision."""
        if self.desk is not None:
            self._turned(await self.desk.undo(), "undone")

    async def action_redo(self) -> None:
        """Decide again what was undone."""
        if self.desk is not None:
            self._turned(await self.desk.redo(), "redone")

    def _turned(self, entry: Entry, word: str) -> None:
        self._moved()
        if entry.stale:
            self.frame.toast(f"Capture {entry.target} was changed since by somebody; it stays as it is.", "warning")
        elif len(entry.turned) > 1:
            left = f", {entry.left} were changed since" if entry.left else ""
            self.note(f"{word}: {len(entry.turned)} captures{left}")
        else:
            self.note(f"{word}: {entry.action} #{entry.target}")

    @dialog
    async def action_accept_all(self) -> None:
        """Accept all that no check warns of, after a question with the numbers."""
        if self.desk is None:
            return
        ids, others = await self.desk.unwarned()
        if not ids:
            self.frame.toast(f"A check warns of all {others} staged pictures; look at them one by one.", "warning")
            return
        if await self.ask(lines.accept_question(len(ids), others, self.frame.key)):
            self.note(f"accepting {counted(len(ids), 'picture', '')}…", "$accent")
            changed = await self.desk.accept_all(ids)
            self._moved()
            self.note(f"accepted {counted(changed, 'picture', '')}")

    async def action_retry(self) -> None:
        """Try what has failed again."""
        if self.desk is not None and self.capture is not None:
            self.watch_sources()
            await self.desk.retry([self.capture.id])
            self._tell()
            self.note(f"trying #{self.capture.id} again…", "$accent")

    @dialog
    async def action_retry_all(self) -> None:
        """Try everything again that has failed."""
        if self.desk is None:
            return
        self.watch_sources()
        ids = await lists.failures(self.ws)
        await self.desk.retry(ids)
        self._tell()
        self.note(f"trying {counted(len(ids), 'capture', 'again…')}", "$accent")

    # Going through the queue.

    async def action_next(self) -> None:
        """The capture after this one."""
        await self._step(1)

    async def action_previous(self) -> None:
        """The capture before this one."""
        await self._step(-1)

    async def _step(self, by: int) -> None:
        if self.desk is not None and await self.desk.step(1 if by > 0 else -1):
            self._moved()
        else:
            self.frame.toast(
                f"This is the {'last' if by > 0 else 'first'} capture." if self.capture else commands.NOTHING
            )

    async def action_newest(self) -> None:
        """The newest capture."""
        await self._to_end(newest=True)

    async def action_oldest(self) -> None:
        """The oldest capture."""
        await self._to_end(newest=False)

    async def _to_end(self, *, newest: bool) -> None:
        if self.desk is not None and await self.desk.to_end(newest=newest):
            self._moved()

    async def action_filter(self) -> None:
        """The captures of the next state."""
        await self._filter(1)

    async def action_filter_back(self) -> None:
        """The captures of the state before."""
        await self._filter(-1)

    async def _filter(self, by: int) -> None:
        if self.desk is not None:
            await self.desk.filter(1 if by > 0 else -1)
            self._moved()

    def go_up(self) -> bool:
        """Esc and q take back a shot that is asked for and not taken yet."""
        if self.desk is not None and self.desk.has_asked:
            self.run_worker(self._withdraw(), group="action", exit_on_error=False, description="taking a shot back")
            return True
        return super().go_up()

    async def _withdraw(self) -> None:
        if self.desk is not None and await self.desk.withdraw():
            self._tell()
            self.note("the picture that was asked for is not wanted any more")

    async def action_stay(self) -> None:
        """Stay at the compartment, or go on."""
        if self.desk is not None:
            await self.desk.toggle_stay()
            self._tell()


def _shown_as(capture: Capture | None) -> tuple[int, str | None] | None:
    """What makes the picture on the screen another one."""
    return None if capture is None else (capture.id, capture.sha256)
