"""WooCommerce's product CSV: simple products, and variable ones with a row for each variation.

A variation names its parent by id (``id:12``) or SKU; the row of the parent may come later. A sale price counts only
without dates: promising too little is mended more easily. Drafts, private and hidden products, and groups and
affiliate products, which the shop does not sell itself, stay out. Exports of a shop in another language have other
headers: a mapping file names them (``[columns]``, WooCommerce's English header = the one in the file).
Source: github.com/woocommerce/woocommerce/wiki/Product-CSV-Import-Schema.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from bot.shop import goods
from bot.shop.errors import ShopFolderError
from bot.shop.folder import Gate
from bot.shop.goods import Page, Piece
from bot.shop.html import unescaped
from bot.shop.sheets import Line, read_sheet

MAPPING: Final[Mapping[str, str]] = {
    "ID, else SKU": "product_id",
    "Name": "name_en or name_zh",
    "Description, else Short description": "text_en or text_zh (HTML as text)",
    "Categories": "category (the last part of the first one)",
    "Brands, Tags": "brand, tags",
    "Attribute n name, value(s)": "attributes; of a variation its options",
    "SKU, else ID": "sku",
    "Sale price without dates, else Regular price": "price_minor",
    "Stock, else In stock?": f"stock; {goods.ENOUGH} where it is not counted or may be ordered ahead",
    "Type variation, Parent": "a variant of that product",
}
_ATTRIBUTE: Final = re.compile(r"attribute (\d+) name")
_COMMA: Final = re.compile(r"(?<!\\),")
_LEFT_OUT: Final = {
    "grouped": "Type: a group of products is not sold itself",
    "external": "Type: an affiliate product is not sold by this shop",
}


def read(src: Path, gate: Gate, columns: Mapping[str, str]) -> None:
    """The products of an export through the gate.

    Raises:
        ShopFolderError: the file cannot be read or has not the headers of such an export.
    """
    sheet = read_sheet(src, "products", gate, columns)
    needed = ("Type", "Name", "Regular price")
    if missing := [name for name in needed if not sheet.has(name)]:
        raise ShopFolderError(
            f"{src}: expected the headers of WooCommerce's product export, {', '.join(missing)} missing;"
            " name others under [columns] of a mapping file"
        )
    parents: dict[str, Line] = {}
    rows: dict[int, list[Line]] = {}  # by the row of the parent, variations in the file's order
    variations: list[Line] = []
    for line in sheet.lines:
        if "variation" in _types(line):
            variations.append(line)
            continue
        rows[line.row] = []
        for key in (f"id:{line.get('ID')}" if line.get("ID") else "", line.get("SKU")):
            if key:
                parents.setdefault(key, line)
    for line in variations:
        parent = parents.get(line.get("Parent"))
        if parent is None:
            gate.reject("products", line.row, "Parent: no product of that id or SKU in the file")
        else:
            rows[parent.row].append(line)
    for line in sheet.lines:
        if line.row in rows:
            _take(line, rows[line.row], gate)
    gate.rejected.sort(key=lambda rejected: rejected.row)


def _types(line: Line) -> set[str]:
    return {part.strip().casefold() for part in line.get("Type").split(",")}


def _take(line: Line, variations: list[Line], gate: Gate) -> None:
    fault = next((reason for kind, reason in _LEFT_OUT.items() if kind in _types(line)), None)
    if line.get("Published") not in ("1", ""):
        fault = "Published: a draft or private, so it is not sold"
    elif line.get("Visibility in catalog").casefold() == "hidden":
        fault = "Visibility in catalog: hidden, so it is not shown"
    elif "variable" in _types(line) and not variations:
        fault = "Type: variable, but the file has no variation of it"
    if fault:
        gate.reject("products", line.row, fault)
        return
    product_id = line.get("ID", "SKU")
    if not product_id:
        gate.reject("products", line.row, "ID: expected it or a SKU, both cells are empty")
        return
    shown = [one for one in variations if one.get("Published") in ("1", "")]
    if variations:
        pieces = [_piece(one, line, product_id, number) for number, one in enumerate(shown, start=1)]
    else:
        pieces = [Piece(line.row, line.get("SKU") or product_id, _price(line), _stock(line, line))]
    if not pieces:
        gate.reject("products", line.row, "Published: none of its variations is")
        return
    page = Page(
        row=line.row,
        product_id=product_id,
        name=unescaped(line.get("Name")),
        text=line.get("Description", "Short description"),
        category=_category(line.get("Categories")),
        brand=unescaped(line.get("Brands")),
        tags=goods.labels(unescaped(line.get("Tags"))),
        attributes=_attributes(line),
    )
    goods.take(page, pieces, gate)


def _piece(line: Line, parent: Line, product_id: str, number: int) -> Piece:
    sku = line.get("SKU")
    if not sku or sku == parent.get("SKU"):  # an empty one is exported as the parent's
        sku = line.get("ID") or f"{product_id}-{number}"
    return Piece(line.row, sku, _price(line), _stock(line, parent), _attributes(line))


def _price(line: Line) -> str:
    dated = line.get("Date sale price starts", "Date sale price ends")
    return line.get("Regular price") if dated else line.get("Sale price", "Regular price")


def _stock(line: Line, parent: Line) -> str:
    counted = line.get("Stock")
    if counted.casefold() == "parent":
        counted = parent.get("Stock")
    ahead = line.get("Backorders allowed?").casefold() in ("1", "notify")
    if not counted:
        return "0" if line.get("In stock?") == "0" else str(goods.ENOUGH)
    whole = re.sub(r"\.0*$", "", counted)
    out = whole.startswith("-") or whole == "0"
    return str(goods.ENOUGH) if out and ahead else whole


def _attributes(line: Line) -> dict[str, str]:
    found: dict[str, str] = {}
    numbers = sorted(int(match[1]) for name in line.cells if (match := _ATTRIBUTE.fullmatch(name)))
    for number in numbers:
        name = unescaped(line.get(f"Attribute {number} name"))
        values = [part.replace("\\,", ",").strip() for part in _COMMA.split(line.get(f"Attribute {number} value(s)"))]
        if name and any(values):
            found[name] = unescaped(", ".join(value for value in values if value))
    return found


def _category(text: str) -> str:
    return unescaped(_COMMA.split(text)[0].split(">")[-1].replace("\\,", ",").strip())
