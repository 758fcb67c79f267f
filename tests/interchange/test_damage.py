"""Damaged files of every format: refused as a whole or line by line, and never anything else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from binscout_tui.errors import BinScoutError
from binscout_tui.operations.label_exchange import export
from binscout_tui.operations.label_import import import_labels
from binscout_tui.workspace import Workspace
from tests.interchange.made_up import filled, say_everything, tree

VOC = (
    b"<annotation><filename>plain.jpg</filename><size><width>640</width><height>480</height></size><object>"
    b"<name>m3</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>30</xmax><ymax>40</ymax></bndbox></object></annotation>"
)
LABELME = (
    b'{"imagePath":"plain.jpg","imageWidth":640,"imageHeight":480,"flags":{"m3":true},"shapes":[{"label":"m3",'
    b'"shape_type":"rectangle","points":[[1,2],[30,40]]}]}'
)
# What breaks parsers: quotes, brackets, numbers that are none, bytes that are no text, wrong kinds.
PIECES = [
    b'"',
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\n",
    b"\0",
    b"\xff",
    b"null",
    b"true",
    b"-1",
    b"1e999",
    b"NaN",
    b"..",
    b"/",
    b"<",
    b"&x;",
    b"9" * 30,
    b"",
]
damage = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 12), st.sampled_from(PIECES)), min_size=1, max_size=6)


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, bytes]]:
    """The files of an export of each format, without pictures."""
    root = tmp_path_factory.mktemp("exports")
    found: dict[str, dict[str, bytes]] = {"voc": {"1.xml": VOC}, "labelme": {"1.json": LABELME}}
    with filled(root / "workspace") as workspace:
        say_everything(workspace)
        for kind in ("coco", "yolo", "csv", "jsonl"):
            export(workspace, root / kind, kind, pictures="none")  # type: ignore[arg-type]
            found[kind] = tree(root / kind)
    return found


@pytest.fixture(scope="module")
def nobody_said_anything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A workspace to try imports on."""
    with filled(tmp_path_factory.mktemp("target") / "workspace") as workspace:
        yield workspace


@pytest.mark.parametrize("kind", ["coco", "yolo", "csv", "jsonl", "voc", "labelme"])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 99), damage)
def test_damage_is_told_and_nothing_else_happens(
    exports: dict[str, dict[str, bytes]],
    nobody_said_anything: Workspace,
    tmp_path_factory: pytest.TempPathFactory,
    kind: Any,
    which: int,
    hits: list[tuple[float, int, bytes]],
) -> None:
    root = tmp_path_factory.mktemp("damaged")
    files = dict(exports[kind])
    name = sorted(files)[which % len(files)]
    for place, gone, piece in hits:
        at = int(place * len(files[name]))
        files[name] = files[name][:at] + piece + files[name][at + gone :]
    for file, content in files.items():
        path = root / "in" / file if file else root / "in"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    workspace = nobody_said_anything
    before = list(workspace.db.connection.iterdump())
    with suppress(BinScoutError):
        assert not import_labels(workspace, root / "in", kind, dry_run=True).written
    assert list(workspace.db.connection.iterdump()) == before
