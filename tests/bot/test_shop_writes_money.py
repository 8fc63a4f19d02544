"""Any sequence of writes: money adds up, refusals and repetitions change nothing, others are untouched."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.shop.compare import changes
from bot.shop.database import DATABASE, write_store
from bot.shop.folder import Contents, read_folder, write_folder
from bot.shop.records import Customer, Order, Swap
from bot.shop.rules import ShopRules
from bot.shop.store import SqliteShop
from bot.shop.writes import (
    CancelOrder,
    ChangeAddress,
    ChangeItems,
    ChangePayment,
    ExchangeItems,
    Receipt,
    Refused,
    ReturnItems,
    Write,
)
from tests.bot import write_samples as sample

SKUS = st.sampled_from([v.sku for p in sample.PRODUCTS for v in p.variants])
NUMBERS = st.sampled_from([order.order_id for order in sample.ORDERS])
METHODS = st.sampled_from(["", "card_1", "wallet_1", "gift_1", "card_2"])
SWAPS = st.lists(st.builds(Swap, SKUS, SKUS), max_size=3).map(tuple)
WRITES: st.SearchStrategy[Write] = st.one_of(
    st.builds(CancelOrder, NUMBERS, st.sampled_from(["no longer needed", "不再需要", "why not"])),
    st.builds(ChangeAddress, NUMBERS, st.sampled_from([sample.HOME, sample.ABROAD])),
    st.builds(ChangeItems, NUMBERS, SWAPS, METHODS),
    st.builds(ChangePayment, NUMBERS, METHODS),
    st.builds(ReturnItems, NUMBERS, st.lists(SKUS, max_size=3).map(tuple), METHODS),
    st.builds(ExchangeItems, NUMBERS, SWAPS, METHODS),
)
RULES = st.builds(
    lambda refund, difference, once, cancel: replace(
        sample.RULES, refund_to=refund, difference_to=difference, items_once=once, cancel_after_items=cancel
    ),
    st.sampled_from(["any", "original", "original_or_gift_card"]),
    st.sampled_from(["any", "original", "original_or_gift_card"]),
    st.booleans(),
    st.booleans(),
)


@contextmanager
def shop_of(contents: Contents) -> Iterator[SqliteShop]:
    with TemporaryDirectory() as folder:
        write_store(contents, Path(folder) / DATABASE, "")
        shop = SqliteShop(Path(folder) / DATABASE)
        try:
            yield shop
        finally:
            shop.close()


def net(order: Order) -> int:
    return sum(row.amount_minor if row.type == "payment" else -row.amount_minor for row in order.payments)


def on_gift_cards(customers: tuple[Customer, ...]) -> int:
    return sum(m.balance_minor or 0 for c in customers for m in c.payment_methods)


def booked_on_gift_cards(orders: tuple[Order, ...]) -> int:
    rows = [row for order in orders for row in order.payments if row.method_id.startswith("gift")]
    return sum(row.amount_minor if row.type == "refund" else -row.amount_minor for row in rows)


@given(st.lists(WRITES, max_size=8), RULES)
@settings(max_examples=40)
def test_whatever_is_written_money_adds_up_and_others_are_untouched(writes: list[Write], rules: ShopRules) -> None:
    with shop_of(replace(sample.CONTENTS, rules=rules)) as shop:
        for place, write in enumerate(writes):
            before = shop.contents()
            shown = shop.preview(sample.MINA, write, sample.NOW)
            assert shop.contents() == before
            outcome = shop.apply(sample.MINA, write, f"wish {place}", sample.NOW)
            assert outcome == shown
            after = shop.contents()
            if isinstance(outcome, Refused):
                assert after == before
            again = shop.apply(sample.MINA, write, f"wish {place}", sample.NOW)
            if isinstance(outcome, Receipt):
                assert again == replace(outcome, repeated=True)
            assert shop.contents() == after
        end = shop.contents()
    for order in end.orders:
        items = sum(item.price_minor * item.quantity for item in order.items)
        assert order.total_minor == items + 800
        assert net(order) == (0 if order.status == "cancelled" else order.total_minor)
    assert on_gift_cards(end.customers) - on_gift_cards(sample.CONTENTS.customers) == booked_on_gift_cards(end.orders)
    assert all(
        method.balance_minor is None or method.balance_minor >= 0 for c in end.customers for method in c.payment_methods
    )
    assert all(variant.stock >= 0 for product in end.products for variant in product.variants)
    theirs = [change for change in changes(sample.CONTENTS, end) if change.row_id in ("C2", "TF10000004")]
    assert theirs == []


@given(st.lists(WRITES, min_size=1, max_size=4))
@settings(max_examples=10)
def test_the_same_writes_end_alike_and_their_end_goes_through_files(writes: list[Write]) -> None:
    ends = []
    for _ in range(2):
        with shop_of(sample.CONTENTS) as shop:
            for place, write in enumerate(writes):
                shop.apply(sample.MINA, write, str(place), sample.NOW)
            ends.append(shop.contents())
    assert changes(*ends) == []
    with TemporaryDirectory() as folder:
        write_folder(ends[0], Path(folder))
        assert read_folder(Path(folder)) == ends[0]
