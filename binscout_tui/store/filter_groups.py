"""The fields of filters about what people put images under and say of them: stars, tags, collections, words."""

from __future__ import annotations

import msgspec

from binscout_tui.filtering.tree import Condition, Is, Test
from binscout_tui.store.filter_names import Names
from binscout_tui.store.filter_sql import COUNTED, Part, Sql, Start, joined, linked
from binscout_tui.store.filter_words import matching
from binscout_tui.store.images import LIVE
from binscout_tui.store.named import COLLECTION, TAG, Named, folded

ANY_WORDS = ("none", "any")
"""The words for no name of a kind and any of them, which are each the other with a minus."""
MOST_TAGS = 200
"""Of the tags that a word may mean; a word that means more of them is too short to mean any."""
_WORD = "image_words MATCH ?"


def star(_: Names, __: Condition, ___: Test | None) -> Part:
    """Starred images."""
    where = Sql(f"image.starred = 1 AND {LIVE}")
    start = Start(source="image INDEXED BY image_starred", key="image.id", where=where)
    return Part(check=Sql("image.starred = 1"), starts=(start,), reads_row=True)


def tag(names: Names, _: Condition, test: Test | None) -> Part:
    """Images under a tag, any tag or none."""
    return _group(names, TAG, "image.tags", {"any": "image_tagged", "none": "image_untagged"}, test)


def collection(names: Names, _: Condition, test: Test | None) -> Part:
    """Images in a collection, any collection or none."""
    return _group(names, COLLECTION, "image.collections", {"any": "image_collected", "none": "image_loose"}, test)


def _group(names: Names, kind: Named, number: str, indexes: dict[str, str], test: Test | None) -> Part:
    """`number` is the column that holds under how many names of this kind an image is, `indexes` those of the words."""
    if not isinstance(test, Is):
        raise TypeError(f"{kind.word} takes a name, not {test!r}")
    if test.word:
        check = Sql(f"{number} {'> 0' if test.text == 'any' else '= 0'}")
        where = joined("AND", (check, Sql(LIVE)))
        start = Start(source=f"image INDEXED BY {indexes[test.text]}", key="image.id", where=where, proves=check)
        return Part(check=check, starts=(start,), reads_row=True)
    name_id, images = names.group(kind, test)
    # It is kept how many of its images count; the index has those in the trash too.
    kept = images if images >= COUNTED and not names.trashed else None
    return linked(kind.link, Sql(f"{kind.link}.{kind.key} = ?", (name_id,)), images=kept)


def text(names: Names, _: Condition, test: Test | None) -> Part:
    """Images with all these words in title, prompt, note or the names of their tags; each may go on."""
    words = _words(test)
    tags = {word: _tags(names, word) for word in words}
    if not any(tags.values()):
        return _matching(" AND ".join(matching(names.db, word) for word in words))
    parts = [_word_or_tag(names, word, tags[word]) for word in words]
    return Part(
        check=joined("AND", [part.check for part in parts]),
        pieces=tuple(part.check for part in parts),
        starts=tuple(start for part in parts for start in part.starts),
    )


def title(names: Names, _: Condition, test: Test | None) -> Part:
    """Images with a title, or with these words in it."""
    return _column(names, "title", test)


def prompt(names: Names, _: Condition, test: Test | None) -> Part:
    """Images with a prompt, or with these words in it."""
    return _column(names, "prompt", test)


def _column(names: Names, name: str, test: Test | None) -> Part:
    if test is None:
        return linked("image_text", Sql(f"image_text.{name} <> ''"), index=f"image_text_{name}")
    return _matching(f"{name} : ({' AND '.join(matching(names.db, word) for word in _words(test))})")


def _matching(query: str) -> Part:
    check = Sql(f"EXISTS (SELECT 1 FROM image_words WHERE {_WORD} AND image_words.rowid = image.id)", (query,))
    return Part(check=check, starts=(msgspec.structs.replace(_worded(query), proves=check),))


def _worded(query: str) -> Start:
    return Start(source="image_words", key="image_words.rowid", where=Sql(_WORD, (query,)))


def _word_or_tag(names: Names, word: str, tags: list[int]) -> Part:
    """The index of words and those of the tags, each in the order of ids, are merged as far as a page needs."""
    part = _matching(matching(names.db, word))
    if not tags:
        return part
    marks = ", ".join("?" * len(tags))
    tagged = f"EXISTS (SELECT 1 FROM image_tag WHERE image_tag.image_id = image.id AND image_tag.tag_id IN ({marks}))"
    check = joined("OR", (part.check, Sql(tagged, tuple(tags))))
    arms = (*part.starts, *(Start(source="image_tag", key="image_id", where=Sql("tag_id = ?", (tag,))) for tag in tags))
    return Part(check=check, starts=(Start(arms=arms, proves=check),))


def _tags(names: Names, word: str) -> list[int]:
    """The tags that may be seen and have a word that begins so."""
    begins = folded(word)
    rows = names.db.execute(
        "SELECT id FROM tag WHERE archived_at IS NULL AND conceals = 0"
        " AND (substr(fold, 1, length(?1)) = ?1 OR instr(fold, ' ' || ?1) > 0) LIMIT ?2",
        (begins, MOST_TAGS + 1),
    )
    found = [row[0] for row in rows]
    return found if len(found) <= MOST_TAGS else []


def _words(test: Test | None) -> list[str]:
    if not isinstance(test, Is):
        raise TypeError(f"the field takes words, not {test!r}")
    return test.text.split() or [test.text]
