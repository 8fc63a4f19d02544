"""Records as TOML text: strings, numbers, times, lists and one level of tables; what is ``None`` is left out."""

import json
from collections.abc import Mapping
from datetime import datetime


def toml(fields: Mapping[str, object]) -> str:
    """The fields as TOML; mappings become tables at the end.

    >>> print(toml({"name": "Tea", "until": None, "returns": {"when": ("delivered",), "days": 14}}), end="")
    name = "Tea"
    <BLANKLINE>
    [returns]
    when = ["delivered"]
    days = 14
    """
    lines = [f"{key} = {_value(value)}\n" for key, value in fields.items() if not _left_out(value)]
    for key, value in fields.items():
        if isinstance(value, Mapping):
            lines.append(f"\n[{key}]\n{toml(value)}")
    return "".join(lines)


def _left_out(value: object) -> bool:
    return value is None or isinstance(value, Mapping)


def _value(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.isoformat()
        case list() | tuple():
            return "[" + ", ".join(_value(one) for one in value) + "]"
        case _:  # TOML's basic strings are JSON's, except for one control character
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
