"""The one object that screens and commands hold: paths, settings, the user, the database."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from binscout_tui import settings as settings_module
from binscout_tui.backup.swapping import in_use
from binscout_tui.backup.swapping.in_use import Hold
from binscout_tui.errors import NotFoundError, StorageError
from binscout_tui.store import users
from binscout_tui.store.connection import refuse_network_file_system
from binscout_tui.store.database import AsyncDatabase, Database
from binscout_tui.store.images import Image
from binscout_tui.store.users import User

DATABASE = "binscout.db"
ENVIRONMENT = "BINSCOUT_WORKSPACE"


class Paths:
    """Where everything of a workspace lies."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.database = root / DATABASE
        self.settings = root / "settings.toml"
        self.originals = root / "originals"
        self.previews = root / "previews"
        self.datasets = root / "datasets"
        self.runs = root / "runs"
        self.models = root / "models"
        self.logs = root / "logs"
        self.incoming = root / "incoming"
        self.derived = root / "derived"
        self.vectors = self.derived / "vectors"

    def run(self, run_id: str) -> Path:
        """The folder of a training run."""
        return self.runs / run_id

    def model(self, model_id: str) -> Path:
        """The folder of a model."""
        return self.models / model_id

    def original(self, image: Image) -> Path:
        """The file of an original, wherever it is kept."""
        return self.root / image.path


class Workspace:
    """An open workspace for commands and jobs; the app uses `LiveWorkspace`.

    While it is open nobody can put a restored workspace in its place. What lasts is to ask `give_way` now and then.
    """

    def __init__(self, root: Path) -> None:
        self.paths = Paths(root)
        self.reopen()

    def reopen(self) -> None:
        """Open it again after `let_go`; settings, database and user are read anew."""
        self._hold = _held(self.paths)
        try:
            self.settings = settings_module.load(self.paths.settings)
            self.db = Database(self.paths.database)
            try:
                self.user = _signed_in(self.db)
            except BaseException:
                self.db.close()
                raise
        except BaseException:
            self._hold.release()
            raise

    def let_go(self) -> None:
        """Close it, so that another workspace can be put in its place; `reopen` ends that."""
        self.db.close()
        self._hold.release()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Let go for the length of the block."""
        self.let_go()
        try:
            yield
        finally:
            self.reopen()

    def give_way(self, patience_s: float = 120) -> bool:
        """Where somebody wants to put a restored workspace in place: let go until that is over, and open again.

        True when that was so: nothing that was read before holds any more. Raises RefusedError (`being_replaced`) when
        it is not over in so many seconds.
        """
        if not self._hold.is_wanted:
            return False
        with self.away():
            in_use.wait_over(self.paths.root, patience_s)
        return True

    @property
    def is_wanted(self) -> bool:
        """Whether somebody wants to put a restored workspace in place."""
        return self._hold.is_wanted

    def close(self) -> None:
        """Let go of the database."""
        self.let_go()

    def __enter__(self) -> Workspace:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class LiveWorkspace:
    """An open workspace for the app: the same, with a database that is awaited."""

    def __init__(
        self, paths: Paths, settings: settings_module.Settings, db: AsyncDatabase, user: User, hold: Hold
    ) -> None:
        self.paths = paths
        self.settings = settings
        self.db = db
        self.user = user
        self._hold = hold

    @classmethod
    async def open(cls, root: Path) -> LiveWorkspace:
        """Open the workspace in `root`. Raises the errors of `Workspace`."""
        paths = Paths(root)
        hold = await _held_beside(paths)
        try:
            settings = settings_module.load(paths.settings)
            db = await AsyncDatabase.open(paths.database)
            try:
                identity = users.os_identity()
                user = await db.read(users.find, identity[0])
                if user is None:
                    user = await db.write(users.sign_in, *identity)
            except BaseException:
                await db.close()
                raise
        except BaseException:
            hold.release()
            raise
        return cls(paths, settings, db, user, hold)

    @property
    def is_wanted(self) -> bool:
        """Whether somebody waits for it to be closed, to put a restored workspace in place."""
        return self._hold.is_wanted

    async def close(self) -> None:
        """Finish what is queued and let go of the database."""
        try:
            await self.db.close()
        finally:
            self._hold.release()


def locate(option: Path | None = None) -> Path:
    """The folder meant by `--workspace`, else by the environment, else the platform's data folder."""
    if option is not None:
        return option.expanduser().absolute()
    if named := os.environ.get(ENVIRONMENT):
        return Path(named).expanduser().absolute()
    from platformdirs import user_data_path

    return user_data_path("binscout")


def create(root: Path) -> bool:
    """Make a workspace in `root`; False when there is one already.

    Raises RefusedError on a network file system, StorageError where the folder cannot be written.
    """
    paths = Paths(root)
    if in_use.lock_path(root).exists():
        # Its database may be away for a moment only.
        in_use.hold(root, _recover, writes=False).release()
    if paths.database.exists():
        Workspace(root).close()
        return False
    try:
        root.mkdir(parents=True, exist_ok=True)
        refuse_network_file_system(root)
        db = Database(paths.database)
    except OSError as error:
        raise StorageError(
            f"No workspace can be made in {root}: {error.strerror or error}.",
            hint="Choose a folder that you can write with --workspace.",
            code="cannot_create",
        ) from error
    try:
        _signed_in(db)
    finally:
        db.close()
    return True


def check(root: Path) -> None:
    """Raise, in one sentence, what would keep the workspace in `root` from opening."""
    Workspace(root).close()


def _signed_in(db: Database) -> User:
    """This process's user; only a first visit needs to write."""
    identity = users.os_identity()
    return db.read(users.find, identity[0]) or db.write(users.sign_in, *identity)


def held(root: Path) -> Hold:
    """A hold on the workspace in `root` for what opens only a part of it; raises what opening it raises."""
    return _held(Paths(root))


def _held(paths: Paths) -> Hold:
    """A hold on an existing workspace; what was left of a swap that was cut off is settled first."""
    _must_be_one(paths)
    return _existing(paths, in_use.hold(paths.root, _recover, writes=_writes(paths)))


async def _held_beside(paths: Paths) -> Hold:
    """The same; only where something must be waited for, a thread does that."""
    _must_be_one(paths)
    found = in_use.try_hold(paths.root, writes=_writes(paths))
    if isinstance(found, Hold):
        return _existing(paths, found)
    import asyncio

    return await asyncio.to_thread(_held, paths)


def _existing(paths: Paths, hold: Hold) -> Hold:
    try:
        _must_exist(paths)
    except BaseException:
        hold.release()
        raise
    return hold


def _recover(root: Path) -> None:
    from binscout_tui.backup.swapping.swap import recover

    recover(root)


def _writes(paths: Paths) -> bool:
    return os.access(paths.database, os.W_OK)


def _must_be_one(paths: Paths) -> None:
    """Raise unless there is a workspace, or one whose files are being moved now: that has no database for a moment."""
    if not in_use.lock_path(paths.root).exists():
        _must_exist(paths)


def _must_exist(paths: Paths) -> None:
    if not paths.database.is_file():
        raise NotFoundError(
            f"There is no workspace in {paths.root}.",
            hint=f"`binscout init {paths.root}` makes one; --workspace chooses another folder.",
            code="no_workspace",
        )
    refuse_network_file_system(paths.root)
