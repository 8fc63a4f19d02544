"""A shop behind its API behaves as the imported one; and whatever the API does, nothing half or foreign comes out."""

import itertools
import json
import logging
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.shop.answers import outcome_of
from bot.shop.api import Ask, Limits
from bot.shop.breaker import Breaker
from bot.shop.errors import ShopError, ShopUnavailable
from bot.shop.folder import write_folder
from bot.shop.kept import Kept, Version
from bot.shop.records import Address, Customer, Payment, PaymentMethod
from bot.shop.rest import RestShop
from bot.shop.store import DATABASE, SqliteShop, open_shop
from bot.shop.writes import CancelOrder, ChangeAddress, ChangeCustomerAddress, Receipt, Refused
from tests.bot import shop_samples as small
from tests.bot.shop_server import TOKEN, Fault, Stub, serving

FAST = Limits(connect_s=1.0, silence_s=0.4, deadline_s=2.0, pause_s=0.01, failures=3, rest_s=30.0, max_bytes=200_000)
CANCEL = CancelOrder("TF10000001")
HOME = Address("5 Brook Way", city="Leeds", postal_code="LS1 4AP")


class Clock:
    """A clock that stands until it is told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop file that no test writes to."""
    ada = replace(small.CUSTOMERS[0], payment_methods=(PaymentMethod("card-1", "card"),))
    order = replace(small.ORDERS[0], status="paid", payments=(Payment("payment", 5300, "card-1"),))
    people, orders = (ada, *small.CUSTOMERS[1:]), (order, *small.ORDERS[1:])
    folder = tmp_path_factory.mktemp("imported")
    write_folder(replace(small.CONTENTS, customers=people, orders=orders), folder)
    open_shop(folder).close()
    return folder / DATABASE


@pytest.fixture
def local(imported: Path, tmp_path: Path) -> Iterator[SqliteShop]:
    shop = SqliteShop(Path(shutil.copy(imported, tmp_path)))
    yield shop
    shop.close()


@pytest.fixture
def stub(local: SqliteShop) -> Iterator[Stub]:
    with serving(local) as stub:
        yield stub


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def rest(stub: Stub, clock: Clock) -> Iterator[RestShop]:
    shop = RestShop(stub.url, TOKEN, FAST, clock, run=lambda work: work())
    stub.seen.clear()
    yield shop
    shop.close()


def test_reading_gives_what_the_imported_shop_gives(rest: RestShop, local: SqliteShop, stub: Stub) -> None:
    assert (rest.info, rest.rules) == (local.info, local.rules)
    assert rest.products() == local.products()
    assert len(rest.products()) == 2  # over two pages
    assert rest.product("TC-1") == local.product("TC-1")
    assert rest.product("none") is rest.product_of_sku("none") is None
    assert rest.product_of_sku("KT-1-01") == local.product_of_sku("KT-1-01")
    assert rest.policies() == local.policies()
    assert rest.policies("zh") == local.policies("zh")
    for who in (small.ADA, small.LIN, "nobody", "../shop", "a/b?c#d", "..", ""):
        assert rest.customer(who) == local.customer(who)  # type: ignore[arg-type]
        assert rest.orders(who) == local.orders(who)  # type: ignore[arg-type]
        for order in ("tf10000001", "#TF-10000003", "TF9", "", "#"):
            assert rest.order(who, order) == local.order(who, order)  # type: ignore[arg-type]
    assert rest.orders(small.ADA, limit=1) == local.orders(small.ADA, limit=1)
    assert rest.orders(small.ADA, limit=0) == ()


def test_the_same_proofs_find_the_same_customer(rest: RestShop, local: SqliteShop) -> None:
    emails = (None, "", "ADA@example.com ", "lin@example.cn", "no@example.com")
    names = (None, "O'Brien, Ada", "Lin Xiaoyu", "林小雨")
    found = set()
    for proof in itertools.product(emails, names, (None, "bs65qa", "310013", "1")):
        found.add(rest.find_customer(*proof))
        assert rest.find_customer(*proof) == local.find_customer(*proof), proof
    assert found == {None, small.ADA, small.LIN}


