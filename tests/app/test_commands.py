"""The table of commands holds what it promises."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from types import SimpleNamespace

import pytest

import binscout_tui.dialogs
import binscout_tui.screens
import binscout_tui.widgets
from binscout_tui.app import BinScoutApp
from binscout_tui.commands import capture, crops
from binscout_tui.commands.areas import AREAS
from binscout_tui.commands.command import Command, Scope
from binscout_tui.commands.dispatch import Commanded
from binscout_tui.commands.table import PLACEHOLDER, SCOPES, problems, reference, with_keys
from binscout_tui.screens.app_commands import AppCommands


def commanded_classes() -> list[type[Commanded]]:
    """Every class that has a scope, in any screen, dialog or widget."""
    for package in (binscout_tui.screens, binscout_tui.dialogs, binscout_tui.widgets):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            import_module(module.name)

    def below(base: type[Commanded]) -> Iterator[type[Commanded]]:
        for child in base.__subclasses__():
            yield child
            yield from below(child)

    return [BinScoutApp, *(found for found in below(Commanded) if "SCOPE" in vars(found) and found is not AppCommands)]


def test_no_key_is_declared_twice_or_forbidden() -> None:
    assert problems() == []


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ((("a",), ("b", "a")), "label: a is both label.one and label.two"),
        ((("ctrl+h",), ()), "does not arrive in every terminal"),
        ((("alt+x",), ()), "does not arrive in every terminal"),
        ((("q",), ()), "belongs to the whole program"),
    ],
)
def test_problems_are_found(keys: tuple[tuple[str, ...], tuple[str, ...]], expected: str) -> None:
    commands = (Command("label.one", keys[0], "one", "One."), Command("label.two", keys[1], "two", "Two."))
    assert expected in "\n".join(problems([Scope("label", "Label", commands)]))


def test_every_action_exists_where_it_is_bound() -> None:
    missing = [
        f"{found.__name__}.{command.method}"
        for found in commanded_classes()
        for command in found.SCOPE
        if not callable(getattr(found, command.method, None))
    ]
    assert missing == []


def test_every_scope_is_in_the_table_and_every_area_has_one() -> None:
    used = {found.SCOPE.id for found in commanded_classes()}
    assert used <= {scope.id for scope in SCOPES}
    assert set(AREAS) <= used


def test_bindings_come_from_the_table_alone() -> None:
    for found in commanded_classes():
        declared = {binding.id for binding in found.SCOPE.bindings()}
        assert {binding.id for binding in vars(found).get("BINDINGS", [])} <= declared, found.__name__


@pytest.mark.parametrize("state", ["failed", "accepted", None])
def test_a_refusal_names_the_keys_that_are_in_use(state: str | None) -> None:
    changed = {"capture.retry": ("Q",), "capture.reject": ("Q",), "capture.filter": ("Q",)}
    refusal = capture.can_accept(SimpleNamespace(state=state, is_damaged=False))  # type: ignore[arg-type]
    told = with_keys(str(refusal), changed)
    assert "Q " in told
    assert "{" not in told
    told = with_keys(crops.NO_IMAGE, {})
    assert "k in Select and C in the gallery" in told


def test_ids_are_unique_and_words_are_there() -> None:
    commands = [command for scope in SCOPES if scope.commands for command in scope]
    for command in commands:
        assert command.title
        assert command.help.endswith("."), command.id


def test_the_reference_names_every_command_with_its_keys() -> None:
    text = reference()
    for scope in SCOPES:
        for command in scope:
            assert with_keys(command.help, {}) in text
            assert not PLACEHOLDER.search(with_keys(command.help, {}))
    assert "| `Esc` | back |" in text
    assert "| `q` | back, quit |" in text


def test_function_keys_and_letters_of_areas_are_unique() -> None:
    areas = list(AREAS.values())
    assert len({area.letter for area in areas}) == len(areas)
    bound = next(command for command in BinScoutApp.SCOPE if command.id == "app.area").keys
    assert [area.function_key for area in areas if area.function_key] == list(bound)
