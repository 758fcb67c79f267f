"""`dataset …`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from binscout_tui.cli.paging import cut, say_more
from binscout_tui.cli.session import Session, session
from binscout_tui.errors import EXIT_DONE, EXIT_FAILED, UsageError
from binscout_tui.learning.splits import SPLITS
from binscout_tui.wording import counted

if TYPE_CHECKING:
    from binscout_tui.operations.dataset_health import Finding, Health
    from binscout_tui.operations.dataset_plan import Plan
    from binscout_tui.operations.datasets import BuildReport, Wanted
    from binscout_tui.store.dataset_pages import FrozenRow, Version
    from binscout_tui.store.datasets import Dataset

dataset_app = typer.Typer(help="Dataset versions.", no_args_is_help=True)
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(dataset_app, name="dataset")


@dataset_app.command()
def build(
    context: typer.Context,
    name: str,
    task: Annotated[
        Literal["classify", "select", "count"],
        typer.Option(help="classify: images with a class; select: decided sets; count: images with boxes or counts."),
    ] = "classify",
    item: Annotated[str, typer.Option(help="For count: only things of this item or class.")] = "",
    split: Annotated[str, typer.Option(help="Percent for train/val/test.")] = "80/10/10",
    allow_leaks: Annotated[
        bool, typer.Option("--allow-leaks", help="Freeze although pictures that belong together are in two splits.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Why leaks are allowed; the journal keeps it.")] = "",
    known_good: Annotated[
        Literal["auto", "none"],
        typer.Option(help="auto: fill the gate's list from the test split where it is empty."),
    ] = "auto",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be frozen, and write nothing.")] = False,
) -> None:
    """Freeze what people said for a task into a version with an id of its content."""
    from binscout_tui.operations.datasets import Wanted
    from binscout_tui.operations.splitting import parse_ratios

    wanted = Wanted(
        name=name,
        task=task,
        item=item,
        ratios=parse_ratios(split),
        allow_leaks=allow_leaks,
        leak_reason=reason,
        fill_known_good=known_good == "auto",
    )
    (_plan if dry_run else _build)(session(context), wanted)


def _build(ours: Session, wanted: Wanted) -> None:
    from binscout_tui.operations.datasets import build as build_dataset

    with ours.workspace() as workspace:
        report = build_dataset(workspace, wanted)
    lines = [
        f"{report.name}  {report.id}" + ("" if report.is_new else "  (this list was frozen before)"),
        f"{_shape(report)}: " + ", ".join(f"{split} {number}" for split, number in report.splits.items()),
        *_sample_lines(report),
        *_why_not_as_asked(wanted, report),
        *_left_out_lines(report.task, report.left_out),
    ]
    if report.leaks:
        pairs = counted(len(report.leaks), "pair that belongs together lies", "pairs that belong together lie")
        lines.append(f"{pairs} in different splits, as allowed")
    if report.known_good:
        what = "set" if report.task == "select" else "image"
        tested = counted(report.known_good, f"test {what} is", f"test {what}s are")
        lines.append(f"{tested} the gate's known-good list now")
    if report.unexamined:
        left_out = counted(report.unexamined, "image is not decoded yet and was", "images are not decoded yet and were")
        lines.append(f"{left_out} left out: `images examine --wait`")
    ours.answer(report, lines + _finding_lines(report.findings))


def _shape(found: BuildReport | Plan) -> str:
    item = f" of {found.item}" if found.item else ""
    return f"{found.task}{item}, {counted(found.images, 'image')} in {counted(found.groups, 'group')}"


def _sample_lines(found: BuildReport | Plan) -> list[str]:
    """The number of sets, where a version has sets."""
    if found.task != "select":
        return []
    splits = ", ".join(f"{split} {number}" for split, number in found.samples.items())
    return [f"{counted(sum(found.samples.values()), 'decided set')}: {splits}"]


def _left_out_lines(task: str, left_out: dict[str, int]) -> list[str]:
    from binscout_tui.operations.dataset_material import left_out_words

    return [f"left out: {', '.join(words)}"] if (words := left_out_words(task, left_out)) else []


def _why_not_as_asked(wanted: Wanted, found: BuildReport | Plan) -> list[str]:
    """Why a split is clearly not the share that was asked for: one line, or none where it is."""
    from binscout_tui.operations.splitting import JUDGED

    samples, noun = sum(found.samples.values()), "set" if found.task == "select" else "image"
    shares = [ratio * samples / 100 for ratio in wanted.ratios]
    off = max(abs(share - found.samples[split]) for share, split in zip(shares, SPLITS, strict=True))
    if off < max(2, samples / 20):
        return []
    asked, would = "/".join(map(str, wanted.ratios)), "/".join(f"{share:.0f}" for share in shares)
    groups = f"{counted(found.groups, 'group')}, the largest has {counted(found.largest, 'image')}"
    return [
        f"{asked} would be {would}: groups stay whole and keep their split ({groups}),"
        f" and val and test get up to {JUDGED} {noun}s of small classes too"
    ]


def _plan(ours: Session, wanted: Wanted) -> None:
    from binscout_tui.operations.dataset_plan import plan

    with ours.workspace() as workspace:
        found = plan(workspace, wanted)
    ours.answer(found, _plan_lines(wanted, found))


def _plan_lines(wanted: Wanted, found: Plan) -> list[str]:
    lines = [
        f"{found.name}  {found.id}  (nothing is frozen yet)",
        _shape(found),
        *_class_lines(found.counts),
        *_sample_lines(found),
        *_why_not_as_asked(wanted, found),
        *_left_out_lines(found.task, found.reasons),
    ]
    if found.left_out:
        left_out = counted(found.left_out, "labelled image is", "labelled images are")
        lines.append(f"{left_out} left out: the files are lost, or not decoded yet")
    if found.leaks:
        leaks = counted(len(found.leaks), "leak keeps", "leaks keep")
        lines.append(f"{leaks} it from being frozen; --allow-leaks --reason TEXT overrides that")
    return lines + _finding_lines(found.findings)


@dataset_app.command("list")
def list_datasets(context: typer.Context, limit: Limit = 50) -> None:
    """List dataset versions, newest first."""
    from binscout_tui.store import dataset_pages

    ours = session(context)
    with ours.workspace() as workspace:
        found = workspace.db.read(dataset_pages.versions, limit)
    answer = [
        {
            "id": one.dataset.id,
            "name": one.dataset.name,
            "task": one.dataset.task,
            "manifest": one.dataset.manifest,
            "counts": one.dataset.counts,
            "created_at": one.dataset.created_at,
            "built_at": one.built_at,
            "by": one.by,
            "images": one.images,
            "sets": one.sets,
            "item": one.dataset.item,
            "splits": one.splits,
        }
        for one in found
    ]
    ours.answer(
        answer,
        [
            f"{one.dataset.id}  {one.built_at}  {one.dataset.task}  {counted(one.images, 'image'):>14}"
            f" {_kinds(one):>12}"
            f"  {'/'.join(str(one.splits[split]) for split in SPLITS)}  {one.by}  {one.dataset.name}"
            for one in found
        ]
        or "No dataset yet; `binscout dataset build NAME` makes one.",
    )


@dataset_app.command("show")
def show_dataset(
    context: typer.Context,
    name: str,
    filter_text: Annotated[str, typer.Option("--filter", help="Only images that this filter lets through.")] = "",
    split: Annotated[Literal["train", "val", "test"] | None, typer.Option(help="Only images of this split.")] = None,
    frozen: Annotated[str | None, typer.Option("--class", help="Only images of this class, as it was frozen.")] = None,
    images: Annotated[bool, typer.Option("--images", help="List its images too.")] = False,
    limit: Limit = 100,
    after: Annotated[int, typer.Option(min=0, help="Go on after the image with this id.")] = 0,
) -> None:
    """Show a version's classes and splits; with a filter, a split or a class its images, page by page."""
    from binscout_tui.store import dataset_pages, datasets
    from binscout_tui.store.dataset_pages import Wanted

    ours = session(context)
    wanted = Wanted(split=split, label=frozen, text=filter_text)
    listed = images or wanted != Wanted()
    with ours.workspace() as workspace:
        found = workspace.db.read(datasets.find, name)
        _must_have(found, frozen)
        ids = workspace.db.read(dataset_pages.piece, found.id, wanted, after, limit + 1) if listed else []
        ids, is_more = cut(ids, limit)
        rows = workspace.db.read(dataset_pages.rows, found.id, ids)
    lines = [f"{found.name}  {found.id}  {found.task}", *_class_lines(found.counts)]
    if not listed:
        ours.answer(found, lines)
        return
    shown = [
        {
            "id": row.image.id,
            "sha256": row.image.sha256,
            "name": row.image.name,
            "label": row.frozen,
            "split": row.split,
            "label_now": row.now.name if row.now is not None else None,
            "count": row.count,
            "boxes": [{"box": box, "class": label or None} for box, label in row.boxes],
        }
        for row in rows
    ]
    ours.answer(
        {
            "id": found.id,
            "name": found.name,
            "counts": found.counts,
            "images": shown,
            "next": ids[-1] if is_more else None,
        },
        [
            f"{row.image.id:>8}  {row.split or '-':<5} {_said(row):<24} {row.image.name}"
            + ("  (another label today)" if row.differs else "")
            for row in rows
        ]
        or "No image of this version is like that.",
    )
    if is_more:
        say_more(ours, len(ids), ids[-1])


