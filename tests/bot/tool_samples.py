"""A small made-up shop with its toolbox as the product wires it, for the tests of the tools."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from bot.catalogue.passages import Passages
from bot.catalogue.search import Catalogue
from bot.facts import Facts
from bot.session import CustomerId, Lang
from bot.shop.folder import Contents, write_folder
from bot.shop.records import Address, Customer, Order, OrderStatus, Policy, ShopInfo, TrackingEvent
from bot.shop.store import SqliteShop, open_shop
from bot.state import DialogueState, Mention
from bot.tools.toolbox import Call, Found, Outcome, Toolbox, ToolContext
from bot.turn import Bot
from guardrails.findings import Concealed, Kind, VaultOwner
from guardrails.guard import Guardrails, Readable, build
from serving.compose import ShopParts, build_bot
from serving.settings import Settings
from tests.bot.catalogue_samples import PRODUCTS, WordEncoder
from tests.bot.shop_samples import ADA, CUSTOMERS, LIN, order

MEI, NOAH, WEI = CustomerId("C3"), CustomerId("C4"), CustomerId("C5")
INFO = ShopInfo("Small Shop", "小店", "CNY", r"TF\d{8}")
EVERYBODY = (
    *CUSTOMERS,
    Customer(MEI, "Mei Castell", "mei.castell@example.org", "+1 212 555 0142", Address("7 Quarry Road")),
    Customer(NOAH, "Noah Pell", "noah@example.net", "+1 212 555 0177", Address("90 Fern Street", "Flat 3")),
    Customer(WEI, "卫国强", "wei@example.cn", "13900139002", Address("青石巷22号", postal_code="215001"), "zh"),
)


def parcel(given: Order, address: Address, recipient: str, phone: str, **more: Any) -> Order:
    """The order with a parcel on its way to somebody."""
    event = TrackingEvent(datetime(2026, 11, 11, 6, tzinfo=UTC), "Left the sorting centre", "已离开分拣中心", "Leeds")
    return replace(
        given,
        address=address,
        recipient=recipient,
        phone=phone,
        carrier="SF Express",
        carrier_zh="顺丰速运",
        tracking_id=f"SF{given.order_id[2:]}",
        events=(event,),
        payment_method="Visa 4929",
        **more,
    )


def old(number: int, customer: CustomerId, day: int, status: OrderStatus = "delivered") -> Order:
    return order(f"TF{number}", customer, day, status)


GIFT = Address("5 Heron Close", "c/o Fenwick", "Bristol", postal_code="BS1 4QD", country="UK")
HOME = Address("西湖区桂雨路1号", city="杭州", postal_code="310013")
SIGNED = TrackingEvent(
    datetime(2026, 11, 11, 6, tzinfo=UTC),
    "Handed over, signed for by 林小雨, tel. 13800130001",
    "已签收，签收人：林小雨，电话13800130001",
    "Hangzhou",
)
ORDERS = (
    old(10000001, ADA, 3),
    parcel(order("TF10000002", ADA, 9), GIFT, "Tom Fenwick", "+44 7700 900123", expected_on=date(2026, 11, 28)),
    old(10000003, LIN, 4, "paid"),
    replace(parcel(order("TF10000004", LIN, 5), HOME, "林小雨", "13800130001"), events=(SIGNED,)),
    parcel(old(10000005, LIN, 2, "cancelled"), HOME, "林小雨", "13800130001"),
    replace(old(10000006, MEI, 6), expected_on=date(2026, 11, 9), delivered_at=datetime(2026, 11, 8, 8, tzinfo=UTC)),
    *(old(10000010 + n, WEI, 10 + n) for n in range(7)),
)
RETURNS = """# Returns

You can send things back within 14 days. Keep the tags on.

## What cannot be returned

- Opened skincare
- Underwear

## Refunds

