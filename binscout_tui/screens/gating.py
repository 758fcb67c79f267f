"""Putting a model to the gate's test, from whichever screen it was asked."""

from __future__ import annotations

from binscout_tui.dialogs.reader import Reader
from binscout_tui.screens.base import BaseScreen
from binscout_tui.screens.gate_text import gate_text
from binscout_tui.store.models import Gate


async def run_gate(screen: BaseScreen, model_id: str) -> Gate:
    """Judge the model, tell the verdict, and show its checks when the screen is still shown. Takes seconds."""
    # The engine's client is heavy and only needed here.
    from binscout_tui.operations import gating

    screen.frame.toast(f"{model_id} is tested on the known-good images…")
    gate = await gating.gate(screen.ws, model_id)
    screen.frame.session.nudge()
    passed = f"{model_id} passed the gate." if gate.passed else f"{model_id} did not pass the gate."
    screen.frame.toast(passed, "information" if gate.passed else "warning")
    if screen.is_current:
        screen.app.push_screen(Reader("Gate", gate_text(gate)))
    return gate
