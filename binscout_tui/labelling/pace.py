"""How fast somebody decides. Pure."""

from __future__ import annotations

from collections.abc import Sequence

WINDOW_S = 60.0
PAUSE_S = 20.0


def per_minute(moments: Sequence[float], now: float) -> int | None:
    """Decisions a minute over the last minute of work; None before there are three.

    `moments` are in seconds, oldest first. Whoever has paused for 20 s begins anew, so that a pause is not slowness.
    """
    recent: list[float] = []
    later = now
    for moment in reversed(moments):
        if now - moment > WINDOW_S or later - moment > PAUSE_S:
            break
        recent.append(moment)
        later = moment
    if len(recent) < 3:
        return None
    return round((len(recent) - 1) * 60 / max(recent[0] - recent[-1], 0.001))
