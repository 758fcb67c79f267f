"""Label: one picture, one key, the next picture."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from binscout_tui.commands import app as app_commands
from binscout_tui.commands import label as commands
from binscout_tui.commands.command import Changes
from binscout_tui.commands.keymap import places
from binscout_tui.errors import BinScoutError
from binscout_tui.labelling.desk import LabelDesk
from binscout_tui.labelling.keys import DIGITS, class_keys
from binscout_tui.labelling.pace import per_minute
from binscout_tui.labelling.queue import Candidate, Verdict
from binscout_tui.screens.deciding import DecidingScreen
from binscout_tui.screens.label_lines import FINDING, empty_words, last_line, status_line, suggestion_line
from binscout_tui.store.events import Event
from binscout_tui.store.journal import Entry
from binscout_tui.store.labels import LabelClass
from binscout_tui.widgets.class_finder import ClassFinder
from binscout_tui.widgets.class_panel import ClassEntry, ClassPanel
from binscout_tui.widgets.picture import Picture

RELEVANT = frozenset({"label", "image", "trash", "class", "prediction", "model", "activation"})
PREFETCHED = 5


def reserved_keys(changes: Changes) -> frozenset[str]:
    """Single characters that are commands on this screen, so that no class may have them."""
    taken = {key for scope in (app_commands.SCOPE, commands.SCOPE) for p in places(scope, changes) for key in p.keys}
    return frozenset(key for key in taken if len(key) == 1) - frozenset(DIGITS)


class LabelScreen(DecidingScreen):
    """Shows an image and the classes; a key labels and brings the next image."""

    SCOPE = commands.SCOPE
    BINDINGS = SCOPE.bindings()
    CSS_PATH = "../tcss/label.tcss"
    DECISIONS = commands.DECISIONS
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (72, "-normal"), (120, "-wide")]

    def __init__(self) -> None:
        super().__init__()
        self.desk: LabelDesk | None = None
        self.keys: dict[str, LabelClass] = {}
        self._moments: deque[float] = deque(maxlen=240)
        self._last: deque[str] = deque(maxlen=5)
        self._problem = ""

    def body(self) -> ComposeResult:
        """Status, picture beside classes, the last decisions."""
        yield Static(id="label-status", markup=False)
        with Horizontal(id="label-work"):
            yield Picture(empty="opening…", id="label-picture")
            with Vertical(id="label-side"):
                yield ClassPanel(id="label-classes")
                yield ClassFinder(id="label-finder")
                yield Static(id="label-suggestion", markup=False)
        yield Static(id="label-empty", markup=False)
        yield Static(id="label-last", markup=False)

    # What the checks of the commands look at.

    @property
    def candidate(self) -> Candidate | None:
        """The image on the desk."""
        return self.desk.current if self.desk else None

    @property
    def has_image(self) -> bool:
        """Whether there is an image on the desk."""
        return self.candidate is not None

    @property
    def is_damaged(self) -> bool:
        """Whether its picture cannot be shown."""
        return self.has_image and self.picture.state == "damaged"

    @property
    def has_model(self) -> bool:
        """Whether a model is active."""
        return self.desk is not None and self.desk.model_id is not None

    @property
    def skipped(self) -> int:
        """How many images are skipped."""
        return self.desk.skipped if self.desk else 0

    @property
    def is_over_skipped(self) -> bool:
        """Whether the skipped images are gone over."""
        return self.desk is not None and self.desk.which == "skipped"

    @property
    def suggestion(self) -> str | None:
        """The class that the model suggests on the screen."""
        shown = self.desk.shown_suggestion() if self.desk else None
        return str(shown["label"]) if shown else None

    @property
    def no_suggestion(self) -> str:
        """Why nothing is suggested."""
        if not self.has_model:
            return "No model is active yet, so there are no suggestions."
        if self.desk is not None and not self.desk.suggestions:
            return "Suggestions are hidden; t shows them."
        return "The model has said nothing of this image."

    @property
    def picture(self) -> Picture:
        """The picture."""
        return self.query_one("#label-picture", Picture)

    # Opening, and changes made elsewhere.

    async def start(self) -> None:
        """Go to where the person stopped."""
        desk = LabelDesk(self.ws)
        await desk.open()
        self.desk = desk
        self._show()

    async def resume(self) -> None:
        """Take in what other screens did meanwhile."""
        await self._refresh(RELEVANT)

    async def changed(self, events: Sequence[Event]) -> None:
        """Somebody changed labels, images, classes or predictions."""
        kinds = RELEVANT.intersection(event.kind for event in events)
        if kinds and self.desk is not None:
            await self._refresh(kinds)

    async def _refresh(self, kinds: frozenset[str]) -> None:
        if self.desk is None:
            return
        here = self.candidate
        await self.desk.refresh(kinds)
        if here is None or self.candidate is None or here.image.id != self.candidate.image.id:
            self._show()
        else:
            self._tell()

    # Showing.

    def _show(self) -> None:
        """Show the image on the desk; keys count for it once it is on the screen."""
        self.waits()
        self._problem = ""
        candidate = self.candidate
        self.set_class(candidate is None, "-empty")
        self._tell()
        if self.desk is None or candidate is None:
            self.picture.show(None)
            # Nothing will come that a key could be too early for.
            self.seen()
            return
        path = self.desk.preview(candidate)
        self.picture.show(path)
        if self.picture.path == path and self.picture.state in ("shown", "damaged"):
            self.call_after_refresh(self._seen, candidate.image.id)

    @on(Picture.Shown)
    @on(Picture.Damaged)
    def _picture_settled(self, event: Picture.Shown | Picture.Damaged) -> None:
        candidate = self.candidate
        if self.desk is not None and candidate is not None and event.path == self.desk.preview(candidate):
            self.call_after_refresh(self._seen, candidate.image.id)
            if isinstance(event, Picture.Damaged):
                self.repair(candidate.image, partial(self._show_again, candidate))

    def _show_again(self, candidate: Candidate) -> None:
        if self.candidate is not None and self.candidate.image.id == candidate.image.id:
            self._show()

    async def _seen(self, image_id: int) -> None:
        if self.desk is None or self.candidate is None or self.candidate.image.id != image_id or self.is_seen:
            return
        self.seen()
        await self.desk.refill()
        self.picture.prefetch([self.desk.preview(following) for following in self.desk.upcoming[:PREFETCHED]])
        if self.is_damaged:
            self.frame.refresh_commands()

    def _tell(self) -> None:
        """Everything on the screen but the picture."""
        desk = self.desk
        if desk is None:
            return
        self.keys = class_keys(desk.classes, reserved_keys(self.frame.key_changes))
        by_class = {item.id: key for key, item in self.keys.items()}
        panel = self.query_one(ClassPanel)
        panel.entries = tuple(ClassEntry(by_class.get(item.id, ""), item.name, item.images) for item in desk.classes)
        panel.suggested = self.suggestion
        panel.given = desk.current.label.name if desk.current and desk.current.label else None
        rate, key = per_minute(self._moments, time.monotonic()), self.frame.key
        status = status_line(desk.current, desk.left, rate, which=desk.which, skipped=desk.skipped, key=key)
        self._say("#label-status", status)
        said = desk.current.prediction if desk.current else None
        self._say("#label-suggestion", suggestion_line(said, shown=desk.suggestions, model=desk.model_id, key=key))
        self._tell_last()
        if desk.current is None:
            self.query_one("#label-empty", Static).update(empty_words(desk.counts, desk.which, key=key))

    def came_early(self) -> None:
        """Say so where the decisions are listed."""
        self._tell_last()

    def _tell_last(self) -> None:
        line = last_line(self._last, self.early, self._problem, key=self.frame.key)
        if self.has_class("-finding"):
            line = Content.styled(FINDING, "$text-muted")
        self._say("#label-last", line)

    def _say(self, line: str, content: Content) -> None:
        """The lines have a fixed height, so that no key costs a new layout."""
        self.query_one(line, Static).update(content, layout=False)

    # Deciding.

    def decision(self, key: str) -> tuple[str, ...] | None:
        """Letters of classes decide too."""
        return ("label.choose", key) if key in self.keys else super().decision(key)

    async def action_choose(self, key: str = "") -> None:
        """Label with the class of `key`."""
        item = self.keys.get(key)
        if item is None:
            self.frame.toast(
                f"No class has the key {key}; / finds or makes a class." if key else "Press a class's key."
            )
            return
        await self._decide(Verdict("class", item.name))

    async def action_take(self) -> None:
        """Label with what the model suggests."""
        name = self.suggestion
        if name is not None and self.desk is not None:
            if all(item.name != name for item in self.desk.classes):
                self.frame.toast(f"There is no class {name} any more; / makes it.", "warning")
                return
            await self._decide(Verdict("class", name))

    async def action_empty(self) -> None:
        """Label as empty."""
        await self._decide(Verdict("empty"))

    async def action_skip(self) -> None:
        """Pass by."""
        await self._decide(Verdict("skipped"))

    async def action_trash(self) -> None:
        """To the trash."""
        if self.desk is not None and self.candidate is not None:
            name = self.candidate.image.name
            await self.desk.trash(self.candidate.image.id)
            self._last.append("trash")
            self._show()
            self.frame.toast(f"{name} is in the trash; {{label.undo}} brings it back.")

    async def _decide(self, verdict: Verdict, image_id: int | None = None) -> None:
        if self.desk is None or self.candidate is None:
            return
        try:
            await self.desk.decide(self.candidate.image.id if image_id is None else image_id, verdict)
        except BinScoutError as error:
            self._problem = f"not labelled: {error.sentence}"
            self._tell_last()
            raise
        self._moments.append(time.monotonic())
        self._last.append(verdict.words)
        self.early = 0
        self._show()

    # Moving and undoing.

    async def action_next(self) -> None:
        """On, without deciding."""
        if self.desk is not None and await self.desk.forward():
            self._show()
        else:
            self.frame.toast(f"No other image is {'skipped' if self.is_over_skipped else 'unlabelled'}.")

    async def action_previous(self) -> None:
        """Back, without deciding."""
        if self.desk is not None and await self.desk.back():
            self._show()
        else:
            self.frame.toast("There is no earlier image.")

    async def action_skipped(self) -> None:
        """Go over the skipped images, or on with the unlabelled ones."""
        if self.desk is not None:
            await self.desk.go_over("unlabelled" if self.is_over_skipped else "skipped")
            self._show()

    async def action_undo(self) -> None:
        """Take back the last decision."""
        if self.desk is not None:
            self._turned(await self.desk.undo(), "undone")

    async def action_redo(self) -> None:
        """Decide again what was undone."""
        if self.desk is not None:
            self._turned(await self.desk.redo(), "redone")

    def _turned(self, entry: Entry, word: str) -> None:
        if entry.stale:
            self.frame.toast(f"Image {entry.target} was changed since by somebody; it stays as it is.", "warning")
        else:
            what = {"label": "label", "clear": "label", "trash": "trashing", "restore": "restoring"}[entry.action]
            self._last.append(f"{what} {word}")
        self.early = 0
        self._show()

    async def action_suggestions(self) -> None:
        """Show or hide what the model says."""
        if self.desk is not None:
            await self.desk.toggle_suggestions()
            self._tell()

    def action_predict(self) -> None:
        """Have the model look at all unlabelled images; its words come in one by one."""
        self.frame.ask_model()

    # Finding a class.

    def action_find(self) -> None:
        """Type to find a class for this image."""
        if self.desk is not None and self.candidate is not None:
            self.add_class("-finding")
            used_first = sorted(self.desk.classes, key=lambda item: -item.images)
            self.query_one(ClassFinder).open(self.candidate.image.id, [item.name for item in used_first])
            self._tell_last()

    @on(ClassFinder.Found)
    async def _found(self, event: ClassFinder.Found) -> None:
        self._close_finder()
        await self.told(self._settle(event), "label.find")

    async def _settle(self, event: ClassFinder.Found) -> None:
        if self.desk is None:
            return
        name = (await self.desk.add_class(event.name)).name if event.is_new else event.name
        await self._decide(Verdict("class", name), event.image_id)

    def go_up(self) -> bool:
        """Esc leaves the finder."""
        if self.has_class("-finding"):
            self._close_finder()
            return True
        return super().go_up()

    def on_descendant_blur(self) -> None:
        """A click elsewhere leaves the finder too."""
        if self.focused is None:
            self.remove_class("-finding")
            self._tell_last()
        super().on_descendant_blur()

    def _close_finder(self) -> None:
        self.remove_class("-finding")
        self.set_focus(None)
        self._tell_last()
