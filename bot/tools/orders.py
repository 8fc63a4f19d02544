"""Tools for orders: verify a customer, list orders, track one. All READ.

Every look-up takes the customer from the context. Somebody else's order and a missing one give the
same answer. Of an address only city and country leave; the name, phone and payment of an order are not used.
"""

import re
from dataclasses import dataclass

from bot.facts import FACT_KEYS, Facts
from bot.formats import day, money
from bot.service.meant import meant
from bot.service.owned import Records
from bot.service.requests import tidy
from bot.session import Lang
from bot.shop.records import Address, Order, OrderStatus, TrackingEvent
from bot.shop.store import ShopStore
from bot.state import Mention
from bot.tools.toolbox import Call, Found, Miss, Outcome, ToolContext, Verified
from guardrails.findings import Concealed, Kind

MAX_LISTED = 5
MAX_LOOKED_AT = 100  # for the one that is under way
MAX_ITEMS = 3
CLOSED = frozenset({"delivered", "cancelled", "returned", "exchanged"})
_ASKED = {
    "tracking": re.compile(r"(?i)tracking|单号"),
    "carrier": re.compile(r"(?i)carrier|courier|哪家|什么快递"),
    "total": re.compile(r"(?i)how\smuch|多少钱"),
}
PLAIN_KEYS = ("last event", "carrier", "tracking", "expected", "delivered", "items", "deliver to")
STATUS: dict[OrderStatus, dict[Lang, str]] = {
    "pending": {"en": "awaiting payment", "zh": "待付款"},
    "paid": {"en": "paid, being prepared", "zh": "已付款，备货中"},
    "packed": {"en": "packed, waiting for the courier", "zh": "已打包，待揽收"},
    "shipped": {"en": "on its way", "zh": "运输中"},
    "out_for_delivery": {"en": "out for delivery", "zh": "派送中"},
    "delivered": {"en": "delivered", "zh": "已签收"},
    "cancelled": {"en": "cancelled", "zh": "已取消"},
    "return_requested": {"en": "return requested", "zh": "退货申请中"},
    "returned": {"en": "returned and refunded", "zh": "已退货退款"},
    "exchanged": {"en": "exchanged", "zh": "已换货"},
    "exchange_requested": {"en": "exchange requested", "zh": "换货申请中"},
}
_LABELS_ZH = {
    "placed": "下单日期",
    "items": "商品",
    "total": "实付",
    "carrier": "承运",
    "tracking": "运单号",
    "last event": "最新动态",
    "expected": "预计送达",
    "delivered": "签收日期",
    "deliver to": "收货地址",
}
_LABELS_EN = {
    "placed": "Placed on",
    "items": "Items",
    "total": "Total",
    "carrier": "Carrier",
    "tracking": "Tracking number",
    "last event": "Latest news",
    "expected": "Expected on",
    "delivered": "Delivered on",
    "deliver to": "Address",
}


