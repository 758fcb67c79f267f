"""Editing a crop box key by key. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from binscout_tui.imaging import crops
from binscout_tui.imaging.crops import FULL, PRESETS, CropBox, Size, to_pixels

COARSE = 40
"""A coarse step is the longer side of the picture divided by this."""


@dataclass(frozen=True, slots=True)
class CropEdit:
    """A crop box on a picture of `size` (width, height) pixels while it is edited.

    `aspect` (width / height in pixels) is None while the two sides are free; `fine` makes a step one pixel.
    """

    size: Size
    box: CropBox = FULL
    aspect: float | None = None
    fine: bool = False
    preset: int = 0

    @classmethod
    def begun(cls, size: Size, crop: CropBox | None) -> CropEdit:
        """An edit of `crop`; without one it begins with the middle of the picture, a box that arrows can move."""
        return cls(size, crop) if crop is not None else cls(size).next_preset()

    @property
    def step(self) -> int:
        """Pixels that one key moves or grows the box."""
        return 1 if self.fine else max(1, round(max(self.size) / COARSE))

    @property
    def pixels(self) -> tuple[int, int]:
        """Width and height of the box in pixels of the upright original."""
        left, top, right, bottom = to_pixels(self.box, self.size)
        return right - left, bottom - top

    def moved(self, right: int, down: int) -> CropEdit:
        """Moved by steps; the box stops at the edge and keeps its size."""
        return replace(self, box=crops.move(self.box, right * self.step, down * self.step, self.size))

    def grown(self, wider: int, higher: int) -> CropEdit:
        """Grown about its centre by steps on each side, so by two a key; smaller when negative."""
        step = 2 * self.step
        return replace(self, box=crops.grow(self.box, wider * step, higher * step, self.size, aspect=self.aspect))

    def locked(self) -> CropEdit:
        """Keep the box's present shape from now on, or set the sides free again."""
        width, height = self.pixels
        return replace(self, aspect=None if self.aspect else width / height)

    def fine_or_not(self) -> CropEdit:
        """Steps of one pixel, or large ones again."""
        return replace(self, fine=not self.fine)

    def next_preset(self) -> CropEdit:
        """The next of the presets; a lock follows its shape."""
        position = (self.preset + 1) % len(PRESETS)
        edit = replace(self, box=PRESETS[position].make(self.size), preset=position)
        width, height = edit.pixels
        return replace(edit, aspect=width / height if self.aspect else None)

    def reset(self) -> CropEdit:
        """The whole picture with free sides."""
        return replace(self, box=FULL, aspect=None, preset=0)

    def words(self, width: int) -> str:
        """The box in words of at most `width` cells, in pixels: its size and corner, whether its shape is kept, the
        step. What matters least is left out first."""
        wide, high = self.pixels
        left, top, _, _ = to_pixels(self.box, self.size)
        parts = [f"{wide}x{high} at {left},{top}"]
        if self.box == FULL:
            parts.append("whole picture: H K make it smaller")
        if self.aspect:
            parts.append("shape locked")
        parts += [f"of {self.size[0]}x{self.size[1]} px", f"step {self.step}"]
        while len(parts) > 1 and len(" · ".join(parts)) > width:
            parts.pop()
        return " · ".join(parts)
