"""A customer with orders in every state that matters, for tests of the service case. All of it is invented."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.service.case import Case
from bot.session import CustomerId, Lang
from bot.shop.database import write_store
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
from bot.shop.store import SqliteShop
from bot.state import DialogueState
from bot.tools.service import OPENED_FOR_SERVICE, ServiceTools
from bot.tools.toolbox import Call, Outcome, Served, ToolContext
from guardrails.findings import Concealed, Kind, Origin, VaultOwner
from guardrails.guard import ConcealResult

NOW = datetime(2025, 3, 3, 12, tzinfo=UTC)
NORA = CustomerId("C1")
HOME = Address("12 Larch Road", "", "Portland", "OR", "97299", "USA")
WORK = Address("9 Quay Street", "Suite 4", "Boston", "MA", "02199", "USA")
RULES = ShopRules(
    cancel_reasons=("no longer needed", "ordered by mistake"),
    cancel_reasons_zh=("不再需要", "误下单"),
    returns=WriteRule(("delivered",), "returns", days=14),
    exchange=WriteRule(("delivered",), "exchanges", days=14),
    payment=WriteRule(("pending", "paid"), "payment"),
    refund_to="original_or_gift_card",
    difference_to="any",
    stands_at=NOW,
)


def product(number: str, en: str, zh: str, *variants: Variant) -> Product:
    """A product of the sample shop."""
    return Product(ProductId(number), name_en=en, name_zh=zh, variants=variants)


LAMP = product(
    "LA-1", "Reading Lamp", "阅读灯",
    Variant("LA-1-1", {"color": "white", "brightness": "low"}, {"颜色": "白色", "亮度": "低"}, 4_000, 5),
    Variant("LA-1-2", {"color": "white", "brightness": "high"}, {"颜色": "白色", "亮度": "高"}, 5_000, 5),
    Variant("LA-1-3", {"color": "black", "brightness": "high"}, {"颜色": "黑色", "亮度": "高"}, 5_500, 5),
    Variant("LA-1-4", {"color": "black", "brightness": "low"}, {"颜色": "黑色", "亮度": "低"}, 4_500, 0),
)  # fmt: skip
JUMPER = product(
    "JU-1", "Wool Jumper", "羊毛衫",
    Variant("JU-1-S", {"size": "S", "color": "navy"}, {"尺码": "S", "颜色": "藏青"}, 9_000, 5),
    Variant("JU-1-M", {"size": "M", "color": "navy"}, {"尺码": "M", "颜色": "藏青"}, 9_000, 5),
    Variant("JU-1-L", {"size": "L", "color": "navy"}, {"尺码": "L", "颜色": "藏青"}, 9_500, 5),
    Variant("JU-1-R", {"size": "M", "color": "red"}, {"尺码": "M", "颜色": "红色"}, 9_900, 5),
)  # fmt: skip
KETTLE = product(
    "KE-1", "Travel Kettle", "旅行水壶",
    Variant("KE-1-1", {"capacity": "0.5 l", "cordless": "no"}, {"容量": "0.5升", "无绳": "否"}, 3_000, 5),
    Variant("KE-1-2", {"capacity": "1 l", "cordless": "yes"}, {"容量": "1升", "无绳": "是"}, 3_600, 5),
    Variant("KE-1-3", {"capacity": "1 l", "cordless": "no"}, {"容量": "1升", "无绳": "否"}, 3_300, 5),
)  # fmt: skip
PRODUCTS = (LAMP, JUMPER, KETTLE)
CARD = PaymentMethod("card_1", "card", "Visa", "4242")
PAYPAL = PaymentMethod("wallet_1", "wallet", "PayPal")
GIFT = PaymentMethod("gift_1", "gift_card", "", "", 2_000)
CUSTOMER = Customer(NORA, "Nora Vale", "nora@example.com", "", HOME, payment_methods=(CARD, PAYPAL, GIFT))


def line(sku: str, quantity: int = 1) -> OrderItem:
    """A line of an order at today's price."""
    goods, variant = next((p, v) for p in PRODUCTS for v in p.variants if v.sku == sku)
    return OrderItem(
        sku, goods.product_id, goods.name_en, goods.name_zh, variant.options, quantity, variant.price_minor,
        variant.options_zh,
    )  # fmt: skip


def order(number: str, status: OrderStatus, *items: OrderItem, to: Address = HOME, days: int = 3) -> Order:
    """An order paid by card; delivered ``days`` ago where it is delivered."""
    total = sum(item.price_minor * item.quantity for item in items)
    return Order(
        OrderId(number), NORA, status, NOW - timedelta(days=days + 4), items, total, to, "Nora Vale",
        tracking_id=None if status == "paid" else f"SF1000000{number[-4:]}",
        delivered_at=NOW - timedelta(days=days) if status == "delivered" else None,
        payments=(Payment("payment", total, "card_1"),),
    )  # fmt: skip


PAID = order("TF10000001", "paid", line("LA-1-2"), line("JU-1-M"))
DELIVERED = order("TF10000002", "delivered", line("KE-1-1"), line("JU-1-S"), line("LA-1-1"))
LATE = order("TF10000003", "delivered", line("KE-1-2"), days=60)
ELSEWHERE = order("TF10000004", "paid", line("KE-1-3"), to=WORK)
ORDERS = (PAID, DELIVERED, LATE, ELSEWHERE)


class OpenVault:
    """Conceals nothing and opens nothing: the guard has tests of its own."""

    def open(self, owner: VaultOwner, handle: str) -> str:
        raise LookupError(handle)

    def conceal_value(self, owner: VaultOwner, kind: Kind, value: str) -> Concealed:
        return Concealed.fixed(f"<{kind}_1>")

    def conceal(self, owner: VaultOwner, text: str, *, origin: Origin) -> ConcealResult:
        raise NotImplementedError


@dataclass
class Talk:
    """A dialogue with the service tool alone, over a shop in a file."""

    shop: SqliteShop
    lang: Lang = "en"
    case: Case | None = None
    act: str = ""
    told: str = ""

    def say(self, text: str) -> str:
        """The customer's next message; what is told. "yes" and "no" are what they are."""
        reply = {"yes": "yes", "是": "yes", "no": "no", "不": "no"}.get(text.lower(), "words")
        outcome: Outcome = ServiceTools(self.shop).run(self.context(text), Call("serve", reply=reply))  # type: ignore[arg-type]
        assert isinstance(outcome, Served), outcome
        self.case, self.act, self.told = outcome.case, outcome.act, outcome.told.text
        return self.told

    def context(self, text: str) -> ToolContext:
        """What the tool gets with a message."""
        state = replace(DialogueState(lang=self.lang, customer_id=NORA), case=self.case)
        return ToolContext(
            VaultOwner("C1"), NORA, self.lang, Concealed.fixed(text), state, OpenVault(), OPENED_FOR_SERVICE
        )

    def order(self, number: str) -> Order:
        """An order as the shop has it now."""
        found = self.shop.order(NORA, number)
        assert found is not None
        return found


def talk(folder: Path, lang: Lang = "en", rules: ShopRules = RULES, orders: tuple[Order, ...] = ORDERS) -> Talk:
    """A dialogue over a fresh shop."""
    info = ShopInfo("Sample Shop", currency="USD", order_pattern=r"TF\d{8}")
    write_store(Contents(info, PRODUCTS, (CUSTOMER,), orders, rules=rules), folder / "shop.sqlite", "sample")
    return Talk(SqliteShop(folder / "shop.sqlite"), lang)


def talk_over(other: Talk) -> Talk:
    """Another dialogue of the same customer over the same shop."""
    return Talk(other.shop, other.lang)
