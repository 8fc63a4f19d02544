"""What the tools may rely on: own orders only, forgiving look-ups, a file that is never half written."""

import sqlite3
import string
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.shop.errors import ShopFolderError, ShopStoreError
from bot.shop.folder import Contents
from bot.shop.keys import email_key, name_key, order_key, postal_key
from bot.shop.store import DATABASE, SqliteShop, import_folder, open_shop, write_store
from tests.bot import shop_samples as sample


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[SqliteShop]:
    shop = open_shop(sample.small_shop(tmp_path / "shop"))
    yield shop
    shop.close()


def test_records_come_back_as_they_went_in(shop: SqliteShop) -> None:
    assert shop.contents() == sample.CONTENTS
    assert shop.product("TC-1") == sample.PRODUCTS[0]
    assert shop.product("nothing") is None
    assert [policy.title for policy in shop.policies("zh")] == ["退货"]


@pytest.mark.parametrize(
    "asked", ["TF10000001", "#TF10000001", " tf10000001 ", "ＴＦ１００００００１", "TF1000-0001", "tf 1000 0001"]
)
def test_an_order_is_found_however_it_is_typed(shop: SqliteShop, asked: str) -> None:
    assert shop.order(sample.ADA, asked) == sample.ORDERS[0]


@pytest.mark.parametrize("asked", ["TF10000003", "TF99999999", "", "#", "' OR 1=1 --", "TF1000000_"])
def test_somebody_elses_order_and_a_missing_one_are_the_same(shop: SqliteShop, asked: str) -> None:
    assert shop.order(sample.ADA, asked) is None


def test_orders_are_the_customers_own_newest_first(shop: SqliteShop) -> None:
    assert [o.order_id for o in shop.orders(sample.ADA)] == ["TF10000002", "TF10000001"]
    assert [o.order_id for o in shop.orders(sample.ADA, limit=1)] == ["TF10000002"]
    assert shop.orders(sample.ADA, limit=-1) == ()
    assert shop.orders(sample.CustomerId("C9")) == ()


@pytest.mark.parametrize(
    ("proof", "found"),
    [
        ({"email": "ada@example.com"}, sample.ADA),
        ({"email": " ADA@Example.COM "}, sample.ADA),
        ({"email": "ａｄａ＠ｅｘａｍｐｌｅ．ｃｏｍ"}, sample.ADA),
        ({"email": "bob@example.com"}, None),
        ({"email": ""}, None),
        ({"name": "ada o'brien", "postal_code": "bs65qa"}, sample.ADA),
        ({"name": "O’Brien, Ada", "postal_code": "BS6-5QA"}, sample.ADA),
        ({"name": "Ada O'Brien"}, None),
        ({"postal_code": "BS6 5QA"}, None),
        ({"name": "Ada O'Brien", "postal_code": "310013"}, None),
        ({"name": "林小雨", "postal_code": "310013"}, sample.LIN),
        ({"name": "林 小雨", "postal_code": "３１００１３"}, sample.LIN),
        ({"name": "xiaoyu LIN", "postal_code": "310013"}, sample.LIN),
        ({"email": "ada@example.com", "name": "林小雨", "postal_code": "310013"}, None),
        ({"email": "ada@example.com", "name": "Ada"}, sample.ADA),
        ({"name": "  ", "postal_code": "310013"}, None),
        ({}, None),
    ],
)
def test_a_customer_is_found_by_email_or_by_name_and_postal_code(
    shop: SqliteShop, proof: dict[str, str], found: str | None
) -> None:
    assert shop.find_customer(**proof) == found


def test_two_matches_are_no_match(tmp_path: Path) -> None:
    twin = sample.Customer(sample.CustomerId("C3"), "Ada O'Brien", "ADA@example.com", "", sample.CUSTOMERS[0].address)
    write_store(Contents(sample.INFO, customers=(*sample.CUSTOMERS, twin)), tmp_path / DATABASE, "")
    shop = SqliteShop(tmp_path / DATABASE)
    assert shop.find_customer(email="ada@example.com") is None
    assert shop.find_customer(name="Ada O'Brien", postal_code="BS6 5QA") is None
    shop.close()


