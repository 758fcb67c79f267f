"""The recovery sheet of a target: what one needs on paper to get backups back without this program."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from urllib.parse import quote, urlencode

from binscout_tui.backup.target.addresses import is_secret, parse
from binscout_tui.backup.target.known import Target
from binscout_tui.backup.target.making import CRYPT

HIDDEN = "(secret: not on this sheet)"
RULE = "-" * 72
# The option that holds the user of an address.
_BUCKETS = {"s3": "access_key_id", "b2": "account"}
_SERVER = "@:[];"
# What rclone or this program writes into a section besides options.
_OWN = frozenset({"type", "host_keys"})


def sheet(
    target: Target,
    sections: Mapping[str, Mapping[str, str]],
    *,
    key: str = "",
    shown_secrets: Mapping[str, Mapping[str, str]] | None = None,
) -> list[str]:
    """The lines of the sheet. `sections` are those of rclone's configuration, without a line of secrets in them.

    `key` is the key of the encryption where it is to stand there; `shown_secrets` are {section: {option: secret}}.
    """
    return [
        f"Recovery sheet of the backup target {target.name}",
        RULE,
        f"Place        {target.shown}",
        f"Added        {target.added[:10] or 'unknown'}",
        *([f"Host key     {target.host_key}"] if target.host_key else []),
        *_encryption(target, key),
        RULE,
        "Back with this program, on a fresh machine:",
        *back_with_this_program(target, sections),
        "",
        "Back without it: rclone, tar, zcat and sha256sum are enough.",
        "1. The configuration of rclone (`rclone config file` says where). Options named pass or password stand in it",
        "   as `rclone obscure -` writes them:",
        "",
        *configuration(sections, key, shown_secrets or {}),
        f"2. The newest run:      rclone lsf {_quoted(target.fs)} --dirs-only -R | grep '^runs/' | sort | tail -n 1",
        f"3. Its records:         rclone copy {_quoted(below(target.fs, 'runs/RUN'))} RUN/",
        "                        sha256sum RUN/* against RUN/manifest.json; tar xzf RUN/records.tar.gz",
        "4. Its files:           zcat RUN/files.jsonl.gz names the pack or object of each file",
        f"                        rclone copy {_quoted(below(target.fs, 'packs'))} packs/; tar xf packs/AA/….tar",
        f"                        rclone copy {_quoted(below(target.fs, 'objects'))} objects/",
    ]


def back_with_this_program(target: Target, sections: Mapping[str, Mapping[str, str]]) -> list[str]:
    """The commands, complete but for secrets."""
    given = ["--key-file FILE"] if target.crypt or target.engine == "restic" else []
    given += ["--engine restic"] if target.engine == "restic" else []
    return [
        "  binscout init",
        f"  binscout backup target add {' '.join([target.name, *address_words(target, sections), *given])}",
        *(["  (FILE has the key in its first line)"] if given else []),
        "  binscout backup restore latest --in-place --confirm restore",
    ]


def address_words(target: Target, sections: Mapping[str, Mapping[str, str]]) -> list[str]:
    """The place as `target add` takes it, quoted for a shell, with the options that the address alone would not give.

    A place that came out of a configuration of rclone needs that again.
    """
    base = target.raw or target.fs
    if target.kind == "local" and base.startswith("/"):
        return [shlex.quote(base)]
    path = base.partition(":")[2]
    section = dict(sections.get(target.name, {}))
    address = _address(target, section, path)
    if not address:
        return [shlex.quote(f"{target.name}:{path}"), "--rclone-config FILE-WITH-THE-SECTIONS-BELOW"]
    usual = parse(address).options
    return [
        shlex.quote(address),
        *(
            f"--option {shlex.quote(f'{name}={value}')}"
            for name, value in section.items()
            if name not in _OWN and not is_secret(name) and usual.get(name) != value
        ),
    ]


def _address(target: Target, section: Mapping[str, str], path: str) -> str:
    """An address that means the same; empty where none does, as for a section of a configuration."""
    scheme, is_url, place = target.shown.partition("://")
    if target.kind == "drive" and target.shown.startswith("drive:"):
        return target.shown
    if not is_url:
        return ""
    if scheme not in _BUCKETS:
        server, slash, folder = place.partition("/")
        return f"{scheme}://{quote(server, safe=_SERVER)}{slash}{quote(folder)}"
    user = quote(section.get(_BUCKETS[scheme], ""), safe="")
    query = urlencode({name: section[name] for name in ("endpoint", "region") if name in section}, safe=":/")
    return f"{scheme}://{user}{'@' * bool(user)}{quote(path)}{'?' * bool(query)}{query}"


def _encryption(target: Target, key: str) -> list[str]:
    if not target.crypt:
        said = f"by the server: {target.sse}" if target.sse else "none here"
        return [f"Encryption   {said}"]
    return [
        "Encryption   here (crypt of rclone); without its key NOTHING comes back",
        f"Fingerprint  {target.key_fingerprint}",
        f"Key          {key or HIDDEN}",
    ]


def configuration(
    sections: Mapping[str, Mapping[str, str]], key: str, shown: Mapping[str, Mapping[str, str]]
) -> Iterable[str]:
    """The configuration of rclone in lines, as `sheet` has it."""
    for name, options in sections.items():
        yield f"   [{name}]"
        for option, value in options.items():
            if is_secret(option) and not option.endswith("_file"):
                value = "(obscured key from above)" if name.endswith(CRYPT) and key else HIDDEN
                value = shown.get(name, {}).get(option, value)
            yield f"   {option} = {value}"
        yield ""


def below(fs: str, path: str) -> str:
    """What lies below a folder, as rclone names it."""
    return f"{fs}{path}" if fs.endswith((":", "/")) else f"{fs}/{path}"


def _quoted(fs: str) -> str:
    return "'" + fs.replace("'", "'\\''") + "'"
