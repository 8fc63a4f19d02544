"""What a passport may say: the fields, types and bounds of ``passport.schema.json``. Anything else is refused.

It does not know whether what is said is true: ``claims`` recomputes it.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

PASSPORT: Final = "passport.json"
MAX_BYTES: Final = 1_000_000
_SCHEMA: Final = Path(__file__).with_name("passport.schema.json")


def read(content: bytes) -> dict[str, Any]:
    """The JSON object in ``content``.

    Raises:
        ValueError: not one, too long, a field twice, a number or a character that is none. The message says which.
    """
    if len(content) > MAX_BYTES:
        raise ValueError(f"expected at most {MAX_BYTES} bytes, got more")
    try:
        document = json.loads(content.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number)
        json.dumps(document, ensure_ascii=False, allow_nan=False).encode()  # 1e999 and half characters get this far
    except UnicodeError:
        raise ValueError("expected UTF-8 and whole characters, got something else") from None
    except RecursionError:
        raise ValueError("expected a few levels of JSON, got very many") from None
    if not isinstance(document, dict):
        raise ValueError(f"expected a JSON object, got a {type(document).__name__}")
    return document


def faults_of_form(document: dict[str, Any]) -> Iterator[str]:
    """Every field that is missing, unknown, or not of the form that the schema gives it."""
    from jsonschema import Draft202012Validator

    schema = json.loads(_SCHEMA.read_text("utf-8"))
    for error in Draft202012Validator(schema).iter_errors(document):
        field = ".".join(str(part) for part in error.absolute_path) or PASSPORT
        came = json.dumps(error.instance, ensure_ascii=False)[:60]
        match error.validator:
            case "required" | "additionalProperties" | "minItems" | "maxItems":
                yield f"{field}: {error.message}."
            case "not" | "anyOf":
                yield f"{field}: expected what the schema allows, got {came}."
            case kind:
                yield f"{field}: expected {kind} {json.dumps(error.validator_value)}, got {came}."


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("expected each field once, got one twice")
    return found


def _no_number(name: str) -> float:
    raise ValueError(f"expected finite numbers, got {name}")
