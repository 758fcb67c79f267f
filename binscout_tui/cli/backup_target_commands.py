"""`backup target …`: where backups go."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from binscout_tui.cli.session import Session, session
from binscout_tui.errors import EXIT_FAILED, RefusedError, UsageError

if TYPE_CHECKING:
    from binscout_tui.backup.target.known import Target
    from binscout_tui.backup.target.testing import TestStep

target_app = typer.Typer(help="Where backups go: folders, NAS, servers, clouds.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME")]
Options = Annotated[
    list[str] | None, typer.Option("--option", metavar="KEY=VALUE", help="An option of rclone for this kind of place.")
]
SecretFile = Annotated[Path | None, typer.Option(metavar="FILE", help="The first line of this file is the secret.")]
SecretEnv = Annotated[str, typer.Option(metavar="VAR", help="This environment variable holds the secret.")]
SecretStdin = Annotated[bool, typer.Option("--secret-stdin", help="The secret is a line on standard input.")]
SecretFor = Annotated[str, typer.Option(metavar="KEY", help="The option of rclone that the secret is for.")]
NoTest = Annotated[bool, typer.Option("--no-test", help="Do not try it first.")]
WORD = "show"
SIGNS = {True: "✓", False: "✗", None: "·"}


def register(app: typer.Typer) -> None:
    """Add these commands to those of backups."""
    app.add_typer(target_app, name="target")


@target_app.command()
def add(
    context: typer.Context,
    name: Name,
    remote: Annotated[str, typer.Argument(metavar="REMOTE")],
    option: Options = None,
    secret_file: SecretFile = None,
    secret_env: SecretEnv = "",
    secret_stdin: SecretStdin = False,
    secret_for: SecretFor = "",
    crypt: Annotated[
        bool, typer.Option("--crypt", help="Encrypt here, with a key that is made and shown once.")
    ] = False,
    key_file: Annotated[Path | None, typer.Option(metavar="FILE", help="Encrypt here, with the key in FILE.")] = None,
    key_env: Annotated[str, typer.Option(metavar="VAR", help="Encrypt here, with the key in this variable.")] = "",
    ask_key: Annotated[bool, typer.Option("--ask-key", help="Encrypt here, with a key that you type.")] = False,
    rclone_config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="REMOTE is SECTION:FOLDER of this configuration of rclone.")
    ] = None,
    engine: Annotated[Literal["native", "restic"], typer.Option(help="Who makes the backups.")] = "native",
    no_test: NoTest = False,
) -> None:
    """Add a target: it is tried first.

    REMOTE is a folder, or sftp://user@host/folder, smb://user@host/share/folder, webdav+https://user@host/folder,
    s3://KEY-ID@bucket/folder?endpoint=URL&region=NAME, b2://ACCOUNT@bucket/folder, drive:folder. Its password is asked
    for at a terminal, else --secret-file, --secret-env or --secret-stdin gives it. No argument takes a password.
    """
    from binscout_tui.backup.target.addresses import parse
    from binscout_tui.cli import secret_input
    from binscout_tui.operations.backups import targets

    ours = session(context)
    address = parse(remote)
    key = _key(crypt=crypt, file=key_file, environment=key_env, ask=ask_key)
    with ours.workspace() as workspace:
        workspace.user.must_be("admin", "Adding a backup target")
        secret = secret_input.given(secret_file, secret_env, stdin=secret_stdin)
        if not secret and address.secret and not _signs_in_by_key(option):
            secret = secret_input.asked(f"{_NOUN.get(address.kind, 'Password')} for {address.shown} (empty for none)")
        done = targets.add(
            workspace,
            name,
            remote,
            _words(option),
            secret,
            secret_for=secret_for,
            crypt=key,
            rclone_config=rclone_config,
            engine=engine,
            tested=not no_test,
            told=lambda step: ours.say(_step(step)),
        )
        lines = [
            _line(done.target),
            *([] if done.steps else [f"It was not tried: `binscout backup target test {name}`."]),
        ]
        if done.target.crypt or done.key:
            lines += ["", *_warning(done.key, name)]
    ours.answer({"target": done.target, "steps": done.steps, "key": done.key or None}, lines)


@target_app.command("list")
def list_targets(context: typer.Context) -> None:
    """List the targets."""
    from binscout_tui.operations.backups import targets

    ours = session(context)
    with ours.workspace() as workspace:
        found = targets.listed(workspace.paths)
    none = "There is no backup target yet: `binscout backup target add NAME FOLDER-OR-ADDRESS` adds one."
    ours.answer(found, [_line(target) for target in found] or none)


@target_app.command("test")
def try_target(context: typer.Context, name: Name) -> None:
    """Try a target: reach, sign in, write, read back, delete, free space, clock. Exit 1 when something fails."""
    from binscout_tui.backup.target.testing import is_well
    from binscout_tui.operations.backups import targets

    ours = session(context)
    with ours.workspace() as workspace:
        steps = targets.check(workspace, name)
    well = is_well(steps)
    ours.answer({"name": name, "ok": well, "steps": steps}, [_step(step) for step in steps])
    if not well:
        raise typer.Exit(EXIT_FAILED)


@target_app.command()
def edit(
    context: typer.Context,
    name: Name,
    option: Options = None,
    secret_file: SecretFile = None,
    secret_env: SecretEnv = "",
    secret_stdin: SecretStdin = False,
    secret_for: SecretFor = "",
    pin_again: Annotated[
        bool, typer.Option("--pin-again", help="Take the host key that the SFTP server shows now.")
    ] = False,
    no_test: NoTest = False,
) -> None:
    """Change the secret or options of a target, or take a new host key; it is tried first."""
    from binscout_tui.cli import secret_input
    from binscout_tui.operations.backups import targets

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("admin", "Changing a backup target")
        secret = secret_input.given(secret_file, secret_env, stdin=secret_stdin)
        if not (secret or option or pin_again):
            secret = secret_input.asked(f"New password or key for {name}")
        done = targets.edit(
            workspace,
            name,
            _words(option),
            secret,
            secret_for=secret_for,
            pin_again=pin_again,
            tested=not no_test,
            told=lambda step: ours.say(_step(step)),
        )
    ours.answer({"target": done.target, "steps": done.steps}, _line(done.target))


@target_app.command()
def remove(context: typer.Context, name: Name) -> None:
    """Forget a target and its password here; the backups there stay."""
    from binscout_tui.operations.backups import targets

    ours = session(context)
    with ours.workspace() as workspace:
        target = targets.remove(workspace, name)
    key = " Without its key nobody can read them." if target.crypt else ""
    ours.answer({"removed": target.name}, f"{target.name} is forgotten; what is in {target.shown} stays.{key}")


@target_app.command()
def sheet(
    context: typer.Context,
    name: Name,
    secrets: Annotated[bool, typer.Option("--secrets", help="With its key and password.")] = False,
    confirm: Annotated[str, typer.Option(metavar="WORD", help=f"`{WORD}`, to print secrets.")] = "",
) -> None:
    """Print the recovery sheet of a target: how to get everything back without this program."""
    from binscout_tui.operations.backups import targets

    ours = session(context)
    with ours.workspace() as workspace:
        if secrets:
            workspace.user.must_be("admin", "A recovery sheet")
            _confirm(ours, confirm)
        lines = targets.sheet(workspace, name, secrets=secrets)
    ours.answer({"name": name, "lines": lines}, lines)


def _confirm(ours: Session, word: str) -> None:
    import sys

    if not word and sys.stdin.isatty():
        ours.say(f"Passwords and keys will stand on the screen. Type {WORD} to go on:")
        word = input().strip()
    if word != WORD:
        raise RefusedError(
            f"Secrets are printed only after the word {WORD}.", hint=f"--confirm {WORD}", code="unconfirmed"
        )


def _key(*, crypt: bool, file: Path | None, environment: str, ask: bool) -> str | None:
    """The key of the encryption: None for none, empty for one that is to be made."""
    from binscout_tui.cli import secret_input

    if ask and (file or environment):
        raise UsageError("Give the key in one way: a file, the environment, or typed.")
    found = secret_input.given(file, environment, stdin=False)
    if ask:
        found = secret_input.asked("Key of the encryption")
        if not found:
            raise UsageError("There is nobody at a terminal to type a key.", hint="--key-file or --key-env gives it.")
    return found or ("" if crypt else None)


_NOUN = {"s3": "Secret access key", "b2": "Application key", "drive": "Token of `rclone authorize drive`"}


def _signs_in_by_key(options: list[str] | None) -> bool:
    names = {word.partition("=")[0] for word in options or ()}
    return bool(names & {"key_file", "key_use_agent", "env_auth", "service_account_file", "use_kerberos"})


def _words(options: list[str] | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for word in options or ():
        key, equals, value = word.partition("=")
        if not equals:
            raise UsageError(f"--option takes KEY=VALUE, not {word[:40]!r}.")
        if key in found:
            raise UsageError(f"The option {key} is given twice.")
        found[key] = value
    return found


def _line(target: Target) -> str:
    kinds = [target.kind, *(["restic"] if target.engine == "restic" else [])]
    kinds += ["encrypted here"] if target.crypt else [f"server: {target.sse}"] if target.sse else []
    return f"{target.name}  {target.shown}  ({', '.join(kinds)})"


def _step(step: TestStep) -> str:
    return f"{SIGNS[step.ok]} {step.name:<11} {step.words}"


def _warning(key: str, name: str) -> list[str]:
    made = [f"Key: {key}", "It is shown this once. Write it down, away from this machine."] if key else []
    return [
        *made,
        "Without the key nobody can ever read these backups, you included.",
        f"`binscout backup target sheet {name} --secrets` prints a recovery sheet.",
    ]
