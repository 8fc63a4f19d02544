"""From a source into a shop folder, and out again. Good rows come in, the others are listed with a reason.

Formats: ``tau2`` (a benchmark's database), ``jsonl`` (a shop folder, or one of its files), ``csv`` (products
of any shop system, with a mapping). What a source does not have stays as it is in the folder: a CSV of
products keeps customers, orders, policies and ``shop.toml``.
"""

from dataclasses import replace
from pathlib import Path
from typing import Final, Literal, get_args

from bot.shop import tables, tau2
from bot.shop.database import DATABASE, replaceable
from bot.shop.errors import ShopFolderError
from bot.shop.folder import TABLES, Contents, Gate, read_folder, read_info, read_table, write_folder
from bot.shop.records import ShopInfo
from bot.shop.report import ImportReport, Rejected
from bot.shop.store import import_folder, open_shop

Format = Literal["tau2", "jsonl", "csv"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)
REJECTED: Final = "rejected.csv"

__all__ = ["FORMATS", "Format", "ImportReport", "Rejected", "export_shop", "import_shop"]


def import_shop(
    src: Path, fmt: Format, to: Path, dry_run: bool = False, *, mapping: Path | None = None
) -> ImportReport:
    """Reads ``src`` and makes ``to`` a shop folder with ``shop.sqlite`` and, if rows stayed out, ``rejected.csv``.

    Args:
        src: A file, or a folder where the format has one.
        fmt: One of ``FORMATS``.
        to: The shop folder; made when missing. The source itself is allowed: its files are then left as they are.
        dry_run: Only the report: how fields are read, how many rows would come in, which would not.
        mapping: For ``csv``: the mapping file; without it ``<src>.toml`` or a guess from the headers.

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
    """Writes what is in a shop's ``shop.sqlite`` as files into ``to``.

    Raises:
        ShopFolderError: ``folder`` is no shop, or ``to`` is the same folder.
        ShopStoreError: ``shop.sqlite`` cannot be read.
    """
    if folder.resolve() == to.resolve():
        raise ShopFolderError(f"expected another folder to export to, got the shop itself: {to}")
    shop = open_shop(folder, as_it_is=True)
    try:
        contents = shop.contents()
    finally:
        shop.close()
    write_folder(contents, to)
    return ImportReport.of(contents)


def _read(src: Path, fmt: Format, to: Path, mapping: Path | None) -> tuple[Contents, dict[str, str]]:
    match fmt:
        case "tau2":
            return tau2.read(src), dict(tau2.MAPPING)
        case "csv":
            contents, columns = tables.read(src, mapping)
            return contents, columns.shown()
        case "jsonl":
            contents = read_folder(src) if src.is_dir() else _one_table(src, to)
            return contents, {"each field": "the field of the same name"}
        case _:
            raise ShopFolderError(f"expected a format of {', '.join(FORMATS)}, got {fmt!r}")


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
