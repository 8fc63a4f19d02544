"""Sessions and their messages, in one SQLite file that survives a restart.

Everything kept here is concealed text, codes, counts and ids; a customer's values are in the vault alone. Methods
are synchronous and thread-safe: call them through ``asyncio.to_thread``. It knows nothing of HTTP or of the bot.
"""

import json
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from bot.session import CustomerId, Lang, Session, SessionId
from guardrails.findings import Concealed

Role = Literal["user", "assistant", "tool"]

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS session (
    id TEXT PRIMARY KEY, way TEXT NOT NULL, lang TEXT, customer_id TEXT, started_at REAL NOT NULL, seen_at REAL NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS message (
    session_id TEXT NOT NULL REFERENCES session(id) ON DELETE CASCADE, seq INTEGER NOT NULL, message_id TEXT NOT NULL,
    role TEXT NOT NULL, content TEXT NOT NULL, extras TEXT NOT NULL, at REAL NOT NULL,
    PRIMARY KEY (session_id, seq)
) STRICT;
CREATE TABLE IF NOT EXISTS event (
    session_id TEXT NOT NULL REFERENCES session(id) ON DELETE CASCADE, type TEXT NOT NULL, message_id TEXT,
    data TEXT NOT NULL, at REAL NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS idempotency (
    session_id TEXT NOT NULL REFERENCES session(id) ON DELETE CASCADE, key TEXT NOT NULL, body TEXT NOT NULL,
    message_id TEXT, at REAL NOT NULL, PRIMARY KEY (session_id, key)
) STRICT;
CREATE TABLE IF NOT EXISTS thread (
    prefix TEXT NOT NULL, session_id TEXT NOT NULL REFERENCES session(id) ON DELETE CASCADE, at REAL NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS thread_prefix ON thread(prefix);
CREATE INDEX IF NOT EXISTS event_session ON event(session_id);
CREATE INDEX IF NOT EXISTS session_started ON session(started_at);
CREATE INDEX IF NOT EXISTS session_seen ON session(seen_at);
"""


class StorageUnavailable(Exception):
    """The file cannot be read or written: disk full, read-only or locked. Retryable."""


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """One message as kept: concealed ``content``; ``extras`` holds cards, sources, counts and codes."""

    seq: int
    message_id: str
    role: Role
    content: str
    extras: Mapping[str, Any]
    at: float


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A session with everything in it, as transcripts need it."""

    session: Session
    way: str
    started_at: float
    messages: tuple[StoredMessage, ...]
    events: tuple[Mapping[str, Any], ...]


class SessionStore:
    """Opens (and makes) the file at ``path``. ``idle_s``: seconds without a message until a session is over."""

    def __init__(self, path: Path | str, *, idle_s: float = 3600.0, clock: Callable[[], float] = time.time) -> None:
        if str(path) != ":memory:":
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=5.0)
        self._lock = threading.RLock()
        self._clock = clock
        self.idle_s = idle_s
        with self._guarded() as db:
            db.execute("PRAGMA foreign_keys = ON")
            db.execute("PRAGMA secure_delete = ON")  # a deleted chat leaves no pages behind
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            db.executescript(_SCHEMA)
            db.execute("DELETE FROM idempotency WHERE message_id IS NULL")  # what ran when the last process ended

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def check(self) -> None:
        """Write and take back one value, so that a full or read-only disk is seen.

        Raises:
            StorageUnavailable: it cannot be written.
        """
        with self._guarded() as db:
            db.execute("BEGIN IMMEDIATE")
            db.execute("PRAGMA user_version = 1")
            db.execute("ROLLBACK")

    # sessions

    def create(self, way: str, lang: Lang | None = None, customer_id: CustomerId | None = None) -> Session:
        """A new session with an id nobody can guess."""
        session = Session(SessionId("ses_" + secrets.token_urlsafe(18)), customer_id, lang)
        now = self._clock()
        with self._guarded() as db:
            db.execute("INSERT INTO session VALUES (?,?,?,?,?,?)", (session.id, way, lang, customer_id, now, now))
        return session

    def get(self, session_id: SessionId) -> Session | None:
        """The session, or ``None`` when it is unknown, over or deleted."""
        with self._guarded() as db:
            row = db.execute(
                "SELECT id, customer_id, lang FROM session WHERE id = ? AND seen_at > ?",
                (session_id, self._clock() - self.idle_s),
            ).fetchone()
        return Session(SessionId(row[0]), row[1], row[2]) if row else None

    def ensure(self, session_id: SessionId, way: str) -> Session:
        """The session of that id, made when there is none. Only for ids that the server itself has derived."""
        now = self._clock()
        with self._guarded() as db:
            db.execute("INSERT OR IGNORE INTO session VALUES (?,?,NULL,NULL,?,?)", (session_id, way, now, now))
            db.execute("UPDATE session SET seen_at = ? WHERE id = ?", (now, session_id))
        return Session(session_id)

    def set_lang(self, session_id: SessionId, lang: Lang) -> None:
        """Remember the language that was chosen."""
        with self._guarded() as db:
            db.execute("UPDATE session SET lang = ? WHERE id = ?", (lang, session_id))

    def delete(self, session_id: SessionId) -> bool:
        """Delete the session with its messages and events; ``False`` when there was none."""
        with self._guarded() as db:
            return db.execute("DELETE FROM session WHERE id = ?", (session_id,)).rowcount > 0

    def prune(self, keep_s: float) -> list[SessionId]:
        """Delete sessions that nobody used for ``keep_s`` seconds, and keys older than a day; the deleted ids."""
        now = self._clock()
        with self._guarded() as db:
            db.execute("DELETE FROM idempotency WHERE at < ?", (now - 86400,))
            db.execute("DELETE FROM thread WHERE at < ?", (now - 86400,))
            rows = db.execute("DELETE FROM session WHERE seen_at < ? RETURNING id", (now - keep_s,)).fetchall()
        return [SessionId(row[0]) for row in rows]

    # messages

    def record(self, session_id: SessionId, messages: Sequence[Mapping[str, Any]]) -> None:
        """Append what is not kept yet of ``messages``: concealed, as ``Bot.history`` gives them, each with its id."""
        now = self._clock()
        with self._guarded() as db:
            db.execute("BEGIN IMMEDIATE")
            rows = db.execute("SELECT message_id FROM message WHERE session_id = ?", (session_id,)).fetchall()
            known = {row[0] for row in rows}
            fresh = [message for message in messages if message["id"] not in known]
            for seq, message in enumerate(fresh, len(rows) + 1):
                extras = {key: value for key, value in message.items() if key not in ("id", "role", "content")}
                row = (session_id, seq, message["id"], message["role"], message["content"], _dump(extras), now)
                db.execute("INSERT INTO message VALUES (?,?,?,?,?,?,?)", row)
            db.execute("UPDATE session SET seen_at = ? WHERE id = ?", (now, session_id))
            db.execute("COMMIT")

    def messages(self, session_id: SessionId, after: int = 0, limit: int = 1000) -> list[StoredMessage]:
        """Messages with a number above ``after``, oldest first."""
        with self._guarded() as db:
            rows = db.execute(
                "SELECT seq, message_id, role, content, extras, at FROM message WHERE session_id = ? AND seq > ?"
                " ORDER BY seq LIMIT ?",
                (session_id, after, limit),
            ).fetchall()
        return [_message(row) for row in rows]

    def reply(self, session_id: SessionId, message_id: str) -> StoredMessage | None:
        """The assistant's message with that id."""
        with self._guarded() as db:
            row = db.execute(
                "SELECT seq, message_id, role, content, extras, at FROM message"
                " WHERE session_id = ? AND message_id = ? AND role = 'assistant'",
                (session_id, message_id),
            ).fetchone()
        return _message(row) if row else None

    def add_event(
        self, session_id: SessionId, kind: str, message_id: str | None, data: Mapping[str, str | int | Concealed]
    ) -> None:
        """Append something that happened: feedback, handoff. ``data`` holds codes, counts and concealed text."""
        plain = {key: value.text if isinstance(value, Concealed) else value for key, value in data.items()}
        with self._guarded() as db:
            row = (session_id, kind, message_id, _dump(plain), self._clock())
            db.execute("INSERT INTO event VALUES (?,?,?,?,?)", row)

    def thumbs(self, session_id: SessionId) -> dict[str, str]:
        """The last feedback per reply: ``up`` or ``down``."""
        return {e["message_id"]: e["value"] for e in self._events(session_id) if e["type"] == "feedback"}

    # repeated requests

    def claim_key(self, session_id: SessionId, key: str, body: str) -> tuple[str, str | None] | None:
        """``None`` when the key is new and now claimed; else the body digest and the answer's id, if answered."""
        with self._guarded() as db:
            made = db.execute(
                "INSERT OR IGNORE INTO idempotency VALUES (?,?,?,NULL,?)", (session_id, key, body, self._clock())
            ).rowcount
            if made:
                return None
            row = db.execute(
                "SELECT body, message_id FROM idempotency WHERE session_id = ? AND key = ?", (session_id, key)
            ).fetchone()
        return (row[0], row[1])

    def settle_key(self, session_id: SessionId, key: str, message_id: str | None) -> None:
        """Bind the key to the answer; without one it is free again."""
        with self._guarded() as db:
            if message_id is None:
                db.execute("DELETE FROM idempotency WHERE session_id = ? AND key = ?", (session_id, key))
            else:
                values = (message_id, session_id, key)
                db.execute("UPDATE idempotency SET message_id = ? WHERE session_id = ? AND key = ?", values)

    # conversations of stateless clients

    def park(self, prefix: str, session_id: SessionId) -> None:
        """Leave the session to be picked up by whoever shows the same conversation so far."""
        with self._guarded() as db:
            db.execute("INSERT INTO thread VALUES (?,?,?)", (prefix, session_id, self._clock()))

    def pick_up(self, prefix: str) -> SessionId | None:
        """Take one session parked under ``prefix``. Nobody else can take the same one."""
        with self._guarded() as db:
            row = db.execute(
                "DELETE FROM thread WHERE rowid = (SELECT rowid FROM thread WHERE prefix = ? ORDER BY at LIMIT 1)"
                " RETURNING session_id",
                (prefix,),
            ).fetchone()
        return SessionId(row[0]) if row else None

    # transcripts

    def days(self, since: float) -> list[str]:
        """Days (UTC, ``YYYY-MM-DD``) on which a dialogue began that changed since then."""
        with self._guarded() as db:
            rows = db.execute(
                "SELECT DISTINCT date(started_at, 'unixepoch') FROM session WHERE seen_at >= ?"
                " UNION SELECT date(s.started_at, 'unixepoch') FROM event e JOIN session s ON s.id = e.session_id"
                " WHERE e.at >= ?",
                (since, since),
            ).fetchall()
        return [row[0] for row in rows]

    def dialogues(self, day: str) -> Iterator[Dialogue]:
        """Dialogues with at least one message that began on ``day`` (UTC), oldest first, one at a time."""
        with self._guarded() as db:
            rows = db.execute(
                "SELECT id, customer_id, lang, way, started_at FROM session WHERE date(started_at, 'unixepoch') = ?"
                " ORDER BY started_at, id",
                (day,),
            ).fetchall()
        for row in rows:
            messages = tuple(self.messages(SessionId(row[0]), limit=-1))
            if messages:
                session = Session(SessionId(row[0]), row[1], row[2])
                yield Dialogue(session, row[3], row[4], messages, tuple(self._events(session.id)))

    def _events(self, session_id: SessionId) -> list[dict[str, Any]]:
        with self._guarded() as db:
            rows = db.execute(
                "SELECT type, message_id, data, at FROM event WHERE session_id = ? ORDER BY at", (session_id,)
            ).fetchall()
        return [{"type": row[0], "message_id": row[1], **json.loads(row[2]), "at": row[3]} for row in rows]

    @contextmanager
    def _guarded(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._db
            except sqlite3.Error as error:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise StorageUnavailable(type(error).__name__) from None


def _dump(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _message(row: tuple[Any, ...]) -> StoredMessage:
    return StoredMessage(row[0], row[1], row[2], row[3], json.loads(row[4]), row[5])