def test_candidates_that_do_not_fit_and_doubles_prove_nobody(rest: RestShop, stub: Stub) -> None:
    ada, lin = (json.loads(_dump(customer)) for customer in small.CUSTOMERS)
    twin = ada | {"customer_id": "C9"}
    for items, found in ([lin], None), ([ada, lin], "C1"), ([ada, twin], None), ([], None):
        stub.faults.append(Fault(body=json.dumps({"items": items}).encode()))
        assert rest.find_customer(email="ada@example.com") == found
    assert rest.find_customer(name="Ada O'Brien") is None  # a name alone is no proof, and is not sent
    assert len(stub.seen) == 4


def _dump(customer: Customer) -> bytes:
    from bot.shop.checked import adapter

    return adapter(Customer).dump_json(customer)


def test_personal_values_are_never_in_an_address(rest: RestShop, stub: Stub) -> None:
    rest.find_customer("ada@example.com", "Ada O'Brien", "BS6 5QA")
    rest.preview(small.ADA, ChangeCustomerAddress(HOME))
    assert [path for _, path, _, _ in stub.seen] == ["/customers/find", "/customers/C1/writes"]


def test_a_write_is_shown_then_done_once_however_often_it_is_sent(rest: RestShop, local: SqliteShop) -> None:
    preview = rest.preview(small.ADA, CANCEL)
    assert isinstance(preview, Receipt)
    assert (preview.refund_minor, preview.order and preview.order.status) == (5300, "cancelled")
    assert local.order(small.ADA, "TF10000001") == rest.order(small.ADA, "TF10000001")
    assert (order := rest.order(small.ADA, "TF10000001")) is not None
    assert order.status == "paid"
    first = rest.apply(small.ADA, CANCEL, "key 1/€")
    again = rest.apply(small.ADA, CANCEL, "key 1/€")
    assert isinstance(first, Receipt)
    assert first == preview
    assert again == replace(first, repeated=True)
    assert rest.apply(small.ADA, CANCEL, "key 2") == Refused("wrong_status", "TF10000001")
    assert local.writes() == 1


def test_a_write_whose_answer_was_lost_is_sent_again_not_done_again(
    rest: RestShop, local: SqliteShop, stub: Stub
) -> None:
    stub.faults += [Fault(after=True, status=503), Fault(after=True, pause_s=0.6)]
    receipt = rest.apply(small.ADA, CANCEL, "k")
    assert isinstance(receipt, Receipt)
    assert (receipt.repeated, local.writes(), len(stub.seen)) == (True, 1, 3)
    assert {headers["idempotency-key"] for _, _, headers, _ in stub.seen} == {"k"}


def test_two_at_once_with_one_key_do_it_once(rest: RestShop, local: SqliteShop) -> None:
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: rest.apply(small.ADA, CANCEL, "k"), range(4)))
    assert sorted(receipt.repeated for receipt in done if isinstance(receipt, Receipt)) == [False, True, True, True]
    assert local.writes() == 1


def test_somebody_elses_order_is_refused_as_a_missing_one_is(rest: RestShop) -> None:
    for order in ("TF10000001", "TF99999999"):
        assert rest.preview(small.LIN, CancelOrder(order)) == Refused("not_found")
    assert rest.apply("..", CANCEL, "k") == Refused("not_found")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="expected a key"):
        rest.apply(small.ADA, CANCEL, "")


SHORT = (("Content-Length", "9"),)  # and one byte: the connection is left waiting for the others


@pytest.mark.parametrize(
    "fault",
    [Fault(500), Fault(503), Fault(429), Fault(pause_s=0.6), Fault(200, b"x", headers=SHORT)],
    ids=["500", "503", "429", "slow", "cut off"],
)
def test_a_failure_for_a_moment_is_not_noticed(
    rest: RestShop, local: SqliteShop, stub: Stub, fault: Fault
) -> None:  # fmt: skip
    stub.faults += [fault, fault]
    assert rest.customer(small.ADA) == local.customer(small.ADA)
    assert len(stub.seen) == 3


