"""Backups by keys: the list from the target, what goes on there, and what is asked before something is changed."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from textual import events
from textual.widgets import Input, Static

from binscout_tui import workspace as workspaces
from binscout_tui.app import BinScoutApp
from binscout_tui.backup.swapping.holders import holders
from binscout_tui.jobs.launch import launch
from binscout_tui.operations.backups import running
from binscout_tui.screens.backups import BackupsScreen
from binscout_tui.store import backup_jobs, jobs, places, users
from binscout_tui.store.jobs import Job
from binscout_tui.widgets.header import HeaderBar
from binscout_tui.widgets.press import Press
from binscout_tui.workspace import Workspace
from tests.app.driving import press, screen_text, settle, told
from tests.backup.made import digest, made_workspace
from tests.backup.servers import Server, local_target, webdav_server

__all__ = ["local_target", "webdav_server"]
WAIT_S = 20.0


@pytest.fixture
def kept(tmp_path: Path, local_target: Server) -> Path:
    """A workspace with a target `nas`, and one run there."""
    root = made_workspace(tmp_path / "bins", 6)
    with Workspace(root) as ws:
        local_target.add_to(ws)
        running.run(ws, "nas", note="the first")
    return root


async def until(pilot: Any, *words: str, gone: str = "") -> str:
    """Wait until the screen shows all of `words` (and `gone` no more); its text."""
    end = monotonic() + WAIT_S
    while True:
        text = "\n".join(screen_text(pilot.app))
        if all(word in text for word in words) and (not gone or gone not in text):
            return text
        assert monotonic() < end, f"{words} did not come:\n{text}\n{told(pilot.app)}"
        await pilot.pause(0.02)


def said(app: Any) -> str:
    """What was told last, "" when nothing was."""
    return next(iter(told(app)), "")


async def heard(pilot: Any, words: str) -> None:
    """Wait until `words` are told."""
    end = monotonic() + WAIT_S
    while words not in said(pilot.app):
        assert monotonic() < end, told(pilot.app)
        await pilot.pause(0.02)


async def paste(pilot: Any, text: str) -> None:
    """Paste a text where the focus is, as a terminal does."""
    pilot.app.post_message(events.Paste(text))
    await settle(pilot)


async def open_backups(pilot: Any) -> BackupsScreen:
    """Go to Backups and wait until the target was looked at."""
    await settle(pilot)
    await press(pilot, "comma", "b")
    await until(pilot, "nas (", "listed", gone="looking…")
    screen = pilot.app.screen
    assert isinstance(screen, BackupsScreen)
    return screen


async def ended(pilot: Any, kind: str) -> Job:
    """Wait until the newest job of this kind has ended."""
    end = monotonic() + WAIT_S
    while True:
        found = [job for job in await pilot.app.workspace.db.read(backup_jobs.latest) if job.kind == kind]
        if found and not found[0].is_open:
            await until(pilot, gone="Cancel (x)")
            return found[0]
        assert monotonic() < end, found
        await pilot.pause(0.05)


def children() -> list[str]:
    """The command lines of the processes that this one has started and that still live."""
    mine = Path(f"/proc/{os.getpid()}/task")
    pids = [pid for task in mine.iterdir() for pid in (task / "children").read_text().split()]
    return [Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode() for pid in pids]


async def no_rclone(pilot: Any) -> None:
    """Wait until no rclone of this process lives."""
    end = monotonic() + WAIT_S
    while any("rclone" in line and "rcd" in line for line in children()):
        assert monotonic() < end, children()
        await pilot.pause(0.02)


async def test_without_a_target_it_says_which_key_adds_one(root: Path) -> None:
    app = BinScoutApp(root)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "⛁" not in screen_text(app)[0]
        await press(pilot, "comma", "b")
        text = await until(pilot, "No target for backups yet.")
        assert "T  adds one: a folder, a NAS, a server or a bucket." in text
        for key in ("b", "R", "v", "p", "enter", "r"):
            await press(pilot, key)
            assert said(app).endswith("There is no target for backups yet; T adds one."), key
        await press(pilot, "T")
        await until(pilot, "No target yet; n adds one.")


async def test_the_runs_come_from_the_target_itself(kept: Path, local_target: Server) -> None:
    app = BinScoutApp(kept)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_backups(pilot)
        text = await until(pilot, "nas (local) reachable · listed just now")
        assert "✓ committed  read back" in text
        assert "the first" in text, "the note of the run under the cursor stands below the list"
        assert "⛁ 0h" in screen_text(app)[0]
        assert all(len(row.rstrip()) <= 80 for row in screen_text(app))
        # Another machine makes a run: nothing of it is known here.
        other = made_workspace(kept.parent / "other", 4)
        with Workspace(other) as ws:
            local_target.add_to(ws)
            running.run(ws, "nas", note="of another machine")
        await press(pilot, "r", "g")
        await until(pilot, "of another machine", gone="looking…") if screen.run is None else None
        end = monotonic() + WAIT_S
        while len(screen.view.rows if screen.view else ()) < 2:
            assert monotonic() < end
            await pilot.pause(0.02)
        assert len({row.run for row in screen.view.rows}) == 2


async def test_detail_and_restore_are_buttons_for_tab_and_mouse(kept: Path) -> None:
    app = BinScoutApp(kept)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_backups(pilot)
        await press(pilot, "tab")
        assert isinstance(app.focused, Press)
        assert app.focused.id == "detail"
        await press(pilot, "enter")
        await until(pilot, "Copy command")
        await press(pilot, "escape")
        await press(pilot, "tab", "enter")
        await until(pilot, "Type restore to continue:")
        await press(pilot, "escape")
        assert await pilot.click("#detail")
        await until(pilot, "Copy command")
        await press(pilot, "escape")
        assert await pilot.click("#restore")
        await until(pilot, "Type restore to continue:")
        await press(pilot, "escape", "escape", "enter")
        await until(pilot, "Copy command")


async def test_what_is_chosen_in_the_details_is_done_with_the_checks_of_its_key(kept: Path) -> None:
    with Workspace(kept) as ws:
        ws.db.write(users.set_role, ws.user.uid, "viewer")
    app = BinScoutApp(kept)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_backups(pilot)
        run = screen.run
        assert run is not None
        for chosen in ("verify", "restore", "folder"):
            await screen._do(chosen, run)
            assert "needs the role" in said(app) or "need the role" in said(app), chosen
        assert len(app.screen_stack) == 1


async def test_back_up_now_with_a_note(kept: Path, local_target: Server) -> None:
    app = BinScoutApp(kept)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_backups(pilot)
        await press(pilot, "b", *"again", "enter")
        job = await ended(pilot, "backup")
        assert job.state == "done", job.error
        await until(pilot, "reachable", gone="looking…")
        end = monotonic() + WAIT_S
        while not screen.view or len(screen.view.rows) < 2:
            assert monotonic() < end
            await pilot.pause(0.02)
        assert [row.note for row in screen.view.rows] == ["again", "the first"]
        assert [row.verified for row in screen.view.rows] == ["read back", "read back"]
        await press(pilot, "b", "escape")
        assert await app.workspace.db.read(jobs.open_jobs) == []


async def test_what_a_command_does_shows_without_a_key(kept: Path) -> None:
    app = BinScoutApp(kept)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_backups(pilot)
        with Workspace(kept) as ws:
            launch(kept, ws.db.write(running.enqueue, ws, "nas", note="by a command"))
        await heard(pilot, "Done: back up nas.")
        end = monotonic() + WAIT_S
        while not screen.view or [row.note for row in screen.view.rows] != ["by a command", "the first"]:
            assert monotonic() < end, screen.view
            await pilot.pause(0.02)


async def test_a_target_out_of_reach_shows_what_was_seen_greyed_and_since_when(
    tmp_path: Path, webdav_server: Server
) -> None:
    root = made_workspace(tmp_path / "bins", 4)
    with Workspace(root) as ws:
        webdav_server.add_to(ws)
        running.run(ws, "nas")
    webdav_server.stop()
    app = BinScoutApp(root)
    async with app.run_test(size=(110, 24)) as pilot:
        screen = await open_backups(pilot)
        await until(pilot, "nas (webdav) unreachable since", "committed", f"127.0.0.1:{webdav_server.port}")
        assert screen.view is not None
        assert screen.view.rows
        assert not screen.view.live
        line = screen._list._rows[0].render(100)
        assert {str(span.style) for span in line.spans} == {"$text-muted"}
        await press(pilot, "f2")
        await until(pilot, "nas cannot be reached since")
        webdav_server.start()
        await press(pilot, "comma", "b", "r")
        await until(pilot, "nas (webdav) reachable", gone="looking…")
        assert {str(span.style) for span in screen._list._rows[0].render(100).spans} != {"$text-muted"}
        await no_rclone(pilot)


async def test_a_wrong_password_is_told_in_words(tmp_path: Path, webdav_server: Server) -> None:
    root = made_workspace(tmp_path / "bins", 4)
    secret = webdav_server.secret
    webdav_server.secret = "not the password"
    with Workspace(root) as ws:
        webdav_server.add_to(ws)
    app = BinScoutApp(root)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_backups(pilot)
        text = await until(pilot, "! ")
        assert "password" in text or "sign in" in text.lower() or "refused" in text, text
        assert secret not in text
        assert "not the password" not in text


async def test_a_run_of_which_something_is_gone_is_damaged_until_it_heals(kept: Path, local_target: Server) -> None:
    app = BinScoutApp(kept)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_backups(pilot)
        pack = next(path for path in local_target.folder.rglob("*.tar"))
        pack.unlink()
        await press(pilot, "r")
        await until(pilot, "✗ damaged", "missing")
        await press(pilot, "R")
        await until(pilot, "to another folder")
        await press(pilot, "shift+tab", "shift+tab", "shift+tab")
        await press(pilot, "left", "left", "left")
        await until(pilot, "so it is not put in place of what is here", gone="Type restore")
        await press(pilot, "left", "tab")
        await paste(pilot, str(kept.parent / "rest"))
        await press(pilot, "enter")
        await until(pilot, "What is whole of it comes", "is damaged", "this workspace stays as it is")
        await press(pilot, *"restore", "enter")
        job = await ended(pilot, "restore")
        assert job.state == "done", job.error
        assert job.payload["skip_damaged"] is True
        workspaces.check(kept.parent / "rest")
        await press(pilot, "f2")
        await until(pilot, "on nas is damaged")
        await press(pilot, "comma", "b", "b", "enter")
        job = await ended(pilot, "backup")
        assert job.state == "done", job.error
        end = monotonic() + WAIT_S
        while [row.state for row in screen.view.rows] != ["committed", "committed"]:  # type: ignore[union-attr]
            assert monotonic() < end, screen.view
            await pilot.pause(0.02)


async def test_a_failed_backup_says_why_and_a_key_starts_it_again(kept: Path, local_target: Server) -> None:
    away = local_target.folder.with_name("away")
    app = BinScoutApp(kept)
    async with app.run_test(size=(100, 24)) as pilot:
        await open_backups(pilot)
        local_target.folder.rename(away)
        local_target.folder.write_text("no folder")
        await press(pilot, "b", "enter")
        job = await ended(pilot, "backup")
        assert job.state == "failed"
        text = await until(pilot, "✗ back up nas failed", "a again")
        assert (job.error or "")[:30] in text
        await press(pilot, "f2")
        await until(pilot, "back up nas failed:")
        local_target.folder.unlink()
        away.rename(local_target.folder)
        await press(pilot, "comma", "b", "a")
        end = monotonic() + WAIT_S
        while (await app.workspace.db.read(jobs.get, job.id)).state != "done":
            assert monotonic() < end, await app.workspace.db.read(jobs.get, job.id)
            await pilot.pause(0.05)
        await until(pilot, gone="failed")


def slow(root: Path) -> None:
    """Have backups of this workspace take so long that one can be cancelled: 4 MB with 100 kB a second."""
    (root / "settings.toml").write_text('[backup]\nbandwidth = "100k"\n')
    (root / "models" / "screws-1" / "large.bin").write_bytes(os.urandom(4 << 20))


async def test_work_shows_how_far_it_is_goes_on_without_the_app_and_can_be_cancelled(kept: Path) -> None:
    slow(kept)
    app = BinScoutApp(kept)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_backups(pilot)
        await press(pilot, "b", "enter")
        await until(pilot, "Cancel (x)", "back up nas ", "/s", "left")
        await press(pilot, "b")
        assert "Wait for what goes on (backup, job" in said(app)
        await press(pilot, "f2")
        await until(pilot, "back up nas ", "send")
    again = BinScoutApp(kept)
    async with again.run_test(size=(80, 24)) as pilot:
        await open_backups(pilot)
        await until(pilot, "Cancel (x)", "back up nas ", "left")
        await press(pilot, "x", "enter")
        assert (await again.workspace.db.read(jobs.open_jobs))[0].cancel_asked is False, "No is marked at first"
        await press(pilot, "x", "y")
        job = await ended(pilot, "backup")
        assert job.state == "cancelled"
        await until(pilot, gone="back up nas")


async def test_prune_shows_the_rule_of_each_run_and_wants_a_word(kept: Path) -> None:
    (kept / "settings.toml").write_text("[backup]\nkeep_last = 1\nweekly = 0\n")
    with Workspace(kept) as ws:
        running.run(ws, "nas")
    app = BinScoutApp(kept)
    async with app.run_test(size=(100, 30)) as pilot:
        screen = await open_backups(pilot)
        assert len(screen.view.rows) == 2  # type: ignore[union-attr]
        await press(pilot, "p")
        text = await until(pilot, "Goes   1 run", "Stays  1 run")
        assert "last" in text.lower()
        await press(pilot, "enter")
        assert isinstance(app.screen, BackupsScreen), "Cancel has the focus at first"
        await press(pilot, "p")
        await until(pilot, "Goes   1 run")
        await press(pilot, "shift+tab", *"prun", "enter")
        await until(pilot, "Type prune first.")
        await press(pilot, "e", "enter")
        job = await ended(pilot, "backup-prune")
        assert job.state == "done", job.error
        end = monotonic() + WAIT_S
        while len(screen.view.rows) != 1:  # type: ignore[union-attr]
            assert monotonic() < end
            await pilot.pause(0.02)


async def test_verify_asks_how_thoroughly(kept: Path, local_target: Server) -> None:
    app = BinScoutApp(kept)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_backups(pilot)
        await press(pilot, "v")
        await until(pilot, "Verify how thoroughly?", "every byte that the run names")
        await press(pilot, "enter")
        assert (await ended(pilot, "backup-verify")).state == "done"
        pack = next(path for path in local_target.folder.rglob("*.tar"))
        data = bytearray(pack.read_bytes())
        data[700] ^= 1
        pack.chmod(0o600)
        pack.write_bytes(data)
        await press(pilot, "v", "enter")
        job = await ended(pilot, "backup-verify")
        await until(pilot, "✗ damaged")
        assert job.state in ("done", "failed")


async def test_a_suspicious_run_is_shown_and_only_a_typed_word_accepts_the_loss(kept: Path) -> None:
    shutil.rmtree(kept / "originals")
    app = BinScoutApp(kept)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_backups(pilot)
        await press(pilot, "b", "enter")
        await ended(pilot, "backup")
        await until(pilot, "! suspicious", gone="looking…")
        await press(pilot, "b", "enter")
        text = await until(pilot, "The last run is suspicious", "meant to be gone (typed)")
        assert "no run is pruned until somebody decides " in text
        said_all = " ".join(text.replace("│", " ").split())
        assert screen.last is not None
        assert " ".join(screen.last.words.split()) in said_all
        await press(pilot, "down", "enter")
        await until(pilot, "Type accept loss to continue")
        await press(pilot, *"accept los", "enter")
        assert not isinstance(app.screen, BackupsScreen)
        await press(pilot, "s", "enter")
        job = await ended(pilot, "backup")
        assert job.payload["accept_loss"] is True
        assert job.state == "done", job.error
        end = monotonic() + WAIT_S
        while not screen.view or screen.view.rows[0].state == "suspicious":
            assert monotonic() < end
            await pilot.pause(0.02)


async def test_an_exception_of_the_screen_is_told_and_leaves_no_process_behind(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from binscout_tui.screens import backups_rows

    app = BinScoutApp(kept)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_backups(pilot)

        def broken(*_: object, **__: object) -> None:
            raise RuntimeError("nobody expects this")

        with monkeypatch.context() as patched:
            patched.setattr(backups_rows, "run_rows", broken)
            await press(pilot, "r")
            await heard(pilot, "Something went wrong in looking at nas")
        await no_rclone(pilot)
        await press(pilot, "r")
        await until(pilot, "reachable", gone="looking…")


async def test_a_late_backup_is_an_alarm_in_the_header_and_on_home(kept: Path) -> None:
    (kept / "settings.toml").write_text("[backup]\nlate_days = 1e-9\n")
    (kept.parent / "usb").mkdir()
    with Workspace(kept) as ws:
        Server("local", str(kept.parent / "usb"), "", kept.parent / "usb").add_to(ws, "usb")
        ws.db.write(places.keep, ws.user.uid, "backups", {"target": "usb"})
    app = BinScoutApp(kept)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "⛁ 0h", "last good backup 0 days ago")
        bar = app.screen_stack[0].query_one(HeaderBar)
        assert bar.state.is_late
        assert any("on $error" in str(span.style) for span in bar.render().spans)
        await press(pilot, "j", "enter")
        await until(pilot, "▸nas", "✓ committed")
        assert app.current_mode == "backups"


async def test_leaving_while_a_target_hangs_waits_for_nobody(tmp_path: Path, webdav_server: Server) -> None:
    root = made_workspace(tmp_path / "bins", 4)
    with Workspace(root) as ws:
        webdav_server.add_to(ws)
    webdav_server.pause()
    app = BinScoutApp(root)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "comma", "b")
        await until(pilot, "looking…")
        began = monotonic()
        await press(pilot, "f2", "f7", "comma", "b")
        assert monotonic() - began < 5
        began = monotonic()
    assert monotonic() - began < 3
    webdav_server.resume()


async def test_several_targets_have_a_row_and_keys_to_switch(kept: Path, tmp_path: Path) -> None:
    (tmp_path / "usb").mkdir()
    with Workspace(kept) as ws:
        Server("local", str(tmp_path / "usb"), "", tmp_path / "usb").add_to(ws, "usb")
    app = BinScoutApp(kept)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_backups(pilot)
        await until(pilot, "targets ▸nas   usb")
        await press(pilot, "l")
        await until(pilot, "targets  nas  ▸usb", "No run on usb yet.")
        await press(pilot, "f2", "comma", "b")
        await until(pilot, "▸usb")
        await press(pilot, "T")
        await until(pilot, "Targets for backups")
        await press(pilot, "k", "enter")
        await until(pilot, "▸nas", "✓ committed")
        await press(pilot, "T", "j", "D", *"forget", "enter")
        await heard(pilot, "its backups are still there")
        await press(pilot, "escape")
        await until(pilot, "▸ 2", gone="targets ▸nas")


async def test_a_target_is_tested_step_by_step(kept: Path) -> None:
    app = BinScoutApp(kept)
    async with app.run_test(size=(80, 30)) as pilot:
        await open_backups(pilot)
        await press(pilot, "T", "t")
        await until(pilot, "Test of nas", "✓ program", "✓ read back", "✓ delete", gone="testing…")


async def test_who_is_no_admin_hears_which_role_and_who_has_it(kept: Path) -> None:
    with Workspace(kept) as ws:
        ws.db.write(users.sign_in, 54_321, "ana")
        ws.db.write(users.set_role, 54_321, "admin")
        ws.db.write(users.set_role, ws.user.uid, "operator")
        name = ws.user.name
    app = BinScoutApp(kept)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_backups(pilot)
        for key in ("R", "p", "u"):
            await press(pilot, key)
            assert f"needs the role admin; {name} is operator. Admins here: ana." in said(app), key
        await press(pilot, "T", "D")
        assert "needs the role admin" in said(app)


async def test_the_restore_dialog_does_nothing_before_the_word_is_right(kept: Path) -> None:
    app = BinScoutApp(kept)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_backups(pilot)
        await press(pilot, "R")
        assert app.focused is not None
        assert app.focused.id == "restore-cancel"
        await press(pilot, "enter")
        assert isinstance(app.screen, BackupsScreen)
        await press(pilot, "R")
        text = await until(pilot, "the same", "safety", "needs")
        assert "everything" in text
        assert "kept in backup/restore/" in text
        await press(pilot, "shift+tab", "enter")
        await until(pilot, "Type restore first.")
        await press(pilot, *"restoree", "enter")
        await until(pilot, "Type restore first.")
        assert await app.workspace.db.read(jobs.open_jobs) == []
        await press(pilot, "shift+tab", "right")
        await until(pilot, "database only", "stay as they are")
        await press(pilot, "right")
        await until(pilot, "single items", "Say what, then Enter")
        await press(pilot, "right")
        await until(pilot, "to another folder")
        await press(pilot, "tab")
        await paste(pilot, str(kept.parent / "copy"))
        await press(pilot, "enter")
        await until(pilot, "this workspace stays as it is")
        await press(pilot, "escape")
        assert await app.workspace.db.read(backup_jobs.latest) == []


async def test_the_word_can_be_typed_at_once_and_the_keys_say_what_enter_does(kept: Path) -> None:
    app = BinScoutApp(kept)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_backups(pilot)
        await press(pilot, "R")
        await until(pilot, "needs", "Enter close")
        await press(pilot, "right")
        await until(pilot, "database only", "stay as they are")
        await press(pilot, "left")
        await until(pilot, "everything", "needs")
        await press(pilot, *"resto")
        await until(pilot, "▎resto ", "Enter nothing yet")
        await press(pilot, *"re")
        await until(pilot, "▎restore ", "Enter restore")
        await press(pilot, "escape", "R", "left")
        await until(pilot, "Say what, then Enter")
        await press(pilot, *"/nowhere")
        await until(pilot, "Enter compare")
        assert app.screen.query_one("#restore-what", Input).value == "/nowhere"


async def test_a_target_out_of_reach_takes_no_word(kept: Path, local_target: Server) -> None:
    app = BinScoutApp(kept)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_backups(pilot)
        local_target.folder.rename(local_target.folder.with_name("away"))
        local_target.folder.write_text("no folder")
        await press(pilot, "R")
        text = await until(pilot, "✗ ", gone="Type restore")
        assert "Cancel" in text
        await press(pilot, "r")
        assert not app.screen.query_one("#restore-word", Input).value
        await press(pilot, "enter")
        assert isinstance(app.screen, BackupsScreen)


async def test_before_the_first_look_nobody_says_that_it_fails(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(kept / "derived" / "backup")
    said_so: list[str] = []
    show_empty = BackupsScreen._show_empty

    def watched(screen: BackupsScreen, looking: bool) -> None:
        show_empty(screen, looking)
        said_so.append(str(screen.query_one("#backups-empty", Static).render()))

    monkeypatch.setattr(BackupsScreen, "_show_empty", watched)
    app = BinScoutApp(kept)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_backups(pilot)
        await until(pilot, "✓ committed")
    assert any("Looking at nas" in text for text in said_so)
    assert not any("is not known" in text for text in said_so)


async def test_a_restore_in_place_is_refused_while_jobs_run_and_lists_them(kept: Path) -> None:
    app = BinScoutApp(kept)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_backups(pilot)
        with Workspace(kept) as ws:
            job_id = ws.db.write(jobs.add, ws.user.uid, "suspects", {})
        await press(pilot, "R")
        await until(pilot, f"suspects {job_id}")
        await press(pilot, "shift+tab", *"restore", "enter")
        await until(pilot, "It cannot be done; the reason is above.")


@pytest.mark.slow
async def test_a_restore_is_cancelled_before_anything_has_changed(kept: Path) -> None:
    large = kept / "models" / "screws-1" / "large.bin"
    large.write_bytes(os.urandom(4 << 20))
    with Workspace(kept) as ws:
        running.run(ws, "nas")
    large.unlink()
    (kept / "settings.toml").write_text('[backup]\nbandwidth = "100k"\n')
    before = {name: sha for name, sha in digest(kept).items() if not name.startswith("rows of")}
    app = BinScoutApp(kept)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_backups(pilot)
        await press(pilot, "R")
        await until(pilot, "added      1 file", "models/screws-1/large.bin")
        await press(pilot, "shift+tab", *"restore", "enter")
        await until(pilot, "Cancel (x)", "restore nas ", "/s", "left")
        await press(pilot, "R")
        assert "Wait for what goes on (restore, job" in said(app)
        await press(pilot, "tab", "tab", "tab")
        assert app.focused is not None
        assert app.focused.id == "cancel"
        await press(pilot, "enter", "y")
        assert (await ended(pilot, "restore")).state == "cancelled"
        assert app.let_go is None
    assert {name: sha for name, sha in digest(kept).items() if not name.startswith("rows of")} == before


async def test_the_schedule_is_shown_set_and_taken_away(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Neither systemctl nor crontab: a test changes nothing of whoever runs it.
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    app = BinScoutApp(kept)
    async with app.run_test(size=(100, 30)) as pilot:
        await open_backups(pilot)
        await until(pilot, "no schedule")
        await press(pilot, "S")
        await until(pilot, "Backups are not scheduled.")
        await press(pilot, "enter")
        await until(pilot, "What would be installed", "ExecStart=")
        await press(pilot, "escape", "S")
        await until(pilot, "a timer of yours")
        await press(pilot, "down", "enter")
        await until(pilot, "Back up to nas when?")
        await press(pilot, "end", *"x", "enter")
        await heard(pilot, "02:00x")
        await press(pilot, "S")
        await until(pilot, "a timer of yours")
        await press(pilot, "down", "enter")
        await until(pilot, "Back up to nas when?")
        await press(pilot, "enter")
        await until(pilot, "Changed", ".timer")
        await press(pilot, "escape", "S")
        await until(pilot, "nothing runs by itself any more")
        await press(pilot, "end", "pagedown", "enter")
        await until(pilot, "Remove the schedule?")
        await press(pilot, "y")
        await until(pilot, "Changed", ".timer")
    assert not list((tmp_path / "config").rglob("binscout-backup*"))


async def test_restored_to_a_folder_it_opens_as_a_workspace(kept: Path) -> None:
    copy = kept.parent / "copy"
    app = BinScoutApp(kept)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_backups(pilot)
        await press(pilot, "enter")
        await until(pilot, "Copy command")
        await press(pilot, "o")
        await until(pilot, "to another folder")
        await press(pilot, "shift+tab", "shift+tab")
        await paste(pilot, str(copy))
        await press(pilot, "enter")
        await until(pilot, "this workspace stays as it is")
        await press(pilot, *"restore", "enter")
        job = await ended(pilot, "restore")
        assert job.state == "done", job.error
    workspaces.check(copy)
    with closing(sqlite3.connect(copy / "binscout.db")) as db:
        assert db.execute("SELECT count(*) FROM image").fetchone()[0] == 6


def test_the_list_holds_no_workspace_when_nobody_looks(kept: Path) -> None:
    held: Callable[[Path], Any] = holders
    assert held(kept) == []
