"""From a file to a capture: decoded by the guarded workers, its bytes kept as an original, judged."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from binscout_tui.capture.judging import Judge
from binscout_tui.errors import StorageError
from binscout_tui.imaging.groups import source_group
from binscout_tui.imaging.names import display_name
from binscout_tui.imaging.outcomes import Code, Decoded, Outcome, Rejected
from binscout_tui.imaging.pool import DecodePool
from binscout_tui.operations.importing import decode_limits
from binscout_tui.operations.originals import ChangedError, UnreadableError, keep_again, keep_copy, original_path
from binscout_tui.store.captures import NewCapture, NewFailure
from binscout_tui.store.images import NewImage
from binscout_tui.workspace import Workspace


class Stager:
    """Decoder workers and judge of one source; a context manager, used by one thread but for `keep`."""

    def __init__(self, workspace: Workspace, workers: int | None = None) -> None:
        self._root = workspace.paths.root
        limits = decode_limits(workspace.settings.importing)
        self.pool = DecodePool(workspace.paths.previews, limits, workers, measuring=True, codes=True)
        self.judge = Judge(workspace.paths.previews, workspace.settings.quality)

    def __enter__(self) -> Stager:
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.close()

    def warm_up(self) -> None:
        """Start a worker now: the first picture should not wait for it. Raises DecoderError."""
        self.pool.decode_one(self._root / "no such picture")

    def keep(self, decoded: Decoded) -> Rejected | None:
        """Keep the bytes of a decoded file as an original; what is wrong when it has other bytes by now.

        Raises StorageError when the workspace cannot be written.
        """
        return self._kept(keep_copy, decoded)

    def keep_again(self, decoded: Decoded) -> Rejected | None:
        """`keep` within the transaction that enters the image: a purge may have removed the bytes meanwhile."""
        return self._kept(keep_again, decoded)

    def _kept(self, keep: Callable[[Path, Path, str], None], decoded: Decoded) -> Rejected | None:
        try:
            keep(decoded.path, self._root / original_path(decoded.sha256, decoded.format), decoded.sha256)
        except ChangedError:
            return Rejected.of(decoded.path, Code.CHANGED_WHILE_READING)
        except UnreadableError as error:
            return Rejected.of(decoded.path, Code.UNREADABLE, error.sentence)
        return None

    def decode_and_keep(self, path: Path) -> Outcome:
        """The outcome of one file, whose bytes are an original when it was decoded."""
        outcome = self.pool.decode_one(path)
        return (self.keep(outcome) or outcome) if isinstance(outcome, Decoded) else outcome


def new_image(decoded: Decoded, name: str, source: str, group: str = "") -> NewImage:
    """The image of a picture whose bytes are kept; `name` and `source` are safe to show."""
    return NewImage(
        sha256=decoded.sha256,
        storage="copy",
        path=original_path(decoded.sha256, decoded.format),
        name=name,
        source=source,
        bytes=decoded.bytes,
        mtime_ns=decoded.mtime_ns,
        width=decoded.width,
        height=decoded.height,
        format=decoded.format,
        mode=decoded.mode,
        frames=decoded.frames,
        orientation=decoded.orientation,
        taken_at=decoded.taken_at,
        source_group=group or f"image {decoded.sha256[:16]}",
        phash=decoded.phash,
        sharpness=decoded.sharpness,
        warnings=decoded.warnings,
        origin="captured",
    )


def capture_of_file(decoded: Decoded, source_id: int, fingerprint: str) -> NewCapture:
    """The capture of a file that somebody else keeps; its checks are still to come."""
    shown = display_name(decoded.path)
    image = new_image(decoded, display_name(decoded.path.name), shown, display_name(source_group(decoded.path) or ""))
    return NewCapture(
        source_id=source_id,
        image=image,
        told=decoded.told,
        origin=shown,
        path=decoded.path,
        fingerprint=fingerprint,
        codes=decoded.codes,
    )


def failure(rejected: Rejected, **where: object) -> NewFailure:
    """The failure that a refusal of the decoder is; `where` are further fields of it."""
    said = f"{rejected.reason} ({rejected.detail})" if rejected.detail else rejected.reason
    return NewFailure(code=str(rejected.code), error=said, **where)  # type: ignore[arg-type]


@contextmanager
def scratch(incoming: Path) -> Iterator[Path]:
    """An empty folder for one shot, gone afterwards. Raises StorageError when it cannot be made."""
    try:
        incoming.mkdir(exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix="shot-", dir=incoming))
    except OSError as error:
        raise StorageError(f"{incoming} cannot be written: {error.strerror or error}.", code="read_only") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(incoming: Path) -> None:
    """Remove what a process that was killed left of its shots; for whoever holds the lock."""
    for folder in incoming.glob("shot-*"):
        shutil.rmtree(folder, ignore_errors=True)
