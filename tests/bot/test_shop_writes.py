"""What the rules allow, what they refuse and why, and what is left after each kind of write."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.shop.records import Address, Customer, Order, OrderStatus, Payment, Swap
from bot.shop.rules import ShopRules
from bot.shop.settling import settle
from bot.shop.writes import (
    REFUSAL_CODES,
    WRITES,
    CancelOrder,
    ChangeAddress,
    ChangeCustomerAddress,
    ChangeItems,
    ChangePayment,
    ExchangeItems,
    Refused,
    ReturnItems,
    Settled,
    Write,
    args_of,
    rule_of,
    write_named,
)
from tests.bot import write_samples as sample

ID = "TF10000001"
REASON = "no longer needed"
S_TO_M, S_TO_X = Swap("SH-1-S", "SH-1-M"), Swap("SH-1-S", "SH-1-X")
PAID, DELIVERED = sample.order("paid"), sample.order("delivered")


def done(
    write: Write, order: Order | None, rules: ShopRules = sample.RULES, who: Customer = sample.CUSTOMER
) -> Settled:
    outcome = settle(write, rules, order, who, sample.product_of, sample.NOW)
    assert isinstance(outcome, Settled), outcome
    assert (outcome.receipt.order, outcome.receipt.customer) == (outcome.order, outcome.customer)
    return outcome


def after(write: Write, order: Order, **more: Any) -> Order:
    found = done(write, order, **more).order
    assert found is not None
    return found


def rows(order: Order) -> list[tuple[str, int, str]]:
    return [(row.type, row.amount_minor, row.method_id) for row in order.payments]


def balance(customer: Customer) -> int | None:
    method = customer.method("gift_1")
    return method.balance_minor if method else None


SPLIT = replace(PAID, payments=(Payment("payment", 12_000, "card_1"), Payment("payment", 1_300, "gift_1")))
BAD = Address("  ", city="Hangzhou")
REFUSED: list[tuple[str, Write, Order | None, Mapping[str, Any]]] = [
    ("not_found", CancelOrder(ID, REASON), None, {}),
    ("not_found", CancelOrder(ID, REASON), replace(PAID, customer_id=sample.OTTO), {}),
    ("wrong_status", CancelOrder(ID, REASON), sample.order("packed"), {"order_id": ID}),
    ("wrong_status", ReturnItems(ID, ("CU-1-1",)), PAID, {"order_id": ID}),
    ("wrong_status", ChangeItems(ID, (S_TO_M,)), DELIVERED, {"order_id": ID}),
    ("wrong_status", ChangePayment(ID, "wallet_1"), sample.order("shipped"), {"order_id": ID}),
    ("wrong_status", ChangeAddress(ID, sample.HOME), sample.order("packed"), {"order_id": ID}),
    ("bad_reason", CancelOrder(ID, "found it cheaper"), PAID, {"order_id": ID}),
    ("bad_reason", CancelOrder(ID), PAID, {"order_id": ID}),
    ("already_changed", ChangeItems(ID, (S_TO_M,)), replace(PAID, items_changed=True), {"order_id": ID}),
    ("already_changed", CancelOrder(ID, REASON), replace(PAID, items_changed=True), {"order_id": ID}),
    ("already_changed", ReturnItems(ID, ("CU-1-1",)),
     replace(DELIVERED, status="exchange_requested", exchanging=(S_TO_M,)), {"order_id": ID}),
    ("too_late", ReturnItems(ID, ("CU-1-1",)), sample.order("delivered", days=15), {"order_id": ID, "limit": 14}),
    ("too_late", ReturnItems(ID, ("CU-1-1",)), replace(DELIVERED, delivered_at=None), {"order_id": ID, "limit": 14}),
    ("too_late", ReturnItems(ID, ("CU-1-1",)),
     replace(sample.order("delivered", days=31), address=sample.ABROAD), {"order_id": ID, "limit": 30}),
    ("abroad", ExchangeItems(ID, (S_TO_M,)), replace(DELIVERED, address=sample.ABROAD), {"order_id": ID}),
    ("abroad", ChangeAddress(ID, sample.ABROAD), PAID, {"order_id": ID}),
    ("nothing", ReturnItems(ID, ()), DELIVERED, {"order_id": ID}),
    ("nothing", ExchangeItems(ID, ()), DELIVERED, {"order_id": ID}),
    ("nothing", ChangePayment(ID, "wallet_1"), replace(PAID, payments=()), {"order_id": ID}),
    ("unknown_item", ReturnItems(ID, ("NO-1",)), DELIVERED, {"order_id": ID, "sku": "NO-1", "limit": 0}),
    ("unknown_item", ReturnItems(ID, ("SH-1-S",) * 3), DELIVERED, {"order_id": ID, "sku": "SH-1-S", "limit": 2}),
    ("unknown_item", ExchangeItems(ID, (S_TO_M, Swap("SH-1-M", "SH-1-X"))), DELIVERED,
     {"order_id": ID, "sku": "SH-1-M", "limit": 0}),
    ("unknown_item", ChangeItems(ID, (Swap("SH-1-S", "NO-1"),)), PAID, {"order_id": ID, "sku": "NO-1"}),
    ("other_product", ChangeItems(ID, (Swap("SH-1-S", "CU-1-1"),)), PAID, {"order_id": ID, "sku": "CU-1-1"}),
    ("same_item", ChangeItems(ID, (Swap("SH-1-S", "SH-1-S"),)), PAID, {"order_id": ID, "sku": "SH-1-S"}),
    ("sold_out", ExchangeItems(ID, (Swap("SH-1-S", "SH-1-L"),)), DELIVERED,
     {"order_id": ID, "sku": "SH-1-L", "limit": 0}),
    ("sold_out", ChangeItems(ID, (S_TO_M,) * 3), sample.order("paid", sample.line("SH-1-S", 3)),
     {"order_id": ID, "sku": "SH-1-M", "limit": 2}),
    ("unknown_method", ChangePayment(ID, "card_2"), PAID, {"order_id": ID}),
    ("unknown_method", ReturnItems(ID, ("CU-1-1",), "card_2"), DELIVERED, {"order_id": ID}),
    ("unknown_method", ChangeItems(ID, (S_TO_M,)), SPLIT, {"order_id": ID}),
    ("not_original_method", ReturnItems(ID, ("CU-1-1",), "wallet_1"), DELIVERED, {"order_id": ID}),
    ("not_original_method", ChangeItems(ID, (S_TO_X,), "gift_1"), PAID, {"order_id": ID}),
    ("balance", ChangePayment(ID, "gift_1"), PAID, {"order_id": ID, "limit": 3_000}),
    ("balance", ExchangeItems(ID, (Swap("CU-1-1", "CU-1-1"),) + (S_TO_M,) * 2, "gift_1"),
     replace(DELIVERED, items=(sample.line("SH-1-S", 2, 4_000), sample.line("CU-1-1"))),
     {"order_id": ID, "limit": 3_000}),
    ("same_method", ChangePayment(ID, "card_1"), PAID, {"order_id": ID}),
    ("several_payments", ChangePayment(ID, "wallet_1"), SPLIT, {"order_id": ID}),
    ("bad_address", ChangeAddress(ID, BAD), PAID, {"order_id": ID}),
    ("bad_address", ChangeCustomerAddress(BAD), None, {}),
]  # fmt: skip


@pytest.mark.parametrize(("code", "write", "order", "more"), REFUSED)
def test_a_write_that_is_not_allowed_says_why(
    code: str, write: Write, order: Order | None, more: Mapping[str, Any]
) -> None:
    rules = replace(sample.RULES, exchange_same_item=code == "balance")
    outcome = settle(write, rules, order, sample.CUSTOMER, sample.product_of, sample.NOW)
    assert outcome == Refused(code, **more)  # type: ignore[arg-type]


def test_every_reason_to_refuse_is_tried_here() -> None:
    assert {row[0] for row in REFUSED} == set(REFUSAL_CODES)


@pytest.mark.parametrize("said", ["no longer needed", " No longer  NEEDED ", "不再需要"])
def test_a_cancelled_order_is_refunded_to_where_the_money_came_from(said: str) -> None:
    outcome = done(CancelOrder(ID, said), SPLIT)
    assert outcome.order == replace(
        SPLIT,
        status="cancelled",
        cancel_reason="no longer needed",
        payments=(*SPLIT.payments, Payment("refund", 12_000, "card_1"), Payment("refund", 1_300, "gift_1")),
    )
    assert balance(outcome.customer) == 4_300
    assert (outcome.receipt.refund_minor, outcome.receipt.method_id) == (13_300, None)
    assert dict(outcome.stock) == {"SH-1-S": 2, "CU-1-1": 1}


def test_an_order_not_paid_yet_is_cancelled_without_refund_and_without_a_reason_where_the_shop_asks_none() -> None:
    rules = replace(sample.RULES, cancel_reasons=(), cancel_reasons_zh=())
    outcome = done(CancelOrder(ID, "my sister bought one"), sample.order("pending"), rules)
    assert outcome.receipt.refund_minor == 0
    assert outcome.order is not None
    assert (outcome.order.payments, outcome.order.cancel_reason) == ((), "")


def test_where_payments_are_not_known_the_total_goes_back_the_way_it_was_paid() -> None:
    receipt = done(CancelOrder(ID, REASON), replace(PAID, payments=())).receipt
    assert (receipt.refund_minor, receipt.method_id) == (PAID.total_minor, None)


def test_a_new_address_keeps_the_country_nobody_named() -> None:
    new = Address(" 竹林路 2号 ", "", "杭州市", "", "310014")
    assert after(ChangeAddress(ID, new), PAID) == replace(
        PAID, address=Address("竹林路 2号", "", "杭州市", "", "310014", "中国")
    )
    outcome = done(ChangeCustomerAddress(sample.ABROAD), None)
    assert outcome.customer == replace(sample.CUSTOMER, address=sample.ABROAD)


def test_one_of_two_pieces_is_changed_and_the_difference_paid() -> None:
    outcome = done(ChangeItems(ID, (S_TO_M,), "gift_1"), PAID)
    assert outcome.order is not None
    assert outcome.order.items == (sample.line("SH-1-S"), sample.line("SH-1-M"), sample.line("CU-1-1"))
    assert (outcome.order.status, outcome.order.items_changed) == ("paid", True)
    assert rows(outcome.order) == [("payment", PAID.total_minor, "card_1"), ("payment", 1_000, "gift_1")]
    assert outcome.order.total_minor == PAID.total_minor + 1_000
    assert (balance(outcome.customer), outcome.receipt.charge_minor, outcome.receipt.refund_minor) == (2_000, 1_000, 0)
    assert dict(outcome.stock) == {"SH-1-S": 1, "SH-1-M": -1}


def test_what_becomes_cheaper_is_refunded_and_equal_pieces_are_one_line() -> None:
    order = sample.order("paid", sample.line("SH-1-S", 2), sample.line("SH-1-X"))
    outcome = done(ChangeItems(ID, (S_TO_X, S_TO_X)), order)
    assert outcome.order is not None
    assert outcome.order.items == (sample.line("SH-1-X", 3),)
    assert rows(outcome.order)[1:] == [("refund", 2_000, "card_1")]
    assert (outcome.receipt.refund_minor, outcome.receipt.method_id) == (2_000, "card_1")


def test_a_piece_bought_at_another_price_stays_a_line_of_its_own() -> None:
    order = sample.order("paid", sample.line("SH-1-S"), sample.line("SH-1-X", 1, 3_900))
    assert after(ChangeItems(ID, (S_TO_X,)), order).items == (sample.line("SH-1-X"), sample.line("SH-1-X", 1, 3_900))


def test_two_pieces_that_trade_places_are_each_changed_once() -> None:
    order = sample.order("paid", sample.line("SH-1-S"), sample.line("SH-1-X"))
    swaps = (Swap("SH-1-X", "SH-1-S"), S_TO_X)
    assert after(ChangeItems(ID, swaps), order).items == (sample.line("SH-1-X"), sample.line("SH-1-S"))
    assert after(ChangeItems(ID, swaps[::-1]), order).items == (sample.line("SH-1-X"), sample.line("SH-1-S"))


def test_items_of_an_order_not_paid_yet_change_the_total_only() -> None:
    outcome = done(ChangeItems(ID, (S_TO_M,)), sample.order("pending"))
    assert outcome.order is not None
    assert outcome.order.total_minor == PAID.total_minor + 1_000
    assert (outcome.order.payments, outcome.receipt.charge_minor) == ((), 0)


def test_another_payment_method_pays_all_and_the_first_gets_it_back() -> None:
    order = sample.order("paid", sample.line("CU-1-1", 1, 2_000))
    outcome = done(ChangePayment(ID, "gift_1"), order)
    assert outcome.order is not None
    assert rows(outcome.order)[1:] == [("payment", 2_800, "gift_1"), ("refund", 2_800, "card_1")]
    assert (outcome.order.payment_method, outcome.order.total_minor) == ("Gift card", 2_800)
    assert balance(outcome.customer) == 200
    back = done(CancelOrder(ID, REASON), outcome.order, who=outcome.customer)
    assert balance(back.customer) == 3_000
    assert back.receipt.method_id == "gift_1"


@pytest.mark.parametrize(("level", "fee"), [("gold", 0), ("silver", 1_000)])
def test_a_return_is_asked_for_and_nothing_is_booked_yet(level: str, fee: int) -> None:
    outcome = done(ReturnItems(ID, ("SH-1-S", "CU-1-1")), DELIVERED, who=replace(sample.CUSTOMER, member_level=level))
    assert outcome.order == replace(
        DELIVERED, status="return_requested", returning=("CU-1-1", "SH-1-S"), settle_method="card_1"
    )
    receipt = outcome.receipt
    assert (receipt.refund_minor, receipt.fee_minor, receipt.method_id) == (7_500, fee, "card_1")
    assert outcome.stock == ()


def test_the_last_day_is_still_in_time_and_counted_where_the_parcel_arrived() -> None:
    assert after(ReturnItems(ID, ("CU-1-1",)), sample.order("delivered", days=14)).status == "return_requested"
    late = replace(DELIVERED, delivered_at=sample.NOW - timedelta(days=14, hours=11))
    assert after(ReturnItems(ID, ("CU-1-1",)), late).status == "return_requested"
    far = replace(sample.order("delivered", days=30), address=sample.ABROAD)
    assert done(ReturnItems(ID, ("CU-1-1",)), far).receipt.fee_minor == 0


def test_an_exchange_holds_the_new_piece_and_books_nothing_yet() -> None:
    swaps = (S_TO_M, S_TO_X)
    outcome = done(ExchangeItems(ID, swaps, "wallet_1"), DELIVERED, replace(sample.RULES, difference_to="any"))
    assert outcome.order is not None
    assert outcome.order.payments == DELIVERED.payments
    assert (outcome.order.status, outcome.order.exchanging, outcome.order.difference_minor) == (
        "exchange_requested", (S_TO_M, S_TO_X), 0,
    )  # fmt: skip
    assert dict(outcome.stock) == {"SH-1-M": -1, "SH-1-X": -1}
    dearer = done(ExchangeItems(ID, (S_TO_M,), "gift_1"), DELIVERED)
    assert (dearer.receipt.charge_minor, balance(dearer.customer)) == (1_000, 3_000)
    assert dearer.order is not None
    assert (dearer.order.difference_minor, dearer.order.settle_method) == (1_000, "gift_1")


def test_where_the_shop_allows_it_money_goes_to_a_gift_card_or_anywhere() -> None:
    gift = replace(sample.RULES, refund_to="original_or_gift_card")
    assert after(ReturnItems(ID, ("CU-1-1",), "gift_1"), DELIVERED, rules=gift).settle_method == "gift_1"
    to_wallet = ReturnItems(ID, ("CU-1-1",), "wallet_1")
    refused = settle(to_wallet, gift, DELIVERED, sample.CUSTOMER, sample.product_of, sample.NOW)
    assert refused == Refused("not_original_method", ID)
    anywhere = replace(sample.RULES, refund_to="any")
    assert after(to_wallet, DELIVERED, rules=anywhere).settle_method == "wallet_1"


def test_money_refunded_elsewhere_is_not_refunded_again_when_the_order_is_cancelled() -> None:
    rules = replace(sample.RULES, difference_to="any", cancel_after_items=True)
    changed = done(ChangeItems(ID, (S_TO_X,), "gift_1"), PAID, rules)
    assert changed.order is not None
    outcome = done(CancelOrder(ID, REASON), changed.order, rules, changed.customer)
    assert outcome.receipt.refund_minor == PAID.total_minor - 1_000
    assert balance(outcome.customer) == 4_000


def test_no_more_goes_back_than_was_paid_after_a_discount() -> None:
    cheap = {"total_minor": 700, "payments": (Payment("payment", 700, "card_1"),)}
    assert done(ReturnItems(ID, ("CU-1-1",)), replace(DELIVERED, **cheap)).receipt.refund_minor == 700
    outcome = done(ChangeItems(ID, (S_TO_X,)), replace(PAID, **cheap))
    assert outcome.order is not None
    assert (outcome.order.total_minor, rows(outcome.order)[1:]) == (0, [("refund", 700, "card_1")])
    assert outcome.receipt.refund_minor == 700


@pytest.mark.parametrize("status", ["shipped", "cancelled", "returned"])
def test_a_shop_may_have_other_rules(status: OrderStatus) -> None:
    rules = replace(sample.RULES, cancel=replace(sample.RULES.cancel, when=(status,)))
    assert after(CancelOrder(ID, REASON), sample.order(status), rules=rules).status == "cancelled"


SOME: list[Write] = [row[1] for row in REFUSED] + [ChangeAddress(ID, sample.ABROAD)]


def test_a_write_survives_its_way_through_a_file() -> None:
    assert {type(write) for write in SOME} == set(WRITES)
    for write in SOME:
        assert write_named(type(write).__name__, args_of(write)) == write
        assert rule_of(sample.RULES, write) == rule_of(sample.RULES, type(write))


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("DropTable", {}),
        ("CancelOrder", {}),
        ("CancelOrder", {"order_id": "TF1", "customer_id": "C2"}),
        ("ReturnItems", {"order_id": "TF1", "skus": [1]}),
    ],
)
def test_what_is_no_write_is_refused(name: str, args: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"expected one of|validation error"):
        write_named(name, args)


def test_writes_and_receipts_do_not_show_people_in_repr() -> None:
    receipt = done(ChangeCustomerAddress(sample.ABROAD), None).receipt
    shown = repr((receipt, CancelOrder(ID, "Mina wants it"), sample.CUSTOMER, *SOME))
    assert not [word for word in ("Mina", "Mill Lane", "桂雨路", "4242", "mina@", "3000") if word in shown]
