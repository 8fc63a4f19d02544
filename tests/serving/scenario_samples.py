"""An invented shop, tasks and a hand-written bot for the scenarios."""

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.events import Delta, TurnEvent
from bot.scratch import TurnInput
from bot.session import CustomerId, Session
from bot.shop.folder import Contents
from bot.shop.records import (
    Address,
    Customer,
    Order,
    OrderId,
    OrderItem,
    OrderStatus,
    Product,
    ProductId,
    ShopInfo,
    Variant,
)
from bot.shop.store import SqliteShop, write_store

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
HOME = Address("4 Fern Road", "", "Leeds", "Yorkshire", "LS1 1AA", "UK")
MIA, OTTO = CustomerId("C-MIA"), CustomerId("C-OTTO")
CUSTOMERS = (
    Customer(
        MIA,
        "Mia Moss",
        "mia@example.com",
        "+44 7700 900123",
        HOME,
    ),
    Customer(OTTO, "Otto Oak", "otto@example.com", "+44 7700 900456", Address("9 Elm Street", postal_code="LS2 2BB")),
)
PRODUCT = Product(ProductId("TEA"), name_en="Green Tea", name_zh="绿茶", variants=(Variant("TEA-1", {}, {}, 4500, 9),))
METHOD = "M-1"


def order(number: str, customer: CustomerId, status: OrderStatus = "paid") -> Order:
    item = OrderItem("TEA-1", ProductId("TEA"), "Green Tea", "绿茶", {}, 1, 4500)
    return Order(OrderId(number), customer, status, NOW, (item,), 4500)


ORDERS = (order("TF10000001", MIA), order("TF10000002", MIA, "shipped"), order("TF10000003", OTTO))
CONTENTS = Contents(ShopInfo("Tea Lane", "茶巷", "CNY", r"TF\d{8}"), (PRODUCT,), CUSTOMERS, ORDERS, ())


def shop_file(folder: Path) -> Path:
    path = folder / "shop.sqlite"
    write_store(CONTENTS, path, "sample")
    return path


@dataclass(frozen=True)
class Told:
    """As the end of a turn, of which the scenarios read nothing but ``act``."""

    act: str


Move = Callable[[SqliteShop, str], tuple[str, str | None]]
"""(shop, what the customer said) → (reply, act or none)"""


@dataclass
class PlannedBot:
    """Answers turn after turn by a plan; the last move again and again."""

    shop: SqliteShop
    plan: Sequence[Move]
    heard: list[str] = field(default_factory=list)
    forgotten: bool = False

    async def turn(self, turn: TurnInput) -> AsyncGenerator[TurnEvent, None]:
        self.heard.append(turn.text)
        reply, act = self.plan[min(len(self.heard), len(self.plan)) - 1](self.shop, turn.text)
        yield Delta(reply[:3])
        yield Delta(reply[3:])
        if act:
            yield Told(act)  # type: ignore[misc]

    async def history(self, session: Session) -> list[dict[str, Any]]:
        return [{"id": f"m{n}", "role": "user", "content": "[concealed]"} for n, _ in enumerate(self.heard)]

    async def forget(self, session: Session) -> None:
        self.forgotten = True


def says(reply: str, act: str | None = None) -> Move:
    return lambda shop, text: (reply, act)
