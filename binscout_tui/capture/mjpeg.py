"""The first whole JPEG in a stream of bytes, whatever the stream says about its own boundaries and lengths."""

from __future__ import annotations

_START = b"\xff\xd8\xff"
_END = 0xD9
_SCAN = 0xDA
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a length (ITU-T T.81, table B.1)
_IN_SCAN = frozenset({0x00, *range(0xD0, 0xD8)})


class FirstJpeg:
    """Takes a stream in pieces of any size; cameras disagree on boundaries, so the picture's own markers are followed.

    `skip` whole pictures are passed over: the first frames of a camera that wakes are often dark. A picture that is
    cut off by the next one is passed over too. At most one picture is held in memory.
    """

    def __init__(self, skip: int = 0) -> None:
        self._skip = skip
        self._data = bytearray()
        self._at = 0  # of the next byte to look at; 0 while no picture has begun
        self._in_scan = False

    @property
    def held(self) -> int:
        """Bytes that are kept until the picture is whole."""
        return len(self._data)

    def feed(self, piece: bytes) -> bytes | None:
        """Take the next piece; the picture, once it is whole."""
        self._data += piece
        while True:
            if not self._at and not self._begin():
                return None
            end = self._walk()
            if end is None:
                return None
            if end < 0:
                self._drop(-end)
                continue
            picture = bytes(self._data[:end])
            self._drop(end)
            if not self._skip:
                return picture
            self._skip -= 1

    def _begin(self) -> bool:
        start = self._data.find(_START)
        if start < 0:
            del self._data[: max(0, len(self._data) - len(_START) + 1)]
            return False
        del self._data[:start]
        self._at, self._in_scan = 2, False
        return True

    def _drop(self, count: int) -> None:
        del self._data[:count]
        self._at, self._in_scan = 0, False

    def _walk(self) -> int | None:
        """Where the picture ends, minus what is to be dropped where it is none, None while more is needed."""
        while True:
            if self._in_scan:
                found = self._data.find(0xFF, self._at)
                self._at = len(self._data) if found < 0 else found
            while self._data[self._at : self._at + 2] == b"\xff\xff":  # fill bytes
                self._at += 1
            if self._at + 2 > len(self._data):
                return None
            if self._data[self._at] != 0xFF:
                return -self._at
            marker = self._data[self._at + 1]
            if marker == _END:
                return self._at + 2
            if marker == 0xD8:  # the next picture begins inside of this one
                return -self._at
            if (self._in_scan and marker in _IN_SCAN) or marker in _ALONE:
                self._at += 2
                continue
            if not self._segment(marker):
                return None

    def _segment(self, marker: int) -> bool:
        """Step over a segment with a length, when it is there whole."""
        length = int.from_bytes(self._data[self._at + 2 : self._at + 4], "big")
        end = self._at + 2 + max(2, length)
        if self._at + 4 > len(self._data) or end > len(self._data):
            return False
        self._at, self._in_scan = end, marker == _SCAN
        return True
