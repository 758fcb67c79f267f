"""Screens that lead from figures to cases, and from a case to one picture in full."""

from __future__ import annotations

from typing import ClassVar, Literal

from textual import on
from textual.widget import Widget

from binscout_tui.browsing.cases import CaseDesk, Look
from binscout_tui.screens.case_view import CaseFull, CaseView, shown_shot
from binscout_tui.screens.deciding import DecidingScreen
from binscout_tui.widgets.picture import Picture

Level = Literal["top", "case", "full"]
LEVELS: tuple[Level, ...] = ("top", "case", "full")
ORIGINS = frozenset({"home", "training", "models", "report"})
"""Areas from which reports and comparisons are opened, and to which Esc leads back."""


class CaseLevels(DecidingScreen):
    """A screen of three levels, one shown at a time: its own `top`, a case, a picture. Nothing is decided on them."""

    DECISIONS: ClassVar[frozenset[str]] = frozenset()

    def __init__(self) -> None:
        super().__init__()
        self.level: Level = "top"
        self.origin = "training"
        self._look: Look | None = None
        self._index = 0

    @property
    def cases_view(self) -> CaseView:
        """The case."""
        return self.query_one(CaseView)

    @property
    def full(self) -> CaseFull:
        """The picture in full."""
        return self.query_one(CaseFull)

    def go(self, level: Level) -> None:
        """Show a level, and give it the keys."""
        self.level = level
        for name in LEVELS:
            self.set_class(name == level, f"-{name}")
        views: dict[Level, Widget] = {"case": self.cases_view, "full": self.full}
        self.set_focus(views.get(level))
        self.frame.refresh_commands()

    def go_up(self) -> bool:
        """Esc and q lead from the picture to the case, from there to the figures, and to Training."""
        if self.level == "full":
            self.leave_full()
        elif self.level == "case":
            self.go("top")
        else:
            self.leave()
        return True

    def came_from(self, place: object) -> None:
        """Remember from a kept place which area led here."""
        found = place.get("from") if isinstance(place, dict) else None
        self.origin = found if isinstance(found, str) and found in ORIGINS else "training"

    def leave(self) -> None:
        """Go where one came from."""
        self.frame.go_to(self.origin)

    def on_descendant_blur(self) -> None:
        """A click elsewhere does not take the keys away from what is shown."""
        if self.level != "top" and self.focused is None:
            self.go(self.level)
        super().on_descendant_blur()

    # Cases.

    async def show_cases(self, desk: CaseDesk, title: str, place: int = 0) -> None:
        """Go through the cases of a desk."""
        self.go("case")
        await self.cases_view.show(desk, title, place)
        self.frame.refresh_commands()

    @on(CaseView.Left)
    def _left_cases(self) -> None:
        self.go("top")

    @on(CaseView.Labelled)
    def _label(self, event: CaseView.Labelled) -> None:
        self.frame.go_to("label", sought=f"image:{event.image_id}")

    @on(CaseView.Damaged)
    def _repair_shot(self, event: CaseView.Damaged) -> None:
        if event.shot.image is not None:
            self.repair(event.shot.image, self.cases_view.show_again)

    # One picture in full.

    @on(CaseView.Opened)
    def _open_full(self, event: CaseView.Opened) -> None:
        self.go("full")
        self._show_full(event.look, event.index)

    def _show_full(self, look: Look, index: int) -> bool:
        shown = shown_shot(look, index)
        if shown is not None:
            self._look, self._index = look, index
            self.full.show(shown)
        return shown is not None

    @on(Picture.Damaged)
    def _full_damaged(self, event: Picture.Damaged) -> None:
        shown = self.full.shown
        if self.level == "full" and shown is not None and shown.path == event.path:
            self.repair(shown.row.image, self._show_again)

    def _show_again(self) -> None:
        if self._look is not None and self.level == "full":
            self._show_full(self._look, self._index)

    async def step_full(self, by: int) -> None:
        """Show the picture of the case `by` places further on that the workspace has."""
        if self._look is None:
            return
        index = self._index + by
        while 0 <= index < len(self._look.shots):
            if self._show_full(self._look, index):
                return
            index += by
        self.frame.toast("This is the last picture." if by > 0 else "This is the first picture.")

    async def end_full(self, *, last: bool) -> None:
        """Show the first picture or the last."""
        if self._look is not None:
            self._index = len(self._look.shots) if last else -1
            await self.step_full(-1 if last else 1)

    async def mark_full(self) -> None:
        """Nothing is marked here."""

    async def trash_full(self) -> None:
        """Nothing is moved to the trash here."""

    async def action_undo(self) -> None:
        """Nothing is decided here."""

    async def action_redo(self) -> None:
        """Nothing is decided here."""

    def leave_full(self) -> None:
        """Back to the case, to the picture that was shown."""
        self.full.end()
        self.go("case")
        self.cases_view.strip.mark(self._index)
