"""Driving the app as a person does, and reading its screen."""

from __future__ import annotations

from typing import Any

from textual.pilot import Pilot

# Workers that come to an end by themselves soon; others wait for a person or run as long as the app.
SHORT = frozenset({"load", "action"})


async def settle(pilot: Pilot[Any]) -> None:
    """Wait until messages are handled and what was being loaded is there."""
    await pilot.pause()
    while waiting := [w for w in pilot.app.workers if w.group in SHORT and not w.is_finished]:
        for worker in waiting:
            await pilot.app.workers.wait_for_complete([worker])
        await pilot.pause()
    await pilot.pause()


async def press(pilot: Pilot[Any], *keys: str) -> None:
    """Press keys one after the other, each after the one before has had its effect."""
    for key in keys:
        await pilot.press(key)
        await settle(pilot)


def screen_text(app: Any) -> list[str]:
    """The rows of the screen as text."""
    return ["".join(segment.text for segment in line) for line in app.screen._compositor.render_strips()]


def told(app: Any) -> list[str]:
    """What was told to the person so far."""
    return app.messages.text().plain.splitlines()
