"""The engine as the app and the commands use it: started when needed, started again when it dies."""

from __future__ import annotations

import asyncio
import os
import select
import subprocess
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec

from binscout_tui.engine import address, launch
from binscout_tui.engine.answers import CountLine, SetLine, SetPicture, SetToJudge, decode_count_line, decode_set_line
from binscout_tui.engine.background_files import FOLDER
from binscout_tui.engine.connection import Connection, EngineAbsentError, EngineBusyError, EngineGoneError, unresponsive
from binscout_tui.engine.parts import parts
from binscout_tui.engine.protocol import PredictionLine, PredictItem, decode_line
from binscout_tui.errors import EXIT_REFUSED, BinScoutError
from binscout_tui.settings import BackgroundSettings, EngineSettings

HEALTH_SECONDS = 10.0
LOAD_SECONDS = 300.0
BUSY_SECONDS = 60.0
STOP_SECONDS = 15.0
MOST_RESTARTS = 2
FIRST_PAUSE, LONGEST_PAUSE = 0.02, 0.25

__all__ = ["CountLine", "EngineClient", "PredictItem", "PredictionLine", "SetLine", "SetPicture", "SetToJudge"]


class EngineClient:
    """Talks to the engine of the workspace in `root`. Any number of clients and of tasks may share one engine.

    `arguments` go to an engine that this client starts, which gets `start_seconds` until it must answer.
    """

    def __init__(
        self, root: Path, settings: EngineSettings, *, arguments: Sequence[str] = (), start_seconds: float = 60
    ) -> None:
        self.root = address.real_root(root)
        self._settings = settings
        self._arguments = arguments
        self._start_seconds = start_seconds
        self._connection = Connection(self.root)
        self._starting = asyncio.Lock()
        self._defaults: dict[str, tuple[str | None, str | None]] = {}

    async def __aenter__(self) -> EngineClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close this client; the engine stays."""
        await self._connection.close()

    async def health(self) -> dict[str, Any] | None:
        """How the engine is, None when none runs; starts none. Raises BinScoutError (`engine_unresponsive`)."""
        try:
            return await self._connection.ask("GET", "/health", seconds=HEALTH_SECONDS)
        except EngineGoneError:
            return None

    async def ensure(self) -> dict[str, Any]:
        """Start the engine unless it runs; returns its health.

        Raises BinScoutError: `engine_start` with the last line of its log, `engine_unresponsive`.
        """
        async with self._starting:
            return await self.health() or await self._start()

    async def load(self, model_id: str, *, sha256: str | None = None, default: bool = True) -> dict[str, Any]:
        """Load a model and make it the default of its task, starting the engine when needed.

        Without `default` it is loaded and warmed up beside the others.

        Raises BinScoutError: `bad_model_id`, `model_missing`, `model_corrupt`, `model_mismatch`, `model_changed` when
        the SHA-256 of its weights is not `sha256` (then the old default stays), `engine_start`, `engine_died`.
        """
        deaths = _Deaths(self.root)
        body = {"model": model_id, "model_sha256": sha256, "default": default}
        while True:
            try:
                answer = await self._connection.ask("POST", "/load", body, seconds=LOAD_SECONDS)
            except EngineGoneError as error:
                deaths.count(error, "the model was loaded")
                await self.ensure()
            else:
                if default:
                    self._defaults[str(answer["model"].get("task", "classify"))] = (model_id, sha256)
                return answer

    async def predict(
        self,
        model_id: str | None,
        items: Iterable[PredictItem],
        *,
        sha256: str | None = None,
        deadline_s: float = 30,
        later: bool = False,
    ) -> AsyncGenerator[PredictionLine, None]:
        """Exactly one line an item, as they come; `model_id` None means the default model, `sha256` is as in `load`.

        An engine that dies is started again and asked for what it has not answered. Relative paths and links are
        resolved here: the server takes neither. Closing the iterator takes what is queued out of the engine's queue.
        What may wait `later` is begun only when nothing else waits. Raises BinScoutError: `engine_died` (at the third
        death), `engine_busy`, `engine_start`, `no_model`, `wrong_task` and those of `load`.
        """
        asked = _Asked("classify", "/predict", (model_id, sha256), deadline_s, later, _on_the_wire, decode_line)
        async with aclosing(self._ask(asked, items)) as lines:
            async for line in lines:
                yield line

    async def suggest(
        self,
        model_id: str | None,
        sets: Iterable[SetToJudge],
        *,
        sha256: str | None = None,
        deadline_s: float = 60,
        later: bool = False,
    ) -> AsyncGenerator[SetLine, None]:
        """Exactly one line a set, as `predict`."""
        asked = _Asked("select", "/suggest", (model_id, sha256), deadline_s, later, _set_on_the_wire, decode_set_line)
        async with aclosing(self._ask(asked, sets)) as lines:
            async for line in lines:
                yield line

    async def count(
        self,
        model_id: str | None,
        items: Iterable[PredictItem],
        *,
        sha256: str | None = None,
        deadline_s: float = 60,
        later: bool = False,
    ) -> AsyncGenerator[CountLine, None]:
        """Exactly one line an item, as `predict`."""
        asked = _Asked("count", "/count", (model_id, sha256), deadline_s, later, _on_the_wire, decode_count_line)
        async with aclosing(self._ask(asked, items)) as lines:
            async for line in lines:
                yield line

    async def _ask(self, asked: _Asked, items: Iterable[Any]) -> AsyncGenerator[Any, None]:
        deaths = _Deaths(self.root)
        if asked.model[0] is None:
            asked = replace(asked, model=self._defaults.get(asked.task, (None, None)))
        for part in parts(items, self._part_size):
            waiting = dict(enumerate(part))
            while waiting:
                try:
                    async with aclosing(self._answers(asked, waiting)) as lines:
                        async for line in lines:
                            item = waiting.pop(int(line.id), None)
                            if item is not None:
                                yield msgspec.structs.replace(line, id=item.id)
                    if waiting:
                        raise EngineGoneError("the stream ended early")
                except EngineGoneError as error:
                    deaths.count(error, f"it had answered {len(waiting)} of the items")
                    await self.ensure()

    async def background(self, path: Path, sha256: str, settings: BackgroundSettings) -> Path:
        """The path of a PNG with the subject of the picture at `path`, whose bytes have that SHA-256; made when needed.

        It is as large as the upright original and lies in the workspace's folder for what can be made again. Raises
        BinScoutError: `background_off` without a model, `background_extra` without onnxruntime, `background_model`,
        `background_empty` when no subject was found, `unreadable`, `changed`, `storage`, `engine_busy`,
        `engine_start`, `engine_died`.
        """
        body = _to_cut_out(path, sha256, settings)
        deaths = _Deaths(self.root)
        while True:
            try:
                answer = await self._patiently("/background", body)
            except EngineGoneError as error:
                deaths.count(error, "the picture was cut out")
                await self.ensure()
            else:
                return self.root / FOLDER / str(answer["name"])

    async def stop(self) -> bool:
        """Ask the engine to leave and wait until it has gone; False when there was none.

        Requests that it is answering get a few seconds. Raises BinScoutError (`engine_unresponsive`).
        """
        health = await self.health()
        if health is None:
            return False
        try:
            process = os.pidfd_open(health["pid"])
        except ProcessLookupError:
            return True
        try:
            with suppress(EngineGoneError):  # it may be leaving already
                await self._connection.ask("POST", "/shutdown", seconds=HEALTH_SECONDS)
            gone = await asyncio.to_thread(_has_ended, process, STOP_SECONDS)
        finally:
            os.close(process)
        launch.reap()
        if not gone:
            raise unresponsive(self.root)
        return True

    @property
    def _part_size(self) -> int:
        """In pictures; small enough that requests of others are not kept waiting for more than a batch."""
        return max(1, min(self._settings.max_batch, self._settings.queue))

    async def _answers(self, asked: _Asked, waiting: dict[int, Any]) -> AsyncGenerator[Any, None]:
        """The lines of one request, tried again while the queue is full."""
        body = {
            "model": asked.model[0],
            "model_sha256": asked.model[1],
            "deadline_s": asked.deadline_s,
            "later": asked.later,
            "items": [asked.wire(number, item) for number, item in waiting.items()],
        }
        until = time.monotonic() + BUSY_SECONDS
        pause = FIRST_PAUSE
        while True:
            try:
                async with aclosing(
                    self._connection.lines(asked.address, body, seconds=asked.deadline_s + LOAD_SECONDS)
                ) as lines:
                    async for line in lines:
                        yield asked.decode(line)
            except EngineBusyError as error:
                if time.monotonic() > until:
                    raise _still_busy() from error
                await asyncio.sleep(min(pause, error.retry_after))
                pause *= 2
            else:
                return

    async def _patiently(self, address: str, body: Any) -> dict[str, Any]:
        """The answer to one request, tried again while the queue is full."""
        until = time.monotonic() + BUSY_SECONDS
        pause = FIRST_PAUSE
        while True:
            try:
                return await self._connection.ask("POST", address, body, seconds=LOAD_SECONDS)
            except EngineBusyError as error:
                if time.monotonic() > until:
                    raise _still_busy() from error
                await asyncio.sleep(min(pause, error.retry_after))
                pause *= 2

    async def _start(self) -> dict[str, Any]:
        until = time.monotonic() + self._start_seconds
        since = launch.log_size(self.root)
        child: subprocess.Popen[bytes] | None = None
        pause = FIRST_PAUSE
        while True:
            if child is None:
                child = self._launch()
            health = await self.health()
            if health is not None:
                return health
            ended = child.poll()
            if time.monotonic() > until or ended not in (None, EXIT_REFUSED):
                error = self._start_error(child, since)
                await asyncio.to_thread(_end, child)
                raise error
            if ended == EXIT_REFUSED:
                child = None  # another one starts or is about to leave: wait for it, or take its place
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE)

    def _launch(self) -> subprocess.Popen[bytes]:
        try:
            return launch.launch(self.root, self._settings, self._arguments)
        except OSError as error:
            raise BinScoutError(
                f"The engine cannot be started: {error}.",
                hint="See that the workspace can be written.",
                code="engine_start",
            ) from error

    def _start_error(self, child: subprocess.Popen[bytes], since: int) -> BinScoutError:
        how = "does not answer" if child.poll() is None else f"ended with code {child.returncode}"
        line = launch.last_log_line(self.root, since) or "nothing in its log"
        return BinScoutError(
            f"The engine {how}: {line}", hint=f"Its log is {address.log_path(self.root)}.", code="engine_start"
        )


@dataclass(frozen=True)
class _Asked:
    """One question about many things: the task, where it is asked, of which model, and how both sides are written."""

    task: str
    address: str
    model: tuple[str | None, str | None]
    deadline_s: float
    later: bool
    wire: Callable[[int, Any], dict[str, Any]]
    decode: Callable[[str], Any]


class _Deaths:
    """Counts how often the engine died during one call, and gives up when that is no accident any more."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._number = 0
        self._was_absent = False

    def count(self, error: EngineGoneError, before: str) -> None:
        """Raises BinScoutError (`engine_died`) at the third death. That none ran at first is not one."""
        if isinstance(error, EngineAbsentError) and not self._was_absent:
            self._was_absent = True
            return
        self._number += 1
        if self._number > MOST_RESTARTS:
            raise BinScoutError(
                f"The engine went away {self._number} times before {before}: "
                f"{launch.last_log_line(self._root) or error}",
                hint=f"Its log is {address.log_path(self._root)}.",
                code="engine_died",
            ) from error


def _end(child: subprocess.Popen[bytes]) -> None:
    """An engine that was given up must not come to life later."""
    if child.poll() is None:
        child.kill()
        child.wait()


def _has_ended(process: int, seconds: float) -> bool:
    """Whether the process behind a pidfd ends within so many seconds."""
    poll = select.poll()
    poll.register(process, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def _on_the_wire(number: int, item: PredictItem) -> dict[str, Any]:
    return {"id": number, "path": os.path.realpath(item.path), "crop": item.crop, "sha256": item.sha256}


def _set_on_the_wire(number: int, item: SetToJudge) -> dict[str, Any]:
    images = [{"path": os.path.realpath(one.path), "sha256": one.sha256} for one in item.images]
    return {"id": number, "images": images}


def _to_cut_out(path: Path, sha256: str, settings: BackgroundSettings) -> dict[str, Any]:
    return {"path": os.path.realpath(path), "sha256": sha256, "settings": settings}


def _still_busy() -> BinScoutError:
    return BinScoutError(
        f"The engine has been busy for {BUSY_SECONDS:g} seconds.", hint="Try again later.", code="engine_busy"
    )
