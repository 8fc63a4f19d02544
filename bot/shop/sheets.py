"""A table in a file, CSV or JSON lines, as lines of text cells. What every import reads through.

Encodings: UTF-8, UTF-16, GB 18030. Delimiters of CSV: comma, semicolon, tab. A line of JSON becomes cells with dotted
names (``address.city``); numbers and truth become text as JSON writes them. Cells are found without regard to case and
to blanks around the name, since export programs do not agree on them. Nothing is known here of products or orders.
"""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from bot.shop.errors import ShopFolderError
from bot.shop.folder import Gate

_PRICE: Final = re.compile(r"[^\d,.\-]*(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d{1,2})0*)?[^\d,.\-]*")
_CJK: Final = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table. ``row`` is the line of the file that it ends on; the cells may hold personal data."""

    row: int
    cells: Mapping[str, str]

    def __repr__(self) -> str:
        """Only where it stands."""
        return f"Line(row={self.row})"

    def get(self, *names: str) -> str:
        """The first cell of these columns that is not empty; ``""`` when there is none."""
        return next((value for name in names if (value := self.cells.get(name.strip().casefold(), ""))), "")

    def as_shown(self, *names: str) -> str:
        """The same without the apostrophe with which export programs keep digits from a spreadsheet."""
        return self.get(*names).removeprefix("'").strip()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: its columns as the file writes them, and its lines."""

    src: Path
    header: tuple[str, ...]
    lines: tuple[Line, ...]

    def has(self, *names: str) -> bool:
        """Whether one of these columns is there."""
        known = {column.casefold() for column in self.header}
        return any(name.strip().casefold() in known for name in names)


def read_sheet(src: Path, table: str, gate: Gate, columns: Mapping[str, str] | None = None) -> Sheet:
    """A CSV or JSONL file (by its ending) as a sheet; lines that do not fit the header are rejected.

    Args:
        src: The file.
        table: What rejected lines are listed under.
        gate: Where they are listed.
        columns: Other names for columns: the name that is looked for = the name in the file.

    Raises:
        ShopFolderError: it cannot be read, is no such table, or has not a column that is named.
    """
    text = decode(src)
    jsonl = src.suffix.lower() in (".jsonl", ".ndjson")
    header, lines = _json_lines(text, table, gate) if jsonl else _csv_lines(src, text, table, gate)
    also = {wanted.casefold(): there.casefold() for wanted, there in (columns or {}).items()}
    known = {column.casefold() for column in header}
    if missing := sorted(there for there in also.values() if there not in known):
        raise ShopFolderError(f"{src}: the mapping names columns that it has not: {', '.join(missing)}")
    named = [Line(line.row, _renamed(line.cells, also)) for line in lines]
    return Sheet(src, (*header, *(wanted for wanted in also if wanted not in known)), tuple(named))


def _renamed(cells: Mapping[str, str], also: Mapping[str, str]) -> dict[str, str]:
    return {**cells, **{wanted: cells.get(there, "") for wanted, there in also.items()}}


def _csv_lines(src: Path, text: str, table: str, gate: Gate) -> tuple[tuple[str, ...], list[Line]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter(text), strict=True)
    lines: list[Line] = []
    try:
        header = tuple(cell.strip() for cell in next(reader, []))
        folded = [column.casefold() for column in header]
        for cells in reader:
            if len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
                gate.reject(table, reader.line_num, f"expected {len(header)} columns, got {len(cells)}")
            elif any(cell.strip() for cell in cells):
                stripped = (cell.strip() for cell in cells)
                lines.append(Line(reader.line_num, dict(zip(folded, stripped, strict=False))))
    except csv.Error as error:
        raise ShopFolderError(f"{src}: expected CSV, stopped at line {reader.line_num}: {error}") from error
    return header, lines


def _json_lines(text: str, table: str, gate: Gate) -> tuple[tuple[str, ...], list[Line]]:
    lines: list[Line] = []
    header: dict[str, None] = {}
    for row, raw in enumerate(text.split("\n"), start=1):
        if not raw.strip():
            continue
        try:
            value = json.loads(raw, parse_float=Decimal)
        except (ValueError, RecursionError):
            gate.reject(table, row, "not valid JSON")
            continue
        if not isinstance(value, dict):
            gate.reject(table, row, "expected a JSON object")
            continue
        for cells in _flat(value):
            header |= dict.fromkeys(cells)
            lines.append(Line(row, {name.strip().casefold(): text for name, text in cells.items()}))
    return tuple(header), lines


def _flat(value: Mapping[str, Any]) -> list[dict[str, str]]:
    """An object as cells; its first list of objects makes one line for each of them, the others are left out."""
    cells: dict[str, str] = {}
    many: list[dict[str, str]] = []
    for name, part in _walk("", value):
        if isinstance(part, str):
            cells[name] = part
        elif not many:
            many = [{f"{name}.{key}": text for key, text in inner.items()} for item in part for inner in _flat(item)]
    return [cells | extra for extra in many] or [cells]


def _walk(prefix: str, value: Mapping[str, Any]) -> Iterator[tuple[str, str | Sequence[Mapping[str, Any]]]]:
    for key, part in value.items():
        name = f"{prefix}{key}"
        match part:
            case dict():
                yield from _walk(f"{name}.", part)
            case list() if part and all(isinstance(item, dict) for item in part):
                yield name, part
            case list():
                yield name, ", ".join(_text(item) for item in part if not isinstance(item, (dict, list)))
            case _:
                yield name, _text(part)


def _text(value: object) -> str:
    if value is None:
        return ""
    return json.dumps(value) if isinstance(value, bool) else str(value).strip()


def decode(src: Path) -> str:
    """The text of a file in UTF-8, UTF-16 or GB 18030, told apart by its first bytes and by what decodes.

    Raises:
        ShopFolderError: it cannot be read or is in none of them.
    """
    try:
        content = src.read_bytes()
    except OSError as error:
        raise ShopFolderError(f"{src}: cannot be read: {error.strerror}") from error
    head = content[:200]
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif b"\0" in head:
        encodings = ["utf-16-be" if head.startswith(b"\0") else "utf-16-le"]
    else:
        encodings = ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ShopFolderError(f"{src}: expected UTF-8, UTF-16 or GB 18030, {len(content)} bytes are in none of them")


def price_minor(text: str) -> int | None:
    """A price as minor units of a currency with two decimals, or ``None`` when it is not clearly one.

    >>> price_minor("¥1,299.00"), price_minor("12.5"), price_minor("12,50"), price_minor("-3")
    (129900, 1250, None, None)
    """
    match = _PRICE.fullmatch(text.strip())
    if match is None:
        return None
    return int(match[1].replace(",", "")) * 100 + int((match[2] or "").ljust(2, "0"))


def chinese(*texts: str) -> bool:
    """Whether one of the texts has Chinese characters: it then belongs in a field for Chinese.

    >>> chinese("Tee"), chinese("Size", "均码")
    (False, True)
    """
    return any(_CJK.search(text) for text in texts)


def delimiter(text: str) -> str:
    """The delimiter of a CSV text: the one its first line has most of."""
    first = text.partition("\n")[0]
    return max((",", ";", "\t"), key=first.count)
