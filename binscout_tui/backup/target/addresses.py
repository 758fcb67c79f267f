"""Addresses of targets as people write them, and what rclone wants to know instead."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from binscout_tui.errors import UsageError

LONGEST = 2000
FORMS = (
    "/folder, sftp://user@host/folder, smb://user@host/share/folder, webdav+https://user@host/folder,"
    " s3://KEY-ID@bucket/folder, b2://ACCOUNT@bucket/folder, drive:folder"
)
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_SECTION = re.compile(r"([\w.+@-][\w.+@ -]*):(?!//)(.*)", re.DOTALL)
# Options of rclone that are secrets, besides those that it obscures itself.
_SECRETS = re.compile(
    r"pass|secret|token|credential|sas_url|_pem$|^key$|customer_key(?!_md5)|connection_string|cookie|2fa|otp|api_key"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A place: rclone's type and options for it, the path in it, and the name of the option that holds its secret.

    `shown` is for people. `section` names a section of another configuration of rclone; `kind` is empty then.
    """

    kind: str
    path: str
    shown: str
    options: dict[str, str] = field(default_factory=dict)
    secret: str = ""
    section: str = ""


def parse(text: str) -> Address:
    """What `text` means. Raises UsageError with the forms that are understood."""
    if not text.strip() or len(text) > LONGEST or not text.isprintable():
        raise UsageError(f"That is no address of a target. Forms: {FORMS}.", code="bad_address")
    scheme = _SCHEME.match(text)
    if scheme:
        return _of_url(scheme[1].lower(), text)
    named = _SECTION.fullmatch(text)
    if named and not text.startswith((".", "~", "/")):
        return _of_section(named[1], named[2])
    path = str(Path(text).expanduser().absolute())
    return Address(kind="local", path=_plain(_normal(path)), shown=_normal(path))


def is_secret(name: str, *, obscured: bool = False) -> bool:
    """Whether an option of rclone of this name holds a secret; `obscured`: rclone says so itself."""
    return obscured or (bool(_SECRETS.search(name)) and not name.endswith("_file"))


def as_options(words: Mapping[str, str] | None) -> dict[str, str]:
    """Options as a person gave them, fit for a configuration. Raises UsageError."""
    given = dict(words or {})
    for name, value in given.items():
        if not re.fullmatch(r"[a-z0-9_]{1,64}", name):
            raise UsageError(f"{name[:64]!r} is no name of an option of rclone.", code="bad_option")
        if is_secret(name):
            raise UsageError(
                f"{name} is a secret: it does not belong into an option.",
                hint=f"--secret-for {name} with --secret-file, --secret-env or --secret-stdin takes it.",
                code="secret_option",
            )
        if not value.isprintable() or len(value) > LONGEST:
            raise UsageError(f"The value of {name} is not text on one line.", code="bad_option")
    return given


def _of_section(name: str, path: str) -> Address:
    if name == "drive":
        return Address(
            kind="drive",
            path=_plain(path.strip("/")),
            shown=f"drive:{path.strip('/')}",
            options={"scope": "drive.file"},
            secret="token",
        )
    return Address(kind="", path=_plain(path), shown=f"{name}:{path}", section=name)


def _of_url(scheme: str, text: str) -> Address:
    reader = _READERS.get(scheme)
    if reader is None:
        raise UsageError(f"{scheme}:// is not known. Forms: {FORMS}.", code="bad_address")
    try:
        url = urlsplit(text)
        _ = url.port
    except ValueError as error:
        raise UsageError(f"That address cannot be read: {error}.", code="bad_address") from error
    if url.password is not None:
        raise UsageError(
            "A password does not belong into an address.",
            hint="Leave it out: it is asked for, or --secret-file, --secret-env or --secret-stdin gives it.",
            code="secret_option",
        )
    if not url.hostname:
        raise UsageError(f"That address names no server or bucket. Forms: {FORMS}.", code="bad_address")
    if url.fragment:
        raise UsageError("An address has no part behind #; write %23 for one in a name.", code="bad_address")
    return reader(url, as_options(dict(parse_qsl(url.query, keep_blank_values=True))))


def _sftp(url: SplitResult, options: dict[str, str]) -> Address:
    path = _path(url)
    # As with git: from the root of the server, or with ~ from the home of the user.
    path = path[2:].lstrip("/") if path.startswith("/~") else path
    given = {**_server(url, 22), "set_modtime": "false", "disable_hashcheck": "true"}
    return Address(kind="sftp", path=path, shown=_shown(url), options={**given, **options}, secret="pass")


