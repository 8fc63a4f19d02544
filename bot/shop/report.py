"""What an import did: how fields were read, how many rows came in, which stayed out and why."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.shop.errors import ShopFolderError
from bot.shop.folder import TABLES, Contents, Rejected

__all__ = ["ImportReport", "Rejected"]


@dataclass(frozen=True, slots=True)
class ImportReport:
    """Result of an import. ``mapping``: source field → our field, in words; ``imported``: table → rows."""

    mapping: Mapping[str, str]
    imported: Mapping[str, int]
    rejected: tuple[Rejected, ...] = field(default=())

    @classmethod
    def of(cls, contents: Contents, mapping: Mapping[str, str] | None = None) -> "ImportReport":
        """The report on what a source brought."""
        counts = {table: len(getattr(contents, table)) for table in (*TABLES, "policies")}
        return cls(mapping or {}, counts, contents.rejected)

    def write_rejected(self, path: Path) -> None:
        """Writes ``table,row,reason`` as CSV; no values of the rows. Removes an old list when nothing was rejected.

        Raises:
            ShopFolderError: the list cannot be written.
        """
        try:
            if not self.rejected:
                path.unlink(missing_ok=True)
                return
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(["table", "row", "reason"])
                writer.writerows([r.table, r.row, r.reason] for r in self.rejected)
        except OSError as error:
            raise ShopFolderError(f"{path}: cannot be written: {error.strerror}") from error
