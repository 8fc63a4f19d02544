"""From a source into a shop folder, and out again. Good rows come in, the others are listed with a reason.

Formats: ``tau2`` (a benchmark's database), ``shopify`` and ``woocommerce`` (their CSV exports), ``jsonl`` (a shop
folder, or one of its files), ``csv`` (tables of any shop system; ``jsonl`` with a mapping reads them too). What a
source does not have stays as it is in the folder: a CSV of products keeps customers, orders, policies, ``shop.toml``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal, get_args

from bot.shop import imports_shopify, imports_tables, imports_woocommerce, tau2
from bot.shop.database import DATABASE, replaceable
from bot.shop.errors import ShopFolderError
from bot.shop.folder import TABLES, Contents, Gate, adapter, read_folder, read_info, read_table, write_folder
from bot.shop.mapping import MappingFile, read_mapping
from bot.shop.records import Product, ShopInfo
from bot.shop.report import ImportReport, Rejected
from bot.shop.store import import_folder, open_shop

Format = Literal["tau2", "shopify", "woocommerce", "jsonl", "csv"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)
REJECTED: Final = "rejected.csv"
_ASSUMED: Final = "USD"

__all__ = ["FORMATS", "Format", "ImportReport", "Rejected", "export_shop", "import_shop"]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is to be read, and into which folder."""

    src: Path
    to: Path
    path: Path | None
    mapping: MappingFile

    def known(self) -> tuple[Product, ...]:
        """Products that the folder has already: what a file of orders alone is about."""
        gate = Gate()
        read_table(self.to / "products.jsonl", "products", gate)
        return tuple(gate.products)

    def info(self, currency: str = "") -> tuple[ShopInfo, dict[str, str]]:
        """The shop itself: from the mapping, the folder, the source; else the currency is assumed, and said so."""
        if self.mapping.currency:
            return self.mapping.info, {}
        if currency:
            return replace(self.mapping.info, currency=currency), {"Currency": "shop.toml currency"}
        if (self.to / "shop.toml").exists():
            return replace(self.mapping.info, currency=read_info(self.to).currency), {}
        said = f"assumed to be {_ASSUMED}; [shop] currency in a mapping file or shop.toml says otherwise"
        return replace(self.mapping.info, currency=_ASSUMED), {"currency of prices": said}


def import_shop(
    src: Path, fmt: Format, to: Path, dry_run: bool = False, *, mapping: Path | None = None
) -> ImportReport:
    """Reads ``src`` and makes ``to`` a shop folder with ``shop.sqlite`` and, if rows stayed out, ``rejected.csv``.

    Args:
        src: A file, or a folder where the format has one.
        fmt: One of ``FORMATS``.
        to: The shop folder; made when missing. The source itself is allowed: its files are then left as they are.
        dry_run: Only the report: how fields are read, how many rows would come in, which would not.
        mapping: The mapping file. For ``csv`` without one: ``<src>.toml``, or a guess from the headers.

    Raises:
        ShopFolderError: the source cannot be understood, or ``to`` is a shop in another currency.
        ShopStoreError: ``shop.sqlite`` cannot be written; the former one is still there.
    """
    if not src.exists():
        raise ShopFolderError(f"expected a file or folder at {src}, found none")
    contents, how = _read(src, fmt, to, mapping)
    report = ImportReport.of(contents, how)
    if dry_run:
        return report
    if fmt == "jsonl" and to.resolve() == (src.resolve() if src.is_dir() else src.resolve().parent):
        import_folder(to)  # its own files: rewriting them would lose the rejected rows
    else:
        _check_currency(contents, to)
        with replaceable(to / DATABASE):  # before the files change
            pass
        write_folder(contents, to, keep=True)
        report = replace(report, rejected=report.rejected + import_folder(to).rejected)
    report.write_rejected(to / REJECTED)
    return report


def export_shop(folder: Path, to: Path) -> ImportReport:
    """Writes what is in a shop's ``shop.sqlite`` as files: what was changed there since it was imported too.

    Args:
        folder: The shop folder.
        to: A folder, or one file ``products.jsonl``, ``customers.jsonl`` or ``orders.jsonl``.

    Raises:
        ShopFolderError: ``folder`` is no shop, or ``to`` is in it.
        ShopStoreError: ``shop.sqlite`` cannot be read.
    """
    table = to.stem if to.suffix == ".jsonl" else None
    if table is not None and table not in TABLES:
        raise ShopFolderError(f"expected a file named {', '.join(f'{t}.jsonl' for t in TABLES)}, got {to.name}")
    if folder.resolve() == (to if table is None else to.parent).resolve():
        raise ShopFolderError(f"expected another folder to export to, got the shop itself: {to}")
    shop = open_shop(folder, as_it_is=True)
    try:
        contents = shop.contents()
    finally:
        shop.close()
    if table is None:
        write_folder(contents, to)
        return ImportReport.of(contents)
    _write_table(getattr(contents, table), to)
    return ImportReport.of(Contents(contents.info, **{table: getattr(contents, table)}))


