"""A shop that can be written to, for tests: one product in three versions, orders in the statuses that matter."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.session import CustomerId
from bot.shop.folder import Contents
from bot.shop.records import (
    Address,
    Customer,
    Order,
    OrderId,
    OrderItem,
    OrderStatus,
    Payment,
    PaymentMethod,
    Product,
    ProductId,
    ShopInfo,
    Variant,
)
from bot.shop.rules import ShopRules, WriteRule

NOW = datetime(2025, 3, 3, 12, tzinfo=UTC)  # long ago: a test that takes the real time fails
MINA, OTTO = CustomerId("C1"), CustomerId("C2")
RULES = ShopRules(
    cancel_reasons=("no longer needed", "ordered by mistake"),
    cancel_reasons_zh=("不再需要", "误下单"),
    returns=WriteRule(("delivered",), "returns", days=14, days_abroad=30, fee_minor=1_000),
    exchange=WriteRule(("delivered",), "exchanges", days=14, abroad=False, fee_minor=1_000),
    home_countries=("中国", "China"),
    fee_free_levels=("gold",),
    cancel_after_items=False,
)
SHIRT = Product(
    ProductId("SH-1"), name_en="Shirt", name_zh="衬衫",
    variants=(
        Variant("SH-1-S", {"Size": "S"}, {"尺码": "S"}, 5_000, 9),
        Variant("SH-1-M", {"Size": "M"}, {"尺码": "M"}, 6_000, 2),
        Variant("SH-1-L", {"Size": "L"}, {"尺码": "L"}, 4_500, 0),
        Variant("SH-1-X", {"Size": "X"}, {"尺码": "X"}, 4_000, 9),
    ),
)  # fmt: skip
CUP = Product(ProductId("CU-1"), name_en="Cup", variants=(Variant("CU-1-1", {}, {}, 2_500, 5),))
PRODUCTS = (SHIRT, CUP)
HOME = Address("桂雨路1号", "", "杭州市", "浙江省", "310013", "中国")
ABROAD = Address("1 Mill Lane", "", "Bristol", "", "BS6 5QA", "United Kingdom")
CARD = PaymentMethod("card_1", "card", "Visa", "4242")
WALLET = PaymentMethod("wallet_1", "wallet", "Alipay")
GIFT = PaymentMethod("gift_1", "gift_card", "Gift card", "", 3_000)
CUSTOMER = Customer(MINA, "Mina Vale", "mina@example.com", "", HOME, payment_methods=(CARD, WALLET, GIFT))
OTHER = Customer(OTTO, "Otto Reed", "otto@example.com", "", HOME, payment_methods=(replace(CARD, method_id="card_2"),))


def line(sku: str, quantity: int = 1, price_minor: int | None = None) -> OrderItem:
    """A line of a sample product, by default at its price of today."""
    product, variant = next((p, v) for p in PRODUCTS for v in p.variants if v.sku == sku)
    price = variant.price_minor if price_minor is None else price_minor
    return OrderItem(
        sku, product.product_id, product.name_en, product.name_zh, variant.options, quantity, price, variant.options_zh
    )


def order(
    status: OrderStatus, *items: OrderItem, number: str = "TF10000001", customer: CustomerId = MINA, days: int = 3
) -> Order:
    """An order to home, paid by card unless it is pending; delivered ``days`` ago when it is."""
    items = items or (line("SH-1-S", 2), line("CU-1-1"))
    card = "card_1" if customer == MINA else "card_2"
    total = sum(item.price_minor * item.quantity for item in items) + 800
    return Order(
        OrderId(number), customer, status, NOW - timedelta(days=days + 3), items, total, HOME, "Mina Vale",
        delivered_at=NOW - timedelta(days=days) if status == "delivered" else None, payment_method="Visa",
        payments=() if status == "pending" else (Payment("payment", total, card),),
    )  # fmt: skip


ORDERS = (
    order("paid"),
    order("delivered", number="TF10000002"),
    order("shipped", number="TF10000003"),
    order("paid", number="TF10000004", customer=OTTO),
)
CONTENTS = Contents(ShopInfo("Write Shop"), PRODUCTS, (CUSTOMER, OTHER), ORDERS, rules=RULES)


def product_of(sku: str) -> tuple[Product, Variant] | None:
    """As the shop has it."""
    return next(((p, v) for p in PRODUCTS for v in p.variants if v.sku == sku), None)
