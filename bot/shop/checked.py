"""The checkers of record types, and what they find in words that hold no value of a row."""

import re
from typing import Any

from pydantic import TypeAdapter, ValidationError

_FIELD = re.compile(r"[a-z][a-z0-9_]{0,30}")
_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}


def adapter(kind: type[Any]) -> TypeAdapter[Any]:
    """The checker of a record type; built once, since building takes milliseconds."""
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def reason_of(error: ValidationError) -> str:
    """What is wrong, without a value: ``variants.0.price_minor: Input should be greater than or equal to 0``."""
    parts = []
    for fault in error.errors(include_input=False, include_context=False, include_url=False)[:5]:
        # Keys of free mappings may be anything, also a name; only spellings of our own fields are repeated.
        where = [str(p) if isinstance(p, int) or _FIELD.fullmatch(str(p)) else "?" for p in fault["loc"]]
        text = "not valid JSON" if fault["type"] == "json_invalid" else str(fault["msg"])
        parts.append(f"{'.'.join(where)}: {text}" if where else text)
    return "; ".join(parts)
