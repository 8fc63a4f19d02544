"""What the customers of a benchmark say: a fixed talk of fourteen turns a language, filled from a shop folder.

Each customer asks for orders and products of his own, drawn with a seed, so that caches help as much as
they would in a shop and no more. A benchmark measures time, not answers: it does not check what comes back.
"""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bot.session import Lang
from serving.evaluation.transcripts import UsageError

TALKS: Final[Mapping[Lang, tuple[str, ...]]] = {
    "en": (
        "Hi there!",
        "Could you recommend something from {category} for a birthday present?",
        "How much is the {product_name}, and do you have it in stock?",
        "What is it made of?",
        "Can I return something that I have already opened?",
        "Where is my order {order_id}?",
        "My e-mail address is {email}",
        "When will it arrive?",
        "Do you ship to other countries, and what does it cost?",
        "Show me my other orders please",
        "Do you have a {other_name}?",
        "How do I get an invoice for my company?",
        "How long is the warranty?",
        "Thanks, that's all!",
    ),
    "zh": (
        "你好",
        "想送朋友生日礼物，{category}里有什么推荐的吗？",
        "{product_name}多少钱，有现货吗？",
        "是什么材质的？",
        "拆开用过还能退货吗？",
        "我的订单{order_id}到哪里了？",
        "我的邮箱是{email}",
        "大概什么时候能到？",
        "运费怎么算，能寄到国外吗？",
        "帮我看看我的其他订单",
        "有没有{other_name}？",
        "发票怎么开？公司抬头可以吗？",
        "保修多久？",
        "谢谢，没有别的问题了",
    ),
}


@dataclass(frozen=True, slots=True)
class Talk:
    """One customer's lines."""

    lang: Lang
    lines: tuple[str, ...]


def talks(shop: Path, lang: Lang, customers: int, seed: int = 1) -> list[Talk]:
    """``customers`` different talks in ``lang``.

    Raises:
        UsageError: the folder holds no shop.
    """
    orders, owners, products = (_rows(shop / f"{name}.jsonl") for name in ("orders", "customers", "products"))
    emails = {str(row["customer_id"]): str(row["email"]) for row in owners}
    usable = [row for row in orders if str(row["customer_id"]) in emails]
    if not usable or not products:
        raise UsageError(f"expected orders, customers and products in the shop folder {shop}")
    chance = random.Random(f"{seed}:{lang}")
    chosen = [usable[i % len(usable)] for i in chance.sample(range(max(customers, len(usable))), customers)]
    return [_talk(lang, order, emails[str(order["customer_id"])], products, chance) for order in chosen]


def _talk(
    lang: Lang, order: Mapping[str, Any], email: str, products: Sequence[Mapping[str, Any]], chance: random.Random
) -> Talk:
    one, other = chance.choice(products), chance.choice(products)
    words = {
        "order_id": str(order["order_id"]),
        "email": email,
        "category": _word(one, "category", lang),
        "product_name": _word(one, "name", lang),
        "other_name": _word(other, "name", lang),
    }
    return Talk(lang, tuple(line.format(**words) for line in TALKS[lang]))


def _word(product: Mapping[str, Any], key: str, lang: Lang) -> str:
    """A field in ``lang``, or in whatever language the shop has it."""
    names = (f"{key}_{lang}", key, f"{key}_en", f"{key}_zh")
    return next((str(product[name]) for name in names if product.get(name)), key)


def _rows(path: Path) -> list[dict[str, Any]]:
    try:
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise UsageError(f"expected a shop file {path}, got {type(error).__name__}") from None
