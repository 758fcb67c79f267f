"""Questions of Boxes: which class is in a box, how many things there are, which images are gone over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from textual import events, on

from binscout_tui.errors import BinScoutError
from binscout_tui.labelling.boxing import count_typed
from binscout_tui.screens.base import dialog
from binscout_tui.screens.boxes_lines import count_question
from binscout_tui.screens.boxes_showing import ShowingBoxes
from binscout_tui.widgets.filter_bar import FilterBar
from binscout_tui.workers.filter_words import FilterWords

if TYPE_CHECKING:
    from binscout_tui.capturing.choosing import Option, Picked


class AskingBoxes(ShowingBoxes):
    """An answer is meant for the image that was shown when the question was asked, and for no other."""

    def __init__(self) -> None:
        super().__init__()
        self._words: FilterWords | None = None

    @dialog(description="choose a class")
    async def action_find(self) -> None:
        """Ask which class is in the active box."""
        before = self.edit
        picked = await self._class("Class")
        if picked is None or self.desk is None:
            return
        class_id = picked.key if picked.key is not None else (await self.desk.add_class(picked.text)).id
        if self.edit == before:
            self.put(before.of_class(class_id))

    async def _class(self, title: str) -> Picked | None:
        from binscout_tui.capturing.choosing import Option
        from binscout_tui.dialogs.pick import Pick

        desk, found = self.desk, self.shown
        if desk is None or found is None:
            return None

        async def load() -> list[Option]:
            used_first = sorted(desk.words.usable, key=lambda item: -item.images)
            return [Option(item.id, item.name) for item in used_first]

        pick = Pick(title, load, makes="class", empty="no class yet: type its name")
        picked: Picked | None = await self.app.push_screen_wait(pick)
        return picked if self._is_shown(found.image.id) else None

    def _is_shown(self, image_id: int) -> bool:
        return self.shown is not None and self.shown.image.id == image_id

    @dialog(description="ask for a count")
    async def action_count(self) -> None:
        """Ask how many things there are."""
        await self._ask_count(None, "things", len(self.edit.boxes))

    @dialog(description="ask for a count of a class")
    async def action_count_class(self) -> None:
        """Ask of which class, then how many."""
        picked = await self._class("Count of the class")
        if picked is None or self.desk is None:
            return
        class_id = picked.key if picked.key is not None else (await self.desk.add_class(picked.text)).id
        boxes = sum(one.class_id == class_id for one in self.edit.boxes)
        await self._ask_count(class_id, self.desk.look.name(class_id), boxes)

    async def _ask_count(self, class_id: int | None, what: str, boxes: int) -> None:
        from binscout_tui.dialogs.ask import Ask

        desk, found = self.desk, self.shown
        if desk is None or found is None:
            return
        # What a model counts is everything that it knows, not one class.
        said = found.model_count if class_id is None else None
        model = desk.words.model_id if class_id is None else None
        before = next((str(one.count) for one in found.counts if one.class_id == class_id), "")
        question, problem, typed = count_question(boxes, model, said, what), "", before
        while True:
            answer = await self.app.push_screen_wait(Ask("Count", f"{problem}{question}", typed))
            if answer is None:
                return
            try:
                count = count_typed(answer, boxes, said)
                break
            except BinScoutError as error:
                problem, typed = f"{error.sentence} ", answer
        await desk.count(found.image.id, count, class_id)
        self.shown = desk.current
        self.tell()

    def action_filter(self) -> None:
        """Type which images are gone over."""
        if self.desk is not None:
            self._words = self._words or FilterWords(self.ws)
            self.query_one(FilterBar).open(self._words, self.desk.going.filter)

    async def on_key(self, event: events.Key) -> None:
        """What is typed before the line is open belongs to it."""
        self.query_one(FilterBar).take_ahead(event)

    @on(FilterBar.Applied)
    async def _applied(self, event: FilterBar.Applied) -> None:
        await self.told(self._filter(event.text), "boxes.filter")

    @on(FilterBar.Cleared)
    async def _cleared(self, event: FilterBar.Cleared) -> None:
        await self.told(self._filter(""), "boxes.filter")

    async def _filter(self, text: str) -> None:
        if self.desk is not None:
            await self.desk.go_over(msgspec.structs.replace(self.desk.going, filter=text))
            self.show()
