"""The gallery: images side by side, and one of them chosen."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import partial

from textual import on

from binscout_tui.commands.command import Command, Verdict
from binscout_tui.commands.gallery_checks import IN_FULL
from binscout_tui.screens.compare_view import CompareView
from binscout_tui.screens.gallery_similar import SimilarGrid
from binscout_tui.store import comparisons
from binscout_tui.store.gallery import Row
from binscout_tui.store.journal import Change

BOTH = frozenset({"gallery.undo", "gallery.redo"})
"""Commands of the grid that do the same while images are compared."""
ONE_LEFT = "Only one of the compared images is left."
NONE_LEFT = "None of the compared images is left."


class ComparingGrid(SimilarGrid):
    """The grid, and over it the images that are compared."""

    @property
    def compare_view(self) -> CompareView:
        """The images side by side."""
        return self.query_one("#gallery-compare", CompareView)

    @property
    def is_comparing(self) -> bool:
        """Whether images are shown side by side."""
        return self.has_class("-comparing")

    @property
    def comparable(self) -> int:
        """How many images would be compared; it is asked with each key, however many are marked."""
        marked, here = len(self.grid.marks), self.here
        return marked + (marked == 1 and here is not None and here not in self.grid.marks)

    def _wanted_together(self) -> list[int]:
        """The marked images in the order of the grid; a single one comes with the one under the cursor."""
        marked, here = self.grid.marks, self.here
        wanted = set(marked) if len(marked) != 1 or here is None else {*marked, here}
        return sorted(wanted, key=lambda image_id: self._place_of(image_id))

    def _place_of(self, image_id: int) -> int:
        place = self.desk.position(image_id) if self.desk is not None else None
        return image_id if place is None else place

    def verdict(self, command: Command) -> Verdict:
        """The keys of the grid wait until it is shown again."""
        if self.is_comparing and command.id not in BOTH:
            return IN_FULL
        return super().verdict(command)

    # Opening and leaving.

    async def seek(self, sought: str) -> None:
        """What is sought is shown in the place of what is compared."""
        if self.is_comparing:
            self.leave_compare()
        await super().seek(sought)

    async def action_compare(self) -> None:
        """Show the marked images side by side."""
        await self.compare(self._wanted_together())

    async def compare(self, ids: Sequence[int]) -> None:
        """Show two to four images side by side."""
        rows = await self._rows_of(ids)
        if len(rows) < 2:
            self.frame.toast(ONE_LEFT if rows else NONE_LEFT, "warning")
            return
        self.waits()
        self.early = 0
        here = self.here
        self.add_class("-comparing")
        self.compare_view.begin(rows, here if here is not None and here in ids else rows[0].image.id)
        self.compare_view.focus()

    async def _rows_of(self, ids: Sequence[int]) -> list[Row]:
        """What is known of those that one may see, and that are not in the trash unless one looks there."""
        if self.desk is None:
            return []
        rows = await self.desk.rows(ids)
        in_trash = self.desk.is_in_trash
        return [row for row in rows if row.image.withheld is None and (in_trash or row.image.trashed_at is None)]

    def leave_compare(self, here: int | None = None) -> None:
        """Back to the grid, to `here`, else to the winner or the one that was framed; marks stay."""
        view = self.compare_view
        framed = view.framed
        here = here or view.winner or (framed.image.id if framed is not None else None)
        self.remove_class("-comparing")
        view.end()
        self.set_focus(None)
        there = self.desk is not None and here is not None and self.desk.position(here) is not None
        self._show_grid(here if there else self.grid.cursor_id)
        self._keep_soon()

    def go_up(self) -> bool:
        """Esc and q lead back to the grid."""
        if self.is_comparing:
            self.leave_compare()
            return True
        return super().go_up()

    def on_descendant_blur(self) -> None:
        """A click elsewhere does not take the keys away from the pictures."""
        if self.is_comparing and self.focused is None and self.frame.screen is self:
            self.compare_view.focus()

    # While images are compared the grid stays as it is behind them.

    def _may_be_meant(self, moment: float) -> bool:
        if self.is_comparing:
            # The frame is moved on purpose: what was seen is all that is compared.
            self._seen_image = self.here
        return super()._may_be_meant(moment)

    def _show_grid(self, image_id: int | None) -> None:
        if self.is_comparing and self.desk is not None:
            self.grid.show(self.desk.ids, cursor=image_id)
            self._compare_again()
        else:
            super()._show_grid(image_id)

    def _await_grid(self) -> None:
        if not self.is_comparing:
            super()._await_grid()

    def _grid_seen(self) -> None:
        if not self.is_comparing:
            super()._grid_seen()

    def _grid_drawn(self, image_id: int | None) -> None:
        if not self.is_comparing:
            super()._grid_drawn(image_id)

    def _compare_again(self) -> None:
        """Read the images again: they may look different, or be there no more."""
        self.run_worker(
            self._follow_compared(), group="compared", exclusive=True, exit_on_error=False, description="comparing"
        )

    async def _follow_compared(self) -> None:
        view = self.compare_view
        before = view.ids
        rows = await self._rows_of(before)
        if not self.is_comparing or view.ids != before:
            return
        if len(rows) < 2:
            self.leave_compare()
            self.frame.toast(ONE_LEFT if rows else NONE_LEFT, "warning")
            return
        if rows == view.rows:
            view.tell()
            return
        self.waits()
        framed = view.framed
        view.show(rows, framed=framed.image.id if framed is not None else None, winner=view.winner)
        self._compare_settled()

    @on(CompareView.Settled)
    def _compare_settled(self) -> None:
        if self.is_comparing and self.compare_view.is_settled:
            self.call_after_refresh(self._compare_seen, self.compare_view.ids)

    def _compare_seen(self, ids: list[int]) -> None:
        if self.is_comparing and self.compare_view.ids == ids and self.compare_view.is_settled:
            self.seen()

    @on(CompareView.Damaged)
    def _compared_damaged(self, event: CompareView.Damaged) -> None:
        self.repair(event.image, self._compare_again)

    # Deciding.

    async def choose_compared(self, *, trash: bool) -> None:
        """The framed image is the best one; with `trash` the others go to the trash. One undo takes it back."""
        view = self.compare_view
        framed, desk = view.framed, self.desk
        if framed is None or desk is None:
            return
        winner = framed.image.id
        others = [image_id for image_id in view.ids if image_id != winner]
        change = await desk.decide([winner, *others], partial(_choose, winner, trash), "Choosing the best image")
        self.early = 0
        if trash:
            self._others_gone(winner, others)
            said = f"Image {winner} has a star, {_the_others(len(others))} in the trash"
            self.frame.toast(f"{said}; {self.frame.key('gallery.undo')} takes both back.")
            return
        view.show(await self._rows_of(view.ids), framed=winner, winner=winner)
        self.grid.forget([winner])
        self._still_seen()
        said = f"Image {winner} is the best one: it has a star." if change.changed else f"Image {winner} was chosen."
        others_key = self.frame.key("compare.trash")
        self.frame.toast(f"{said} {others_key} moves {_the_others_to(len(others))} to the trash.")

    async def trash_compared(self) -> None:
        """All but the chosen one to the trash."""
        view = self.compare_view
        winner, desk = view.winner, self.desk
        if winner is None or desk is None:
            return
        others = [image_id for image_id in view.ids if image_id != winner]
        await desk.trash(others)
        self.early = 0
        self._others_gone(winner, others)
        key = self.frame.key("gallery.undo")
        back = "it" if len(others) == 1 else "them"
        self.frame.toast(f"{_the_others(len(others)).capitalize()} in the trash; {key} brings {back} back.")

    def _others_gone(self, winner: int, others: Sequence[int]) -> None:
        """Back to the grid on the winner; what is not there any more has no mark."""
        self._forget_gone(others)
        self.grid.forget([winner])
        self.leave_compare(winner)

    def _still_seen(self) -> None:
        """The pictures are the same as before the decision."""
        if self.compare_view.is_settled:
            self.seen()


def _choose(winner: int, trash: bool, db: sqlite3.Connection, uid: int, ids: list[int], batch: int) -> Change:
    others = [image_id for image_id in ids if image_id != winner]
    return comparisons.choose(db, uid, winner, others, trash=trash, batch=batch)


def _the_others(count: int) -> str:
    return "the other one is" if count == 1 else f"the {count} others are"


def _the_others_to(count: int) -> str:
    return "the other one" if count == 1 else f"the {count} others"
