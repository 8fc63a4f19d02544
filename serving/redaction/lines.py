r"""One line of a JSONL file redacted. Pure: bytes in, bytes out, no file and no process.

A line that cannot be redacted is never passed through and never lost: an object with its number and a reason takes
its place, with the record's ``id`` only where that is a number or a code in which nothing is found.

| line | becomes |
|---|---|
| an object with the text | the object with ``findings`` and ``redacted`` |
| white space | an empty line |
| anything else | ``{"error": reason, "line": number}`` |

Keys keep their order; of a key that is there twice the last counts. Numbers are written as Python writes them.
"""

import json
import re
from collections import Counter
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final

from bot.session import Lang
from guardrails.errors import TextTooLong
from guardrails.findings import Finding
from guardrails.redaction import Analyze, analyze_whole, marked, plain
from serving.redaction.fields import Field, FieldError, Place, places, put

ERRORS: Final = (
    "not_utf8", "not_json", "not_an_object", "field_missing", "not_text", "too_long", "line_too_long", "guard_failed",
)  # fmt: skip
_ID: Final = re.compile(r"(?=.*[0-9])[A-Za-z0-9_.:/#-]{1,64}")


@dataclass(frozen=True, slots=True)
class Options:
    """What is read and how it is written.

    Attributes:
        fields: where the texts are.
        replace: write the redacted text over the text itself instead of beside it.
        lang_field: where a record says its language (``en…`` or ``zh…``).
    """

    fields: tuple[Field, ...]
    replace: bool = False
    lang_field: Field | None = None

    @property
    def single(self) -> bool:
        """Whether a record has one text, so that its findings need no path."""
        return len(self.fields) == 1 and not self.fields[0].many


@dataclass(frozen=True, slots=True)
class Redacted:
    """A line as it is written, and what is counted of it."""

    line: bytes
    findings: Counter[str]
    error: str | None = None


def redact_line(raw: bytes | None, number: int, options: Options, analyze: Analyze) -> Redacted:
    """The line ``number`` (from 1) redacted; ``None`` is a line that was too long to be kept."""
    if raw is None:
        return _refused("line_too_long", number, None, analyze)
    if not raw.strip():
        return Redacted(b"\n", Counter())
    record: Any = None
    try:
        record = _read(raw)
        found = _found(record, options, analyze)
        line = _encoded(_written(record, found, options))
    except FieldError as error:
        return _refused(error.code, number, record, analyze)
    except Exception:  # whatever it was: the line must not pass
        return _refused("guard_failed", number, record, analyze)
    return Redacted(line, Counter(str(f.kind) for _, findings in found for f in findings))


def _read(raw: bytes) -> dict[str, Any]:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise FieldError("not_utf8") from None
    try:
        record = json.loads(text, parse_constant=_finite, parse_float=_finite)
    except (ValueError, RecursionError):
        raise FieldError("not_json") from None
    if not isinstance(record, dict):
        raise FieldError("not_an_object")
    return record


def _finite(word: str) -> float:
    """A number that JSON can hold: not NaN, nor one beyond every float, which would be written as no JSON."""
    number = float(word)
    if not isfinite(number):
        raise ValueError("not a number of JSON")
    return number


def _found(record: dict[str, Any], options: Options, analyze: Analyze) -> list[tuple[Place, tuple[Finding, ...]]]:
    lang = _lang(record, options.lang_field)
    texts = [place for field in options.fields for place in places(record, field)]
    try:
        return [(place, analyze_whole(analyze, place.text, lang)) for place in texts]
    except TextTooLong:
        raise FieldError("too_long") from None


def _lang(record: dict[str, Any], field: Field | None) -> Lang | None:
    """A hint only: a record without it is read by the rules of both languages all the same."""
    if field is None:
        return None
    try:
        found = places(record, field)
    except FieldError:
        return None
    code = found[0].text.strip().lower()[:2] if found else ""
    return "zh" if code == "zh" else "en" if code == "en" else None


def _written(
    record: dict[str, Any], found: list[tuple[Place, tuple[Finding, ...]]], options: Options
) -> dict[str, Any]:
    if options.single:
        (place, findings), *_ = found
        record["findings"] = [plain(finding) for finding in findings]
        redacted: Any = marked(place.text, findings)
    else:
        record["findings"] = [
            {**plain(finding), "path": place.path} for place, findings in found for finding in findings
        ]
        redacted = {place.path: marked(place.text, findings) for place, findings in found}
    if not options.replace:
        record["redacted"] = redacted
        return record
    for place, findings in found:
        put(record, place.keys, marked(place.text, findings))
    return record


def _encoded(record: dict[str, Any]) -> bytes:
    """One line of UTF-8. Half of a surrogate pair is no character: it stays the escape that it was."""
    return json.dumps(record, ensure_ascii=False, allow_nan=False).encode("utf-8", "backslashreplace") + b"\n"


def _refused(code: str, number: int, record: Any, analyze: Analyze) -> Redacted:
    line: dict[str, Any] = {"error": code, "line": number}
    name = record.get("id") if isinstance(record, dict) else None
    if _may_be_told(name, analyze):
        line["id"] = name
    return Redacted(_encoded(line), Counter(), code)


def _may_be_told(name: Any, analyze: Analyze) -> bool:
    """Whether an id is a number or a code that says nothing personal. A guard that fails says no."""
    if isinstance(name, bool) or not isinstance(name, str | int) or not _ID.fullmatch(str(name)):
        return False
    try:
        return not any(analyze(text, None) for text in (str(name), f"phone {name}", f"ID {name}"))
    except Exception:
        return False
