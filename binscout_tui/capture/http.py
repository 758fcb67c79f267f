"""A camera that gives a picture, or a stream of them, at an address."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from binscout_tui.capture.http_config import PLACE, HttpConfig
from binscout_tui.capture.mjpeg import FirstJpeg
from binscout_tui.capture.secrets import secret
from binscout_tui.capture.source import SourceError, stopped
from binscout_tui.imaging.names import one_line
from binscout_tui.masking import masked

if TYPE_CHECKING:
    import httpx

STOP_LOOK_S = 0.1
_PAGE = (b"<!doctype", b"<html", b"<?xml", b"<head", b"<body")


class Http:
    """A camera behind HTTP. Nothing of its secret gets into a message."""

    def __init__(self, config: HttpConfig) -> None:
        self._config = config
        self._tls: ssl.SSLContext | None = None

    @property
    def name(self) -> str:
        """The address without its query, which may be anything."""
        return one_line(masked(self._config.url.partition("?")[0]))

    def probe(self) -> str:
        """Say that the camera answers with something that may be a picture. Raises SourceError."""
        import tempfile

        with tempfile.TemporaryDirectory(prefix="binscout-probe-") as folder:
            size = self.shoot(Path(folder), threading.Event()).stat().st_size
        return f"The camera answered with {size} bytes."

    def shoot(self, folder: Path, stop: threading.Event) -> Path:
        """Get one picture. Raises SourceError; never takes longer than `total`, whatever the camera does."""
        hidden = secret(self._config.secret_env, self._config.secret_file)
        target = folder / "shot"
        with target.open("wb") as output:
            asyncio.run(self._bounded(hidden, output, stop))
        return target

    async def _bounded(self, hidden: str, output: Any, stop: threading.Event) -> None:
        work = asyncio.ensure_future(self._get(hidden, output))
        try:
            async with asyncio.timeout(self._config.total):
                while not (await asyncio.wait({work}, timeout=STOP_LOOK_S))[0]:
                    if stop.is_set():
                        raise stopped()
        except TimeoutError as error:
            raise self._error(f"did not give a whole picture within {self._config.total:g} s") from error
        finally:
            work.cancel()
            await asyncio.wait({work})
        work.result()

    async def _get(self, hidden: str, output: Any) -> None:
        import httpx

        address = self._config.url.replace(PLACE, quote(hidden, safe=""))
        try:
            async with self._client(hidden) as client:
                request = client.build_request("GET", address)
                # Digest writes the user and the camera's realm into it, which need not be ASCII.
                request.headers.encoding = "utf-8"
                async with contextlib.aclosing(await client.send(request, stream=True)) as response:
                    await self._take(response, output)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            # The library's own words may hold the address, and with it the secret.
            raise self._error(self._why(error)) from None
        except (LookupError, ValueError, NotImplementedError):
            # That is how the library meets a challenge which it does not understand.
            raise self._error("asks for a login in a way that is not known") from None

    async def _take(self, response: httpx.Response, output: Any) -> None:
        self._check(response)
        kind = response.headers.get("content-type", "").lower()
        if kind.startswith("multipart/"):
            output.write(await self._first_of(response))
        else:
            await self._whole(response, output)

    def _client(self, hidden: str) -> httpx.AsyncClient:
        import httpx

        config = self._config
        if self._tls is None:
            self._tls = httpx.create_ssl_context(verify=not config.insecure, trust_env=False)
        headers = [(b"Accept", b"image/*, multipart/x-mixed-replace"), (b"Accept-Encoding", b"identity")]
        auth: httpx.Auth | None = None
        if config.auth == "basic":
            auth = httpx.BasicAuth(config.user, hidden)
        elif config.auth == "digest":
            auth = httpx.DigestAuth(config.user, hidden)
        elif config.auth == "bearer":
            headers.append((b"Authorization", b"Bearer " + hidden.encode()))
        return httpx.AsyncClient(
            verify=self._tls,
            auth=auth,
            headers=headers,
            timeout=httpx.Timeout(config.read, connect=config.connect),
            follow_redirects=config.redirects > 0,
            max_redirects=max(1, config.redirects),
            trust_env=False,
        )

    def _check(self, response: httpx.Response) -> None:
        """Raise SourceError for an answer that is no picture by its own words."""
        status = response.status_code
        if status in (401, 403):
            raise self._error(
                f"refuses the user (HTTP {status})", hint="Check auth, user and the secret of the source."
            )
        if not response.is_success:
            # Not the camera's own words: they may repeat what was asked, and with it the secret.
            known = {one.value: one.phrase for one in HTTPStatus}
            raise self._error(f"answered HTTP {status} {known.get(status, '')}".rstrip())
        kind = response.headers.get("content-type", "").lower()
        if kind.startswith(("text/html", "application/xhtml")):
            raise self._page()
        if response.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
            raise self._error("answered with a compressed picture, which was not asked for")
        length = response.headers.get("content-length", "")
        if length.isdigit() and int(length) > self._most:
            raise self._too_much()

    async def _whole(self, response: httpx.Response, output: Any) -> None:
        size, beginning = 0, b""
        async for piece in response.aiter_raw():
            size += len(piece)
            if size > self._most:
                raise self._too_much()
            if len(beginning) < 16:
                beginning += piece[:16]
            output.write(piece)
        if not size:
            raise self._error("answered with nothing")
        if beginning.lstrip().lower().startswith(_PAGE):
            raise self._page()

    async def _first_of(self, response: httpx.Response) -> bytes:
        finder = FirstJpeg(self._config.skip)
        pieces: AsyncIterator[bytes] = response.aiter_raw()
        async for piece in pieces:
            picture = finder.feed(piece)
            if picture is not None:
                return picture
            if finder.held > self._most:
                raise self._too_much()
        raise self._error("ended its stream before a picture was whole")

    @property
    def _most(self) -> int:
        return self._config.max_mb << 20

    def _too_much(self) -> SourceError:
        return self._error(f"sends more than {self._config.max_mb} MiB", hint="`max_mb` of the source sets the limit.")

    def _page(self) -> SourceError:
        return self._error(
            "answered with a web page instead of a picture",
            hint="Look in the camera's manual for the address of a snapshot.",
        )

    def _error(self, what: str, *, hint: str = "") -> SourceError:
        return SourceError(f"The camera at {self._host} {what}.", hint=hint, code="camera")

    @property
    def _host(self) -> str:
        return one_line(urlsplit(self._config.url).netloc.rpartition("@")[2])

    def _why(self, error: Exception) -> str:
        import httpx

        sentences: dict[type[Exception], str] = {
            httpx.ConnectTimeout: f"does not answer within {self._config.connect:g} s",
            httpx.ReadTimeout: f"sent nothing for {self._config.read:g} s",
            httpx.WriteTimeout: "takes no request",
            httpx.ConnectError: "cannot be reached",
            httpx.RemoteProtocolError: "ended its answer early, or does not speak HTTP",
            httpx.ReadError: "broke the connection off",
            httpx.TooManyRedirects: f"sends on more than {self._config.redirects} times",
            httpx.UnsupportedProtocol: "sends on to something that is not HTTP",
            httpx.InvalidURL: "sends on to an address that is none",
        }
        found = next((words for kind, words in sentences.items() if isinstance(error, kind)), "")
        if isinstance(error, httpx.ConnectError) and (reason := _errno_words(error)):
            return f"{found}: {reason}"
        return found or f"failed ({type(error).__name__})"


def _errno_words(error: BaseException | None) -> str:
    """The system's own words for why there is no connection."""
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return "its certificate or its encryption is not accepted"
        if isinstance(error, OSError) and error.strerror and error.errno:
            return one_line(error.strerror).removeprefix("[Errno]").lower()
        error = error.__cause__ or error.__context__
    return ""