@dataclass(frozen=True, slots=True)
class OrderTools:
    """The order tools over one shop."""

    shop: ShopStore

    def verify(self, context: ToolContext, call: Call) -> Outcome:
        """Who the customer is, by e-mail or by name and postal code. Opens e-mail, name and postal code."""
        found = self.shop.find_customer(
            email=context.open(call.email), name=context.open(call.name), postal_code=context.open(call.postal_code)
        )
        return Verified(found) if found else Miss("verify_failed", "identity")

    def list(self, context: ToolContext, call: Call) -> Outcome:
        """The customer's newest orders."""
        if context.customer_id is None:
            return Miss("ask_identity", "identity")
        orders = self.shop.orders(context.customer_id, limit=MAX_LISTED)
        return self._listed(orders, context.lang) if orders else Miss("no_orders")

    def track(self, context: ToolContext, call: Call) -> Outcome:
        """One order; without a number the only one still on its way, else the list to choose from."""
        if context.customer_id is None:
            return Miss("ask_identity", "identity")
        if call.order is None:
            return self._spoken_of(context) or self._open_order(context)
        order = self.shop.order(context.customer_id, call.order)
        return self._tracked(order, context) if order else Miss("order_not_found", "order")

    def _spoken_of(self, context: ToolContext) -> Outcome | None:
        """The orders that the message names by a thing in them, a town or a state; those still under way first."""
        assert context.customer_id is not None  # noqa: S101 (checked by the caller)
        words = tidy(context.state.held or context.text.text).lower()
        orders = self.shop.orders(context.customer_id, limit=MAX_LOOKED_AT)
        records = Records.of(
            orders, self.shop.products(), context.lang, self.shop.info.order_pattern, self.shop.product
        )
        found = meant(words, records)
        if not found.named:
            return None
        under_way = [o for o in found.orders if o.status not in CLOSED]
        shown = under_way or list(found.orders)
        return self._tracked(shown[0], context) if len(shown) == 1 else self._listed(tuple(shown), context.lang)

    def _open_order(self, context: ToolContext) -> Outcome:
        assert context.customer_id is not None  # noqa: S101 (checked by the caller)
        orders = self.shop.orders(context.customer_id, limit=MAX_LOOKED_AT)
        under_way = [o for o in orders if o.status not in CLOSED]
        if len(under_way) == 1 or len(orders) == 1:
            return self._tracked((under_way or list(orders))[0], context)
        shown = tuple(under_way or orders)[:MAX_LISTED]
        return self._listed(shown, context.lang) if orders else Miss("no_orders")

    def _tracked(self, order: Order, context: ToolContext) -> Outcome:
        fields = self._fields(order, context)
        lines = tuple(Concealed.join(": ", (Concealed.fixed(key), value)) for key, value in fields.items())
        due: list[str] = [key for key in ("expected", "delivered") if key in fields]
        due += [key for key, asked in _ASKED.items() if key in fields and asked.search(context.text.text)]
        needed = tuple((fields[key].text, _sentence(key, fields[key], context.lang)) for key in due)
        facts = Facts("order", lines, _plain(fields, context.lang), needed=needed)
        return Found(facts, topic=Mention("order", order.order_id, order.order_id))

    def _fields(self, order: Order, context: ToolContext) -> dict[str, Concealed]:
        lang, last = context.lang, order.events[-1] if order.events else None
        shown: dict[str, str | None] = {
            "order": order.order_id,
            "status": STATUS[order.status][lang],
            "placed": day(order.placed_at, lang) if order.placed_at else None,
            "items": _items(order, lang),
            "total": money(order.total_minor, self.shop.info.currency),
            "carrier": order.carrier_in(lang),
            "tracking": order.tracking_id,
            "expected": day(order.expected_on, lang) if order.expected_on and not order.delivered_at else None,
            "delivered": day(order.delivered_at, lang) if order.delivered_at else None,
            "deliver to": _place(order.address, lang) if order.status not in ("cancelled", "returned") else None,
        }
        fields = {key: Concealed.fixed(value) for key, value in shown.items() if value}
        if last:
            told = (Concealed.fixed(day(last.at, lang)), told_event(last, order, context))
            fields["last event"] = Concealed.join(" ", told)
        return {key: fields[key] for key in FACT_KEYS["order"] if key in fields}

    def _listed(self, orders: tuple[Order, ...], lang: Lang) -> Found:
        comma = ", " if lang == "en" else "，"
        rows = []
        for order in orders:
            parts = [order.order_id, STATUS[order.status][lang]]
            parts += [day(order.placed_at, lang)] if order.placed_at else []
            rows.append(comma.join([*parts, _items(order, lang)]))
        lines = tuple(Concealed.fixed(f"order {n}: {row}") for n, row in enumerate(rows, 1))
        intro = "These are your orders:" if lang == "en" else "这是您的订单："
        plain = Concealed.fixed("\n".join([intro, *(f"{n}. {row}" for n, row in enumerate(rows, 1))]))
        offered = tuple(Mention("order", o.order_id, o.order_id) for o in orders)
        return Found(Facts("orders", lines, plain), offered=offered, choose=len(orders) > 1)


def told_event(event: TrackingEvent, order: Order, context: ToolContext) -> Concealed:
    """What happened to a parcel: carriers write names and numbers into it."""
    known: dict[str, Kind] = {order.recipient: "PERSON", order.phone: "PHONE_NUMBER"}
    return context.conceal(event.text(context.lang), known)


def _items(order: Order, lang: Lang) -> str:
    names = [item.name(lang) + (f" × {item.quantity}" if item.quantity > 1 else "") for item in order.items]
    more = len(names) - MAX_ITEMS
    rest = [f"and {more} more" if lang == "en" else f"等{len(names)}件"] if more > 0 else []
    return ("; " if lang == "en" else "；").join(names[:MAX_ITEMS] + rest)


def _place(address: Address | None, lang: Lang) -> str | None:
    """The city and the country: an e-mail address is all it takes to ask, and a street is worth more than that."""
    parts = [part for part in (address.city, address.country) if part] if address else []
    return (", " if lang == "en" else "，").join(parts) or None


def _plain(fields: dict[str, Concealed], lang: Lang) -> Concealed:
    head = Concealed.fixed("Order {order}: {status}." if lang == "en" else "订单{order}：{status}。")
    shown = [key for key in PLAIN_KEYS if key in fields]
    parts = [head.fill(order=fields["order"], status=fields["status"])]
    parts += [_sentence(key, fields[key], lang) for key in shown]
    return Concealed.join(" " if lang == "en" else "", parts)


def _sentence(key: str, value: Concealed, lang: Lang) -> Concealed:
    labels = _LABELS_EN if lang == "en" else _LABELS_ZH
    sentence = Concealed.fixed("{label}: {value}." if lang == "en" else "{label}：{value}。")
    return sentence.fill(label=Concealed.fixed(labels[key]), value=value)