def nonsense() -> dict[str, bytes]:
    ada = json.loads(_dump(small.CUSTOMERS[0]))
    return {
        "no JSON": b"<html>maintenance</html>",
        "empty": b"",
        "null": b"null",
        "a list": b"[]",
        "not UTF-8": b'{"customer_id": "\xff"}',
        "a number for a text": json.dumps(ada | {"name": 7}).encode(),
        "no id": json.dumps({key: value for key, value in ada.items() if key != "customer_id"}).encode(),
        "an unknown field": json.dumps(ada | {"note": "Zelda"}).encode(),
        "somebody else": json.dumps(ada | {"customer_id": "C2"}).encode(),
        "nobody to recognise": json.dumps(ada | {"name": "", "email": ""}).encode(),
        "deep": b"[" * 100_000,
        "too long": b'"' + b"x" * 300_000 + b'"',
    }


@pytest.mark.parametrize("name", list(nonsense()))
def test_nonsense_is_no_customer(rest: RestShop, stub: Stub, name: str) -> None:
    stub.faults.append(Fault(body=nonsense()[name]))
    with pytest.raises(ShopUnavailable) as caught:
        rest.customer(small.ADA)
    assert not [word for word in ("Zelda", "Ada", "ada@", "Mill", "maintenance") if word in _all_of(caught.value)]
    assert len(stub.seen) == 1  # asking again would not help


def _all_of(error: BaseException | None) -> str:
    return f"{error!r} {_all_of(error.__cause__)} {_all_of(error.__context__)}" if error else ""


@pytest.mark.parametrize(
    "change",
    [{"customer_id": "C2"}, {"items": []}, {"total_minor": "5300"}, {"total_minor": -1}, {"status": "lost"},
     {"placed_at": "2026-11-03T08:00:00"}, {"total_minor": 53.5}],
    ids=str,
)  # fmt: skip
def test_one_bad_order_spoils_the_list(rest: RestShop, stub: Stub, local: SqliteShop, change: dict[str, Any]) -> None:
    from bot.shop.checked import adapter
    from bot.shop.records import Order

    good = [json.loads(adapter(Order).dump_json(order)) for order in local.orders(small.ADA)]
    stub.faults.append(Fault(body=json.dumps({"items": [good[0], good[1] | change]}).encode()))
    with pytest.raises(ShopUnavailable):
        rest.orders(small.ADA)


@pytest.mark.parametrize("status", [301, 400, 401, 403, 409, 418, 304, 204])
def test_other_statuses_are_errors_that_say_what_to_look_at(rest: RestShop, stub: Stub, status: int) -> None:
    stub.faults.append(
        Fault(status, b"" if status in (204, 304) else b'{"name": "Zelda"}', headers=(("Location", "/shop"),))
    )
    with pytest.raises(ShopUnavailable, match=f"status {status}|got {status}") as caught:
        rest.customer(small.ADA)
    assert TOKEN not in _all_of(caught.value)
    assert "Zelda" not in _all_of(caught.value)
    assert len(stub.seen) == 1


def test_404_is_nobody_and_nothing(rest: RestShop, stub: Stub) -> None:
    stub.faults += [Fault(404)] * 4
    assert rest.customer(small.ADA) is None
    assert rest.orders(small.ADA) == ()
    assert rest.find_customer("ada@example.com") is None
    assert rest.preview(small.ADA, CANCEL) == Refused("not_found")


def test_an_answer_that_drips_ends_at_the_deadline(stub: Stub) -> None:
    limits = replace(FAST, deadline_s=0.5, attempts=1)
    shop = RestShop(stub.url, TOKEN, limits)
    stub.faults.append(Fault(body=b" " * 200, drip_s=0.05))
    with pytest.raises(ShopUnavailable, match=r"longer than 0\.5 seconds"):
        shop.customer(small.ADA)
    shop.close()


def test_the_wrong_token_and_nobody_listening_are_told_at_the_start(stub: Stub) -> None:
    with pytest.raises(ShopUnavailable, match=r"status 401; is shop\.api_token right"):
        RestShop(stub.url, "wrong", FAST)
    with pytest.raises(ShopUnavailable, match=r"no answer \(ConnectError\); is shop\.api_url right"):
        RestShop("http://127.0.0.1:9", TOKEN, FAST)
    stub.faults.append(Fault(404))
    with pytest.raises(ShopUnavailable, match="404"):
        RestShop(stub.url, TOKEN, FAST)


