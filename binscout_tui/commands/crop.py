"""Commands of Crop."""

from __future__ import annotations

from binscout_tui.commands.command import Command, Scope

SCOPE = Scope(
    "crop",
    "Crop",
    (
        Command("crop.done", ("enter",), "keep", "Keep the image with this crop, and no other."),
        Command("crop.leave", ("backspace",), "leave", "Leave without changing anything; Esc and q do the same."),
        Command("crop.left", ("left",), "move left", "Move the box to the left.", footer=False, palette=False),
        Command("crop.right", ("right",), "move right", "Move the box to the right.", footer=False, palette=False),
        Command("crop.up", ("up",), "move up", "Move the box up.", footer=False, palette=False),
        Command("crop.down", ("down",), "move down", "Move the box down.", footer=False, palette=False),
        Command("crop.narrower", ("H", "shift+left"), "narrow", "Make the box narrower.", footer=False, palette=False),
        Command("crop.wider", ("L", "shift+right"), "wide", "Make the box wider.", footer=False, palette=False),
        Command("crop.shorter", ("K", "shift+up"), "low", "Make the box lower.", footer=False, palette=False),
        Command("crop.taller", ("J", "shift+down"), "high", "Make the box higher.", footer=False, palette=False),
        Command("crop.lock", ("a",), "lock shape", "Keep the box's shape while it grows, or free it."),
        Command("crop.preset", ("p",), "preset", "Take the next of the ready-made boxes."),
        Command("crop.fine", ("f",), "fine", "Steps of one pixel, or large ones again."),
        Command("crop.reset", ("0",), "reset", "Take the whole picture again."),
    ),
)
