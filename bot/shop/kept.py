"""A value from elsewhere, kept for a while: fresh, then shown while a new one is fetched, then too old to show.

Readers wait only for the first value and for one that is too old, so that a slow source does not hold up pages.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from bot.shop.errors import ShopUnavailable

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Version(Generic[T]):
    """A value and the tag that its source gave it (``""``: none)."""

    value: T
    tag: str = ""


Load = Callable[[Version[T] | None], Version[T]]
"""Fetches; the version that is known comes back where it still holds."""


def in_background(work: Callable[[], None]) -> None:
    """Runs ``work`` in a thread of its own that does not keep the process alive."""
    threading.Thread(target=work, name="tactful-shop", daemon=True).start()


class Kept(Generic[T]):
    """One kept value. Thread-safe; at most one fetch at a time."""

    def __init__(
        self,
        load: Load[T],
        fresh_s: float,
        stale_s: float,
        clock: Callable[[], float],
        run: Callable[[Callable[[], None]], None] = in_background,
    ) -> None:
        self._load, self._fresh_s, self._stale_s, self._clock, self._run = load, fresh_s, stale_s, clock, run
        self._version: Version[T] | None = None
        self._at = 0.0
        self._due = 0.0
        self._fetching = threading.Lock()

    def get(self) -> T:
        """The value.

        Raises:
            ShopUnavailable: there is none that may be shown, and it cannot be fetched.
        """
        version, now = self._version, self._clock()
        if version is None or now >= self._at + self._stale_s:
            return self._fetch_and_wait(version).value
        if now >= self._due and self._fetching.acquire(blocking=False):
            try:
                self._run(self._refresh)
            except BaseException:
                self._fetching.release()
                raise
        return version.value

    def expire(self) -> None:
        """The next reader has a new value fetched."""
        self._due = 0.0

    def _fetch_and_wait(self, seen: Version[T] | None) -> Version[T]:
        with self._fetching:
            if self._version is not None and self._version is not seen:
                return self._version  # another reader fetched it meanwhile
            return self._fetch()

    def _refresh(self) -> None:
        try:
            self._fetch()
        except ShopUnavailable:
            self._due = self._clock() + self._fresh_s  # the old value is shown on
        finally:
            self._fetching.release()

    def _fetch(self) -> Version[T]:
        started = self._clock()
        version = self._load(self._version)
        self._version, self._at, self._due = version, started, started + self._fresh_s
        return version
