"""The one object that screens and commands hold: paths, settings, the user, the database."""

from __future__ import annotations

import os
from pathlib import Path

from binscout_tui import settings as settings_module
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
    """An open workspace for commands and jobs; the app uses `LiveWorkspace`."""

    def __init__(self, root: Path) -> None:
        self.paths = Paths(root)
        _must_exist(self.paths)
        self.settings = settings_module.load(self.paths.settings)
        self.db = Database(self.paths.database)
        try:
            self.user = _signed_in(self.db)
        except BaseException:
            self.db.close()
            raise

    def close(self) -> None:
        """Let go of the database."""
        self.db.close()

    def __enter__(self) -> Workspace:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class LiveWorkspace:
    """An open workspace for the app: the same, with a database that is awaited."""

    def __init__(self, paths: Paths, settings: settings_module.Settings, db: AsyncDatabase, user: User) -> None:
        self.paths = paths
        self.settings = settings
        self.db = db
        self.user = user

    @classmethod
    async def open(cls, root: Path) -> LiveWorkspace:
        """Open the workspace in `root`. Raises the errors of `Workspace`."""
        paths = Paths(root)
        _must_exist(paths)
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
        return cls(paths, settings, db, user)

    async def close(self) -> None:
        """Finish what is queued and let go of the database."""
        await self.db.close()


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


def _must_exist(paths: Paths) -> None:
    if not paths.database.is_file():
        raise NotFoundError(
            f"There is no workspace in {paths.root}.",
            hint=f"`binscout init {paths.root}` makes one; --workspace chooses another folder.",
            code="no_workspace",
        )
    refuse_network_file_system(paths.root)
