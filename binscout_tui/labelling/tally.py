"""What is left and how often each class was given, kept beside the store so that no key asks for it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec

from binscout_tui.store.labels import LabelClass


class Tally:
    """The classes and how many images have which word on them.

    Answers that check a person count for the classes as they are shown, so that nothing tells them from labels.
    """

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self._classes: Sequence[LabelClass] = ()
        self._answers: Counter[str] = Counter()

    @property
    def classes(self) -> list[LabelClass]:
        """The classes with their images as they are shown."""
        if not self._answers:
            return list(self._classes)
        return [
            msgspec.structs.replace(item, images=max(0, item.images + self._answers[item.name]))
            for item in self._classes
        ]

    def take_over(self, classes: Sequence[LabelClass], counts: dict[str, int] | None = None) -> None:
        """What the store says now."""
        self._classes = classes
        if counts is not None:
            self.counts = counts

    def labelled(self, before: str, after: str | None, class_before: str | None, class_after: str | None) -> None:
        """An image got another word, None where it went to the trash."""
        self.counts[before] = self.counts.get(before, 1) - 1
        if after is not None:
            self.counts[after] = self.counts.get(after, 0) + 1
        if class_before != class_after:
            change = {class_before: -1, class_after: 1}
            self._classes = [
                msgspec.structs.replace(item, images=item.images + change.get(item.name, 0)) for item in self._classes
            ]

    def answered(self, class_before: str | None, class_after: str | None) -> None:
        """A check got another answer, None for no class."""
        if class_before is not None:
            self._answers[class_before] -= 1
        if class_after is not None:
            self._answers[class_after] += 1

    def name_of(self, class_id: int | None) -> str | None:
        """The name of a class, None where it is gone."""
        return next((item.name for item in self._classes if item.id == class_id), None)
