"""What the server writes into the audit log, and what becomes of a turn or a request when that fails.

Privacy actions (erase, export) are refused when they cannot be written down first. Turns go on: a customer must not go
without an answer because a disk is full. Each failure is counted (``tactful_audit_failures_total``), and ``/readyz``
says so.
"""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Literal

import structlog

from bot.events import Done, Handoff, TurnEvent
from bot.session import Session
from guardrails.audit_log import AuditLog, AuditUnavailable, Event

Actor = Literal["customer", "officer", "agent", "system"]
Scope = Literal["customer", "dialogue"]
_KNOWN_REASONS: Final = frozenset(
    """
    injection jailbreak extraction abuse too_long guard_failed guard_timeout vault_failed vault_unavailable
    unknown_handle asked unhappy complaint other error
    """.split()  # noqa: SIM905
)
_log = structlog.get_logger("tactful.audit")


class Audit:
    """The audit log of one server; without ``log`` nothing is written (tests, tools)."""

    def __init__(self, log: AuditLog | None = None, failed: Callable[[], None] = lambda: None) -> None:
        self._journal = log
        self._failed = failed

    def started(self, version: str, redaction: str, passport_file: Path | None, privacy: Mapping[str, int]) -> None:
        """A server begins: with which versions and adapter, and what of its privacy settings is new.

        Raises:
            AuditUnavailable: nothing may be served.
        """
        if self._journal is None:
            return
        before = self._journal.last("start")
        fields = {"version": version, "redaction": redaction[:16]}
        if passport_file and passport_file.is_file():
            fields["passport"] = hashlib.sha256(passport_file.read_bytes()).hexdigest()
        self._journal.append("start", privacy, **fields)
        earlier = before["counts"] if before else {}
        for name, now in privacy.items():
            was = earlier.get(name, now)
            if was != now:
                self._journal.append("privacy_setting", setting=f"privacy.{name}", was=str(was), now=str(now))

    def turn(self, session: Session, event: TurnEvent) -> None:
        """What a turn's event has to do with privacy: a block, a guard that failed, a person who takes over."""
        match event:
            case Handoff(reason):
                self.record("handoff", session=self._session(session), reason=_reason(reason))
            case Done(finish_reason="content_filter"):
                self.record("block", session=self._session(session), reason=_reason(event.reason))
            case Done(finish_reason="error"):
                self.record("guard_failed", session=self._session(session), reason=_reason(event.reason))
            case _:
                pass

    @staticmethod
    def tells(event: TurnEvent) -> bool:
        """Whether ``turn`` writes anything of it."""
        return isinstance(event, Handoff) or (
            isinstance(event, Done) and event.finish_reason in ("content_filter", "error")
        )

    def handoff(self, session: Session, reason: str) -> None:
        """A person is asked for outside a turn."""
        self.record("handoff", session=self._session(session), reason=_reason(reason))

    def revealed(self, session: Session, reason: str) -> None:
        """A human agent is shown values of a dialogue.

        Raises:
            AuditUnavailable: they must not be shown.
        """
        self._require("reveal", None, {**self._named(session), "actor": "agent", "reason": _reason(reason)})

    def asked(
        self,
        action: Literal["erase", "export"],
        session: Session,
        *,
        actor: Actor = "customer",
        scope: Scope = "dialogue",
    ) -> None:
        """A right is used; to be called before anything is done.

        Raises:
            AuditUnavailable: it must not be done.
        """
        self._require(action, None, {**self._named(session), "actor": actor, "scope": scope})

    def done(
        self,
        action: Literal["erased", "exported"],
        session: Session,
        counts: Mapping[str, int],
        *,
        actor: Actor = "customer",
        scope: Scope = "dialogue",
    ) -> None:
        """What came of it."""
        self.record(action, counts, **self._named(session), actor=actor, scope=scope)

    def purged(self, counts: Mapping[str, int]) -> None:
        """What was deleted because it was too old."""
        if any(counts.values()):
            self.record("purge", counts)

    def key_rotated(self, new_master_key: bytes) -> None:
        """The vault's key is another from now on.

        Raises:
            AuditUnavailable: the log goes on under the old one.
        """
        if self._journal is not None:
            self._journal.rotate_key(new_master_key)

    def record(self, event: Event, counts: Mapping[str, int] | None = None, **fields: str) -> None:
        """Writes an event; a failure is counted and logged, never raised."""
        try:
            self._require(event, counts, fields)
        except Exception as error:
            _log.error("audit_event_lost", kind=event, error=type(error).__name__)

    def check(self) -> None:
        """Raises ``AuditUnavailable`` when the log cannot be written."""
        if self._journal is not None:
            self._journal.check()

    def _require(self, event: Event, counts: Mapping[str, int] | None, fields: Mapping[str, str]) -> None:
        if self._journal is None:
            return
        try:
            self._journal.append(event, counts, **fields)
        except (AuditUnavailable, ValueError):
            self._failed()
            raise

    def _session(self, session: Session) -> str:
        return self._journal.session(session.id) if self._journal else ""

    def _named(self, session: Session) -> dict[str, str]:
        if self._journal is None:
            return {}
        return {"session": self._journal.session(session.id), "customer": self._journal.customer(session.owner)}


def _reason(reason: str | None) -> str:
    return reason if reason in _KNOWN_REASONS else "other"
