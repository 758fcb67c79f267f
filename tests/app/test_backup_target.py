"""A target for backups by keys: what it needs, the trial, and what comes of it."""

from __future__ import annotations

from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from textual.widgets import Input

from binscout_tui.app import BinScoutApp
from binscout_tui.backup.target import known as targets
from binscout_tui.dialogs.backup_target import TargetTrial, TargetWizard
from binscout_tui.widgets.choice import Choice
from tests.app.driving import press, screen_text, settle
from tests.backup.servers import SECRET, Server, local_target, sftp_server

__all__ = ["local_target", "sftp_server"]
WAIT_S = 20.0
SHORT = 5  # letters


async def until(pilot: Any, *words: str) -> str:
    """Wait until the screen shows all of `words`, wherever their lines break; its text."""
    end = monotonic() + WAIT_S
    while True:
        text = " ".join(" ".join(screen_text(pilot.app)).replace("│", " ").replace("▎", " ").split())
        if all(word in text for word in words):
            return text
        assert monotonic() < end, f"{words} did not come:\n{text}"
        await pilot.pause(0.02)


async def open_wizard(pilot: Any) -> TargetWizard:
    await settle(pilot)
    await press(pilot, "comma", "b", "T")
    await until(pilot, "Targets for backups")
    await press(pilot, "n")
    await until(pilot, "New target for backups")
    screen = pilot.app.screen
    assert isinstance(screen, TargetWizard)
    return screen


async def fill(pilot: Any, **fields: str) -> None:
    """Go to the fields that are named with Tab, and fill them in; short words are typed."""
    for name, text in fields.items():
        for _ in range(12):
            if pilot.app.focused.id == name:
                break
            await press(pilot, "tab")
        assert pilot.app.focused.id == name
        pilot.app.focused.value = text if len(text) > SHORT else ""
        if len(text) <= SHORT:
            await press(pilot, *text)
        assert pilot.app.focused.value == text


@pytest.mark.parametrize("size", [(80, 24), pytest.param((160, 50), marks=pytest.mark.slow)])
async def test_a_folder_with_a_key_that_is_made(root: Path, local_target: Server, size: tuple[int, int]) -> None:
    app = BinScoutApp(root)
    async with app.run_test(size=size) as pilot:
        wizard = await open_wizard(pilot)
        await fill(pilot, name="disk")
        wizard.query_one("#folder", Input).value = local_target.url
        await press(pilot, "tab", "tab", "right")
        assert wizard.query_one("#protection", Choice).value == "made"
        await until(pilot, "without the key NOTHING comes back")
        await press(pilot, "enter")
        text = await until(pilot, "disk is there.", "✓ program", "Key: ")
        trial = app.screen
        assert isinstance(trial, TargetTrial)
        assert trial.added is not None
        assert trial.added.key in text
        assert "Trying" not in text
        await press(pilot, "escape")
        assert trial.added.key in await until(pilot, "Is the key written down?")
        await press(pilot, "escape")
        await until(pilot, "Targets for backups", "▸ disk")
        await press(pilot, "enter")
        await until(pilot, "No run on disk yet.")
    (added,) = targets.read(root / "backup")
    assert (added.name, added.crypt, added.shown) == ("disk", True, local_target.url)


async def test_a_wrong_password_goes_back_to_the_fields_and_nothing_is_added(root: Path, sftp_server: Server) -> None:
    app = BinScoutApp(root)
    async with app.run_test(size=(80, 24)) as pilot:
        wizard = await open_wizard(pilot)
        await press(pilot, "right", "right")
        assert wizard.query_one("#kind", Choice).value == "sftp"
        wizard.query_one("#server", Input).value = f"127.0.0.1:{sftp_server.port}"
        await fill(pilot, folder="nas/backups", user="keeper", secret="wrong")
        await press(pilot, "enter")
        await until(
            pilot, "nas was not added", "✗ sign in", "does not accept this user and password", "Nothing was added."
        )
        assert targets.read(root / "backup") == []
        await press(pilot, "escape")
        text = await until(pilot, "New target for backups", "does not accept")
        assert "wrong" not in text
        assert app.focused is not None
        assert app.focused.id == "secret"
        wizard.query_one("#secret", Input).value = SECRET
        await press(pilot, "enter")
        text = await until(pilot, "nas is there.", "host key")
        assert SECRET not in text
        await press(pilot, "escape")
        await until(pilot, "Targets for backups", "sftp://keeper@")
    assert [one.name for one in targets.read(root / "backup")] == ["nas"]


async def test_what_is_missing_or_wrong_is_said_where_it_is(root: Path) -> None:
    app = BinScoutApp(root)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_wizard(pilot)
        await press(pilot, "enter")
        await until(pilot, "Folder is missing.")
        assert app.focused is not None
        assert app.focused.id == "folder"
        await fill(pilot, folder="relative/x")
        await press(pilot, "enter")
        await until(pilot, "begins with /.")
        await fill(pilot, folder="/nowhere/at/all")
        await press(pilot, "enter")
        await until(pilot, "There is no folder /nowhere/at", "Nothing was added.")
        await press(pilot, "escape", "escape")
        await until(pilot, "No target yet")


async def test_a_name_that_is_taken_is_not_proposed_and_is_told_at_once(root: Path, tmp_path: Path) -> None:
    for name in ("nas", "nas2"):
        targets.put(root / "backup", targets.Target(name=name, kind="local", fs=str(tmp_path), shown="/x"))
    app = BinScoutApp(root)
    async with app.run_test(size=(80, 24)) as pilot:
        wizard = await open_wizard(pilot)
        await until(pilot, "nas3")
        await fill(pilot, name="nas2")
        await press(pilot, "enter")
        await until(pilot, "There is a backup target 'nas2' already")
        assert app.focused is wizard.query_one("#name", Input)


async def test_whoever_closes_the_trial_has_no_new_target(root: Path, sftp_server: Server) -> None:
    app = BinScoutApp(root)
    async with app.run_test(size=(80, 24)) as pilot:
        wizard = await open_wizard(pilot)
        await press(pilot, "right", "right")
        wizard.query_one("#server", Input).value = f"127.0.0.1:{sftp_server.port}"
        wizard.query_one("#secret", Input).value = SECRET
        await fill(pilot, folder="x")
        sftp_server.pause()
        await press(pilot, "enter")
        await until(pilot, "⟳ trying…", "program")
        await press(pilot, "escape")
        await until(pilot, "New target for backups")
        sftp_server.resume()
        end = monotonic() + WAIT_S
        while list((root / "backup").glob(".draft-*")):
            assert monotonic() < end, "the trial goes on"
            await pilot.pause(0.05)
    assert targets.read(root / "backup") == []
