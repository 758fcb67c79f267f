"""The recovery sheet of a target: what one needs on paper to get backups back without this program."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from binscout_tui.backup.addresses import is_secret
from binscout_tui.backup.target_making import CRYPT
from binscout_tui.backup.targets import Target

HIDDEN = "(secret: not on this sheet)"
RULE = "-" * 72


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
        f"  binscout init; binscout backup target add {target.name} …; binscout backup restore latest",
        "",
        "Back without it: rclone, tar, zcat and sha256sum are enough.",
        "1. The configuration of rclone (`rclone config file` says where). Options named pass or password stand in it",
        "   as `rclone obscure -` writes them:",
        "",
        *configuration(sections, key, shown_secrets or {}),
        f"2. The newest run:      rclone lsf {_quoted(target.fs)} --dirs-only -R | grep '^runs/' | sort | tail -n 1",
        f"3. Its records:         rclone copy {_quoted(_below(target.fs, 'runs/RUN'))} RUN/",
        "                        sha256sum RUN/* against RUN/manifest.json; tar xzf RUN/records.tar.gz",
        "4. Its files:           zcat RUN/files.jsonl.gz names the pack or object of each file",
        f"                        rclone copy {_quoted(_below(target.fs, 'packs'))} packs/; tar xf packs/AA/….tar",
        f"                        rclone copy {_quoted(_below(target.fs, 'objects'))} objects/",
    ]


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


def _below(fs: str, path: str) -> str:
    return f"{fs}{path}" if fs.endswith((":", "/")) else f"{fs}/{path}"


def _quoted(fs: str) -> str:
    return "'" + fs.replace("'", "'\\''") + "'"
