"""One case of a report: its pictures side by side, what is true, what the model said; and one picture in full."""

from __future__ import annotations

from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message

from binscout_tui.browsing.cases import SAID, TRUTH, CaseDesk, Look, Shot
from binscout_tui.commands.dispatch import Commanded
from binscout_tui.commands.report import CASE, CASE_FULL
from binscout_tui.reporting.cases import Case
from binscout_tui.screens.gallery_full import FullView, Shown
from binscout_tui.store.gallery import Row
from binscout_tui.terminal.overlay import AMBER, Box, Colour, Point
from binscout_tui.widgets.case_strip import CaseFrame, CaseStrip, Framed
from binscout_tui.widgets.line import Line
from binscout_tui.widgets.picture import Picture

COLOURS: dict[str, Colour] = {TRUTH: (80, 220, 120), SAID: (90, 200, 255)}
"""What is true is one line, what the model said is dashed: told apart without their colours too."""
COUNTED: dict[str, Colour] = {TRUTH: COLOURS[TRUTH], SAID: AMBER}


def boxes_of(shot: Shot) -> tuple[Box, ...]:
    """What is true and what was said, as boxes."""
    return tuple(Box(*crop, colour=COLOURS[kind], dashed=kind == SAID) for crop, kind in shot.crops)


def points_of(shot: Shot) -> tuple[Point, ...]:
    """What is there and what was counted, as points."""
    return tuple(Point(x, y, colour=COUNTED[kind]) for x, y, kind in shot.points)


def framed(shot: Shot, *, marks: bool = True) -> Framed:
    """A picture of a case for its frame, with what is drawn on it where `marks` says so."""
    if shot.problem:
        return Framed(shot.path, shot.title, kinds=shot.kinds, problem=shot.problem)
    size = (shot.image.width, shot.image.height) if shot.image is not None else (4, 3)
    boxes, points = (boxes_of(shot), points_of(shot)) if marks else ((), ())
    return Framed(shot.path, shot.title, size, shot.kinds, boxes, points)


