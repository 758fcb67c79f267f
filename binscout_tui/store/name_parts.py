"""Where a query for a part of names starts: an index holds every three characters that follow each other in a name."""

from __future__ import annotations

import sqlite3

from binscout_tui.store.filter_names import Names
from binscout_tui.store.filter_sql import Sql, Start
from binscout_tui.store.images import LIVE

GRAM = 3
"""Characters of a part."""
MOST_PARTS = 64
"""Two characters that begin more parts than this are in so many names that a walk over all images finds them soon."""
_INDEXED = "SELECT rowid AS id FROM image_name WHERE image_name MATCH ?"
# The plus keeps the bounds of a page, which are put on this from outside, from taking the place of those of a zone.
_NOT_YET = (
    "SELECT +image.id AS id FROM image_zone CROSS JOIN image ON image.id BETWEEN zone << 7 AND (zone << 7) + 127"
    " WHERE NOT named"
)
_ENDS = ("jpg", "png", "peg")
"""What nearly all names end with; of the others an index holds the last two characters."""
_AT_THE_END = (
    "SELECT id FROM image INDEXED BY image_name_end WHERE lower(substr(name, -2)) = ?"
    f" AND {LIVE} AND lower(substr(name, -4)) NOT IN ('.jpg', '.png', 'jpeg')"
)


def start(text: str) -> Start:
    """Images whose names may hold `text`, of at least three characters."""
    grams = dict.fromkeys(text[at : at + GRAM] for at in range(len(text) - GRAM + 1))
    source = f"({_INDEXED} UNION ALL {_NOT_YET}) AS named"
    return Start(
        source=source, key="named.id", where=Sql("1"), before=(" AND ".join(map(_quoted, grams)),), ordered=False
    )


def start_of_two(names: Names, text: str) -> Start | None:
    """Images whose names hold `text` of two characters; None where the index does not help."""
    # What is in the trash is not among the ends; other letters than these are folded otherwise by the index.
    if len(text) != GRAM - 1 or not text.isascii() or names.trashed:
        return None
    pair = text.lower()
    begin = parts_that_begin(names.db, pair)
    if begin is None:
        return None
    wanted = [*begin, *(end for end in _ENDS if end.endswith(pair))]
    pieces = [*([_INDEXED] if wanted else []), _NOT_YET, _AT_THE_END]
    before = (*([" OR ".join(map(_quoted, wanted))] if wanted else []), pair)
    source = f"({' UNION ALL '.join(pieces)}) AS named"
    return Start(source=source, key="named.id", where=Sql("1"), before=before, ordered=False, repeats=True)


def parts_that_begin(db: sqlite3.Connection, pair: str) -> list[str] | None:
    """The parts in the index that begin with these two characters, None where there are very many.

    From one to the next, never over the names that have them.
    """
    found: list[str] = []
    following, end = pair, pair + "\U0010ffff"
    sql = "SELECT term FROM image_name_part WHERE term >= ? AND term < ? LIMIT 1"
    while row := db.execute(sql, (following, end)).fetchone():
        if len(found) == MOST_PARTS:
            return None
        found.append(row[0])
        following = row[0] + "\x01"
    return found


def _quoted(part: str) -> str:
    return '"' + part.replace('"', '""') + '"'
