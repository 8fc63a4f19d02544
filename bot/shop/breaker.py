"""A circuit breaker: a service that keeps failing is left alone for a while, then tried by one caller.

Hand-written: the locked dependencies hold none, and it is forty lines.
"""

import threading
from collections.abc import Callable
from typing import TypeVar

from bot.shop.errors import ShopUnavailable

T = TypeVar("T")


class Breaker:
    """Closed (all pass), open (none pass), then one caller tries. Thread-safe.

    >>> Breaker(failures=2, pause_s=30, clock=lambda: 0.0).call(lambda: 3, OSError)
    3
    """

    def __init__(self, failures: int, pause_s: float, clock: Callable[[], float]) -> None:
        self._most, self._pause_s, self._clock = failures, pause_s, clock
        self._lock = threading.Lock()
        self._failed = 0
        self._until: float | None = None

    def call(self, ask: Callable[[], T], counted: type[Exception]) -> T:
        """What ``ask`` gives; its exceptions of kind ``counted`` count as failures, others do not.

        Raises:
            ShopUnavailable: the breaker is open; ``ask`` was not called.
        """
        self._enter()
        try:
            answer = ask()
        except counted:
            self._leave(failed=True)
            raise
        except BaseException:
            self._leave(failed=False)  # it did answer
            raise
        self._leave(failed=False)
        return answer

    def _enter(self) -> None:
        with self._lock:
            if self._until is None:
                return
            now = self._clock()
            if now < self._until:
                raise ShopUnavailable("the shop's API has failed several times in a row and is left alone for a while")
            self._until = now + self._pause_s  # this caller tries, the others wait on

    def _leave(self, failed: bool) -> None:
        with self._lock:
            self._failed = self._failed + 1 if failed else 0
            self._until = self._clock() + self._pause_s if self._failed >= self._most else None
