"""Cameras behind HTTP, good and bad ones: a real server on this machine."""

from __future__ import annotations

import base64
import hashlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

SECRET = "s3cret-word"
UMLAUT = "schlüssel€"
NONCE = "8f1c"


class Camera(BaseHTTPRequestHandler):
    """Answers by path; `PICTURE` is what a good answer holds."""

    PICTURE: ClassVar[bytes] = b""
    OPEN: ClassVar[threading.Event] = threading.Event()
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Do what the path says."""
        action: Callable[[], None] = getattr(self, f"do_{self.path.strip('/').partition('?')[0]}", self.do_missing)
        try:
            action()
        except OSError:
            self.close_connection = True  # the other side was right to leave

    def log_message(self, *words: object) -> None:
        """Say nothing."""

    def do_snapshot(self) -> None:
        self.answer(self.PICTURE)

    def do_unlabelled(self) -> None:
        self.answer(self.PICTURE, kind="")

    def do_chunked(self) -> None:
        self.head(200, {"Content-Type": "image/jpeg", "Transfer-Encoding": "chunked"})
        for start in range(0, len(self.PICTURE), 1000):
            piece = self.PICTURE[start : start + 1000]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def do_too_long(self) -> None:
        """It says that more comes than does."""
        self.head(200, {"Content-Type": "image/jpeg", "Content-Length": str(len(self.PICTURE) + 500)})
        self.wfile.write(self.PICTURE)
        self.close_connection = True

    def do_too_short(self) -> None:
        """It says that less comes than does."""
        self.head(200, {"Content-Type": "image/jpeg", "Content-Length": str(len(self.PICTURE) // 2)})
        self.wfile.write(self.PICTURE)
        self.close_connection = True

    def do_says_huge(self) -> None:
        self.head(200, {"Content-Type": "image/jpeg", "Content-Length": str(1 << 40)})

    def do_endless(self) -> None:
        self.head(200, {"Content-Type": "image/jpeg", "Connection": "close"})
        while not self.OPEN.is_set():
            self.wfile.write(bytes(1 << 16))

    def do_stalls(self) -> None:
        """Half a picture, and then nothing."""
        self.head(200, {"Content-Type": "image/jpeg", "Content-Length": str(len(self.PICTURE))})
        self.wfile.write(self.PICTURE[: len(self.PICTURE) // 2])
        self.OPEN.wait(30)

    def do_silent(self) -> None:
        self.OPEN.wait(30)

    def do_drips(self) -> None:
        """Never still for long, and never done."""
        self.head(200, {"Content-Type": "image/jpeg", "Connection": "close"})
        while not self.OPEN.wait(0.02):
            self.wfile.write(b"\xff")

    def do_drips_headers(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not self.OPEN.wait(0.02):
            self.wfile.write(b"X-A: b\r\n")

    def do_page(self) -> None:
        self.answer(b"<html>Log in</html>", kind="text/html; charset=utf-8")

    def do_hidden_page(self) -> None:
        self.answer(b"\n<!DOCTYPE html><p>Log in", kind="image/jpeg")

    def do_nothing(self) -> None:
        self.answer(b"")

    def do_noise(self) -> None:
        self.answer(b"noise" * 100)

    def do_broken(self) -> None:
        self.answer(b"no", status=503, kind="text/plain")

    def do_missing(self) -> None:
        self.answer(b"no", status=404, kind="text/plain")

    def do_nonsense(self) -> None:
        self.wfile.write(b"SSH-2.0-OpenSSH\r\n")
        self.close_connection = True

    def do_compressed(self) -> None:
        self.head(200, {"Content-Type": "image/jpeg", "Content-Encoding": "gzip", "Content-Length": "4"})
        self.wfile.write(b"\x1f\x8b\x08\x00")

    def do_once_more(self) -> None:
        self.head(302, {"Location": "/snapshot", "Content-Length": "0"})

    def do_for_ever(self) -> None:
        self.head(302, {"Location": "/for_ever", "Content-Length": "0"})

    def do_elsewhere(self) -> None:
        self.head(302, {"Location": "ftp://127.0.0.1/x", "Content-Length": "0"})

    def do_stream(self) -> None:
        self.stream([self.PICTURE] * 100)

    def do_stream_cut(self) -> None:
        """The first picture of the stream is cut off."""
        self.stream([self.PICTURE[: len(self.PICTURE) // 2], self.PICTURE])

    def do_stream_ends(self) -> None:
        self.stream([self.PICTURE[: len(self.PICTURE) // 2]])

    def do_stream_endless(self) -> None:
        self.head(200, {"Content-Type": "multipart/x-mixed-replace; boundary=x", "Connection": "close"})
        self.wfile.write(b"--x\r\n\r\n" + self.PICTURE[: len(self.PICTURE) // 2])
        while not self.OPEN.is_set():
            self.wfile.write(bytes(1 << 16))

    def do_basic(self) -> None:
        wanted = "Basic " + base64.b64encode(f"erik:{SECRET}".encode()).decode()
        self.guarded(wanted == self.headers.get("Authorization"), 'Basic realm="camera"')

    def do_bearer(self) -> None:
        self.guarded(self.headers.get("Authorization") == f"Bearer {SECRET}", "Bearer")

    def do_bearer_umlaut(self) -> None:
        # http.server reads headers as latin-1.
        said = (self.headers.get("Authorization") or "").encode("latin-1")
        self.guarded(said == f"Bearer {UMLAUT}".encode(), "Bearer")

    def do_digest_umlaut(self) -> None:
        said = (self.headers.get("Authorization") or "").encode("latin-1")
        one = hashlib.md5(f"{UMLAUT}:camera:{SECRET}".encode()).hexdigest()
        two = hashlib.md5(b"GET:/digest_umlaut").hexdigest()
        wanted = hashlib.md5(f"{one}:{NONCE}:{two}".encode()).hexdigest().encode()
        self.guarded(wanted in said, f'Digest realm="camera", nonce="{NONCE}", algorithm=MD5')

    def do_digest_unknown(self) -> None:
        self.guarded(False, f'Digest realm="camera", nonce="{NONCE}", algorithm=NONE')

    def do_query(self) -> None:
        self.guarded(f"key={SECRET}" in self.path, "Bearer")

    def do_digest(self) -> None:
        """RFC 2617 without qop."""
        said = self.headers.get("Authorization", "")
        one = hashlib.md5(f"erik:camera:{SECRET}".encode()).hexdigest()
        two = hashlib.md5(b"GET:/digest").hexdigest()
        wanted = hashlib.md5(f"{one}:{NONCE}:{two}".encode()).hexdigest()
        self.guarded(f'response="{wanted}"' in said, f'Digest realm="camera", nonce="{NONCE}", algorithm=MD5')

    def guarded(self, allowed: bool, challenge: str) -> None:
        if allowed:
            self.answer(self.PICTURE)
            return
        self.head(401, {"WWW-Authenticate": challenge, "Content-Length": "0"})

    def stream(self, pictures: list[bytes]) -> None:
        self.head(200, {"Content-Type": "multipart/x-mixed-replace;boundary=--frame", "Connection": "close"})
        for picture in pictures:
            self.wfile.write(b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: 7\r\n\r\n" + picture + b"\r\n")
        self.close_connection = True

    def answer(self, body: bytes, *, status: int = 200, kind: str = "image/jpeg") -> None:
        self.head(status, {**({"Content-Type": kind} if kind else {}), "Content-Length": str(len(body))})
        self.wfile.write(body)

    def head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()


class Server(ThreadingHTTPServer):
    """Lets its port be taken again at once, and does not wait for answers that never end."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False


@contextmanager
def serving(picture: bytes, port: int = 0) -> Iterator[str]:
    """The address of a server with a camera of each kind."""
    kind = type("OneCamera", (Camera,), {"PICTURE": picture, "OPEN": threading.Event()})
    server = Server(("127.0.0.1", port), kind)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        kind.OPEN.set()
        server.shutdown()
        server.server_close()
        thread.join(10)


def free_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
