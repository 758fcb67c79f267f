"""Finding the files below the given paths, always in the same order, without opening any of them."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from .names import one_line
from .outcomes import Code, Rejected

SIDECAR_SUFFIXES = frozenset(
    {".txt", ".json", ".jsonl", ".csv", ".tsv", ".yaml", ".yml", ".xml", ".xmp", ".aae", ".md", ".ini", ".log"}
    | {".part", ".partial", ".crdownload", ".tmp"}
)
SYSTEM_FILES = frozenset({".ds_store", "thumbs.db", "desktop.ini", ".nomedia", ".gitignore", ".directory"})
SYSTEM_PREFIXES = ("._", ".~", "~$", ".tmp-")
SYSTEM_FOLDERS = frozenset(
    {".git", ".hg", ".svn", "__macosx", "@eadir", ".thumbnails", ".trashes", ".spotlight-v100", ".fseventsd"}
    | {"lost+found", "$recycle.bin", "system volume information"}
)


class Found(msgspec.Struct, frozen=True):
    """A regular file to decode; `root` is the argument below which it was found.

    `bytes` and `mtime_ns` are those of the moment in which it was found. All files of a folder share one `folder`.
    """

    folder: Path
    name: str
    root: Path
    bytes: int
    mtime_ns: int

    @property
    def path(self) -> Path:
        """The file; made when it is asked for, since of a million names most are known already."""
        return self.folder / self.name


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that is known not to be a picture, or is read under another name."""

    path: Path
    reason: str


ScanResult = Found | Skipped | Rejected


def scan(paths: Iterable[Path], is_private: Callable[[Path], bool] = lambda path: False) -> Iterator[ScanResult]:
    """Every file at or below `paths`: the arguments in their order, the content of folders by the bytes of names.

    Nothing is opened. A file argument is always found, whatever its name; a folder argument may be a link.
    Below a folder, links are never followed, and FIFOs, sockets and devices are reported. No file comes twice.
    `is_private` says of the real path of an argument or a folder that it is not for reading: such an argument is
    rejected, such a folder below is skipped.
    """
    arguments = [Path(path) for path in paths]
    walk = _Walk([os.path.realpath(path) for path in arguments if path.is_dir()], is_private)
    for argument in arguments:
        yield from walk.argument(argument)


@dataclass(slots=True)
class _Walk:
    real_roots: list[str]
    is_private: Callable[[Path], bool]
    files: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)

    def argument(self, path: Path) -> Iterator[ScanResult]:
        try:
            found = path.stat()
        except OSError as error:
            yield _rejected(path, error)
            return
        mode = found.st_mode
        real = os.path.realpath(path)
        if self.is_private(Path(real)):
            yield Rejected.of(path, Code.PRIVATE)
        elif stat.S_ISDIR(mode):
            yield from self.folder(path, real, path)
        elif not stat.S_ISREG(mode):
            yield Rejected.of(path, Code.NOT_A_FILE, _kind(mode))
        elif not self._is_known(real):
            self.files.add(real)
            yield Found(path.parent, path.name, path, found.st_size, found.st_mtime_ns)

    def folder(self, folder: Path, real_folder: str, root: Path) -> Iterator[ScanResult]:
        stack: list[Iterator[ScanResult | tuple[Path, str]]] = [self._entries(folder, real_folder, root)]
        while stack:
            result = next(stack[-1], None)
            if result is None:
                stack.pop()
            elif isinstance(result, tuple):
                stack.append(self._entries(*result, root))
            else:
                yield result

    def _entries(self, folder: Path, real: str, root: Path) -> Iterator[ScanResult | tuple[Path, str]]:
        """The content of one folder; a sub-folder comes as (path, real path), for the caller to descend."""
        if real in self.folders:
            return
        self.folders.add(real)
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: os.fsencode(entry.name))
        except OSError as error:
            yield _rejected(folder, error)
            return
        real_folder = real.rstrip("/")
        for entry in entries:
            real_path = f"{real_folder}/{entry.name}"
            try:
                found = entry.stat(follow_symlinks=False)
            except OSError as error:
                yield _rejected(folder / entry.name, error)
                continue
            mode = found.st_mode
            if stat.S_ISDIR(mode):
                reason = self._reason_to_skip(entry.name, real_path)
                path = folder / entry.name
                yield Skipped(path, reason) if reason else (path, real_path)
            elif stat.S_ISLNK(mode):
                yield self._link(folder / entry.name, real)
            elif not stat.S_ISREG(mode):
                yield Rejected.of(folder / entry.name, Code.NOT_A_FILE, _kind(mode))
            elif is_sidecar(entry.name):
                yield Skipped(folder / entry.name, "sidecar or system file")
            elif real_path not in self.files:
                yield Found(folder, entry.name, root, found.st_size, found.st_mtime_ns)

    def _reason_to_skip(self, name: str, real_folder: str) -> str:
        if is_system_folder(name):
            return "system folder"
        return "a workspace's own" if self.is_private(Path(real_folder)) else ""

    def _link(self, path: Path, real_folder: str) -> ScanResult:
        try:
            target = os.path.realpath(path, strict=True)
        except OSError as error:
            return _rejected(path, error)
        if not any(_is_below(target, root) for root in self.real_roots):
            return Rejected.of(path, Code.LINK_OUTSIDE)
        if _is_below(real_folder, target):
            return Rejected.of(path, Code.LINK_LOOP)
        return Skipped(path, "link to something that is read anyway")

    def _is_known(self, real_file: str) -> bool:
        folder, name = os.path.split(real_file)
        return real_file in self.files or (folder in self.folders and not is_sidecar(name))


def is_sidecar(name: str) -> bool:
    """Whether a file of this name goes with pictures or a system but is none itself."""
    lower = name.lower()
    suffix = os.path.splitext(lower)[1]  # noqa: PTH122 - a Path for each of a million names costs
    return suffix in SIDECAR_SUFFIXES or lower in SYSTEM_FILES or lower.startswith(SYSTEM_PREFIXES)


def is_system_folder(name: str) -> bool:
    """Whether a folder of this name is kept by a system or a version control, not by a person."""
    lower = name.lower()
    return lower in SYSTEM_FOLDERS or lower.startswith(".trash-")


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _rejected(path: Path, error: OSError) -> Rejected:
    if path.is_symlink():
        # A link to itself fails with ELOOP, a link to nothing with ENOENT.
        code = Code.LINK_DANGLING if isinstance(error, FileNotFoundError) else Code.LINK_LOOP
    else:
        code = Code.VANISHED if isinstance(error, FileNotFoundError) else Code.UNREADABLE
    return Rejected.of(path, code, one_line(error.strerror or str(error)))


def _kind(mode: int) -> str:
    kinds = {stat.S_IFIFO: "named pipe", stat.S_IFSOCK: "socket", stat.S_IFCHR: "device", stat.S_IFBLK: "device"}
    return kinds.get(stat.S_IFMT(mode), "special file")
