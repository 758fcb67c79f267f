"""What differs in words between compared images, below their pictures."""

from __future__ import annotations

from typing import Protocol, cast

from binscout_tui.operations import comparing
from binscout_tui.screens import compare_lines as lines
from binscout_tui.screens.compare_closely import LookingTogether
from binscout_tui.widgets.line_list import LineList

WORDS_SHARE = 0.4
"""Share of the height that what differs in words may take."""


class WordsHost(Protocol):
    """The screen around it."""

    def waits(self) -> None:
        """Something new is on its way to the screen."""


class WordsBelow(LookingTogether):
    """Pictures that are looked at together, and below them a table of what differs in words."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._table = LineList(id="compare-table")
        self._words_count = 0

    @property
    def has_table(self) -> bool:
        """Whether what differs in words is shown."""
        return self.has_class("-words")

    @property
    def ids(self) -> list[int]:
        """The images, in their order."""
        return [row.image.id for row in self.rows]

    def action_words(self) -> None:
        """What differs in words, or not."""
        if self.has_table:
            cast(WordsHost, self.screen).waits()
            self.remove_class("-words")
            self.call_after_refresh(self._look_again)
        else:
            self._read_facts()

    def _read_facts(self) -> None:
        self.run_worker(
            self._show_words(self.ids), group="words", exclusive=True, exit_on_error=False, description="reading facts"
        )

    async def _show_words(self, ids: list[int]) -> None:
        known = await self.frame.workspace.db.read(comparing.facts, ids)
        if self.ids != ids:
            return
        made = lines.table(known, self._strip.reference)
        self._table.show(len(made), lambda number, width: made[number](width))
        if not self.has_table:
            cast(WordsHost, self.screen).waits()
            self.add_class("-words")
        self._words_count = len(made)
        self._fit_table()
        self.call_after_refresh(self._look_again)
        self.frame.refresh_commands()

    def _fit_table(self) -> None:
        most = max(3, int(self.size.height * WORDS_SHARE))
        self._table.styles.height = min(most, max(1, self._words_count))

    def action_down(self) -> None:
        """Scroll on."""
        self._table.scroll_relative(y=3, animate=False)

    def action_up(self) -> None:
        """Scroll back."""
        self._table.scroll_relative(y=-3, animate=False)

    def _look_again(self) -> None:
        """Pictures that were there all the time tell nothing."""
        raise NotImplementedError
