"""Orders in every state, consistent with the shop's own rules: fees, carriers, days, what may leave the country.

Delivery fees (fen): mainland China 800 below 9,900, SF Express 1,200 on top below 29,900 when chosen;
abroad 12,000 below 89,900.
"""

import random
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from bot.shop.demo.parcels import ARRIVED, NOW, Journey, events, moment
from bot.shop.demo.people import Crowd, Person, named_people, people
from bot.shop.demo.texts import load
from bot.shop.records import Customer, Order, OrderId, OrderItem, OrderStatus, Product, Variant

ORDERS: Final = 1_200
_WEIGHTS: Final[dict[OrderStatus, int]] = {
    "pending": 5,
    "paid": 7,
    "packed": 5,
    "shipped": 12,
    "out_for_delivery": 4,
    "delivered": 48,
    "cancelled": 7,
    "return_requested": 4,
    "returned": 5,
    "exchanged": 3,
}
_NO_PARCEL: Final = frozenset[OrderStatus]({"pending", "paid", "cancelled"})
_HOURS_AGO: Final[dict[OrderStatus, tuple[int, int]]] = {"pending": (0, 22), "paid": (1, 20), "packed": (4, 26)}
_DAYS_SINCE_DUE: Final[dict[OrderStatus, tuple[int, int]]] = {
    "shipped": (0, 0),
    "out_for_delivery": (0, 0),
    "return_requested": (2, 12),
    "delivered": (1, 330),
    "cancelled": (1, 330),
    "returned": (14, 320),
    "exchanged": (14, 320),
}
_STAYS_HOME: Final = frozenset({"power bank", "food"})
Bought = list[tuple[Product, Variant, int]]


def delivery_fee_minor(items_minor: int, carrier: str | None, abroad: bool) -> int:
    """What delivery costs by the shop's shipping policy."""
    if abroad:
        return 12_000 if items_minor < 89_900 else 0
    basic = 800 if items_minor < 9_900 else 0
    return basic + (1_200 if carrier == "SF Express" and items_minor < 29_900 else 0)


class Desk:
    """Writes orders; order and tracking numbers are never used twice."""

    def __init__(self, rng: random.Random, products: tuple[Product, ...], crowd: Crowd) -> None:
        self._rng = rng
        self._crowd = crowd
        self._data = load("tracking")
        self._shelf = [(p, v) for p in products for v in p.variants if v.stock]
        self._by_sku = {v.sku: (p, v) for p in products for v in p.variants}
        self._numbers: set[str] = set()

    def named(self, person: Person, wish: dict[str, Any]) -> Order:
        """An order of the walk-through, as ``accounts.json`` wants it."""
        bought = [(*self._by_sku[sku], quantity) for sku, quantity in wish["items"]]
        placed_on = NOW.date() - timedelta(days=wish["days_ago"])
        self._numbers.add(wish["order_id"])
        return self._write(OrderId(wish["order_id"]), person, wish["status"], bought, placed_on)

    def drawn(self, person: Person) -> Order:
        """An order by chance."""
        status = self._rng.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
        if person.abroad and status == "exchanged":  # no exchanges across borders
            status = "returned"
        number = OrderId(self._number("TF", 8, first="123456789"))
        return self._write(number, person, status, self._basket(person.abroad), None)

    def _basket(self, abroad: bool) -> Bought:
        bought: Bought = []
        for _ in range(self._rng.choices((1, 2, 3, 4), (50, 30, 15, 5))[0]):
            product, variant = self._rng.choice(self._shelf)
            tags = set(product.tags)
            if "calendar" in tags or (abroad and tags & _STAYS_HOME) or any(product is p for p, _, _ in bought):
                continue
            quantity = 1 if variant.price_minor > 30_000 else self._rng.choices((1, 2, 3), (82, 14, 4))[0]
            bought.append((product, variant, quantity))
        return bought or self._basket(abroad)

    def _write(
        self, number: OrderId, person: Person, status: OrderStatus, bought: Bought, placed_on: date | None
    ) -> Order:
        subtotal = sum(variant.price_minor * quantity for _, variant, quantity in bought)
        carrier = None if status in _NO_PARCEL else self._carrier(person, subtotal)
        transit = self._transit_days(person, carrier or self._carrier(person, subtotal), status)
        placed_at, due = self._dates(status, transit, placed_on)
        journey = Journey(status, _dispatched(placed_at), due, carrier or "", person)
        moving = carrier is not None and status != "packed"
        scans = events(journey, self._rng, self._data) if moving else ()
        arrived = [scan.at for scan in scans if scan.at.date() == due]
        customer = person.customer
        return Order(
            order_id=number,
            customer_id=customer.customer_id,
            status=status,
            placed_at=placed_at,
            items=tuple(_item(*line) for line in bought),
            total_minor=subtotal + delivery_fee_minor(subtotal, carrier, person.abroad),
            address=customer.address,
            recipient=customer.name if placed_on else self._recipient(person),
            phone=customer.phone,
            carrier=carrier,
            tracking_id=self._tracking(carrier) if carrier else None,
            expected_on=due if status in ("paid", "packed", "shipped", "out_for_delivery") else None,
            delivered_at=max(arrived) if status in ARRIVED else None,
            events=scans,
            payment_method=self._payment(person),
            carrier_zh=self._data["carriers"][carrier]["zh"] if carrier else None,
        )

    def _dates(self, status: OrderStatus, transit: int, placed_on: date | None) -> tuple[datetime, date]:
        """When it was placed and when it is due, so that the status is true today."""
        n = self._rng.randint
        if placed_on is not None:
            return moment(placed_on, self._rng, 7, 14), _due(status, placed_on, transit)
        if status in _HOURS_AGO:
            placed = NOW - timedelta(hours=n(*_HOURS_AGO[status]), minutes=n(1, 59), seconds=n(0, 59))
            return placed, _dispatched(placed).date() + timedelta(days=transit)
        at_least, at_most = _DAYS_SINCE_DUE[status]
        leaves_on = NOW.date() - timedelta(days=transit + n(at_least, at_most))
        if status == "shipped":
            leaves_on = NOW.date() - timedelta(days=n(1, transit - 1))
        due = _due(status, leaves_on, transit)
        if n(0, 9) < 5:  # what is bought after 15:00 leaves with the next day's
            return moment(leaves_on - timedelta(days=1), self._rng, 15, 23), due
        return moment(leaves_on, self._rng, 7, 14), due

    def _carrier(self, person: Person, subtotal: int) -> str:
        if person.abroad:
            return "DHL Express"
        if subtotal >= 29_900 or self._rng.random() < 0.15:
            return "SF Express"
        return self._rng.choice(("YTO Express", "ZTO Express"))

    def _transit_days(self, person: Person, carrier: str, status: OrderStatus) -> int:
        if person.abroad:
            return self._rng.randint(8, 13)
        fastest = 2 if status == "shipped" else 1  # what left yesterday evening and takes a day would be here
        return self._rng.randint(fastest, 2) if carrier == "SF Express" else self._rng.randint(2, 4)

    def _recipient(self, person: Person) -> str:
        if self._rng.random() > 0.06:
            return person.customer.name
        return self._crowd.english_name() if person.abroad else self._crowd.chinese_name()[0]

    def _payment(self, person: Person) -> str:
        if person.abroad:
            return self._rng.choice(("Visa", "Mastercard", "PayPal"))
        return self._rng.choices(("Alipay", "WeChat Pay", "UnionPay"), (5, 4, 1))[0]

    def _tracking(self, carrier: str) -> str:
        about = self._data["carriers"][carrier]
        return self._number(about["prefix"], about["digits"], first="123456789")

    def _number(self, prefix: str, digits: int, first: str) -> str:
        while True:
            tail = "".join(self._rng.choices("0123456789", k=digits - 1))
            number = f"{prefix}{self._rng.choice(first)}{tail}"
            if number not in self._numbers:
                self._numbers.add(number)
                return number


