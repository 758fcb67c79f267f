"""Which kitty pictures the terminal holds: sent once, placed often, deleted when there are too many."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass

from binscout_tui.terminal import kitty
from binscout_tui.terminal.kitty import KittyPicture
from binscout_tui.terminal.sending import Sending, last_chunk

LIMIT_BYTES = 96 * 1024 * 1024
"""What our pictures may take in the terminal, unpacked; kitty itself begins to forget at 320 MB."""
LIMIT_PICTURES = 1_000
"""So many of them: what is known of each takes memory here, and tiles are small there."""


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

    One picture at a time may go out in pieces (`begin`). No other command may come between them, so that sending
    another picture breaks it off, and what is to be deleted waits for its end.
    """

    def __init__(
        self, ids: Iterator[int], limit_bytes: int = LIMIT_BYTES, limit_pictures: int = LIMIT_PICTURES
    ) -> None:
        self._ids = ids
        self._limit = limit_bytes
        self._most = limit_pictures
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._shown: dict[Hashable, frozenset[Hashable]] = {}
        self._bytes = 0
        self._sending: Sending | None = None
        self._first = ""

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
        image_id = next(self._ids)
        self._hold(key, image_id, picture)
        return image_id, self._opening(picture) + picture.transmit(image_id)

    def begin(self, key: Hashable, picture: KittyPicture) -> Sending | None:
        """Send a picture in pieces; it is held when all of them are written. None while another is on its way."""
        if self._sending is not None:
            return None
        first, image_id = self._opening(picture), next(self._ids)
        self._sending = Sending(image_id, picture, lambda image_id: self._sent(key, image_id, picture), first)
        return self._sending

    def stop(self, sending: Sending) -> str:
        """Break off what was begun, where it is not over."""
        return self._break_off() if sending is self._sending else ""

    def show(self, owner: Hashable, keys: Iterable[Hashable]) -> None:
        """From now on `owner` shows these and nothing else."""
        self._shown[owner] = frozenset(keys)
        if not self._shown[owner]:
            del self._shown[owner]

    def forget(self) -> None:
        """The terminal may have lost everything: it was left, cleared, or is another one.

        Where it did not, nothing of ours must stay: all is deleted before the next picture is sent.
        """
        self._first = self.clear()

    def clear(self) -> str:
        """Delete everything, at the end."""
        text = self._break_off() + "".join(
            kitty.delete(entry.image_id, tmux=entry.tmux) for entry in self._entries.values()
        )
        self._entries.clear()
        self._bytes = 0
        return text

    def _hold(self, key: Hashable, image_id: int, picture: KittyPicture) -> None:
        entry = _Entry(image_id, picture.unpacked_bytes, picture.tmux, picture.columns, picture.rows)
        self._entries[key] = entry
        self._bytes += entry.bytes

    def _sent(self, key: Hashable, image_id: int, picture: KittyPicture) -> None:
        self._sending = None
        self._hold(key, image_id, picture)

    def _opening(self, picture: KittyPicture) -> str:
        """What to write before a picture: tmux may have dropped the end of an earlier one, which it would go on."""
        return self._break_off() + (last_chunk(tmux=True) if picture.tmux else "")

    def _break_off(self) -> str:
        """What to write before any other command."""
        text, self._first = self._first, ""
        if self._sending is not None:
            text, self._sending = text + self._sending.break_off(), None
        return text

    def trim(self) -> str:
        """Delete what is too much and shown by nobody.

        Ask for it after the frame in which the earlier ones are no longer seen, and write the answer at once.
        """
        if self._is_within_limits() or self._sending is not None:
            return ""
        shown = frozenset[Hashable]().union(*self._shown.values())
        deleted = []
        for key in [key for key in self._entries if key not in shown]:
            if self._is_within_limits():
                break
            entry = self._entries.pop(key)
            self._bytes -= entry.bytes
            deleted.append(kitty.delete(entry.image_id, tmux=entry.tmux))
        return self._break_off() + "".join(deleted) if deleted else ""

    def _is_within_limits(self) -> bool:
        return self._bytes <= self._limit and len(self._entries) <= self._most
