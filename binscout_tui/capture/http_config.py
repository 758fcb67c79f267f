"""How a camera behind HTTP is configured, and what a configuration may not hold: secrets."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from urllib.parse import unquote, urlsplit

import msgspec
from msgspec import Meta

from binscout_tui.errors import UsageError
from binscout_tui.imaging.names import one_line
from binscout_tui.masking import names_secret

PLACE = "{secret}"
_BETWEEN = re.compile(r"[/?#&;]")
Seconds = Annotated[float, Meta(gt=0, le=3600)]


class HttpConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`url` may hold `{secret}`. The secret itself comes from the environment variable `secret_env` or from the file
    `secret_file`, which nobody else may read. `connect`, `read` (between two pieces) and `total` are seconds; `skip`
    pictures of a stream are passed over; `insecure` takes any certificate.
    """

    url: str
    auth: Literal["none", "basic", "digest", "bearer"] = "none"
    user: str = ""
    secret_env: str = ""
    secret_file: str = ""
    connect: Seconds = 3
    read: Seconds = 5
    total: Seconds = 15
    max_mb: Annotated[int, Meta(ge=1, le=4096)] = 64
    redirects: Annotated[int, Meta(ge=0, le=20)] = 3
    skip: Annotated[int, Meta(ge=0, le=1000)] = 0
    insecure: bool = False


def check(config: HttpConfig) -> None:
    """Raise UsageError for an address that is none, or that holds a secret."""
    try:
        parts = urlsplit(config.url)
        parts.port  # noqa: B018 - looking at it is what checks it
    except ValueError:
        # The library's words repeat what it took for the port, which may be half a password.
        raise _bad("The address cannot be read: look at its host and port.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _bad("An address begins with http:// or https:// and names a host.")
    if parts.username or parts.password:
        raise _bad("A password in the address would be kept in the database.")
    for pair in _BETWEEN.split(config.url):
        name, _, value = pair.partition("=")
        if value and names_secret(name) and PLACE not in value:
            raise _bad(f"The secret {one_line(unquote(name))}=… in the address would be kept in the database.")
    needs = config.auth != "none" or PLACE in config.url
    if needs and not (config.secret_env or config.secret_file):
        raise _bad("The camera's secret is missing.")


def _bad(sentence: str) -> UsageError:
    return UsageError(
        sentence,
        hint="Write {secret} in the address where needed, and name it with secret_env=NAME or secret_file=PATH.",
        code="bad_source",
    )
