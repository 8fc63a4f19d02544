"""Reply cases: facts made up at random, a question about them, a reply that holds only what they say.

Wording is in ``replies/<lang>/``; code picks a reply whose facts are all there. Policies are written
by hand whole: passage, questions, replies.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from finetune.corpus import augment, facts_made
from finetune.corpus.filling import Filling
from finetune.corpus.goods import Good, make_goods
from finetune.corpus.notation import ROOT, Lang

Case = dict[str, Any]
MAX_WORDS_EN: Final = 45
MAX_CHARS_ZH: Final = 90
_KINDS: Final = {"order": 30, "orders": 7, "product": 28, "products": 17, "policy": 18}
_ORDER_SLOTS: Final = {"last event": "event", "deliver to": "address"}
_FIELD_ASPECTS: Final = ("price", "stock", "options", "about")
_FOCUS_WEIGHTS: Final = {"where": 8, "when": 4, "late": 3, "carrier": 3, "delivered": 3}
_NEEDED: Final = re.compile(r"\{([a-z]+)\}")


@dataclass(slots=True)
class Bank:
    """The wording of one focus: questions, replies (with a condition before the bar), replies to a lack."""

    questions: list[str] = field(default_factory=list)
    replies: list[tuple[str, str]] = field(default_factory=list)
    lacking: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PolicyText:
    """A passage of a made-up shop with its questions and replies."""

    title: str
    passage: str
    pairs: tuple[tuple[str, str], ...]


def _rows(lang: Lang, kind: str) -> list[str]:
    text = (ROOT / "replies" / lang / f"{kind}.txt").read_text(encoding="utf-8")
    return [row.strip() for row in text.splitlines() if row.strip() and not row.startswith("#")]


@cache
def banks(lang: Lang, kind: str) -> dict[str, Bank]:
    """The wording of a kind by focus; one focus ``""`` where the file has none."""
    found: dict[str, Bank] = {}
    bank = found.setdefault("", Bank())
    for row in _rows(lang, kind):
        mark, _, rest = row.partition(" ")
        if mark == "=":
            bank = found.setdefault(rest, Bank())
        elif mark == "Q":
            bank.questions.append(rest)
        elif mark == "N":
            bank.lacking.append(rest)
        else:
            condition, bar, reply = rest.partition(" | ")
            bank.replies.append((condition, reply) if bar else (mark[1:], rest))
    return {focus: bank for focus, bank in found.items() if bank.questions}


@cache
def policies(lang: Lang) -> tuple[PolicyText, ...]:
    """All hand-written passages of a language."""
    found: list[list[str]] = []
    for row in _rows(lang, "policy"):
        if row.startswith("T "):
            found.append([])
        found[-1].append(row[2:])
    return tuple(PolicyText(block[0], block[1], tuple(zip(block[2::2], block[3::2], strict=True))) for block in found)


def _case(lang: Lang, question: str, kind: str, lines: list[str], reply: str) -> Case:
    facts = {"kind": kind, "lines": lines}
    return {"task": "reply", "lang": lang, "question": question, "facts": facts, "reply": reply}


def _fits(condition: str, reply: str, state: str, slots: dict[str, str]) -> bool:
    """Whether a reply may be used: ``!slot:states`` wants the slot to be missing."""
    lack, colon, states = condition.rpartition(":")
    if colon and lack[1:] in slots:
        return False
    if states != "*" and state not in states.split(","):
        return False
    return all(slot in slots for slot in _NEEDED.findall(reply))


def _order_case(rng: random.Random, lang: Lang) -> Case | None:
    made = facts_made.make_order(rng, lang)
    slots = {_ORDER_SLOTS.get(key, key): value for key, value in made.fields.items()}
    by_focus = banks(lang, "order")
    focus = rng.choices(list(by_focus), [_FOCUS_WEIGHTS.get(name, 2) for name in by_focus])[0]
    bank = by_focus[focus]
    fitting = [reply for condition, reply in bank.replies if _fits(condition, reply, made.state, slots)]
    if not fitting:
        return None
    question = rng.choice(bank.questions).format(**slots)
    lines = [f"{key}: {value}" for key, value in made.fields.items()]
    return _case(lang, question, "order", lines, rng.choice(fitting).format(**slots))


def _orders_case(rng: random.Random, lang: Lang) -> Case:
    rows = facts_made.make_list(rng, lang)
    comma, mark, and_ = (", ", "; ", " and ") if lang == "en" else ("，", "；", "")
    lines = [f"order {n}: {comma.join(row)}" for n, row in enumerate(rows, 1)]
    shapes = (
        ("{0} ({3}, {1})", "{0}, {3}, {1}", "{0} ({1})")
        if lang == "en"
        else ("{0}（{3}，{1}）", "{0} {3} {1}", "{0}（{1}）")
    )
    shape = rng.choice(shapes)
    named = [shape.format(*row) for row in rows]
    listed = and_.join(named) if lang == "en" and len(named) == 2 else mark.join(named)
    counts = {"en": ("", "", "two", "three", "four"), "zh": ("", "", "两", "三", "四")}[lang]
    bank = banks(lang, "orders")[""]
    reply = rng.choice(bank.replies)[1].format(list=listed, n=counts[len(rows)], first=rows[0][0])
    return _case(lang, rng.choice(bank.questions), "orders", lines, reply)


def _aspects(rng: random.Random, lang: Lang, made: facts_made.MadeProduct) -> tuple[str, bool]:
    """An aspect to ask for, and whether the facts hold it."""
    known = banks(lang, "product")
    roll = rng.random()
    held = [key for key in made.attributes if key in known]
    if roll < 0.4 and held:
        return rng.choice(held), True
    if roll < 0.7:
        return rng.choice([key for key in _FIELD_ASPECTS if key in made.fields]), True
    lacking = [key for key, bank in known.items() if bank.lacking and key not in made.attributes]
    return ("nothing" if rng.random() < 0.4 else rng.choice(lacking)), False


def _product_case(rng: random.Random, lang: Lang) -> Case:
    made = facts_made.make_product(rng, lang)
    aspect, held = _aspects(rng, lang, made)
    bank = banks(lang, "product")[aspect]
    slots = dict(made.fields)
    if held:
        slots["v"] = made.attributes.get(aspect) or made.fields[aspect]
        reply = rng.choice(bank.replies)[1]
    else:
        reply = rng.choice(bank.lacking)
    lines = [f"{key}: {value}" for key, value in made.fields.items()]
    return _case(lang, rng.choice(bank.questions).format(**slots), "product", lines, reply.format(**slots))


def _offer(rng: random.Random, lang: Lang, symbol: str, good: Good) -> tuple[str, list[str]]:
    """A product line and ways to say it. What is sold out is said to be."""
    price, comma = facts_made.money(rng, good.price, symbol), ", " if lang == "en" else "，"
    stock = facts_made.stock(rng, lang, good).split(comma)[0]
    why = [f"{key} {value}" for key, value in good.attributes.items()][: rng.choice([0, 1, 1, 2])]
    line = comma.join([good.name, price, stock, *why])
    if stock in ("sold out", "售罄"):
        gone = f"the {good.name} ({price}, sold out)" if lang == "en" else f"{good.name}（{price}，售罄）"
        return line, [gone] * 3
    if lang == "en":
        ways = [f"the {good.name} at {price}", f"the {good.name} ({price})", f"the {good.name} for {price}"]
        ways += [f"the {good.name} ({price}, {why[0]})"] if why else []
    else:
        ways = [f"{good.name}（{price}）", f"{price}的{good.name}", f"{good.name}，{price}"]
        ways += [f"{good.name}（{price}，{why[0]}）"] if why else []
    return line, ways


def _products_case(rng: random.Random, lang: Lang) -> Case:
    symbol = facts_made.symbol_for(rng)
    offers = [_offer(rng, lang, symbol, good) for good in make_goods(rng, lang, rng.choice([1, 2, 3, 3]))]
    way = rng.randrange(3)
    said = [ways[3] if len(ways) > 3 and rng.random() < 0.5 else ways[way] for _, ways in offers]
    bank = banks(lang, "products")[""]
    reply = rng.choice([text for need, text in bank.replies if int(need) == len(offers)])
    reply = reply.format(**dict(zip("abc", said, strict=False)))
    if lang == "en":
        reply = reply[0].upper() + reply[1:]
    lines = [f"product {n}: {line}" for n, (line, _) in enumerate(offers, 1)]
    return _case(lang, Filling(rng, lang).fill(rng.choice(bank.questions)), "products", lines, reply)


def _policy_case(rng: random.Random, lang: Lang) -> Case:
    text = rng.choice(policies(lang))
    question, reply = rng.choice(text.pairs)
    lines = [f"title: {text.title}", f"passage: {text.passage}"]
    return _case(lang, question, "policy", lines, reply)


_MAKERS: Final = {
    "order": _order_case, "orders": _orders_case, "product": _product_case, "products": _products_case,
    "policy": _policy_case,
}  # fmt: skip


def _short(lang: Lang, reply: str) -> bool:
    return len(reply) <= MAX_CHARS_ZH if lang == "zh" else len(reply.split()) <= MAX_WORDS_EN


def _roughened(rng: random.Random, lang: Lang, question: str) -> str:
    if rng.random() < 0.1:
        question = augment.opening(rng, lang) + question
    if rng.random() < 0.1:
        question = question + augment.ending(rng, lang)
    if rng.random() < 0.15:
        question = augment.punctuate(rng, lang, question)
    return re.sub(r"\s+", " ", question).strip()


def reply_cases(rng: random.Random, lang: Lang) -> Iterator[Case]:
    """Cases without end; the caller takes as many as it wants."""
    while True:
        case = _MAKERS[rng.choices(list(_KINDS), list(_KINDS.values()))[0]](rng, lang)
        if case is not None and _short(lang, case["reply"]):
            case["question"] = _roughened(rng, lang, case["question"])
            yield case
