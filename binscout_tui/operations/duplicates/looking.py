"""Looking at every picture once: hashing in stages, decoding in guarded workers, and keeping what was seen."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path

import msgspec
from PIL import Image as Picture
from PIL import UnidentifiedImageError

from binscout_tui.imaging.duplicates.look import look_at
from binscout_tui.imaging.names import display_name
from binscout_tui.imaging.outcomes import Code, Decoded, Limits, Rejected
from binscout_tui.imaging.pool import DecodePool
from binscout_tui.imaging.previews import PREVIEW, SIZES, preview_path
from binscout_tui.operations.duplicates.cache import Cache, Facts
from binscout_tui.operations.duplicates.scratch import scratch
from binscout_tui.operations.originals import hash_of
from binscout_tui.operations.report import Rejection
from binscout_tui.workspace import Paths

CHANGED = "changed"
"""The code of an original of the library that is another file now."""
Step = Callable[[int, int, str], bool]
"""Told (done, total, what); True asks to stop."""


class Stopped(Exception):  # noqa: N818 - what was asked for, and no error
    """Somebody asked to stop; what was looked at is kept."""


class Source(msgspec.Struct, frozen=True):
    """A file to compare; `id` is that of its image in the library, whose `sha256` is known, `path` where it lies.

    A copy that is the workspace's `own` is still what it was where its size is; of another file the time counts too.
    """

    path: Path
    id: int | None = None
    sha256: str | None = None
    bytes: int = 0
    mtime_ns: int = 0
    own: bool = False


class Looks:
    """The looks of many files, each made once for all of the same bytes.

    `hashes` are those of the sources that are pictures, by path; `rejected` what is none.
    `in_library` says what the library knows of its images, by their ids. Raises Stopped, DecoderError.
    """

    def __init__(self, paths: Paths, cache: Cache, limits: Limits, step: Step, in_library: Mapping[int, Facts]) -> None:
        self._paths = paths
        self._cache = cache
        self._limits = limits
        self._step = step
        self._in_library = in_library
        self._twins: list[tuple[Path, str]] = []
        self._done = 0
        self._total = 0
        self.hashes: dict[Path, str] = {}
        self.rejected: list[Rejection] = []

    def make(self, sources: Sequence[Source]) -> None:
        """Look at what was not looked at before."""
        self._total = len(sources)
        there = [source for source in sources if source.sha256 is None or self._is_there(source, source.sha256)]
        sizes = Counter(source.bytes for source in there)
        self._decode([source for source in there if not self._is_known(source)], sizes)

    def _is_there(self, source: Source, sha256: str) -> bool:
        """Whether an original of the library is where and what it was; else the last copy seems to be one more."""
        try:
            found = source.path.stat()
            same = found.st_size == source.bytes
            if same and not source.own and found.st_mtime_ns != source.mtime_ns:
                same = (self._cache.hash_of(source.path, found) or self._hash(source.path)) == sha256
        except OSError as error:
            code = Code.VANISHED if isinstance(error, FileNotFoundError | NotADirectoryError) else Code.UNREADABLE
            self._reject(Rejected.of(source.path, code))
            return False
        if not same:
            self._leave_out(source.path, CHANGED, "The original is not what it was when it was imported.")
        return same

    def _reject(self, rejected: Rejected) -> None:
        self._leave_out(rejected.path, str(rejected.code), rejected.reason)

    def _leave_out(self, path: Path, code: str, reason: str) -> None:
        self.rejected.append(Rejection(display_name(path), code, reason))
        self._tick()

    def _hash(self, path: Path) -> str:
        """The hash of a file, remembered unless it is changed meanwhile. Raises OSError."""
        before = path.stat()
        sha256 = hash_of(path)
        if _state(path.stat()) == _state(before):
            self._cache.put_file(path, before, sha256)
        return sha256

    def _is_known(self, source: Source) -> bool:
        """Whether nothing of the file has to be read, or only the preview that the library has."""
        sha256 = source.sha256 or self._cached(source.path)
        if sha256 is None:
            return False
        if not self._cache.has(sha256) and not (source.id is not None and self._by_preview(source, sha256)):
            return False
        self._keep(source.path, sha256)
        return True

    def _cached(self, path: Path) -> str | None:
        try:
            return self._cache.hash_of(path, path.stat())
        except OSError:
            return None  # the decoder says in words what is wrong with it

    def _by_preview(self, source: Source, sha256: str) -> bool:
        preview = preview_path(self._paths.previews, sha256, PREVIEW)
        facts = self._in_library.get(source.id or 0)
        if facts is None:
            return False
        try:
            with Picture.open(preview, formats=["JPEG"]) as image:
                self._cache.put(facts, look_at(image))
        except (OSError, UnidentifiedImageError, ValueError):
            return False
        return True

    def _decode(self, sources: Sequence[Source], sizes: Counter[int]) -> None:
        if not sources:
            return
        with (
            scratch(self._paths.derived) as folder,
            DecodePool(Path(folder), self._limits) as pool,
            closing(pool.run(self._unhashed(sources, sizes))) as outcomes,
        ):
            for outcome in outcomes:
                if isinstance(outcome, Decoded):
                    self._take(outcome, Path(folder))
                else:
                    self._reject(outcome)
        # Those whose bytes were in hand when their twin was still waiting.
        for path, sha256 in self._twins:
            if self._cache.has(sha256):
                self._keep(path, sha256)
            else:
                self._reject(Rejected.of(path, Code.CORRUPT))

    def _unhashed(self, sources: Sequence[Source], sizes: Counter[int]) -> Iterator[Path]:
        """The files to decode: of those with the same bytes only the first. A size that occurs once needs no look."""
        self._twins.clear()
        given: set[str] = set()
        for source in sources:
            if sizes[source.bytes] > 1:
                with suppress(OSError):
                    sha256 = self._hash(source.path)
                    if sha256 in given or self._cache.has(sha256):
                        self._twins.append((source.path, sha256))
                        continue
                    given.add(sha256)
            yield source.path

    def _take(self, decoded: Decoded, folder: Path) -> None:
        sha256 = decoded.sha256
        preview = preview_path(folder, sha256, PREVIEW)
        try:
            with Picture.open(preview, formats=["JPEG"]) as image:
                look = look_at(image)
        except (OSError, UnidentifiedImageError) as error:
            self._leave_out(decoded.path, str(Code.UNREADABLE), f"Its preview failed: {error}")
            return
        finally:
            for size in SIZES:
                preview_path(folder, sha256, size).unlink(missing_ok=True)
        facts = Facts(sha256, decoded.width, decoded.height, decoded.format, decoded.mode, decoded.frames)
        self._cache.put(facts, look)
        with suppress(OSError):
            found = os.stat(decoded.path)  # noqa: PTH116 - one call for all that is asked
            if found.st_mtime_ns == decoded.mtime_ns and found.st_size == decoded.bytes:
                self._cache.put_file(decoded.path, found, sha256)
        self._keep(decoded.path, sha256)

    def _keep(self, path: Path, sha256: str) -> None:
        self.hashes[path] = sha256
        self._tick()

    def _tick(self) -> None:
        self._done += 1
        if self._step(self._done, self._total, "pictures looked at"):
            raise Stopped


def _state(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_size, found.st_mtime_ns, found.st_ino
