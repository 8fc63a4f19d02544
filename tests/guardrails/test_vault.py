"""Values at rest: encrypted, bound to owner and handle, expiring, erasable, one handle for one value."""
# ruff: noqa: E501 - one case a line

import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from guardrails.errors import UnknownHandle, VaultError, VaultUnavailable
from guardrails.findings import VaultOwner
from guardrails.handles import Handle
from guardrails.same_value import key
from guardrails.vault import Vault
from guardrails.vault_tables import make_engine, metadata
from tests.guardrails.guard_samples import BOB, KEY, OWNER

PHONE = ("PHONE_NUMBER", "13800138000")
NEW_KEY = bytes(32)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """A real server in a folder that its own user may enter (pytest's folders are closed to it)."""
    pgserver = pytest.importorskip("pgserver")
    folder = Path(tempfile.mkdtemp(prefix="vault-"))
    folder.chmod(0o755)
    server = pgserver.get_server(folder / "postgres")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty vault's database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/vault.db"
    address = str(request.getfixturevalue("postgres"))
    engine, *_ = make_engine(address)
    metadata.drop_all(engine)
    engine.dispose()
    return address


def test_values_rest_encrypted_and_come_back_for_their_owner_only(url: str) -> None:
    vault = Vault(url, KEY)
    (handle,) = vault.put(OWNER, [PHONE], "customer")
    assert vault.open(OWNER, handle) == "13800138000"
    assert vault.put(BOB, [PHONE], "customer") == [handle]
    vault.erase(BOB)
    with pytest.raises(UnknownHandle):
        vault.open(BOB, handle)
    assert vault.open(OWNER, handle) == "13800138000"
    vault.close()


def test_an_erased_owner_starts_anew_and_old_handles_stay_dead(url: str) -> None:
    vault = Vault(url, KEY)
    (old,) = vault.put(OWNER, [PHONE], "customer")
    assert vault.erase(OWNER) == 1
    (new,) = vault.put(OWNER, [("PHONE_NUMBER", "13900139000")], "customer")
    assert (old.number, new.number) == (1, 2)
    with pytest.raises(UnknownHandle):
        vault.open(OWNER, old)
    vault.close()


def test_erasing_a_customer_erases_the_visitor_he_was(url: str) -> None:
    vault = Vault(url, KEY)
    (handle,) = vault.put(OWNER, [PHONE], "customer")
    vault.adopt(OWNER, BOB)
    assert vault.open(OWNER, handle) == "13800138000"
    assert vault.erase(BOB) == 1
    with pytest.raises(UnknownHandle):
        vault.open(OWNER, handle)
    vault.close()


