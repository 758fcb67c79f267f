"""What the server does, as a Starlette app: health, load, predict, background, shutdown."""

from __future__ import annotations

import asyncio
import logging
import math
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from binscout_tui import __version__
from binscout_tui.engine import bodies, protocol
from binscout_tui.engine.answers import FAILED
from binscout_tui.engine.background import Backgrounds
from binscout_tui.engine.batcher import Batcher, QueueFullError, Ticket
from binscout_tui.engine.models import ModelCache
from binscout_tui.engine.predictor import LoadedModel
from binscout_tui.engine.protocol import ItemId
from binscout_tui.engine.stats import Stats
from binscout_tui.errors import BinScoutError

STATUS = {
    "bad_request": 400,
    "not_found": 404,
    "model_missing": 404,
    "no_run": 404,
    "no_model": 409,
    "background_off": 409,
    "too_large": 413,
    "too_many_items": 413,
    "bad_model_id": 422,
    "bad_run_id": 422,
    "model_changed": 422,
    "model_corrupt": 422,
    "model_mismatch": 422,
    "model_other_task": 422,
    "wrong_task": 422,
    "device_missing": 422,
    "background_extra": 422,
    "background_model": 422,
    "background_empty": 422,
    "unreadable": 422,
    "changed": 422,
    "queue_full": 503,
    "engine_memory": 507,
    "storage": 507,
}

Read = Callable[[Request], Awaitable[bodies.Wanted]]

log = logging.getLogger(__name__)


