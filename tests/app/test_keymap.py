"""A keymap of one's own: what is refused, and that footer, help, palette and screens follow what holds."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec
import pytest

from binscout_tui.app import BinScoutApp
from binscout_tui.commands.areas import AREAS
from binscout_tui.commands.command import Command, Scope, key_label
from binscout_tui.commands.key_names import key_name
from binscout_tui.commands.keymap import INSIDE, PRESETS, places, resolve
from binscout_tui.commands.table import FORBIDDEN, SCOPES
from binscout_tui.settings import KeySettings
from binscout_tui.store import sets
from binscout_tui.workspace import Paths
from tests.command_line import binscout, ok
from tests.conftest import REPOSITORY

from .deciding import decide, open_area, press, ready
from .driving import screen_text, settle, told
from .made_up import add_sets

CLASSIC = '[keys]\npreset = "classic"\n'


def problems(preset: str = "default", **changes: str | list[str]) -> tuple[str, ...]:
    """What is wrong with such keys; `__` stands for the point of an id."""
    wanted = {place.replace("__", "."): keys for place, keys in changes.items()}
    return resolve(KeySettings(preset=preset, map=wanted)).problems  # type: ignore[arg-type]


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_has_no_clash_and_names_only_commands_that_are_there(preset: str) -> None:
    known = {place for scope in SCOPES for command in scope for place in command.default_keys}
    assert PRESETS[preset].keys() <= known
    assert problems(preset) == ()


def test_every_scope_is_known_to_lie_on_a_screen_inside_one_or_to_be_a_dialog() -> None:
    for scope in SCOPES[1:]:
        assert (scope.id in AREAS) + (scope.id in INSIDE) + scope.dialog == 1, scope.id
    assert {outer for others in INSIDE.values() for outer in others} <= AREAS.keys() | INSIDE.keys()


def test_every_command_can_have_other_keys() -> None:
    for scope in SCOPES:
        for command in scope:
            bound = {binding.id for binding in command.bindings()}
            assert bound == command.default_keys.keys()
            for place, keys in command.default_keys.items():
                wanted = ["f12", *(["escape"] if "escape" in keys else [])]
                assert resolve(KeySettings(map={place: wanted})).problems == (), place


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"select.skip": "s"}, ["s is the key of both", "select.skip (skip)", "select.skipped (skipped)", "in Select"]),
        ({"select.skip": "c"}, ["c is the key of both", "select.skip (skip)", "select.crop (crop)"]),
        ({"select.skip": "q"}, ["q is the key of both app.close", "select.skip (skip) in Select", "work together"]),
        ({"crop.fine": "1"}, ["1 is the key of both select.keep.1 (keep)", "crop.fine (fine) in Crop"]),
        ({"dialog.yes": "n"}, ["n is the key of both dialog.yes (yes) and dialog.cancel (no)"]),
        ({"select.skp": "s"}, ["There is no command select.skp; select.skip is meant?"]),
        ({"select.keep": "s"}, ["select.keep has a key for each of its parts", "select.keep.1 to select.keep.9"]),
        ({"select.skip": "nosuchkey"}, ["select.skip: 'nosuchkey' is not the name of a key."]),
        ({"select.skip": "ctrl+h"}, ["ctrl+h cannot be the key of select.skip (skip): terminals send Backspace"]),
        ({"select.skip": "alt+x"}, ["alt+x cannot be the key", "late or not at all"]),
        ({"select.skip": "ctrl+shift+d"}, ["the same as without Shift"]),
        ({"finder.up": "y"}, ["y cannot be the key of finder.up (up): it is typed as text there."]),
        ({"label.skip": "3"}, ["3 cannot be the key of label.skip (skip): classes have it."]),
        ({"app.up": "f12"}, ["Esc must stay among the keys of app.up (back)"]),
    ],
)  # fmt: skip
def test_what_clashes_or_cannot_work_is_refused_with_the_names(changes: dict[str, str], said: list[str]) -> None:
    found = resolve(KeySettings(map=changes))  # type: ignore[arg-type]
    assert found.changes == {}
    assert found.keymap == {}
    for words in said:
        assert words in "\n".join(found.problems)


@pytest.mark.parametrize("key", sorted(FORBIDDEN))
def test_keys_that_never_arrive_are_refused_with_a_reason(key: str) -> None:
    [said] = problems(select__skip=key)
    assert said.startswith(f"{key_label(key)} cannot be the key of select.skip (skip): ")


def test_commands_may_change_places() -> None:
    found = resolve(KeySettings(map={"select.skip": ["s", "b"], "select.skipped": "space"}))
    assert found.problems == ()
    assert found.keymap == {"select.skip": "s,b", "select.skipped": "space"}


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("?", "question_mark"), ("Esc", "escape"), ("␣", "space"), (" ", "space"), ("ctrl+D", "ctrl+d"),
        ("[", "left_square_bracket"), ("\\", "backslash"), ("shift+a", "A"), ("F5", "f5"), ("⌫", "backspace"),
        ("shift+left", "shift+left"), ("full_stop", "full_stop"), ("PgUp", "pageup"), ("ö", "ö"), ("plus", "plus"),
        ("banana", None), ("", None), ("ctrl+", None), ("\t", None), ("hyper+x", None), ("shift+1", None),
    ],
)  # fmt: skip
def test_keys_may_be_written_as_people_do(written: str, name: str | None) -> None:
    assert key_name(written) == name


def test_every_declared_key_is_a_name_that_can_be_written_down() -> None:
    for scope in SCOPES:
        for place in places(scope, {}):
            assert [key_name(key) for key in place.keys] == list(place.keys), place.id
            assert [key_name(key_label(key)) for key in place.keys] == list(place.keys), place.id


def test_the_clashes_of_older_programs_cannot_be_set_up() -> None:
    """There `s` skipped a set and an image, and `b` went back before it could skip: the second never ran."""
    both = problems("classic", select__skip=["s", "b"])
    assert any("select.skip (" in said and "select.rule_out.2 (" in said for said in both)
    back = problems("classic", select__previous="b")
    assert any("select.skip (" in said and "select.previous (" in said for said in back)


def test_a_scope_made_up_shows_that_taking_a_key_away_makes_room() -> None:
    scope = Scope("home", "Home", (Command("home.a", ("x",), "a", "A."), Command("home.b", ("y",), "b", "B.")))
    assert resolve(KeySettings(map={"home.b": "x"}), [scope]).problems != ()
    found = resolve(KeySettings(map={"home.a": [], "home.b": "x"}), [scope])
    assert found.keymap == {"home.a": "unset-home.a", "home.b": "x"}


def test_the_page_about_keymaps_shows_what_works_and_every_change_of_the_preset() -> None:
    page = (REPOSITORY / "docs" / "keymap.md").read_text()
    example = page.partition("```toml\n")[2].partition("```")[0]
    wanted = msgspec.convert(tomllib.loads(example)["keys"], KeySettings)
    assert resolve(wanted).problems == ()
    told = page.partition("## The classic preset")[2]
    for place, keys in PRESETS["classic"].items():
        if not place.startswith(("select.keep", "select.rule_out")):
            assert f"| `{key_label(keys[0])}` " in told, place


def set_keys(root: Path, text: str) -> None:
    """Write the settings."""
    Paths(root).settings.write_text(text)


async def test_the_classic_keys_choose_rule_out_and_skip(root: Path, app: BinScoutApp) -> None:
    set_keys(root, CLASSIC)
    ids = add_sets(root, [4, 4, 4, 4, 4, 4])
    async with app.run_test(size=(80, 24)) as pilot:
        await open_area(pilot, "select")
        for key in ("p", "left_square_bracket", "right_square_bracket", "backslash"):
            await decide(pilot, key)
        await ready(pilot)
        found = [await app.workspace.db.read(sets.get, set_id) for set_id in ids]
        assert [one.chosen_image_id for one in found[:4]] == [one.images[i].id for i, one in enumerate(found[:4])]
        await decide(pilot, "s", "f")
        await settle(pilot)
        fifth = await app.workspace.db.read(sets.get, ids[4])
        assert fifth.state == "pending"
        assert set(fifth.ruled_out) == {fifth.images[1].id, fifth.images[3].id}
        await decide(pilot, "b")
        await ready(pilot)
        fifth = await app.workspace.db.read(sets.get, ids[4])
        assert (fifth.state, fifth.chosen_image_id) == ("skipped", None)
        await decide(pilot, "S")
        await ready(pilot)
        assert app.screen.current.id == ids[4]  # type: ignore[attr-defined]
        assert told(app) == []


async def test_footer_help_and_palette_show_the_keys_that_hold(root: Path, app: BinScoutApp) -> None:
    set_keys(root, CLASSIC + '[keys.map]\n"select.reject" = ["n"]\n"app.help" = ["f12", "?"]\n')
    add_sets(root, [4, 2])
    async with app.run_test(size=(120, 40)) as pilot:
        await open_area(pilot, "select")
        footer = screen_text(app)[-1]
        assert "p[]\\ keep" in footer
        assert "n reject all" in footer
        assert "b skip" in footer
        assert "F12 help" in footer
        assert "1-9" not in footer
        await press(pilot, "f12")
        text = "\n".join(screen_text(app))
        assert "b ␣ " in text
        assert "asdf" in text
        assert "S comes back to the skipped sets" in text
        await press(pilot, "escape", "colon", *"reject")
        await settle(pilot)
        assert "reject all  (n)" in "\n".join(screen_text(app))


async def test_keys_that_clash_leave_the_default_ones_and_are_told(root: Path, app: BinScoutApp) -> None:
    set_keys(root, '[keys.map]\n"select.skip" = "s"\n"select.reject" = "w"\n')
    ids = add_sets(root, [2, 2])
    async with app.run_test(size=(80, 24)) as pilot:
        await open_area(pilot, "select")
        assert any("s is the key of both select.skip (skip) and select.skipped (skipped)" in line for line in told(app))
        assert any("The default keys hold" in line for line in told(app))
        await decide(pilot, "x")
        await ready(pilot)
        assert (await app.workspace.db.read(sets.get, ids[0])).state == "rejected"


async def test_a_class_never_gets_the_letter_of_a_command(root: Path, app: BinScoutApp) -> None:
    from binscout_tui.screens.label import LabelScreen
    from binscout_tui.store import labels
    from binscout_tui.workspace import Workspace

    from .made_up import add_images

    set_keys(root, '[keys.map]\n"label.skip" = "m"\n')
    add_images(root, 2)
    with Workspace(root) as ws:
        for number in range(12):
            ws.db.write(labels.add_class, f"m{number}")
    async with app.run_test(size=(120, 40)) as pilot:
        await open_area(pilot, "label")
        assert isinstance(app.screen, LabelScreen)
        assert "m" not in app.screen.keys
        await decide(pilot, "m")
        await ready(pilot)
        assert app.screen.skipped == 1


def test_the_command_line_lists_and_checks_the_keys(root: Path) -> None:
    assert ok(root, "keys", "check") == {"problems": [], "changed": 0}
    set_keys(root, CLASSIC)
    rows = {row["id"]: row for row in ok(root, "keys", "list")}
    assert rows["select.skip"]["keys"] == ["b", "space"]
    assert rows["select.skip"]["default"] == ["space"]
    assert rows["home.open"]["keys"] == ["enter", "right", "l"]
    assert set(ok(root, "keys", "presets")) == {"default", "classic"}
    set_keys(root, '[keys.map]\n"select.skip" = "s"\n"select.skp" = "s"\n')
    refused = binscout(root, "keys", "check")
    assert refused.code == 2
    assert len(refused.data["problems"]) == 2
    plain = binscout(root, "keys", "check", as_json=False)
    assert "s is the key of both select.skip (skip) and select.skipped (skipped) in Select." in plain.out
    listed = binscout(root, "keys", "list")
    assert listed.code == 0
    assert {row["id"]: row["keys"] for row in listed.data}["select.skip"] == ["space"]
    set_keys(root, '[keys]\npreset = "vim"\n')
    bad = binscout(root, "keys", "check")
    assert (bad.code, bad.data["error"]["code"]) == (2, "bad_settings")
