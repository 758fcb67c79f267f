"""The kinds of sources: how each is configured, and making one from its configuration."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from binscout_tui.capture.command import Command, CommandConfig
from binscout_tui.capture.http import Http
from binscout_tui.capture.http_config import HttpConfig
from binscout_tui.capture.http_config import check as check_http
from binscout_tui.capture.inbox import Inbox, InboxConfig
from binscout_tui.capture.source import Camera
from binscout_tui.capture.v4l2 import V4l2, V4l2Config
from binscout_tui.errors import RefusedError, UsageError
from binscout_tui.imaging.names import display_name
from binscout_tui.operations.own_files import is_own
from binscout_tui.settings import InboxSettings
from binscout_tui.store.capture_sources import Source as Stored

CONFIGS: dict[str, type[msgspec.Struct]] = {
    "inbox": InboxConfig,
    "command": CommandConfig,
    "http": HttpConfig,
    "v4l2": V4l2Config,
}


def check(kind: str, config: Mapping[str, Any], root: Path, others: Iterable[Stored] = ()) -> dict[str, Any]:
    """`config`, whose values may be texts, as it is stored for the workspace in `root` beside the sources `others`.

    The paths of files are absolute in it, since the process that uses them works elsewhere. Raises UsageError naming
    what is wrong, RefusedError for an inbox that is the workspace's own or that another source watches.
    """
    found = _read(kind, config, strict=False)
    if isinstance(found, InboxConfig):
        found = _checked_inbox(found, root)
        _must_be_alone(found, others)
    elif isinstance(found, HttpConfig):
        check_http(found)
        found = msgspec.structs.replace(found, secret_file=_absolute(found.secret_file))
    elif isinstance(found, CommandConfig) and "/" in found.argv[0]:
        found = msgspec.structs.replace(found, argv=[_absolute(found.argv[0]), *found.argv[1:]])
    elif isinstance(found, V4l2Config):
        found = msgspec.structs.replace(found, device=_absolute(found.device))
    return dict(msgspec.to_builtins(found))


def camera(kind: str, config: Mapping[str, Any]) -> Camera:
    """The camera of a stored configuration. Raises UsageError when it cannot be one."""
    found = _read(kind, config, strict=True)
    if isinstance(found, CommandConfig):
        return Command(found)
    if isinstance(found, HttpConfig):
        return Http(found)
    if isinstance(found, V4l2Config):
        return V4l2(found)
    raise UsageError("An inbox takes no pictures itself.", hint="Put a file into its folder.", code="bad_source")


def inbox_config(config: Mapping[str, Any]) -> InboxConfig:
    """The stored configuration of an inbox. Raises UsageError."""
    found = _read("inbox", config, strict=True)
    assert isinstance(found, InboxConfig)
    return found


def probe(kind: str, config: Mapping[str, Any], settings: InboxSettings) -> str:
    """A sentence on what is there. Raises SourceError."""
    if kind == "inbox":
        return Inbox(inbox_config(config), settings).probe()
    return camera(kind, config).probe()


def _read(kind: str, config: Mapping[str, Any], *, strict: bool) -> msgspec.Struct:
    model = CONFIGS.get(kind)
    if model is None:
        raise UsageError(f"There is no kind of source {kind!r}.", hint=f"There are {', '.join(CONFIGS)}.", code="kind")
    try:
        return msgspec.convert(dict(config), model, strict=strict)
    except msgspec.ValidationError as error:
        known = ", ".join(model.__struct_fields__)
        raise UsageError(
            f"The {kind} source cannot be made: {display_name(str(error))}.",
            hint=f"It is configured by {known}.",
            code="bad_source",
        ) from error


def _checked_inbox(config: InboxConfig, root: Path) -> InboxConfig:
    if not config.path:
        raise UsageError("The path of the inbox is empty.", hint="path=FOLDER", code="bad_source")
    path = _absolute(config.path)
    real, ours = Path(os.path.realpath(path)), Path(os.path.realpath(root))
    if is_own(real) or ours.is_relative_to(real):
        raise RefusedError(
            f"{display_name(path)} holds the workspace's own files, or is part of them.",
            hint="Choose another folder for the inbox; one of its own inside of the workspace is fine.",
            code="own_folder",
        )
    if not real.is_dir():
        raise UsageError(
            f"There is no folder {display_name(path)}.", hint="Make it, or mount its disk.", code="no_folder"
        )
    return msgspec.structs.replace(config, path=path)


def _must_be_alone(config: InboxConfig, others: Iterable[Stored]) -> None:
    """Of two that watch one folder it is chance which gets a file, and with it the shot that somebody waits for."""
    for other in others:
        if other.kind == "inbox" and os.path.realpath(inbox_config(other.config).path) == os.path.realpath(config.path):
            raise RefusedError(
                f"The source {other.name} watches {display_name(config.path)} already.",
                hint=f"`binscout capture source set {other.name} KEY=VALUE` changes that one.",
                code="inbox_exists",
            )


def _absolute(path: str) -> str:
    # `..` has to go before it is kept.
    return os.path.abspath(os.path.expanduser(path)) if path else ""  # noqa: PTH100, PTH111
