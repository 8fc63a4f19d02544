"""What a shop's texts hold that is nobody's data: order and parcel numbers, SKUs, amounts, sizes, dates, products.

Products carry names like people's on purpose. These are the values that a guard has to leave readable.
"""

import string
from collections.abc import Callable
from random import Random

from guardrails.testset.names import chinese_names, english_names
from guardrails.testset.numbers import digits, luhn
from guardrails.testset.texts import Lang, under_heads

_COLOURS = ("BLK", "RED", "OAK", "NVY", "GRY", "IVR")


def _letters(rng: Random, count: int) -> str:
    return "".join(rng.choices(string.ascii_uppercase, k=count))


def order(rng: Random) -> str:
    """An order number of one of the formats that shops use."""
    return rng.choice(
        (
            f"#W{digits(rng, 7)}",
            f"{_letters(rng, 2)}-{digits(rng, 4)}-{digits(rng, 2)}",
            f"33{digits(rng, 8)}",
            f"#{rng.randint(1000, 99999)}",
            f"ORD-2024{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}-{digits(rng, 4)}",
            f"SO{digits(rng, 8)}",
            f"{digits(rng, 3)}-{digits(rng, 7)}-{digits(rng, 7)}",
            f"R{digits(rng, 9)}",
            f"WEB/{digits(rng, 6)}/{_letters(rng, 1)}",
        )
    )


def order_zh(rng: Random) -> str:
    """An order number as Chinese shops use them."""
    day = f"2024{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}"
    return rng.choice(
        (
            f"{day}{digits(rng, 10)}",
            f"{rng.randint(1, 9)}{digits(rng, 18)}",
            f"DD{day}{digits(rng, 4)}",
            f"#W{digits(rng, 7)}",
            f"E{day}{digits(rng, 12)}",
            f"XS-{digits(rng, 8)}",
            f"33{digits(rng, 8)}",
            f"TB{digits(rng, 12)}",
        )
    )


def tracking(rng: Random) -> str:
    """A parcel number of an international carrier."""
    return rng.choice(
        (
            f"1Z{digits(rng, 3)}E{digits(rng, 2)}{digits(rng, 10)}",
            f"94001{digits(rng, 17)}",
            f"RR{digits(rng, 9)}GB",
            f"JD{digits(rng, 18)}",
            f"{digits(rng, 12)}",
            f"TBA{digits(rng, 12)}",
            f"LX{digits(rng, 9)}CN",
        )
    )


def tracking_zh(rng: Random) -> str:
    """A parcel number of a Chinese carrier."""
    return rng.choice(
        (
            f"SF{digits(rng, 13)}",
            f"YT{digits(rng, 13)}",
            f"JDVB{digits(rng, 11)}",
            f"7{digits(rng, 13)}",
            f"ZTO{digits(rng, 12)}",
            f"EMS{digits(rng, 9)}CN",
            f"43{digits(rng, 13)}",
        )
    )


def sku(rng: Random) -> str:
    """A stock number."""
    return rng.choice(
        (
            f"{_letters(rng, 3)}-{digits(rng, 4)}-{rng.choice(_COLOURS)}",
            f"{digits(rng, 3)}.{digits(rng, 3)}.{digits(rng, 2)}",
            f"{_letters(rng, 2)}{digits(rng, 6)}",
            f"{digits(rng, 8)}-{rng.choice(('S', 'M', 'L', 'XL'))}",
            luhn("69" + digits(rng, 10)),
            f"B0{''.join(rng.choices(string.ascii_uppercase + string.digits, k=8))}",
        )
    )


def model(rng: Random) -> str:
    """A model name of an appliance."""
    return rng.choice(
        (
            f"{_letters(rng, 2)}-{rng.randint(10, 999)}{rng.choice(('', 'X', ' Pro', ' Mk II'))}",
            f"{_letters(rng, 1)}{rng.randint(2, 99)} Ultra",
            f"{_letters(rng, 3)}{digits(rng, 4)}{_letters(rng, 1)}",
            f"Series {rng.randint(2, 9)}00",
        )
    )


def coupon(rng: Random) -> str:
    """A voucher code."""
    return rng.choice(
        (
            f"SPRING{rng.choice((10, 15, 20))}",
            f"WELCOME{digits(rng, 2)}",
            f"SAVE-{_letters(rng, 4)}-{digits(rng, 3)}",
            "FREESHIP24",
        )
    )


