"""A service case: what a customer wants done to orders, as far as it has come. Plain data, concealed text only.

A case holds jobs; the first one is being worked on. A job keeps the customer's words in layers (the request, answers,
corrections) and is read anew each time, so that a correction needs no undoing.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Literal, Self

from bot.service.requests import Request
from bot.service.wording import Op

MAX_JOBS: Final = 8
MAX_LAYERS: Final = 12
MAX_LAYER_CHARS: Final = 1000

Slot = Literal["order", "items", "options", "reason", "payment", "address"]
Stage = Literal["order", "items", "options", "reason", "payment", "address", "confirm", "refused"]
Layer = tuple[Literal["ask", "fix", "order", "items", "options", "reason", "payment", "address"], str]


@dataclass(frozen=True, slots=True)
class Job:
    """One operation. ``layers`` are the customer's words, oldest first; ``asked`` what he could not or did not say."""

    op: Op
    layers: tuple[Layer, ...]
    ops: tuple[Op, ...] = ()
    otherwise: tuple[Request, ...] = ()
    asked: tuple[Slot, ...] = ()
    orders: tuple[str, ...] = ()
    """Orders that were meant before, for "it" and "that order"."""
    meant: tuple[str, ...] = ()
    """Orders that it turned out to be about, for what comes after it."""

    @classmethod
    def of(cls, request: Request, orders: tuple[str, ...] = ()) -> Self:
        """A job for a request that names an operation."""
        if request.op is None:
            raise ValueError("expected a request with an operation, got one without")
        chain: list[Request] = []
        other = request.otherwise
        while other is not None:
            chain.append(replace(other, otherwise=None))
            other = other.otherwise
        return cls(request.op, (("ask", request.text[:MAX_LAYER_CHARS]),), request.ops, tuple(chain), (), orders)

    def said(self, *kinds: str) -> str:
        """The words of some layers, or of all, in order."""
        return ". ".join(text for kind, text in self.layers if not kinds or kind in kinds)

    def heard(self, layer: Layer) -> Self:
        """The job with more words."""
        kind, text = layer
        return replace(self, layers=(*self.layers, (kind, text[:MAX_LAYER_CHARS]))[-MAX_LAYERS:])


@dataclass(frozen=True, slots=True)
class Case:
    """The jobs to do, what is awaited, and what came of the ones before (amounts in minor units)."""

    jobs: tuple[Job, ...] = ()
    stage: Stage | None = None
    orders: tuple[str, ...] = ()
    refunded_minor: int = 0
    charged_minor: int = 0
    writes: int = 0
    proposal: str = ""
    """A random id of what is proposed now: the same confirmation is carried out once."""
    proposed: str = ""
    """A hash of what the proposal would write, addresses as handles: nothing else is carried out on a yes to it."""

    def to_json(self) -> dict[str, Any]:
        """JSON-ready data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any] | None) -> "Case | None":
        """The case in ``data``."""
        if not data:
            return None
        jobs = tuple(_job(job) for job in data["jobs"])
        return cls(**{**data, "jobs": jobs, "orders": tuple(data["orders"])})


def _job(data: dict[str, Any]) -> Job:
    return Job(
        data["op"],
        tuple((kind, text) for kind, text in data["layers"]),
        tuple(data["ops"]),
        tuple(_request(other) for other in data["otherwise"]),
        tuple(data["asked"]),
        tuple(data["orders"]),
        tuple(data["meant"]),
    )


def _request(data: dict[str, Any]) -> Request:
    return Request(data["op"], data["text"], tuple(data["ops"]))
