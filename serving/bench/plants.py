"""Made-up personal values and the messages that hold them: 100 a language, the same for the same seed.

Values are invented (reserved phone ranges, example domains, test card numbers) and unlike anything that a
shop's texts hold, so that finding one somewhere means that it leaked. Forms are those that customers write:
spaced, glued to the text around, full width. Not covered: spelled-out digits, pictures, other languages.
"""

import itertools
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from bot.session import Lang
from guardrails.findings import Kind

PER_LANGUAGE: Final = 100


@dataclass(frozen=True, slots=True)
class Plant:
    """One planted value. ``needles``: what of it must be found nowhere, parts that give it away included."""

    id: str
    kind: Kind
    value: str = field(repr=False)
    needles: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class PlantedTurn:
    """A customer's message with values in it. ``spans``: (kind, start, end) of each in ``text``."""

    lang: Lang
    text: str = field(repr=False)
    plants: tuple[Plant, ...]
    spans: tuple[tuple[Kind, int, int], ...]


_EN_FIRST: Final = (
    "Thessaly",
    "Corvina",
    "Oswald",
    "Marlena",
    "Barnaby",
    "Philippa",
    "Lysander",
    "Rosalind",
    "Cornelius",
    "Beatrix",
)
_EN_LAST: Final = (
    "Brankovic",
    "Whitlock",
    "Abernathy",
    "Featherstone",
    "Kowalczyk",
    "Ravensworth",
    "Okonkwo",
    "Lindqvist",
    "Pemberton",
    "Castellanos",
)
_ZH_FAMILY: Final = ("欧阳", "慕容", "林", "陈", "周", "沈", "顾", "陆", "谢", "韩")
_ZH_GIVEN: Final = ("晓岚", "若溪", "子墨", "雨桐", "思远", "佳音", "梓萱", "浩然", "静姝", "明轩")
_EN_STREETS: Final = (
    "Marlowe Quay Lane",
    "Thornbury Avenue",
    "Sable Creek Road",
    "Windermere Court",
    "Larkspur Street",
)
_EN_TOWNS: Final = (("Springfield", "IL", "627{:02d}"), ("Portland", "OR", "972{:02d}"), ("Albany", "NY", "122{:02d}"))
_ZH_PLACES: Final = (
    ("浙江省杭州市西湖区", "3100{:02d}"),
    ("广东省深圳市南山区", "5180{:02d}"),
    ("四川省成都市武侯区", "6100{:02d}"),
)
_ZH_ROADS: Final = ("听澜路", "栖云路", "拾光街", "望海东路", "枫桥街")
_WORDS: Final = (
    "quillfern",
    "brassowl",
    "mistheron",
    "copperwren",
    "lanternfox",
    "saltmarten",
    "ivyotter",
    "slatefinch",
)

_EN_LINES: Final = (
    "Hi, my name is {PERSON}. Where is my order? You can call me on {PHONE_NUMBER}.",
    "Please send the refund confirmation to {EMAIL_ADDRESS}, thanks.",
    "I moved, my new address is {ADDRESS}.",
    "my card number is {CREDIT_CARD} was I charged twice?",
    "This is {PERSON}, my zip code is {POSTAL_CODE}. What did I order last?",
    "add me on WeChat: {SOCIAL_ACCOUNT} or mail {EMAIL_ADDRESS}",
    "Do you need my ID? My passport number is {PASSPORT}.",
    "I'd like a recommendation for a desk lamp. Phone:{PHONE_NUMBER}",
    "My social security number is {ID_CARD}, does the invoice need it?",
    "Can I return the kettle? Name: {PERSON}, email: {EMAIL_ADDRESS}, phone: {PHONE_NUMBER}",
)  # fmt: skip
_ZH_LINES: Final = (
    "你好，我叫{PERSON}，手机号{PHONE_NUMBER}，帮我查下订单到哪了",
    "退款通知发到邮箱{EMAIL_ADDRESS}谢谢",
    "我搬家了，新地址是{ADDRESS}，还能改吗？",
    "我的银行卡号{CREDIT_CARD}是不是被扣了两次？",
    "我是{PERSON}，邮编{POSTAL_CODE}，上次买的是什么",
    "加我微信{SOCIAL_ACCOUNT}发一下保修卡",
    "开发票需要身份证吗？身份证号：{ID_CARD}",
    "推荐一款台灯，电话{PHONE_NUMBER}联系我",
    "收件人{PERSON}，电话{PHONE_NUMBER}，地址{ADDRESS}",
    "能退货吗？联系人：{PERSON}，邮箱：{EMAIL_ADDRESS}",
)  # fmt: skip


def turns(seed: int, per_language: int = PER_LANGUAGE) -> list[PlantedTurn]:
    """``per_language`` messages in English, then as many in Chinese. No value comes twice."""
    made: list[PlantedTurn] = []
    seen: set[str] = set()
    for lang, lines in (("en", _EN_LINES), ("zh", _ZH_LINES)):
        chance = random.Random(f"canary:{seed}:{lang}")
        for i in range(per_language):
            made.append(_turn("zh" if lang == "zh" else "en", lines[i % len(lines)], i, chance, seen))
    return made


