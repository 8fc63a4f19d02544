"""Tables of any shop system, CSV or JSONL: products, customers, orders, as a mapping file or their headers say.

An order is one row for each item (or one line of JSON with a list of items); what belongs to the whole order is read
from its first row. Statuses are ours, or words that the mapping file explains. Without an id of the customer the e-mail
says whose an order is, or name and postal code.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from bot.shop import sales, tables
from bot.shop.errors import ShopFolderError
from bot.shop.folder import TABLES, Gate
from bot.shop.mapping import FIELDS, MappingFile
from bot.shop.records import ORDER_STATUSES, Product
from bot.shop.sales import PLACE, Bought, People, Sale, Shelf
from bot.shop.sheets import Line, Sheet, chinese, read_sheet

_ENDINGS: Final = (".csv", ".tsv", ".txt", ".jsonl", ".ndjson")
_GUESSES: Final[Mapping[str, tuple[str, ...]]] = {
    "customer_id": ("customer id", "customer", "user_id", "客户编号", "会员编号", "用户id"),
    "order_id": ("order id", "order", "order number", "order no", "订单号", "订单编号"),
    "name": ("customer name", "full name", "recipient", "姓名", "客户姓名", "收货人", "收件人"),
    "first_name": ("first name",),
    "last_name": ("last name",),
    "email": ("e-mail", "email address", "customer email", "邮箱", "电子邮箱"),
    "phone": ("telephone", "mobile", "电话", "手机", "手机号", "联系电话"),
    "line1": ("address", "address 1", "address1", "street", "address.line1", "地址", "收货地址", "详细地址"),
    "line2": ("address 2", "address2", "address.line2"),
    "city": ("address.city", "城市"),
    "region": ("state", "province", "address.region", "省份", "省"),
    "postal_code": ("zip", "postcode", "postal code", "address.postal_code", "邮编", "邮政编码"),
    "country": ("address.country", "国家"),
    "status": ("order status", "订单状态", "状态"),
    "placed_at": ("created at", "ordered at", "order date", "date", "下单时间", "创建时间"),
    "total": ("order total", "amount", "实付", "实付金额", "订单金额", "总金额"),
    "sku": ("items.sku", "item sku", "货号", "商品编码"),
    "item": ("items.name", "item name", "product name", "product", "商品名称", "商品"),
    "quantity": ("items.quantity", "qty", "数量"),
    "price": ("items.price", "unit price", "item price", "单价", "价格"),
    "carrier": ("快递", "快递公司", "物流公司"),
    "tracking_id": ("tracking", "tracking number", "运单号", "快递单号", "物流单号"),
    "expected_on": ("expected", "预计送达"),
    "delivered_at": ("delivered", "签收时间"),
    "payment_method": ("payment", "支付方式"),
    "lang": ("language", "语言"),
    "member_level": ("level", "会员等级"),
}


def files_of(src: Path, mapping: MappingFile) -> dict[str, Path]:
    """Which file is which table. A file alone is the table that the mapping speaks of, else products.

    Raises:
        ShopFolderError: none is there, or one that the mapping names is not.
    """
    if src.is_file():
        only = [name for name in ("customers", "orders") if getattr(mapping, name)]
        named = src.stem if src.stem in TABLES else None
        return {named or (only[0] if len(only) == 1 and not mapping.columns else "products"): src}
    if missing := [name for name in mapping.files.values() if not (src / name).is_file()]:
        raise ShopFolderError(f"{src}: the mapping names files that are not there: {', '.join(missing)}")
    found = {table: src / name for table, name in mapping.files.items()}
    for table in TABLES:
        there = [path for ending in _ENDINGS if (path := src / f"{table}{ending}").is_file()]
        if table not in found and there:
            found[table] = there[0]
    if not found:
        raise ShopFolderError(f"{src}: expected files named {', '.join(TABLES)}, or [files] in a mapping file")
    return found


def read(
    files: Mapping[str, Path], path: Path | None, mapping: MappingFile, known: Sequence[Product], gate: Gate
) -> dict[str, str]:
    """The tables through the gate; how their columns were read.

    Raises:
        ShopFolderError: a file cannot be read or lacks a column that is needed.
    """
    shown: dict[str, str] = {}
    if "products" in files:
        shown |= tables.read_products(files["products"], path, gate).shown()
    people = People(gate)
    if "customers" in files:
        sheet, columns = _sheet(files["customers"], "customers", mapping.customers, gate)
        shown |= {f"customers: {column}": name for name, column in columns.items()}
        for line in sheet.lines:
            _customer(line, people)
    if "orders" in files:
        sheet, columns = _sheet(files["orders"], "orders", mapping.orders, gate)
        if missing := [name for name in ("order_id", "status", "quantity", "price") if name not in columns]:
            raise ShopFolderError(
                f"{sheet.src}: expected columns for {', '.join(missing)}; name them under [orders] in a mapping file"
            )
        shown |= {f"orders: {column}": name for name, column in columns.items()}
        _orders(sheet, mapping, people, Shelf(gate.products or known), gate)
    return shown


def _sheet(src: Path, table: str, named: Mapping[str, str], gate: Gate) -> tuple[Sheet, dict[str, str]]:
    """A sheet whose columns go by our names, and which columns those are."""
    header = {column.casefold(): column for column in read_sheet(src, table, Gate()).header}
    columns = dict(named)
    for name in FIELDS[table]:
        guesses = (name, *_GUESSES.get(name, ()))
        if not named and (column := next((header[guess] for guess in guesses if guess in header), None)):
            columns[name] = column
    sheet = read_sheet(src, table, gate, columns)
    # A column that happens to have one of our names is not ours unless it was named.
    own = tuple(Line(line.row, {name: line.cells[name] for name in columns}) for line in sheet.lines)
    return Sheet(src, tuple(columns), own), columns


def _place(line: Line) -> dict[str, str]:
    return {name: line.as_shown(name) for name in PLACE}


def _customer(line: Line, people: People) -> None:
    name = line.get("name") or sales.full_name(line.get("first_name"), line.get("last_name"))
    email, place = line.get("email"), _place(line)
    lang = line.get("lang").casefold()
    fields = {
        "customer_id": line.as_shown("customer_id") or sales.made_id(email, name, place["postal_code"]),
        "name": name,
        "latin_name": line.get("latin_name"),
        "email": email,
        "phone": line.as_shown("phone"),
        "address": sales.address(place),
        "lang": "zh" if lang.startswith(("zh", "中")) or (not lang and chinese(name)) else "en",
        "member_level": line.get("member_level"),
    }
    people.add(line.row, "customers", fields)


def _orders(sheet: Sheet, mapping: MappingFile, people: People, shelf: Shelf, gate: Gate) -> None:
    grouped: dict[str, list[Line]] = {}
    for line in sheet.lines:
        if number := line.as_shown("order_id"):
            grouped.setdefault(number, []).append(line)
        else:
            gate.reject("orders", line.row, "order_id: expected the order's number, the cell is empty")
    for number, lines in grouped.items():
        try:
            sale = _sale(number, lines[0], mapping)
        except ValueError as error:
            gate.reject("orders", lines[0].row, str(error))
        else:
            sales.take(sale, [_bought(line) for line in lines], people, shelf, gate)


def _bought(line: Line) -> Bought:
    item = line.get("item") or line.as_shown("sku")
    return Bought(line.row, line.as_shown("sku"), item, line.get("quantity"), line.get("price"))


def _sale(number: str, line: Line, mapping: MappingFile) -> Sale:
    place, word = _place(line), line.get("status").casefold()
    status = mapping.statuses.get(word, word.replace(" ", "_"))
    if status not in ORDER_STATUSES:
        raise ValueError(f"status: expected one of {', '.join(ORDER_STATUSES)}, or a word of [statuses]")
    delivered = sales.moment(line.get("delivered_at"), mapping.zone)
    expected = sales.moment(line.get("expected_on"))
    return Sale(
        row=line.row,
        order_id=number,
        status=status,
        total=line.get("total"),
        placed_at=sales.moment(line.get("placed_at"), mapping.zone),
        customer_id=line.as_shown("customer_id"),
        email=line.get("email"),
        name=line.get("name"),
        phone=line.as_shown("phone"),
        place=place,
        home=place,
        fields={
            "carrier": line.get("carrier") or None,
            "tracking_id": line.as_shown("tracking_id") or None,
            "expected_on": expected.date() if expected else None,
            "delivered_at": delivered,
            "payment_method": line.get("payment_method"),
        },
    )
