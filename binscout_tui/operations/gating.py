"""The gate, activation through it, and rollback, for every task."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec

from binscout_tui.engine.client import EngineClient
from binscout_tui.errors import BinScoutError, UsageError
from binscout_tui.imaging.names import one_line
from binscout_tui.learning.gate import (
    Evidence,
    GateBudget,
    GateVerdict,
    could_not_be_tried,
    does_not_load,
    judge,
    judge_counts,
    judge_sets,
    loads,
    verdict,
)
from binscout_tui.operations import gate_trial
from binscout_tui.operations.engines import engine, unchanged
from binscout_tui.operations.gate_trial import REPLAYED, Said, Trial, ask_all, different, replay
from binscout_tui.settings import GateSettings
from binscout_tui.store import known_good, models
from binscout_tui.store.gates import without_names
from binscout_tui.store.known_good import KnownSet, identity
from binscout_tui.store.models import Activation, Gate, Model
from binscout_tui.wording import counted
from binscout_tui.workspace import LiveWorkspace

MEBIBYTE = 1 << 20
DAMAGED = frozenset(
    {
        *("model_changed", "model_corrupt", "model_missing", "model_mismatch", "model_other_task"),
        *("bad_model_id", "wrong_task"),
    }
)
"""What the model itself is to blame for; all else says that the test could not be carried out."""


async def gate(workspace: LiveWorkspace, model_id: str) -> Gate:
    """Judge a model on the known-good samples of its task and write the verdict down; whatever is in doubt fails.

    A model whose files are not what training made fails; an engine that cannot be had makes the verdict an error.
    Raises NotFoundError for an unknown model, RefusedError for viewers.
    """
    workspace.user.must_be("operator", "Testing a model at the gate")
    trial = await workspace.db.read(gate_trial.gather, model_id, workspace.settings.gate)
    found, said = await _tried(workspace, trial)
    await workspace.db.write(
        models.add_gate,
        workspace.user.uid,
        model_id,
        passed=found.passed,
        state=found.state,
        checks=[without_names(msgspec.to_builtins(check), trial.hidden) for check in found.checks],
        broken=_names(trial, found.newly_broken),
        replay=said.replay if said else [],
        basis=trial.basis,
    )
    written = await workspace.db.read(models.last_gate, model_id)
    if written is None:
        raise BinScoutError("The verdict was not written.", code="gate_lost")
    return written


async def activate(workspace: LiveWorkspace, model_id: str, *, reason: str = "") -> Activation:
    """Make a model active: only with a passed gate, or by an admin's typed reason.

    The engine loads it beside the active one and warms it up, and it must say again what it said at the gate; when
    any of that fails the active model stays so. Raises UsageError for a reason without words.
    """
    workspace.user.must_be("admin", "Activating a model")
    if reason and not (reason := one_line(reason)):
        raise UsageError("The reason has no words.", hint="Say why, or leave --reason away.", code="no_reason")
    floors = workspace.settings.gate
    await workspace.db.read(models.may_activate, model_id, floors, reason=reason)
    model = await workspace.db.read(models.get, model_id)

    async def move() -> Activation:
        return await workspace.db.write(models.activate, workspace.user.uid, model_id, floors, reason=reason)

    return await _put_to_use(workspace, model, move)


async def rollback(workspace: LiveWorkspace, task: str = "classify") -> Activation:
    """Go back to the model that was active before; when the engine cannot load it, the active one stays so."""
    workspace.user.must_be("admin", "Rolling a model back")
    target = await workspace.db.read(models.previous, task)

    async def move() -> Activation:
        return await workspace.db.write(models.rollback, workspace.user.uid, task, target.id)

    return await _put_to_use(workspace, target, move)


async def _put_to_use(workspace: LiveWorkspace, model: Model, move: Callable[[], Awaitable[Activation]]) -> Activation:
    """Load, replay, make it the engine's default and move the alias, in that order; what fails leaves all as it was."""
    unchanged(workspace, model)
    before = await workspace.db.read(models.active, model.task)
    async with engine(workspace) as client:
        await client.load(model.id, sha256=model.sha256, default=False)
        await _says_it_again(workspace, client, model)
        await client.load(model.id, sha256=model.sha256)
        try:
            return await move()
        except BaseException:
            if before is not None:
                await client.load(before.id, sha256=before.sha256)
            raise


