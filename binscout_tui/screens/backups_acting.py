"""What Backups does: starting, following and cancelling work, and what asks before it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from binscout_tui.screens.backups_rows import KINDS, choices, has_no_return, plain, undo_text
from binscout_tui.screens.base import BaseScreen, dialog
from binscout_tui.store import backup_jobs, jobs, users
from binscout_tui.store.users import RANK
from binscout_tui.workers import backups as workers

if TYPE_CHECKING:
    from binscout_tui.operations.backups.listing import RunRow
    from binscout_tui.operations.backups.undoing import UndoCopy
    from binscout_tui.store.jobs import Job

LEVELS = {
    "read back": "every byte that the run names is read and hashed",
    "sizes": "every file it names is there with its size; seconds",
}
LOSSES = {
    "as it is": "back up; no run is pruned until somebody decides",
    "accept": "what is missing is meant to be gone (typed)",
}
ACCEPT = "accept loss"
ROLLBACK = "rollback"


class ActingOnBackups(BaseScreen):
    """The actions; which target and run they are about, and showing it, is for the subclass."""

    def __init__(self) -> None:
        super().__init__()
        self.target = ""
        self.jobs: list[Job] = []
        self._others: list[Job] = []
        self._admins: list[str] = []
        self._undo: UndoCopy | None = None

    @property
    def run(self) -> RunRow | None:
        """The run under the cursor."""
        raise NotImplementedError

    @property
    def row(self) -> RunRow | None:
        """The row under the cursor, also of work that left no run."""
        raise NotImplementedError

    @property
    def last(self) -> RunRow | None:
        """The newest run on the target."""
        raise NotImplementedError

    def show(self) -> None:
        """Show everything as it is now."""
        raise NotImplementedError

    async def load_targets(self, wanted: str = "", run: str = "") -> None:
        """Read which targets there are, and show one."""
        raise NotImplementedError

    @property
    def working(self) -> Job | None:
        """The backup, verification, prune or restore that goes on."""
        return backup_jobs.working(self.jobs)

    @property
    def failed(self) -> Job | None:
        """The last one, where it failed."""
        return None if self.working is not None else backup_jobs.failed(self.jobs)

    @property
    def may_operate(self) -> str | None:
        """Why this person may not back up and verify."""
        if not self._started:
            return self.loading_words
        user = self.ws.user
        if RANK[user.role] >= RANK["operator"]:
            return None
        return f"Backups need the role operator; {user.name} is {user.role}."

    @property
    def may_manage(self) -> str | None:
        """Why this person may not restore, delete and change targets, with who may."""
        if not self._started:
            return self.loading_words
        user = self.ws.user
        if RANK[user.role] >= RANK["admin"]:
            return None
        who = f" Admins here: {', '.join(self._admins)}." if self._admins else " Nobody here is admin."
        return f"That needs the role admin; {user.name} is {user.role}.{who}"

    @property
    def cannot_cancel(self) -> str | None:
        """Why what goes on cannot be stopped any more."""
        if self.working is not None and has_no_return(self.working):
            return "The restored workspace is being put in place; that cannot be cancelled, and takes a second."
        return None

    @property
    def cannot_undo(self) -> str | None:
        """Why there is no restore to take back."""
        return None if self._undo is not None else "No restore was made here that could be taken back."

    async def load_jobs(self) -> None:
        """Read what goes on and what ended last, who may do what, and whether a restore can be taken back."""
        self.jobs = await self.ws.db.read(backup_jobs.latest)
        ours = {job.id for job in self.jobs}
        self._others = [job for job in await self.ws.db.read(jobs.open_jobs) if job.id not in ours]
        self._admins = await self.ws.db.read(users.admins)
        self._undo = await workers.undo_copy(self.ws)

    async def _begun(self, told: str) -> None:
        """Show the job that was started, and say so."""
        self.frame.session.nudge()
        await self.load_jobs()
        self.show()
        self.frame.toast(told)

    @dialog(description="back up")
    async def action_back_up(self) -> None:
        """Ask for a note, and back up."""
        from binscout_tui.dialogs.ask import Ask

        text = "A note for the list, or nothing. It goes on when you leave."
        note: str | None = await self.app.push_screen_wait(Ask(f"Back up to {self.target}", text, may_be_empty=True))
        if note is None:
            return
        accepts = await self._accepts_loss()
        if accepts is not None:
            await workers.start_backup(self.ws, self.target, note, accept_loss=accepts)
            await self._begun(f"The backup to {self.target} begins.")

    async def _accepts_loss(self) -> bool | None:
        """Whether what the last run misses is meant to be gone; None where the person leaves the question."""
        from binscout_tui.dialogs.choose_row import ChooseRow
        from binscout_tui.dialogs.typed import TypedConfirm

        if self.last is None or self.last.state != "suspicious":
            return False
        if self.may_manage is not None:
            return False
        title = f"The last run is suspicious: {plain(self.last.words)}"
        chosen: str | None = await self.app.push_screen_wait(ChooseRow(title, choices(LOSSES)))
        if chosen != "accept":
            return None if chosen is None else False
        text = "Older runs may be pruned again after this one. Nothing is deleted by that now."
        return await self.app.push_screen_wait(TypedConfirm("Accept the loss?", text, ACCEPT))

    @dialog(description="show a run")
    async def action_detail(self) -> None:
        """Show all that is known of the run, and do what is chosen there."""
        from binscout_tui.dialogs.run_detail import RunDetail

        if (row := self.row) is not None:
            chosen = await self.app.push_screen_wait(RunDetail(self.target, row.key))
            await self._do(chosen, row)

    async def _do(self, chosen: str | None, run: RunRow) -> None:
        """What was chosen in the details of a run, with the checks of the key that does the same."""
        ways = {"verify": "backups.verify", "restore": "backups.restore", "folder": "backups.restore"}
        if chosen not in ways:
            return
        verdict = self.verdict(self.SCOPE[ways[chosen]])
        if verdict is not True:
            self.frame.toast(verdict, "warning")
        elif chosen == "verify":
            await self._verify(run)
        else:
            await self._restore(run, "folder" if chosen == "folder" else "everything")

    @dialog(description="verify a run")
    async def action_verify(self) -> None:
        """Ask how thoroughly, and verify."""
        if (run := self.run) is not None:
            await self._verify(run)

    async def _verify(self, run: RunRow) -> None:
        from binscout_tui.dialogs.choose_row import ChooseRow

        level: str | None = await self.app.push_screen_wait(ChooseRow("Verify how thoroughly?", choices(LEVELS)))
        if level is not None:
            await workers.start_verify(self.ws, self.target, run.run, level)
            await self._begun("The run is verified; it goes on when you leave.")

    @dialog(description="restore a run")
    async def action_restore(self) -> None:
        """Show what it would change, and restore once the word is typed."""
        if (run := self.run) is not None:
            await self._restore(run, "everything")

    async def _restore(self, run: RunRow, scope: str) -> None:
        from binscout_tui.dialogs.restore import RestoreDialog

        if run.state == "damaged" and scope == "everything":
            scope = "folder"  # it does not replace what is here
        question = RestoreDialog(self.ws.paths.root, self.target, run, scope)
        wanted = await self.app.push_screen_wait(question)
        if wanted is not None:
            await workers.start_restore(
                self.ws,
                self.target,
                run.run,
                wanted.scope,
                wanted.items,
                wanted.folder,
                skip_damaged=wanted.skip_damaged,
            )
            await self._begun("The restore begins; nothing changes before all is checked.")

    @dialog(description="prune")
    async def action_prune(self) -> None:
        """Show what would go and why the rest stays; delete once the word is typed."""
        from binscout_tui.dialogs.prune import PruneDialog

        plan: str | None = await self.app.push_screen_wait(PruneDialog(self.ws.paths.root, self.target))
        if plan is not None:
            await workers.start_prune(self.ws, self.target, plan)
            await self._begun("What no rule keeps is deleted.")

    @dialog(description="repair")
    async def action_repair(self) -> None:
        """Make again what is missing or damaged on the target, after a question."""
        from binscout_tui.dialogs.confirm import Confirm

        text = "What is missing or damaged there is made again from the files here whose content is still the same."
        if await self.app.push_screen_wait(Confirm(f"Repair {self.target}?", text, yes="Repair it", no="Not now")):
            await workers.start_repair(self.ws, self.target)
            await self._begun(f"{self.target} is repaired as far as the files here can do it.")

    @dialog(description="cancel")
    async def action_cancel(self) -> None:
        """Stop what goes on, after a question."""
        from binscout_tui.dialogs.confirm import Confirm

        if (job := self.working) is None:
            return
        words = KINDS.get(job.kind, job.kind)
        text = "What was not committed does not count; nothing that was there before is lost."
        question = Confirm(f"Cancel: {words} (job {job.id})?", text, yes="Cancel it", no="Let it go on")
        if await self.app.push_screen_wait(question):
            await self.ws.db.write(jobs.ask_cancel, job.id)
            self.frame.session.nudge()
            await self.load_jobs()
            self.show()

    async def action_retry(self) -> None:
        """Start again what failed."""
        from binscout_tui.jobs.control import retry

        if (job := self.failed) is not None:
            await self.ws.db.write(retry, self.ws.paths.root, job.id)
            self.frame.session.nudge()
            await self.load_jobs()
            self.show()
            self.frame.toast(f"Job {job.id} begins again.")

    @dialog(description="targets")
    async def action_targets(self) -> None:
        """Show the targets: one is chosen, added, tested or forgotten."""
        from binscout_tui.dialogs.targets import TargetsDialog

        chosen = await self.app.push_screen_wait(TargetsDialog(self.ws.paths.root, self.target, self.may_manage))
        await self.load_targets(chosen or "")
        await self.keep_place({"target": self.target})
        self.frame.refresh_backups()

    @dialog(description="schedule")
    async def action_schedule(self) -> None:
        """Show when backups run by themselves, and set it."""
        from binscout_tui.screens.backups_schedule import ask_schedule

        await ask_schedule(self)

    @dialog(description="take a restore back")
    async def action_undo_restore(self) -> None:
        """Put back what was here before the last restore, once the word is typed."""
        from binscout_tui.dialogs.typed import TypedConfirm

        if (undo := self._undo) is None:
            return
        now = datetime.now().astimezone()
        text = undo_text(undo, now)
        if await self.app.push_screen_wait(TypedConfirm("Take the restore back?", text, ROLLBACK)):
            await workers.start_rollback(self.ws, undo.copy)
            await self._begun("It is put back as soon as everybody has let go of the workspace.")
