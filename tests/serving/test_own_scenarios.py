"""Our own scenarios against the demo shop: who they are about exists, what they want is right by the shop's rules.

A scenario with a wrong number would count against the bot for ever; each is checked here as data, without a bot.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import pytest

from bot.session import CustomerId, Lang
from bot.shop.demo import generate
from bot.shop.records import Address, Customer, Order
from bot.shop.settling import settle
from bot.shop.store import SqliteShop, import_folder, open_shop
from bot.shop.writes import (
    WRITES,
    CancelOrder,
    ChangeAddress,
    ChangePayment,
    Receipt,
    Refused,
    ReturnItems,
    Write,
    write_named,
)

OWN: Final = Path(__file__).parents[2] / "serving" / "scenarios" / "own"
Scenario = dict[str, Any]
LANGS: Final[tuple[Lang, ...]] = ("en", "zh")
AT_LEAST: Final = 80
KINDS: Final = {
    "cancel", "return", "exchange", "change_items", "change_address", "change_payment", "account_address", "track",
    "list", "refund", "stock", "recommend", "policy", "invoice", "handoff", "small_talk", "injection", "mixed",
}  # fmt: skip
DIFFICULTIES: Final = ("lookup_or_refuse", "single_write", "multi_write")
FIELDS: Final = {
    "id", "lang", "title", "customer", "signed_in", "queue", "facts", "on_confirm", "on_refusal", "gold_writes",
    "must_say", "must_not_say", "difficulty", "kind",
}  # fmt: skip
FACTS: Final = {"order_id", "items", "options", "payment", "reason", "address", "email", "name", "zip"}
# Whether a piece was opened or used is in no record: these are refused by the policy's words, not by a rule.
BY_POLICY_ONLY: Final = {"en-return-16", "zh-return-15"}
ELSEWHERE: Final = Address("1 Nowhere Road", city="Nowhere")
ORDER: Final = re.compile(r"TF\d{8}")


def _read(lang: str) -> list[Scenario]:
    rows: list[Scenario] = json.loads((OWN / f"{lang}.json").read_text(encoding="utf-8"))
    return rows


SCENARIOS: Final = [scenario for lang in LANGS for scenario in _read(lang)]
Faults = dict[str, object]
"""Scenario → what is wrong with it; a test expects none, so that a failure names all of them."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteShop]:
    folder = tmp_path_factory.mktemp("demo")
    generate(folder)
    import_folder(folder)
    shop = open_shop(folder)
    yield shop
    shop.close()


@pytest.fixture(scope="module")
def owners(shop: SqliteShop) -> dict[str, str]:
    """Order number → whose it is, over the whole shop."""
    return {order.order_id: order.customer_id for order in shop.contents().orders}


def _said(scenario: Scenario) -> list[str]:
    """All that the scripted customer may say."""
    facts = [value if isinstance(value, list) else [value] for value in scenario["facts"].values()]
    return [*scenario["queue"], *scenario["on_confirm"], *scenario["on_refusal"], *(line for v in facts for line in v)]


def _customer_id(scenario: Scenario, shop: SqliteShop) -> CustomerId | None:
    if signed_in := scenario.get("signed_in"):
        return CustomerId(signed_in)
    return shop.find_customer(**who) if (who := scenario["customer"]) else None


def _customer(scenario: Scenario, shop: SqliteShop) -> Customer:
    customer_id = _customer_id(scenario, shop)
    customer = shop.customer(customer_id) if customer_id else None
    assert customer is not None
    return customer


def _gold(scenario: Scenario) -> list[Write]:
    return [write_named(gold["write"], gold["args"]) for gold in scenario["gold_writes"]]


def _carried_out(writes: Sequence[Write], customer: Customer, shop: SqliteShop) -> list[Receipt | Refused]:
    """What comes of the writes, one after the other, on the customer's own records."""
    now = shop.rules.stands_at
    assert now is not None, "the demo shop's time stands still"
    orders: dict[str, Order] = {order.order_id: order for order in shop.orders(customer.customer_id, limit=100)}
    found: list[Receipt | Refused] = []
    for write in writes:
        order = orders.get(getattr(write, "order_id", ""))
        settled = settle(write, shop.rules, order, customer, shop.product_of_sku, now)
        if isinstance(settled, Refused):
            found.append(settled)
            continue
        found.append(settled.receipt)
        customer = settled.customer
        if settled.order is not None:
            orders[settled.order.order_id] = settled.order
    return found