def _said(row: FrozenRow) -> str:
    return (row.frozen or "-") if row.count is None else str(row.count)


def _kinds(one: Version) -> str:
    """What a version is made of, in a few words."""
    if one.dataset.task == "select":
        return counted(one.sets, "set")
    return counted(one.classes, "class", "classes") if one.dataset.task == "classify" else one.dataset.item or "all"


def _must_have(found: Dataset, label: str | None) -> None:
    """Raise UsageError when the version has no such class."""
    from binscout_tui.filtering.errors import did_you_mean
    from binscout_tui.store.names import composed

    if label is not None and composed(label) not in found.counts:
        hint = did_you_mean(label, found.counts) or f"`binscout dataset show {found.name}` lists its classes."
        raise UsageError(f"There is no class {label!r} in {found.name}.", hint=hint, code="no_class")


@dataset_app.command()
def diff(
    context: typer.Context,
    before: str,
    after: str,
    kind: Annotated[
        Literal["added", "removed", "relabelled", "moved"] | None, typer.Option(help="List the images of this kind.")
    ] = None,
    limit: Limit = 100,
    beyond: Annotated[str, typer.Option("--after", help="Go on after the image with this hash.")] = "",
) -> None:
    """Say what the second version has otherwise than the first."""
    from binscout_tui.operations.dataset_diff import compare, words

    ours = session(context)
    with ours.workspace() as workspace:
        found = workspace.db.read(compare, before, after, kind=kind, beyond=beyond, limit=limit if kind else 0)
    lines = [f"{found.before.name} {found.before.id} → {found.after.name} {found.after.id}"]
    lines.append(", ".join(f"{number:,} {name}" for name, number in found.counts.items()))
    lines += [f"sets: {', '.join(f'{number:,} {way}' for way, number in found.sets.items())}"] if found.sets else []
    lines += [f"{sort.images:>8}  {words(sort)}" for sort in found.sorts]
    for change in found.changes:
        was, now = (_place(change.label_before, change.split_before), _place(change.label_after, change.split_after))
        lines.append(f"{change.image_id or '-':>8}  {change.sha256[:16]}  {was} → {now}")
    ours.answer(found, lines)


