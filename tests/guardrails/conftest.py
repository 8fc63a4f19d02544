"""A guard over a vault of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from guardrails.guard import Guardrails, GuardSettings, build
from tests.guardrails.guard_samples import KEY, READABLE


@pytest.fixture
def guard(tmp_path: Path) -> Iterator[Guardrails]:
    made = build(f"sqlite:///{tmp_path}/vault.db", KEY, READABLE)
    yield made
    made.close()


@pytest.fixture(scope="module")
def shared_guard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guardrails]:
    """For properties: one vault for many examples (owners differ where it matters). A slow machine is no failure."""
    folder = tmp_path_factory.mktemp("vault")
    made = build(f"sqlite:///{folder}/vault.db", KEY, READABLE, GuardSettings(timeout_s=60))
    yield made
    made.close()


@pytest.fixture(scope="session")
def rules_guard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guardrails]:
    """Without the trained recognizer, which may see more in a text whose values are handles already."""
    folder = tmp_path_factory.mktemp("rules")
    made = build(f"sqlite:///{folder}/vault.db", KEY, READABLE, GuardSettings(timeout_s=60), tagger=None)
    yield made
    made.close()


@pytest.fixture(scope="module")
def short_sighted_guard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guardrails]:
    """A guard that reads 40 characters at a time."""
    folder = tmp_path_factory.mktemp("vault")
    made = build(f"sqlite:///{folder}/vault.db", KEY, READABLE, GuardSettings(max_chars=40, timeout_s=60))
    yield made
    made.close()
