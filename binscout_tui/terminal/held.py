"""Which kitty pictures the terminal holds: sent once, placed often, deleted when there are too many."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass

from binscout_tui.terminal import kitty
from binscout_tui.terminal.kitty import KittyPicture

LIMIT_BYTES = 96 * 1024 * 1024
"""What our pictures may take in the terminal, unpacked; kitty itself begins to forget at 320 MB."""


@dataclass(slots=True)
class _Entry:
    image_id: int
    bytes: int
    tmux: bool
    columns: int
    rows: int


class Held:
    """The pictures that the terminal holds, by any key, and who shows them.

    An owner (a widget) shows a number of keys; what somebody shows is never deleted. Every method that changes
    something answers what is to be written to the terminal. Not for use from several threads.
    """

    def __init__(self, ids: Iterator[int], limit_bytes: int = LIMIT_BYTES) -> None:
        self._ids = ids
        self._limit = limit_bytes
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._shown: dict[Hashable, frozenset[Hashable]] = {}
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._entries

    def find(self, key: Hashable) -> tuple[int, int, int] | None:
        """(id, columns, rows) of a picture that the terminal holds: it can be shown without its payload."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry.image_id, entry.columns, entry.rows

    def send(self, key: Hashable, picture: KittyPicture) -> tuple[int, str]:
        """The id of a picture, and what to write first so that the terminal holds it: "" when it does already."""
        entry = self._entries.get(key)
        if entry is not None:
            self._entries.move_to_end(key)
            return entry.image_id, ""
        entry = _Entry(next(self._ids), picture.unpacked_bytes, picture.tmux, picture.columns, picture.rows)
        self._entries[key] = entry
        self._bytes += entry.bytes
        return entry.image_id, picture.transmit(entry.image_id)

    def show(self, owner: Hashable, keys: Iterable[Hashable]) -> str:
        """From now on `owner` shows these and nothing else; deletes what is too much and shown by nobody.

        Write the answer after the frame in which the earlier ones are no longer seen.
        """
        self._shown[owner] = frozenset(keys)
        if not self._shown[owner]:
            del self._shown[owner]
        return self._trim()

    def forget(self) -> None:
        """The terminal has lost everything: it was left, cleared, or is another one."""
        self._entries.clear()
        self._bytes = 0

    def clear(self) -> str:
        """Delete everything, at the end."""
        text = "".join(kitty.delete(entry.image_id, tmux=entry.tmux) for entry in self._entries.values())
        self.forget()
        return text

    def _trim(self) -> str:
        if self._bytes <= self._limit:
            return ""
        shown = frozenset[Hashable]().union(*self._shown.values())
        deleted = []
        for key in [key for key in self._entries if key not in shown]:
            if self._bytes <= self._limit:
                break
            entry = self._entries.pop(key)
            self._bytes -= entry.bytes
            deleted.append(kitty.delete(entry.image_id, tmux=entry.tmux))
        return "".join(deleted)
