"""How often: requests a minute, per session, and per client address where there is no session yet.

Programs on the server's own machine are not limited by address (a proxy there forwards the customer's). Counts
lie in this process's memory: several processes behind a balancer each allow the full number.
"""

import ipaddress
import math
import time

from fastapi import Request
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from serving.http.middleware import add_headers
from serving.http.problems import Problem


class Limits:
    """Counts requests; ``per_minute`` of one key."""

    def __init__(self, per_minute: int) -> None:
        self._item = RateLimitItemPerMinute(per_minute)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self.per_minute = per_minute

    def take(self, key: str) -> tuple[bool, int, int]:
        """Count one request: allowed, how many remain, seconds until the window has room again."""
        allowed = self._limiter.hit(self._item, key)
        reset, remaining = self._limiter.get_window_stats(self._item, key)
        return allowed, remaining, max(1, math.ceil(reset - time.time()))

    def check(self, request: Request, key: str) -> None:
        """Count one request and note the standing in the answer's headers.

        Raises:
            Problem: ``rate_limited``.
        """
        allowed, remaining, seconds = self.take(key)
        headers = {
            "RateLimit-Policy": f'"default";q={self.per_minute};w=60',
            "RateLimit": f'"default";r={remaining};t={seconds}',
        }
        if request.url.path.startswith("/v1/"):
            headers = {
                "x-ratelimit-limit-requests": str(self.per_minute),
                "x-ratelimit-remaining-requests": str(remaining),
                "x-ratelimit-reset-requests": f"{seconds}s",
            }
        add_headers(request.scope, headers)
        if not allowed:
            values = {"limit": self.per_minute, "seconds": seconds}
            raise Problem("rate_limited", values=values, headers={"Retry-After": str(seconds)})

    def check_address(self, request: Request) -> None:
        """``check`` by the client's address; this machine's own programs pass.

        Raises:
            Problem: ``rate_limited``.
        """
        address = request.client.host if request.client else ""
        if not is_local(address):
            self.check(request, f"address:{address}")


def is_local(address: str) -> bool:
    """Whether the address is this machine's loopback."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