def test_a_request_cannot_write(shop: SqliteShop) -> None:
    with pytest.raises(sqlite3.OperationalError):
        shop._rows("DELETE FROM orders")


def test_many_threads_read_at_once(shop: SqliteShop) -> None:
    seen: list[object] = []
    threads = [threading.Thread(target=lambda: seen.append(shop.order(sample.ADA, "TF10000001"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [sample.ORDERS[0]] * 8


def test_changed_files_are_imported_again_on_opening(tmp_path: Path) -> None:
    folder = sample.small_shop(tmp_path)
    open_shop(folder).close()
    products = folder / "products.jsonl"
    products.write_text(products.read_text().replace("25900", "19900"))
    shop = open_shop(folder)
    assert shop.products()[1].price_range == (19900, 19900)
    shop.close()


def test_an_open_shop_keeps_its_file_while_a_new_one_is_imported(tmp_path: Path) -> None:
    folder = sample.small_shop(tmp_path)
    shop = open_shop(folder)
    (folder / "orders.jsonl").write_text("")
    import_folder(folder)
    assert shop.order(sample.ADA, "TF10000001") is not None
    shop.close()
    assert not [path for path in folder.iterdir() if path.name.endswith(".new")]


def test_a_file_alone_is_enough(tmp_path: Path) -> None:
    folder = sample.small_shop(tmp_path / "shop")
    open_shop(folder).close()
    (tmp_path / "moved").mkdir()
    (folder / DATABASE).rename(tmp_path / "moved" / DATABASE)
    shop = open_shop(tmp_path / "moved")
    assert len(shop.products()) == 2
    shop.close()


def test_what_is_no_shop_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ShopFolderError, match=r"expected a shop folder with shop\.toml"):
        open_shop(tmp_path)
    (tmp_path / DATABASE).write_bytes(b"not a database, not at all" * 100)
    with pytest.raises(ShopStoreError, match="delete it to import again"):
        open_shop(tmp_path)


def test_a_failed_import_leaves_the_former_file(tmp_path: Path) -> None:
    folder = sample.small_shop(tmp_path)
    open_shop(folder).close()
    before = (folder / DATABASE).read_bytes()
    double = Contents(sample.INFO, orders=(sample.ORDERS[0], sample.ORDERS[0]))
    with pytest.raises(ShopStoreError, match="cannot be written"):
        write_store(double, folder / DATABASE, "")
    assert (folder / DATABASE).read_bytes() == before
    assert not [path for path in folder.iterdir() if path.name.endswith(".new")]


def test_a_missing_folder_cannot_be_written_to(tmp_path: Path) -> None:
    with pytest.raises(ShopStoreError, match="check space and rights"):
        write_store(Contents(sample.INFO), tmp_path / "none" / DATABASE, "")


def test_records_do_not_show_people_in_repr() -> None:
    shown = repr((sample.CUSTOMERS, sample.ORDERS))
    assert not [word for word in ("Ada", "林小雨", "13800130001", "Mill Lane", "ada@example.com") if word in shown]


def test_a_language_that_is_missing_falls_back_to_the_other() -> None:
    wok = sample.PRODUCTS[1]
    assert (wok.name("zh"), wok.name("en"), wok.text("zh")) == ("Wok", "Wok", "")
    assert sample.PRODUCTS[0].attributes("zh") == {"产地": "杭州"}
    assert sample.PRODUCTS[0].variants[0].options_in("zh") == {"净含量": "50克"}
    assert sample.Product(sample.ProductId("X")).price_range == (0, 0)


@given(st.text(alphabet=string.printable + "林晓雨"))
def test_keys_are_the_same_for_other_case_and_blanks_around(text: str) -> None:
    for key in (order_key, email_key, name_key, postal_key):
        assert key(f"  {text} ") == key(text.upper()) == key(text)
