"""Transcripts: concealed dialogues as JSONL, one a line, one file a day (UTC).

The session store is where a dialogue lies while it happens; ``TranscriptWriter`` folds it into files that
``tactful evaluate`` reads. A file is replaced whole and at once, so a crash leaves the old or the new one. The
customer is a keyed hash: the same for all dialogues of one customer, and no name. A full disk loses nothing: the
day is written again with the next change.
"""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import structlog

from serving.http.sessions import Dialogue, SessionStore, StorageUnavailable, StoredMessage
from serving.http.tokens import Tokens

_log = structlog.get_logger("tactful.transcripts")


class TranscriptWriter:
    """Writes the dialogues of ``sessions`` to ``folder``; with ``folder=None`` none are written."""

    def __init__(self, folder: Path | None, sessions: SessionStore, key: bytes) -> None:
        self.folder = folder
        self._sessions = sessions
        self._tokens = Tokens(key)
        self._since = 0.0
        self._owed: set[str] = set()

    def flush(self) -> bool:
        """Write the days that changed; ``False`` when one could not be written (it stays owed)."""
        if self.folder is None:
            return True
        try:
            now = self._tokens.clock()
            self._owed.update(self._sessions.days(self._since))
            self._since = now
            for day in sorted(self._owed):
                self._write_day(self.folder, day)
                self._owed.discard(day)
        except (OSError, StorageUnavailable) as error:
            _log.error("transcripts_not_written", error=type(error).__name__, days=len(self._owed))
            return False
        return True

    def forget(self, day: str) -> None:
        """A dialogue of ``day`` was deleted: write that day again with the next ``flush``."""
        self._owed.add(day)

    def prune(self, keep_days: int) -> int:
        """Delete files of days more than ``keep_days`` ago; how many."""
        if self.folder is None or not self.folder.is_dir():
            return 0
        limit = datetime.fromtimestamp(self._tokens.clock() - keep_days * 86400, UTC).strftime("%Y-%m-%d")
        old = [path for path in self.folder.glob("????-??-??.jsonl") if path.stem < limit]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def export(self, to: TextIO) -> int:
        """Write every dialogue that is kept to ``to``; how many."""
        count = 0
        for day in sorted(self._sessions.days(0.0)):
            for line in self._lines(day):
                to.write(line)
                count += 1
        return count

    def check(self) -> None:
        """Raise ``OSError`` when the folder cannot be written."""
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
            if not os.access(self.folder, os.W_OK):
                raise PermissionError("the transcript folder is read-only")

    def _write_day(self, folder: Path, day: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        target, fresh = folder / f"{day}.jsonl", folder / f".{day}.tmp"
        try:
            with fresh.open("w", encoding="utf-8") as file:
                file.writelines(self._lines(day))
                file.flush()
                os.fsync(file.fileno())
            if fresh.stat().st_size:
                fresh.replace(target)
            else:
                target.unlink(missing_ok=True)
        finally:
            fresh.unlink(missing_ok=True)

    def _lines(self, day: str) -> Iterator[str]:
        for dialogue in self._sessions.dialogues(day):
            yield json.dumps(self._to_json(dialogue), ensure_ascii=False) + "\n"

    def _to_json(self, dialogue: Dialogue) -> dict[str, Any]:
        session = dialogue.session
        owner = str(session.owner)
        langs = [str(m.extras["meta"]["lang"]) for m in dialogue.messages if "lang" in m.extras.get("meta", {})]
        return {
            "id": session.id,
            "customer": "cus_" + self._tokens.digest("customer", owner)[:16],
            "started_at": _time(dialogue.started_at),
            "lang": max(langs, key=langs.count) if langs else session.lang or "en",
            "way": dialogue.way,
            "messages": [_message(message) for message in dialogue.messages],
            "events": [{**event, "at": _time(event["at"])} for event in dialogue.events],
        }


def _message(message: StoredMessage) -> dict[str, Any]:
    kept = {
        key: message.extras[key]
        for key in ("meta", "products", "sources", "tool_calls", "name")
        if key in message.extras
    }
    return {"role": message.role, "content": message.content, "id": message.message_id, "at": _time(message.at), **kept}


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