def test_the_breaker_opens_after_failures_in_a_row_and_closes_when_the_api_is_back(
    rest: RestShop, stub: Stub, clock: Clock
) -> None:
    stub.faults += [Fault(500)] * 9
    for _ in range(3):
        with pytest.raises(ShopUnavailable, match="status 500"):
            rest.customer(small.ADA)
    asked = len(stub.seen)
    assert asked == 9  # three attempts each
    with pytest.raises(ShopUnavailable, match="left alone"):
        rest.customer(small.ADA)
    assert len(stub.seen) == asked
    clock.now += 31
    stub.faults += [Fault(500)] * 3
    with pytest.raises(ShopUnavailable, match="status 500"):
        rest.customer(small.ADA)
    with pytest.raises(ShopUnavailable, match="left alone"):  # open again after the one try
        rest.customer(small.ADA)
    clock.now += 31
    assert rest.customer(small.ADA) is not None
    assert rest.customer(small.LIN) is not None


def test_products_are_fetched_again_only_when_they_have_changed(rest: RestShop, stub: Stub, clock: Clock) -> None:
    stub.page_size = 50
    first = rest.products()
    assert rest.products() is first
    assert len(stub.seen) == 1
    clock.now += 61
    assert rest.products() is first  # 304
    assert stub.seen[-1][2]["if-none-match"]
    stub.page_size = 1
    clock.now += 61
    rest.products()
    assert rest.products() == first


def test_the_catalogue_is_shown_while_the_api_is_away_but_not_long(rest: RestShop, stub: Stub, clock: Clock) -> None:
    first, info = rest.products(), rest.info
    stub.faults += [Fault(500)] * 60
    for _ in range(3):
        clock.now += 100
        assert rest.products() is first
        assert rest.info is info
    clock.now += 2000
    with pytest.raises(ShopUnavailable):
        rest.products()
    stub.faults.clear()
    clock.now += 31
    assert rest.products() == first


def test_a_write_has_the_stock_read_again(rest: RestShop, stub: Stub) -> None:
    assert (before := rest.product("TC-1")) is not None
    assert before.stock == 3
    rest.apply(small.ADA, CANCEL, "k")
    rest.products()
    assert (after := rest.product("TC-1")) is not None
    assert after.stock == 4


BARE = {"product_id": "1", "name_en": "no variants"}


@pytest.mark.parametrize("items", [[{}], "twice", "sku", [BARE]], ids=["empty", "twice", "sku", "bare"])
def test_a_catalogue_with_a_broken_product_is_none(rest: RestShop, stub: Stub, items: Any) -> None:
    one = {"product_id": "1", "name_en": "Tea", "variants": [
        {"sku": "A", "options": {}, "options_zh": {}, "price_minor": 1, "stock": 1}]}  # fmt: skip
    if isinstance(items, str):
        items = [one, one | ({} if items == "twice" else {"product_id": "2"})]
    stub.faults.append(Fault(body=json.dumps({"items": items}).encode()))
    with pytest.raises(ShopUnavailable, match="/products"):
        rest.products()


def test_pages_that_do_not_end_are_left(rest: RestShop, stub: Stub) -> None:
    stub.faults += [Fault(body=b'{"items": [], "next": "x"}')] * 2
    with pytest.raises(ShopUnavailable, match="do not end"):
        rest.products()


def receipt(**changes: Any) -> bytes:
    from bot.shop.checked import adapter
    from bot.shop.records import Order

    order = json.loads(adapter(Order).dump_json(small.ORDERS[0]))
    done = {"customer": json.loads(_dump(small.CUSTOMERS[0])), "order": order, "refund_minor": 1}
    return json.dumps({"receipt": done | changes}).encode()


