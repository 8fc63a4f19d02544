"""``python -m bot.shop.demo FOLDER``: writes the demo shop there and imports it."""

import argparse
from pathlib import Path

from bot.shop.demo import SEED, generate
from bot.shop.store import import_folder


def main() -> None:
    """Writes, imports, says how many."""
    parser = argparse.ArgumentParser(prog="python -m bot.shop.demo", description="Write and import the demo shop.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args()
    generate(given.folder, given.seed)
    report = import_folder(given.folder)
    print(", ".join(f"{count} {table}" for table, count in report.imported.items()))  # noqa: T201 - a command's answer


if __name__ == "__main__":
    main()
