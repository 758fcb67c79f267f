"""The app's hold on its workspace: opened beside the first frame, watched, looked after, closed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from binscout_tui.errors import StorageError
from binscout_tui.store import jobs
from binscout_tui.store.events import Event
from binscout_tui.workers.changes import INTERVAL_S, ChangeWatcher
from binscout_tui.workspace import LiveWorkspace

RECONCILE_S = 15.0
Deliver = Callable[[list[Event]], Awaitable[None]]


class Session:
    """One open workspace from the app's start to its end."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.open_jobs = 0
        self._opening: asyncio.Task[LiveWorkspace] | None = None
        self._changes: ChangeWatcher | None = None
        self._interval_s = INTERVAL_S

    @property
    def workspace(self) -> LiveWorkspace:
        """The open workspace. Raises RuntimeError before `opened()` has returned."""
        if self._opening is None or not self._opening.done():
            raise RuntimeError("the workspace is not open yet")
        return self._opening.result()

    async def opened(self) -> LiveWorkspace:
        """The workspace as soon as it is open. Raises what `LiveWorkspace.open` raises."""
        if self._opening is None:
            self._opening = asyncio.create_task(LiveWorkspace.open(self.root))
        return await asyncio.shield(self._opening)

    async def watch(self, deliver: Deliver) -> None:
        """Hand out the store's events until cancelled."""
        workspace = await self.opened()
        self._changes = ChangeWatcher(workspace.db, interval_s=self._interval_s)
        await self._changes.run(deliver)

    def nudge(self) -> None:
        """Hand out what this process itself wrote without waiting for the next look."""
        if self._changes is not None:
            self._changes.nudge()

    def look_every(self, seconds: float = INTERVAL_S) -> None:
        """How often changes are looked for from now on: where somebody waits for what another process does, often."""
        self._interval_s = seconds
        if self._changes is not None:
            self._changes.interval_s = seconds
            self._changes.nudge()

    async def count_jobs(self) -> int:
        """How many jobs wait or work."""
        self.open_jobs = len(await self.workspace.db.read(jobs.open_jobs))
        return self.open_jobs

    async def look_after_jobs(self) -> None:
        """Until cancelled: start jobs again whose process died."""
        while True:
            if self.open_jobs:
                from binscout_tui.jobs.control import reconcile

                if await self.workspace.db.write(reconcile, self.root):
                    self.nudge()
            await asyncio.sleep(RECONCILE_S)

    async def look_at_files(self) -> None:
        """Notice once which files that stayed in place have changed or gone; a viewer writes nothing down."""
        from binscout_tui.operations import in_place

        if self.workspace.user.role == "viewer":
            return
        found = await in_place.check_live(self.workspace)
        if found.changed or found.missing or found.returned:
            self.nudge()

    async def watch_sources(self) -> bool:
        """Start the process that takes pictures where none lives; whether it was started now. Raises StorageError."""
        from binscout_tui.capture.launch import start_runner

        try:
            return await asyncio.to_thread(start_runner, self.root)
        except OSError as error:
            raise StorageError(
                f"The process that takes pictures could not be started: {error.strerror or error}.", code="no_runner"
            ) from error

    async def ask_model(self) -> int:
        """Write down what the active model says of the unlabelled images; returns of how many it said something.

        Raises BinScoutError when no model is active or the engine cannot be had.
        """
        from binscout_tui.jobs import shadow
        from binscout_tui.operations.predicting import predict_unlabelled

        done = await predict_unlabelled(self.workspace, lambda done, total: self.nudge())
        await shadow.start(self.workspace)
        return done.predicted

    async def close(self) -> None:
        """Let go of the database; everything decided is on the disk already."""
        if self._opening is None:
            return
        try:
            workspace = await self._opening
        except Exception:  # noqa: BLE001  it was told when it happened, and nothing is open
            return
        await workspace.close()
