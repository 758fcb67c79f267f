"""The life of the engine process: starts the parts, waits for a reason to end, ends them in order."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from binscout_tui.backup.swapping.in_use import Hold
from binscout_tui.engine import address
from binscout_tui.engine.background import Backgrounds
from binscout_tui.engine.batcher import Batcher
from binscout_tui.engine.models import ModelCache
from binscout_tui.engine.run_events import RunEvents
from binscout_tui.engine.service import Service
from binscout_tui.errors import BinScoutError

DRAIN_SECONDS = 5
LOOK_SECONDS = 1.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class EngineOptions:
    """How to serve: device, predictor (`module:function`), seconds without work, queue places, size of a batch."""

    device: str
    predictor: str
    idle_seconds: float
    queue: int
    max_batch: int


class _Server(uvicorn.Server):
    """Uvicorn raises the signal that ended it once more; here SIGTERM is an orderly end with exit code 0."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.leave)
        try:
            yield
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

    def leave(self) -> None:
        self.should_exit = True


async def serve(listener: socket.socket, root: Path, options: EngineOptions, hold: Hold) -> bool:
    """Serve until something ends it. Returns False when the model thread broke."""
    crashed = asyncio.Event()
    loop = asyncio.get_running_loop()

    def crash() -> None:
        loop.call_soon_threadsafe(crashed.set)

    models = ModelCache(address.models_path(root), options.predictor, options.device)
    batcher = Batcher(capacity=options.queue, max_batch=options.max_batch, crashed=crash)
    batcher.start()
    server: _Server
    backgrounds = Backgrounds(root, options.device)
    service = Service(models, batcher, backgrounds, options.device, lambda: server.leave())
    events = RunEvents(address.runs_path(root), worked=service.stats.worked, leaving=lambda: server.should_exit)
    server = _Server(
        uvicorn.Config(
            service.app(events.route()),
            log_config=None,
            access_log=False,
            lifespan="off",
            http="h11",
            ws="none",
            timeout_graceful_shutdown=DRAIN_SECONDS,
        )
    )
    log.info("serving %s", root)
    beside = [
        asyncio.create_task(_prepare(service)),
        asyncio.create_task(_leave_when_idle(service, server, options.idle_seconds)),
        asyncio.create_task(_leave_when_unreachable(address.socket_path(root), server)),
        asyncio.create_task(_leave_when_crashed(crashed, server)),
        asyncio.create_task(_leave_when_wanted(hold, server)),
    ]
    try:
        await server.serve(sockets=[listener])
    finally:
        for task in beside:
            task.cancel()
        batcher.close()
        models.close()
        backgrounds.close()
    log.info("left")
    return not crashed.is_set()


async def _prepare(service: Service) -> None:
    """A failure is shown in the health report, and is the answer to whoever asks for a model."""
    try:
        await service.models.prepare()
    except BinScoutError as error:
        log.exception("the predictor cannot be imported")
        service.stats.failed(error.sentence)


async def _leave_when_idle(service: Service, server: _Server, seconds: float) -> None:
    while (rest := seconds - service.stats.idle_seconds) > 0:  # noqa: ASYNC110 - only the clock can tell
        await asyncio.sleep(rest)
    log.info("leaving after %g s without work", seconds)
    server.leave()


async def _leave_when_unreachable(path: Path, server: _Server) -> None:
    """An engine whose socket was removed would hold the lock for nobody, and keep others from starting."""
    mine = _inode(path)
    while mine is not None and _inode(path) == mine:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(LOOK_SECONDS)
    log.warning("leaving because the socket %s was removed", path)
    server.leave()


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None


async def _leave_when_wanted(hold: Hold, server: _Server) -> None:
    """Whoever needs a prediction afterwards starts an engine on the models that are there then."""
    while not hold.is_wanted:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(LOOK_SECONDS)
    log.info("leaving because a restored workspace is put in place")
    server.leave()


async def _leave_when_crashed(crashed: asyncio.Event, server: _Server) -> None:
    await crashed.wait()
    log.critical("leaving because the model thread ended")
    server.force_exit = True
    server.leave()
