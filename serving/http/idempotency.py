"""A repeated message is answered once: ``Idempotency-Key`` on POST messages.

Of a request only a keyed digest is kept, of its answer the concealed text, whose values are restored anew for each
repetition. Source: draft-ietf-httpapi-idempotency-key-header-07.
"""

import asyncio
import re
from dataclasses import dataclass
from typing import Final, Self

from bot.session import Session
from serving.http.parts import Parts
from serving.http.problems import Problem
from serving.http.sessions import StorageUnavailable

_KEY: Final = re.compile(r"[\x21-\x7e]{1,128}")


@dataclass(frozen=True, slots=True)
class Claim:
    """A key that this request holds until ``settle``. ``answered``: the reply of an earlier request."""

    parts: Parts
    session: Session
    key: str
    answered: str | None = None

    @classmethod
    async def of(cls, parts: Parts, session: Session, key: str | None, text: str) -> Self | None:
        """Claim the key for this message; ``None`` without a key.

        Raises:
            Problem: the key is malformed, in use by a running request, or was used for another message.
        """
        if key is None:
            return None
        if not _KEY.fullmatch(key):
            raise Problem("idempotency_key_invalid", param="Idempotency-Key")
        digest = parts.tokens.digest("message", text)
        hashed = parts.tokens.digest("idempotency", key)
        try:
            known = await asyncio.to_thread(parts.sessions.claim_key, session.id, hashed, digest)
        except StorageUnavailable:
            raise Problem("storage_unavailable") from None
        if known is None:
            return cls(parts, session, hashed)
        body, message_id = known
        if body != digest:
            raise Problem("idempotency_mismatch", param="Idempotency-Key")
        if message_id is None:
            raise Problem("idempotency_running", headers={"Retry-After": "1"})
        return cls(parts, session, hashed, message_id)

    async def settle(self, message_id: str | None) -> None:
        """Bind the key to its answer, if that was kept; free it otherwise."""
        try:
            store = self.parts.sessions
            if message_id and await asyncio.to_thread(store.reply, self.session.id, message_id) is None:
                message_id = None
            await asyncio.to_thread(store.settle_key, self.session.id, self.key, message_id)
        except StorageUnavailable:
            self.parts.metrics.storage_failure("sessions")
