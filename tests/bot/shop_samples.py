"""A small shop for tests: two customers, two products, three orders."""

from datetime import UTC, datetime
from pathlib import Path

from bot.session import CustomerId
from bot.shop.folder import Contents, write_folder
from bot.shop.records import (
    Address,
    Customer,
    Order,
    OrderId,
    OrderItem,
    OrderStatus,
    Policy,
    Product,
    ProductId,
    ShopInfo,
    Variant,
)

ADA, LIN = CustomerId("C1"), CustomerId("C2")
INFO = ShopInfo("Small Shop", "小店", "CNY", r"TF\d{8}")
PRODUCTS = (
    Product(
        ProductId("TC-1"), "Tea", "茶", "Green Tea", "绿茶", "Qingyan", "Fresh.", "新茶。", {"Origin": "Hangzhou"},
        {"产地": "杭州"}, (Variant("TC-1-01", {"Weight": "50 g"}, {"净含量": "50克"}, 4500, 3),), ("gift",),
    ),
    Product(ProductId("KT-1"), name_en="Wok", variants=(Variant("KT-1-01", {}, {}, 25900, 0),)),
)  # fmt: skip
CUSTOMERS = (
    Customer(ADA, "Ada O'Brien", "ada@example.com", "+44 7700 900001", Address("1 Mill Lane", postal_code="BS6 5QA")),
    Customer(LIN, "林小雨", "lin@example.cn", "13800130001", Address("桂雨路1号", postal_code="310013"), "zh", "",
             "Lin Xiaoyu"),
)  # fmt: skip


def order(number: str, customer: CustomerId, day: int, status: OrderStatus = "shipped") -> Order:
    """An order placed on a day of November."""
    item = OrderItem("TC-1-01", ProductId("TC-1"), "Green Tea", "绿茶", {"Weight": "50 g"}, 1, 4500)
    return Order(OrderId(number), customer, status, datetime(2026, 11, day, 8, tzinfo=UTC), (item,), 5300)


ORDERS = (order("TF10000001", ADA, 3), order("TF10000002", ADA, 9), order("TF10000003", LIN, 5))
POLICIES = (
    Policy("returns", "en", "Returns", "policies/returns.en.md", "## How long\n\n14 days.\n"),
    Policy("returns", "zh", "退货", "policies/returns.zh.md", "## 期限\n\n14天。\n"),
)
CONTENTS = Contents(INFO, PRODUCTS, CUSTOMERS, ORDERS, POLICIES)


def small_shop(folder: Path) -> Path:
    """The shop as a folder, not imported."""
    write_folder(CONTENTS, folder)
    return folder
