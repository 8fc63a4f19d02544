"""Exports of Shopify and WooCommerce, and tables of any system: what comes in, what stays out and why."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.shop.errors import ShopFolderError
from bot.shop.html import plain
from bot.shop.imports import export_shop, import_shop
from bot.shop.imports_shopify import order_pattern
from bot.shop.records import Order, Product, ShopInfo
from bot.shop.store import SqliteShop, open_shop
from tests.bot import export_samples as samples
from tests.bot import shop_samples as small

PEOPLE = ("Zelda", "zelda", "Moss", "nora", "Nora", "Field", "林", "lin@", "Mill", "Dell")


def shop_of(folder: Path) -> SqliteShop:
    return open_shop(folder)


def tree(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.suffix != ".sqlite"
            and p.is_file()}  # fmt: skip


def by_id(products: tuple[Product, ...]) -> dict[str, Product]:
    return {product.product_id: product for product in products}


@pytest.mark.parametrize("text", [samples.SHOPIFY_OLD, samples.SHOPIFY_NEW], ids=["until 2025", "since 2025"])
def test_products_of_shopify_come_in_under_old_and_new_headers(tmp_path: Path, text: str) -> None:
    (tmp_path / "products_export.csv").write_text(text)
    report = import_shop(tmp_path / "products_export.csv", "shopify", tmp_path / "shop")
    assert report.imported["products"] == 2
    assert [(r.table, r.row, r.reason.partition(":")[0]) for r in report.rejected] == [
        ("products", 6, "price"), ("products", 7, "Status"),
    ]  # fmt: skip
    shop = shop_of(tmp_path / "shop")
    products = by_id(shop.products())
    scarf, mug = products["wool-scarf"], products["mug"]
    assert (scarf.name_en, scarf.text_en) == ("Wool Scarf & Cap", "Soft wool.\n- warm\n- 30 °C")
    assert (scarf.category, scarf.brand, scarf.tags) == ("Scarves", "Fernmist", ("winter", "gift"))
    assert dict(scarf.attributes_en) == {"Colour": "Red, Blue", "Size": "S, L", "Fabric": "Wool"}
    assert [(v.sku, dict(v.options), v.price_minor, v.stock) for v in scarf.variants] == [
        ("WS-R-S", {"Colour": "Red", "Size": "S"}, 3900, 4),
        ("00123", {"Colour": "Blue", "Size": "L"}, 4550, 0),
    ]
    assert [(v.sku, dict(v.options), v.price_minor, v.stock) for v in mug.variants] == [("mug-1", {}, 1200, 100)]
    assert (mug.text_en, mug.category, shop.info.currency) == ("Plain text < 3", "Kitchen", "USD")
    assert "assumed" in report.mapping["currency of prices"]
    shop.close()


def shopify_folder(folder: Path) -> Path:
    folder.mkdir()
    (folder / "products_export.csv").write_text(samples.SHOPIFY_NEW)
    (folder / "customers_export.csv").write_text(samples.SHOPIFY_CUSTOMERS)
    (folder / "orders_export.csv").write_text(samples.SHOPIFY_ORDERS)
    (folder / "notes.csv").write_text("a,b\n1,2\n")
    return folder


def test_a_folder_of_shopify_exports_makes_a_shop_whose_orders_are_found(tmp_path: Path) -> None:
    report = import_shop(shopify_folder(tmp_path / "exports"), "shopify", tmp_path / "shop")
    assert (report.imported["customers"], report.imported["orders"]) == (3, 3)  # nora is known from her orders
    assert [(r.table, r.row) for r in report.rejected] == [
        ("products", 6), ("products", 7), ("customers", 4), ("orders", 6), ("orders", 7), ("notes.csv", 1),
    ]  # fmt: skip
    shop = shop_of(tmp_path / "shop")
    zelda = shop.find_customer(email="zelda@example.com")
    assert zelda == "7001" == shop.find_customer(name="Zelda Moss", postal_code="02139")
    assert shop.find_customer(name="林小雨", postal_code="310013") == "7002"
    order = shop.order(zelda, "1003")
    assert order is not None
    assert [(i.sku, i.product_id, dict(i.options), i.price_minor) for i in order.items] == [
        ("WS-R-S", "wool-scarf", {"Colour": "Red", "Size": "S"}, 3900),
        ("00123", "wool-scarf", {"Colour": "Blue", "Size": "L"}, 4550),
    ]
    assert (order.status, order.total_minor, order.payment_method) == ("shipped", 8950, "Shopify Payments")
    assert order.address is not None
    assert (order.address.postal_code, order.phone, order.recipient) == ("80301", "+15550100", "Zelda Moss")
    assert order.placed_at is not None
    assert order.placed_at.isoformat() == "2026-10-08T08:00:00+02:00"
    nora = shop.find_customer(email="nora@example.org")
    assert nora is not None
    assert "nora" not in nora
    assert {o.order_id: (o.status, o.items[0].name("en")) for o in shop.orders(nora)} == {
        "#1004": ("returned", "Stone Mug"), "#1002": ("cancelled", "Gone Candle"),
    }  # fmt: skip
    assert shop.order(nora, "1003") is None
    assert (shop.info.currency, shop.info.order_pattern) == ("EUR", r"#\d{4,5}|\d{4}")
    shop.close()


def test_importing_again_changes_no_byte_and_rejections_hold_no_value(tmp_path: Path) -> None:
    src = shopify_folder(tmp_path / "exports")
    import_shop(src, "shopify", tmp_path / "shop")
    before = tree(tmp_path / "shop")
    import_shop(src, "shopify", tmp_path / "shop")
    assert tree(tmp_path / "shop") == before
    rejected = before["rejected.csv"].decode()
    assert len(rejected.splitlines()) == 7
    assert not [word for word in (*PEOPLE, "cheap", "lent", "1001") if word in rejected]


def test_orders_alone_are_joined_to_the_products_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text(samples.SHOPIFY_OLD)
    (tmp_path / "o.csv").write_text(samples.SHOPIFY_ORDERS)
    (tmp_path / "m.toml").write_text('[shop]\ncurrency = "EUR"\nname_en = "Fernmist"\n')
    import_shop(tmp_path / "p.csv", "shopify", tmp_path / "shop", mapping=tmp_path / "m.toml")
    report = import_shop(tmp_path / "o.csv", "shopify", tmp_path / "shop")
    assert report.imported == {"products": 0, "customers": 2, "orders": 3, "policies": 0}
    shop = shop_of(tmp_path / "shop")
    zelda = shop.find_customer(email="zelda@example.com")
    assert zelda is not None
    order = shop.order(zelda, "#1003")
    assert order is not None
    assert {item.product_id for item in order.items} == {"wool-scarf"}
    assert shop.info.name_en == "Fernmist"
    shop.close()


def test_a_dry_run_of_a_folder_shows_columns_and_counts_and_writes_nothing(tmp_path: Path) -> None:
    report = import_shop(shopify_folder(tmp_path / "x"), "shopify", tmp_path / "shop", dry_run=True)
    assert report.imported["orders"] == 3
    assert report.mapping["Variant Price / Price"] == "price_minor"
    assert not (tmp_path / "shop").exists()


@pytest.mark.parametrize(
    ("row", "stock"),
    [("shopify,7,deny", 7), ("shopify,0,deny", 0), ("shopify,-1,deny", 0), ("shopify,0,continue", 100),
     (",0,deny", 100), (",5,deny", 5), ("shopify,,deny", 100)],
)  # fmt: skip
def test_stock_says_whether_a_piece_can_be_bought(tmp_path: Path, row: str, stock: int) -> None:
    head = "Handle,Title,Variant Price,Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy\n"
    (tmp_path / "p.csv").write_text(f"{head}a,A,1,{row}\n")
    import_shop(tmp_path / "p.csv", "shopify", tmp_path / "shop")
    shop = shop_of(tmp_path / "shop")
    assert shop.products()[0].stock == stock
    shop.close()


def orders_named(*names: str) -> list[Order]:
    return [Order(name, "c", "paid", None, (), 0) for name in names]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("names", "pattern"),
    [(("#1001", "#1234"), r"#\d{4,5}|\d{4}"), (("#10010",), r"#\d{5,6}"), (("#TF1001",), r"#?TF\d{4,5}"),
     (("#1001-EU",), r"#?\d{4,5}\-EU"), (("#1001", "#TF1001"), ShopInfo().order_pattern), (("#12",), r"#\d{2,3}")],
)  # fmt: skip
def test_the_pattern_of_order_numbers_leaves_no_postal_code_readable(names: tuple[str, ...], pattern: str) -> None:
    assert order_pattern(orders_named(*names)) == pattern


def test_variable_and_simple_products_of_woocommerce_come_in(tmp_path: Path) -> None:
    (tmp_path / "wc.csv").write_text(samples.WOOCOMMERCE)
    report = import_shop(tmp_path / "wc.csv", "woocommerce", tmp_path / "shop")
    assert [(r.row, r.reason.partition(":")[0]) for r in report.rejected] == [
        (8, "Type"), (9, "Published"), (10, "Parent"), (11, "price"),
    ]  # fmt: skip
    shop = shop_of(tmp_path / "shop")
    products = by_id(shop.products())
    assert list(products) == ["44", "50", "51", "52"]
    tee = products["44"]
    assert (tee.name_en, tee.category, tee.tags) == ("V-Neck & Tee", "Tees", ("basic", "tee"))
    assert tee.text_en.startswith("Cotton.")
    assert dict(tee.attributes_en) == {"Colour": "Red, Blue, dark", "Size": "S, M"}
    assert [(v.sku, dict(v.options), v.price_minor, v.stock) for v in tee.variants] == [
        ("VN-RED", {"Colour": "Red", "Size": "S"}, 1800, 3),
        ("46", {"Colour": "Blue, dark", "Size": "M"}, 2500, 7),  # a dated sale price is not promised
    ]
    assert [products[number].stock for number in ("50", "51", "52")] == [100, 0, 100]
    assert products["51"].text_en == "Clay"
    shop.close()


def test_headers_of_another_language_are_named_in_a_mapping(tmp_path: Path) -> None:
    text = "ID,类型,SKU,名称,已发布,常规售价,库存\n7,simple,A-1,青瓷茶杯,1,59,4\n".encode("gb18030")
    (tmp_path / "wc.csv").write_bytes(text)
    with pytest.raises(ShopFolderError, match=r"Type, Name, Regular price missing.*\[columns\]"):
        import_shop(tmp_path / "wc.csv", "woocommerce", tmp_path / "shop")
    (tmp_path / "m.toml").write_text(
        '[shop]\ncurrency = "CNY"\n[columns]\nType = "类型"\nName = "名称"\nPublished = "已发布"\n'
        '"Regular price" = "常规售价"\nStock = "库存"\n'
    )
    import_shop(tmp_path / "wc.csv", "woocommerce", tmp_path / "shop", mapping=tmp_path / "m.toml")
    shop = shop_of(tmp_path / "shop")
    (cup,) = shop.products()
    assert (cup.name_zh, cup.name_en, cup.price_range, cup.stock, shop.info.currency) == (
        "青瓷茶杯", "", (5900, 5900), 4, "CNY",
    )  # fmt: skip
    shop.close()


MAP = """\
[shop]
currency = "EUR"
[files]
products = "goods.csv"
customers = "people.csv"
orders = "sales.csv"
[columns]
product_id = "Art"
name = "Bezeichnung"
price = "Preis"
[customers]
email = "E-Mail"
name = "Kunde"
postal_code = "PLZ"
line1 = "Adresse"
[orders]
order_id = "Beleg"
email = "E-Mail"
status = "Stand"
placed_at = "Datum"
sku = "Art"
quantity = "Menge"
price = "Preis"
[statuses]
Versandt = "shipped"
[times]
zone = "+01:00"
"""


def test_a_mapping_reads_products_customers_and_orders_of_any_system(tmp_path: Path) -> None:
    src = tmp_path / "src"
    src.mkdir()
    (src / "goods.csv").write_text("Art;Bezeichnung;Preis\nK-1;Kanne;30.00\n")
    (src / "people.csv").write_text("E-Mail;Kunde;PLZ;Adresse;status\nzelda@example.com;Zelda Moss;80279;Am Bach 1;x\n")
    (src / "sales.csv").write_text(
        "Beleg;E-Mail;Stand;Datum;Art;Menge;Preis\n"
        "R-100001;zelda@example.com;Versandt;2026-10-01 09:30;K-1-1;2;30.00\n"
        "R-100001;;;;X-9;1;5.00\n"
        "R-100002;zelda@example.com;verloren;2026-10-01 09:30;K-1-1;1;30.00\n"
        "R-100003;zelda@example.com;Versandt;gestern;K-1-1;1;30.00\n"
        "R-100004;zelda@example.com;Versandt;2026-10-01 09:30;K-1-1;0;30.00\n"
    )
    (tmp_path / "m.toml").write_text(MAP)
    report = import_shop(src, "csv", tmp_path / "shop", mapping=tmp_path / "m.toml")
    assert [(r.table, r.row, r.reason.partition(":")[0]) for r in report.rejected] == [
        ("orders", 4, "status"), ("orders", 5, "expected a time such as 2026-11-20 09"), ("orders", 6, "items"),
    ]  # fmt: skip
    assert report.mapping["orders: Stand"] == "status"
    shop = shop_of(tmp_path / "shop")
    zelda = shop.find_customer(name="Zelda Moss", postal_code="80279")
    assert zelda is not None
    order = shop.order(zelda, "R-100001")
    assert order is not None
    assert [(i.sku, i.quantity, i.name("en")) for i in order.items] == [("K-1-1", 2, "Kanne"), ("X-9", 1, "X-9")]
    assert order.placed_at is not None
    assert (order.placed_at.isoformat(), order.total_minor) == ("2026-10-01T09:30:00+01:00", 6500)
    shop.close()


def test_json_lines_with_items_become_orders_under_a_mapping(tmp_path: Path) -> None:
    src = tmp_path / "src"
    src.mkdir()
    row = {
        "no": 100001, "buyer": {"mail": "nora@example.org", "name": "Nora Field"}, "state": "paid", "paid": True,
        "at": "2026-10-01T08:00:00Z", "lines": [{"sku": "A", "n": 1, "each": 12.5}, {"sku": "B", "n": 2, "each": 3}],
    }  # fmt: skip
    (src / "orders.jsonl").write_text(json.dumps(row) + "\nnot json\n[1]\n")
    (tmp_path / "m.toml").write_text(
        '[orders]\norder_id = "no"\nemail = "buyer.mail"\nname = "buyer.name"\nstatus = "state"\nplaced_at = "at"\n'
        'sku = "lines.sku"\nquantity = "lines.n"\nprice = "lines.each"\n'
    )
    for source in (src, src / "orders.jsonl"):
        report = import_shop(source, "jsonl", tmp_path / "shop", mapping=tmp_path / "m.toml")
        assert [(r.table, r.row, r.reason) for r in report.rejected] == [
            ("orders", 2, "not valid JSON"), ("orders", 3, "expected a JSON object"),
        ]  # fmt: skip
    shop = shop_of(tmp_path / "shop")
    nora = shop.find_customer(email="nora@example.org")
    assert nora is not None
    (order,) = shop.orders(nora)
    assert (order.total_minor, [(i.sku, i.quantity, i.price_minor) for i in order.items]) == (
        1850, [("A", 1, 1250), ("B", 2, 300)],
    )  # fmt: skip
    shop.close()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16", "utf-16-le"])
def test_chinese_orders_are_read_by_their_headers_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    src = tmp_path / "src"
    src.mkdir()
    text = (
        "订单号,状态,下单时间,收货人,邮编,收货地址,商品名称,数量,单价\n"
        "A1000001,delivered,2026-10-01 09:30:00 +0800,林小雨,310013,桂雨路1号,绿茶,1,45\n"
    )
    (src / "orders.csv").write_bytes(text.encode(encoding))
    report = import_shop(src, "csv", tmp_path / "shop")
    assert report.rejected == ()
    shop = shop_of(tmp_path / "shop")
    lin = shop.find_customer(name="林小雨", postal_code="310013")
    assert lin is not None
    order = shop.order(lin, "a1000001")
    assert order is not None
    assert (order.items[0].name_zh, order.status) == ("绿茶", "delivered")
    assert (customer := shop.customer(lin)) is not None
    assert customer.lang == "zh"
    shop.close()


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ('[orders]\norder_nr = "x"\n', r"unknown names: order_nr; \[orders\] knows"),
        ('[statuses]\nsent = "gone"\n', r"\[statuses\] expected one of pending"),
        ('[times]\nzone = "Berlin"\n', r"\[times\] expected a zone"),
        ('[files]\ngoods = "x"\n', "unknown names: goods"),
        ('[things]\na = "b"\n', "unknown names: things"),
        ('[files]\norders = "no.csv"\n', "files that are not there: no.csv"),
        ('[orders]\norder_id = "Nope"\n', "mapping names columns that it has not: nope"),
    ],
)
def test_a_mapping_that_cannot_work_is_refused_with_the_reason(tmp_path: Path, mapping: str, message: str) -> None:
    src = tmp_path / "src"
    src.mkdir()
    (src / "orders.csv").write_text("id\n1\n")
    (tmp_path / "m.toml").write_text(mapping)
    with pytest.raises(ShopFolderError, match=message):
        import_shop(src, "csv", tmp_path / "shop", mapping=tmp_path / "m.toml")


def test_one_table_can_be_exported_and_comes_back_exactly(tmp_path: Path) -> None:
    folder = small.small_shop(tmp_path / "a")
    report = export_shop(folder, tmp_path / "out" / "orders.jsonl")
    assert report.imported == {"products": 0, "customers": 0, "orders": 3, "policies": 0}
    assert (tmp_path / "out" / "orders.jsonl").read_bytes() == (folder / "orders.jsonl").read_bytes()
    with pytest.raises(ShopFolderError, match="another folder"):
        export_shop(folder, folder / "orders.jsonl")
    with pytest.raises(ShopFolderError, match=r"products\.jsonl"):
        export_shop(folder, tmp_path / "things.jsonl")


@given(st.text(max_size=300))
def test_html_never_raises_and_text_without_markup_is_kept(text: str) -> None:
    once = plain(text)
    if "<" not in text and "&" not in text:
        assert once == text.strip()


@given(st.lists(st.text(alphabet="abc <>&;\"'/p", max_size=20), max_size=6))
def test_no_script_comes_out_of_a_description(parts: list[str]) -> None:
    html = "<p>".join(parts) + "</p><script>steal()</script><style>b{}</style>"
    assert "steal()" not in plain(f"<div>ok</div><script>steal()</script>{' '.join(p for p in parts if '<' not in p)}")
    assert isinstance(plain(html), str)