def amount(rng: Random) -> str:
    """A sum of money."""
    whole, cents = rng.randint(3, 2400), rng.choice(("00", "99", "50", "95", "49"))
    return rng.choice(
        (
            f"${whole}.{cents}",
            f"£{whole}.{cents}",
            f"€{whole},{cents}",
            f"{whole} USD",
            f"${whole:,}",
            f"{whole}.{cents} EUR",
        )
    )


def amount_zh(rng: Random) -> str:
    """A sum of money in Chinese spelling."""
    whole = rng.randint(9, 6800)
    return rng.choice((f"{whole}元", f"¥{whole}.00", f"{whole}块", f"￥{whole}.9", f"RMB {whole}", f"{whole}.50元"))


def size(rng: Random) -> str:
    """A size or a measure."""
    return rng.choice(
        (
            "XL",
            "EU 42",
            "UK 7.5",
            f"{rng.randint(28, 38)}x{rng.randint(28, 36)}",
            f"{rng.randint(40, 240)} x {rng.randint(40, 180)} cm",
            "size 10",
            f"{rng.randint(155, 190)}/{rng.randint(80, 100)}A",
            f"{rng.randint(2, 64)} GB",
            f"{rng.randint(100, 990)} ml",
        )
    )


def size_zh(rng: Random) -> str:
    """A size or a measure in Chinese spelling."""
    return rng.choice(
        (
            "XL码",
            "42码",
            "均码",
            f"{rng.randint(155, 190)}/{rng.randint(80, 100)}A",
            f"{rng.randint(60, 240)}×{rng.randint(60, 200)}cm",
            f"{rng.randint(100, 990)}毫升",
            "1.8米",
            f"{rng.randint(3, 30)}斤装",
            "256G",
        )
    )


def date(rng: Random) -> str:
    """A day of a delivery or of a purchase."""
    day, month = rng.randint(1, 28), rng.choice(("March", "April", "June", "September", "Oct", "Nov"))
    return rng.choice(
        (
            f"{day} {month}",
            f"{month} {day}",
            f"2024-{rng.randint(1, 12):02d}-{day:02d}",
            f"{rng.randint(1, 12)}/{day}",
            f"{month} {day}, 2024",
            f"{rng.choice(('Monday', 'Thursday', 'Friday'))} the {day}th",
        )
    )


def date_zh(rng: Random) -> str:
    """A day of a delivery or of a purchase in Chinese spelling."""
    month, day = rng.randint(1, 12), rng.randint(1, 28)
    return rng.choice(
        (
            f"{month}月{day}日",
            f"{month}月{day}号",
            f"2024-{month:02d}-{day:02d}",
            f"2024年{month}月{day}日",
            f"{month}.{day}",
        )
    )


def clock(rng: Random) -> str:
    """A time of day."""
    return f"{rng.randint(7, 21)}:{rng.choice(('00', '15', '30', '45'))}"


def quantity(rng: Random) -> str:
    """How many."""
    return str(rng.choice((2, 3, 4, 6, 10, 12, 24, 48, 120, 250)))


def product(rng: Random) -> str:
    """A product whose name could be somebody's."""
    return f"{rng.choice(english_names('given'))} {_listed('en', 'thing', rng)}"


def product_zh(rng: Random) -> str:
    """A Chinese product with a name of its own; a few are named like people."""
    series = rng.choice(chinese_names("given")[:60])[0] if rng.random() < 0.2 else _listed("zh", "series", rng)
    return f"{series}{_listed('zh', 'thing', rng)}"


def _listed(lang: Lang, head: str, rng: Random) -> str:
    return rng.choice(
        [word for found, line in under_heads(f"things_{lang}.txt") if found == head for word in line.split(" / ")]
    )


def _from(lang: Lang, head: str) -> Callable[[Random], str]:
    return lambda rng: _listed(lang, head, rng)


_LISTS = ("brand", "city", "restaurant", "film", "figure")
SHOP_VALUES: dict[Lang, dict[str, Callable[[Random], str]]] = {
    "en": {
        **{"order": order, "tracking": tracking, "sku": sku, "model": model, "coupon": coupon, "amount": amount},
        **{"size": size, "date": date, "time": clock, "qty": quantity, "product": product},
        **{head: _from("en", head) for head in _LISTS},
    },
    "zh": {
        **{"order": order_zh, "tracking": tracking_zh, "sku": sku, "model": model, "coupon": coupon},
        **{
            "amount": amount_zh,
            "size": size_zh,
            "date": date_zh,
            "time": clock,
            "qty": quantity,
            "product": product_zh,
        },
        **{head: _from("zh", head) for head in _LISTS},
    },
}