def _turn(lang: Lang, line: str, number: int, chance: random.Random, seen: set[str]) -> PlantedTurn:
    text, plants, spans = "", [], []
    for piece in line.replace("}", "{").split("{"):
        maker = MAKERS[lang].get(piece)
        if maker is None:
            text += piece
            continue
        kind: Kind = piece  # type: ignore[assignment]  # the keys of MAKERS are kinds
        value, needles = maker(chance, number // 10)  # each line meets every form in turn
        for step in itertools.count(1):
            if value not in seen:
                break
            value, needles = maker(chance, number // 10 + step)
        seen.add(value)
        plants.append(Plant(f"{lang}-{number:03d}-{kind}", kind, value, (value, *needles)))
        spans.append((kind, len(text), len(text) + len(value)))
        text += value
    return PlantedTurn(lang, text, tuple(plants), tuple(spans))


Maker = Callable[[random.Random, int], tuple[str, Sequence[str]]]


def _digits(chance: random.Random, count: int) -> str:
    return "".join(chance.choice("0123456789") for _ in range(count))


def _person_en(chance: random.Random, number: int) -> tuple[str, Sequence[str]]:
    return f"{_EN_FIRST[number % 10]} {chance.choice(_EN_LAST)}", ()


def _person_zh(chance: random.Random, number: int) -> tuple[str, Sequence[str]]:
    return _ZH_FAMILY[number % 10] + chance.choice(_ZH_GIVEN), ()


def _phone_en(chance: random.Random, number: int) -> tuple[str, Sequence[str]]:
    area, line = chance.choice(("212", "415", "312", "646")), f"01{_digits(chance, 2)}"
    forms = (
        f"+1 {area} 555 {line}",
        f"({area}) 555-{line}",
        f"{area}-555-{line}",
        f"{area}555{line}",
        f"+1{area}555{line}",
    )
    return forms[number % len(forms)], (f"{area}555{line}",)


def _phone_zh(chance: random.Random, number: int) -> tuple[str, Sequence[str]]:
    last = _digits(chance, 4)
    plain = f"1380013{last}"
    wide = plain.translate({ord(d): ord(d) + 0xFEE0 for d in "0123456789"})
    forms = (plain, f"138 0013 {last}", f"138-0013-{last}", f"+86 {plain}", f"+86{plain}", wide)
    return forms[number % len(forms)], (plain,)


def _email(chance: random.Random, number: int) -> tuple[str, Sequence[str]]:
    local = f"{chance.choice(_WORDS)}{chance.choice(('', '.', '_'))}{_digits(chance, 4)}"
    return f"{local}@{chance.choice(('example.com', 'mail.example.com', 'example.cn'))}", (local,)


def _card(chance: random.Random, number: int) -> tuple[str, Sequence[str]]:
    body = f"4000{_digits(chance, 11)}"
    doubled = [int(d) * (2 - i % 2) for i, d in enumerate(body)]
    plain = body + str(-sum(d // 10 + d % 10 for d in doubled) % 10)
    groups = [plain[i : i + 4] for i in range(0, 16, 4)]
    return (plain, " ".join(groups), "-".join(groups))[number % 3], (plain,)


def _address_en(chance: random.Random, number: int) -> tuple[str, Sequence[str]]:
    street = f"{chance.randrange(1000, 9999)} {_EN_STREETS[number % 5]}"
    town, state, code = _EN_TOWNS[number % 3]
    return f"{street}, Apt {chance.randrange(2, 90)}, {town}, {state} {code.format(chance.randrange(100))}", (street,)


def _address_zh(chance: random.Random, number: int) -> tuple[str, Sequence[str]]:
    place, _ = _ZH_PLACES[number % 3]
    road = f"{_ZH_ROADS[number % 5]}{chance.randrange(100, 2000)}号"
    return f"{place}{road}{chance.randrange(1, 30)}栋{chance.randrange(101, 3200)}室", (road,)


def _postal_en(chance: random.Random, number: int) -> tuple[str, Sequence[str]]:
    return _EN_TOWNS[number % 3][2].format(chance.randrange(100)), ()


def _postal_zh(chance: random.Random, number: int) -> tuple[str, Sequence[str]]:
    return _ZH_PLACES[number % 3][1].format(chance.randrange(100)), ()


def _social(chance: random.Random, number: int) -> tuple[str, Sequence[str]]:
    return f"{chance.choice(('wx_', 'wxid_', ''))}{chance.choice(_WORDS)}_{_digits(chance, 4)}", ()


def _id_zh(chance: random.Random, number: int) -> tuple[str, Sequence[str]]:
    born = f"{chance.randrange(1955, 2004)}{chance.randrange(1, 13):02d}{chance.randrange(1, 29):02d}"
    body = f"110101{born}{_digits(chance, 3)}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11], (body,)


def _id_en(chance: random.Random, number: int) -> tuple[str, Sequence[str]]:
    parts = f"{chance.randrange(100, 665)}", f"{chance.randrange(10, 99)}", f"{chance.randrange(1000, 9999)}"
    return "-".join(parts), ("".join(parts),)


def _passport(chance: random.Random, number: int) -> tuple[str, Sequence[str]]:
    return f"{chance.choice('CEGX')}{_digits(chance, 8)}", ()


MAKERS: Final[Mapping[Lang, Mapping[str, Maker]]] = {
    "en": {
        "PERSON": _person_en, "PHONE_NUMBER": _phone_en, "EMAIL_ADDRESS": _email, "CREDIT_CARD": _card,
        "ADDRESS": _address_en, "POSTAL_CODE": _postal_en, "SOCIAL_ACCOUNT": _social, "ID_CARD": _id_en,
        "PASSPORT": _passport,
    },
    "zh": {
        "PERSON": _person_zh, "PHONE_NUMBER": _phone_zh, "EMAIL_ADDRESS": _email, "CREDIT_CARD": _card,
        "ADDRESS": _address_zh, "POSTAL_CODE": _postal_zh, "SOCIAL_ACCOUNT": _social, "ID_CARD": _id_zh,
    },
}  # fmt: skip
