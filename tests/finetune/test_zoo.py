"""The bug zoo: every seeded privacy bug is caught, and the real pipeline raises no alarm."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from finetune.audit.checks import CHECKS, FALSE_ALARM
from finetune.audit.checks.sampling import unlike_coins
from finetune.audit.pipeline import LONG, Evidence, Pipeline, workplace
from finetune.audit.toy import CUSTOMERS
from finetune.audit.zoo import BUGS
from finetune.audit.zoo.bug import Bug
from finetune.audit.zoo.survey import alarms

BY_NAME = {check.name: check for check in CHECKS}


@pytest.fixture
def place() -> Iterator[Path]:
    with workplace() as work:
        yield work


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_the_check_that_is_made_for_a_bug_catches_it(bug: Bug, place: Path) -> None:
    assert BY_NAME[bug.caught_by].faults(Evidence(bug.pipeline, place))


def test_there_are_enough_bugs_and_every_check_has_one() -> None:
    assert len(BUGS) >= 22
    assert len({bug.name for bug in BUGS}) == len(BUGS)
    assert {bug.caught_by for bug in BUGS} == set(BY_NAME)


def test_the_chance_of_a_false_alarm_in_a_hundred_runs_is_below_one_in_a_thousand() -> None:
    assert FALSE_ALARM * 100 <= 1e-3


def test_draws_that_are_not_coins_are_seen_whatever_falls() -> None:
    generator = np.random.default_rng(5)
    for _ in range(100):
        coins = generator.random((LONG, CUSTOMERS)) < 1 / 8
        first_four = coins & (coins.cumsum(axis=1) <= 4)
        halves = np.concatenate([coins[:, : CUSTOMERS // 2]] * 2, axis=1)
        assert not list(unlike_coins(coins, 1 / 8))
        assert list(unlike_coins(first_four, 1 / 8))
        assert list(unlike_coins(halves, 1 / 8))


@pytest.mark.parametrize("run", range(5))
def test_the_real_pipeline_raises_no_alarm(run: int) -> None:
    assert alarms(Pipeline()) == {}


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_hundred_clean_runs_raise_no_alarm() -> None:
    assert [found for _ in range(100) if (found := alarms(Pipeline()))] == []
