"""The names in a filter, as ids; one that does not exist is refused with the nearest that does."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from binscout_tui.filtering.completing import Name
from binscout_tui.filtering.errors import FilterError, did_you_mean
from binscout_tui.filtering.tree import Condition, Is, Place, Test
from binscout_tui.store.named import Named, folded
from binscout_tui.store.names import composed

MOST_NAMES = 2000
TASK = "classify"

_LISTS = {
    "class": "SELECT name, images FROM class WHERE archived_at IS NULL ORDER BY images DESC, id LIMIT ?",
    "person": "SELECT DISTINCT name, NULL FROM user ORDER BY name LIMIT ?",
    "dataset": "SELECT name, NULL FROM dataset_name GROUP BY name ORDER BY max(id) DESC LIMIT ?",
    "model": "SELECT id, NULL FROM model ORDER BY created_at DESC LIMIT ?",
    "tag": "SELECT name, images FROM tag WHERE archived_at IS NULL AND conceals = 0 ORDER BY images DESC, id LIMIT ?",
    "collection": "SELECT name, images FROM collection WHERE archived_at IS NULL AND conceals = 0"
    " ORDER BY images DESC, id LIMIT ?",
    "item": "SELECT name, NULL FROM item WHERE archived_at IS NULL ORDER BY name LIMIT ?",
    "compartment": "SELECT code, NULL FROM compartment WHERE archived_at IS NULL ORDER BY code LIMIT ?",
}


def vocabulary(db: sqlite3.Connection) -> dict[str, list[Name]]:
    """The names that filters are completed from: at most 2,000 a list, of classes those with the most images."""
    return {kind: [Name(*row) for row in db.execute(sql, (MOST_NAMES,))] for kind, sql in _LISTS.items()}


class Names:
    """Names looked up in one database; `models` and `datasets` are the conditions that say which ones are meant."""

    def __init__(
        self,
        db: sqlite3.Connection,
        *,
        trashed: bool = False,
        concealed: bool = False,
        models: tuple[Condition, ...] = (),
        datasets: tuple[Condition, ...] = (),
    ) -> None:
        self.db = db
        self.trashed = trashed
        self.concealed = concealed
        self.models = models
        self.datasets = datasets

    def within(self, parts: Iterable[object]) -> Names:
        """These names where the conditions `parts` hold together: a `model:` or `dataset:` among them counts."""
        conditions = [part for part in parts if isinstance(part, Condition)]
        models = tuple(one for one in conditions if one.field == "model")
        datasets = tuple(one for one in conditions if one.field == "dataset")
        return Names(
            self.db,
            trashed=self.trashed,
            concealed=self.concealed,
            models=models or self.models,
            datasets=datasets or self.datasets,
        )

    def label_class(self, test: Is) -> tuple[int, int]:
        """(id, images) of a class, also of one that is archived."""
        row = self._found("SELECT id, images FROM class WHERE name = ?", "class", "class", test)
        return int(row[0]), int(row[1])

    def group(self, kind: Named, test: Is) -> tuple[int, int]:
        """(id, images) of a tag or collection that may be seen, with `concealed` of others too."""
        sql = f"SELECT id, images FROM {kind.word} WHERE fold = ? AND archived_at IS NULL AND conceals <= ?"
        row = self.db.execute(sql, (folded(test.text), self.concealed)).fetchone()
        if row is None:
            raise self._unknown(kind.word, kind.word, test)
        return int(row[0]), int(row[1])

    def people(self, test: Is) -> list[int]:
        """The ids of all users with this name."""
        self._found("SELECT uid FROM user WHERE name = ?", "person", "person", test)
        return [row[0] for row in self.db.execute("SELECT uid FROM user WHERE name = ?", (composed(test.text),))]

    def item(self, test: Is) -> int:
        """The id of an item."""
        return int(self._found("SELECT id FROM item WHERE name = ?", "item", "item", test)[0])

    def compartment(self, test: Is) -> int:
        """The id of a compartment."""
        return int(self._found("SELECT id FROM compartment WHERE code = ?", "compartment", "compartment", test)[0])

    def dataset(self, test: Is) -> str:
        """The id of a version: the one itself, or what was built under this name last."""
        by_name = "SELECT dataset_id FROM dataset_name WHERE name = ?1 ORDER BY id DESC LIMIT 1"
        sql = f"SELECT id FROM dataset WHERE id = ?1 UNION ALL SELECT * FROM ({by_name})"
        return str(self._found(sql, "dataset", "dataset", test)[0])

    def model(self, test: Is) -> str:
        """The id of a model."""
        return str(self._found("SELECT id FROM model WHERE id = ?", "model", "model", test)[0])

    def prediction(self, model_id: str, test: Is) -> str:
        """The name of a class as this model, or anybody, gives it."""
        sql = (
            "SELECT ?1 WHERE EXISTS (SELECT 1 FROM class WHERE name = ?1)"
            " OR EXISTS (SELECT 1 FROM prediction WHERE label = ?1 AND model_id = ?2)"
        )
        return str(self._found(sql, "class", "class", test, model_id)[0])

    def model_meant(self, place: Place) -> str:
        """The one `model:` beside the condition at `place`, else the active one. Raises FilterError without either."""
        named = self._one(self.models, "model", place)
        if named is not None:
            return self.model(named)
        row = self.db.execute("SELECT model_id FROM active_model WHERE task = ?", (TASK,)).fetchone()
        if row is None:
            raise FilterError("No model is active.", place, hint="Name one with model: beside it.")
        return str(row[0])

    def dataset_meant(self, place: Place) -> str:
        """The one `dataset:` beside the condition at `place`, else what was built last. Raises FilterError."""
        named = self._one(self.datasets, "dataset", place)
        if named is not None:
            return self.dataset(named)
        row = self.db.execute("SELECT dataset_id FROM dataset_name ORDER BY id DESC LIMIT 1").fetchone()
        if row is None:
            raise FilterError("There is no dataset yet.", place, hint="`binscout dataset build NAME` makes one.")
        return str(row[0])

    def _one(self, conditions: tuple[Condition, ...], field: str, place: Place) -> Is | None:
        tests: list[Test] = [test for one in conditions for test in one.tests]
        if len(tests) > 1:
            raise FilterError(f"It is not clear which {field} is meant.", place, hint=f"Name one {field} beside it.")
        return next((test for test in tests if isinstance(test, Is)), None)

    def _found(self, sql: str, vocabulary_of: str, what: str, test: Is, *more: str) -> sqlite3.Row:
        row: sqlite3.Row | None = self.db.execute(sql, (composed(test.text), *more)).fetchone()
        if row is None:
            raise self._unknown(vocabulary_of, what, test)
        return row

    def _unknown(self, vocabulary_of: str, what: str, test: Is) -> FilterError:
        known = [name[0] for name in self.db.execute(_LISTS[vocabulary_of], (MOST_NAMES,))]
        return FilterError(f"There is no {what} {test.text!r}.", test.place, hint=did_you_mean(test.text, known))
