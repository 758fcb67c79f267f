"""A target that is an enemy: a WebDAV server that lists and sends whatever a test wants, and stores made to deceive."""

from __future__ import annotations

import hashlib
import io
import tarfile
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit
from xml.sax.saxutils import escape

import msgspec
from isal import igzip

from binscout_tui.backup.archive import layout, manifest
from binscout_tui.backup.archive.manifest import Blob, FileEntry, Manifest, Part
from binscout_tui.backup.archive.repository import RepoInfo

RUN = "20261122T010203Z-1a2b3c4d"
OTHER_RUN = "20261115T010203Z-00000001"
REPO = "0123456789abcdef"


@dataclass
class Item:
    """A row of a listing: its name in the folder, bytes, whether it is a folder, and when it was written."""

    name: str
    size: int | str
    folder: bool = False
    modified: str = "Sun, 22 Nov 2026 01:02:03 GMT"


@dataclass
class Enemy:
    """A WebDAV server over `folder`. `lists` changes a listing, `sends` what a file is answered with."""

    folder: Path
    lists: Callable[[str, list[Item]], list[Item]] = field(default=lambda path, items: items)
    sends: Callable[[str, bytes], bytes | Iterator[bytes] | int] = field(default=lambda path, data: data)
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def section(self) -> str:
        """The section for rclone's configuration, named `there`."""
        return f"[there]\ntype = webdav\nurl = {self.url}\nvendor = other\n"


def serving(enemy: Enemy) -> Iterator[Enemy]:
    """Serve it on a free port until the generator goes on."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(enemy))
    server.daemon_threads = True
    enemy.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield enemy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(enemy: Enemy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _path(self) -> tuple[str, Path]:
            name = unquote(urlsplit(self.path).path).strip("/")
            enemy.asked.append(f"{self.command} {name}")
            found = (enemy.folder / name).resolve()
            assert found.is_relative_to(enemy.folder.resolve()), name
            return name, found

        def _answer(self, code: int, body: bytes = b"", kind: str = "application/xml") -> None:
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_PROPFIND(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            name, path = self._path()
            if not path.exists():
                self._answer(404)
                return
            own = _item(path)
            items = [_item(one) for one in sorted(path.iterdir())] if path.is_dir() else []
            if path.is_file():
                (own,) = [one for one in enemy.lists(str(Path(name).parent), [own]) if one.name == own.name][:1] or [
                    own
                ]
            below = enemy.lists(name, items) if self.headers.get("Depth") != "0" else []
            rows = _row(name, own) + "".join(_row(f"{name}/{one.name}".lstrip("/"), one) for one in below)
            body = f'<?xml version="1.0"?><D:multistatus xmlns:D="DAV:">{rows}</D:multistatus>'
            self._answer(207, body.encode())

        def do_GET(self) -> None:
            name, path = self._path()
            if not path.is_file():
                return self._answer(404)
            sent = enemy.sends(name, path.read_bytes())
            if isinstance(sent, int):
                return self._answer(sent)
            if isinstance(sent, bytes):
                return self._answer(200, sent, "application/octet-stream")
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            try:
                for block in sent:
                    self.wfile.write(f"{len(block):x}\r\n".encode() + block + b"\r\n")
                self.wfile.write(b"0\r\n\r\n")
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True
            return None

        def do_PUT(self) -> None:
            name, path = self._path()
            length = self.headers.get("Content-Length")
            path.write_bytes(self.rfile.read(int(length)) if length else self._chunks())
            del name
            self._answer(201)

        def _chunks(self) -> bytes:
            found = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                found += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return found

        def do_MKCOL(self) -> None:
            self._path()[1].mkdir(parents=True, exist_ok=True)
            self._answer(201)

        def do_MOVE(self) -> None:
            _, path = self._path()
            to = enemy.folder / unquote(urlsplit(self.headers["Destination"]).path).strip("/")
            to.parent.mkdir(parents=True, exist_ok=True)
            path.replace(to)
            self._answer(201)

        def do_DELETE(self) -> None:
            self._path()[1].unlink(missing_ok=True)
            self._answer(204)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    return Handler


def _item(path: Path) -> Item:
    return Item(path.name, 0 if path.is_dir() else path.stat().st_size, path.is_dir())


def _row(name: str, item: Item) -> str:
    kind = "<D:collection/>" if item.folder else ""
    href = escape("/" + quote(name) + ("/" if item.folder and name else ""))
    return (
        f"<D:response><D:href>{href}</D:href><D:propstat><D:status>HTTP/1.1 200 OK</D:status><D:prop>"
        f"<D:resourcetype>{kind}</D:resourcetype><D:getcontentlength>{item.size}</D:getcontentlength>"
        f"<D:getlastmodified>{escape(item.modified)}</D:getlastmodified></D:prop></D:propstat></D:response>"
    )


def forge(
    folder: Path,
    listed: Iterable[FileEntry] = (),
    *,
    run: str = RUN,
    archive: bytes | None = None,
    stored: dict[str, bytes] | None = None,
    **changes: Any,
) -> Manifest:
    """Write a store with one run into `folder`, whose hashes all fit: whoever can write there can do that."""
    (folder / "runs" / run).mkdir(parents=True, exist_ok=True)
    info = RepoInfo(id=REPO, created="2026-11-22T01:02:03.000Z")
    (folder / layout.REPO_FILE).write_bytes(msgspec.json.encode(info))
    here = folder / "runs" / run
    entries = sorted(listed, key=lambda entry: entry.name())
    for name, data in (stored or {}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    blobs = [
        Blob(name=name, size=len(data), sha256=layout.blob_hash(name), files=1)
        for name, data in sorted((stored or {}).items())
    ]
    (here / layout.RECORDS).write_bytes(packed({}) if archive is None else archive)
    values: dict[str, Any] = {
        "repo": REPO,
        "run": run,
        "began": "2026-11-22T01:02:03.000Z",
        "committed": "2026-11-22T01:03:03.000Z",
        "host": "box",
        "user": "ana",
        "app": "0.1.0",
        "schema": 1,
        "tz_minutes": 0,
        "parent": None,
        "files": manifest.write_lines(here / layout.FILES, entries, checked=False),
        "blobs": manifest.write_lines(here / layout.BLOBS, blobs),
        "records": part_of(here / layout.RECORDS),
        "members": {},
        "kinds": {},
        "rows": {},
        "logical_bytes": sum(entry.size for entry in entries),
        "added_bytes": 0,
        "added_files": 0,
        "stored_bytes": 0,
        "read_back": "added",
        "durations": {},
    }
    made = Manifest(**(values | changes))
    (here / layout.MANIFEST).write_bytes(manifest.encode(made))
    return made


def part_of(path: Path) -> Part:
    """What a manifest says of a file."""
    data = path.read_bytes()
    return Part(name=path.name, size=len(data), sha256=hashlib.sha256(data).hexdigest())


def packed(members: dict[str, bytes]) -> bytes:
    """A packed archive of these members."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return igzip.compress(out.getvalue())


def entry(path: str, data: bytes = b"", **changes: Any) -> FileEntry:
    """A file of a list whose bytes are `data`, stored as an object."""
    sha256 = hashlib.sha256(data).hexdigest()
    values: dict[str, Any] = {
        "path": path,
        "kind": "original",
        "size": len(data),
        "sha256": sha256,
        "mtime_ns": 1,
        "blob": layout.object_name(sha256),
    }
    return FileEntry(**(values | changes))
