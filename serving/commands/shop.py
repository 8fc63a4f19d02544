"""``tactful shop``: the demo shop, shop folders from other shops' files, and back."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bot.shop.report import ImportReport

app = typer.Typer(no_args_is_help=True, help="Shop folders. 店铺数据。")
Json = Annotated[bool, typer.Option("--json", help="Report as JSON.")]


@app.command()
def demo(folder: Path) -> None:
    """Write the demo shop, the same bytes each time. 生成演示店铺。 Example: tactful shop demo demo-shop"""
    from bot.shop.demo import generate

    generate(folder)
    print(f"demo shop written to {folder}")


@app.command("import")
def import_(
    src: Path,
    to: Annotated[Path, typer.Option(help="shop folder to write")],
    fmt: Annotated[str, typer.Option("--format", help="tau2, shopify, woocommerce, csv or jsonl")] = "jsonl",
    mapping: Annotated[Path | None, typer.Option(help="TOML file: which column is which field")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="show how columns are read, write nothing")] = False,
    as_json: Json = False,
) -> None:
    """Make a shop folder from a file or a folder of them; rejected rows are listed. 导入店铺数据。

    Example: tactful shop import exports --format shopify --to shop --dry-run
    """
    from bot.shop.errors import ShopError
    from bot.shop.imports import import_shop

    try:
        report = import_shop(src, fmt, to, dry_run=dry_run, mapping=mapping)  # type: ignore[arg-type]  # checked there
    except (ShopError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from None
    if as_json:
        print(json.dumps(_plain(report) | {"written": not dry_run}, ensure_ascii=False))
        return
    if dry_run:
        _columns(report.mapping)
    _rows(report, "would be imported" if dry_run else "imported")
    if not dry_run and (said := report.mapping.get("currency of prices")):
        print(f"currency of prices: {said}", file=sys.stderr)


@app.command()
def export(
    folder: Path,
    to: Annotated[Path, typer.Option(help="folder to write, or products.jsonl, customers.jsonl, orders.jsonl")],
    as_json: Json = False,
) -> None:
    """Write a shop back as files, with all that was changed since its import. 导出店铺数据。

    Example: tactful shop export build/my-shop --to build/my-shop-files
    """
    from bot.shop.errors import ShopError
    from bot.shop.imports import export_shop

    try:
        report = export_shop(folder, to)
    except (ShopError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from None
    if as_json:
        print(json.dumps(_plain(report), ensure_ascii=False))
    else:
        _rows(report, "exported")


def _plain(report: "ImportReport") -> dict[str, object]:
    return {
        "mapping": dict(report.mapping),
        "rows": dict(report.imported),
        "rejected": [{"table": row.table, "row": row.row, "reason": row.reason} for row in report.rejected],
    }


def _columns(mapping: Mapping[str, str]) -> None:
    for column, field in mapping.items():
        print(f"{column} -> {field}")


def _rows(report: "ImportReport", done: str) -> None:
    for table, count in report.imported.items():
        print(f"{table}: {count} {done}")
    for row in report.rejected:
        print(f"{row.table} row {row.row}: rejected, {row.reason}", file=sys.stderr)