@dataset_app.command()
def health(
    context: typer.Context,
    name: str,
    read: Annotated[bool, typer.Option("--read", help="Read every original and compare its bytes.")] = False,
) -> int:
    """Say what is wrong with a version: lost files, leaks, conflicts; with a problem the exit code is 1."""
    ours = session(context)
    found = _health(ours, name, read=read)
    shape = f"{found.name}  {found.id}  {counted(found.images, 'image')}" + (
        "" if read else "  (as stored; --read reads files)"
    )
    ours.answer(found, [shape, *(_finding_lines(found.findings) or ["nothing is wrong with it"])])
    return EXIT_FAILED if found.problems else EXIT_DONE


@dataset_app.command()
def leaks(context: typer.Context, name: str) -> int:
    """Say which pictures and groups of a version lie in several splits; with any the exit code is 1."""
    import msgspec

    ours = session(context)
    found = _health(ours, name, read=False)
    found = msgspec.structs.replace(found, findings=[f for f in found.findings if f.kind in ("leak", "parted_group")])
    ours.answer(found, [f"{found.name}  {found.id}", *(_finding_lines(found.findings) or ["no leaks"])])
    return EXIT_FAILED if found.findings else EXIT_DONE


def _health(ours: Session, name: str, *, read: bool) -> Health:
    import msgspec

    from binscout_tui.operations import dataset_health
    from binscout_tui.store import dataset_pages

    with ours.workspace() as workspace:
        material = workspace.db.read(dataset_health.gather, name)
        if read:
            paths = workspace.db.read(dataset_pages.paths, material.dataset.id)
            with ours.progress("reading") as tell:
                root = Path(workspace.paths.root)
                material = msgspec.structs.replace(
                    material, facts=dataset_health.read_files(root, material.facts, paths, tell)
                )
    return dataset_health.examine(material, read=read)


def _class_lines(counts: dict[str, dict[str, int]]) -> list[str]:
    head = f"{'images':<24}" + "".join(f"{split:>7}" for split in SPLITS)
    return [head, *(f"{label:<24}" + "".join(f"{n[split]:>7}" for split in SPLITS) for label, n in counts.items())]


def _finding_lines(findings: list[Finding]) -> list[str]:
    lines = []
    for finding in findings:
        lines.append(f"{finding.level}: {finding.title}. {finding.advice}")
        if finding.images:
            more = f" and {len(finding.images) - 10:,} more" if len(finding.images) > 10 else ""
            lines.append(f"    images {', '.join(str(image) for image in finding.images[:10])}{more}")
    return lines


def _place(label: str | None, split: str | None) -> str:
    return f"{label} ({split})" if label is not None else "not in it"