def _smb(url: SplitResult, options: dict[str, str]) -> Address:
    path = _path(url).strip("/")
    if not path:
        raise UsageError("An address of smb:// needs a share: smb://user@host/share/folder.", code="bad_address")
    given = _server(url, 445)
    domain, _, user = given.get("user", "").rpartition(";")
    if domain:
        given |= {"user": user, "domain": domain}
    return Address(kind="smb", path=path, shown=_shown(url), options={**given, **options}, secret="pass")


def _webdav(url: SplitResult, options: dict[str, str]) -> Address:
    scheme = url.scheme.partition("+")[2] or "https"
    given = {"url": f"{scheme}://{_host(url)}", "vendor": "other"}
    if url.username:
        given["user"] = unquote(url.username)
    path = _path(url).strip("/")
    return Address(kind="webdav", path=path, shown=_shown(url), options={**given, **options}, secret="pass")


def _s3(url: SplitResult, options: dict[str, str]) -> Address:
    # A typing error in the name of a bucket must not make a new one.
    given = {"provider": "Other" if "endpoint" in options else "AWS", "no_check_bucket": "true"}
    given |= {"upload_concurrency": "2"}
    secret = "secret_access_key"
    if url.username:
        given["access_key_id"] = unquote(url.username)
    elif "access_key_id" not in options:
        given["env_auth"], secret = "true", ""
    given |= options
    endpoint = f" at {given['endpoint']}" if "endpoint" in given else ""
    bucket, path = _bucket(url)
    return Address(
        kind="s3", path=f"{bucket}/{path}", shown=f"s3://{bucket}/{path}{endpoint}", options=given, secret=secret
    )


def _b2(url: SplitResult, options: dict[str, str]) -> Address:
    if not url.username:
        raise UsageError("An address of b2:// needs the account: b2://ACCOUNT@bucket/folder.", code="bad_address")
    given = {"account": unquote(url.username), "hard_delete": "true", "chunk_size": "16Mi", "upload_concurrency": "2"}
    bucket, path = _bucket(url)
    shown = f"b2://{bucket}/{path}"
    return Address(kind="b2", path=f"{bucket}/{path}", shown=shown, options={**given, **options}, secret="key")


_READERS: dict[str, Callable[[SplitResult, dict[str, str]], Address]] = {
    "sftp": _sftp,
    "smb": _smb,
    "webdav": _webdav,
    "webdav+http": _webdav,
    "webdav+https": _webdav,
    "s3": _s3,
    "b2": _b2,
}


def _server(url: SplitResult, port: int) -> dict[str, str]:
    given = {"host": url.hostname or "", "port": str(url.port or port)}
    return given | ({"user": unquote(url.username)} if url.username else {})


def _host(url: SplitResult) -> str:
    host = url.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return f"{host}:{url.port}" if url.port else host


def _shown(url: SplitResult) -> str:
    user = f"{unquote(url.username)}@" if url.username else ""
    return f"{url.scheme}://{user}{_host(url)}{unquote(url.path)}".rstrip("/")


def _bucket(url: SplitResult) -> tuple[str, str]:
    """The bucket, as written (`hostname` makes letters small), and the path with a slash at its end.

    Without that slash rclone first asks whether the path is a file, and takes a refused password for a yes.
    """
    bucket = url.netloc.rpartition("@")[2]
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,255}", bucket):
        raise UsageError("That is no name of a bucket.", code="bad_address")
    path = _path(url).strip("/")
    return bucket, f"{path}/" if path else ""


def _path(url: SplitResult) -> str:
    return _plain(_normal(unquote(url.path)))


def _normal(path: str) -> str:
    if ".." in path.split("/"):
        raise UsageError("The folder of a target has no `..` in its path.", code="bad_address")
    kept = [part for part in path.split("/") if part not in ("", ".")]
    return ("/" if path.startswith("/") else "") + "/".join(kept)


def _plain(path: str) -> str:
    """rclone reads the folder between brackets, in two places."""
    if not path.isprintable() or set(path) & set("[]{}"):
        raise UsageError("The folder of a target has none of [ ] { } in its path, and is text.", code="bad_address")
    return path
