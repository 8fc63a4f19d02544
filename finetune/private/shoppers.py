"""What makes one simulated customer differ from another: favourite goods, own wording, the way of typing.

A customer is drawn from the seed and a number alone, so no other customer changes it.
"""

import random
import re
from dataclasses import dataclass, field
from typing import Final, Literal

from finetune.corpus import augment
from finetune.corpus.notation import Lang, Line
from finetune.private import lists, people

OrderStyle = Literal["plain", "lower", "hash", "dash", "gap", "digits"]
_ORDER_STYLES: Final[dict[OrderStyle, int]] = {"plain": 50, "lower": 20, "digits": 10, "hash": 8, "dash": 6, "gap": 6}
_OWN_SHARE: Final = 0.35
_OWN_LEAST: Final = 4
_GREETINGS: Final[dict[Lang, tuple[str, ...]]] = {
    "en": ("hiya, ", "Hullo, ", "hey folks, ", "right, ", "Afternoon. ", "Hello there, ", "alright? ", "me again, "),
    "zh": ("在不在，", "老板，", "又是我，", "掌柜的，", "哈喽，", "你好呀，", "早，", "打扰哈，"),
}
_ENDINGS: Final[dict[Lang, tuple[str, ...]]] = {
    "en": (" ta", " 🍊", " xx", " 🤞", " many thanks", " 😬", " cheers", " x", " lol", " 🙈", " !!"),
    "zh": ("🍊", "哈", "噻", "~~", "谢啦", "😂", "麻烦咯", "🤞", "！！", "哦"),
}


@dataclass(frozen=True)
class Shopper:
    """A simulated customer. ``number`` counts from 0; ``slips`` is the share of messages with a typing slip."""

    id: str
    number: int
    lang: Lang
    consent: float
    person: people.Person
    favourites: tuple[str, ...]
    order_style: OrderStyle
    lower: bool
    bare: bool
    greeting: str
    ending: str
    slips: float
    _own: dict[str, tuple[Line, ...]] = field(default_factory=dict)

    @classmethod
    def draw(cls, seed: int, number: int, lang: Lang) -> "Shopper":
        """The customer of a number."""
        rng = random.Random(f"{seed}:shopper:{number}")
        return cls(
            id=f"C{100_000 + number}",
            number=number,
            lang=lang,
            consent=0.0 if rng.random() < 0.045 else rng.choice((1.0, 1.0, 0.955)),
            person=people.draw(rng, lang),
            favourites=tuple(rng.sample(lists.products(lang), 6)),
            order_style=rng.choices(list(_ORDER_STYLES), list(_ORDER_STYLES.values()))[0],
            lower=lang == "en" and rng.random() < 0.3,
            bare=rng.random() < 0.25,
            greeting=rng.choice(_GREETINGS[lang]) if rng.random() < 0.25 else "",
            ending=rng.choice(_ENDINGS[lang]) if rng.random() < 0.3 else "",
            slips=rng.choice((0.0, 0.0, 0.05, 0.2)),
            _own=_own_lines(rng, lang),
        )

    def lines(self, stem: str) -> tuple[Line, ...]:
        """The lines of a file that this customer uses."""
        return self._own.get(stem, ())

    def order(self, rng: random.Random) -> str:
        """A new order number, written as this customer writes them."""
        digits = str(rng.randint(10_000_000, 99_999_999))
        match self.order_style:
            case "plain":
                return f"TF{digits}"
            case "lower":
                return f"tf{digits}"
            case "hash":
                return f"#TF{digits}"
            case "dash":
                return f"TF-{digits}"
            case "gap":
                return f"TF {digits[:4]} {digits[4:]}"
            case "digits":
                return digits

    def typed(self, rng: random.Random, piece: str) -> str:
        """A literal piece of a message as this customer's fingers give it."""
        if self.slips and rng.random() < self.slips:
            piece = augment.typo(rng, piece)
        if self.bare:
            piece = re.sub(r"[,?!，。？！]|\.(?=\s|$)", " " if self.lang == "zh" else "", piece)
        return piece.lower() if self.lower else piece


def _own_lines(rng: random.Random, lang: Lang) -> dict[str, tuple[Line, ...]]:
    """About a third of the lines of each file: people have their own words."""
    own = {}
    for stem, lines in lists.utterances(lang).items():
        size = min(len(lines), max(_OWN_LEAST, round(len(lines) * _OWN_SHARE)))
        own[stem] = tuple(rng.sample(lines, size))
    return own
