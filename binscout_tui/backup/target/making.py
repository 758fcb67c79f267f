"""From what a person wants to the sections of rclone's configuration that make a target."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from binscout_tui.backup.faults import RemoteError
from binscout_tui.backup.target.addresses import Address, as_options, is_secret
from binscout_tui.backup.target.keys import checked_key, checked_secret, fingerprint
from binscout_tui.backup.target.known import Engine, Target
from binscout_tui.backup.transport.rclone import Rclone
from binscout_tui.clock import utc_now
from binscout_tui.errors import UsageError

CRYPT = ".crypt"
_OTHER = re.compile(r"([\w.+@-][\w.+@ -]*):(.*)", re.DOTALL)
# Options of backends that stand on another one.
_BELOW = "remote"
_DEEPEST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A target to be made. `crypt` is the key of the encryption here, None for none; `sections` are those of a person's
    own configuration of rclone, where the address names one.
    """

    name: str
    address: Address
    options: Mapping[str, str] = field(default_factory=dict)
    secret: str = ""
    secret_for: str = ""
    crypt: str | None = None
    engine: Engine = "native"
    sections: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def make(rclone: Rclone, wanted: Wanted) -> Target:
    """Write the sections of a new target. Raises UsageError for what rclone does not know, RemoteError."""
    address = wanted.address
    if address.section:
        kind, base = _taken_over(rclone, wanted)
    else:
        kind, base = address.kind, _of_address(rclone, wanted)
    target = Target(
        name=wanted.name,
        engine=wanted.engine,
        kind=kind,
        fs=base,
        shown=address.shown,
        added=utc_now(),
    )
    return target if wanted.crypt is None else _encrypted(rclone, target, wanted.crypt)


def _of_address(rclone: Rclone, wanted: Wanted) -> str:
    address = wanted.address
    parameters = {**address.options, **as_options(wanted.options)}
    if address.kind == "local" and not parameters and not wanted.secret:
        return address.path
    check_options(rclone, address.kind, parameters)
    if wanted.secret:
        parameters[secret_name(rclone, address.kind, wanted.secret_for or address.secret)] = checked_secret(
            wanted.secret
        )
    write_section(rclone, wanted.name, address.kind, parameters)
    return f"{wanted.name}:{address.path}"


def write_section(rclone: Rclone, name: str, kind: str, parameters: Mapping[str, str], *, plain: bool = True) -> None:
    """A new section. With `plain` passwords are obscured on the way, else they are already. Raises RemoteError."""
    how = {"obscure": True} if plain else {"noObscure": True}
    rclone.call(
        "config/create",
        where="rclone",
        name=name,
        type=kind,
        parameters=dict(parameters),
        opt={**how, "nonInteractive": True},
    )


def check_options(rclone: Rclone, kind: str, options: Mapping[str, str]) -> None:
    """Raise UsageError for options that rclone does not have for this kind of place, and for a kind that it lacks."""
    known = _options(rclone, kind)
    for name in options:
        if name not in known:
            near = ", ".join(sorted(one for one in known if one.startswith(name[:3]))[:6])
            raise UsageError(
                f"rclone has no option {name!r} for {kind}.",
                hint=f"Near it: {near}." if near else "",
                code="bad_option",
            )
        if known[name].get("IsPassword"):
            raise UsageError(
                f"{name} is a secret: it does not belong into an option.",
                hint=f"--secret-for {name} with --secret-file, --secret-env or --secret-stdin takes it.",
                code="secret_option",
            )


def secret_name(rclone: Rclone, kind: str, wanted: str) -> str:
    """The option that takes the secret. Raises UsageError where there is none of that name."""
    known = _options(rclone, kind)
    if not wanted:
        raise UsageError(f"A target of the kind {kind} takes no secret.", code="bad_option")
    if wanted not in known or not is_secret(wanted, obscured=bool(known[wanted].get("IsPassword"))):
        takes = sorted(name for name, one in known.items() if is_secret(name, obscured=bool(one.get("IsPassword"))))
        raise UsageError(
            f"rclone has no secret {wanted!r} for {kind}.", hint=f"It has {', '.join(takes)}.", code="bad_option"
        )
    return wanted


