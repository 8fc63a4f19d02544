"""``rules.toml``: what is left out, what is refused, and that it goes out as it came in."""

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.shop.demo import RULES as DEMO
from bot.shop.errors import ShopFolderError
from bot.shop.records import Address
from bot.shop.rules import ShopRules, WriteRule, read_rules, rules_text
from bot.shop.tau2 import RULES as TAU2
from tests.bot import write_samples as sample


@pytest.mark.parametrize("rules", [ShopRules(), DEMO, TAU2, sample.RULES])
def test_rules_come_back_as_they_went_out(tmp_path: Path, rules: ShopRules) -> None:
    (tmp_path / "rules.toml").write_text(rules_text(rules), "utf-8")
    assert read_rules(tmp_path) == rules


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=3), st.none() | st.integers(0, 400))
def test_whatever_words_rules_hold_they_come_back(
    tmp_path_factory: pytest.TempPathFactory, words: list[str], days: int | None
) -> None:
    rules = ShopRules(cancel_reasons=tuple(words), returns=WriteRule(("delivered",), "returns", days))
    folder = tmp_path_factory.mktemp("rules")
    (folder / "rules.toml").write_bytes(rules_text(rules).encode())
    assert read_rules(folder) == rules


def test_a_shop_without_rules_has_the_defaults_and_a_table_is_read_alone(tmp_path: Path) -> None:
    assert read_rules(tmp_path) == ShopRules()
    (tmp_path / "rules.toml").write_text('[returns]\nwhen = ["delivered", "shipped"]\n')
    rules = read_rules(tmp_path)
    assert rules.returns == WriteRule(("delivered", "shipped"))
    assert rules.exchange == ShopRules().exchange


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[cancel", "expected TOML"),
        ("[cancel]\nwhen = ['lost']\n", "cancel.when.0: Input should be 'pending'"),
        ("[cancels]\n", "cancels: Unexpected keyword argument"),
        ("[returns]\ndays = -1\n", "returns.days: Input should be greater than or equal to 0"),
        ("refund_to = 'me'\n", "refund_to: Input should be 'original_or_gift_card'"),
        ("cancel_reasons = ['a']\ncancel_reasons_zh = ['甲', '乙']\n", "as many cancel_reasons_zh"),
        ("stands_at = 2026-11-20T18:00:00\n", "expected stands_at with a zone"),
    ],
)
def test_rules_that_cannot_be_meant_are_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "rules.toml").write_text(text)
    with pytest.raises(ShopFolderError, match=r"rules\.toml") as caught:
        read_rules(tmp_path)
    assert message in str(caught.value)


def test_home_is_any_spelling_of_the_country_and_no_country() -> None:
    rules = ShopRules(home_countries=("中国", "China"))
    said = ["中国", " china ", "CHINA", "", "United Kingdom", "Chinatown"]
    assert [rules.is_abroad(Address("x", country=c)) for c in said] == [False] * 4 + [True] * 2
    assert not ShopRules().is_abroad(Address("x", country="Mars"))


def test_the_demos_time_stands_still_at_its_own_today() -> None:
    assert DEMO.stands_at == datetime(2026, 11, 20, 18, tzinfo=timezone(timedelta(hours=8)))
