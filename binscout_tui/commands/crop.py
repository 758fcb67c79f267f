"""Commands of Crop."""

from __future__ import annotations

from dataclasses import dataclass

from binscout_tui.commands.command import Command, Scope, key_label


@dataclass(frozen=True, slots=True)
class FourWays(Command):
    """A command of four directions, whose first four keys are all shown."""

    def row(self, keys: tuple[str, ...]) -> str:
        """The four keys side by side."""
        return "".join(key_label(key) for key in keys[:4])


SCOPE = Scope(
    "crop",
    "Crop",
    (
        Command("crop.done", ("enter",), "keep", "Keep the image with this crop, and no other."),
        FourWays(
            "crop.move",
            ("left", "down", "up", "right"),
            "move",
            "Move the box; the mouse drags it, an edge or corner of it, or a new one.",
            takes_key=True,
            palette=False,
        ),
        FourWays(
            "crop.size",
            ("H", "J", "K", "L", "shift+left", "shift+down", "shift+up", "shift+right"),
            "size",
            "Make the box narrower (H), higher (J), lower (K) or wider (L); the mouse's wheel does both at once.",
            takes_key=True,
            palette=False,
        ),
        Command(
            "crop.leave",
            ("backspace",),
            "leave",
            "Leave without changing anything; {app.up} and {app.close} do the same.",
        ),
        Command("crop.preset", ("p",), "preset", "Take the next of the ready-made boxes."),
        Command("crop.lock", ("a",), "lock", "Keep the box's shape while it grows, or free it."),
        Command(
            "crop.aspect", ("A",), "shape", "Give the box the next shape (1:1, 4:3, 3:4, 16:9, original) and keep it."
        ),
        Command("crop.reset", ("0",), "whole", "Take the whole picture again."),
        Command("crop.fine", ("f",), "fine", "Steps of one pixel, or large ones again."),
    ),
)
