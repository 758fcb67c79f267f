"""A bucket that holds uploads which were cut off: it is asked to forget the old ones, those that go on stay."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from binscout_tui.backup.transport.rclone import Rclone
from binscout_tui.backup.transport.remote import Remote

OLD, NEW = datetime.now(UTC) - timedelta(days=2), datetime.now(UTC)


def upload(key: str, at: datetime) -> str:
    began = at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return f"<Upload><Key>{key}</Key><UploadId>id-{key[-3:]}</UploadId><Initiated>{began}</Initiated></Upload>"


LISTED = (
    '<?xml version="1.0"?><ListMultipartUploadsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    f"<Bucket>bucket</Bucket><IsTruncated>false</IsTruncated>{upload('backups/objects/old', OLD)}"
    f"{upload('backups/objects/new', NEW)}</ListMultipartUploadsResult>"
)


@pytest.fixture
def bucket() -> Iterator[tuple[str, list[str]]]:
    """An S3 that holds two such uploads: its address, and what it was asked to delete."""
    deleted: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self, code: int, body: str = "") -> None:
            self.send_response(code)
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def do_GET(self) -> None:
            self._answer(200, LISTED) if "uploads" in self.path else self._answer(404)

        def do_HEAD(self) -> None:
            self._answer(404)

        def do_DELETE(self) -> None:
            deleted.append(self.path)
            self._answer(204)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", deleted
    server.shutdown()
    server.server_close()
    thread.join()


def test_uploads_that_were_cut_off_are_forgotten_and_those_that_go_on_stay(
    bucket: tuple[str, list[str]], tmp_path: Path
) -> None:
    config = tmp_path / "rclone.conf"
    config.write_text(
        f"[there]\ntype = s3\nprovider = Other\naccess_key_id = KEYKEYKEY\nsecret_access_key = SECRETSECRET\n"
        f"endpoint = {bucket[0]}\nregion = us-east-1\n"
    )
    with Rclone(config, quick=True) as rclone:
        Remote(rclone, "there:bucket/backups", "the bucket").clean_pending()
    assert len(bucket[1]) == 1
    assert "objects/old" in bucket[1][0]
    assert "uploadId=id-old" in bucket[1][0]