def test_a_receipt_about_anything_else_is_none() -> None:
    other = json.loads(receipt())["receipt"]["order"]
    assert isinstance(outcome_of(receipt(), small.ADA, CANCEL, "p"), Receipt)
    bad = [
        receipt(customer=json.loads(_dump(small.CUSTOMERS[1]))),
        receipt(order=other | {"customer_id": "C2"}),
        receipt(order=other | {"order_id": "TF10000002"}),
        receipt(order=None),
        receipt(refund_minor=-1),
        receipt(refund_minor=1.5),
        receipt(tip=1),
        b"{}",
        b'{"receipt": null, "refused": null}',
        json.dumps(json.loads(receipt()) | {"refused": {"code": "nothing"}}).encode(),
        b'{"refused": {"code": "tired"}}',
        b'{"refused": {"code": "sold_out", "sku": "call Zelda"}}',
        b'{"refused": {"code": "not_found", "order_id": "TF10000002"}}',
    ]
    for body in bad:
        with pytest.raises(ShopUnavailable):
            outcome_of(body, small.ADA, CANCEL, "p")
    with pytest.raises(ShopUnavailable):  # a change of the account is about no order
        outcome_of(receipt(), small.ADA, ChangeCustomerAddress(HOME), "p")
    with pytest.raises(ShopUnavailable):
        outcome_of(receipt(), small.LIN, ChangeAddress("TF10000001", HOME), "p")


KEYS = st.sampled_from(["receipt", "refused", "customer", "order", "code", "items"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
def test_whatever_is_answered_to_a_write_it_is_an_outcome_or_unavailable(body: bytes) -> None:
    try:
        outcome = outcome_of(body, small.ADA, CANCEL, "p")
    except ShopUnavailable:
        return
    assert isinstance(outcome, Refused)


@given(st.text(max_size=20), st.text(max_size=20))
def test_an_id_never_leaves_its_place_in_the_path(customer_id: str, key: str) -> None:
    try:
        url = Ask("GET", "/customers/{customer_id}/orders", {"customer_id": customer_id}, key=key).url()
    except UnicodeEncodeError:
        return
    assert url.count("/") == 3
    assert url.isascii()
    assert not {"?", "#", " "} & set(url)


def test_logs_hold_no_value_and_no_token(rest: RestShop, stub: Stub, caplog: pytest.LogCaptureFixture,
                                        capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    caplog.set_level(logging.WARNING)
    stub.faults += [Fault(500, b'{"name": "Zelda"}')] * 3
    with pytest.raises(ShopUnavailable):
        rest.find_customer("zelda@example.com")
    stub.faults.append(Fault(403))
    with pytest.raises(ShopUnavailable):
        rest.customer("zelda-1")  # type: ignore[arg-type]
    said = caplog.text + "".join(capsys.readouterr())
    assert "shop_api_failed" in said
    assert "/customers/find" in said
    assert not [word for word in ("zelda", "Zelda", TOKEN, stub.url) if word in said]
    assert "C1" not in repr(Ask("GET", "/x", {"customer_id": "C1"}, key="C1", body={"a": "C1"}))


def test_readers_do_not_wait_for_a_slow_refresh(clock: Clock) -> None:
    works: list[Any] = []
    values = iter(range(10))
    kept: Kept[int] = Kept(lambda known: Version(next(values)), 60, 900, clock, works.append)
    assert kept.get() == 0
    clock.now += 61
    assert [kept.get(), kept.get()] == [0, 0]
    (work,) = works  # one refresh, however many readers
    work()
    assert kept.get() == 1
    kept.expire()
    assert kept.get() == 1
    works[1]()
    assert kept.get() == 2


def test_only_one_caller_tries_a_breaker_that_has_rested(clock: Clock) -> None:
    breaker = Breaker(1, 10, clock)

    def fail() -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        breaker.call(fail, ZeroDivisionError)
    clock.now += 11
    inside = threading.Event()
    leave = threading.Event()

    def slow() -> int:
        inside.set()
        leave.wait(5)
        return 1

    with ThreadPoolExecutor(1) as pool:
        tried = pool.submit(breaker.call, slow, ZeroDivisionError)
        assert inside.wait(5)
        with pytest.raises(ShopError):
            breaker.call(lambda: 2, ZeroDivisionError)
        leave.set()
        assert tried.result() == 1
    assert breaker.call(lambda: 3, ZeroDivisionError) == 3
