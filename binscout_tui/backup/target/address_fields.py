"""The address of a target in fields, for those who would rather fill in a form than write one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from binscout_tui.errors import UsageError

Values = Mapping[str, str]
ORDER = ("section", "server", "folder", "user", "endpoint", "region", "config")
"""The ids of all fields in the order in which they are shown."""


@dataclass(frozen=True, slots=True)
class Field:
    """One line of the form: its id, its name for people, an example."""

    id: str
    label: str
    example: str


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of place: its words, its fields, what its secret is called (empty: it has none)."""

    id: str
    words: str
    about: str
    fields: tuple[Field, ...]
    secret: str
    address: Callable[[Values], str]


FOLDER = Field("folder", "folder", "/mnt/nas/backups")
SERVER = Field("server", "server", "nas.local, or nas.local:2222")
USER = Field("user", "user", "keeper")
BELOW = Field("folder", "folder", "backups/bins")


def _needed(values: Values, *fields: Field) -> list[str]:
    found = []
    for field in fields:
        text = values.get(field.id, "").strip()
        if not text:
            raise UsageError(f"{field.label[0].upper()}{field.label[1:]} is missing.", code=field.id)
        found.append(text)
    return found


def _user(values: Values) -> str:
    user = values.get(USER.id, "").strip()
    return f"{quote(user, safe=';')}@" if user else ""


def _path(text: str) -> str:
    return quote(text.strip().strip("/"), safe="/~")


def _local(values: Values) -> str:
    (folder,) = _needed(values, FOLDER)
    if not folder.startswith(("/", "~/", "./")):
        raise UsageError("A folder of this machine begins with /.", code=FOLDER.id)
    return folder


def _sftp(values: Values) -> str:
    server, folder = _needed(values, SERVER, BELOW)
    return f"sftp://{_user(values)}{server}/{_path(folder)}"


def _smb(values: Values) -> str:
    server, folder = _needed(values, SERVER, BELOW)
    return f"smb://{_user(values)}{server}/{_path(folder)}"


def _webdav(values: Values) -> str:
    (url,) = _needed(values, SERVER)
    scheme, _, rest = url.rpartition("://")
    if scheme not in ("", "http", "https"):
        raise UsageError("The server begins with https:// or http://.", code=SERVER.id)
    host, _, path = rest.partition("/")
    folder = "/".join(part for part in (path.strip("/"), values.get(BELOW.id, "").strip().strip("/")) if part)
    return f"webdav+{scheme or 'https'}://{_user(values)}{host}/{_path(folder)}"


def _s3(values: Values) -> str:
    (bucket,) = _needed(values, Field("folder", "bucket", ""))
    key = values.get("user", "").strip()
    asked = {name: values.get(name, "").strip() for name in ("endpoint", "region")}
    query = urlencode({name: value for name, value in asked.items() if value}, safe=":/")
    return f"s3://{quote(key, safe='')}{'@' if key else ''}{_path(bucket)}{'?' if query else ''}{query}"


def _b2(values: Values) -> str:
    account, bucket = _needed(values, Field("user", "account", ""), Field("folder", "bucket", ""))
    return f"b2://{quote(account, safe='')}@{_path(bucket)}"


def _section(values: Values) -> str:
    section, _ = _needed(values, Field("section", "section", ""), Field("config", "file", ""))
    return f"{section}:{values.get('folder', '').strip()}"


KINDS = (
    Kind("local", "folder", "a folder of this machine: another disk, a mounted NAS", (FOLDER,), "", _local),
    Kind(
        "smb",
        "NAS (SMB)",
        "a share of a NAS or of Windows",
        (SERVER, USER, Field("folder", "share/folder", "backups/bins")),
        "password",
        _smb,
    ),
    Kind(
        "sftp",
        "SFTP",
        "a server with ssh; its host key is pinned at the first visit",
        (SERVER, USER, Field("folder", "folder", "volume1/backups (~/x: of the user)")),
        "password",
        _sftp,
    ),
    Kind(
        "webdav",
        "WebDAV",
        "Nextcloud and others",
        (Field("server", "server", "https://cloud.example/remote.php/dav/files/me"), USER, BELOW),
        "password",
        _webdav,
    ),
    Kind(
        "s3",
        "S3",
        "Amazon, MinIO and others that speak S3",
        (
            Field("folder", "bucket/folder", "my-bucket/bins"),
            Field("endpoint", "endpoint", "empty for Amazon, else https://…"),
            Field("region", "region", "eu-central-1"),
            Field("user", "key id", "access key id"),
        ),
        "secret key",
        _s3,
    ),
    Kind(
        "b2",
        "B2",
        "Backblaze",
        (Field("folder", "bucket/folder", "my-bucket/bins"), Field("user", "account", "application key id")),
        "app key",
        _b2,
    ),
    Kind(
        "section",
        "other",
        "anything that rclone knows: set it up with `rclone config`, and name it here",
        (
            Field("section", "section", "its name in rclone"),
            Field("folder", "folder", "backups/bins"),
            Field("config", "file", "~/.config/rclone/rclone.conf"),
        ),
        "",
        _section,
    ),
)


def kind(of: str) -> Kind:
    """The kind of this id."""
    return next(one for one in KINDS if one.id == of)
