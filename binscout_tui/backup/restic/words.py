"""What restic says when something went wrong, in words that a person can act on."""

from __future__ import annotations

import re

from binscout_tui.backup.faults import DamagedError, RemoteError, RepoError, explain

_STAMP = re.compile(r"^rclone: (\d{4}/\d\d/\d\d \d\d:\d\d:\d\d )?([A-Z]+ *: )?")


def explained(said: str, where: str, code: int) -> RemoteError | RepoError | DamagedError:
    """The error for restic's own words and exit code, about the target shown as `where`."""
    last = " ".join(said.split())[-300:]
    if code == 12 or "wrong password or no key found" in said:
        hint = "Without its password nobody can read it; give the one that was shown when it was made."
        return RepoError(f"The password does not open the restic repository on {where}.", hint=hint, code="wrong_key")
    if code == 11 or "repository is already locked" in said:
        by = re.search(r"locked (?:exclusively )?by PID (\d+) on (\S+) by (\S+)", said)
        since = re.search(r"lock was created at ([^\n]*)", said)
        who = f" by process {by[1]} on {by[2]} ({by[3]})" if by else ""
        told = f", since {since[1]}" if since else ""
        hint = "Wait until it is done. A lock of a process that is gone is taken away by the next run."
        return RepoError(f"The restic repository on {where} is locked{who}{told}.", hint=hint, code="locked")
    if code == 10 or ("config file" in said and "does not exist" in said):
        hint = "`binscout backup run` makes one where the folder is empty."
        return RepoError(f"There is no restic repository on {where}.", hint=hint, code="no_repository")
    if "config file already exists" in said:
        return RepoError(f"There is a restic repository on {where} already.", code="exists")
    if re.search(r"ciphertext verification failed|data corrupt|invalid data returned|hash mismatch|not restic", said):
        return DamagedError(f"The restic repository on {where} is damaged ({last}).", hint="`restic check` says more.")
    return explain(_rclone_words(said), where)


def _rclone_words(said: str) -> str:
    """What rclone said, without its stamps, where it said anything: it knows why, restic only that it failed."""
    lines = [one for one in said.splitlines() if one.strip()]
    told = [_STAMP.sub("", one) for one in lines if one.startswith("rclone: ") and "host key validation" not in one]
    return " ".join((told or lines)[-3:])


def is_bad(line: str) -> bool:
    """Whether a line of what `check` says tells of something wrong."""
    return bool(
        re.search(r"error|damaged|corrupt|does not (match|exist)|not found|missing|mismatch|unknown pack", line)
    )
