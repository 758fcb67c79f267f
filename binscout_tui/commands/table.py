"""The one table of all commands: what help, palette and the reference page are made from."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from binscout_tui.commands import (
    app,
    backups,
    boxes,
    capture,
    classes,
    compare,
    crop,
    crops,
    datasets,
    dialog,
    duplicates,
    filter_bar,
    gallery,
    gallery_panel,
    gallery_sidebar,
    gallery_tagging,
    home,
    label,
    models,
    report,
    run_detail,
    select,
    sidecars,
    similar,
    training,
    verify,
)
from binscout_tui.commands.command import Changes, Command, Scope, key_label

SCOPES: tuple[Scope, ...] = (
    app.SCOPE,
    home.SCOPE,
    capture.SCOPE,
    capture.COVERAGE,
    select.SCOPE,
    select.LOOK,
    crops.SCOPE,
    crop.SCOPE,
    label.SCOPE,
    label.FINDER,
    classes.SCOPE,
    boxes.SCOPE,
    boxes.BOX,
    verify.SCOPE,
    training.SCOPE,
    report.SCOPE,
    report.VERSUS,
    report.CASE,
    report.CASE_FULL,
    models.SCOPE,
    gallery.SCOPE,
    gallery.FULL,
    compare.SCOPE,
    gallery_sidebar.SIDEBAR,
    gallery_panel.PANEL,
    gallery_tagging.PICKER,
    gallery_tagging.MANAGER,
    gallery_tagging.BY_NAME,
    similar.SCOPE,
    similar.FULL,
    datasets.SCOPE,
    datasets.FINDINGS,
    datasets.IMAGES,
    datasets.FULL,
    duplicates.SCOPE,
    sidecars.SCOPE,
    sidecars.PLAN,
    filter_bar.SCOPE,
    dialog.CONFIRM,
    dialog.TYPED,
    dialog.FORM,
    dialog.MENU,
    dialog.CHOICES,
    dialog.READER,
    dialog.PICK,
    datasets.PLAN,
    datasets.WAITING,
    backups.SCOPE,
    backups.RESTORE,
    backups.PRUNE,
    backups.TARGETS,
    run_detail.DETAIL,
    run_detail.FILES,
)

# What terminals send for these is another key, nothing, or late; or tmux, the line discipline or the desktop takes it.
FORBIDDEN = frozenset(
    {"ctrl+a", "ctrl+b", "ctrl+h", "ctrl+i", "ctrl+m", "ctrl+left_square_bracket", "ctrl+s", "ctrl+q"}
    | {"ctrl+enter", "shift+enter", "ctrl+j", "f10", "f11"}
    | {f"ctrl+{digit}" for digit in range(10)}
)
# Keys of the whole program that no screen may take for something else.
EVERYWHERE = frozenset({"comma", "question_mark", "f1", "colon", "ctrl+p", "escape", "q", "ctrl+c", "ctrl+l", "ctrl+z"})

IDS = frozenset(place for scope in SCOPES for command in scope for place in command.default_keys)
"""The ids of all bindings."""
PLACEHOLDER = re.compile(r"\{([a-z_]+\.[a-z_]+)\}")


KeyOf = Callable[[str], str]
"""From a binding's id to the key that leads there now, as people write it."""


def problems(scopes: Iterable[Scope] = SCOPES) -> list[str]:
    """What is wrong with the declarations, as sentences; empty when all is well."""
    found = []
    for scope in scopes:
        seen: dict[str, Command] = {}
        for command in scope:
            for key in command.keys:
                if key in seen:
                    found.append(f"{scope.id}: {key} is both {seen[key].id} and {command.id}")
                seen[key] = command
                if key in FORBIDDEN or key.startswith(("alt+", "ctrl+shift+")):
                    found.append(f"{command.id}: {key} does not arrive in every terminal")
                if key in EVERYWHERE and not (scope is app.SCOPE or scope.dialog):
                    found.append(f"{command.id}: {key} belongs to the whole program")
    return found


def key_of(place: str, changes: Changes) -> str:
    """The key of a binding as people write it, for example `s`; without one the command's title."""
    for scope in SCOPES:
        for command in scope:
            if place in command.default_keys:
                keys = changes.get(place, command.default_keys[place])
                return key_label(keys[0]) if keys else f"“{command.title}”"
    raise KeyError(place)


def default_key(place: str) -> str:
    """`key_of` for whoever has not changed any key."""
    return key_of(place, {})


def with_keys(text: str, changes: Changes) -> str:
    """`text` with each `{scope.command}` in it replaced by the key that leads there."""
    return PLACEHOLDER.sub(lambda found: key_of(found[1], changes) if found[1] in IDS else found[0], text)


def reference(scopes: Iterable[Scope] = SCOPES) -> str:
    """Every key of the program as Markdown."""
    lines = ["# Keys", ""]
    for scope in scopes:
        if not scope.commands:
            continue
        lines += [f"## {scope.title}", "", "| key | command | what it does |", "|---|---|---|"]
        for command in scope:
            keys = " ".join(f"`{key_label(key)}`" for key in command.keys)
            lines.append(f"| {keys.replace('|', chr(92) + '|')} | {command.title} | {with_keys(command.help, {})} |")
        lines.append("")
    return "\n".join(lines)
