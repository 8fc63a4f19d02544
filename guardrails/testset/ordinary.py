"""Messages without personal data, and messages whose ids must stay readable, English and Chinese.

Ordinary lines hold what looks like personal data and is not: products named like people, places, restaurants, films,
invented public figures, order and parcel numbers. Kept lines may hold a personal value beside the id; it is not marked.
"""

from collections.abc import Iterator
from random import Random

from guardrails.testset.fill import pieces, rounds, spans
from guardrails.testset.personal import Marked, values
from guardrails.testset.shop_values import SHOP_VALUES
from guardrails.testset.texts import Lang, lines

_KEPT = frozenset({"order", "tracking", "sku", "model", "coupon", "amount", "size"})


def ordinary_messages(lang: Lang, seed: int, count: int) -> Iterator[Marked]:
    """`count` messages in which a guard must find nothing."""
    rng = Random(f"ordinary {lang} {seed}")
    for template in rounds(lines(f"ordinary_{lang}.txt"), rng, count):
        parts = pieces(template, rng, lambda slot: SHOP_VALUES[lang][slot.rstrip("0123456789")](rng))
        yield Marked("".join(part.text for part in parts), lang, ())


def kept_ids(lang: Lang, seed: int, count: int) -> Iterator[tuple[str, list[tuple[int, int]]]]:
    """`count` pairs of a message and the places in it that must stay readable."""
    rng = Random(f"kept {lang} {seed}")
    for template in rounds(lines(f"kept_{lang}.txt"), rng, count):
        parts = pieces(template, rng, values(lang, rng))
        yield "".join(part.text for part in parts), [(start, end) for start, end, slot in spans(parts) if slot in _KEPT]
