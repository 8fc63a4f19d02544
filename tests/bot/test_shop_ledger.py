"""Writes to the file: whole or not at all, once per key, seen by everybody, never lost to a new import."""

import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.session import CustomerId
from bot.shop import ledger
from bot.shop.database import SCHEMA_VERSION
from bot.shop.errors import ShopStoreError
from bot.shop.folder import read_folder, write_folder
from bot.shop.imports import export_shop, import_shop
from bot.shop.store import DATABASE, SqliteShop, import_folder, open_shop
from bot.shop.writes import CancelOrder, ChangeCustomerAddress, ChangeItems, Receipt, Refused, ReturnItems, Swap
from tests.bot import write_samples as sample

CANCEL = CancelOrder("TF10000001", "no longer needed")
SWAP = ChangeItems("TF10000001", (Swap("SH-1-S", "SH-1-M"),))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_folder(sample.CONTENTS, tmp_path / "shop")
    return tmp_path / "shop"


@pytest.fixture
def shop(folder: Path) -> Iterator[SqliteShop]:
    shop = open_shop(folder)
    yield shop
    shop.close()


def do(shop: SqliteShop, write: object, key: str = "wish", who: CustomerId = sample.MINA) -> Receipt | Refused:
    return shop.apply(who, write, key, sample.NOW)  # type: ignore[arg-type]


def test_a_write_is_there_for_other_connections_and_after_a_restart(shop: SqliteShop, folder: Path) -> None:
    other = SqliteShop(folder / DATABASE)
    assert other.product_of_sku("SH-1-M") is not None
    receipt = do(shop, SWAP)
    assert isinstance(receipt, Receipt)
    assert shop.order(sample.MINA, "TF10000001") == other.order(sample.MINA, "tf10000001") == receipt.order
    for one in (shop, other):
        stocks = {v.sku: v.stock for p in one.products() for v in p.variants}
        assert (stocks["SH-1-M"], stocks["SH-1-S"], stocks["CU-1-1"]) == (1, 10, 5)
        found = one.product_of_sku("SH-1-M")
        assert found is not None
        assert (found[0].product_id, found[1].stock) == ("SH-1", 1)
    other.close()
    again = open_shop(folder)
    assert again.order(sample.MINA, "TF10000001") == receipt.order
    assert do(again, SWAP) == replace(receipt, repeated=True)
    again.close()


def test_somebody_elses_order_a_missing_one_and_a_stranger_are_the_same(shop: SqliteShop) -> None:
    for number in ("TF10000004", "TF99999999", "' OR 1=1 --"):
        assert do(shop, CancelOrder(number, "no longer needed")) == Refused("not_found")
        assert shop.preview(sample.MINA, CancelOrder(number, "no longer needed")) == Refused("not_found")
    assert do(shop, CANCEL, who=CustomerId("C9")) == Refused("not_found")
    assert shop.preview(CustomerId("C9"), CANCEL) == Refused("not_found")
    assert shop.writes() == 0


def test_a_key_belongs_to_one_customer_and_one_write(shop: SqliteShop) -> None:
    assert isinstance(do(shop, CANCEL), Receipt)
    own = do(shop, ChangeCustomerAddress(sample.ABROAD), who=sample.OTTO)
    assert isinstance(own, Receipt)
    assert not own.repeated
    with pytest.raises(ShopStoreError, match="used for another write"):
        do(shop, replace(CANCEL, reason="ordered by mistake"))
    for key in ("", "x" * 201):
        with pytest.raises(ValueError, match="expected a key"):
            do(shop, CANCEL, key)


def test_a_refusal_leaves_its_key_free(shop: SqliteShop) -> None:
    assert do(shop, CancelOrder("TF10000001", "just so")) == Refused("bad_reason", "TF10000001")
    assert isinstance(do(shop, CANCEL), Receipt)
    assert do(shop, CANCEL, "another wish") == Refused("wrong_status", "TF10000001")


def test_a_new_postal_code_proves_who_it_is_at_once(shop: SqliteShop) -> None:
    do(shop, ChangeCustomerAddress(sample.ABROAD))
    assert shop.find_customer(name="Mina Vale", postal_code="bs65qa") == sample.MINA
    assert shop.find_customer(name="Mina Vale", postal_code="310013") is None