def test_writers_at_once_agree_on_handles(url: str) -> None:
    vaults = [Vault(url, KEY) for _ in range(3)]  # as three processes would
    got: list[list[Handle]] = []
    items = [("PHONE_NUMBER", f"138001380{n:02d}") for n in range(5)]
    threads = [
        threading.Thread(target=lambda v=vaults[n % 3]: got.append(v.put(OWNER, items, "customer"))) for n in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 12
    assert all(handles == got[0] for handles in got)
    assert sorted(handle.number for handle in got[0]) == [1, 2, 3, 4, 5]
    for vault in vaults:
        vault.close()


def test_a_new_master_key_opens_what_the_old_one_locked(url: str) -> None:
    vault = Vault(url, KEY)
    (handle,) = vault.put(OWNER, [PHONE], "customer")
    assert vault.rotate(NEW_KEY) == 1
    assert vault.open(OWNER, handle) == "13800138000"
    late = Vault(url, KEY)
    with pytest.raises(VaultError, match="master key"):
        late.open(OWNER, handle)
    late.close()
    vault.close()


def test_a_value_expires_and_use_keeps_it(tmp_path: Path) -> None:
    clock = Clock()
    vault = Vault(f"sqlite:///{tmp_path}/v.db", KEY, value_days=1, clock=clock)
    (handle,) = vault.put(OWNER, [PHONE], "customer")
    clock.now += 80_000
    vault.put(OWNER, [PHONE], "customer")
    clock.now += 80_000
    assert vault.open(OWNER, handle) == "13800138000"
    clock.now += 80_000
    with pytest.raises(UnknownHandle):
        vault.open(OWNER, handle)
    assert vault.purge() == 1
    assert vault.put(OWNER, [("PHONE_NUMBER", "13900139000")], "customer")[0].number == 2


def test_a_row_moved_to_another_owner_or_handle_does_not_open(tmp_path: Path) -> None:
    vault = Vault(f"sqlite:///{tmp_path}/v.db", KEY)
    one, two = vault.put(OWNER, [PHONE, ("PHONE_NUMBER", "13900139000")], "customer")
    with sqlite3.connect(tmp_path / "v.db") as db:
        db.execute(
            "UPDATE vault_values SET sealed = (SELECT sealed FROM vault_values WHERE number = 2) WHERE number = 1"
        )
    db.close()
    assert vault.open(OWNER, two) == "13900139000"
    with pytest.raises(VaultError, match="changed from outside"):
        vault.open(OWNER, one)
    vault.close()


def test_a_locked_database_is_unavailable_and_its_error_holds_no_value(tmp_path: Path) -> None:
    vault = Vault(f"sqlite:///{tmp_path}/v.db", KEY)
    other = sqlite3.connect(tmp_path / "v.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(VaultUnavailable) as caught:
        vault.put(OWNER, [PHONE], "customer")
    assert "locked" in str(caught.value) and "13800138000" not in repr(caught.value)
    other.execute("ROLLBACK")
    other.close()
    assert vault.put(OWNER, [PHONE], "customer") == [Handle("PHONE_NUMBER", 1)]
    vault.close()


def test_a_master_key_of_another_length_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="32 bytes, got 5"):
        Vault(f"sqlite:///{tmp_path}/v.db", b"short")


def test_the_vault_works_in_memory_for_a_try() -> None:
    vault = Vault("sqlite://", KEY)
    assert vault.open(OWNER, vault.put(OWNER, [PHONE], "customer")[0]) == "13800138000"
    vault.close()


@pytest.mark.parametrize(
    ("kind", "one", "other", "same"),
    [
        ("PHONE_NUMBER", "138-0013-8000", "+86 13800138000", True), ("PHONE_NUMBER", "0086 138 0013 8000", "幺三八〇〇幺三八〇〇〇", True),
        ("PHONE_NUMBER", "(212) 555-0142", "+1 212 555 0142", True), ("PHONE_NUMBER", "13800138000", "13800138001", False),
        ("PHONE_NUMBER", "010-55550123", "010-55550123转8", False), ("PHONE_NUMBER", "+44 20 7946 0958", "20 7946 0958", False),
        ("PERSON", "Yusuf  Rossi", "yusuf rossi", True), ("PERSON", "王小明", "王小鸣", False), ("ID_CARD", "11010519491231002x", "110105 19491231 002X", True),
        ("SECRET", "Hunter2", "hunter2", False), ("EMAIL_ADDRESS", "Mei@Example.com", "mei@example.com", True),
    ],
)  # fmt: skip
def test_spellings_that_are_one_value(kind: str, one: str, other: str, same: bool) -> None:
    assert (key(kind, one) == key(kind, other)) is same


def test_owners_cannot_be_compared(tmp_path: Path) -> None:
    vault = Vault(f"sqlite:///{tmp_path}/v.db", KEY)
    for owner in (OWNER, BOB, VaultOwner("c")):
        vault.put(owner, [PHONE], "customer")
    with sqlite3.connect(tmp_path / "v.db") as db:
        digests = [row[0] for row in db.execute("SELECT lookup FROM vault_values")]
    db.close()
    assert len(set(digests)) == 3
    vault.close()


def test_many_writers_of_one_process_all_get_their_turn(tmp_path: Path) -> None:
    vault = Vault(f"sqlite:///{tmp_path}/v.db", KEY)

    def write(number: int) -> int:
        owner = VaultOwner(f"visitor:{number}")
        return sum(len(vault.put(owner, [("PERSON", f"Name {number} {n}")], "customer")) for n in range(40))

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(write, range(16))) == [40] * 16
    vault.close()
