"""Which key labels with which class."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.labelling.keys import class_keys
from binscout_tui.store.labels import LabelClass

names = st.lists(st.text(min_size=1, max_size=12), max_size=80, unique=True)
reserved = st.frozensets(st.sampled_from("abcdefghijklmnopqrstuvwxyzABCXYZ"), max_size=20)


def classes(found: list[str], keys: dict[int, str] | None = None) -> list[LabelClass]:
    return [LabelClass(i, name, (keys or {}).get(i), 0) for i, name in enumerate(found, 1)]


def test_the_first_nine_have_digits_and_the_others_letters_of_their_names() -> None:
    made = class_keys(classes([*(f"M{i}" for i in range(2, 11)), "nut", "hex bolt", "zip"]), reserved={"n", "h", "e"})
    assert {key: item.name for key, item in made.items() if not key.isdigit()} == {
        "u": "nut",
        "x": "hex bolt",
        "z": "zip",
    }
    assert [key for key in made if key.isdigit()] == list("123456789")


def test_a_class_keeps_its_own_key() -> None:
    made = class_keys(classes(["a", "b", "c"], {3: "1"}))
    assert {key: item.name for key, item in made.items()} == {"2": "a", "3": "b", "1": "c"}


def test_an_own_key_that_is_a_command_or_taken_is_not_used() -> None:
    made = class_keys(classes(["a", "b", "c"], {1: "z", 2: "q", 3: "q"}), reserved={"z"})
    assert {item.name: key for key, item in made.items()} == {"a": "1", "b": "q", "c": "2"}


@given(names, reserved)
def test_no_key_twice_and_none_that_is_reserved(found: list[str], taken: frozenset[str]) -> None:
    made = class_keys(classes(found), taken)
    assert taken.isdisjoint(made)
    assert all(len(key) == 1 and key.isascii() and key.isalnum() for key in made)
    assert len({item.id for item in made.values()}) == len(made)
    assert len(made) == min(len(found), 9 + 52 - len(taken))


@given(names, st.text(min_size=1, max_size=12), reserved)
def test_a_new_class_moves_no_key(found: list[str], name: str, taken: frozenset[str]) -> None:
    before = class_keys(classes(found), taken)
    after = class_keys(classes([*found, name]), taken)
    assert {key: after[key].id for key in before} == {key: item.id for key, item in before.items()}
