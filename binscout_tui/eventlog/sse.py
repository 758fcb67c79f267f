"""Lines of a log as server-sent events, in bytes: what is sent is what is in the file, whatever bytes those are.

Written here and not taken from httpx-sse: that reader gives an empty event for each ping once an id was seen, and
works on text, in which a byte that is not UTF-8 is lost.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field

from binscout_tui.eventlog.cursor import START, Cursor
from binscout_tui.eventlog.tail import LINE_BYTES, Line

MEDIA_TYPE = "text/event-stream"
PING = b": ping\n\n"
RESET = b"event: reset\nid: 0\ndata:\n\n"
MESSAGE, BYTES, RESET_EVENT = "message", "bytes", "reset"
MOST_BYTES = 2 * LINE_BYTES
"""No event is longer; whoever sends more speaks another language."""


@dataclass(slots=True)
class Message:
    """One event; `id` is the last one that was sent, `data` what the lines of data say."""

    event: str
    data: bytes
    id: str


def greeting(retry_s: float) -> bytes:
    """The beginning of a stream: how long to wait before connecting again."""
    return f"retry: {round(retry_s * 1000)}\n\n".encode()


def encode(line: Line) -> bytes:
    """The event for `line`; one that is no clean UTF-8 text goes as base64, in an event `bytes`."""
    head = f"id: {line.cursor}\n".encode()
    if is_text(line.data):
        return head + b"data: " + line.data + b"\n\n"
    return head + b"event: bytes\ndata: " + base64.b64encode(line.data) + b"\n\n"


def is_text(data: bytes) -> bool:
    """Whether `data` comes through as text: UTF-8, and without the carriage return that would end a line."""
    if b"\r" in data:
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def decode(message: Message) -> Line | None:
    """The line that `message` carries; None for a reset and for events that mean nothing here. Raises ValueError."""
    if message.event == MESSAGE:
        return Line(Cursor.parse(message.id), message.data)
    if message.event == BYTES:
        return Line(Cursor.parse(message.id), unpack(message.data))
    return None


def unpack(text: bytes | str) -> bytes:
    """The bytes behind base64. Raises ValueError."""
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from error


@dataclass(slots=True)
class Decoder:
    """Takes the bytes of a stream in pieces of any size; an event counts once its empty line has come.

    `retry_s` is what the server asked for last. `id` starts as what the client had asked to go on from.
    """

    id: str = str(START)
    retry_s: float | None = None
    _pending: bytes = b""
    _event: str = ""
    _data: list[bytes] = field(default_factory=list)

    def feed(self, piece: bytes) -> list[Message]:
        """The events that are complete with `piece`. Raises ValueError when one is longer than `MOST_BYTES`."""
        self._pending += piece
        *lines, self._pending = self._pending.split(b"\n")
        if len(self._pending) > MOST_BYTES:
            raise ValueError("an event without end")
        return [message for line in lines if (message := self._take(line.removesuffix(b"\r")))]

    def _take(self, line: bytes) -> Message | None:
        if not line:
            return self._end()
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
        elif name == b"event":
            self._event = value.decode("utf-8", "replace")
        elif name == b"id" and b"\0" not in value:
            self.id = value.decode("utf-8", "replace")
        elif name == b"retry" and value.isdigit():
            self.retry_s = int(value[:9]) / 1000
        return None

    def _end(self) -> Message | None:
        data, event = self._data, self._event
        self._data, self._event = [], ""
        return Message(event or MESSAGE, b"\n".join(data), self.id) if data else None
