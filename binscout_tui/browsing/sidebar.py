"""What the sidebar of the gallery lists, and what is decided there: each of its entries is a filter."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Literal, TypeVar

import msgspec

from binscout_tui.errors import NotFoundError
from binscout_tui.filtering.tree import Condition, Filter, Is, conjuncts
from binscout_tui.store import events, filters, named, safe_mode, saved_filters, views
from binscout_tui.store.named import COLLECTION, KINDS, TAG, Name, Named
from binscout_tui.workspace import LiveWorkspace

Kind = Literal["view", "collection", "filter", "tag"]
T = TypeVar("T")
MOST_TAGS = 30
TITLES: dict[Kind, str] = {"view": "", "collection": "Collections", "filter": "Saved filters", "tag": "Tags"}
NOT_HERE = "It is not there any more."


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A view, collection, saved filter or tag: the filter that it is, and how many images it has where that is kept."""

    kind: Kind
    id: str
    name: str
    filter: str
    images: int | None = None
    colour: str | None = None
    hidden: bool = False
    sensitive: bool = False

    @property
    def key(self) -> str:
        """What it is known by, whatever it is called."""
        return f"{self.kind}:{self.id}"


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """Entries of one kind below a title, and how many more there are."""

    kind: Kind
    entries: tuple[Entry, ...]
    more: int = 0

    @property
    def title(self) -> str:
        """Its title; the views have none."""
        return TITLES[self.kind]


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that can be listed; tags with the most images come first."""

    entries: tuple[Entry, ...] = ()

    def entry(self, key: str | None) -> Entry | None:
        """The entry that is known by `key`."""
        return next((entry for entry in self.entries if entry.key == key), None)

    def sections(self, typed: str = "") -> list[Section]:
        """What is listed: all but the rarer tags, or of everything what holds the typed letters."""
        return [section for kind in TITLES if (section := self._section(kind, typed.strip().casefold())) is not None]

    def _section(self, kind: Kind, typed: str) -> Section | None:
        found = [entry for entry in self.entries if entry.kind == kind and typed in entry.name.casefold()]
        if not found and (typed or kind in ("filter", "tag")):
            return None
        shown = found[:MOST_TAGS] if kind == "tag" and not typed else found
        return Section(kind=kind, entries=tuple(shown), more=len(found) - len(shown))

    def current(self, wanted: Filter) -> Entry | None:
        """The entry that is exactly this filter."""
        text = filters.text_of(wanted).casefold()
        return next((entry for entry in self.entries if entry.filter.casefold() == text), None)


def filter_of(kind: Named, name: str) -> str:
    """The filter that shows what is under a tag or in a collection."""
    return filters.text_of(Condition(kind.word, (Is(name),)))


def collection_of(wanted: Filter) -> str | None:
    """The name of the one collection that a filter looks into, None where there is none or more than one."""
    names = [
        part.tests[0].text
        for part in conjuncts(wanted)
        if isinstance(part, Condition)
        and part.field == COLLECTION.word
        and len(part.tests) == 1
        and isinstance(part.tests[0], Is)
        and not part.tests[0].word
    ]
    return names[0] if len(names) == 1 else None


def contents(db: sqlite3.Connection, *, concealed: bool = False) -> Contents:
    """Everything to list; with `concealed` hidden collections and tags too, those of safe mode never."""
    counts = views.counts(db)
    found = [
        Entry(kind="view", id=view.id, name=view.title, filter=view.filter, images=counts.get(view.id, 0))
        for view in views.VIEWS
    ]
    found += [_named("collection", COLLECTION, one) for one in named.listed(db, COLLECTION, concealed=concealed)]
    found += [Entry(kind="filter", id=str(one.id), name=one.name, filter=one.text) for one in saved_filters.listed(db)]
    tags = sorted(named.listed(db, TAG, concealed=concealed), key=lambda tag: -tag.images)
    return Contents(entries=(*found, *(_named("tag", TAG, one) for one in tags)))


def _named(entry_kind: Kind, kind: Named, one: Name) -> Entry:
    return Entry(
        kind=entry_kind,
        id=str(one.id),
        name=one.name,
        filter=filter_of(kind, one.name),
        images=one.images,
        colour=one.colour,
        hidden=one.hidden,
        sensitive=one.sensitive,
    )


class Switched(msgspec.Struct, frozen=True, kw_only=True):
    """Safe mode was turned `on` or off; how many tags and collections that hides."""

    on: bool
    tags: int = 0
    collections: int = 0


class Shelf:
    """What one person sees and does in the sidebar. Whatever decides raises RefusedError for a viewer."""

    def __init__(self, workspace: LiveWorkspace) -> None:
        self.workspace = workspace
        self.contents = Contents()
        self.shows_hidden = False
        self._event_id = -1

    async def is_old(self) -> bool:
        """Whether anything was changed since it was read, by whomever."""
        return await self.workspace.db.read(events.latest) != self._event_id

    async def refresh(self) -> Contents:
        """Read everything again."""
        self._event_id, self.contents = await self.workspace.db.read(_contents, self.shows_hidden)
        return self.contents

    async def add(self, name: str) -> Entry:
        """A new collection. Raises UsageError for what is no name, ConflictError for one that is taken."""
        made = await self._write("Making a collection", _add, name)
        await self.refresh()
        return self._there(f"collection:{made}")

    async def rename(self, entry: Entry, name: str) -> Entry:
        """Another name; the entry as it is now. Raises as `add`."""
        if entry.kind == "filter":
            saved = await self._write("Renaming a filter", saved_filters.rename, int(entry.id), name)
            await self.refresh()
            return self._there(f"filter:{saved.id}")
        await self._write("Renaming", named.rename, KINDS[entry.kind], int(entry.id), name)
        await self.refresh()
        return self._there(entry.key)

    async def delete(self, entry: Entry) -> None:
        """Delete a collection or tag, which undo brings back, or forget a saved filter; images stay."""
        if entry.kind == "filter":
            await self._write("Forgetting a filter", saved_filters.forget, entry.name)
        else:
            await self._write("Deleting", named.delete, KINDS[entry.kind], int(entry.id))
        await self.refresh()

    async def hide(self, entry: Entry) -> None:
        """Hide a collection or tag with its images, or show a hidden one again."""
        await self._write("Hiding", _hide, KINDS[entry.kind], int(entry.id), not entry.hidden)
        await self.refresh()

    async def turn_sensitive(self, entry: Entry) -> None:
        """Say that safe mode hides it with its images, or that it does no more."""
        await self._write("Changing", _sensitive, KINDS[entry.kind], int(entry.id), not entry.sensitive)
        await self.refresh()

    async def keep(self, name: str, text: str, *, replace: bool = False) -> None:
        """Keep a filter under a name. Raises UsageError for what is no name, ConflictError for one that is taken."""
        await self._write("Keeping a filter", _keep, name, text, replace)

    async def switch_safe_mode(self) -> Switched:
        """Turn safe mode on or off."""
        return await self._write("Safe mode", _switch)

    async def _write(self, what: str, change: Callable[..., T], *values: object) -> T:
        self.workspace.user.must_be("operator", what)
        return await self.workspace.db.write(change, self.workspace.user.uid, *values)

    def _there(self, key: str) -> Entry:
        found = self.contents.entry(key)
        if found is None:
            raise NotFoundError(NOT_HERE, code="gone")
        return found


def _contents(db: sqlite3.Connection, concealed: bool) -> tuple[int, Contents]:
    return events.latest(db), contents(db, concealed=concealed)


def _add(db: sqlite3.Connection, uid: int, name: str) -> int:
    return named.add(db, uid, COLLECTION, name)


def _hide(db: sqlite3.Connection, uid: int, kind: Named, name_id: int, on: bool) -> None:
    named.hide(db, uid, kind, name_id, on=on)


def _sensitive(db: sqlite3.Connection, uid: int, kind: Named, name_id: int, on: bool) -> None:
    named.set_sensitive(db, uid, kind, name_id, on=on)


def _keep(db: sqlite3.Connection, uid: int, name: str, text: str, replace: bool) -> None:
    saved_filters.save(db, uid, name, text, replace=replace)


def _switch(db: sqlite3.Connection, uid: int) -> Switched:
    turned_on = not safe_mode.is_on(db)
    # Asked before: what safe mode hides is listed for nobody.
    found = [len(_to_be_hidden(named.listed(db, kind))) for kind in (TAG, COLLECTION)] if turned_on else [0, 0]
    safe_mode.switch(db, uid, on=turned_on)
    return Switched(on=turned_on, tags=found[0], collections=found[1])


def _to_be_hidden(names: Sequence[Name]) -> list[Name]:
    return [one for one in names if one.sensitive and not one.hidden]
