"""The demo shop: written for this project, nobody's data, the same bytes for the same seed."""

import random
from pathlib import Path

from bot.shop.demo.catalogue import products
from bot.shop.demo.orders import customers_and_orders
from bot.shop.demo.parcels import NOW
from bot.shop.demo.texts import load, policies
from bot.shop.folder import Contents, write_folder
from bot.shop.records import ShopInfo
from bot.shop.rules import ShopRules, WriteRule

SEED = 20260301
RULES = ShopRules(
    payment=WriteRule(("pending", "paid"), "payment"),
    returns=WriteRule(("delivered",), "returns", days=14, days_abroad=30, fee_minor=1_000),
    exchange=WriteRule(("delivered",), "exchanges", days=14, abroad=False),
    home_countries=("中国", "China"),
    fee_free_levels=("gold",),
    stands_at=NOW,
)
"""What the policy pages say, as rules; the clock stands at the day the orders were made for."""


def generate(folder: Path, seed: int = SEED) -> None:
    """Writes the demo shop as a shop folder, byte for byte the same for the same seed.

    Raises:
        ShopFolderError: the folder cannot be written.
    """
    # One stream for stock and one for people and orders: a new product must not move everybody's house.
    catalogue = products(random.Random(f"stock {seed}"))
    customers, orders = customers_and_orders(random.Random(f"people {seed}"), catalogue)
    about = load("shop")
    info = ShopInfo(**{**about, "domains": tuple(about["domains"])})
    write_folder(Contents(info, catalogue, customers, orders, rules=RULES), folder)
    for name, text in policies().items():
        (folder / "policies" / name).write_bytes(text.encode())
