"""Keeping passwords out of what is shown, stored as a message or logged."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any
from urllib.parse import unquote

MASK = "***"
# Shorter ones are hidden only where they stand alone: `1` in `11` is no password.
SHORT = 4
_SECRET_NAME = re.compile(
    r"pass|pwd|psw|token|secret|auth|credential|signature|(?:^|[-_])(?:pw|pin|pas|sig)$|pas$|key$", re.IGNORECASE
)
_USER_INFO = re.compile(r"(?<=://)[^\s/]+(?=@)")
_PAIR = re.compile(r"([A-Za-z0-9_.%-]+)=([^\s&;#,'\"]+)")
_HEADER = re.compile(r"([\w-]+):\s*(.+)")
_LOGIN_FLAGS = frozenset({"-u", "--user", "--userpwd"})


def names_secret(name: str) -> bool:
    """Whether what is called so (`pwd`, `apiKey`, `--password`) is a secret."""
    return bool(_SECRET_NAME.search(unquote(name)))


def masked(text: str, secrets: Collection[str] = ()) -> str:
    """`text` without the login of an address, values whose name says that they are secret, and `secrets`."""
    for hidden in sorted({form for one in secrets for form in (one, unquote(one))} - {""}, key=len, reverse=True):
        edges = ("", "") if len(hidden) >= SHORT else (r"(?<!\w)", r"(?!\w)")
        text = re.sub(f"{edges[0]}{re.escape(hidden)}{edges[1]}", MASK, text)
    text = _USER_INFO.sub(MASK, text)
    return _PAIR.sub(lambda pair: f"{pair[1]}={MASK}" if _is_secret(pair) else pair[0], text)


def secrets_in(argv: Sequence[str]) -> set[str]:
    """The secrets that stand in the words of a command, as far as one can tell."""
    found: set[str] = set()
    for before, word in zip(["", *argv], argv, strict=False):
        for login in _USER_INFO.findall(word):
            found |= {login, login.partition(":")[2]} if ":" in login else set()
        found |= {pair[2] for pair in _PAIR.finditer(word) if _is_secret(pair)}
        if (header := _HEADER.fullmatch(word)) and names_secret(header[1]):
            found |= {header[2], header[2].split()[-1]}
        if before in _LOGIN_FLAGS and ":" in word:
            found |= {word, word.partition(":")[2]}
        elif _is_flag(before) and names_secret(before) and not word.startswith("-"):
            found.add(word)
    return found - {""}


def masked_config(config: dict[str, Any]) -> dict[str, Any]:
    """A source's configuration as it may be shown."""
    hidden = secrets_in(config.get("argv", ()))
    shown = {key: masked(value, hidden) if isinstance(value, str) else value for key, value in config.items()}
    if "argv" in config:
        shown["argv"] = [masked(word, hidden) for word in config["argv"]]
    return shown


def _is_flag(word: str) -> bool:
    return word.startswith("-") and "=" not in word


def _is_secret(pair: re.Match[str]) -> bool:
    # A place for the secret is none itself.
    return "{" not in pair[2] and pair[2] != MASK and names_secret(pair[1])
