"""What may go wrong on the way to a target, in words that a person can act on."""

from __future__ import annotations

import re
from dataclasses import dataclass

from binscout_tui.errors import BinScoutError, RefusedError
from binscout_tui.imaging.names import one_line

LONGEST = 300


class RemoteError(BinScoutError):
    """The target, or the way to it, did not do what was asked.

    `code` is one of `unreachable`, `refused_connection`, `auth`, `not_found`, `full`, `hung`, `gone` (rclone itself
    ended), `no_program`, `bad_config`, `quota`, `denied`, and `remote` for all else.
    """

    code = "remote"

    @property
    def is_passing(self) -> bool:
        """Whether it may be worth trying again a little later."""
        return self.code in ("unreachable", "refused_connection", "hung", "remote")


class DamagedError(BinScoutError):
    """What is stored on the target is not what was stored there once."""

    code = "damaged"


class RepoError(RefusedError):
    """The folder on the target is not a store of backups that this program may use."""

    code = "repository"


class CancelledWork(Exception):  # noqa: N818  nothing went wrong
    """Somebody asked to stop, and it has stopped."""


@dataclass(frozen=True, slots=True)
class _Words:
    pattern: re.Pattern[str]
    code: str
    sentence: str
    hint: str


def _words(pattern: str, code: str, sentence: str, hint: str = "") -> _Words:
    return _Words(re.compile(pattern, re.IGNORECASE), code, sentence, hint)


ASK_AGAIN = "`binscout backup target edit NAME` asks for them again."
NOTHING_GIVEN = "needs a password or a key"
"""Said before the server is asked at all."""
_PORT = re.compile(r":\d{1,5}\b(?!\d)")
# What libraries add to every error, and what only the makers of rclone want to know.
_NOISE = re.compile(
    r", attempted methods \[[^\]]*\]|, no supported methods remain|failed to make remote \".*?\" to wrap: |NewFs: "
    r"|exceeded maximum number of attempts, \d+, |https response error |StatusCode: 0, |(RequestID|HostID): [^,\s]*, "
)

# The first that fits counts. Exit codes and HTTP states do not tell these apart, rclone's words do.
_KNOWN = (
    _words(
        r"didn't find section in config file|unknown.*config|couldn't find type|no such (backend|remote)",
        "bad_config",
        "rclone does not know the target {where}",
        "`binscout backup target list` shows them; add it again.",
    ),
    _words(
        r"disk was full|no space left|disk full|too big for remaining disk space|insufficient storage|STATUS_DISK_FULL"
        r"|not enough (disk )?space|enospc|\b507\b",
        "full",
        "{where} is full",
        "Make room there, or `binscout backup prune` shows what may go.",
    ),
    _words(r"quota|over limit|storageQuotaExceeded", "quota", "{where} takes no more: its quota is used up"),
    _words(
        r"host key|knownhosts|key mismatch|key is unknown",
        "auth",
        "{where} shows another host key than before",
        "If the server was set up anew, `binscout backup target edit NAME --pin-again` takes its key.",
    ),
    _words(
        r"unable to authenticate|logon is invalid|STATUS_LOGON_FAILURE|authentication failed|SignatureDoesNotMatch"
        r"|InvalidAccessKeyId|\b401\b|unauthorized|invalid_grant|bad credentials|login incorrect|couldn't authenticate",
        "auth",
        "{where} does not accept this user and password or key",
        ASK_AGAIN,
    ),
    _words(
        r"SSH_AUTH_SOCK|ssh-agent",
        "auth",
        f"{{where}} {NOTHING_GIVEN}",
        "Give its password, or `--option key_file=FILE`.",
    ),
    _words(
        r"bad network name|network name not found|STATUS_BAD_NETWORK_NAME|NoSuchBucket|bucket.*(not exist|not found)"
        r"|share.*not found",
        "not_found",
        "{where} has no such share or bucket",
        "Look at the name of the share or bucket.",
    ),
    _words(
        r"access ?denied|permission denied|STATUS_ACCESS_DENIED|\b403\b|forbidden|read-only file system|EROFS"
        r"|SSH_FX_PERMISSION",
        "denied",
        "{where} does not allow that",
        "The user needs the right to write there.",
    ),
    _words(
        r"connection refused|ECONNREFUSED",
        "refused_connection",
        "nothing answers at {where}",
        "Is the server running, and the port right?",
    ),
    _words(
        r"no such host|no route to host|network is unreachable|i/o timeout|deadline exceeded|timed? ?out"
        r"|connection reset|connection lost|broken pipe|unexpected EOF|EOF$"
        r"|host is down|connection (was )?closed|use of closed network",
        "unreachable",
        "{where} cannot be reached",
        "Look at the network and whether the server runs.",
    ),
    _words(
        r"object not found|file not found|not found|no such file|does not exist|no such key|NoSuchKey|\b404\b",
        "not_found",
        "{where} does not have it",
    ),
)


def explain(text: str, where: str) -> RemoteError:
    """The error for rclone's own `text` about the target shown as `where`; rclone's words stay as the detail."""
    whole = _without_secrets(_NOISE.sub("", one_line(text, len(text) * 8 + 1)))
    said = _cut(whole)
    tried = _PORT.sub("", whole)  # a port is no HTTP status
    for known in _KNOWN:
        if known.pattern.search(tried):
            sentence = known.sentence.format(where=where)
            if not known.sentence.startswith("{where}"):  # an address keeps its letters
                sentence = f"{sentence[0].upper()}{sentence[1:]}"
            return RemoteError(f"{sentence} ({said}).", hint=known.hint, code=known.code)
    return RemoteError(f"{where}: {said or 'rclone failed without a word'}.")


def _cut(text: str) -> str:
    """The cause stands at the end of rclone's chains of words, what was tried at the beginning."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 3]} … {text[-2 * LONGEST // 3 :]}"


def _without_secrets(text: str) -> str:
    """A connection string and a URL may hold a password; rclone prints them as they are."""
    text = re.sub(
        r"((?:pass|password|secret\w*|token|key)\s*[=:]\s*[\"']?)[^\s,:;\"']+", r"\1…", text, flags=re.IGNORECASE
    )
    return re.sub(r"://[^/\s@]+:[^/\s@]+@", "://…@", text)
