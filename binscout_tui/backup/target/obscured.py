"""The plain text of passwords that rclone obscured in its configuration.

`rclone reveal` takes the text on its command line, where everybody on the machine can read it. So the running rclone
is let sign in, with that password, to a server of our own on a socket in a folder of our own.
"""

from __future__ import annotations

import base64
import binascii
import shutil
import socketserver
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from binscout_tui.backup.faults import RemoteError
from binscout_tui.backup.transport.rclone import Rclone
from binscout_tui.backup.transport.rclone_process import own_folder


def reveal(rclone: Rclone, obscured: str) -> str:
    """The plain text of `obscured`. Raises RemoteError where it is not what rclone writes there."""
    if not obscured.replace("-", "").replace("_", "").isalnum():
        raise RemoteError("That is no password as rclone keeps it.", code="bad_config")
    folder = own_folder()
    try:
        return _signed_in(rclone, obscured, folder / "d")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _signed_in(rclone: Rclone, obscured: str, socket: Path) -> str:
    with _Door(socket) as door:
        fs = f":webdav,url='http://localhost',vendor=other,user=us,pass={obscured},unix_socket='{socket}':"
        with suppress(RemoteError):  # it is refused, after it has said its password
            rclone.call("operations/list", where="rclone", fs=fs, remote="")
    if door.said is None:
        raise RemoteError("rclone could not read a password of its configuration.", code="bad_config")
    return door.said


class _Door(socketserver.ThreadingUnixStreamServer):
    """Refuses everybody, and remembers the password that was said."""

    daemon_threads = True

    def __init__(self, socket: Path) -> None:
        super().__init__(str(socket), _Asked)
        self.said: str | None = None
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def server_close(self) -> None:
        self.shutdown()
        self._thread.join()
        super().server_close()


class _Asked(BaseHTTPRequestHandler):
    server: _Door

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(65_537)
        self.close_connection = True
        if not self.raw_requestline or not self.parse_request():
            return
        said = self.headers.get("Authorization", "").removeprefix("Basic ")
        with suppress(binascii.Error, UnicodeDecodeError):
            self.server.said = base64.b64decode(said, validate=True).decode().partition(":")[2]
        self.send_response(403)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing of this is written anywhere."""
