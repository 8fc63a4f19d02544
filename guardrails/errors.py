"""Errors of the guards.

GuardError                      a guard could not vouch for the text: the turn must not go on
├── GuardTimeout                a guard took longer than its budget
├── TextTooLong                 more characters than the guard reads (user-fixable)
├── VaultError                  a value could not be stored or opened
│   ├── UnknownHandle           no such handle for this owner
│   └── VaultUnavailable        database locked, read-only or full (retryable)
└── Blocked                     injection, abuse or another refusal; ``reason`` is a code

Messages hold kinds, counts, lengths and ids. Never customer text.
"""


class GuardError(Exception):
    """A guard could not vouch for the text."""

    reason = "guard_failed"


class GuardTimeout(GuardError):
    """A guard took longer than its budget."""

    reason = "guard_timeout"


class TextTooLong(GuardError):
    """The text is longer than the guard reads."""

    reason = "too_long"


class VaultError(GuardError):
    """A value could not be stored or opened."""

    reason = "vault_failed"


class UnknownHandle(VaultError):
    """No such handle for this owner."""

    reason = "unknown_handle"


class VaultUnavailable(VaultError):
    """The vault's database is locked, read-only or full."""

    reason = "vault_unavailable"


class Blocked(GuardError):
    """A guard refused the text; ``reason`` is a code such as ``injection`` or ``abuse``."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"blocked: {reason}")
        self.reason = reason
