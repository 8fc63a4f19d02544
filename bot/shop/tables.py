"""Products from a CSV file of any shop system: a mapping names the columns, or the headers are guessed.

Rows with the same ``product_id`` are variants of one product; its texts come from the first of them.
A mapping file (TOML, by default the CSV's name with ``.toml``)::

    [shop]            # fields of shop.toml, all optional
    currency = "CNY"
    [columns]         # our field = their column
    product_id = "Handle"
    name_en = "Title"
    price = "Price"
    [options]         # option name = column
    Size = "Option 1"
    [attributes]      # attribute name = column
    Material = "Fabric"

Encodings: UTF-8, UTF-16, GB 18030. Prices are written with a point (``1,299.00``); a comma before the
decimals is not guessed at but rejected. It reads no HTML out of texts and no images.
"""

import csv
import io
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from bot.shop.errors import ShopFolderError
from bot.shop.folder import Contents, Gate, adapter, reason_of
from bot.shop.records import Product, ShopInfo, Variant

FIELDS: Final = (
    "product_id", "sku", "name", "name_en", "name_zh", "category", "category_zh", "brand", "text", "text_en",
    "text_zh", "tags", "price", "stock",
)  # fmt: skip
_GUESSES: Final[dict[str, tuple[str, ...]]] = {
    "product_id": ("product_id", "product id", "id", "handle", "spu", "商品编号", "商品id"),
    "sku": ("sku", "variant sku", "item_id", "货号", "sku编码"),
    "name": ("name", "title", "product name", "商品名称", "名称", "标题"),
    "name_en": ("name_en", "english name", "英文名称"),
    "name_zh": ("name_zh", "chinese name", "中文名称"),
    "category": ("category", "type", "product type"),
    "category_zh": ("category_zh", "分类", "类目"),
    "brand": ("brand", "vendor", "品牌"),
    "text": ("description", "text", "body", "商品描述", "描述", "详情"),
    "text_en": ("text_en", "description_en"),
    "text_zh": ("text_zh", "description_zh"),
    "tags": ("tags", "标签"),
    "price": ("price", "variant price", "价格", "售价", "单价"),
    "stock": ("stock", "quantity", "qty", "inventory", "variant inventory qty", "库存"),
}
_PRICE: Final = re.compile(r"[^\d,.\-]*(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d{1,2}))?[^\d,.\-]*")
_CJK: Final = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column is what."""

    columns: dict[str, str]
    options: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)
    info: ShopInfo = field(default_factory=ShopInfo)

    def shown(self) -> dict[str, str]:
        """Column → our field, for the report."""
        shown = {column: name for name, column in self.columns.items()}
        shown |= {column: f"option {name}" for name, column in self.options.items()}
        return shown | {column: f"attribute {name}" for name, column in self.attributes.items()}


def read(src: Path, mapping: Path | None = None) -> tuple[Contents, Columns]:
    """A CSV file as products; broken rows are in ``rejected`` with the line they end on.

    Raises:
        ShopFolderError: the file or the mapping cannot be read, or a needed column is missing.
    """
    text = decode(src)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
        header = [cell.strip() for cell in next(reader, [])]
        columns = _columns(src, mapping, header)
        gate = Gate()
        grouped: dict[str, list[tuple[int, dict[str, str]]]] = {}
        for cells in reader:
            _sort_in(grouped, cells, header, columns, reader.line_num, gate)
    except csv.Error as error:
        raise ShopFolderError(f"{src}: expected CSV, stopped at line {reader.line_num}: {error}") from error
    for rows in grouped.values():
        _take(rows, columns, gate)
    gate.rejected.sort(key=lambda rejected: rejected.row)
    return gate.contents(columns.info), columns


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


def _delimiter(text: str) -> str:
    first = text.partition("\n")[0]
    return max((",", ";", "\t"), key=first.count)


def _columns(src: Path, mapping: Path | None, header: list[str]) -> Columns:
    path = mapping or src.with_suffix(".toml")
    found = _mapped(path) if mapping or path.is_file() else _guessed(header)
    named = [*found.columns.values(), *found.options.values(), *found.attributes.values()]
    if missing := [name for name in named if name not in header]:
        raise ShopFolderError(f"{path}: names columns that {src.name} has not: {', '.join(missing)}")
    if "price" not in found.columns or not {"product_id", "sku"} & found.columns.keys():
        raise ShopFolderError(
            f"{src}: expected columns for price and for product_id or sku, found {', '.join(found.columns) or 'none'};"
            f" name them in {path.name}"
        )
    return found


def _mapped(path: Path) -> Columns:
    try:
        data = tomllib.loads(path.read_text("utf-8-sig"))
        info: ShopInfo = adapter(ShopInfo).validate_python(data.pop("shop", {}))
    except OSError as error:
        raise ShopFolderError(f"{path}: cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise ShopFolderError(f"{path}: [shop] {reason_of(error)}") from None
    except ValueError as error:
        raise ShopFolderError(f"{path}: expected TOML: {error}") from error
    parts = {name: _names(path, name, data.pop(name, {})) for name in ("columns", "options", "attributes")}
    unknown = [*data, *(name for name in parts["columns"] if name not in FIELDS)]
    if unknown:
        raise ShopFolderError(f"{path}: unknown names: {', '.join(unknown)}; [columns] knows {', '.join(FIELDS)}")
    return Columns(**parts, info=info)


def _names(path: Path, part: str, value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(column, str) for column in value.values()):
        raise ShopFolderError(f'{path}: expected lines such as name = "Column" in [{part}]')
    return value


def _guessed(header: list[str]) -> Columns:
    by_name = {column.casefold(): column for column in header}
    columns = {}
    for name, guesses in _GUESSES.items():
        if column := next((by_name[guess] for guess in guesses if guess in by_name), None):
            columns[name] = column
    return Columns(columns)


def _sort_in(
    grouped: dict[str, list[tuple[int, dict[str, str]]]],
    cells: list[str],
    header: list[str],
    columns: Columns,
    row: int,
    gate: Gate,
) -> None:
    if not any(cell.strip() for cell in cells):
        return
    if len(cells) > len(header):
        gate.reject("products", row, f"expected {len(header)} columns, got {len(cells)}")
        return
    line = dict(zip(header, (cell.strip() for cell in cells), strict=False))
    key = _cell(line, columns, "product_id") or _cell(line, columns, "sku")
    if key:
        grouped.setdefault(key, []).append((row, line))
    else:
        gate.reject("products", row, "product_id: expected an id, the cell is empty")


def _cell(line: dict[str, str], columns: Columns, name: str) -> str:
    return line.get(columns.columns.get(name, ""), "")


def _take(rows: list[tuple[int, dict[str, str]]], columns: Columns, gate: Gate) -> None:
    variants: list[Variant] = []
    first: tuple[int, dict[str, str]] | None = None
    for number, (row, line) in enumerate(rows, start=1):
        try:
            variants.append(_variant(line, columns, number))
        except ValueError as error:
            gate.reject("products", row, reason_of(error) if isinstance(error, ValidationError) else str(error))
        else:
            first = first or (row, line)
    if first is None:
        return
    row, line = first
    try:
        product: Product = adapter(Product).validate_python(_fields(line, columns) | {"variants": tuple(variants)})
    except ValidationError as error:
        gate.reject("products", row, reason_of(error))
    else:
        gate.product(row, product)


def _variant(line: dict[str, str], columns: Columns, number: int) -> Variant:
    price = price_minor(_cell(line, columns, "price"))
    if price is None:
        raise ValueError("price: expected a number such as 1,299.00")
    stock = _cell(line, columns, "stock") if "stock" in columns.columns else "1"
    if not (stock.isascii() and stock.isdigit()):
        raise ValueError("stock: expected a whole number from 0")
    sku = _cell(line, columns, "sku") or f"{_cell(line, columns, 'product_id')}-{number}"
    options = {name: line[column] for name, column in columns.options.items() if line.get(column)}
    zh = any(_CJK.search(text) for pair in options.items() for text in pair)
    fields = {"sku": sku, "options": {} if zh else options, "options_zh": options if zh else {}}
    variant: Variant = adapter(Variant).validate_python({**fields, "price_minor": price, "stock": int(stock)})
    return variant


def _fields(line: dict[str, str], columns: Columns) -> dict[str, Any]:
    fields: dict[str, Any] = {
        name: _cell(line, columns, name)
        for name in ("name_en", "name_zh", "category", "category_zh", "brand", "text_en", "text_zh")
    }
    for name in ("name", "text"):
        if text := _cell(line, columns, name):
            lang = "zh" if _CJK.search(text) else "en"
            fields[f"{name}_{lang}"] = fields[f"{name}_{lang}"] or text
    attributes = {name: line[column] for name, column in columns.attributes.items() if line.get(column)}
    zh = any(_CJK.search(text) for pair in attributes.items() for text in pair)
    fields["attributes_zh" if zh else "attributes_en"] = attributes
    fields["tags"] = tuple(tag.strip() for tag in re.split(r"[,;，、]", _cell(line, columns, "tags")) if tag.strip())
    return fields | {"product_id": _cell(line, columns, "product_id") or _cell(line, columns, "sku")}
