"""What Backups asks of a target, beside the event loop: in threads that nobody has to wait for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import msgspec

from binscout_tui.errors import BinScoutError
from binscout_tui.settings import BackupSettings
from binscout_tui.store import jobs
from binscout_tui.store.database import Database, StoreFunction
from binscout_tui.workspace import LiveWorkspace, Paths, Workspace

if TYPE_CHECKING:
    from binscout_tui.backup.keeping.pruning import PrunePlan
    from binscout_tui.backup.target.known import Target
    from binscout_tui.backup.target.testing import TestStep
    from binscout_tui.operations.backups.comparing import Comparison
    from binscout_tui.operations.backups.listing import RunsView
    from binscout_tui.operations.backups.undoing import UndoCopy

P = ParamSpec("P")
T = TypeVar("T")


class _Passing(Database):
    """A workspace's database that is open, and its workspace held, only while it is asked."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, function: StoreFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        with Workspace(self._root) as workspace:
            return workspace.db.read(function, *args, **kwargs)

    def write(self, function: StoreFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        with Workspace(self._root) as workspace:
            return workspace.db.write(function, *args, **kwargs)

    def close(self) -> None:
        pass


class _Loose(Workspace):
    """A workspace that nobody is kept from replacing while a target is asked."""

    def reopen(self) -> None:
        super().reopen()
        self.let_go()
        self.db = _Passing(self.paths.root)


async def aside(root: Path, work: Callable[[Workspace], T]) -> T:
    """What `work` returns or raises, with a workspace for it, in a thread of its own.

    A target that hangs must keep neither a key nor the end of the program waiting: the thread ends with the process,
    and so does the transport's child. Nor may it keep a restore from another target waiting: the workspace is held
    only while its database is asked.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def run() -> None:
        try:
            with _Loose(root) as workspace:
                result = work(workspace)
        except BaseException as error:  # noqa: BLE001  whatever it is, the one who waits gets it
            _tell(loop, answer, partial(answer.set_exception, error))
        else:
            _tell(loop, answer, partial(answer.set_result, result))

    Thread(target=run, name="backups", daemon=True).start()
    return await answer


def _tell(loop: asyncio.AbstractEventLoop, answer: asyncio.Future[T], give: Callable[[], object]) -> None:
    def now() -> None:
        if not answer.done():
            give()

    _in_loop(loop, now)


def _in_loop(loop: asyncio.AbstractEventLoop, call: Callable[[], object]) -> None:
    with suppress(RuntimeError):  # the program has ended meanwhile, nobody waits
        loop.call_soon_threadsafe(call)


async def runs(root: Path, target: str, *, live: bool) -> RunsView:
    """What lies on a target: as it was seen last, or with a look at it now."""

    def look(workspace: Workspace) -> RunsView:
        from binscout_tui.operations.backups import listing

        return listing.runs(workspace, target, live)

    return await aside(root, look)


def mark(paths: Paths, wanted: BackupSettings) -> tuple[str, bool]:
    """How old the last good backup is and whether that is an alarm: `2d`, `5h`, `none`; `?` where nobody has looked.

    The words are empty where there is no target.
    """
    from binscout_tui.operations.backups.standing import standing

    try:
        found = standing(paths, wanted)
    except BinScoutError:
        return "?", False
    if not found.target:
        return "", False
    if not found.known:
        return "?", False
    return "none" if found.days is None else age(found.days), found.late


def age(days: float) -> str:
    """An age in the shortest words: `2d`, `5h`, `0h` for what was just now."""
    return f"{int(days)}d" if days >= 1 else f"{int(days * 24)}h"


async def targets(root: Path) -> list[Target]:
    """The targets that this workspace knows."""
    from binscout_tui.backup.target import known

    return await asyncio.to_thread(known.read, root / "backup")


async def test_target(root: Path, name: str, told: Callable[[TestStep], None]) -> list[TestStep]:
    """Test a target; `told` gets each step as soon as it is done."""
    loop = asyncio.get_running_loop()

    def test(workspace: Workspace) -> list[TestStep]:
        from binscout_tui.operations.backups import targets as operation

        return operation.check(workspace, name, lambda step: _in_loop(loop, partial(told, step)))

    return await aside(root, test)


async def remove_target(root: Path, name: str) -> None:
    """Forget a target; what lies there stays."""

    def remove(workspace: Workspace) -> None:
        from binscout_tui.operations.backups import targets as operation

        operation.remove(workspace, name)

    await aside(root, remove)


async def prune_plan(root: Path, target: str) -> PrunePlan:
    """What a prune would delete now."""

    def plan(workspace: Workspace) -> PrunePlan:
        from binscout_tui.operations.backups import pruning

        return pruning.plan(workspace, target)

    return await aside(root, plan)


async def start_backup(workspace: LiveWorkspace, target: str, note: str, *, accept_loss: bool) -> int:
    """Start a backup; the job's id. Raises RefusedError while another one goes on."""
    from binscout_tui.operations.backups import running

    return await _start(workspace, running.enqueue, workspace, target, note=note, accept_loss=accept_loss)


async def start_verify(workspace: LiveWorkspace, target: str, run: str, level: str) -> int:
    """Start a look at a run; the job's id. Raises RefusedError while another one goes on."""
    from binscout_tui.operations.backups import keeping

    wanted = "sizes" if level == "sizes" else "read back"
    return await _start(workspace, keeping.enqueue_verify, workspace, target, run, wanted)


async def start_repair(workspace: LiveWorkspace, target: str) -> int:
    """Start making again what is missing or damaged on a target; the job's id. Raises RefusedError."""
    from binscout_tui.operations.backups import keeping

    return await _start(workspace, keeping.enqueue_repair, workspace, target)


async def start_prune(workspace: LiveWorkspace, target: str, plan: str) -> int:
    """Start deleting what the plan with this hash says; the job's id. Raises RefusedError."""
    from binscout_tui.operations.backups import keeping

    return await _start(workspace, keeping.enqueue_prune, workspace, target, plan)


async def start_rollback(workspace: LiveWorkspace, copy: str) -> int:
    """Start taking a restore back, for which the word was typed; the job's id. Raises RefusedError."""
    from binscout_tui.operations.backups.undoing import WORD

    workspace.user.must_be("admin", "Taking a restore back")
    payload = {"copy": copy, "confirmed": WORD}
    return await _start(workspace, jobs.add, workspace.user.uid, "rollback", payload)


async def _start(workspace: LiveWorkspace, enqueue: Callable[..., int], *args: Any, **more: Any) -> int:
    from binscout_tui.jobs.launch import launch

    job_id = await workspace.db.write(enqueue, *args, **more)
    await asyncio.to_thread(launch, workspace.paths.root, job_id)
    return job_id


async def compare(root: Path, target: str, run: str, scope: str, items: Sequence[str], folder: str) -> Comparison:
    """What restoring a run would change; nothing is changed."""

    def look(workspace: Workspace) -> Comparison:
        from binscout_tui.operations.backups import comparing
        from binscout_tui.operations.backups.restore_source import Scope

        wanted = msgspec.convert({"kind": scope, "items": tuple(items), "folder": folder}, Scope)
        return comparing.compare(workspace, target, run, wanted)

    return await aside(root, look)


async def undo_copy(workspace: LiveWorkspace) -> UndoCopy | None:
    """What was here before the last restore, where that can be put back."""
    from binscout_tui.operations.backups import undoing

    return next(iter(await undoing.copies_live(workspace)), None)


async def start_restore(
    workspace: LiveWorkspace,
    target: str,
    run: str,
    scope: str,
    items: Sequence[str],
    folder: str,
    *,
    skip_damaged: bool = False,
) -> int:
    """Start a restore for which the word was typed; the job's id. Raises RefusedError, UsageError."""
    from binscout_tui.jobs.launch import launch

    def enqueue(opened: Workspace) -> int:
        from binscout_tui.operations.backups import restoring
        from binscout_tui.operations.backups.restore_source import Scope

        wanted = msgspec.convert({"kind": scope, "items": tuple(items), "folder": folder}, Scope)
        order = restoring.Order(target=target, run=run, scope=wanted, skip_damaged=skip_damaged, confirm=restoring.WORD)
        return restoring.enqueue(opened, order)

    job_id = await aside(workspace.paths.root, enqueue)
    await asyncio.to_thread(launch, workspace.paths.root, job_id)
    return job_id
