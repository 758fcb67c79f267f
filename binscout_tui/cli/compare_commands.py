"""`compare`: two to four images, what differs between them in words and in pixels, and which is the best."""

from __future__ import annotations

import asyncio
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from binscout_tui.cli.arguments import given_path
from binscout_tui.cli.session import session
from binscout_tui.errors import EXIT_FAILED, BinScoutError, RefusedError, UsageError
from binscout_tui.imaging.names import display_name

if TYPE_CHECKING:
    from binscout_tui.imaging.difference import Difference
    from binscout_tui.operations.comparing import Facts, Field
    from binscout_tui.store.images import Image
    from binscout_tui.workspace import Workspace

LEAST, MOST = 2, 4
LONGEST_PICTURE = 4096
"""Pixels a side of the picture of a difference; larger ones are made smaller without losing a single pixel's."""
Answer = dict[str, Any]


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command("compare")(compare)


def compare(
    context: typer.Context,
    ids: Annotated[list[int], typer.Argument(metavar="ID ID...", help="Two to four images.")],
    out: Annotated[
        Path | None,
        typer.Option(parser=given_path, metavar="FILE.png", help="Write the picture of what differs between two."),
    ] = None,
    winner: Annotated[
        int | None, typer.Option(metavar="ID", help="Give this one of them a star as the best, and write it down.")
    ] = None,
    trash_others: Annotated[
        bool, typer.Option("--trash-others", help="With --winner: move the others to the trash, in the same decision.")
    ] = False,
) -> int:
    """Say what differs between images: what is known of them, and the pixels of each two of them.

    Exit code 1 when an original cannot be read: what could be compared is told all the same.
    """
    from binscout_tui.operations import comparing

    ours = session(context)
    wanted = list(dict.fromkeys(ids))
    _must_fit(wanted, out, winner, trash_others=trash_others)
    with ours.workspace() as workspace:
        if winner is not None:
            workspace.user.must_be("operator", "Choosing the best image")
        known = workspace.db.read(comparing.facts, wanted)
        pairs = asyncio.run(_pairs(workspace, [one.image for one in known], out))
        changed = _choose(workspace, wanted, winner, trash_others=trash_others) if winner is not None else 0
    fields = comparing.differing(known)
    data: Answer = {
        "images": [{"id": one.image.id, "name": one.image.name, "fields": one.fields} for one in known],
        "fields": fields,
        "prompts": [_prompts(one, other) for one, other in combinations(known, 2)],
        "pairs": pairs,
        "out": None if out is None or pairs[0]["error"] is not None else display_name(out),
        "winner": winner,
        "changed": changed,
    }
    ours.answer(data, _lines(known, fields, data))
    return EXIT_FAILED if any(pair["error"] is not None for pair in pairs) else 0


def _must_fit(ids: list[int], out: Path | None, winner: int | None, *, trash_others: bool) -> None:
    from binscout_tui.operations.export_places import must_be_free

    if not LEAST <= len(ids) <= MOST:
        raise UsageError(f"{LEAST} to {MOST} different images can be compared, not {len(ids)}.", code="how_many")
    if winner is not None and winner not in ids:
        raise UsageError(f"Image {winner} is not one of those that are compared.", code="not_compared")
    if trash_others and winner is None:
        raise UsageError("--trash-others needs --winner ID.", hint="Say which one stays.", code="no_winner")
    if out is None:
        return
    if len(ids) != LEAST:
        raise UsageError("--out shows what differs between two images.", hint="Give two ids.", code="how_many")
    if out.suffix.lower() != ".png":
        raise UsageError(f"{display_name(out)} does not end in .png.", hint="The picture is a PNG.", code="no_png")
    if not out.parent.is_dir():
        raise UsageError(f"There is no folder {display_name(out.parent)}.", code="no_folder")
    if out.exists() or out.is_symlink():
        raise RefusedError(f"{display_name(out)} is there already.", hint="Choose another name.", code="exists")
    must_be_free(out)


async def _pairs(workspace: Workspace, images: list[Image], out: Path | None) -> list[Answer]:
    from binscout_tui.operations.importing import decode_limits
    from binscout_tui.workers.details import DetailMaker
    from binscout_tui.workers.differences import DifferenceMaker

    details = DetailMaker(workspace.paths, decode_limits(workspace.settings.importing), kept=MOST)
    maker = DifferenceMaker(details, workspace.paths.previews)
    try:
        return [await _pair(maker, one, other, out) for one, other in combinations(images, 2)]
    finally:
        await details.close()


async def _pair(maker: Any, one: Image, other: Image, out: Path | None) -> Answer:
    """The measures of two, or why there are none."""
    answer: Answer = {"from": one.id, "to": other.id, "error": None}
    try:
        if out is None:
            return answer | _measures(await maker.measure(one, other))
        found, picture = await maker.write(one, other, LONGEST_PICTURE)
        _write(picture, out)
        return answer | _measures(found)
    except BinScoutError as error:
        return answer | {"error": error.as_json(), "words": error.sentence}


def _measures(found: Difference) -> Answer:
    from binscout_tui.operations.comparing import in_words

    return {
        "size": found.size,
        "same_pixels": found.same,
        "same_size": found.same_size,
        "same_shape": found.same_shape,
        "changed": found.changed,
        "clear": found.clear,
        "largest_block": found.largest,
        "where": found.where if found.changed else None,
        "stretch": found.stretch,
        "words": in_words(found),
    }


def _write(picture: Any, out: Path) -> None:
    """A PNG that is there whole or not at all."""
    from PIL import Image as Pillow

    from binscout_tui.atomic import writing

    with writing(out) as handle:
        Pillow.fromarray(picture).save(handle, "PNG")


def _choose(workspace: Workspace, ids: list[int], winner: int, *, trash_others: bool) -> int:
    from binscout_tui.store import comparisons

    others = [image_id for image_id in ids if image_id != winner]
    return workspace.db.write(comparisons.choose, workspace.user.uid, winner, others, trash=trash_others).changed


def _prompts(one: Facts, other: Facts) -> Answer:
    from binscout_tui.operations.comparing import prompt_words

    words = prompt_words(one.prompt, other.prompt)
    return {"from": one.image.id, "to": other.image.id, "added": words.added, "removed": words.removed}


def _lines(known: list[Facts], fields: list[Field], data: Answer) -> list[str]:
    """The same for people."""
    lines = [f"{pair['from']} and {pair['to']}: {pair['words']}" for pair in data["pairs"]]
    for field in fields:
        said = "  ".join(f"{one.image.id}: {value or '-'}" for one, value in zip(known, field.values, strict=True))
        lines.append(f"{field.field:<12} {said}")
    for prompt in data["prompts"]:
        words = [*(f"+{word}" for word in prompt["added"]), *(f"-{word}" for word in prompt["removed"])]
        if words:
            lines.append(f"prompt       {prompt['from']} to {prompt['to']}: {' '.join(words)}")
    if data["out"] is not None:
        lines.append(f"the difference is in {data['out']}")
    if data["winner"] is not None:
        lines.append(_chosen(data["winner"], data["changed"]))
    return lines


def _chosen(winner: int, changed: int) -> str:
    return f"image {winner} is the best one" if changed else f"image {winner} was chosen as the best before"
