"""Putting a model to the gate's test, from whichever screen it was asked."""

from __future__ import annotations

from functools import partial

from binscout_tui.dialogs.reader import Reader
from binscout_tui.screens.base import BaseScreen
from binscout_tui.screens.gate_text import gate_text
from binscout_tui.store.models import Gate


async def run_gate(screen: BaseScreen, model_id: str) -> Gate:
    """Judge the model, tell the verdict, and show its checks when the screen is still shown. Takes seconds.

    Meanwhile the model's id is in the app's `at_gate`, which every screen that shows the model looks at.
    """
    # The engine's client is heavy and only needed here.
    from binscout_tui.operations import gating

    screen.frame.at_gate.add(model_id)
    try:
        await _show_now(screen)
        gate = await gating.gate(screen.ws, model_id)
    finally:
        screen.frame.at_gate.discard(model_id)
        await _show_now(screen)
    screen.frame.session.nudge()
    said = {"pass": "passed the gate", "fail": "did not pass the gate", "error": "could not be tested"}[gate.state]
    screen.frame.toast(f"{model_id} {said}.", "information" if gate.passed else "warning")
    if screen.is_current:
        screen.app.push_screen(Reader("Gate", partial(gate_text, gate)))
    return gate


async def _show_now(asked_from: BaseScreen) -> None:
    """Refresh the area that is shown, which need not be the one that asked; hidden ones do when they come back."""
    shown = asked_from.frame.screen_stack[0]
    if isinstance(shown, BaseScreen):
        await shown.resume()
    asked_from.frame.refresh_commands()
