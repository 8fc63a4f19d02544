"""Shopify's CSV exports: products (the headers before and since 2025), customers, orders; told apart by their headers.

A folder may hold all of them. Rows of a product share its handle, texts are on the first; rows with an image only are
no products. What is not tracked, or may be sold beyond its stock, counts as ``goods.ENOUGH`` pieces. Drafts, archived
and unpublished products stay out. The exports tell of an order that it was fulfilled, never that it has arrived.
Source: help.shopify.com, "Using CSV files to import and export products", "Exporting orders", "Exporting customers".
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, Literal

from bot.shop import goods, sales
from bot.shop.folder import Gate
from bot.shop.goods import Page, Piece
from bot.shop.html import unescaped
from bot.shop.records import Order, OrderStatus, Product, ShopInfo
from bot.shop.sales import Bought, People, Sale, Shelf
from bot.shop.sheets import Line, Sheet, chinese, read_sheet

Kind = Literal["products", "customers", "orders"]
MAPPING: Final[Mapping[str, str]] = {
    "Handle / URL handle": "product_id; rows of one handle are variants",
    "Title, Body (HTML) / Description": "name_en or name_zh, text_en or text_zh (HTML as text)",
    "Type, else Product category": "category (its last part)",
    "Vendor, Tags": "brand, tags",
    "Option1..3 name and value": "options of the variant; all values together as attributes",
    "… (product.metafields.…)": "attributes",
    "Variant SKU / SKU, else handle-number": "sku",
    "Variant Price / Price": "price_minor",
    "Variant Inventory Qty / Inventory quantity": f"stock; {goods.ENOUGH} where it is not tracked or sold beyond stock",
    "customers: Customer ID, First Name, Last Name, Email, Phone, Default Address …": "the customer",
    "orders: Name, Email, Created at, Total, Payment Method, Shipping …": "the order; Email finds its customer",
    "orders: Lineitem name, sku, quantity, price": "items",
    "orders: Cancelled at, Financial Status, Fulfillment Status": "status",
}
_META: Final = re.compile(r"(.+?)\s*\(product\.metafields\.[^)]+\)")
_BARE_DIGITS: Final = 4
_HIDDEN: Final = ("draft", "archived", "unlisted")


def kind_of(sheet: Sheet) -> Kind | None:
    """Which export it is."""
    if sheet.has("Lineitem name") and sheet.has("Financial Status"):
        return "orders"
    if sheet.has("Handle", "URL handle") and sheet.has("Title"):
        return "products"
    if sheet.has("Email") and sheet.has("First Name"):
        return "customers"
    return None


def read(files: Iterable[Path], known: Iterable[Product], gate: Gate, columns: Mapping[str, str]) -> str:
    """All exports among the files through the gate; the currency that the orders are in, or ``""``.

    Args:
        files: CSV files; those that are no export are listed as rejected.
        known: Products to find bought items among where the files have none.
        gate: Takes the records.
        columns: Other names of columns, from a mapping file.
    """
    sheets: dict[Kind, list[Sheet]] = {"products": [], "customers": [], "orders": []}
    for path in files:
        sheet = read_sheet(path, path.name, gate, columns)
        if kind := kind_of(sheet):
            sheets[kind].append(sheet)
        else:
            gate.reject(path.name, 1, "expected the headers of Shopify's products, customers or orders")
    for sheet in sheets["products"]:
        _products(sheet, gate)
    people = People(gate)
    for sheet in sheets["customers"]:
        for line in sheet.lines:
            _customer(line, people)
    shelf = Shelf(gate.products or known)
    for sheet in sheets["orders"]:
        _orders(sheet, people, shelf, gate)
    currencies = (line.get("Currency") for sheet in sheets["orders"] for line in sheet.lines)
    return next((currency for currency in currencies if currency), "")


def _products(sheet: Sheet, gate: Gate) -> None:
    grouped: dict[str, list[Line]] = {}
    handle = ""
    for line in sheet.lines:
        handle = line.get("Handle", "URL handle") or ("" if line.get("Title") else handle)
        if handle:
            grouped.setdefault(handle, []).append(line)
        else:
            gate.reject("products", line.row, "URL handle: expected one, the cell is empty")
    metafields = {found[1]: column for column in sheet.header if (found := _META.fullmatch(column))}
    for handle, lines in grouped.items():
        if fault := _unpublished(lines[0]):
            gate.reject("products", lines[0].row, fault)
        else:
            _product(handle, lines, metafields, gate)


def _unpublished(line: Line) -> str | None:
    if line.get("Status").casefold() in _HIDDEN:
        return "Status: not active, so it is not sold"
    if line.get("Published", "Published on online store").casefold() == "false":
        return "Published: not in the online store, so it is not sold"
    return None


def _product(handle: str, lines: list[Line], metafields: Mapping[str, str], gate: Gate) -> None:
    first = lines[0]
    names = [first.get(f"Option{number} name") for number in (1, 2, 3)]
    pieces: list[Piece] = []
    for line in lines:
        if line is first or line.get("Variant SKU", "SKU", "Variant Price", "Price", "Option1 value"):
            pieces.append(_piece(handle, line, names, len(pieces) + 1))
    category = first.get("Type") or first.get("Product Category").split(">")[-1].strip()
    own = {name: value for name, column in metafields.items() if (value := first.get(column))}
    page = Page(
        row=first.row,
        product_id=handle,
        name=unescaped(first.get("Title")),
        text=first.get("Body (HTML)", "Description"),
        category=unescaped(category),
        brand=unescaped(first.get("Vendor")),
        tags=goods.labels(first.get("Tags")),
        attributes=goods.all_options(pieces) | own,
    )
    goods.take(page, pieces, gate)


def _piece(handle: str, line: Line, names: list[str], number: int) -> Piece:
    values = [line.get(f"Option{place} value") for place in (1, 2, 3)]
    options = {
        name: value for name, value in zip(names, values, strict=True) if name and value and value != "Default Title"
    }
    sku = line.as_shown("Variant SKU", "SKU") or f"{handle}-{number}"
    return Piece(line.row, sku, line.get("Variant Price", "Price"), _stock(line), options)


def _stock(line: Line) -> str:
    counted = line.get("Variant Inventory Qty", "Inventory quantity")
    tracker = ("variant inventory tracker", "inventory tracker")
    untracked = any(name in line.cells for name in tracker) and not line.get(*tracker)
    oversold = line.get("Variant Inventory Policy", "Continue selling when out of stock").casefold()
    out = counted.startswith("-") or counted == "0"
    free = not counted or (out and (untracked or oversold in ("continue", "true")))
    return str(goods.ENOUGH) if free else counted


def _customer(line: Line, people: People) -> None:
    name = sales.full_name(line.get("First Name"), line.get("Last Name"))
    email = line.get("Email")
    place = {
        "line1": line.get("Default Address Address1", "Address1"),
        "line2": line.get("Default Address Address2", "Address2"),
        "city": line.get("Default Address City", "City"),
        "region": line.get("Default Address Province Code", "Province Code", "Province"),
        "postal_code": line.as_shown("Default Address Zip", "Zip"),
        "country": line.get("Default Address Country Code", "Country Code", "Country"),
    }
    fields = {
        "customer_id": line.as_shown("Customer ID", "ID") or sales.made_id(email, name, place["postal_code"]),
        "name": name,
        "email": email,
        "phone": line.as_shown("Phone", "Default Address Phone"),
        "address": sales.address(place),
        "lang": "zh" if chinese(name) else "en",
    }
    people.add(line.row, "customers", fields)


def _orders(sheet: Sheet, people: People, shelf: Shelf, gate: Gate) -> None:
    grouped: dict[str, list[Line]] = {}
    for line in sheet.lines:
        if name := line.get("Name"):
            grouped.setdefault(name, []).append(line)
        else:
            gate.reject("orders", line.row, "Name: expected the order's number, the cell is empty")
    for name, lines in grouped.items():
        _order(name, lines, people, shelf, gate)


def _order(name: str, lines: list[Line], people: People, shelf: Shelf, gate: Gate) -> None:
    first = lines[0]
    status = _status(first)
    if status is None:
        gate.reject("orders", first.row, "Financial Status or Fulfillment Status: not one that Shopify exports")
        return
    try:
        placed_at = sales.moment(first.get("Created at"))
    except ValueError as error:
        gate.reject("orders", first.row, f"Created at: {error}")
        return
    sale = Sale(
        row=first.row,
        order_id=name,
        status=status,
        total=first.get("Total"),
        placed_at=placed_at,
        email=first.get("Email"),
        name=first.get("Shipping Name", "Billing Name"),
        phone=first.as_shown("Shipping Phone", "Phone", "Billing Phone"),
        place=_place(first, "Shipping"),
        home=_place(first, "Billing") if first.get("Billing Address1") else _place(first, "Shipping"),
        fields={"payment_method": first.get("Payment Method")},
    )
    bought = [
        Bought(
            line.row,
            line.as_shown("Lineitem sku"),
            unescaped(line.get("Lineitem name")),
            line.get("Lineitem quantity"),
            line.get("Lineitem price"),
        )
        for line in lines
        if line.get("Lineitem name")
    ]
    sales.take(sale, bought, people, shelf, gate)


def _place(line: Line, whose: str) -> dict[str, str]:
    return {
        "line1": line.get(f"{whose} Address1", f"{whose} Street"),
        "line2": line.get(f"{whose} Address2"),
        "city": line.get(f"{whose} City"),
        "region": line.get(f"{whose} Province Name", f"{whose} Province"),
        "postal_code": line.as_shown(f"{whose} Zip"),
        "country": line.get(f"{whose} Country"),
    }


def _status(line: Line) -> OrderStatus | None:
    paid, sent = line.get("Financial Status").casefold(), line.get("Fulfillment Status").casefold()
    if line.get("Cancelled at") or paid == "voided":
        return "cancelled"
    if sent not in ("", "fulfilled", "partial", "unfulfilled", "restocked", "on_hold", "scheduled"):
        return None
    shipped = sent in ("fulfilled", "partial")
    match paid:
        case "refunded":
            return "returned" if shipped else "cancelled"
        case "paid" | "partially_refunded":
            return "shipped" if shipped else "paid"
        case "" | "pending" | "authorized" | "partially_paid" | "expired" | "unpaid":
            return "shipped" if shipped else "pending"
        case _:
            return None


def order_pattern(orders: Iterable[Order]) -> str:
    r"""The regular expression of the shop's order numbers: what is before and after the digits, and how many they are.

    One digit more is allowed for, since numbers grow. Bare digits need their ``#`` where without it they may be a
    postal code or a phone number: what fits the pattern is left readable. ``#1001`` makes ``#\d{4,5}|\d{4}``.
    """
    found = [re.fullmatch(r"#?(\D{0,10}?)(\d{1,12})(\D{0,10})", order.order_id) for order in orders]
    shapes = {(match[1], match[3]) if match else None for match in found}
    if len(shapes) != 1 or (shape := shapes.pop()) is None:
        return ShopInfo().order_pattern
    before, after = shape
    lengths = [len(match[2]) for match in found if match]
    low, high = min(lengths), max(lengths)
    if before or after:
        return f"#?{re.escape(before)}\\d{{{low},{high + 1}}}{re.escape(after)}"
    bare = f"|\\d{{{_BARE_DIGITS}}}" if low == high == _BARE_DIGITS else ""
    return f"#\\d{{{low},{high + 1}}}{bare}"