def _dispatched(placed_at: datetime) -> datetime:
    """The evening of the same day for what is paid before 15:00 Beijing time, else of the next."""
    leaves = placed_at.replace(hour=19, minute=placed_at.minute, second=0, microsecond=0)
    return leaves if placed_at.hour < 15 else leaves + timedelta(days=1)


def _due(status: OrderStatus, leaves_on: date, transit: int) -> date:
    due = leaves_on + timedelta(days=transit)
    if status == "out_for_delivery":
        return NOW.date()
    return max(due, NOW.date() + timedelta(days=1)) if status == "shipped" else due


def _item(product: Product, variant: Variant, quantity: int) -> OrderItem:
    return OrderItem(
        sku=variant.sku,
        product_id=product.product_id,
        name_en=product.name_en,
        name_zh=product.name_zh,
        options=variant.options,
        quantity=quantity,
        price_minor=variant.price_minor,
        options_zh=variant.options_zh,
    )


def customers_and_orders(
    rng: random.Random, products: tuple[Product, ...]
) -> tuple[tuple[Customer, ...], tuple[Order, ...]]:
    """Everybody, with at least one order each, and the orders in the order they were placed."""
    crowd = Crowd(rng, load("people"))
    named = named_people()
    everybody = people(crowd, [person for person, _ in named])
    desk = Desk(rng, products, crowd)
    orders = [desk.named(person, wish) for person, wishes in named for wish in wishes]
    others = everybody[len(named) :]
    orders += [desk.drawn(person) for person in others]
    fondness = [min(12.0, rng.paretovariate(1.2)) for _ in others]  # a few come back again and again
    orders += [desk.drawn(person) for person in rng.choices(others, fondness, k=ORDERS - len(orders))]
    orders.sort(key=lambda order: (order.placed_at or NOW, order.order_id))
    spent = _spent(orders)
    customers = (replace(p.customer, member_level=_level(spent.get(p.customer.customer_id, 0))) for p in everybody)
    return tuple(customers), tuple(orders)


def _spent(orders: list[Order]) -> dict[str, int]:
    spent: dict[str, int] = {}
    for order in orders:
        if order.status not in ("pending", "cancelled", "returned"):
            spent[order.customer_id] = spent.get(order.customer_id, 0) + order.total_minor
    return spent


def _level(spent_minor: int) -> str:
    return "gold" if spent_minor >= 500_000 else "silver" if spent_minor >= 100_000 else "standard"
