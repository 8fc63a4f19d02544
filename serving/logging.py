"""Logs as JSON lines on stderr, one event a line, without a word of a customer.

The last step of every event keeps numbers, ``Concealed`` text and short codes under known keys, and drops the rest;
messages of other libraries are reduced to their logger, level and the kind of error. Session ids are hashed.
"""

import hashlib
import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, Final, TextIO

import structlog
from asgi_correlation_id import correlation_id

from guardrails.findings import Concealed

Event = MutableMapping[str, Any]

_KEYS: Final = frozenset(
    {"event", "level", "logger", "timestamp", "request_id", "error", "reason", "place", "phase", "detail", "tool"}
    | {"way", "route", "method", "status", "file", "code", "store", "port", "model", "kind", "command", "lang"}
)
_FREE: Final = frozenset({"detail", "place", "route", "file", "model"})  # program text with spaces
_CODE: Final = re.compile(r"[A-Za-z0-9_.:/+-]{1,80}")
_PLAIN: Final = re.compile(r"[\w\s.,:;()/\[\]{}<>=+%*'\"@&|→–-]{1,300}")
_SPEAKING: Final = ("uvicorn.error", "tactful")


def setup(level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send every log of this process through the filter. Call once, at start."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_request_id,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared, _reduce_foreign],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            keep_safe,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in ("tactful", "uvicorn.error"):
        logging.getLogger(name).setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = name != "uvicorn.access"  # our own access line has no addresses and no queries
    logging.captureWarnings(True)


def keep_safe(_logger: Any, _method: str, event: Event) -> Event:
    """Numbers, concealed text and codes under known keys; of anything else only that it was there."""
    kept: dict[str, Any] = {}
    dropped = 0
    free = _FREE | {"event"} if event.get("logger") == "uvicorn.error" else _FREE
    for key, value in event.items():
        if key == "session":
            kept[key] = hashlib.sha256(str(value).encode()).hexdigest()[:12]
        elif isinstance(value, Concealed):
            kept[key] = value.text
        elif value is None or isinstance(value, bool | int | float) or _is_program_text(key, value, free):
            kept[key] = value
        else:
            dropped += 1
    if dropped:
        kept["dropped"] = dropped
    return kept


def _is_program_text(key: str, value: object, free: frozenset[str]) -> bool:
    pattern = _PLAIN if key in free else _CODE
    return isinstance(value, str) and key in _KEYS and pattern.fullmatch(value) is not None


def places(error: BaseException, limit: int = 3) -> str:
    """Where it was raised, innermost last: file and line, no text and no values."""
    frames = traceback.extract_tb(error.__traceback__)[-limit:]
    return " > ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames)


def _add_request_id(_logger: Any, _method: str, event: Event) -> Event:
    if request_id := correlation_id.get():
        event["request_id"] = request_id
    return event


def _reduce_foreign(_logger: Any, _method: str, event: Event) -> Event:
    """A library's message may hold anything: only the server's own start and stop lines keep theirs."""
    record = event.get("_record")
    info = getattr(record, "exc_info", None)
    error = info[1] if info else None
    name = str(event.get("logger", ""))
    if error is not None:
        event["error"], event["place"] = type(error).__name__, places(error)
        event.pop("exc_info", None)
    if error is not None or not name.startswith(_SPEAKING):
        event["event"] = "library_message"
    return event
