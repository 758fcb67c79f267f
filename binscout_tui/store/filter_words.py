"""A word to find in the index of words (FTS5), which may go on: `bras` finds brass and brasses."""

from __future__ import annotations

import re
import sqlite3
import unicodedata

INDEXED = 4
"""Characters of the longest beginnings that the index has as words of their own (`prefix` in its declaration)."""
MOST = 64
"""Words that a beginning may stand for before it is looked up as what it is."""
_END = "\x01"
"""Less than any character of a word."""
_LAST_WORD = re.compile(r"^(?P<head>.*?)(?P<tail>[0-9a-z]+)$", re.DOTALL)


def matching(db: sqlite3.Connection, word: str) -> str:
    """The expression for `word`, of which the last part may go on.

    For a longer beginning FTS5 puts the images of all words that begin so together before it answers, once for each row
    that is asked for: 10 ms each at a million images. The words themselves are read one row at a time.
    """
    parted = _LAST_WORD.match(_folded(word))
    if parted is None or len(parted["tail"]) <= INDEXED:
        return f"{quoted(word)}*"
    words = beginning(db, parted["tail"])
    if not 0 < len(words) <= MOST:
        return f"{quoted(word)}*"
    return f"({' OR '.join(quoted(parted['head'] + found) for found in words)})"


def beginning(db: sqlite3.Connection, start: str) -> list[str]:
    """The words of the index that begin with `start`, in their order; one more than `MOST` at most."""
    found: list[str] = []
    after = start
    while len(found) <= MOST:
        # Going on behind the last one found, its images are passed over.
        row = db.execute("SELECT term FROM image_term WHERE term >= ? LIMIT 1", (after,)).fetchone()
        if row is None or not str(row[0]).startswith(start):
            break
        found.append(str(row[0]))
        after = found[-1] + _END
    return found


def quoted(word: str) -> str:
    """As a string of FTS5, whose characters mean nothing else."""
    return '"' + word.replace('"', '""') + '"'


def _folded(word: str) -> str:
    """Without case and accents, as the index has it where nothing but ASCII is left."""
    parts = unicodedata.normalize("NFD", word.lower())
    return "".join(part for part in parts if not unicodedata.combining(part))
