"""What a shop's rules allow, as the service asks: which orders, and which ways to pay or to be refunded."""

from bot.shop.records import Customer, Order, OrderStatus, PaymentMethod
from bot.shop.rules import ShopRules
from bot.shop.writes import ReturnItems, Write, rule_of


def allows(rules: ShopRules, kind: type[Write], status: OrderStatus) -> bool:
    """Whether a kind of write may be done to an order of that status."""
    return status in rule_of(rules, kind).when


def original_method(order: Order) -> str | None:
    """How the order was paid first; ``None`` where that is not known."""
    return next((payment.method_id for payment in order.payments if payment.type == "payment"), None)


def settle_methods(rules: ShopRules, kind: type[Write], order: Order, customer: Customer) -> tuple[PaymentMethod, ...]:
    """The payment methods that money of such a write may go to or come from, the original one first."""
    original = original_method(order)
    bound = rules.refund_to if kind is ReturnItems else rules.difference_to
    fits = [
        method
        for method in customer.payment_methods
        if bound == "any"
        or method.method_id == original
        or (bound == "original_or_gift_card" and method.kind == "gift_card")
    ]
    return tuple(sorted(fits, key=lambda method: method.method_id != original))
