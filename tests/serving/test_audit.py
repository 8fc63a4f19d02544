"""What the server writes into the audit log, and what it does when it cannot."""

import json
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from bot.events import Done, Handoff
from bot.session import Session, SessionId
from guardrails.audit_chain import AuditKeys, verify
from guardrails.audit_log import AuditLog, AuditUnavailable
from guardrails.findings import Concealed
from serving.app import Parts
from serving.audit import Audit
from serving.cli import app
from tests.serving.web_fakes import make_parts, opened, served

KEY = b"m" * 32
PRIVACY = {"value_days": 30, "transcripts": 1, "transcript_days": 30, "max_chars": 4000}


def with_log(tmp_path: Path) -> tuple[Parts, Path]:
    parts, path = make_parts(tmp_path), tmp_path / "audit" / "audit.jsonl"
    return replace(parts, audit=Audit(AuditLog(path, KEY), parts.metrics.audit_failure)), path


def events(path: Path) -> list[dict[str, object]]:
    assert verify(path, AuditKeys.of(KEY)).whole
    return [json.loads(line) for line in path.read_text().splitlines()]


def blocked(path: Path) -> None:
    """No log can be written any more."""
    if path.parent.exists():
        for file in path.parent.iterdir():
            file.unlink()
        path.parent.rmdir()
    path.parent.write_text("in the way")


def done(finish: str, reason: str | None) -> Done:
    return Done("m", finish, "en", None, (), True, False, {}, reason)  # type: ignore[arg-type]


async def test_an_erased_dialogue_is_written_down_before_and_after_without_an_id_in_clear(tmp_path: Path) -> None:
    parts, path = with_log(tmp_path)
    async with served(parts) as client:
        address, headers = await opened(client)
        await client.post(f"{address}/messages", json={"text": "my phone is 13800138000"}, headers=headers)
        await client.post(f"{address}/handoff", json={"reason": "complaint"}, headers=headers)
        assert (await client.delete(address, headers=headers)).is_success
    told = events(path)
    assert [(e["event"], e.get("reason")) for e in told] == [
        ("handoff", "complaint"), ("erase", None), ("erased", None),
    ]  # fmt: skip
    assert told[2]["counts"] == {"values": 1, "dialogues": 1}
    assert told[0]["session"] == told[1]["session"] and told[1]["customer"] == told[2]["customer"]
    assert address.rsplit("/", 1)[1] not in path.read_text() and "13800138000" not in path.read_text()