Your money comes back in 3 days. It goes to the card you paid with.
"""
RETURNS_ZH = "# 退货\n\n签收后14天内可以退货，吊牌要齐全。\n\n## 退款\n\n退款3天内到账，原路退回。\n"
SHIPPING = "# Shipping\n\nParcels leave within 48 hours.\n\n## Costs\n\nDelivery is free from 99 yuan.\n"
SHIPPING_ZH = "# 配送\n\n48小时内发货。\n\n## 运费\n\n满99元免运费。\n"
POLICIES = (
    Policy("returns", "en", "Returns", "policies/returns.en.md", RETURNS),
    Policy("returns", "zh", "退货", "policies/returns.zh.md", RETURNS_ZH),
    Policy("shipping", "en", "Shipping", "policies/shipping.en.md", SHIPPING),
    Policy("shipping", "zh", "配送", "policies/shipping.zh.md", SHIPPING_ZH),
)
INTRODUCED: dict[Lang, str] = {
    "en": "My name is Ada O'Brien, e-mail ada@example.com, phone +44 7700 900001, I live at 1 Mill Lane, BS6 5QA.",
    "zh": "我叫林小雨，手机13800130001，邮箱lin@example.cn，住在杭州市西湖区桂雨路1号，邮编310013。",
}
CONTENTS = Contents(INFO, PRODUCTS, EVERYBODY, ORDERS, POLICIES)


def personal_values() -> set[str]:
    """Everything about a person that the shop knows."""
    known = {value for c in EVERYBODY for value in (c.name, c.latin_name, c.email, c.phone)}
    known |= {value for o in ORDERS for value in (o.recipient, o.phone, o.payment_method)}
    for address in [c.address for c in EVERYBODY] + [o.address for o in ORDERS]:
        known |= {address.line1, address.line2, address.postal_code} if address else set()
    return known - {""}


def found(outcome: Outcome) -> Facts:
    """What the outcome tells."""
    assert isinstance(outcome, Found)
    return outcome.facts


def lines(outcome: Outcome) -> list[str]:
    """Its lines, as text."""
    return [line.text for line in found(outcome).lines]


def texts(value: object) -> Iterator[str]:
    """Every text in an outcome, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from texts(item)
    elif is_dataclass(value):
        for field in fields(value):
            yield from texts(getattr(value, field.name))


@dataclass(frozen=True)
class Wired:
    """A shop's tools, its vault, and the bot that they belong to."""

    toolbox: Toolbox
    guard: Guardrails
    shop: SqliteShop
    bot: Bot

    def run(
        self,
        call: Call,
        customer: CustomerId | None = None,
        lang: Lang = "en",
        text: Concealed | str = "hello",
        owner: str = "",
        offered: tuple[Mention, ...] = (),
    ) -> Outcome:
        """The call as a turn makes it. The vault's owner is the customer unless it is named."""
        said = text if isinstance(text, Concealed) else Concealed.fixed(text)
        state = DialogueState(lang=lang, customer_id=customer, offered=offered)
        whose = VaultOwner(owner or customer or "visitor:s1")
        return self.toolbox.run(call, ToolContext(whose, customer, lang, said, state, self.guard))

    def handle(self, kind: Kind, value: str, owner: str = "visitor:s1") -> str:
        """The handle of a value that a customer typed."""
        return self.guard.conceal_value(VaultOwner(owner), kind, value, origin="customer").text


@contextmanager
def wire(folder: Path, contents: Contents = CONTENTS) -> Iterator[Wired]:
    """The shop over real parts; only the sentence encoder is a small one."""
    write_folder(contents, folder / "shop")
    shop = open_shop(folder / "shop")
    catalogue = Catalogue.build(shop.products(), WordEncoder(), None)
    passages = Passages.build(shop.policies(), WordEncoder(), None)
    readable = Readable((shop.info.order_pattern,), catalogue.names)
    guard = build(f"sqlite:///{folder / 'vault.db'}", bytes(range(32)), readable)
    bot = build_bot(
        Settings(data_dir=folder), ShopParts(shop, catalogue, passages, guard), "http://127.0.0.1:9/v1", None
    )
    yield Wired(bot._parts.toolbox, guard, shop, bot)
    guard.close()
    shop.close()
