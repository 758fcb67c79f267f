"""What differs between two lists of files, against what two dictionaries say."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.backup.archive import layout
from binscout_tui.backup.archive.differing import LARGEST, WAYS, Change, Difference, difference
from binscout_tui.backup.archive.manifest import FileEntry, Tally, entry_path

Content = tuple[int, int]
"""A file's bytes and which of the contents of that size it has."""
NAMES = st.binary(min_size=1, max_size=4).filter(lambda name: b"\0" not in name and b"/" not in name)
LISTS = st.dictionaries(NAMES, st.tuples(st.integers(0, 50), st.integers(0, 1)), max_size=30)


def entry(name: bytes, content: Content) -> FileEntry:
    """A file with this content."""
    size, which = content
    sha256 = f"{size:032x}{which:032x}"
    path, raw = entry_path(name)
    return FileEntry(
        path=path, raw=raw, kind="original", size=size, sha256=sha256, mtime_ns=0, blob=layout.object_name(sha256)
    )


def entries(files: dict[bytes, Content]) -> list[FileEntry]:
    """The list of a run that has these files."""
    return [entry(name, files[name]) for name in sorted(files)]


def expected(before: dict[bytes, Content], after: dict[bytes, Content]) -> list[Change]:
    """The changes in the order of the paths."""
    found = []
    for name in sorted(before | after):
        one, other = before.get(name), after.get(name)
        if one == other:
            continue
        found.append(
            Change(
                way="added" if one is None else "gone" if other is None else "changed",
                path=entry_path(name)[0],
                kind="original",
                before=None if one is None else one[0],
                after=None if other is None else other[0],
            )
        )
    return found


def tally(changes: list[Change], way: str) -> Tally:
    """Files and bytes of one way."""
    sizes = [one.after if one.after is not None else one.before or 0 for one in changes if one.way == way]
    return Tally(len(sizes), sum(sizes))


@given(before=LISTS, after=LISTS, skip=st.integers(0, 10), limit=st.integers(0, 10), way=st.sampled_from(WAYS))
def test_it_says_what_two_dictionaries_say(
    before: dict[bytes, Content], after: dict[bytes, Content], skip: int, limit: int, way: str
) -> None:
    found = difference(entries(before), entries(after), ways=[way], skip=skip, limit=limit)  # type: ignore[list-item]
    changes = expected(before, after)
    assert {name: getattr(found, name) for name in WAYS} == {name: tally(changes, name) for name in WAYS}
    same = [size for name, (size, which) in after.items() if before.get(name) == (size, which)]
    assert found.same == Tally(len(same), sum(same))
    wanted = [one for one in changes if one.way == way]
    assert found.page == wanted[skip : skip + limit]
    assert found.more == (len(wanted) > skip + limit)
    assert found.largest == sorted(changes, key=lambda one: -one.size)[:LARGEST]
    assert found.is_empty == (before == after)


def test_bytes_that_are_no_text_are_told_apart() -> None:
    one, other = {b"a\xe9": (1, 0)}, {b"a\xe8": (1, 0)}
    found = difference(entries(one), entries(other))
    assert (found.added, found.gone, found.same) == (Tally(1, 1), Tally(1, 1), Tally())


def test_a_file_that_was_touched_or_lies_elsewhere_is_the_same() -> None:
    [before] = entries({b"a": (5, 0)})
    after = FileEntry(
        path="a",
        kind="original",
        size=5,
        sha256=before.sha256,
        mtime_ns=7,
        blob=layout.pack_name("a" * 64),
        offset=512,
    )
    assert difference([before], [after]) == Difference(
        added=Tally(), changed=Tally(), gone=Tally(), same=Tally(1, 5), largest=[]
    )
