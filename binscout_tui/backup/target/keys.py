"""Passwords of targets and keys of their encryption: making them, and what is accepted as one."""

from __future__ import annotations

import hashlib
import secrets

from binscout_tui.errors import UsageError

LEAST_KEY = 12  # characters of a key that a person chooses
LONGEST_SECRET = 20_000  # a token with its certificate
# Letters and digits that nobody mistakes for each other: 32 of them, so 5 bits each.
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP = 8, 5


def new_key() -> str:
    """A key of 40 letters and digits in groups, as it stands on the recovery sheet: more than 190 bits."""
    groups = ("".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


def fingerprint(key: str) -> str:
    """What tells keys apart without helping to guess one: 16 hexadecimal digits of a slow hash."""
    return hashlib.scrypt(key.encode(), salt=b"binscout backup key", n=1 << 14, r=8, p=1, dklen=8).hex()


def checked_secret(secret: str) -> str:
    """A secret that a configuration can hold. Raises UsageError without a word of it."""
    if not secret.isprintable() or len(secret) > LONGEST_SECRET:
        raise UsageError("The secret is not text on one line.", code="bad_secret")
    return secret


def checked_key(key: str) -> str:
    """A key that a person chose. Raises UsageError without a word of it."""
    if len(checked_secret(key)) < LEAST_KEY:
        raise UsageError(f"A key for the encryption has at least {LEAST_KEY} characters.", code="bad_secret")
    return key
