"""`capture source …`: where pictures come from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import typer

from binscout_tui.cli.session import session
from binscout_tui.errors import UsageError
from binscout_tui.store.capture_sources import Source

source_app = typer.Typer(help="Where captures come from: inboxes, commands, cameras.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME")]
Words = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="WORD",
        help="KEY=VALUE settings: path=FOLDER for an inbox, url=… for http, device=… for v4l2; for a command then"
        " `-- PROGRAM WORD...`, with {output} for the file to write.",
    ),
]
_SETTING = re.compile(r"\A([a-z][a-z0-9_]*)=(.*)\Z", re.DOTALL)


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(source_app, name="source")


@source_app.command()
def add(
    context: typer.Context,
    name: Name,
    kind: Annotated[Literal["inbox", "command", "http", "v4l2"], typer.Option()],
    words: Words = None,
) -> None:
    """Add a source, switched on."""
    from binscout_tui.capture import kinds
    from binscout_tui.store import capture_sources

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Adding a source")
        others = workspace.db.read(capture_sources.sources)
        config = kinds.check(kind, read_words(words or []), workspace.paths.root, others)
        source = workspace.db.write(capture_sources.add, workspace.user.uid, name, kind, config)
    ours.answer(shown(source), f"{line(source)}\n`binscout capture source test {source.name}` tries it.")


@source_app.command("list")
def list_sources(context: typer.Context) -> None:
    """List the sources and how they do."""
    from binscout_tui.capture.launch import running
    from binscout_tui.store import capture_sources

    ours = session(context)
    with ours.workspace() as workspace:
        found = workspace.db.read(capture_sources.sources)
        lives = running(workspace.paths.root) is not None
    sources = [as_it_is(source, lives=lives) for source in found]
    ours.answer(sources, [line(source) for source in sources] or "There is no source yet.")


@source_app.command("set")
def set_source(context: typer.Context, name: Name, words: Words = None) -> None:
    """Change a source: only what is given."""
    from binscout_tui.capture import kinds
    from binscout_tui.store import capture_sources

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Changing a source")
        source = workspace.db.read(capture_sources.by_name, name)
        others = [one for one in workspace.db.read(capture_sources.sources) if one.id != source.id]
        config = kinds.check(source.kind, {**source.config, **read_words(words or [])}, workspace.paths.root, others)
        changed = workspace.db.write(capture_sources.configure, workspace.user.uid, source.id, config=config)
    ours.answer(shown(changed), line(changed))


@source_app.command()
def remove(context: typer.Context, name: Name) -> None:
    """Forget a source; its captures stay."""
    from binscout_tui.store import capture_sources

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Removing a source")
        source = workspace.db.read(capture_sources.by_name, name)
        workspace.db.write(capture_sources.remove, workspace.user.uid, source.id)
    ours.answer({"removed": source.name}, f"{source.name} is removed; its captures stay.")


@source_app.command()
def on(context: typer.Context, name: Name) -> None:
    """Switch a source on."""
    _switch(context, name, enabled=True)


@source_app.command()
def off(context: typer.Context, name: Name) -> None:
    """Switch a source off."""
    _switch(context, name, enabled=False)


@source_app.command("test")
def try_source(context: typer.Context, name: Name) -> None:
    """Take a picture from a source, or look into an inbox, and keep nothing."""
    from binscout_tui.capture.trying import try_once
    from binscout_tui.store import capture_sources

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Trying a source")
        source = workspace.db.read(capture_sources.by_name, name)
        tried = try_once(workspace, source)
    ours.answer(tried, tried.sentence)


def read_words(words: Sequence[str]) -> dict[str, Any]:
    """KEY=VALUE words as settings; what comes after them is a command. Raises UsageError."""
    config: dict[str, Any] = {}
    for position, word in enumerate(words):
        setting = _SETTING.match(word)
        if setting is None:
            config["argv"] = list(words[position:])
            break
        key, value = setting.groups()
        if key in config:
            raise UsageError(f"{key} is given twice.", code="bad_source")
        config[key] = value
    return config


def as_it_is(source: Source, *, lives: bool) -> Source:
    """The source, fit to be shown, with the state that it has where no capture process lives: nothing is true then."""
    import msgspec

    return shown(source if lives else msgspec.structs.replace(source, state="off", message=""))


def shown(source: Source) -> Source:
    """The source without the passwords that stand among the words of its command."""
    import msgspec

    from binscout_tui.masking import masked_config

    return msgspec.structs.replace(source, config=masked_config(source.config))


def line(source: Source) -> str:
    """A source on one line."""
    state = source.state if source.enabled else "switched off"
    return f"{source.name:<20} {source.kind:<8} {state:<12} {source.message}".rstrip()


def _switch(context: typer.Context, name: str, *, enabled: bool) -> None:
    from binscout_tui.store import capture_sources

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Switching a source")
        source = workspace.db.read(capture_sources.by_name, name)
        changed = workspace.db.write(capture_sources.configure, workspace.user.uid, source.id, enabled=enabled)
    ours.answer(shown(changed), f"{changed.name} is switched {'on' if enabled else 'off'}.")