@pytest.mark.parametrize("same_key", [True, False])
def test_of_many_who_race_one_writes(folder: Path, same_key: bool) -> None:
    shops = [open_shop(folder), open_shop(folder)]
    outcomes: list[Receipt | Refused] = []
    start = threading.Barrier(8)

    def run(place: int) -> None:
        start.wait()
        outcomes.append(do(shops[place % 2], CANCEL, "wish" if same_key else f"wish {place}"))

    threads = [threading.Thread(target=run, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    first = [one for one in outcomes if isinstance(one, Receipt) and not one.repeated]
    assert len(first) == shops[0].writes() == 1
    others = [one for one in outcomes if one is not first[0]]
    same = replace(first[0], repeated=True) if same_key else Refused("wrong_status", "TF10000001")
    assert others == [same] * 7
    order = shops[1].order(sample.MINA, "TF10000001")
    assert order is not None
    assert [row.type for row in order.payments] == ["payment", "refund"]
    for shop in shops:
        shop.close()


def test_a_write_that_breaks_in_the_middle_is_not_done(shop: SqliteShop, monkeypatch: pytest.MonkeyPatch) -> None:
    before = shop.contents()

    def broken(*_: object) -> str:
        raise sqlite3.OperationalError("disk full")

    monkeypatch.setattr(ledger, "_packed", broken)
    with pytest.raises(ShopStoreError, match="the write was not done") as caught:
        do(shop, CANCEL)
    assert "Mina" not in str(caught.value)
    assert shop.contents() == before
    monkeypatch.undo()
    assert isinstance(do(shop, CANCEL), Receipt)


def test_changed_files_are_not_imported_over_writes(shop: SqliteShop, folder: Path, tmp_path: Path) -> None:
    do(shop, CANCEL)
    end = shop.contents()
    products = folder / "products.jsonl"
    products.write_text(products.read_text().replace('"CU-1"', '"CU-2"'))
    for again in (open_shop, import_folder):
        with pytest.raises(ShopStoreError, match="holds 1 changes by customers"):
            again(folder)
    (tmp_path / "new.csv").write_text("sku,name,price\nA,Apple knife,12\n")
    with pytest.raises(ShopStoreError, match="tactful shop export"):
        import_shop(tmp_path / "new.csv", "csv", folder)
    assert "Apple" not in products.read_text()
    export_shop(folder, tmp_path / "out")
    assert read_folder(tmp_path / "out") == end
    out = open_shop(tmp_path / "out")
    assert (out.contents(), out.rules, out.writes()) == (end, sample.RULES, 0)
    out.close()
    import_folder(folder, drop_writes=True)
    fresh = open_shop(folder)
    assert fresh.order(sample.MINA, "TF10000001") == sample.ORDERS[0]
    fresh.close()


def test_a_shop_whose_file_was_replaced_does_not_write_into_the_old_one(shop: SqliteShop, folder: Path) -> None:
    (folder / "rules.toml").write_text("items_once = false\n")
    import_folder(folder)
    with pytest.raises(ShopStoreError, match="imported again since it was opened"):
        do(shop, CANCEL)
    fresh = open_shop(folder)
    assert (fresh.writes(), fresh.rules.items_once) == (0, False)
    fresh.close()


def test_while_somebody_writes_nothing_is_imported(
    shop: SqliteShop, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.shop.database._BUSY_S", 0.05)
    writing = sqlite3.connect(folder / DATABASE, isolation_level=None)
    writing.execute("BEGIN IMMEDIATE")
    with pytest.raises(ShopStoreError, match="is being written to"):
        import_folder(folder)
    writing.close()


def test_a_file_of_an_older_version_is_imported_again_and_one_alone_is_refused(folder: Path) -> None:
    open_shop(folder).close()
    old = sqlite3.connect(folder / DATABASE)
    old.execute("UPDATE meta SET value = '1' WHERE key = 'version'")
    old.execute("DROP TABLE writes")
    old.commit()
    old.close()
    kept = (folder / DATABASE).read_bytes()
    open_shop(folder).close()
    for path in (folder / "shop.toml", folder / "rules.toml"):
        path.unlink()
    (folder / DATABASE).write_bytes(kept)
    with pytest.raises(ShopStoreError, match=f"expected version {SCHEMA_VERSION}"):
        open_shop(folder)


def test_a_file_that_may_not_be_written_is_still_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = open_shop(folder)
    monkeypatch.setattr(ledger, "connect", lambda path, mode: sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True))
    with pytest.raises(ShopStoreError, match="SQLITE_READONLY"):
        do(shop, CANCEL)
    assert shop.order(sample.MINA, "TF10000001") == sample.ORDERS[0]
    shop.close()


def test_a_shop_whose_time_stands_still_counts_days_from_there(tmp_path: Path) -> None:
    rules = replace(sample.RULES, stands_at=sample.NOW)
    write_folder(replace(sample.CONTENTS, rules=rules), tmp_path)
    shop = open_shop(tmp_path)
    assert isinstance(shop.apply(sample.MINA, ReturnItems("TF10000002", ("CU-1-1",)), "wish"), Receipt)
    shop.close()