def _write_table(rows: Sequence[Any], to: Path) -> None:
    fresh = to.with_name(f".{to.name}.new")
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(b"".join(adapter(type(row)).dump_json(row) + b"\n" for row in rows))
        fresh.replace(to)
    except OSError as error:
        raise ShopFolderError(f"{to}: cannot be written: {error.strerror}") from error
    finally:
        fresh.unlink(missing_ok=True)


def _read(src: Path, fmt: Format, to: Path, path: Path | None) -> tuple[Contents, dict[str, str]]:
    match fmt:
        case "tau2":
            return tau2.read(src), dict(tau2.MAPPING)
        case "jsonl" if path is None:
            contents = read_folder(src) if src.is_dir() else _one_table(src, to)
            return contents, {"each field": "the field of the same name"}
        case "csv" | "jsonl":
            beside = src.with_suffix(".toml")
            path = path or (beside if src.is_file() and beside.is_file() else None)
            return _tables(_Asked(src, to, path, read_mapping(path) if path else MappingFile()))
        case "shopify" | "woocommerce":
            asked = _Asked(src, to, path, read_mapping(path, foreign=True) if path else MappingFile())
            return _shopify(asked) if fmt == "shopify" else _woocommerce(asked)
        case _:
            raise ShopFolderError(f"expected a format of {', '.join(FORMATS)}, got {fmt!r}")


def _tables(asked: _Asked) -> tuple[Contents, dict[str, str]]:
    gate = Gate()
    files = imports_tables.files_of(asked.src, asked.mapping)
    shown = imports_tables.read(files, asked.path, asked.mapping, asked.known(), gate)
    return _sorted(gate, asked.mapping.info), shown


def _shopify(asked: _Asked) -> tuple[Contents, dict[str, str]]:
    gate = Gate()
    files = sorted(asked.src.glob("*.csv")) if asked.src.is_dir() else [asked.src]
    currency = imports_shopify.read(files, asked.known(), gate, asked.mapping.columns)
    if not (gate.products or gate.customers or gate.orders or gate.rejected):
        raise ShopFolderError(f"{asked.src}: expected CSV exports of Shopify, found none")
    info, said = asked.info(currency)
    if info.order_pattern == ShopInfo().order_pattern and gate.orders:
        info = replace(info, order_pattern=imports_shopify.order_pattern(gate.orders))
    return _sorted(gate, info), dict(imports_shopify.MAPPING) | said


def _woocommerce(asked: _Asked) -> tuple[Contents, dict[str, str]]:
    gate = Gate()
    files = sorted(asked.src.glob("*.csv")) if asked.src.is_dir() else [asked.src]
    if len(files) != 1:
        raise ShopFolderError(f"{asked.src}: expected one CSV file, found {len(files)}; name the file")
    imports_woocommerce.read(files[0], gate, asked.mapping.columns)
    info, said = asked.info()
    return _sorted(gate, info), dict(imports_woocommerce.MAPPING) | said


def _sorted(gate: Gate, info: ShopInfo) -> Contents:
    order: Mapping[str, int] = {table: place for place, table in enumerate(TABLES)}
    gate.rejected.sort(key=lambda rejected: (order.get(rejected.table, len(order)), rejected.row))
    return gate.contents(info)


def _one_table(src: Path, to: Path) -> Contents:
    """One JSONL file in the place of its table; the other tables as they are in ``to``."""
    if src.stem not in TABLES:
        raise ShopFolderError(f"expected a file named {', '.join(f'{t}.jsonl' for t in TABLES)}, got {src.name}")
    gate = Gate()
    for table in TABLES:  # the others too: orders need their customers, SKUs must not be taken
        read_table(src if table == src.stem else to / f"{table}.jsonl", table, gate)
    everything = gate.contents(read_info(to) if (to / "shop.toml").exists() else ShopInfo())
    own = {src.stem: getattr(everything, src.stem)}
    return Contents(everything.info, **own, rejected=tuple(r for r in gate.rejected if r.table == src.stem))


def _check_currency(contents: Contents, to: Path) -> None:
    if not contents.products or not (to / "shop.toml").exists():
        return
    ours, theirs = read_info(to).currency, contents.info.currency
    if ours != theirs:
        raise ShopFolderError(f"{to} is a shop in {ours}, the source is in {theirs}; use another folder")