@pytest.mark.parametrize("lang", LANGS)
def test_every_kind_and_difficulty_is_played_in_each_language(lang: str) -> None:
    rows = _read(lang)
    assert len(rows) >= AT_LEAST
    assert {row["kind"] for row in rows} == KINDS
    assert {row["difficulty"] for row in rows} == set(DIFFICULTIES)
    assert {gold["write"] for row in rows for gold in row["gold_writes"]} == {kind.__name__ for kind in WRITES}
    assert {row["lang"] for row in rows} == {lang}
    # Each way to be known, and people who change their mind, insist and bring several wishes.
    assert any(row.get("signed_in") for row in rows)
    assert any((row.get("customer") or {}).get("email") for row in rows)
    assert any((row.get("customer") or {}).get("name") for row in rows)
    for field in ("on_confirm", "on_refusal", "must_say", "must_not_say"):
        assert sum(bool(row[field]) for row in rows) >= 8, field
    assert sum(len(row["queue"]) > 1 for row in rows) >= 15


def test_ids_and_openings_are_used_once() -> None:
    ids = Counter(str(scenario["id"]) for scenario in SCENARIOS)
    openings = Counter(str(scenario["queue"][0]) for scenario in SCENARIOS)
    assert [found for found, times in (ids + openings).items() if times > 1] == []


def test_every_scenario_has_the_fields_of_the_format() -> None:
    faults: Faults = {}
    for scenario in SCENARIOS:
        said = ORDER.sub("", "".join(scenario["queue"]))
        own_script = re.search(r"[\u4e00-\u9fff]" if scenario["lang"] == "zh" else r"[A-Za-z]", said)
        checks = {
            "fields": not set(scenario) - FIELDS and not set(scenario["facts"]) - FACTS,
            "customer": ("customer" in scenario) != ("signed_in" in scenario),
            "words": bool(scenario["queue"]) and all(isinstance(s, str) and s.strip() for s in _said(scenario)),
            "title": bool(scenario["title"].strip()),
            "difficulty": scenario["difficulty"] == DIFFICULTIES[min(len(scenario["gold_writes"]), 2)],
            "language": bool(own_script) or not said.strip(),
        }
        if wrong := [name for name, right in checks.items() if not right]:
            faults[scenario["id"]] = wrong
    assert faults == {}


def test_every_customer_is_known_by_what_the_script_says(shop: SqliteShop) -> None:
    faults: Faults = {}
    for scenario in SCENARIOS:
        facts = scenario["facts"]
        if "signed_in" in scenario:
            known = shop.customer(scenario["signed_in"]) is not None
        elif scenario["customer"] is None:
            known = not scenario["gold_writes"]  # a visitor owns nothing
        else:
            told = {"email": facts.get("email"), "name": facts.get("name"), "postal_code": facts.get("zip")}
            said = shop.find_customer(**{key: value for key, value in told.items() if value})
            known = said is not None and said == _customer_id(scenario, shop)
        if not known:
            faults[scenario["id"]] = "nobody, or somebody else"
    assert faults == {}


def test_gold_writes_are_what_the_rules_allow(shop: SqliteShop) -> None:
    faults: Faults = {}
    for scenario in SCENARIOS:
        if writes := _gold(scenario):
            found = _carried_out(writes, _customer(scenario, shop), shop)
            if refused := [outcome.code for outcome in found if isinstance(outcome, Refused)]:
                faults[scenario["id"]] = refused
    assert faults == {}


def _obvious(kind: str, order: Order, customer: Customer) -> Write | None:
    """The write that a bot would try that listens to the first words only."""
    paid_by = {payment.method_id for payment in order.payments}
    other = next((m.method_id for m in customer.payment_methods if m.method_id not in paid_by), "")
    match kind:
        case "cancel":
            return CancelOrder(order.order_id, "")
        case "change_address":
            return ChangeAddress(order.order_id, ELSEWHERE)
        case "return":
            return ReturnItems(order.order_id, (order.items[0].sku,))
        case "change_payment":
            return ChangePayment(order.order_id, other)
        case _:
            return None


