"""The stage of a run in which the bytes go to the target: small files in packs, larger ones by themselves."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from binscout_tui.backup.archive import layout
from binscout_tui.backup.archive.manifest import Tally
from binscout_tui.backup.archive.packing import PackWriter
from binscout_tui.backup.faults import DamagedError, RemoteError
from binscout_tui.backup.making.preflight import Ground, must_have_room, must_take
from binscout_tui.backup.making.reading import Kept, SourceError, hashed, into_file, into_pack, real_path
from binscout_tui.backup.making.scan import Found
from binscout_tui.backup.making.sent import Sent
from binscout_tui.backup.making.suspicion import shown
from binscout_tui.backup.making.uploading import Piece, Sender, told_with_room
from binscout_tui.backup.making.worklist import Place
from binscout_tui.errors import BinScoutError

if TYPE_CHECKING:
    from binscout_tui.backup.making.run import _Run

COPIED_MOST = 256 << 20
"""Larger files are sent from where they are: a copy would need too much room."""
PACKS_AT_ONCE = 2
THIN_PACKS = 4
"""So many packs' worth of files is packed anew in one run, because little of their old packs is needed any more."""
ROUNDS = 3


class Sending:
    """Sends what a run needs and the target does not have."""

    def __init__(self, run: _Run, ground: Ground) -> None:
        self.run, self.ground, self.options = run, ground, run.options
        self.good: list[str] = []
        self._sender = Sender(
            run.remote,
            transfers=run.options.transfers,
            read_back=run.options.read_back != "records",
            finished=self._finished,
            changed=self._changed,
            seen=run.at,
        )
        self._pack: PackWriter | None = None
        self._number = 0
        self._members: list[tuple[str, int, int | None]] = []
        self._read: list[tuple[Found, bytes]] = []
        self._packs = self._files = self._waiting = self._needed = 0
        self._made: set[Path] = set()
        self._gone: dict[str, list[bytes]] = {}

    def go(self) -> None:
        """Send all. Raises RemoteError, DamagedError, StorageError, OSError, and what the progress raises."""
        work = self.run.work
        try:
            if self.options.read_back == "all":
                self._look_at_old()
            work.give_up_blobs(work.thin_packs(THIN_PACKS * self.options.pack_bytes))
            self._must_fit(work.waiting())
            for _ in range(ROUNDS):
                self._send_waiting()
                if not work.waiting().files:
                    break
            else:
                raise BinScoutError("Some files change too fast to be kept.", hint="Try again.", code="restless")
        finally:
            self._sender.close()
            self._tidy()

    def _tidy(self) -> None:
        """Take away what was made to be sent; a disk that fails now has failed before, and that is told."""
        if self._pack is not None:
            with suppress(OSError, RemoteError):
                self._pack.give_up()
        for path in self._made:
            with suppress(OSError):
                path.unlink(missing_ok=True)

    def _look_at_old(self) -> None:
        """Read back what earlier runs have stored; what is bad is sent anew."""
        work, progress = self.run.work, self.run.progress
        blobs = [blob for blob in work.known_blobs() if blob.name not in self.run.good]
        progress.start("read back", sum(blob.size for blob in blobs), len(blobs))
        before = 0
        for blob in blobs:
            base = before
            try:
                found = self.run.remote.sha256(blob.name, lambda moved, base=base: progress.at(base + moved))  # type: ignore[misc]
            except DamagedError:
                found = ""
            before += blob.size
            progress.at(before, progress.files + 1)
            if found == blob.sha256:
                self.good.append(blob.name)
                continue
            self.run.notes.warn(f"{blob.name} was read back wrong; what this run needs of it was sent anew")
            self.ground.bad[blob.name] = "read back wrong"
            work.give_up_blobs(work.numbers_of([blob.name]))

    def _must_fit(self, waiting: Tally) -> None:
        room = (
            0
            if self.run.remote.folder is not None
            else min(waiting.bytes, PACKS_AT_ONCE * max(self.options.pack_bytes, COPIED_MOST)) + (1 << 20)
        )
        must_have_room(self.run.staging, room, "to put files together")
        must_take(self.ground.listing, self.run.remote.label, waiting.bytes)
        self._waiting = waiting.bytes
        self.run.progress.start("send", waiting.bytes, waiting.files)

    def _send_waiting(self) -> None:
        for found in self.run.work.waiting_files():
            self._files += 1
            if found.size < self.options.object_bytes:
                self._into_pack(found)
            elif found.size <= COPIED_MOST:
                self._by_itself(found)
            else:
                self._from_where_it_is(found)
            self._tick()
        self._seal()
        self._sender.finish(self._tick)

    def _into_pack(self, found: Found) -> None:
        if self._pack is None:
            self._pack = PackWriter(
                self._scratch(layout.PACKS, "tar", min(self._waiting, self.options.pack_bytes)), self._trouble
            )
            self._number = self.run.work.blob(None, 0, fresh=True)
        pack = self._pack
        kept = self._read_it(found, lambda: into_pack(pack, self.run.source.root, found, self._tick))
        if kept is None:
            return
        self.run.at("pack")
        taken = kept.taken
        place = self.run.work.place_of(taken.sha256, taken.size)
        if place is not None:
            pack.undo()
        else:
            place = Place(self._number, taken.offset)
            self._members.append((taken.sha256, taken.size, taken.offset))
        self._put(kept, place)
        if pack.size >= self.options.pack_bytes:
            self._seal()

    def _seal(self) -> None:
        """Finish the pack and have it sent."""
        pack, self._pack = self._pack, None
        self.run.hashes.remember(self._read)
        self._read = []
        if pack is None:
            return
        if not pack.members:
            pack.give_up()
            pack.path.unlink()
            return
        sha256 = pack.close()
        name = layout.pack_name(sha256)
        self.run.work.finish_blob(self._number, name, pack.size)
        members, self._members = self._members, []
        piece = Piece(pack.path, name, sha256, pack.size, members, is_temporary=True, anew=name in self.ground.bad)
        self._sender.send(piece, self._tick, at_once=PACKS_AT_ONCE)

    def _by_itself(self, found: Found) -> None:
        """A file of its own, from a copy that does not change any more."""
        copy = self._scratch(layout.OBJECTS, "object", found.size)
        kept = self._read_it(found, lambda: into_file(copy, self.run.source.root, found, self._tick, self._trouble))
        if kept is None or not self._is_new(kept):
            copy.unlink(missing_ok=True)
            return
        self._send_object(kept, copy, is_temporary=True)

    def _from_where_it_is(self, found: Found) -> None:
        """A very large file. When somebody writes it before it has arrived, it is not in this run."""
        kept = self._read_it(found, lambda: hashed(self.run.source.root, found, self._tick))
        if kept is None or not self._is_new(kept):
            return
        path = Path(str(real_path(self.run.source.root, found.path), "utf-8", "surrogateescape"))
        self._gone.setdefault(layout.object_name(kept.taken.sha256), []).append(found.path)
        self._send_object(kept, path, is_same=lambda: _is_still(path, kept.found))

    def _is_new(self, kept: Kept) -> bool:
        place = self.run.work.place_of(kept.taken.sha256, kept.taken.size)
        if place is not None:
            self._put(kept, place)
        return place is None

    def _send_object(
        self, kept: Kept, source: Path, *, is_temporary: bool = False, is_same: Callable[[], bool] = lambda: True
    ) -> None:
        taken = kept.taken
        name = layout.object_name(taken.sha256)
        self._put(kept, Place(self.run.work.blob(name, taken.size, fresh=True), None))
        members: list[tuple[str, int, int | None]] = [(taken.sha256, taken.size, None)]
        piece = Piece(
            source,
            name,
            taken.sha256,
            taken.size,
            members,
            is_temporary=is_temporary,
            anew=name in self.ground.bad,
            is_same=is_same,
        )
        self._sender.send(piece, self._tick, at_once=PACKS_AT_ONCE if is_temporary else None)

    def _read_it(self, found: Found, read: Callable[[], Kept]) -> Kept | None:
        """The file as it was read; one that is gone or cannot be read is noted, and is not in this run."""
        try:
            kept = read()
        except FileNotFoundError:
            self.run.notes.vanish(found.path)
        except SourceError as error:
            self.run.notes.skip(found.path, str(error))
        else:
            if kept.restless:
                self.run.notes.warn(f"{shown(found.path)}: was written while it was read; one state of it is kept")
            return kept
        self.run.work.drop(found.path)
        return None

    def _scratch(self, folder: str, ending: str, needed: int) -> Path:
        """A new local file for about `needed` bytes to be sent; on the disk of the target where this machine has it."""
        self._packs += 1
        self._needed = needed
        path = self.run.remote.place_for(f"{folder}/{self.run.name}-{self._packs}.{ending}")
        if path is None:
            path = self.run.staging / f"{self._packs}.{ending}"
        self._made.add(path)
        return path

    def _trouble(self, error: OSError) -> Exception:
        """An error in such a file: with figures where it is the target that is full."""
        told = self.run.remote.trouble(error)
        return told_with_room(told, self.run.remote, self._needed) if isinstance(told, RemoteError) else told

    def _put(self, kept: Kept, place: Place) -> None:
        self.run.work.put(kept.found, kept.taken.sha256, place)
        if not kept.restless:
            self._read.append((kept.found, bytes.fromhex(kept.taken.sha256)))

    def _tick(self, moved: int = 0) -> None:
        """Between blocks: tell how far it is, hear whether to stop, and see what has become of the transfers."""
        self._sender.look()
        self.run.progress.at(self._sender.moved, self._files)
        self.run.progress.tell()

    def _finished(self, sent: Sent) -> None:
        self.run.sent.add(sent)
        if sent.read:
            self.good.append(sent.name)

    def _changed(self, name: str) -> None:
        """A very large file was written while it was sent: it is left out, and who has the same bytes comes again."""
        work = self.run.work
        for path in self._gone.pop(name, []):
            work.drop(path)
            if os.path.lexists(real_path(self.run.source.root, path)):
                self.run.notes.skip(path, "it was written while it was sent")
            else:
                self.run.notes.vanish(path)
        work.give_up_blobs(work.numbers_of([name]))


def _is_still(path: Path, found: Found) -> bool:
    """Whether a file is as it was found; one that is gone is not."""
    try:
        return found.is_as(path.stat())
    except OSError:
        return False