def obscured_options(rclone: Rclone, kind: str) -> set[str]:
    """The options that rclone obscures itself. Raises UsageError for a kind that it does not know."""
    return {name for name, one in _options(rclone, kind).items() if one.get("IsPassword")}


def _options(rclone: Rclone, kind: str) -> dict[str, dict[str, Any]]:
    for provider in rclone.call("config/providers", where="rclone")["providers"]:
        if provider["Name"] == kind:
            return {option["Name"]: option for option in provider["Options"]}
    raise UsageError(f"rclone knows no kind of place {kind!r}.", code="bad_address")


def _taken_over(rclone: Rclone, wanted: Wanted) -> tuple[str, str]:
    """Copy a section of a person's own configuration, and those that it stands on; its kind and the folder."""
    address = wanted.address
    if address.section not in wanted.sections:
        there = ", ".join(sorted(wanted.sections)) or "nothing"
        raise UsageError(
            f"{address.section!r} is no section of a configuration of rclone that was given.",
            hint=f"That has {there}; --rclone-config names a file. A folder here is written as ./{address.section}:….",
            code="bad_address",
        )
    _copy(rclone, wanted, address.section, wanted.name, _DEEPEST)
    kind = wanted.sections[address.section].get("type", "")
    return kind, f"{wanted.name}:{address.path}"


def _copy(rclone: Rclone, wanted: Wanted, old: str, new: str, deep: int) -> None:
    section = dict(wanted.sections[old])
    kind = section.pop("type", "")
    if not kind:
        raise UsageError(f"The section {old!r} does not say what kind of place it is.", code="bad_address")
    below = _OTHER.fullmatch(section.get(_BELOW, ""))
    if below and below[1] in wanted.sections:
        if not deep:
            raise UsageError(f"The section {old!r} stands on too many others.", code="bad_address")
        _copy(rclone, wanted, below[1], f"{new}.{below[1]}", deep - 1)
        section[_BELOW] = f"{new}.{below[1]}:{below[2]}"
    if new == wanted.name:
        given = as_options(wanted.options)
        check_options(rclone, kind, given)
        section |= given
    write_section(rclone, new, kind, section, plain=False)


def _encrypted(rclone: Rclone, target: Target, key: str) -> Target:
    """The same place behind the encryption of rclone, which makes names and contents unreadable for others."""
    section = f"{target.name}{CRYPT}"
    below = f":local,no_set_modtime=true:{target.fs}" if target.fs.startswith("/") else target.fs
    write_section(
        rclone, section, "crypt", {"remote": below, "password": checked_key(key), "filename_encryption": "standard"}
    )
    return replace(target, fs=f"{section}:", raw=target.fs, crypt=True, key_fingerprint=fingerprint(key))


def sections_of(rclone: Rclone, name: str) -> list[str]:
    """The sections that belong to a target. Raises RemoteError."""
    known = rclone.call("config/dump", where="rclone")
    return [one for one in known if one == name or one.startswith(f"{name}.")]


def host_key(rclone: Rclone, name: str) -> str:
    """The fingerprint of the host key that is pinned for a target, as ssh shows it; empty where none is."""
    try:
        said = rclone.call("config/get", where="rclone", name=name).get("host_keys", "")
    except RemoteError:
        return ""
    return ", ".join(_ssh_fingerprint(one) for one in str(said).split(",") if one.strip())


def _ssh_fingerprint(entry: str) -> str:
    kind, _, data = entry.strip().partition(" ")
    try:
        digest = hashlib.sha256(base64.b64decode(data, validate=True)).digest()
    except binascii.Error:
        return kind
    return f"{kind} SHA256:{base64.b64encode(digest).decode().rstrip('=')}"
