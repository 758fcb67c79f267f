"""Models, the gate's lists and verdicts, and which model is active, under one name.

The parts: `model_rows`, `known_good`, `gates`, `activations`.
"""

from __future__ import annotations

from binscout_tui.store.activations import Activation, activate, activations, previous, rollback, stack
from binscout_tui.store.gates import Basis, Gate, add_gate, basis, last_gate, may_activate
from binscout_tui.store.known_good import (
    KnownCount,
    KnownGood,
    KnownSet,
    add_known_count,
    add_known_good,
    add_known_set,
    known_count,
    known_counts,
    known_good,
    known_good_entry,
    known_set,
    known_sets,
    listed,
    remove_known_good,
    remove_known_set,
)
from binscout_tui.store.model_rows import Model, active, add, delete, get, latest, write_note

__all__ = [
    "Activation",
    "Basis",
    "Gate",
    "KnownCount",
    "KnownGood",
    "KnownSet",
    "Model",
    "activate",
    "activations",
    "active",
    "add",
    "add_gate",
    "add_known_count",
    "add_known_good",
    "add_known_set",
    "basis",
    "delete",
    "get",
    "known_count",
    "known_counts",
    "known_good",
    "known_good_entry",
    "known_set",
    "known_sets",
    "last_gate",
    "latest",
    "listed",
    "may_activate",
    "previous",
    "remove_known_good",
    "remove_known_set",
    "rollback",
    "stack",
    "write_note",
]
