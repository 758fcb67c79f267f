"""The engine process: `python -m binscout_tui.engine.server WORKSPACE`."""

from __future__ import annotations

import argparse
import asyncio
import logging
import logging.handlers
import os
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from binscout_tui import settings
from binscout_tui.backup.swapping import in_use
from binscout_tui.backup.swapping.in_use import Hold
from binscout_tui.engine import address, instance
from binscout_tui.engine.predictor import DEFAULT_PREDICTOR
from binscout_tui.errors import EXIT_DONE, EXIT_FAILED, BinScoutError, UsageError

LOG_BYTES = 2 * 1024 * 1024

log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve a workspace until idle, told to stop or SIGTERM. Returns the exit code."""
    os.umask(0o077)
    try:
        options = _options(arguments)
        root: Path = options.root
        with _held(root) as hold, instance.only_instance(root):
            _log_to(address.log_path(root))
            with instance.listening(root) as listener:
                return _serve(listener, root, options, hold)
    except BinScoutError as error:
        print(f"{error.sentence} {error.hint}".strip(), file=sys.stderr)
        return error.exit_code
    except Exception:
        log.exception("the engine failed")
        raise


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="binscout_tui.engine.server", description="The inference process of a workspace."
    )
    parser.add_argument("root", type=Path, help="folder of the workspace")
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"])
    parser.add_argument("--idle-seconds", type=float, help="seconds without work after which it leaves")
    parser.add_argument("--queue", type=int, help="pictures that may wait")
    parser.add_argument("--max-batch", type=int, help="pictures that go into the model at once")
    parser.add_argument(
        "--predictor",
        default=DEFAULT_PREDICTOR,
        metavar="MODULE:FUNCTION",
        help="what loads a model: called with its folder and the device",
    )
    options = parser.parse_args(arguments)
    options.root = address.real_root(options.root)
    if not options.root.is_dir():
        raise UsageError(f"There is no folder {options.root}.", hint="Name a workspace.", code="no_workspace")
    _fill(options, settings.load(options.root / "settings.toml").engine)
    return options


def _fill(options: argparse.Namespace, engine: settings.EngineSettings) -> None:
    """What was not said on the command line comes from the workspace's settings."""
    for name in ("device", "idle_seconds", "queue", "max_batch"):
        if getattr(options, name) is None:
            setattr(options, name, getattr(engine, name))
    for name in ("idle_seconds", "queue", "max_batch"):
        if not getattr(options, name) > 0:
            raise UsageError(f"{name} must be above 0.", hint="Mend it in settings.toml.", code="bad_settings")


def _log_to(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.handlers.RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=2, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


@contextmanager
def _held(root: Path) -> Iterator[Hold]:
    """The workspace's files are in use: nobody may put others in their place without asking. Raises RefusedError."""

    def settle(root: Path) -> None:
        from binscout_tui.backup.swapping.swap import recover

        recover(root)

    hold = in_use.hold(root, settle, writes=False)
    try:
        yield hold
    finally:
        hold.release()


def _serve(listener: socket.socket, root: Path, options: argparse.Namespace, hold: Hold) -> int:
    # Only now: a second engine must find out that it is one without importing a web server.
    from binscout_tui.engine.process import EngineOptions, serve

    engine = EngineOptions(options.device, options.predictor, options.idle_seconds, options.queue, options.max_batch)
    return EXIT_DONE if asyncio.run(serve(listener, root, engine, hold)) else EXIT_FAILED


if __name__ == "__main__":
    code = main()
    logging.shutdown()
    # The socket and the lock are given back. Python's own end would wait for a model that loads or works.
    os._exit(code)
