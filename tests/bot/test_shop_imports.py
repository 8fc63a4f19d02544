"""Sources become shop folders: amounts exact, broken rows listed, nothing of the developer's overwritten."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.shop.errors import ShopFolderError
from bot.shop.imports import export_shop, import_shop
from bot.shop.records import Payment, PaymentMethod, Swap
from bot.shop.store import open_shop
from bot.shop.tables import decode, price_minor
from bot.shop.tau2 import RULES, minor, read
from tests.bot import shop_samples as sample

REAL = Path(__file__).parents[3] / "shared" / "data" / "tau2_retail" / "db.json"
CANARY = "Zelda"


def tau2_database() -> dict[str, Any]:
    address = {"address1": "1 Mill Lane", "address2": "Flat 2", "city": "Denver", "country": "USA", "state": "CO"}
    kettle = {"item_id": "101", "options": {"colour": "red", "size": "1 L"}, "available": True, "price": 46.85}
    sold_out = {"item_id": "102", "options": {"colour": "blue", "size": "1 L"}, "available": False, "price": 19.99}
    bought = {"name": "Kettle", "product_id": "1", "item_id": "101", "price": 46.85, "options": {"colour": "red"}}

    def order(number: str, status: str, **more: Any) -> dict[str, Any]:
        paid = {"transaction_type": "payment", "amount": 93.7, "payment_method_id": "gift_card_77"}
        fields = {"order_id": number, "user_id": "zelda_1", "address": {**address, "zip": "80279"}, "status": status}
        return {**fields, "items": [bought, bought], "fulfillments": [], "payment_history": [paid], **more}

    sent = [{"tracking_id": ["357962501027"], "item_ids": ["101"]}]
    return {
        "products": {"1": {"name": "Kettle", "product_id": "1", "variants": {"101": kettle, "102": sold_out}}},
        "users": {
            "zelda_1": {
                "user_id": "zelda_1", "name": {"first_name": CANARY, "last_name": "Moss"},
                "address": {**address, "zip": "80279"}, "email": "zelda@example.com",
                "payment_methods": {
                    "gift_card_77": {"source": "gift_card", "id": "gift_card_77", "balance": 12.34},
                    "credit_card_8": {
                        "source": "credit_card", "id": "credit_card_8", "brand": "visa", "last_four": "4242",
                    },
                    "paypal_9": {"source": "paypal", "id": "paypal_9"},
                },
            }
        },
        "orders": {
            "a": order("#W2378156", "pending"),
            "b": order("#W2378157", "processed", fulfillments=sent),
            "c": order("#W2378158", "delivered"),
            "d": order("#W2378159", "cancelled"),
            "e": order("#W2378160", "return requested"),
            "f": order("#W2378161", "pending (item modified)", payment_history=[]),
        },
    }  # fmt: skip


def write(path: Path, data: Any) -> Path:
    path.write_text(json.dumps(data))
    return path


def test_a_tau2_database_becomes_a_shop(tmp_path: Path) -> None:
    (tmp_path / "policy.md").write_text(
        "# Policy\n\nGeneral.\n\n## Return delivered order\n\nOnce.\n\n## Domain\n\nX.\n"
    )
    report = import_shop(write(tmp_path / "db.json", tau2_database()), "tau2", tmp_path / "shop")
    assert report.imported == {"products": 1, "customers": 1, "orders": 6, "policies": 2}
    assert report.rejected == ()
    shop = open_shop(tmp_path / "shop")
    zelda = shop.find_customer(name="zelda moss", postal_code="80279-1234")
    assert zelda == shop.find_customer(email="ZELDA@example.com") == "zelda_1"
    order = shop.order(zelda, "w2378157")
    assert order is not None
    assert (order.order_id, order.status, order.tracking_id) == ("#W2378157", "packed", "357962501027")
    assert (order.total_minor, order.items[0].quantity, order.items[0].price_minor) == (9370, 2, 4685)
    assert (order.recipient, order.payment_method, order.placed_at) == ("Zelda Moss", "Gift card", None)
    statuses = {o.order_id[-1]: o.status for o in shop.orders(zelda, limit=9)}
    assert statuses == {
        "6": "paid", "7": "packed", "8": "delivered", "9": "cancelled", "0": "return_requested", "1": "pending",
    }  # fmt: skip
    assert order.payments == (Payment("payment", 9370, "gift_card_77"),)
    customer = shop.customer(zelda)
    assert customer is not None
    assert customer.payment_methods == (
        PaymentMethod("gift_card_77", "gift_card", "Gift card", "", 1234),
        PaymentMethod("credit_card_8", "card", "visa", "4242"),
        PaymentMethod("paypal_9", "wallet", "PayPal"),
    )
    assert (shop.rules, [o.items_changed for o in shop.orders(zelda, limit=9)]) == (RULES, [False] * 5 + [True])
    kettle = shop.products()[0]
    assert (kettle.price_range, [v.stock > 0 for v in kettle.variants]) == ((1999, 4685), [True, False])
    assert kettle.attributes("zh") == {"colour": "red, blue", "size": "1 L"}
    assert {policy.topic: policy.text.count("## ") for policy in shop.policies()} == {"general": 1, "returns": 1}
    assert shop.info.currency == "USD"
    shop.close()


def test_broken_tau2_rows_are_listed_without_values(tmp_path: Path) -> None:
    data = tau2_database()
    data["products"]["2"] = {"name": CANARY, "product_id": "2", "variants": {"9": {"item_id": "9", "price": -1}}}
    data["products"]["3"] = [CANARY]
    data["users"]["x"] = {"user_id": CANARY, "email": f"{CANARY}@example.com"}
    data["orders"]["g"] = {**data["orders"]["a"], "order_id": "#W1", "status": f"lost by {CANARY}"}
    data["orders"]["h"] = {**data["orders"]["a"], "order_id": "#W2", "user_id": CANARY}
    text = json.dumps(data).replace('"price": -1', '"price": NaN')
    (tmp_path / "db.json").write_text(text)
    report = import_shop(tmp_path / "db.json", "tau2", tmp_path / "shop")
    assert report.imported["products"] == 1
    assert report.imported["orders"] == 6
    found = [(r.table, r.row) for r in report.rejected]
    assert found == [("products", 2), ("products", 3), ("customers", 2), ("orders", 7), ("orders", 8)]
    listed = (tmp_path / "shop" / "rejected.csv").read_text()
    assert listed.splitlines()[0] == "table,row,reason"
    assert len(listed.splitlines()) == 6
    assert CANARY not in listed


def test_what_was_done_to_a_tau2_order_comes_in_with_it(tmp_path: Path) -> None:
    database = tau2_database()
    back = {"transaction_type": "refund", "amount": 3.7, "payment_method_id": "paypal_9"}
    database["orders"]["a"]["payment_history"].append(back)
    database["orders"]["d"]["cancel_reason"] = "ordered by mistake"
    database["orders"]["d"]["payment_history"].append({**back, "amount": 93.7})
    database["orders"]["e"] |= {"return_items": ["101", "101"], "return_payment_method_id": "gift_card_77"}
    database["orders"]["c"] |= {
        "status": "exchange requested", "exchange_items": ["101"], "exchange_new_items": ["102"],
        "exchange_payment_method_id": "paypal_9", "exchange_price_difference": -26.86,
    }  # fmt: skip
    found = {order.order_id[-1]: order for order in read(write(tmp_path / "db.json", database)).orders}
    assert found["6"].total_minor == 9000
    assert (found["9"].status, found["9"].total_minor, found["9"].cancel_reason) == (
        "cancelled", 9370, "ordered by mistake",
    )  # fmt: skip
    assert (found["0"].returning, found["0"].settle_method) == (("101", "101"), "gift_card_77")
    exchanged = found["8"]
    assert (exchanged.status, exchanged.exchanging, exchanged.settle_method) == (
        "exchange_requested", (Swap("101", "102"),), "paypal_9",
    )  # fmt: skip
    assert exchanged.difference_minor == -2686


@pytest.mark.parametrize("text", ["", "{", "[]", '{"products": {}}', '{"products": [], "users": {}, "orders": {}}'])
def test_a_file_that_is_no_tau2_database_says_what_was_expected(tmp_path: Path, text: str) -> None:
    (tmp_path / "db.json").write_text(text)
    with pytest.raises(ShopFolderError, match="expected"):
        import_shop(tmp_path / "db.json", "tau2", tmp_path / "shop")
    assert not (tmp_path / "shop").exists()


@pytest.mark.skipif(not REAL.exists(), reason="the public data set is not beside the project")
def test_the_real_tau2_database_comes_in_whole(tmp_path: Path) -> None:
    report = import_shop(REAL, "tau2", tmp_path)
    assert report.rejected == ()
    assert (report.imported["products"], report.imported["customers"], report.imported["orders"]) == (50, 500, 1000)
    data = json.loads(REAL.read_text(), parse_float=Decimal)
    shop = open_shop(tmp_path)
    prices = {v.sku: v.price_minor for p in shop.products() for v in p.variants}
    assert len(prices) == 591
    for product in data["products"].values():
        for sku, variant in product["variants"].items():
            assert Decimal(prices[sku]) == variant["price"] * 100
    for order in data["orders"].values():
        found = shop.order(order["user_id"], order["order_id"].lstrip("#").lower())
        assert found is not None
        assert found.order_id == order["order_id"]
    shop.close()


def test_a_dry_run_reports_and_writes_nothing(tmp_path: Path) -> None:
    report = import_shop(write(tmp_path / "db.json", tau2_database()), "tau2", tmp_path / "shop", dry_run=True)
    assert report.imported["orders"] == 6
    assert "orders[].items[]" in report.mapping
    assert not (tmp_path / "shop").exists()


def test_a_folder_survives_the_way_out_and_back(tmp_path: Path) -> None:
    folder = sample.small_shop(tmp_path / "a")
    export_shop(folder, tmp_path / "b")
    report = import_shop(tmp_path / "b", "jsonl", tmp_path / "c")
    assert report.imported == {"products": 2, "customers": 2, "orders": 3, "policies": 2}
    for name in ("shop.toml", "products.jsonl", "customers.jsonl", "orders.jsonl", "policies/returns.zh.md"):
        assert (
            (folder / name).read_bytes() == (tmp_path / "b" / name).read_bytes() == (tmp_path / "c" / name).read_bytes()
        )
    with pytest.raises(ShopFolderError, match="another folder"):
        export_shop(folder, folder)


def test_importing_a_folder_into_itself_keeps_its_broken_rows_for_mending(tmp_path: Path) -> None:
    folder = sample.small_shop(tmp_path)
    with (folder / "orders.jsonl").open("a") as file:
        file.write('{"order_id": "half a row"\n')
    before = (folder / "orders.jsonl").read_bytes()
    for src in (folder, folder / "orders.jsonl"):
        report = import_shop(src, "jsonl", folder)
        assert [(r.table, r.row) for r in report.rejected] == [("orders", 4)]
        assert (folder / "orders.jsonl").read_bytes() == before
    (folder / "orders.jsonl").write_text("")
    import_shop(folder, "jsonl", folder)
    assert not (folder / "rejected.csv").exists()


def test_one_table_replaces_that_table_only(tmp_path: Path) -> None:
    folder = sample.small_shop(tmp_path / "shop")
    (folder / "customers.jsonl").write_text((folder / "customers.jsonl").read_text() + "broken\n")
    (tmp_path / "products.jsonl").write_text((folder / "products.jsonl").read_text().replace("25900", "100"))
    report = import_shop(tmp_path / "products.jsonl", "jsonl", folder)
    assert [(r.table, r.row) for r in report.rejected] == [("customers", 3)]
    assert (folder / "customers.jsonl").read_text().endswith("broken\n")
    shop = open_shop(folder)
    assert shop.products()[1].price_range == (100, 100)
    assert shop.order(sample.ADA, "TF10000001") is not None
    shop.close()
    with pytest.raises(ShopFolderError, match=r"expected a file named products\.jsonl"):
        import_shop((folder / "products.jsonl").rename(tmp_path / "things.jsonl"), "jsonl", folder)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le"])
def test_a_csv_is_read_in_the_encodings_shops_export(tmp_path: Path, encoding: str) -> None:
    text = '商品编号,商品名称,价格,库存,品牌\r\nP1,云感蚕丝被,"1,299.00",3,蕨雾\r\nP2,绿茶,45,0,青砚\r\n'
    (tmp_path / "shop.csv").write_bytes(text.encode(encoding))
    report = import_shop(tmp_path / "shop.csv", "csv", tmp_path / "shop")
    assert report.rejected == ()
    assert report.mapping["价格"] == "price"
    shop = open_shop(tmp_path / "shop")
    assert [(p.name("en"), p.price_range, p.stock) for p in shop.products()] == [
        ("云感蚕丝被", (129900, 129900), 3),
        ("绿茶", (4500, 4500), 0),
    ]
    shop.close()


def test_a_mapping_groups_rows_into_variants_and_rejects_the_broken_ones(tmp_path: Path) -> None:
    (tmp_path / "shop.csv").write_text(
        "Handle;Title;Opt;Fabric;Cost;Qty;Tags\n"
        "tee;Heavy T-Shirt;S;cotton;99.00;4;basics, men\n"
        "tee;;M;;99.00;x;\n"
        "tee;;L;;12,50;1;\n"
        ";No id;S;;9;1;\n"
        "mug;Mug;;;25;7;;too many\n"
        "tee;;XL;;109;2\n"
        "cap;;S;;19;2;\n"
    )
    (tmp_path / "shop.toml").write_text(
        '[shop]\nname_en = "Tees"\ncurrency = "EUR"\n[columns]\nproduct_id = "Handle"\nname = "Title"\nprice = "Cost"\n'
        'stock = "Qty"\ntags = "Tags"\n[options]\nSize = "Opt"\n[attributes]\nMaterial = "Fabric"\n'
    )
    report = import_shop(tmp_path / "shop.csv", "csv", tmp_path / "out")
    assert [(r.row, r.reason.partition(":")[0]) for r in report.rejected] == [
        (3, "stock"), (4, "price"), (5, "product_id"), (6, "expected 7 columns, got 8"),
        (8, "expected name_en or name_zh, both are empty"),
    ]  # fmt: skip
    shop = open_shop(tmp_path / "out")
    (tee,) = shop.products()
    assert [(v.sku, dict(v.options), v.price_minor) for v in tee.variants] == [
        ("tee-1", {"Size": "S"}, 9900),
        ("tee-4", {"Size": "XL"}, 10900),
    ]
    assert (dict(tee.attributes_en), tee.tags, shop.info.currency) == ({"Material": "cotton"}, ("basics", "men"), "EUR")
    shop.close()


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ('[columns]\nprice = "Nope"\nsku = "id"\n', "names columns that shop.csv has not: Nope"),
        ('[columns]\nprise = "price"\n', "unknown names: prise"),
        ("[columns]\nprice = 3\n", "expected lines such as"),
        ("[columns\n", "expected TOML"),
        ('[shop]\ncurrency = "euro"\n', "[shop] currency"),
        ('[columns]\nname = "name"\n', "expected columns for price and for product_id or sku"),
    ],
)
def test_a_mapping_that_cannot_work_says_why(tmp_path: Path, mapping: str, message: str) -> None:
    (tmp_path / "shop.csv").write_text("id,name,price\n1,a,2\n")
    (tmp_path / "map.toml").write_text(mapping)
    with pytest.raises(ShopFolderError) as caught:
        import_shop(tmp_path / "shop.csv", "csv", tmp_path / "out", mapping=tmp_path / "map.toml")
    assert message in str(caught.value)


def test_a_csv_keeps_the_rest_of_the_shop_and_refuses_another_currency(tmp_path: Path) -> None:
    folder = sample.small_shop(tmp_path / "shop")
    (tmp_path / "new.csv").write_text("sku,name,price\nA,Apple knife,12\n")
    import_shop(tmp_path / "new.csv", "csv", folder)
    shop = open_shop(folder)
    assert [p.name("en") for p in shop.products()] == ["Apple knife"]
    assert shop.order(sample.ADA, "TF10000001") is not None
    assert shop.info == sample.INFO
    shop.close()
    with pytest.raises(ShopFolderError, match="shop in CNY, the source is in USD"):
        import_shop(write(tmp_path / "db.json", tau2_database()), "tau2", folder)


@pytest.mark.parametrize(
    "content", [b"", b"\0", b"a,b\n1,2\n", b"\xff", b'id,price\n"open', "价".encode("utf-16-le") + b"\0"]
)
def test_a_file_that_is_no_csv_of_products_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.csv").write_bytes(content)
    with pytest.raises(ShopFolderError, match="expected"):
        import_shop(tmp_path / "x.csv", "csv", tmp_path / "out")


def test_a_missing_source_and_an_unknown_format_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ShopFolderError, match="found none"):
        import_shop(tmp_path / "nothing", "csv", tmp_path)
    unknown: Any = "xlsx"
    with pytest.raises(ShopFolderError, match="expected a format of tau2, shopify, woocommerce, jsonl, csv"):
        import_shop(tmp_path, unknown, tmp_path)


@given(st.integers(0, 10**9))
def test_amounts_are_exact_in_minor_units(cents: int) -> None:
    text = f"{cents // 100}.{cents % 100:02d}"
    assert minor(Decimal(text)) == cents
    assert price_minor(text) == price_minor(f"¥{int(text[:-3]):,}{text[-3:]}") == cents


@given(st.text(alphabet=st.characters(exclude_categories=("Cs",), exclude_characters="\0\ufeff"), max_size=80))
def test_utf8_text_is_decoded_as_it_is(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("csv") / "x.csv"
    path.write_bytes(text.encode())
    assert decode(path) == text
