"""Transcripts of customers who do not exist, in the form a shop's own transcripts must have.

One dialogue a line; customers differ in wording, goods and typing. The same seed gives the same bytes, and a customer
is the same however many others there are. It does not conceal: values stand openly, as people type them.
"""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

from finetune.corpus.notation import LANGS, Lang, Line
from finetune.private import openly, wording
from finetune.private.shoppers import Shopper

CUSTOMERS: Final = 12_000
_DIALOGUES: Final = (34, 22, 14, 9, 6, 5, 4, 3, 2, 1)
"""Weights of one to ten dialogues."""
_TURNS: Final = (42, 32, 17, 9)
"""Weights of one to four messages of the customer in a dialogue."""
_FIRST: Final = {
    "track_order": 13, "service": 22, "ask_policy": 16, "ask_product": 11, "find_product": 12, "find_openers": 4,
    "list_orders": 3, "multi": 9, "human": 3, "out_of_scope": 3, "unclear": 2, "small_talk": 3, "give": 1,
    "affirm_deny": 1,
}  # fmt: skip
_NEXT: Final = {
    "track_order": {"give": 10, "list_orders": 2, "choose": 3, "service": 3, "multi": 2, "track_order": 2},
    "service": {"give": 8, "service": 4, "affirm_deny": 6, "list_orders": 2, "multi": 2, "ask_policy": 2},
    "find_product": {"choose": 10, "find_product": 4, "ask_product": 5, "affirm_deny": 3, "multi": 2},
    "ask_product": {"ask_product": 6, "ask_policy": 2, "find_product": 2},
    "human": {"affirm_deny": 5},
}
_ALIKE: Final = {
    "find_openers": "find_product",
    "list_orders": "track_order",
    "multi": "track_order",
    "give": "service",
}
_CLOSING: Final = 0.25
_EPOCH: Final = datetime(2026, 1, 5, 7, tzinfo=UTC)
_REPLIES: Final[dict[Lang, dict[str | None, str]]] = {
    "en": {
        "order": "Which order is it about?",
        "identity": "Could you tell me your e-mail address, or your name and postal code?",
        "choice": "Here is what I found.",
        "confirm_handoff": "Shall I put you through to a colleague?",
        "product": "Which product do you mean?",
    },
    "zh": {
        "order": "请问是哪个订单？",
        "identity": "请告诉我您的邮箱，或者姓名和邮编。",
        "choice": "为您找到这些。",
        "confirm_handoff": "需要为您转接同事吗？",
        "product": "请问是哪件商品？",
    },
}


def dialogues(seed: int, customers: int = CUSTOMERS) -> Iterator[dict[str, Any]]:
    """The dialogues of all customers, one customer after the other; languages take turns."""
    for number in range(customers):
        shopper = Shopper.draw(seed, number, LANGS[number % len(LANGS)])
        rng = random.Random(f"{seed}:dialogues:{number}")
        for n in range(1, 1 + rng.choices(range(1, 11), _DIALOGUES)[0]):
            yield _dialogue(rng, shopper, n)


def write(path: Path, seed: int, customers: int = CUSTOMERS) -> int:
    """Writes the dialogues as JSON lines while they are made; returns how many."""
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for dialogue in dialogues(seed, customers):
            file.write(json.dumps(dialogue, ensure_ascii=False) + "\n")
            count += 1
    return count


def _dialogue(rng: random.Random, shopper: Shopper, n: int) -> dict[str, Any]:
    started = _EPOCH + timedelta(minutes=rng.randrange(60 * 24 * 300))
    return {
        "id": f"{shopper.id}-{n}",
        "customer": shopper.id,
        "started_at": started.isoformat(),
        "lang": shopper.lang,
        "consent": rng.random() < shopper.consent,
        "messages": list(_messages(rng, shopper)),
    }


def _messages(rng: random.Random, shopper: Shopper) -> Iterator[dict[str, Any]]:
    slots = wording.Slots(rng, shopper)
    stem = ""
    turns = rng.choices(range(1, 5), _TURNS)[0]
    for turn in range(turns):
        stem, answers = _stem(rng, shopper, stem, last=turn > 0 and turn == turns - 1)
        line = _line(rng, shopper, stem, answers)
        message = openly.add(rng, shopper, stem, wording.write(rng, shopper, slots, stem, line))
        if turn:
            said = _REPLIES[shopper.lang].get(message["context"]["awaiting"])
            if said:
                yield {"role": "assistant", "content": said}
        yield message


def _stem(rng: random.Random, shopper: Shopper, before: str, *, last: bool) -> tuple[str, bool]:
    """The file of the next message, and whether it answers what came before."""
    if last and rng.random() < _CLOSING:
        return "small_talk", False
    following = _NEXT.get(_ALIKE.get(before, before))
    weights = following or _FIRST
    stems = [stem for stem in weights if shopper.lines(stem)]
    return rng.choices(stems, [weights[stem] for stem in stems])[0], following is not None


def _line(rng: random.Random, shopper: Shopper, stem: str, answers: bool) -> Line:
    """One of the customer's lines; where it answers the shop, one whose context waits for something if there is one."""
    lines = shopper.lines(stem)
    if answers:
        lines = tuple(line for line in lines if _waits(line)) or lines
    return rng.choice(lines)


@cache
def _waits(line: Line) -> bool:
    return any(key in ("awaiting", "offered", "doing") for key, _ in line.context or ())
