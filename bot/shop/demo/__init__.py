"""The demo shop: written for this project, nobody's data, the same bytes for the same seed."""

import random
from pathlib import Path

from bot.shop.demo.catalogue import products
from bot.shop.demo.orders import customers_and_orders
from bot.shop.demo.parcels import NOW
from bot.shop.demo.payments import paid
from bot.shop.demo.people import named_people
from bot.shop.demo.recent import busier
from bot.shop.demo.texts import load, policies
from bot.shop.folder import Contents, write_folder
from bot.shop.records import ShopInfo
from bot.shop.rules import ShopRules, WriteRule

SEED = 20260301
# As the policy pages say. Its time stands still: else everything would be too late a month after it was written.
RULES = ShopRules(
    returns=WriteRule(("delivered", "exchanged"), "returns", days=14, days_abroad=30, fee_minor=1_000),
    exchange=WriteRule(("delivered",), "exchanges", days=14, abroad=False, fee_minor=1_000),
    items_once=False,
    sealed=(
        *("green tea", "black tea", "white tea", "oolong", "herbal", "coffee", "food"),
        *("skincare", "sunscreen", "make-up", "shaving", "earbuds"),
    ),
    home_countries=("中国", "中国大陆", "China", "Mainland China", "PRC", "CN"),
    fee_free_levels=("gold",),
    stands_at=NOW,
)


def generate(folder: Path, seed: int = SEED) -> None:
    """Writes the demo shop as a shop folder, byte for byte the same for the same seed.

    Raises:
        ShopFolderError: the folder cannot be written.
    """
    # One stream for stock and one for people and orders: a new product must not move everybody's house.
    catalogue = products(random.Random(f"stock {seed}"))
    customers, orders = customers_and_orders(random.Random(f"people {seed}"), catalogue)
    named = {person.customer.customer_id for person, _ in named_people()}
    orders = busier(random.Random(f"recent {seed}"), RULES, orders, catalogue, {str(one) for one in named})
    customers, orders = paid(random.Random(f"payments {seed}"), RULES, customers, orders)
    about = load("shop")
    info = ShopInfo(**{**about, "domains": tuple(about["domains"])})
    write_folder(Contents(info, catalogue, customers, orders, rules=RULES), folder)
    for name, text in policies().items():
        (folder / "policies" / name).write_bytes(text.encode())
