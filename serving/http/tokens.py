"""Session tokens: a signed, short-lived proof that the bearer opened a session.

HS256 with the server's own key, which also keys the hashes of things that must not be guessed back. Limits: a
token cannot be taken back before it expires, but a deleted session answers none.
"""

import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import jwt

from bot.session import SessionId
from serving.http.problems import Problem

MIN_KEY_BYTES: Final = 32
_AUDIENCE: Final = "tactful-session"


@dataclass(frozen=True, slots=True)
class Tokens:
    """Makes and reads tokens. ``lifetime_s`` is a token's; ``clock`` gives seconds since 1970."""

    key: bytes
    lifetime_s: int = 3600
    clock: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        if len(self.key) < MIN_KEY_BYTES:
            raise ValueError(f"expected a signing key of at least {MIN_KEY_BYTES} bytes, got {len(self.key)}")

    def __repr__(self) -> str:
        return f"Tokens(lifetime_s={self.lifetime_s})"

    def issue(self, session_id: SessionId) -> str:
        """A fresh token for the session."""
        now = int(self.clock())
        claims = {"sub": session_id, "aud": _AUDIENCE, "iat": now, "exp": now + self.lifetime_s}
        return jwt.encode(claims, self.key, algorithm="HS256")

    def read(self, token: str) -> tuple[SessionId, bool]:
        """The session of a token, and whether half of its life is over.

        Raises:
            Problem: ``token_expired`` or ``token_invalid``.
        """
        try:
            claims = jwt.decode(
                token,
                self.key,
                algorithms=["HS256"],
                audience=_AUDIENCE,
                options={"require": ["sub", "exp", "iat"], "verify_exp": False, "verify_iat": False},
            )
        except jwt.InvalidTokenError:
            raise Problem("token_invalid") from None
        now = self.clock()
        if now >= claims["exp"]:
            raise Problem("token_expired")
        return SessionId(claims["sub"]), now > (claims["iat"] + claims["exp"]) / 2

    def digest(self, purpose: str, *parts: str) -> str:
        """A keyed hash (32 hex characters): equal parts give equal digests, and none can be guessed back."""
        message = "\x1f".join((purpose, *(f"{len(part)}:{part}" for part in parts)))
        return hmac.new(self.key, message.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:32]
