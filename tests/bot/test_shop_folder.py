"""A shop folder with broken rows: good ones come in, the others are listed without a value."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot.shop.errors import ShopFolderError
from bot.shop.folder import read_folder
from bot.shop.store import import_folder, open_shop
from tests.bot import shop_samples as sample

CANARY = "Zelda Canary"


def append(path: Path, *lines: bytes | dict[str, Any]) -> None:
    with path.open("ab") as file:
        for line in lines:
            file.write((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n")


def variant(**changed: Any) -> dict[str, Any]:
    return {"sku": "N-1", "options": {}, "options_zh": {}, "price_minor": 100, "stock": 1, **changed}


def product(**changed: Any) -> dict[str, Any]:
    return {"product_id": "N", "name_en": CANARY, "variants": [variant()], **changed}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b"{not json", "not valid JSON"),
        (b"\xff\xfe\x00", "not valid JSON"),
        (b"[]", "Input should be an object"),
        (product(colour=CANARY), "colour: Unexpected keyword argument"),
        (product(variants=[variant(price_minor=-1)]), "variants.0.price_minor: Input should be greater than"),
        (product(variants=[variant(price_minor=12.5)]), "variants.0.price_minor: Input should be a valid integer"),
        (product(variants=[variant(price_minor="100")]), "variants.0.price_minor: Input should be a valid integer"),
        (product(variants=[variant(stock=True)]), "variants.0.stock: Input should be a valid integer"),
        (product(variants=[variant(price_minor=10**30)]), "variants.0.price_minor: "),
        (product(variants=[]), "expected at least one variant"),
        (product(name_en=""), "expected name_en or name_zh"),
        (product(product_id=""), "product_id: String should have at least 1 character"),
        (product(product_id="TC-1"), "product_id is used by an earlier row"),
        (product(variants=[variant(sku="TC-1-01")]), "a sku is used by an earlier row"),
        (product(variants=[variant(), variant()]), "the same sku twice"),
        (product(text_en="x" * 30_000), "text_en: String should have at most"),
        (json.dumps(product()).replace("Zelda", "\\ud800").encode(), "not valid JSON"),
        (product(**{f"{CANARY} 13800130009": 1}), "?: Unexpected keyword argument"),
    ],
)
def test_a_broken_product_is_rejected_and_the_others_come_in(tmp_path: Path, row: Any, reason: str) -> None:
    folder = sample.small_shop(tmp_path)
    append(folder / "products.jsonl", row)
    report = import_folder(folder)
    assert report.imported["products"] == 2
    (rejected,) = report.rejected
    assert (rejected.table, rejected.row) == ("products", 3)
    assert reason in rejected.reason
    assert CANARY not in rejected.reason
    assert "13800130009" not in rejected.reason


def bought(**changed: Any) -> dict[str, Any]:
    item = {
        "sku": "S",
        "product_id": "P",
        "name_en": "x",
        "name_zh": "",
        "options": {},
        "quantity": 1,
        "price_minor": 1,
    }
    order = {"order_id": "TF20000000", "customer_id": "C1", "status": "paid", "placed_at": None, "items": [item]}
    return {**order, "total_minor": 1, "recipient": CANARY, **changed}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (bought(customer_id="C404"), "customer_id is not among the imported customers"),
        (bought(status="lost"), "status: Input should be 'pending'"),
        (bought(items=[]), "expected at least one item"),
        (bought(order_id="#tf10000001"), "order_id is used by an earlier row"),
        (bought(placed_at="2026-11-20T10:00:00"), "expected times with a zone"),
        (bought(placed_at="yesterday"), "placed_at: Input should be a valid datetime"),
        (bought(expected_on="2026-13-01"), "expected_on: Input should be a valid date"),
    ],
)
def test_a_broken_order_is_rejected_and_the_others_come_in(tmp_path: Path, row: dict[str, Any], reason: str) -> None:
    folder = sample.small_shop(tmp_path)
    append(folder / "orders.jsonl", row)
    report = import_folder(folder)
    assert report.imported["orders"] == 3
    assert [reason in rejected.reason and CANARY not in rejected.reason for rejected in report.rejected] == [True]


def test_orders_of_a_rejected_customer_are_rejected_with_him(tmp_path: Path) -> None:
    folder = sample.small_shop(tmp_path)
    lines = (folder / "customers.jsonl").read_text().splitlines()
    (folder / "customers.jsonl").write_text(lines[0].replace('"lang":"en"', '"lang":"fr"') + "\n" + lines[1] + "\n")
    report = import_folder(folder)
    assert report.imported == {"products": 2, "customers": 1, "orders": 1, "policies": 2}
    assert [(r.table, r.row) for r in report.rejected] == [("customers", 1), ("orders", 1), ("orders", 2)]


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("returns.fr.md", "---\nlang: fr\ntitle: x\n---\n\nText\n", "expected a file name"),
        ("shipping.en.md", "No front matter\n", "expected front matter"),
        ("shipping.en.md", "---\nlang: zh\ntitle: x\n---\n\nText\n", "expected `lang: en`"),
        ("shipping.en.md", "---\nlang: en\n---\n\nText\n", "expected a title"),
        ("shipping.en.md", "---\nlang: en\ntitle: x\n---\n\n  \n", "expected a title in the front matter and a text"),
        ("shipping.en.md", "\udcff", "not UTF-8"),
    ],
)
def test_a_broken_policy_page_is_rejected(tmp_path: Path, name: str, text: str, reason: str) -> None:
    folder = sample.small_shop(tmp_path)
    (folder / "policies" / name).write_bytes(text.encode(errors="surrogateescape"))
    report = import_folder(folder)
    assert report.imported["policies"] == 2
    (rejected,) = report.rejected
    assert rejected.table == f"policies/{name}"
    assert reason in rejected.reason


def test_bom_blank_lines_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    folder = sample.small_shop(tmp_path)
    content = (folder / "products.jsonl").read_bytes().replace(b"\n", b"\r\n\r\n")
    (folder / "products.jsonl").write_bytes(b"\xef\xbb\xbf" + content)
    assert read_folder(folder).products == sample.PRODUCTS


def test_missing_tables_are_empty(tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text('name_en = "Only a name"\n')
    shop = open_shop(tmp_path)
    assert (shop.products(), shop.policies("en"), shop.info.name("zh")) == ((), (), "Only a name")
    shop.close()


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("name = [", "expected TOML"),
        ('nombre = "x"', "nombre: Unexpected keyword argument"),
        ('order_pattern = "("', "regular expressions"),
        ('currency = "yuan"', "currency: String should match pattern"),
    ],
)
def test_a_broken_shop_toml_says_what_is_wrong(tmp_path: Path, toml: str, message: str) -> None:
    (tmp_path / "shop.toml").write_text(toml)
    with pytest.raises(ShopFolderError, match=r"shop\.toml") as caught:
        read_folder(tmp_path)
    assert message in str(caught.value)


def test_a_table_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    folder = sample.small_shop(tmp_path)
    (folder / "orders.jsonl").unlink()
    (folder / "orders.jsonl").mkdir()
    with pytest.raises(ShopFolderError, match=r"orders\.jsonl: cannot be read"):
        read_folder(folder)
