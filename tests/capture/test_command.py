"""Cameras that are commands: real processes."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import pytest

from binscout_tui.capture.command import OUTPUT, Command, CommandConfig
from binscout_tui.capture.source import SourceError

from .conftest import until


def script(text: str) -> list[str]:
    return [sys.executable, "-c", text]


def shoot(folder: Path, argv: list[str], **options: object) -> Path:
    return Command(CommandConfig(argv, **options)).shoot(folder, threading.Event())  # type: ignore[arg-type]


def test_a_picture_may_come_by_a_file(tmp_path: Path) -> None:
    made = shoot(tmp_path, [*script("import sys; open(sys.argv[1], 'wb').write(b'bytes')"), OUTPUT], extension=".png")
    assert (made.suffix, made.read_bytes()) == (".png", b"bytes")


def test_a_picture_may_come_on_standard_output(tmp_path: Path) -> None:
    assert shoot(tmp_path, script("import sys; sys.stdout.buffer.write(b'bytes')")).read_bytes() == b"bytes"


def test_no_shell_ever_sees_the_words(tmp_path: Path) -> None:
    words = "$(touch x); `touch x` && touch x | touch x > x"
    made = shoot(tmp_path, [*script("import sys; print(sys.argv[1], end='')"), words])
    assert made.read_text() == words
    assert not (tmp_path / "x").exists()


def test_the_exit_status_and_the_last_words_are_told(tmp_path: Path) -> None:
    text = "import sys; print('first\\nlast \\x1b[31mwords\\n', file=sys.stderr); sys.exit(3)"
    with pytest.raises(SourceError) as caught:
        shoot(tmp_path, script(text))
    assert "ended with status 3: last \\x1b[31mwords" in caught.value.sentence
    assert caught.value.lasting


def test_a_camera_that_somebody_else_holds_gets_a_hint(tmp_path: Path) -> None:
    text = (
        "import sys; print('*** Error ***\\nAn error occurred (-53: Could not claim the USB device): Could not claim"
        " interface 0. Make sure no other program is using the device.\\nFor debugging messages, please use the --debug"
        " option.', file=sys.stderr); sys.exit(1)"
    )
    with pytest.raises(SourceError, match="Could not claim the USB device") as caught:
        shoot(tmp_path, script(text))
    assert "gvfs-gphoto2-volume-monitor" in caught.value.hint


@pytest.mark.parametrize("argv", [[], [OUTPUT]], ids=["standard output", "file"])
def test_nothing_written_is_a_failure_even_with_status_0(tmp_path: Path, argv: list[str]) -> None:
    with pytest.raises(SourceError, match="wrote no picture"):
        shoot(tmp_path, script("") + argv)


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no program no-such-program") as caught:
        shoot(tmp_path, ["no-such-program", OUTPUT])
    assert not caught.value.lasting
    with pytest.raises(SourceError, match="no program"):
        Command(CommandConfig(["no-such-program"])).probe()
    assert sys.executable in Command(CommandConfig([sys.executable])).probe()


def test_a_file_that_is_no_program(tmp_path: Path) -> None:
    program = tmp_path / "text"
    program.write_text("text")
    with pytest.raises(SourceError, match="cannot be started: Permission denied"):
        shoot(tmp_path, [str(program)])
    program.chmod(0o755)
    with pytest.raises(SourceError, match="cannot be started: Exec format error"):
        shoot(tmp_path, [str(program)])


def test_the_whole_group_of_processes_is_ended_when_the_time_is_over(tmp_path: Path) -> None:
    text = (
        "import subprocess, sys, pathlib, time;"
        f"child = subprocess.Popen([{sys.executable!r}, '-c', 'import time; time.sleep(600)']);"
        f"pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(child.pid)); time.sleep(600)"
    )
    begun = time.monotonic()
    with pytest.raises(SourceError, match=r"was ended after 2 s"):
        shoot(tmp_path, script(text), timeout=2)
    assert time.monotonic() - begun < 30
    child = int((tmp_path / "pid").read_text())
    until(lambda: not running(child), "the grandchild's end")


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@pytest.mark.parametrize("argv", [[], [OUTPUT]], ids=["standard output", "file"])
def test_a_command_that_writes_for_ever_is_ended(tmp_path: Path, argv: list[str]) -> None:
    text = (
        "import sys\nout = open(sys.argv[1], 'wb') if sys.argv[1:] else sys.stdout.buffer\n"
        "while True: out.write(bytes(1 << 16))"
    )
    with pytest.raises(SourceError, match="more than 1 MiB"):
        shoot(tmp_path, script(text) + argv, max_mb=1)


def test_the_process_that_leaves_does_not_wait_for_the_command(tmp_path: Path) -> None:
    stop = threading.Event()
    failed: list[SourceError] = []

    def run() -> None:
        try:
            Command(CommandConfig(script("import time; time.sleep(600)"))).shoot(tmp_path, stop)
        except SourceError as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    stop.set()
    thread.join(20)
    assert [error.code for error in failed] == ["stopped"]


def test_it_works_beside_its_own_files(tmp_path: Path) -> None:
    shoot(tmp_path, script("open('extra.raw', 'w').write('x'); print('x')"))
    assert (tmp_path / "extra.raw").exists()


def test_a_signal_without_a_name_is_told_by_its_number(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="ended with signal 35"):
        shoot(tmp_path, script("import os; os.kill(os.getpid(), 35)"))


def test_passwords_among_the_words_are_never_shown(tmp_path: Path) -> None:
    words = ["rtsp://admin:hunter2@cam/1", "--password", "s3same", "-u", "erik:hu", "x?key=abcd&psw=efgh"]
    text = (
        "import sys; print('bad', sys.argv[1:], 'hunter2', 'hu', 'https://other:words@cam', file=sys.stderr);"
        "sys.exit(1)"
    )
    camera = Command(CommandConfig([*script(text), *words]))
    with pytest.raises(SourceError, match="ended with status 1: bad") as caught:
        camera.shoot(tmp_path, threading.Event())
    said = caught.value.sentence + caught.value.hint + camera.name
    assert not [word for word in ("hunter2", "s3same", "hu'", "abcd", "efgh", "words@") if word in said], said
    assert "@cam/1" in said
    assert camera.name == Path(sys.executable).name
