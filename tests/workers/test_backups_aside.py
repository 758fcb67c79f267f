"""What is asked of a target beside the event loop, while somebody puts a restored workspace in place."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

from binscout_tui.backup.swapping import in_use
from binscout_tui.store import users
from binscout_tui.workers.backups import aside
from binscout_tui.workspace import Workspace, create


async def test_a_target_that_hangs_keeps_nobody_from_replacing_the_workspace(tmp_path: Path) -> None:
    root = tmp_path / "workspace"
    create(root)
    asked, answers = threading.Event(), threading.Event()

    def look(workspace: Workspace) -> tuple[list[str], str]:
        before = workspace.db.read(users.admins)
        asked.set()
        assert answers.wait(30)
        assert workspace.db.write(users.admins) == before
        return before, workspace.user.name

    looking = asyncio.create_task(aside(root, look))

    def take() -> None:
        assert asked.wait(30)
        with in_use.taken(root, "a run", patience_s=1):
            pass

    try:
        await asyncio.to_thread(take)
    finally:
        answers.set()
    admins, name = await looking
    assert admins == [name]


async def test_its_database_is_held_while_it_is_asked(tmp_path: Path) -> None:
    root = tmp_path / "workspace"
    create(root)

    def refused(_: object) -> str:
        try:
            with in_use.taken(root, "a run", patience_s=0.1):
                return ""
        except in_use.RefusedError as error:
            return error.code

    assert await aside(root, lambda workspace: workspace.db.read(refused)) == "in_use"