class Service:
    """The handlers and what they share. `leave` ends the process after the present requests."""

    def __init__(
        self,
        models: ModelCache,
        batcher: Batcher,
        backgrounds: Backgrounds,
        device: str,
        leave: Callable[[], None],
    ) -> None:
        self.models = models
        self.backgrounds = backgrounds
        self.batcher = batcher
        self.stats = Stats()
        self._device = device
        self._leave = leave

    async def health(self, request: Request) -> Response:
        """How the engine is; never waits for a model."""
        models = self.models
        loading = models.preparing or models.loading is not None
        default = models.defaults.get("classify") or next(iter(models.defaults.values()), None)
        report = {
            "status": "loading" if loading else "ok",
            "pid": os.getpid(),
            "version": __version__,
            "device": default.predictor.device if default else self._device,
            "default_model": default.id if default else None,
            "default_models": {task: model.id for task, model in models.defaults.items()},
            "models": models.report(),
            "queue": {"length": self.batcher.waiting, "limit": self.batcher.capacity},
            "max_batch": self.batcher.limit.now,
        }
        return _json(report | self.stats.report())

    async def load(self, request: Request) -> Response:
        """Load a model beside the present default of its task, and make it the default unless that is not wanted."""
        self.stats.requests += 1
        with self.stats.work():
            wanted = protocol.decode_load(await bodies.read(request, protocol.MAX_JSON_BYTES))
            found = self.models.make_default if wanted.default else self.models.get
            model = await found(wanted.model, wanted.model_sha256)
            default = self.models.defaults.get(model.task)
            return _json({"default_model": default.id if default else None, "model": model.report()})

    async def predict(self, request: Request) -> Response:
        """Predictions as NDJSON, in the order in which they come."""
        return await self._answered(request, "classify", bodies.read_predict)

    async def suggest(self, request: Request) -> Response:
        """What to keep of sets, as `predict`."""
        return await self._answered(request, "select", bodies.read_suggest)

    async def count(self, request: Request) -> Response:
        """How many there are in pictures, as `predict`."""
        return await self._answered(request, "count", bodies.read_count)

    async def _answered(self, request: Request, task: str, read: Read) -> Response:
        self.stats.requests += 1
        with self.stats.work():
            wanted = await read(request)
            if len(wanted.works) > self.batcher.capacity:
                raise BinScoutError(
                    f"{len(wanted.works)} items in one request; the queue has {self.batcher.capacity} places.",
                    hint="Send them in parts.",
                    code="too_many_items",
                )
            model = await self.models.get(wanted.model, wanted.model_sha256, task)
            answers = Answers(self.stats, self.batcher, model)
            answers.queue(wanted)
            return answers.response()

    async def background(self, request: Request) -> Response:
        """Cut a picture out of its background, and answer where the file is."""
        self.stats.requests += 1
        with self.stats.work():
            return _json(await self.backgrounds.cut_out(await bodies.read_background(request)))

    async def shutdown(self, request: Request) -> Response:
        """End the process."""
        log.info("asked to stop")
        self._leave()
        return _json({"status": "stopping", "pid": os.getpid()})

    def app(self, *more: Route) -> Starlette:
        """The handlers under their addresses, and `more`."""
        return Starlette(
            routes=[
                Route("/health", self.health, methods=["GET"]),
                Route("/load", self.load, methods=["POST"]),
                Route("/predict", self.predict, methods=["POST"]),
                Route("/suggest", self.suggest, methods=["POST"]),
                Route("/count", self.count, methods=["POST"]),
                Route("/background", self.background, methods=["POST"]),
                Route("/shutdown", self.shutdown, methods=["POST"]),
                *more,
            ],
            exception_handlers={
                BinScoutError: self._refused,
                HTTPException: self._unroutable,
                ClientDisconnect: self._left,
                Exception: self._broken,
            },
        )

    async def _refused(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, BinScoutError)
        status = STATUS.get(error.code, 500)
        headers = {}
        if isinstance(error, QueueFullError):
            headers["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
        else:
            self.stats.failed(error.sentence)
        return _json(protocol.error_body(error), status, headers)

    async def _left(self, request: Request, error: Exception) -> Response:
        """The client went away amid its request; nobody reads this."""
        return Response(status_code=400)

    async def _unroutable(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        code = "not_found" if error.status_code == 404 else "bad_request"
        told = BinScoutError(f"{request.method} {request.url.path}: {error.detail}.", code=code)
        return _json(protocol.error_body(told), error.status_code, dict(error.headers or {}))

    async def _broken(self, request: Request, error: Exception) -> Response:
        sentence = f"The engine failed ({type(error).__name__}: {error})."
        self.stats.failed(sentence)
        told = BinScoutError(sentence, hint="Its log says where.", code="engine_failed")
        return _json(protocol.error_body(told), 500)


class Answers:
    """The answers to one request, from the model thread to the client who waits for them."""

    def __init__(self, stats: Stats, batcher: Batcher, model: LoadedModel) -> None:
        self._stats = stats
        self._batcher = batcher
        self._model = model
        self._loop = asyncio.get_running_loop()
        self._come: asyncio.Queue[tuple[ItemId, Any]] = asyncio.Queue()
        self._tickets: Sequence[Ticket] = ()
        self._queued_at = 0.0

    def queue(self, wanted: bodies.Wanted) -> None:
        """Put all of the request into the queue; raises QueueFullError."""
        self._queued_at = time.monotonic()
        expires = self._queued_at + wanted.deadline_s
        names: dict[Ticket, ItemId] = {}

        def deliver(ticket: Ticket, answer: Any) -> None:
            self._loop.call_soon_threadsafe(self._come.put_nowait, (names[ticket], answer))

        for item_id, work in zip(wanted.ids, wanted.works, strict=True):
            failed = FAILED[self._model.task]
            names[Ticket(self._model, work, expires, deliver, failed, wanted.later)] = item_id
        self._tickets = list(names)
        self._batcher.submit(self._tickets)

    def response(self) -> Response:
        """The stream; when the client goes, what is still queued leaves the queue."""
        return _Stream(self)

    async def lines(self) -> AsyncIterator[bytes]:
        """One line an answer."""
        for _ in self._tickets:
            item_id, answer = await self._come.get()
            self._stats.answered(self._queued_at, answer.error)
            yield protocol.line(item_id, self._model.id, answer)

    async def send(self, stream: Callable[[], Any]) -> None:
        """Run the stream to its end, however it ends."""
        with self._stats.work():
            try:
                await stream()
            finally:
                dropped = self._batcher.withdraw(self._tickets)
                if dropped:
                    log.info("a client left: %d queued items dropped", dropped)


class _Stream(StreamingResponse):
    def __init__(self, answers: Answers) -> None:
        super().__init__(answers.lines(), media_type=protocol.NDJSON)
        self._answers = answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        run = super().__call__
        await self._answers.send(lambda: run(scope, receive, send))


def _json(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(protocol.encode(value) + b"\n", status, headers, "application/json")
