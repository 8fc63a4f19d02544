"""Products from a CSV or JSONL file of any shop system: a mapping names the columns, or the headers are guessed.

Rows with the same ``product_id`` are variants of one product; its texts come from the first of them.
A mapping file is ``mapping.MappingFile``, by default the table's name with ``.toml``.

Prices are written with a point (``1,299.00``); a comma before the decimals is not guessed at but rejected.
HTML in descriptions becomes text; images are not read.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bot.shop import goods
from bot.shop.errors import ShopFolderError
from bot.shop.folder import Contents, Gate
from bot.shop.goods import Page, Piece
from bot.shop.mapping import read_mapping
from bot.shop.records import ShopInfo
from bot.shop.sheets import Line, decode, price_minor, read_sheet

__all__ = ["Columns", "decode", "price_minor", "read", "read_products"]

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
_KNOWN: Final = ("name_en", "name_zh", "category", "category_zh", "text_en", "text_zh")


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
    """A CSV or JSONL file as products; broken rows are in ``rejected`` with the line they end on.

    Raises:
        ShopFolderError: the file or the mapping cannot be read, or a needed column is missing.
    """
    gate = Gate()
    columns = read_products(src, mapping, gate)
    gate.rejected.sort(key=lambda rejected: rejected.row)
    return gate.contents(columns.info), columns


def read_products(src: Path, mapping: Path | None, gate: Gate) -> Columns:
    """The products of a file through a gate; how its columns were read.

    Raises:
        ShopFolderError: as ``read``.
    """
    sheet = read_sheet(src, "products", gate)
    columns = _columns(src, mapping, list(sheet.header))
    grouped: dict[str, list[Line]] = {}
    for line in sheet.lines:
        if key := _cell(line, columns, "product_id") or _cell(line, columns, "sku"):
            grouped.setdefault(key, []).append(line)
        else:
            gate.reject("products", line.row, "product_id: expected an id, the cell is empty")
    for lines in grouped.values():
        _take(lines, columns, gate)
    return columns


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
    found = read_mapping(path)
    return Columns(dict(found.columns), dict(found.options), dict(found.attributes), found.info)


def _guessed(header: list[str]) -> Columns:
    by_name = {column.casefold(): column for column in header}
    columns = {}
    for name, guesses in _GUESSES.items():
        if column := next((by_name[guess] for guess in guesses if guess in by_name), None):
            columns[name] = column
    return Columns(columns)


def _cell(line: Line, columns: Columns, name: str) -> str:
    return line.get(columns.columns.get(name, ""))


def _take(lines: list[Line], columns: Columns, gate: Gate) -> None:
    pieces = []
    for number, line in enumerate(lines, start=1):
        sku = _cell(line, columns, "sku") or f"{_cell(line, columns, 'product_id')}-{number}"
        stock = _cell(line, columns, "stock") if "stock" in columns.columns else "1"
        options = {name: value for name, column in columns.options.items() if (value := line.get(column))}
        pieces.append(Piece(line.row, sku, _cell(line, columns, "price"), stock, options))
    goods.take(_page(lines[0], columns), pieces, gate)


def _page(line: Line, columns: Columns) -> Page:
    return Page(
        row=line.row,
        product_id=_cell(line, columns, "product_id") or _cell(line, columns, "sku"),
        name=_cell(line, columns, "name"),
        text=_cell(line, columns, "text"),
        brand=_cell(line, columns, "brand"),
        tags=goods.labels(_cell(line, columns, "tags"), ",;，、"),
        attributes={name: value for name, column in columns.attributes.items() if (value := line.get(column))},
        fields={name: _cell(line, columns, name) for name in _KNOWN},
    )
