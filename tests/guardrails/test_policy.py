"""The policy table covers everything and never shows a model or a log a value."""
# ruff: noqa: E501 - one case a line

import itertools
from typing import get_args

import pytest

from guardrails.findings import KINDS, Audience, Kind, Origin
from guardrails.policy import action, mask


@pytest.mark.parametrize(("kind", "origin"), [*itertools.product(KINDS, get_args(Origin))])
def test_models_and_logs_get_handles(kind: Kind, origin: Origin) -> None:
    assert action(kind, origin, "model") == action(kind, origin, "log") == "handle"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_row_for_typed_and_recorded_values(kind: Kind) -> None:
    assert action(kind, "customer", "customer") == "show"
    assert action(kind, "record", "tool") == "show"


@pytest.mark.parametrize(("kind", "audience"), [*itertools.product(KINDS, get_args(Audience))])
def test_a_value_the_model_made_up_is_shown_to_nobody(kind: Kind, audience: Audience) -> None:
    assert action(kind, "model", audience) in ("remove", "handle")


@pytest.mark.parametrize(
    ("kind", "value", "masked"),
    [
        ("PHONE_NUMBER", "138-0013-8000", "138-****8000"), ("EMAIL_ADDRESS", "mei.lin@example.com", "m***@example.com"), ("CREDIT_CARD", "4111 1111 1111 1111", "****1111"),
        ("ID_CARD", "11010519491231002X", "1****X"), ("PASSPORT", "E1", "****"), ("DATE_OF_BIRTH", "3 May 1990", "* May ****"),
    ],
)  # fmt: skip
def test_a_mask_keeps_just_enough(kind: Kind, value: str, masked: str) -> None:
    assert mask(kind, value) == masked