class CaseView(Commanded, Vertical, can_focus=True):
    """Goes through the cases of a desk; the screen around it shows a picture in full and goes up."""

    SCOPE = CASE
    BINDINGS = CASE.bindings()

    @dataclass
    class Opened(Message):
        """A picture is to be shown in full."""

        look: Look
        index: int

    @dataclass
    class Left(Message):
        """One wants to go up."""

    @dataclass
    class Labelled(Message):
        """One wants to label an image."""

        image_id: int

    @dataclass
    class Damaged(Message):
        """The preview of a picture cannot be shown."""

        shot: Shot

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.desk: CaseDesk | None = None
        self.look: Look | None = None
        self.marks = True
        self._title = ""
        self._place = 0

    def compose(self) -> ComposeResult:
        """Which case it is, its pictures, what was said."""
        yield Line(id="case-title")
        yield CaseStrip(id="case-strip")
        yield Line(id="case-words")

    # What the checks of the commands look at.

    @property
    def shot(self) -> Shot | None:
        """The picture under the cursor."""
        if self.look is None or not self.look.shots:
            return None
        return self.look.shots[min(self.strip.cursor, len(self.look.shots) - 1)]

    @property
    def has_image(self) -> bool:
        """Whether that picture is one of the workspace's."""
        return self.shot is not None and self.shot.image is not None

    @property
    def no_label(self) -> str:
        """Why the image under the cursor cannot be labelled, or ""."""
        if self.desk is not None and self.desk.task != "classify":
            return "These images are not judged by class; only those of a classifier are labelled here."
        if self.has_image and self.shot is not None and self.shot.image is not None and not self.shot.image.is_live:
            return "This image is in the trash; restore it first."
        return ""

    @property
    def strip(self) -> CaseStrip:
        """The pictures."""
        return self.query_one(CaseStrip)

    # Showing.

    async def show(self, desk: CaseDesk, title: str, place: int = 0) -> None:
        """Go through what a desk has, from `place` on."""
        self.desk, self._title = desk, title
        await self._go(place)

    async def _go(self, place: int) -> None:
        desk = self.desk
        if desk is None:
            return
        if not 0 <= place < len(desk.cases):
            self.frame.toast("This is the last case." if place > 0 else "This is the first case.")
            return
        self._place = place
        look = await desk.look(place)
        if self.desk is desk and self._place == place:
            self.look = look
            self.strip.show([framed(shot, marks=self.marks) for shot in look.shots], look.lead)
            self.tell()

    def tell(self) -> None:
        """The lines around the pictures."""
        look, desk = self.look, self.desk
        if look is None or desk is None:
            return
        where = f"{look.place + 1} of {len(desk.cases)}"
        head = Content.assemble((f"{self._title}  ", "bold $accent"), (where, "$text-muted"), f"  {look.title}")
        self.query_one("#case-title", Line).say(head)
        self.query_one("#case-words", Line).say(Content(look.words))

    def show_again(self) -> None:
        """The preview of a picture was made."""
        if self.look is not None:
            cursor = self.strip.cursor
            self.strip.show([framed(shot, marks=self.marks) for shot in self.look.shots], cursor)

    @property
    def case(self) -> Case | None:
        """The case that is shown."""
        return self.desk.cases[self.look.place] if self.desk is not None and self.look is not None else None

    @on(CaseFrame.Clicked)
    def _clicked(self, event: CaseFrame.Clicked) -> None:
        event.stop()
        if event.position == self.strip.cursor or self.strip.count == 1:
            self.action_open()
        else:
            self.strip.mark(event.position)
            self.frame.refresh_commands()

    @on(Picture.Damaged)
    def _damaged(self, event: Picture.Damaged) -> None:
        event.stop()
        for shot in self.look.shots if self.look is not None else ():
            if shot.path == event.path:
                self.post_message(self.Damaged(shot))

    # The keys.

    async def action_next(self) -> None:
        """The next case."""
        await self._go(self._place + 1)

    async def action_previous(self) -> None:
        """The case before."""
        await self._go(self._place - 1)

    async def action_first(self) -> None:
        """The first case."""
        await self._go(0)

    async def action_last(self) -> None:
        """The last case."""
        await self._go(len(self.desk.cases) - 1 if self.desk is not None else 0)

    def action_right(self) -> None:
        """The next picture of the case."""
        self.strip.move(1)

    def action_left(self) -> None:
        """The picture before."""
        self.strip.move(-1)

    def action_boxes(self) -> None:
        """Draw on the pictures, or not."""
        self.marks = not self.marks
        self.show_again()

    def action_open(self) -> None:
        """The picture in full."""
        if self.look is not None and self.has_image:
            self.post_message(self.Opened(self.look, self.strip.cursor))

    def action_label(self) -> None:
        """To Label."""
        if self.shot is not None and self.shot.image is not None:
            self.post_message(self.Labelled(self.shot.image.id))

    def action_leave(self) -> None:
        """Back to the report."""
        self.post_message(self.Left())


@dataclass(frozen=True, slots=True)
class ShownShot(Shown):
    """What is shown in full, with what is drawn on it."""

    shot: Shot | None = None


class CaseFull(FullView, inherit_bindings=False):
    """The gallery's full view, which draws what is true and what was said, and decides nothing."""

    SCOPE = CASE_FULL
    BINDINGS = CASE_FULL.bindings()

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.boxes = True

    @property
    def has_boxes(self) -> bool:
        """Whether there is anything to draw."""
        shown = self.shown
        return isinstance(shown, ShownShot) and shown.shot is not None and bool(shown.shot.crops or shown.shot.points)

    def show(self, shown: Shown) -> None:
        """Show a picture; the same one again keeps what one looks at."""
        self.shown = shown
        shot = shown.shot if isinstance(shown, ShownShot) else None
        boxes, points = (boxes_of(shot), points_of(shot)) if shot is not None and self.boxes else ((), ())
        image = shown.row.image
        self.picture.show(shown.path, boxes=boxes, points=points, size=(image.width, image.height))
        self.tell()

    def _caption(self) -> Content:
        shown = self.shown
        if not isinstance(shown, ShownShot) or shown.shot is None:
            return Content("")
        zoom = f"  {self.picture.zoom_text}" if self.picture.zoom_text else ""
        where = f"{(shown.position or 0) + 1} of {shown.total}"
        return Content.assemble((f"{where}  ", "$text-muted"), shown.shot.title, (zoom, "$accent"))


def shown_shot(look: Look, index: int) -> ShownShot | None:
    """What the full view needs of a picture of a case; None where the workspace does not have it."""
    shot = look.shots[index] if 0 <= index < len(look.shots) else None
    if shot is None or shot.image is None:
        return None
    row = Row(image=shot.image, label=None, crops=())
    return ShownShot(row=row, path=shot.path, position=index, total=len(look.shots), shot=shot)
