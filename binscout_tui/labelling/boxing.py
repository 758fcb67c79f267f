"""Boxes with classes on one picture while they are drawn: their look, the steps back, and counts as typed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from binscout_tui.errors import UsageError
from binscout_tui.imaging.crops import CropBox, Size, from_pixels, to_pixels
from binscout_tui.imaging.several import FIRST, Corners, Several, about, beside
from binscout_tui.labelling.colours import PALETTE
from binscout_tui.store.box_labels import MOST, LabelBox
from binscout_tui.store.classes import ClassRow

Colour = tuple[int, int, int]
UNCLASSED: Colour = (235, 235, 235)
GIVEN: tuple[str, ...] = tuple(colour for name, colour in PALETTE.items() if name != "grey")
_STEP = 0.2361
"""No simple fraction, so that going round a picture does not come back to the same places."""
_APART = 5
"""So many places of `GIVEN` lie between the colours of classes that were made one after the other."""


@dataclass(frozen=True, slots=True)
class LabelEdit(Several[LabelBox]):
    """The boxes of an image as they are on the screen."""

    def new(self, centre: tuple[float, float], shares: tuple[float, float] | None, picture: Size) -> LabelEdit:
        """One more box about `centre`, as large as the active one, else of `shares` (width, height) of the picture.

        It lies on whole pixels of `picture` (width, height).
        """
        here = self.here
        if here is not None:
            shares = here.box[2] - here.box[0], here.box[3] - here.box[1]
        wide, high = shares or (FIRST[2] - FIRST[0], FIRST[3] - FIRST[1])
        return self._beginning(about(*centre, min(wide, 1.0), min(high, 1.0)), picture)

    def doubled(self, picture: Size) -> LabelEdit:
        """The active box once more, beside itself."""
        return self if self.here is None else self._beginning(beside(self.here.box), picture)

    def _beginning(self, box: Corners, picture: Size) -> LabelEdit:
        """One more box at `box`, or a little farther on while one lies exactly there: nobody would see it."""
        there = {to_pixels(CropBox(*one.box), picture) for one in self.boxes}
        found = to_pixels(CropBox(*box), picture)
        for tried in range(1, len(there) + 1):
            if found not in there:
                break
            found = to_pixels(CropBox(*_farther(box, tried)), picture)
        return self.put(made(from_pixels(found, picture), self.here))

    def of_class(self, class_id: int | None) -> LabelEdit:
        """The active box is of another class."""
        return self.changed(class_id=class_id)

    def says(self, kept: Iterable[LabelBox]) -> bool:
        """Whether these are the boxes that are kept, in whatever order."""
        return sorted(map(_row, self.boxes)) == sorted(map(_row, kept))


def made(box: Corners | CropBox, like: LabelBox | None) -> LabelBox:
    """A new box with the class of another one of the same image."""
    return LabelBox(box=(*box,), class_id=like.class_id if like is not None else None)


def _farther(box: Corners, steps: int) -> Corners:
    """Down to the right by shares of its size; from an edge of the picture back to the other one."""
    wide, high = box[2] - box[0], box[3] - box[1]
    x = (box[0] + steps * _STEP * wide) % max(1 - wide, 0.001)
    y = (box[1] + steps * _STEP * high) % max(1 - high, 0.001)
    return about(x + wide / 2, y + high / 2, wide, high)


def _row(one: LabelBox) -> tuple[float, ...]:
    return (*one.box, one.class_id or 0)


@dataclass(frozen=True, slots=True)
class Steps:
    """What was drawn on one image, step by step, so that each can be taken back before anything is kept.

    What belongs to one `gesture` (a drag, a run of one kind of key on one box) is one step.
    """

    now: LabelEdit
    past: tuple[LabelEdit, ...] = ()
    future: tuple[LabelEdit, ...] = ()
    gesture: str = ""

    @classmethod
    def begun(cls, kept: Sequence[LabelBox], drawn: LabelEdit) -> Steps:
        """The steps of an image that was just put on the screen: a draft of earlier is one."""
        return cls(drawn) if drawn.says(kept) else cls(drawn, (LabelEdit.begun(kept),))

    def noted(self, edit: LabelEdit, gesture: str) -> Steps:
        """`edit` is on the screen now; the same boxes again are no step."""
        if edit.boxes == self.now.boxes:
            return replace(self, now=edit, gesture=self.gesture if edit.active == self.now.active else "")
        if gesture and gesture == self.gesture:
            return replace(self, now=edit, future=())
        return Steps(edit, (*self.past, self.now), (), gesture)

    def undone(self) -> Steps:
        """One step back."""
        return Steps(self.past[-1], self.past[:-1], (self.now, *self.future)) if self.past else self

    def redone(self) -> Steps:
        """One step on again."""
        return Steps(self.future[0], (*self.past, self.now), self.future[1:]) if self.future else self


@dataclass(frozen=True, slots=True)
class ClassLook:
    """Names and colours of classes, also of archived ones: what was labelled with them stays."""

    classes: Mapping[int, ClassRow] = field(default_factory=dict)

    def name(self, class_id: int | None) -> str:
        """The name for people, empty for no class."""
        if class_id is None:
            return ""
        known = self.classes.get(class_id)
        return f"#{class_id}" if known is None else f"{known.name} (archived)" if known.archived_at else known.name

    def colour(self, class_id: int | None) -> Colour:
        """The class's own colour, else one that is given to it by its id."""
        if class_id is None:
            return UNCLASSED
        known = self.classes.get(class_id)
        own = known.colour if known is not None else None
        number = int((own or GIVEN[class_id * _APART % len(GIVEN)])[1:], 16)
        return number >> 16, number >> 8 & 0xFF, number & 0xFF


def count_typed(text: str, boxes: int, model: int | None) -> int | None:
    """The count that somebody typed: a number, `=` for that of the boxes, `m` for the model's, `-` for no count.

    Raises UsageError for anything else.
    """
    text = text.strip().replace(",", "").replace(" ", "")
    if text == "-":
        return None
    if text == "=":
        return boxes
    if text.lower() == "m":
        if model is None:
            raise UsageError("No model has counted this image; type a number.", code="no_count")
        return model
    if not (text.isascii() and text.isdigit()) or int(text) > MOST:
        raise UsageError(f"A count is a whole number from 0 to {MOST:,}.", code="bad_count")
    return int(text)
