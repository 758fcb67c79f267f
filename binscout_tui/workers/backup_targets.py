"""Adding a target beside the event loop: it is tried on the way, and its server may take its time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from binscout_tui.errors import StorageError
from binscout_tui.workers.backups import aside
from binscout_tui.workspace import Workspace

if TYPE_CHECKING:
    from binscout_tui.backup.target.testing import TestStep
    from binscout_tui.operations.backups.targets import Added


@dataclass(frozen=True, slots=True)
class NewTarget:
    """What was filled in. `crypt` is the key of the encryption, empty for one that is made, None for none."""

    name: str
    address: str
    secret: str = ""
    crypt: str | None = None
    engine: Literal["native", "restic"] = "native"
    rclone_config: Path | None = None


async def target_names(root: Path) -> list[str]:
    """The names that targets of a workspace have; none where the list is damaged: adding one says so then."""
    from binscout_tui.backup.target import known as targets
    from binscout_tui.operations.backups.targets import folder
    from binscout_tui.workspace import Paths

    with suppress(StorageError):
        return [one.name for one in await asyncio.to_thread(targets.read, folder(Paths(root)))]
    return []


async def add_target(root: Path, wanted: NewTarget, told: Callable[[TestStep], None], left: threading.Event) -> Added:
    """Add a target; `told` gets each step of its trial in the event loop. Raises what the operation raises.

    Once `left` is set nobody waits for it any more: nothing is added, and CancelledWork is raised.
    """
    loop = asyncio.get_running_loop()

    def add(workspace: Workspace) -> Added:
        from binscout_tui.backup.faults import CancelledWork
        from binscout_tui.operations.backups import targets as operation

        def note(step: TestStep) -> None:
            if left.is_set():
                raise CancelledWork
            loop.call_soon_threadsafe(told, step)

        return operation.add(
            workspace,
            wanted.name,
            wanted.address,
            secret=wanted.secret,
            crypt=wanted.crypt,
            rclone_config=wanted.rclone_config,
            engine=wanted.engine,
            told=note,
        )

    return await aside(root, add)