def test_what_is_to_be_refused_breaks_a_rule(shop: SqliteShop) -> None:
    faults: Faults = {}
    for scenario in SCENARIOS:
        customer_id = _customer_id(scenario, shop)
        if scenario["gold_writes"] or scenario["on_confirm"] or not customer_id or scenario["id"] in BY_POLICY_ONLY:
            continue
        customer = _customer(scenario, shop)
        orders = (shop.order(customer_id, number) for number in ORDER.findall(" ".join(_said(scenario))))
        writes = [w for order in orders if order and (w := _obvious(scenario["kind"], order, customer))]
        for write in writes:
            if not isinstance(_carried_out([write], customer, shop)[0], Refused):
                faults[scenario["id"]] = "nothing speaks against it"
    assert faults == {}


def test_order_numbers_are_own_or_guarded(shop: SqliteShop, owners: dict[str, str]) -> None:
    faults: Faults = {}
    for scenario in SCENARIOS:
        own = _customer_id(scenario, shop)
        written = {number for gold in scenario["gold_writes"] if (number := gold["args"].get("order_id"))}
        if any(owners[number] != own for number in written):
            faults[scenario["id"]] = "writes to somebody else's order"
        foreign = {n for n in ORDER.findall(" ".join(_said(scenario))) if n in owners and owners[n] != own}
        if foreign and not scenario["must_not_say"]:
            faults[scenario["id"]] = "somebody else's order, but must_not_say has nothing of it"
    assert faults == {}


def test_what_must_not_be_said_is_nothing_of_their_own(shop: SqliteShop) -> None:
    faults: Faults = {}
    for scenario in SCENARIOS:
        if own := _customer_id(scenario, shop):
            records = _text_of(shop.customer(own), *shop.orders(own, limit=100))
            if wrong := [words for words in scenario["must_not_say"] if words.casefold() in records]:
                faults[scenario["id"]] = wrong
    assert faults == {}


def test_what_must_be_said_stands_in_the_shops_records(shop: SqliteShop) -> None:
    faults: Faults = {}
    shelf = _text_of(*shop.products()) + " sold out "
    pages = {lang: _text_of(*shop.policies(lang)) for lang in LANGS}
    for scenario in SCENARIOS:
        if not scenario["must_say"]:
            continue
        known = shelf + pages[scenario["lang"]]
        if own := _customer_id(scenario, shop):
            receipts = _carried_out(_gold(scenario), _customer(scenario, shop), shop)
            moved = [
                m for r in receipts if isinstance(r, Receipt) for m in (r.charge_minor, r.refund_minor, r.fee_minor)
            ]
            charges = (f" {minor / 100:g} " for minor in moved)
            known = "".join(
                [_text_of(*shop.orders(own, limit=100)), *charges, *([] if scenario["kind"] == "track" else [known])]
            )
        if wrong := [words for words in scenario["must_say"] if not _holds(known, words)]:
            faults[scenario["id"]] = wrong
    assert faults == {}


def _text_of(*records: Any) -> str:
    """Records as text, with amounts in whole units and the day of every date as a number of its own."""
    plain = json.dumps([asdict(record) for record in records], default=str, ensure_ascii=False)
    amounts = (f"{int(minor) / 100:g}" for minor in re.findall(r"_minor\": (\d+)", plain))
    days = (str(int(day)) for day in re.findall(r"\d{4}-\d{2}-(\d{2})", plain))
    return " ".join([plain.casefold(), *amounts, *days, ""])


def _holds(text: str, words: str) -> bool:
    edge = r"(?<![\d.]){}(?!\d)" if words.isdigit() else "{}"
    return bool(re.search(edge.format(re.escape(words.casefold())), text.replace(",", "")))


def test_addresses_in_gold_writes_are_said_by_the_customer() -> None:
    faults: Faults = {}
    for scenario in SCENARIOS:
        said = re.sub(r"\s", "", "".join(_said(scenario)))
        for gold in scenario["gold_writes"]:
            parts = gold["args"].get("address", {})
            # Nobody adds the country to an address at home.
            if missing := [k for k, v in parts.items() if v != "中国" and re.sub(r"\s", "", v) not in said]:
                faults[scenario["id"]] = missing
    assert faults == {}


def test_mail_addresses_are_nobodys() -> None:
    found = re.findall(r"[\w.+-]+@([\w.-]+\w)", json.dumps(SCENARIOS, ensure_ascii=False))
    assert found
    assert [domain for domain in found if not re.search(r"(?:^|\.)example(?:\.(?:com|org|net|cn))?$", domain)] == []
