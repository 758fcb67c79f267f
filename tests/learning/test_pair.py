"""What two processes of a training owe each other: the same figures, patience, and no failure after the end."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from binscout_tui.learning.process import Place

from .pair import said_by_two, trainer_at


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    return said_by_two(tmp_path_factory.mktemp("pair"))


def test_the_figures_of_an_epoch_are_those_of_both_wherever_it_was_stopped(said: dict[str, list[Any]]) -> None:
    shown, _ = said["figures"]
    assert set(shown["whole"]) == {"loss", "train_off"}
    assert shown == dict.fromkeys(shown, shown["whole"])


def test_what_one_does_for_all_may_take_longer_than_a_step(said: dict[str, list[Any]]) -> None:
    assert said["patience"] == [["came"], ["came", "gave up"]]


def test_hosts_that_read_different_pictures_do_not_train(said: dict[str, list[Any]]) -> None:
    assert said["different pictures"] == ["samples_differ", "samples_differ"]


def test_a_model_that_is_written_is_no_failure_whatever_becomes_of_the_others(said: dict[str, list[Any]]) -> None:
    assert said["the other has ended"] == ["left", "ended"]


def test_a_leader_that_ends_before_its_model_is_written_is_a_failure(said: dict[str, list[Any]]) -> None:
    assert said["the leader has ended"] == ["ended", "failed"]


def test_the_largest_seed_draws_samples_as_others_do() -> None:
    alone = Place(0, 1, torch.device("cpu"))
    found = {seed: trainer_at(alone, seed).run_epoch(lambda loss: None).loss for seed in (0, 2**32 - 2, 2**32 - 1)}
    assert len(set(found.values())) == 3