async def _says_it_again(workspace: LiveWorkspace, client: EngineClient, model: Model) -> None:
    """Compare with what the gate was told. Raises BinScoutError (`replay_differs`)."""
    last = await workspace.db.read(models.last_gate, model.id)
    now = await workspace.db.read(models.basis, model.id, workspace.settings.gate)
    if last is None or last.model_hash != now.model_hash:
        return
    samples = {one["sample"] for one in last.replay[:REPLAYED]}
    found = await workspace.db.read(known_good.listed, model.task, concealed=True)
    listed = [entry for entry in found if identity(entry) in samples]
    told = await replay(
        client, workspace.paths, model, listed, await workspace.db.read(known_good.pictures, model.task)
    )
    known = {one["sample"] for one in told}
    other = different([one for one in last.replay if one["sample"] in known], told)
    if other:
        raise BinScoutError(
            f"{model.id} says something else of {len(other)} of {counted(len(told), 'known-good sample')}"
            " than it did at the gate.",
            hint=f"Run `binscout gate {model.id}` again, and look what changed on this machine.",
            code="replay_differs",
        )


def _names(trial: Trial, broken: Sequence[str]) -> list[str]:
    """`image 12` or `set 4` for samples by their identity, in the order of the list."""
    wanted = set(broken)
    return [
        f"set {entry.set_id}" if isinstance(entry, KnownSet) else f"image {entry.image_id}"
        for entry in trial.listed
        if identity(entry) in wanted
    ]


async def _tried(workspace: LiveWorkspace, trial: Trial) -> tuple[GateVerdict, Said | None]:
    """The verdict, and what the model said where it said something."""
    async with engine(workspace) as client:
        try:
            unchanged(workspace, trial.model)
            said = await ask_all(client, workspace.paths, trial.model, trial)
        except BinScoutError as error:
            return (does_not_load if error.code in DAMAGED else could_not_be_tried)(error.sentence), None
        try:
            rival = await _rival(workspace, client, trial)
        except BinScoutError as error:
            active = trial.active.id if trial.active else ""
            return could_not_be_tried(f"The active model {active} could not be asked: {error.sentence}"), said
    found = judged(trial, said, rival, workspace.settings.gate)
    arch = str(trial.model.card.get("arch", ""))
    return verdict([loads(arch, trial.model.sha256), *found.checks], found.newly_broken), said


async def _rival(workspace: LiveWorkspace, client: EngineClient, trial: Trial) -> Said | None:
    if trial.active is None or trial.active.id == trial.model.id:
        return None
    unchanged(workspace, trial.active)
    return await ask_all(client, workspace.paths, trial.active, trial)


def judged(trial: Trial, said: Said, rival: Said | None, floors: GateSettings) -> GateVerdict:
    """The verdict on what was said, by the rules of the model's task. Pure."""
    evidence = Evidence(
        leaked=trial.leaked,
        alike=trial.alike,
        repeated=said.repeated,
        budget=GateBudget(seconds_per_image=floors.max_seconds_per_image, memory_bytes=floors.max_memory_mb * MEBIBYTE),
        measured=said.measured,
    )
    listed, lines = trial.listed, said.lines
    if trial.model.task == "select":
        active = None if rival is None else gate_trial.set_cases(listed, rival.lines)
        return judge_sets(gate_trial.set_cases(listed, lines), floors, active=active, evidence=evidence)
    if trial.model.task == "count":
        before = None if rival is None else gate_trial.count_cases(listed, rival.lines)
        cases = gate_trial.count_cases(listed, lines)
        return judge_counts(cases, floors, active=before, item=trial.item, evidence=evidence)
    return judge(
        gate_trial.class_cases(listed, lines),
        floors,
        classes=trial.model.card.get("classes", []),
        active=None if rival is None else gate_trial.class_cases(listed, rival.lines),
        has_threshold=_can_refuse(trial.model.card),
        evidence=evidence,
    )


def _can_refuse(card: Mapping[str, Any]) -> bool:
    """Whether a classifier calls anything unknown: by a rule, or by too little confidence."""
    return bool(card.get("unknown")) or float(card.get("unknown_threshold", 0) or 0) > 0
