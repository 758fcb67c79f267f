"""HTTP over the engine's unix socket, with the failures of transport told apart."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from binscout_tui.engine import address, protocol
from binscout_tui.errors import BinScoutError

if TYPE_CHECKING:
    import httpx

CONNECT_SECONDS = 5.0


class EngineGoneError(Exception):
    """There is no engine at the socket, or it went away before it had answered."""


class EngineAbsentError(EngineGoneError):
    """Nothing listens at the socket: it was not asked."""


class EngineBusyError(Exception):
    """The queue is full; `retry_after` is what the server proposes, in seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class Connection:
    """Requests to the engine of the workspace in `root`; every one has a connection of its own, which costs 0.1 ms.

    All methods raise EngineGoneError, EngineBusyError, BinScoutError (what the server says, or `engine_unresponsive`).
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._client: httpx.AsyncClient | None = None
        self._socket: Path | None = None

    async def close(self) -> None:
        """Close what is open."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def ask(self, method: str, path: str, body: Any = None, *, seconds: float) -> dict[str, Any]:
        """The JSON answer to one request, which may take so many seconds."""
        import msgspec

        content = None if body is None else protocol.encode(body)
        client = await self._open()
        with _telling_failures_apart(self._root):
            answer = await client.request(method, path, content=content, timeout=_timeout(seconds))
        _raise_for(answer, answer.content)
        return msgspec.json.decode(answer.content, type=dict[str, Any])

    async def lines(self, path: str, body: Any, *, seconds: float) -> AsyncGenerator[str, None]:
        """The lines of a stream as they come, none of which may take longer than so many seconds."""
        client = await self._open()
        request = client.build_request("POST", path, content=protocol.encode(body), timeout=_timeout(seconds))
        with _telling_failures_apart(self._root):
            answer = await client.send(request, stream=True)
        try:
            if answer.status_code != 200:
                with _telling_failures_apart(self._root):
                    _raise_for(answer, await answer.aread())
            async with aclosing(answer.aiter_lines()) as lines:  # type: ignore[type-var]
                with _telling_failures_apart(self._root):
                    async for line in lines:
                        yield line
        finally:
            await answer.aclose()

    async def _open(self) -> httpx.AsyncClient:
        import httpx

        path = address.socket_path(self._root)
        if self._client is None or path != self._socket:
            await self.close()
            self._socket = path
            limits = httpx.Limits(max_keepalive_connections=0)
            transport = httpx.AsyncHTTPTransport(uds=str(path), limits=limits, verify=False)
            # Proxies of the environment would lead requests past the transport.
            self._client = httpx.AsyncClient(transport=transport, base_url="http://engine", trust_env=False)
        return self._client


@contextmanager
def _telling_failures_apart(root: Path) -> Iterator[None]:
    import httpx

    try:
        yield
    except httpx.TimeoutException as error:
        raise unresponsive(root) from error
    except httpx.ConnectError as error:
        raise EngineAbsentError(str(error)) from error
    except httpx.TransportError as error:
        raise EngineGoneError(str(error) or type(error).__name__) from error


def unresponsive(root: Path) -> BinScoutError:
    """The error for an engine that is there and does not answer."""
    try:
        pid = address.lock_path(root).read_text("ascii").strip()
    except OSError:
        pid = ""
    return BinScoutError(
        f"The engine of {root} does not answer.",
        hint=f"End it with `kill -9 {pid}`; it is started again when needed." if pid else "Start it again.",
        code="engine_unresponsive",
    )


def _timeout(seconds: float) -> httpx.Timeout:
    import httpx

    return httpx.Timeout(seconds, connect=CONNECT_SECONDS)


def _raise_for(answer: httpx.Response, content: bytes) -> None:
    if answer.status_code == 503:
        retry_after = answer.headers.get("Retry-After", "1")
        raise EngineBusyError(float(retry_after) if retry_after.isdigit() else 1.0)
    if answer.status_code != 200:
        raise protocol.error_from(answer.status_code, content)
