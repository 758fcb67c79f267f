"""`capture source …`, `capture run --once`, `capture status`: the real command line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from binscout_tui import workspace as workspaces
from binscout_tui.capture import kinds
from binscout_tui.errors import NotFoundError, RefusedError
from binscout_tui.store import capture_sources, captures, images, journal, undoing, views
from binscout_tui.workspace import Workspace

from ..capture.cameras import serving
from ..command_line import binscout, ok
from ..pictures import photo


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "bins"
    workspaces.create(made)
    return made


def added(root: Path, name: str, kind: str, **config: object) -> None:
    """Add a source without the command line."""
    with Workspace(root) as workspace:
        checked = kinds.check(kind, config, root)
        workspace.db.write(capture_sources.add, workspace.user.uid, name, kind, checked)  # type: ignore[arg-type]


@pytest.fixture
def camera(tmp_path: Path) -> Iterator[str]:
    with serving(photo(tmp_path / "camera" / "a.jpg", 1, size=(64, 48)).read_bytes()) as url:
        yield url


def test_sources_are_added_and_changed(root: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    added = ok(root, "capture", "source", "add", "phone", "--kind", "inbox", f"path={tmp_path / 'in'}")
    assert added["kind"] == "inbox"
    assert added["config"] == {"path": str(tmp_path / "in"), "watch": "auto", "accept": "ask"}
    words = ["timeout=20", "--", "rpicam-still", "-n", "--immediate", "-o", "-"]
    pi = ok(root, "capture", "source", "add", "pi", "--kind", "command", *words)
    assert pi["config"]["argv"] == ["rpicam-still", "-n", "--immediate", "-o", "-"]
    assert pi["config"]["timeout"] == 20
    changed = ok(root, "capture", "source", "set", "pi", "timeout=5")
    assert (changed["config"]["timeout"], changed["config"]["argv"]) == (5, pi["config"]["argv"])


def test_sources_are_switched_listed_and_removed(root: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    added(root, "phone", "inbox", path=str(tmp_path / "in"))
    added(root, "pi", "command", argv=["true"])
    assert ok(root, "capture", "source", "off", "pi")["enabled"] is False
    listed = ok(root, "capture", "source", "list")
    assert [(one["name"], one["enabled"], one["state"]) for one in listed] == [
        ("phone", True, "off"),
        ("pi", False, "off"),
    ]
    assert ok(root, "capture", "source", "on", "pi")["enabled"] is True
    ok(root, "capture", "source", "remove", "pi")
    with Workspace(root) as workspace:
        assert [one.name for one in workspace.db.read(capture_sources.sources)] == ["phone"]


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["--kind", "inbox"], "bad_source", "missing required field `path`"),
        (["--kind", "inbox", "path=/no/such/folder"], "no_folder", "There is no folder /no/such/folder"),
        (["--kind", "inbox", "path=/tmp", "speed=3"], "bad_source", "speed"),
        (["--kind", "inbox", "path=/tmp", "path=/var"], "bad_source", "given twice"),
        (["--kind", "http", "url=http://me:hush@cam/"], "bad_source", "password in the address"),
        (["--kind", "http", "url=http://cam/", "total=-1"], "bad_source", "total"),
        (["--kind", "command"], "bad_source", "argv"),
        (["--kind", "command", "timeout=soon", "--", "x"], "bad_source", "timeout"),
        (["--kind", "fax", "x=1"], "usage", "fax"),
    ],
)
def test_a_bad_source_is_one_sentence_and_nothing_is_made(
    root: Path, words: list[str], code: str, sentence: str
) -> None:
    answer = binscout(root, "capture", "source", "add", "bad", *words)
    assert (answer.code, answer.data["error"]["code"]) == (2, code)
    assert sentence in answer.data["error"]["message"]
    assert "Traceback" not in answer.err
    with Workspace(root) as workspace:
        assert workspace.db.read(capture_sources.sources) == []


def test_the_workspaces_own_folders_are_no_inbox(root: Path) -> None:
    (root / "originals").mkdir(exist_ok=True)
    (root / "drop").mkdir()
    answer = binscout(root, "capture", "source", "add", "own", "--kind", "inbox", f"path={root / 'originals'}")
    assert (answer.code, answer.data["error"]["code"]) == (3, "own_folder")
    for folder in (root, root.parent, root / "originals" / "ab"):
        with pytest.raises(RefusedError, match="the workspace's own files"):
            kinds.check("inbox", {"path": str(folder)}, root)
    assert kinds.check("inbox", {"path": str(root / "drop" / ".." / "drop")}, root)["path"] == str(root / "drop")


def test_one_folder_is_the_inbox_of_one_source(root: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "in")
    (tmp_path / "other").mkdir()
    ok(root, "capture", "source", "add", "phone", "--kind", "inbox", f"path={tmp_path / 'in'}")
    answer = binscout(root, "capture", "source", "add", "again", "--kind", "inbox", f"path={tmp_path / 'link'}")
    assert (answer.code, answer.data["error"]["code"]) == (3, "inbox_exists")
    assert "phone watches" in answer.data["error"]["message"]
    assert ok(root, "capture", "source", "set", "phone", "watch=poll")["config"]["watch"] == "poll"


def test_paths_are_kept_whole_since_the_process_works_elsewhere(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    command = kinds.check("command", {"argv": ["./take", "./x", "{output}"]}, root)
    assert command["argv"] == [str(tmp_path / "take"), "./x", "{output}"]
    assert kinds.check("command", {"argv": ["rpicam-still"]}, root)["argv"] == ["rpicam-still"]
    http = {"url": "http://camera/x", "auth": "bearer", "secret_file": "hush"}
    assert kinds.check("http", http, root)["secret_file"] == str(tmp_path / "hush")
    assert kinds.check("http", {"url": "http://camera/x"}, root)["secret_file"] == ""


def test_a_password_among_the_words_of_a_command_is_never_shown(root: Path) -> None:
    words = ["--", "ffmpeg", "-i", "rtsp://admin:hunter2@cam/1", "{output}"]
    said = binscout(root, "capture", "source", "add", "cam", "--kind", "command", *words).out
    for command in (["source", "list"], ["source", "set", "cam", "timeout=5"], ["source", "off", "cam"], ["status"]):
        said += binscout(root, "capture", *command).out
    assert "hunter2" not in said
    assert "rtsp://***@cam/1" in said
    with Workspace(root) as workspace:
        [source] = workspace.db.read(capture_sources.sources)
        assert "rtsp://admin:hunter2@cam/1" in source.config["argv"]
        told = workspace.db.read(journal.history, area="source")
    assert len(told) == 3
    assert "hunter2" not in str(told)


def test_trying_a_source_keeps_nothing(root: Path, camera: str) -> None:
    added(root, "ring", "http", url=f"{camera}/snapshot")
    tried = ok(root, "capture", "source", "test", "ring")
    assert (tried["width"], tried["height"]) == (64, 48)
    with Workspace(root) as workspace:
        assert (workspace.db.read(images.count), sum(workspace.db.read(captures.counts).values())) == (0, 0)
    assert not list((root / "incoming").iterdir())
    assert not (root / "originals").exists()


@pytest.mark.parametrize(("path", "sentence"), [("too_short", "The picture is cut off"), ("missing", "HTTP 404")])
def test_trying_a_bad_source_says_why(root: Path, camera: str, path: str, sentence: str) -> None:
    added(root, "ring", "http", url=f"{camera}/{path}")
    answer = binscout(root, "capture", "source", "test", "ring")
    assert answer.code == 1
    assert sentence in answer.data["error"]["message"]


def test_once_takes_what_is_there_and_ends(root: Path, tmp_path: Path) -> None:
    (root / "settings.toml").write_text("[inbox]\ngive_up_seconds = 0.5\n")
    for number in range(3):
        photo(tmp_path / "in" / f"{number}.jpg", number)
    (tmp_path / "in" / "words.jpg").write_text("no picture")
    added(root, "phone", "inbox", path=str(tmp_path / "in"))
    [first] = ok(root, "capture", "run", "--once")["sources"]
    assert (first["staged"], first["failed"], first["left"]) == (3, 1, 0)
    [second] = ok(root, "capture", "run", "--once")["sources"]
    assert (second["staged"], second["failed"]) == (0, 0)
    status = ok(root, "capture", "status")
    assert (status["pid"], status["captures"]["staged"], status["captures"]["failed"]) == (None, 3, 1)


def test_a_folder_that_is_watched_for_good_brings_imported_images(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "dcim"
    photo(folder / "1.jpg", 1)
    photo(folder / "2.jpg", 2)
    ok(root, "capture", "source", "add", "phone", "--kind", "inbox", f"path={folder}", "accept=all")
    ok(root, "capture", "run", "--once")
    with Workspace(root) as ws:
        found = ws.db.read(images.page)
        assert [(image.origin, image.withheld, image.name) for image in found] == [
            ("imported", None, "1.jpg"),
            ("imported", None, "2.jpg"),
        ]
        kept = ws.db.read(views.counts)
        assert (kept["all"], kept["imported"], kept["captured"]) == (2, 2, 0)
        # What was decided there is no person's decision, so there is nothing to undo.
        with pytest.raises(NotFoundError):
            ws.db.write(undoing.undo, ws.user.uid, ("capture",))
    wrong = binscout(root, "capture", "source", "add", "other", "--kind", "inbox", f"path={tmp_path}", "accept=some")
    assert (wrong.code, wrong.data["error"]["code"]) == (2, "bad_source")


def test_once_with_an_inbox_that_is_not_there_fails_with_its_sentence(root: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    added(root, "phone", "inbox", path=str(tmp_path / "in"))
    (tmp_path / "in").rmdir()
    answer = binscout(root, "capture", "run", "--once", as_json=False)
    assert answer.code == 1
    assert "cannot be read" in answer.out


def test_once_fails_when_a_source_failed_though_pictures_came(root: Path, tmp_path: Path) -> None:
    picture = photo(tmp_path / "a.jpg", 1)
    text = f"import os, shutil, sys; shutil.copy({str(picture)!r}, sys.argv[1]); os.remove({str(picture)!r})"
    added(root, "cam", "command", argv=[sys.executable, "-c", text, "{output}"])
    with Workspace(root) as workspace:
        for _ in range(2):
            workspace.db.write(capture_sources.ask, workspace.user.uid, 1)
    answer = binscout(root, "capture", "run", "--once")
    [source] = answer.data["sources"]
    assert (answer.code, source["staged"], source["failed"]) == (1, 1, 1)
    assert "No such file" in source["problem"]
