"""Training along: one more host for a run that another one began."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from binscout_tui.errors import BinScoutError, UsageError
from binscout_tui.imaging.names import display_name
from binscout_tui.learning.config import TrainConfig, check_config, check_dataset, command, read_config
from binscout_tui.learning.items import DATASET_FILE, read_items


def join(folder: Path, node_rank: int) -> TrainConfig:
    """Run this host's share of the training in `folder` to its end; returns what was trained.

    Raises UsageError for a run of one host or a rank that it does not have, BinScoutError for a damaged folder and
    `join_failed` when the training ended otherwise.
    """
    config = read_config(folder)
    check_config(config)
    check_dataset(read_items(folder / DATASET_FILE, config.task), config.task)
    if config.nnodes < 2 or config.rdzv is None:
        raise UsageError(
            f"The run in {display_name(folder)} is for one host.",
            hint="Begin it with `binscout train … --nnodes N --rdzv HOST:PORT`.",
            code="one_host",
        )
    if node_rank >= config.nnodes:
        raise UsageError(
            f"The run has {config.nnodes} hosts, numbered from 0; there is no number {node_rank}.", code="no_such_host"
        )
    launch = command(folder.absolute(), config.devices, config.nnodes, config.rdzv, node_rank)
    environment = {"OMP_WAIT_POLICY": "PASSIVE"} | os.environ
    code = subprocess.run(launch, stdin=subprocess.DEVNULL, stdout=sys.stderr, env=environment, check=False).returncode
    if code:
        raise BinScoutError(
            "The training ended before it was done.", hint="The run on the first host says why.", code="join_failed"
        )
    return config
