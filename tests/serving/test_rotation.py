"""The master key is changed: values stay readable, the log stays whole, and an interruption loses nothing."""

import json
import os
import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from guardrails.audit_chain import AuditKeys, verify
from guardrails.audit_log import AuditLog, AuditUnavailable
from guardrails.errors import GuardError
from guardrails.findings import VaultOwner
from guardrails.handles import Handle
from guardrails.vault import Vault
from serving.cli import app
from serving.rotation import KeyFileDamaged, Rotated, rotate

OLD, OWNER = b"o" * 32, VaultOwner("c-1")
PHONE = "13800138000"


class House:
    """A data folder with a value in the vault and a line in the log."""

    def __init__(self, folder: Path) -> None:
        self.key, self.audit = folder / "master.key", folder / "audit" / "audit.jsonl"
        self.url = f"sqlite:///{folder / 'vault.db'}"
        self.key.write_bytes(OLD)
        vault = Vault(self.url, OLD)
        (self.handle,) = vault.put(OWNER, [("PHONE_NUMBER", PHONE)], "customer")
        vault.close()
        AuditLog(self.audit, OLD).append("purge", {"values": 1})

    def rotate(self) -> Rotated:
        return rotate(self.key, self.url, self.audit)

    def opened(self, key: bytes) -> str:
        vault = Vault(self.url, key)
        try:
            return vault.open(OWNER, self.handle)
        finally:
            vault.close()

    def whole(self, key: bytes) -> bool:
        return verify(self.audit, AuditKeys.of(key)).whole


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def assert_moved(house: House) -> None:
    new = house.key.read_bytes()
    assert new != OLD and len(new) == 32 and house.key.stat().st_mode & 0o077 == 0
    assert house.opened(new) == PHONE and house.whole(new)
    with pytest.raises(GuardError):
        house.opened(OLD)
    assert [p.name for p in house.key.parent.iterdir() if p.name.startswith("master.key")] == ["master.key"]


def test_values_and_log_go_over_to_the_new_key_and_the_old_one_opens_nothing(house: House) -> None:
    assert house.rotate() == Rotated(1, resumed=False)
    assert_moved(house)
    AuditLog(house.audit, house.key.read_bytes()).append("purge", {"values": 2})
    assert house.whole(house.key.read_bytes())


@pytest.mark.parametrize("reached", ["key made", "vault over", "log over"])
def test_an_interrupted_rotation_goes_on(house: House, reached: str) -> None:
    new = os.urandom(32)
    waiting = house.key.with_name("master.key.new")
    waiting.touch(mode=0o600)
    waiting.write_bytes(new)
    if reached != "key made":
        vault = Vault(house.url, OLD)
        vault.rotate(new)
        vault.close()
    if reached == "log over":
        AuditLog(house.audit, OLD).rotate_key(new)
    assert house.rotate() == Rotated(1, resumed=True)
    assert house.key.read_bytes() == new
    assert_moved(house)


def test_a_damaged_key_changes_nothing(house: House) -> None:
    house.key.write_bytes(b"short")
    with pytest.raises(KeyFileDamaged, match="restore it"):
        house.rotate()
    assert house.opened(OLD) == PHONE


def test_a_vault_of_another_key_changes_nothing(house: House) -> None:
    house.key.write_bytes(b"x" * 32)
    with pytest.raises(GuardError):
        house.rotate()
    assert house.opened(OLD) == PHONE and house.key.read_bytes() == b"x" * 32


def test_a_log_that_cannot_be_written_leaves_the_new_key_waiting(house: House) -> None:
    for file in house.audit.parent.iterdir():
        file.unlink()
    house.audit.mkdir()  # in the way
    with pytest.raises((AuditUnavailable, OSError)):
        house.rotate()
    assert house.key.read_bytes() == OLD and house.opened(house.key.with_name("master.key.new").read_bytes()) == PHONE


def test_an_empty_vault_and_no_log_yet(tmp_path: Path) -> None:
    (tmp_path / "master.key").write_bytes(OLD)
    url = f"sqlite:///{tmp_path / 'vault.db'}"
    assert rotate(tmp_path / "master.key", url, tmp_path / "audit.jsonl").owners == 0
    vault = Vault(url, (tmp_path / "master.key").read_bytes())
    assert vault.put(OWNER, [("PHONE_NUMBER", PHONE)], "customer") == [Handle("PHONE_NUMBER", 1)]
    vault.close()


def test_the_command_refuses_beside_a_running_server_and_reports(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TACTFUL_DATA_DIR", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as busy:
        monkeypatch.setenv("TACTFUL_PORT", str(busy.getsockname()[1]))
        refused = CliRunner().invoke(app, ["privacy", "rotate-key"])
    assert refused.exit_code == 1 and "stop it first" in refused.output and "请先停止" in refused.output
    done = CliRunner().invoke(app, ["privacy", "rotate-key", "--json"])
    assert done.exit_code == 0 and json.loads(done.stdout) == {"owners": 1, "resumed": False}
    assert_moved(house)
    assert PHONE not in refused.output + done.output