async def test_what_cannot_be_written_down_is_not_erased_and_turns_go_on(tmp_path: Path) -> None:
    parts, path = with_log(tmp_path)
    async with served(parts) as client:
        address, headers = await opened(client)
        blocked(path)
        refused = await client.delete(address, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (503, "storage_unavailable")
        assert not parts.guardrails.erased  # type: ignore[attr-defined]
        answer = await client.post(f"{address}/messages", json={"text": "a colleague please"}, headers=headers)
        assert answer.status_code == 200
        assert (await client.post(f"{address}/handoff", json={}, headers=headers)).status_code < 300
        ready = (await client.get("/readyz")).json()
        metrics = (await client.get("/metrics")).text
    assert "audit" in ready["missing"]
    count = next(line for line in metrics.splitlines() if line.startswith("tactful_audit_failures_total"))
    assert float(count.split()[1]) >= 2


def test_blocks_and_failures_are_written_with_their_reason_alone(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    audit, session = Audit(AuditLog(path, KEY)), Session(SessionId("s-1"))
    told = [
        done("content_filter", "injection"),
        done("error", "vault_unavailable"),
        done("error", "Yusuf Rossi"),
        done("stop", None),
        Handoff("asked", Concealed.fixed("summary")),
    ]
    for event in told:
        assert audit.tells(event) or event.finish_reason == "stop"  # type: ignore[union-attr]
        audit.turn(session, event)
    written = [(e["event"], e["reason"]) for e in events(path)]
    assert written == [
        ("block", "injection"), ("guard_failed", "vault_unavailable"), ("guard_failed", "other"), ("handoff", "asked"),
    ]  # fmt: skip


def test_a_start_tells_versions_the_adapter_and_which_privacy_settings_are_new(tmp_path: Path) -> None:
    path, passport = tmp_path / "audit.jsonl", tmp_path / "passport.json"
    passport.write_text("{}")
    audit = Audit(AuditLog(path, KEY))
    audit.started("0.1.0", "ab" * 32, passport, PRIVACY)
    audit.started("0.1.0", "ab" * 32, passport, {**PRIVACY, "value_days": 365, "transcripts": 0})
    first, second, *changes = events(path)
    assert first["counts"] == PRIVACY and second["event"] == "start" and len(str(first["passport"])) == 64
    assert [(c["setting"], c["was"], c["now"]) for c in changes] == [
        ("privacy.value_days", "30", "365"), ("privacy.transcripts", "1", "0"),
    ]  # fmt: skip
    audit.key_rotated(b"n" * 32)
    audit.purged({"values": 0})
    audit.purged({"values": 3})
    assert verify(path, AuditKeys.of(b"n" * 32)).lines == 6


def test_nothing_is_served_and_nothing_shown_to_an_agent_without_the_log(tmp_path: Path) -> None:
    path = tmp_path / "audit" / "audit.jsonl"
    blocked(path)
    audit = Audit(AuditLog(path, KEY))
    with pytest.raises(AuditUnavailable):
        audit.started("0.1.0", "ab" * 32, None, PRIVACY)
    with pytest.raises(AuditUnavailable):
        audit.revealed(Session(SessionId("s")), "asked")


def verified(data_dir: Path, *options: str, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    monkeypatch.setenv("TACTFUL_DATA_DIR", str(data_dir))
    result = CliRunner().invoke(app, ["privacy", "audit", "verify", *options])
    return result.exit_code, result.output


def test_the_officer_learns_whether_the_log_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "audit" / "audit.jsonl"
    code, told = verified(tmp_path, monkeypatch=monkeypatch)
    assert code == 1 and "master key" in told and "主密钥" in told and not (tmp_path / "master.key").exists()
    (tmp_path / "master.key").write_bytes(KEY)
    log = AuditLog(path, KEY)
    hashes = [log.append("purge", {"values": n}) for n in range(4)]
    code, told = verified(tmp_path, "--expect", hashes[2], monkeypatch=monkeypatch)
    assert code == 0 and "4 lines" in told and hashes[3] in told and "完整" in told
    report = json.loads(verified(tmp_path, "--json", monkeypatch=monkeypatch)[1])
    assert report["whole"] and (report["lines"], report["last_hash"]) == (4, hashes[3])
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:3]))
    code, told = verified(tmp_path, "--expect", hashes[3], monkeypatch=monkeypatch)
    assert code == 1 and "cut off" in told and "截断" in told
    path.write_text("".join([lines[0], *lines[2:]]))
    code, told = verified(tmp_path, "--file", str(path), monkeypatch=monkeypatch)
    assert code == 1 and "audit.jsonl:2" in told and "备份" in told and "backup" in told
    assert json.loads(verified(tmp_path, "--json", monkeypatch=monkeypatch)[1])["fault"] == "out_of_order"


@pytest.mark.parametrize("options", [("--expect", "abc"), ("--file", "/nowhere/audit.jsonl")])
def test_wrong_usage_is_told_in_both_languages(
    options: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "master.key").write_bytes(KEY)
    code, told = verified(tmp_path, *options, monkeypatch=monkeypatch)
    assert code == 2 and any("一" <= char <= "鿿" for char in told)


async def test_readiness_names_the_log(client: httpx.AsyncClient) -> None:
    assert (await client.get("/readyz")).json()["checks"]["audit"]["ok"]
