"""Waiting for the moment from which keys count."""

from __future__ import annotations

import asyncio
from typing import Any

from textual.pilot import Pilot

from .driving import settle


async def ready(pilot: Pilot[Any]) -> None:
    """Wait until what is to be decided on is on the screen long enough for keys to count."""
    async with asyncio.timeout(30):
        while not pilot.app.screen.takes_keys:  # type: ignore[attr-defined]
            await pilot.pause()


async def open_area(pilot: Pilot[Any], area: str, *, empty: bool = False) -> None:
    """Go to an area and wait until its first picture is there."""
    await settle(pilot)
    pilot.app.go_to(area)  # type: ignore[attr-defined]
    await settle(pilot)
    if not empty:
        await ready(pilot)


async def decide(pilot: Pilot[Any], *keys: str) -> None:
    """Press keys that decide, each when the picture before is there."""
    for key in keys:
        await ready(pilot)
        await pilot.press(key)


async def press(pilot: Pilot[Any], *keys: str) -> None:
    """Press keys one after the other, each after what the one before brought to the screen is there."""
    for key in keys:
        await pilot.press(key)
        await settle(pilot)
        await _there(pilot)


async def _there(pilot: Pilot[Any]) -> None:
    """Wait until what is on its way to a screen where keys decide is there; a dialog waits for nothing."""
    async with asyncio.timeout(30):
        while not getattr(pilot.app.screen, "takes_keys", True):
            await pilot.pause()
