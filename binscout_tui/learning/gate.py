"""The gate's rules under one name; one module a task in `learning/gating/`."""

from __future__ import annotations

from binscout_tui.learning.gating.classify import GateCase, judge
from binscout_tui.learning.gating.count import CountCase
from binscout_tui.learning.gating.count import judge as judge_counts
from binscout_tui.learning.gating.paired import sign_test
from binscout_tui.learning.gating.select import SetCase
from binscout_tui.learning.gating.select import judge as judge_sets
from binscout_tui.learning.gating.verdict import (
    Check,
    Evidence,
    GateBudget,
    GateMeasured,
    GateVerdict,
    could_not_be_tried,
    does_not_load,
    loads,
    verdict,
)

__all__ = [
    "Check",
    "CountCase",
    "Evidence",
    "GateBudget",
    "GateCase",
    "GateMeasured",
    "GateVerdict",
    "SetCase",
    "could_not_be_tried",
    "does_not_load",
    "judge",
    "judge_counts",
    "judge_sets",
    "loads",
    "sign_test",
    "verdict",
]
