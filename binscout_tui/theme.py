"""The program's colours. All of them lie in the 256-colour cube, so that they look the same without true colour."""

from __future__ import annotations

from textual.theme import Theme

BINSCOUT = Theme(
    name="binscout",
    primary="#ffaf00",
    secondary="#87afd7",
    accent="#ffaf00",
    foreground="#d7d7d7",
    background="#121212",
    surface="#1c1c1c",
    panel="#262626",
    success="#5fd75f",
    warning="#ffd75f",
    error="#ff5f5f",
    dark=True,
    variables={
        "text-muted": "#949494",
        "text-disabled": "#626262",
        "cursor-row": "#303030",
        "border": "#444444",
        "border-blurred": "#303030",
        "block-cursor-background": "#303030",
        "block-cursor-foreground": "#ffaf00",
        "block-cursor-text-style": "bold",
        "input-cursor-background": "#ffaf00",
        "input-selection-background": "#5f5f5f",
        "scrollbar": "#444444",
        "scrollbar-hover": "#626262",
        "scrollbar-active": "#ffaf00",
        "scrollbar-background": "#1c1c1c",
        "scrollbar-background-hover": "#1c1c1c",
        "scrollbar-background-active": "#1c1c1c",
        "scrollbar-corner-color": "#1c1c1c",
    },
)
