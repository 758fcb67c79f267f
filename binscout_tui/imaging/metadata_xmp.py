"""Title, description, keywords and people of an XMP packet (ISO 16684-1). Nothing of it is trusted."""

from __future__ import annotations

from typing import Any
from xml.parsers import expat

from .metadata_words import MOST_ENTRIES, clean, line

MOST_BYTES = 1 << 20
_DEEPEST = 40
_DC = "http://purl.org/dc/elements/1.1/"
_PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/"
_WANTED = {
    f"{_DC} title": "title",
    f"{_DC} description": "description",
    f"{_DC} subject": "keywords",
    "http://iptc.org/std/Iptc4xmpExt/2008-02-29/ PersonInImage": "people",
    f"{_PHOTOSHOP} Headline": "headline",
}
_LISTS = frozenset({"keywords", "people"})


class XmpError(ValueError):
    """It is no XMP that is read."""


def read(packet: bytes) -> dict[str, Any]:
    """{title, description: text; keywords, people: lists}, each only where it is there. Raises XmpError."""
    if len(packet) > MOST_BYTES:
        raise XmpError("XMP of more than 1 MiB")
    reader = _Reader()
    try:
        reader.parser.Parse(packet.rstrip(b"\0 \r\n"), True)
    except expat.ExpatError as error:
        raise XmpError(f"broken XMP: {error}") from error
    return _kept(reader.found)


class _Reader:
    def __init__(self) -> None:
        self.found: dict[str, list[str]] = {}
        self._path: list[str] = []
        self._text: list[str] = []
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartDoctypeDeclHandler = self._refuse  # entities that multiply begin with one
        self.parser.StartElementHandler = self._begin
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text.append

    def _refuse(self, *_: object) -> None:
        raise XmpError("XMP with a document type")

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self._path.append(name)
        if len(self._path) > _DEEPEST:
            raise XmpError("XMP nested too deeply")
        self._text.clear()
        for key, value in attributes.items():
            if key in _WANTED:
                self._keep(_WANTED[key], value)

    def _end(self, name: str) -> None:
        text = "".join(self._text)
        self._text.clear()
        self._path.pop()
        field = next((_WANTED[one] for one in (name, *self._path[:-4:-1]) if one in _WANTED), None)
        if field is not None and text.strip():
            self._keep(field, text)

    def _keep(self, field: str, text: str) -> None:
        there = self.found.setdefault(field, [])
        if len(there) < MOST_ENTRIES:
            there.append(text)


def _kept(found: dict[str, list[str]]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for field, said in found.items():
        if field in _LISTS:
            kept[field] = list(dict.fromkeys(filter(None, (line(one, 100) for one in said))))
        elif text := clean(said[0]):
            kept[field] = text
    headline = kept.pop("headline", "")
    if headline and "title" not in kept:
        kept["title"] = headline
    return {field: value for field, value in kept.items() if value}
