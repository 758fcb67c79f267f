"""`show`: everything about an image."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from binscout_tui.cli.session import session
from binscout_tui.imaging.names import display_name

if TYPE_CHECKING:
    from binscout_tui.store.details import Counted, Details
    from binscout_tui.store.journal import Entry

HISTORY = 20


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("show")(show)


def show(
    context: typer.Context,
    image_id: Annotated[int, typer.Argument(metavar="ID")],
    history: Annotated[int, typer.Option(min=0, max=1000, help="So many decisions, the newest first.")] = HISTORY,
) -> None:
    """Print what is known of an image: what people, models and its file say of it, and what was decided."""
    from binscout_tui.store import details

    ours = session(context)
    with ours.workspace() as workspace:
        found = workspace.db.read(details.details, image_id)
        decided = workspace.db.read(details.history, image_id, history) if history else []
        path = workspace.paths.original(found.image)
    ours.answer(as_json(found, path, decided), list(_lines(found, path, decided)))


def as_json(found: Details, path: Path, decided: list[tuple[Entry, str]]) -> dict[str, Any]:
    """All of it as plain values."""
    import msgspec

    fields = ("id", "sha256", "origin", "storage", "name", "source", "health", "bytes", "width", "height", "format")
    more = ("mode", "frames", "orientation", "taken_at", "warnings", "added_at", "trashed_at", "examined", "starred")
    image = found.image
    names = {"tags": [one.name for one in found.tags], "collections": [one.name for one in found.collections]}
    rest = {
        field: msgspec.to_builtins(getattr(found, field))
        for field in found.__struct_fields__
        if field not in ("image", "tags", "collections")
    }
    entries = [
        {"at": one.at, "by": person, "area": one.area, "action": one.action, "before": one.before, "after": one.after}
        for one, person in decided
    ]
    told = {field: getattr(image, field) for field in (*fields, *more)}
    return told | {"path": display_name(path)} | names | rest | {"history": entries}


def _lines(found: Details, path: Path, decided: list[tuple[Entry, str]]) -> list[str]:
    rows = [(word, told) for word, told in _rows(found, path) if told]
    lines = [f"{word:<12} {told}".replace("\n", f"\n{'':<13}") for word, told in rows]
    if decided:
        lines.append("history")
        lines += [f"  {one.at[:19]}Z  {person}  {_decision(one)}" for one, person in decided]
    return lines


def _rows(found: Details, path: Path) -> list[tuple[str, str]]:
    image = found.image
    return [
        ("image", f"#{image.id}{' ★' if image.starred else ''}{' (in the trash)' if image.trashed_at else ''}"),
        ("title", found.title),
        ("name", image.name),
        ("label", _label(found)),
        ("tags", ", ".join(one.name for one in found.tags)),
        ("collections", ", ".join(one.name for one in found.collections)),
        ("note", found.note),
        ("review", "needs review" if found.review else ""),
        ("things", _things(found)),
        ("models", "\n".join(_predictions(found))),
        ("crops", "\n".join(",".join(f"{side:g}" for side in one.box) for one in found.crops)),
        (
            "sets",
            "\n".join(f"{one.id} {one.name}: {one.state}{', chosen' if one.chosen else ''}" for one in found.sets),
        ),
        ("captured", "\n".join(_captures(found))),
        ("picture", f"{image.width}x{image.height} {image.format} {image.mode}, {image.bytes:,} bytes"),
        ("sha256", image.sha256),
        ("taken", image.taken_at or "not known"),
        ("added", f"{image.added_at} by {found.added_by}, {image.origin}"),
        ("from", image.source),
        ("file", f"{display_name(path)}{'' if image.health == 'ok' else f' ({image.health})'}"),
        ("warnings", "\n".join(image.warnings)),
        ("data sets", "\n".join(f"{one.name} {one.id[:12]}: {one.split} {one.label}" for one in found.versions)),
        ("known good", ", ".join(one.task for one in found.known_good)),
        ("prompt", found.prompt),
        ("metadata", _meta(found.meta)),
    ]


def _label(found: Details) -> str:
    if found.label is None:
        return "not labelled"
    return f"{found.label.name or found.label.state} (by {found.label.by}, {found.label.at})"


def _things(found: Details) -> str:
    told = [f"{found.box_state}{_counts(found.boxes)}"] if found.box_state else []
    return "; ".join([*told, *([f"counted{_counts(found.counts)}"] if found.counts else [])])


def _counts(counts: tuple[Counted, ...]) -> str:
    return "".join(f" {one.count} {one.name or 'of any kind'}" for one in counts)


def _predictions(found: Details) -> list[str]:
    return [
        f"{one.error or ('unknown' if one.unknown else one.label)}"
        f"{f' {one.score:.2f}' if one.score is not None else ''}  {one.model}{' (active)' if one.active else ''}"
        for one in found.predictions
    ]


def _captures(found: Details) -> list[str]:
    return [
        " ".join(filter(None, [one.state, one.compartment, one.item, one.source, f"attempt {one.attempt}", *one.codes]))
        for one in found.captures
    ]


def _meta(meta: dict[str, Any] | None) -> str:
    if meta is None:
        return "not read yet: `binscout images metadata`"
    return "\n".join(
        f"{name}: {_plain(value)}" for name, value in meta.items() if name not in ("sidecar", "prompt_from")
    )


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(one)}" for name, one in value.items())
    return ", ".join(map(_plain, value)) if isinstance(value, list) else f"{value}"


def _decision(one: Entry) -> str:
    changed = {key: value for key, value in one.after.items() if one.before.get(key) != value}
    told = ", ".join(f"{key} {_plain(value)}" for key, value in changed.items())
    return f"{one.area} {one.action}{f': {told[:200]}' if told else ''}"
