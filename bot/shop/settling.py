"""Whether a write is allowed and what comes of it: records in, records out; no file, no clock, no dialogue.

Every refusal leaves everything as it is. The order in which is asked: whose order, its status, whether it was
changed before, abroad, the days, then what the write itself names.

Stock, where the shop counts it: cancelling puts the pieces back on the shelf, changing items of an order not yet sent
puts back the old and takes the new; an exchange takes the new at once, since it is held; what the customer sends back
is counted when it has been looked at, which is not done here.
"""

from dataclasses import replace
from datetime import datetime
from typing import assert_never

from bot.shop.money import booked, check_balance, difference_method, held, method_name, own_method, refund_method
from bot.shop.pieces import ProductOf, pieces, places, stock_changes, stock_of, swapped
from bot.shop.records import Address, Customer, Order, Swap
from bot.shop.rules import ShopRules, WriteRule
from bot.shop.writes import (
    CancelOrder,
    ChangeAddress,
    ChangeCustomerAddress,
    ChangeItems,
    ChangePayment,
    ExchangeItems,
    No,
    Receipt,
    Refused,
    ReturnItems,
    Settled,
    Write,
    rule_of,
)

OrderWrite = CancelOrder | ChangeAddress | ChangeItems | ChangePayment | ReturnItems | ExchangeItems


def settle(
    write: Write, rules: ShopRules, order: Order | None, customer: Customer, product_of: ProductOf, now: datetime
) -> Settled | Refused:
    """What comes of a write, or why not.

    Args:
        write: What is asked for.
        rules: What this shop allows.
        order: The order the write names, if there is one; somebody else's counts as none.
        customer: Whose session it is.
        product_of: What is sold under a SKU now.
        now: A time with a zone; days are counted in the zone of the delivery.
    """
    own = order if order and order.customer_id == customer.customer_id else None
    try:
        if isinstance(write, ChangeCustomerAddress):
            return _account(write, customer)
        if own is None:
            raise No("not_found")
        _check(write, rules, own, now)
        return _settle(write, rules, own, customer, product_of)
    except No as no:
        return Refused(no.code, own.order_id if own else None, no.sku, no.limit)


def _settle(write: OrderWrite, rules: ShopRules, order: Order, customer: Customer, product_of: ProductOf) -> Settled:
    match write:
        case CancelOrder():
            return _cancel(write, rules, order, customer)
        case ChangeAddress():
            return _redirect(write, rules, order, customer)
        case ChangeItems():
            return _change_items(write, rules, order, customer, product_of)
        case ChangePayment():
            return _change_payment(write, order, customer)
        case ReturnItems():
            return _return(write, rules, order, customer)
        case ExchangeItems():
            return _exchange(write, rules, order, customer, product_of)
        case _:
            assert_never(write)


def _check(write: Write, rules: ShopRules, order: Order, now: datetime) -> None:
    rule = rule_of(rules, write)
    if order.status not in rule.when:
        asked = isinstance(write, ReturnItems | ExchangeItems) and (order.returning or order.exchanging)
        raise No("already_changed" if asked else "wrong_status")
    once = (isinstance(write, ChangeItems) and rules.items_once) or (
        isinstance(write, CancelOrder) and not rules.cancel_after_items
    )
    if order.items_changed and once:
        raise No("already_changed")
    abroad = rules.is_abroad(order.address)
    if abroad and not rule.abroad:
        raise No("abroad")
    _check_days(rule, order, abroad, now)


def _check_days(rule: WriteRule, order: Order, abroad: bool, now: datetime) -> None:
    days = rule.days_abroad if abroad and rule.days_abroad is not None else rule.days
    if days is None:
        return
    # Without a date of delivery nobody can say that it is in time.
    at = order.delivered_at
    if at is None or (now.astimezone(at.tzinfo).date() - at.date()).days > days:
        raise No("too_late", limit=days)


def _cancel(write: CancelOrder, rules: ShopRules, order: Order, customer: Customer) -> Settled:
    reason = _reason(write.reason, rules)
    back = held(order)
    after, customer = booked(order, customer, back)
    after = replace(after, status="cancelled", cancel_reason=reason, expected_on=None)
    paid = sum(back.values()) if order.payments or order.status == "pending" else order.total_minor
    stock = stock_changes(rules, stock_of((piece.sku for piece in pieces(order)), 1))
    method = next(iter(back)) if len(back) == 1 else None
    return Settled(after, customer, stock, Receipt(write, after, customer, paid, 0, method))


def _reason(given: str, rules: ShopRules) -> str:
    if not rules.cancel_reasons:
        return ""
    asked = " ".join(given.split()).casefold()
    for known in (rules.cancel_reasons, rules.cancel_reasons_zh):
        for place, reason in enumerate(known):
            if reason.casefold() == asked:
                return rules.cancel_reasons[place]
    raise No("bad_reason")


