"""`bench pictures`: what the pictures cost here, beside other programs and beside the limits."""

from __future__ import annotations

from typing import Annotated

import typer

from binscout_tui.cli.arguments import given_path
from binscout_tui.cli.session import session
from binscout_tui.errors import EXIT_FAILED, UsageError
from binscout_tui.terminal.graphics import Protocol

bench = typer.Typer(no_args_is_help=True, help="Measure this program on this machine.")


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(bench, name="bench")


@bench.command()
def pictures(
    context: typer.Context,
    photo: Annotated[
        str | None, typer.Argument(help="The photo that everybody shows; without it a made-up one.")
    ] = None,
    cells: Annotated[str, typer.Option(help="The room for the photo, in character cells.")] = "80x30",
    cell: Annotated[str, typer.Option(help="The size of a cell in pixels.")] = "10x20",
    repeat: Annotated[int, typer.Option(min=0, max=1000, help="Times each program shows the photo; 0: none.")] = 7,
    screen: Annotated[str, typer.Option(help="The size of the terminal for keys and memory, in cells.")] = "110x45",
    keys: Annotated[
        int, typer.Option(min=0, max=100_000, help="Keys pressed in each view and protocol; 0: none.")
    ] = 40,
    rate: Annotated[float, typer.Option(min=0.1, max=30, help="Keys a second.")] = 3.0,
    memory: Annotated[int, typer.Option(min=0, max=1_000_000, help="Also press so many keys and watch memory.")] = 0,
    protocol: Annotated[list[str] | None, typer.Option(help="kitty, sixel or halfblock; by default all three.")] = None,
    strict: Annotated[bool, typer.Option(help="End with 1 when a limit is missed.")] = False,
) -> int:
    """Encode a photo beside chafa, timg and textual-image, then press keys in the real app and measure the answers.

    The app runs on the workspace of --workspace, without it on a small made-up one.
    """
    from binscout_tui.bench.area import parse_area
    from binscout_tui.bench.pictures import Plan, measure
    from binscout_tui.cli.bench_rows import sent

    ours = session(context)
    plan = Plan(
        photo=given_path(photo) if photo is not None else None,
        workspace=ours.root if ours.option is not None else None,
        area=parse_area(cells, cell),
        screen=parse_area(screen, cell, "--screen"),
        protocols=_protocols(protocol),
        repeat=repeat,
        keys=keys,
        rate=rate,
        memory=memory,
    )
    report = measure(plan, sent, ours.say)
    ours.answer({"good": report.is_good, "report": report, "verdicts": report.verdicts}, report.lines())
    return EXIT_FAILED if report.problems or (strict and not report.is_good) else 0


def _protocols(names: list[str] | None) -> tuple[Protocol, ...]:
    known = [Protocol.KITTY, Protocol.SIXEL, Protocol.HALFBLOCK]
    for name in names or ():
        if name not in known:
            raise UsageError(f"--protocol {name!r} is none of kitty, sixel, halfblock.", code="bad_protocol")
    return tuple(protocol for protocol in known if not names or protocol in names)
