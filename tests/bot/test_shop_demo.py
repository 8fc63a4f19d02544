"""The demo shop: the same each time, complete in both languages, true to its own rules."""

import hashlib
import re
import sqlite3
from collections import Counter
from pathlib import Path

import pytest

from bot.commands import TOPICS
from bot.shop.demo import generate
from bot.shop.demo.orders import delivery_fee_minor
from bot.shop.demo.parcels import ARRIVED, NOW
from bot.shop.folder import Contents, read_folder
from bot.shop.records import ORDER_STATUSES, Order, Swap
from bot.shop.store import SqliteShop, open_shop
from bot.shop.writes import (
    CancelOrder,
    ChangeAddress,
    ChangeItems,
    ChangePayment,
    ExchangeItems,
    Refused,
    ReturnItems,
    Write,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    generate(folder)
    return folder


@pytest.fixture(scope="module")
def demo(folder: Path) -> Contents:
    return read_folder(folder)


def digest(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_same_seed_writes_the_same_bytes_and_another_seed_does_not(folder: Path, tmp_path: Path) -> None:
    generate(tmp_path / "again")
    generate(tmp_path / "other", seed=7)
    again, other, first = digest(tmp_path / "again"), digest(tmp_path / "other"), digest(folder)
    assert {name: first[name] for name in again} == again
    assert other["orders.jsonl"] != again["orders.jsonl"]


def test_it_is_as_large_as_promised_and_no_row_is_rejected(demo: Contents) -> None:
    assert demo.rejected == ()
    assert len(demo.products) >= 150
    assert len({product.category for product in demo.products}) >= 15
    assert (len(demo.customers), len(demo.orders)) == (400, 1200)
    assert {order.status for order in demo.orders} == set(ORDER_STATUSES)
    assert {(p.topic, p.lang) for p in demo.policies} == {(topic, lang) for topic in TOPICS for lang in ("en", "zh")}


def test_every_product_is_complete_in_both_languages(demo: Contents) -> None:
    for product in demo.products:
        assert all((product.name_en, product.name_zh, product.category, product.category_zh, product.brand))
        assert 2 <= len(re.findall(r"[.!?](?: |$)", product.text_en)) <= 5, product.name_en
        assert len(re.findall(r"[。！？]", product.text_zh)) >= 2, product.name_zh
        assert len(product.attributes_en) == len(product.attributes_zh) >= 3
        assert not [value for value in product.attributes_en.values() if re.search(r"[\u4e00-\u9fff]", value)]
        assert all(len(v.options) == len(v.options_zh) >= 1 and v.price_minor > 0 for v in product.variants)
    for names in ({p.name_en for p in demo.products}, {p.name_zh for p in demo.products}):
        assert len(names) == len(demo.products)
    texts = Counter(sentence for p in demo.products for sentence in (p.text_en, p.text_zh))
    assert max(texts.values()) == 1


def test_some_variants_are_sold_out_and_no_product_is_entirely(demo: Contents) -> None:
    sold_out = [variant.sku for product in demo.products for variant in product.variants if variant.stock == 0]
    assert 15 <= len(sold_out) <= 60
    assert all(product.stock for product in demo.products)


def test_ids_fit_the_patterns_of_the_shop(demo: Contents) -> None:
    info = demo.info
    assert all(re.fullmatch(info.order_pattern, order.order_id) for order in demo.orders)
    assert all(re.fullmatch(info.sku_pattern, v.sku) for product in demo.products for v in product.variants)
    tracked = [order.tracking_id for order in demo.orders if order.tracking_id]
    assert all(re.fullmatch(info.tracking_pattern, number) for number in tracked)
    assert len(set(tracked)) == len(tracked)


def test_totals_are_items_and_delivery(demo: Contents) -> None:
    country = {c.customer_id: c.address.country for c in demo.customers if c.address}
    prices = {variant.sku: variant.price_minor for product in demo.products for variant in product.variants}
    for order in demo.orders:
        items = sum(item.price_minor * item.quantity for item in order.items)
        assert order.total_minor == items + delivery_fee_minor(
            items, order.carrier, country[order.customer_id] != "中国"
        )
        assert all(item.price_minor == prices[item.sku] for item in order.items)


def test_what_an_order_says_fits_its_status(demo: Contents) -> None:
    for order in demo.orders:
        parcel = order.status not in ("pending", "paid", "cancelled")
        assert parcel == bool(order.carrier and order.carrier_zh and order.tracking_id)
        assert bool(order.events) == (parcel and order.status != "packed"), (order.order_id, order.status)
        assert (order.delivered_at is not None) == (order.status in ARRIVED)
        assert (order.expected_on is not None) == (order.status in ("paid", "packed", "shipped", "out_for_delivery"))
        assert order.expected_on is None or order.expected_on >= NOW.date()
        assert_times_run_forward(order)


def assert_times_run_forward(order: Order) -> None:
    times = [event.at for event in order.events]
    assert order.placed_at is not None
    assert times == sorted(times), order.order_id
    assert all(order.placed_at < at <= NOW for at in times), order.order_id
    assert all(event.text_en and event.text_zh and event.place for event in order.events)
    if order.delivered_at:
        assert order.delivered_at in times


def test_payments_add_up_and_are_by_the_customers_own_ways(demo: Contents) -> None:
    ways = {c.customer_id: {m.method_id: m for m in c.payment_methods} for c in demo.customers}
    ids = [method for own in ways.values() for method in own]
    assert len(set(ids)) == len(ids)
    assert {m.kind for own in ways.values() for m in own.values()} == {"card", "wallet", "gift_card"}
    assert all((m.balance_minor is not None) == (m.kind == "gift_card") for own in ways.values() for m in own.values())
    for order in demo.orders:
        paid = sum(row.amount_minor for row in order.payments if row.type == "payment")
        back = sum(row.amount_minor for row in order.payments if row.type == "refund")
        assert {row.method_id for row in order.payments} <= ways[order.customer_id].keys(), order.order_id
        assert paid == (0 if order.status == "pending" or not order.payments else order.total_minor)
        assert back == paid if order.status == "cancelled" else bool(back) <= (order.status == "returned")
        assert (order.status in ("return_requested", "returned")) == bool(order.returning)
        assert (order.status == "exchange_requested") == bool(order.exchanging)
        brands = {ways[order.customer_id][row.method_id].brand for row in order.payments}
        assert not order.payments or order.payment_method in brands


def test_every_kind_of_write_can_be_done_and_refused(folder: Path, demo: Contents) -> None:
    shop = open_shop(folder)
    seen: Counter[tuple[str, str]] = Counter()
    for order in demo.orders:
        for write in writes_of(shop, order):
            outcome = shop.preview(order.customer_id, write)
            seen[type(write).__name__, outcome.code if isinstance(outcome, Refused) else "done"] += 1
    shop.close()
    for kind in ("CancelOrder", "ChangeAddress", "ChangeItems", "ChangePayment", "ReturnItems", "ExchangeItems"):
        assert seen[kind, "done"] >= 30, kind
        assert seen[kind, "wrong_status"] >= 30, kind
    for kind, code in [("ReturnItems", "too_late"), ("ExchangeItems", "abroad"), ("ReturnItems", "already_changed")]:
        assert seen[kind, code] >= 30
    assert seen["ChangePayment", "balance"]
    assert seen["ChangeItems", "sold_out"]


def writes_of(shop: SqliteShop, order: Order) -> list[Write]:
    customer = shop.customer(order.customer_id)
    found = shop.product_of_sku(order.items[0].sku)
    assert customer is not None
    assert customer.address is not None
    assert found is not None
    number, swaps = order.order_id, tuple(Swap(order.items[0].sku, v.sku) for v in found[0].variants)
    return [
        CancelOrder(number),
        ChangeAddress(number, customer.address),
        ReturnItems(number, (order.items[0].sku,)),
        *(ChangePayment(number, method.method_id) for method in customer.payment_methods),
        *(kind(number, (swap,)) for swap in swaps if swap.old != swap.new for kind in (ChangeItems, ExchangeItems)),
    ]


def test_the_rules_say_the_days_and_fees_that_the_pages_say(demo: Contents) -> None:
    pages = {(policy.topic, policy.lang): policy.text for policy in demo.policies}
    rules = demo.rules
    assert all(rule.topic in TOPICS for rule in (rules.cancel, rules.address, rules.items, rules.payment))
    for topic, rule in (("returns", rules.returns), ("exchanges", rules.exchange)):
        assert rule.topic == topic
        assert f"within {rule.days} days of delivery" in pages[topic, "en"].casefold()
        assert f"{rule.days}天" in pages[topic, "zh"]
        assert f"¥{rule.fee_minor // 100}" in pages[topic, "en"]
        assert f"{rule.fee_minor // 100}元" in pages[topic, "zh"]
    assert f"have {rules.returns.days_abroad} days" in pages["returns", "en"]
    assert "We do not exchange across borders" in pages["exchanges", "en"]
    assert not rules.exchange.abroad


def test_people_are_made_up_and_can_prove_who_they_are(demo: Contents, folder: Path) -> None:
    mail = re.compile(r"[a-z0-9._]+@example\.(?:com|cn|org)")
    phone = re.compile(
        r"1380013(?!8000)\d{4}|\+1 \d{3} 555 01\d\d|\+44 7700 900\d{3}|\+353 20 913 \d{4}"
        r"|\+49 30 23125 \d{3}|\+33 6 39 98 \d\d \d\d"
    )
    assert all(mail.fullmatch(c.email) and phone.fullmatch(c.phone) for c in demo.customers)
    for values in (
        [c.email for c in demo.customers],
        [c.phone for c in demo.customers],
        [c.name for c in demo.customers],
    ):
        assert len(set(values)) == 400
    assert Counter(c.lang for c in demo.customers) == {"zh": 280, "en": 120}
    assert {c.customer_id for c in demo.customers} == {o.customer_id for o in demo.orders}
    shop = open_shop(folder)
    for customer in demo.customers:
        assert customer.address is not None
        by_name = shop.find_customer(
            name=customer.latin_name or customer.name, postal_code=customer.address.postal_code
        )
        assert shop.find_customer(email=customer.email) == by_name == customer.customer_id
    shop.close()


@pytest.mark.parametrize("email", ["lin.xiaoyu@example.cn", "emma.clarke@example.com"])
def test_the_walk_through_customers_have_orders_on_their_way(folder: Path, email: str) -> None:
    shop = open_shop(folder)
    customer = shop.find_customer(email=email)
    assert customer is not None
    statuses = [order.status for order in shop.orders(customer, limit=20)]
    assert {"shipped", "out_for_delivery"} <= set(statuses)
    assert len(set(statuses)) >= 5
    shop.close()


def test_policies_are_of_one_length_and_name_the_same_numbers(demo: Contents) -> None:
    pages = {(policy.topic, policy.lang): policy.text for policy in demo.policies}
    for topic in TOPICS:
        en, zh = pages[topic, "en"], pages[topic, "zh"]
        assert 250 <= len(en.split()) <= 500, topic
        assert 250 <= len(re.findall(r"[\u4e00-\u9fff]|\d+", zh)) <= 550, topic
        assert en.count("\n## ") + en.startswith("## ") == zh.count("\n## ") + zh.startswith("## ")
        amounts_en = sorted(re.findall(r"¥([\d,]+)", en.replace(",", "")))
        amounts_zh = sorted(re.findall(r"(\d+)元", zh))
        assert set(amounts_en) == set(amounts_zh), topic


def test_the_imported_file_is_sound(folder: Path) -> None:
    open_shop(folder).close()
    connection = sqlite3.connect(folder / "shop.sqlite")
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()
