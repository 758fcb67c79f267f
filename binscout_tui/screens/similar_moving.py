"""Similar: moving the cursor in whichever view is shown."""

from __future__ import annotations

from binscout_tui.screens.similar_showing import SimilarShowing


class SimilarMoving(SimilarShowing):
    """The views of Similar with a cursor that keys move."""

    def _move(self, columns: int = 0, rows: int = 0) -> None:
        if self.view == "map":
            self.map.move(columns, rows)
        elif self.view == "groups":
            self.group_list.move(rows)
        else:
            self.grid.move(columns, rows)
            self.page_moved()
        self.tell()

    def action_left(self) -> None:
        """To the left."""
        self._move(columns=-1)

    def action_right(self) -> None:
        """To the right."""
        self._move(columns=1)

    def action_up(self) -> None:
        """Up."""
        self._move(rows=-1)

    def action_down(self) -> None:
        """Down."""
        self._move(rows=1)

    def action_page_next(self) -> None:
        """A page on, or to the next cell with images."""
        self._page(1)

    def action_page_previous(self) -> None:
        """A page back."""
        self._page(-1)

    def _page(self, by: int) -> None:
        if self.view == "map":
            self._to_cell(by)
        elif self.view == "groups":
            self.group_list.move(by * max(1, self.group_list.size.height - 1))
        else:
            self.grid.page(by)
            self.page_moved()
        self.tell()

    def _to_cell(self, by: int) -> None:
        cells = self._cells
        if cells is None:
            return
        filled = [int(cell) for cell in cells.counts.nonzero()[0]]
        ahead = [cell for cell in filled if (cell - self.map.here) * by > 0]
        if ahead:
            row, column = divmod(min(ahead) if by > 0 else max(ahead), cells.width)
            self.map.go(column, row)

    def action_first(self) -> None:
        """The first, or the cell with most images."""
        self._end(last=False)

    def action_last(self) -> None:
        """The last."""
        self._end(last=True)

    def _end(self, *, last: bool) -> None:
        if self.view == "map" and self._cells is not None:
            counts = self._cells.counts
            row, column = divmod(int(counts.nonzero()[0][-1] if last else counts.argmax()), self._cells.width)
            self.map.go(column, row)
        elif self.view == "groups":
            self.group_list.move(len(self._groups) * (1 if last else -1))
        else:
            (self.grid.to_end if last else self.grid.to_start)()
            self.page_moved()
        self.tell()