def _redirect(write: ChangeAddress, rules: ShopRules, order: Order, customer: Customer) -> Settled:
    address = _whole(write.address, order.address)
    if rules.is_abroad(address) != rules.is_abroad(order.address):
        raise No("abroad")
    after = replace(order, address=address)
    return Settled(after, customer, (), Receipt(write, after, customer))


def _account(write: ChangeCustomerAddress, customer: Customer) -> Settled:
    after = replace(customer, address=_whole(write.address, customer.address))
    return Settled(None, after, (), Receipt(write, None, after))


def _whole(address: Address, former: Address | None) -> Address:
    """Without blanks around; a country that nobody said is the former one."""
    fields = (address.line1, address.line2, address.city, address.region, address.postal_code, address.country)
    new = Address(*(" ".join(field.split()) for field in fields))
    if not new.line1 or not (new.city or new.postal_code):
        raise No("bad_address")
    return replace(new, country=former.country) if former and not new.country else new


def _change_items(
    write: ChangeItems, rules: ShopRules, order: Order, customer: Customer, product_of: ProductOf
) -> Settled:
    swaps = _sorted(write.swaps)
    items, difference = swapped(order, swaps, product_of, rules, same=False)
    difference = max(difference, -order.total_minor)  # a discount may have paid a part
    after = replace(order, items=items, items_changed=True, total_minor=order.total_minor + difference)
    stock = stock_changes(rules, stock_of((s.old for s in swaps), 1), stock_of((s.new for s in swaps), -1))
    if not order.payments and order.status == "pending":  # not paid yet: there is only a new total
        return Settled(after, customer, stock, Receipt(write, after, customer))
    method = difference_method(order, customer, write.method_id, difference, rules.difference_to)
    split = {method: -difference} if method else _spread(order, -difference)
    after, customer = booked(after, customer, split)
    return Settled(after, customer, stock, _difference(write, after, customer, difference, method))


def _spread(order: Order, refund_minor: int) -> dict[str, int]:
    """A refund over the ways it was paid, the last first; what was paid by ways not known is not booked."""
    shares = {}
    for method, amount in reversed(held(order).items()):
        shares[method] = min(amount, refund_minor)
        refund_minor -= shares[method]
    return shares


def _difference(
    write: ChangeItems | ExchangeItems, order: Order, customer: Customer, difference: int, method: str | None
) -> Receipt:
    return Receipt(write, order, customer, max(-difference, 0), max(difference, 0), method)


def _change_payment(write: ChangePayment, order: Order, customer: Customer) -> Settled:
    if not order.payments:
        raise No("nothing")
    first, *more = order.payments
    if more or first.type != "payment":
        raise No("several_payments")
    method = own_method(customer, write.method_id)
    if method.method_id == first.method_id:
        raise No("same_method")
    check_balance(method, first.amount_minor)
    amounts = {method.method_id: -first.amount_minor, first.method_id: first.amount_minor}
    after, customer = booked(order, customer, amounts)
    after = replace(after, payment_method=method_name(method))
    receipt = Receipt(write, after, customer, first.amount_minor, first.amount_minor, method.method_id)
    return Settled(after, customer, (), receipt)


def _return(write: ReturnItems, rules: ShopRules, order: Order, customer: Customer) -> Settled:
    if not write.skus:
        raise No("nothing")
    single = pieces(order)
    worth = sum(single[place].price_minor for place in places(single, write.skus))
    method = refund_method(order, customer, write.method_id, rules.refund_to)
    after = replace(order, status="return_requested", returning=tuple(sorted(write.skus)), settle_method=method or "")
    refund = min(worth, order.total_minor)  # a discount may have paid a part
    fee = _fee(rules.returns, rules, order, customer)
    return Settled(after, customer, (), Receipt(write, after, customer, refund, 0, method, fee_minor=fee))


def _exchange(
    write: ExchangeItems, rules: ShopRules, order: Order, customer: Customer, product_of: ProductOf
) -> Settled:
    swaps = _sorted(write.swaps)
    _, difference = swapped(order, swaps, product_of, rules, rules.exchange_same_item)
    method = difference_method(order, customer, write.method_id, difference, rules.difference_to)
    after = replace(
        order,
        status="exchange_requested",
        exchanging=swaps,
        difference_minor=difference,
        settle_method=method or "",
    )
    fee = _fee(rules.exchange, rules, order, customer)
    receipt = replace(_difference(write, after, customer, difference, method), fee_minor=fee)
    return Settled(after, customer, stock_changes(rules, stock_of((s.new for s in swaps), -1)), receipt)


def _sorted(swaps: tuple[Swap, ...]) -> tuple[Swap, ...]:
    return tuple(sorted(swaps, key=lambda swap: (swap.old, swap.new)))


def _fee(rule: WriteRule, rules: ShopRules, order: Order, customer: Customer) -> int:
    free = rules.is_abroad(order.address) or customer.member_level in rules.fee_free_levels
    return 0 if free else rule.fee_minor
