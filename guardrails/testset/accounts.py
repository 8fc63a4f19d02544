"""Made-up ways to reach or to be a user: e-mail, social accounts, addresses of machines, secrets, dates of birth.

Domains and IP addresses are those kept for examples (RFC 2606, 5737, 3849).
"""

import string
from random import Random

from guardrails.testset.names import Person
from guardrails.testset.numbers import digits

_DOMAINS: tuple[str, ...] = (
    "example.com",
    "example.org",
    "example.net",
    "mail.example.com",
    "shop.example",
    "post.example.org",
)
_DOMAINS += ("kontor.example", "uni.example.net", "familie.test", "example.co.uk", "qq.example", "163.example.com")
_WORDS = ("tulip", "harbour", "noodle", "comet", "badger", "marble", "violin", "pepper", "lantern", "walnut", "glacier")
_MONTHS: tuple[str, ...] = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
)
_MONTHS += ("November", "December")


def local_part(who: Person, rng: Random) -> str:
    """The part before the @, mostly made of the name."""
    given, family, year = who.latin_given, who.latin_family, rng.choice((str(rng.randint(60, 99)), digits(rng, 3), ""))
    return rng.choice(
        (
            f"{given}.{family}",
            f"{given[0]}{family}{year}",
            f"{given}{year}",
            f"{family}_{given}",
            f"{given}-{family[0]}",
            f"{rng.choice(_WORDS)}.{rng.choice(_WORDS)}{year}",
            f"{given}.{family}+shop",
        )
    )


def email(who: Person, rng: Random) -> str:
    """An e-mail address."""
    whole = f"{local_part(who, rng)}@{rng.choice(_DOMAINS)}"
    return whole.title() if rng.random() < 0.04 else whole


def email_said(who: Person, rng: Random) -> str:
    """An e-mail address spelled out in English."""
    at, dot = rng.choice(((" at ", " dot "), (" (at) ", " (dot) "), (" [at] ", " [dot] "), (" AT ", " DOT ")))
    local = who.latin_given + rng.choice(("", dot + who.latin_family))
    return f"{local}{at}example{dot}{rng.choice(('com', 'org', 'net'))}"


def email_said_zh(who: Person, rng: Random) -> str:
    """An e-mail address spelled out in Chinese chat."""
    local = who.latin_family + who.latin_given + rng.choice(("", digits(rng, 3)))
    return rng.choice(
        (f"{local}艾特example点com", f"{local} at example 点 com", f"{local}(at)example.com", f"{local}＠example．com")
    )


def handle(who: Person, rng: Random) -> str:
    """A social account with its @."""
    given, family = who.latin_given, who.latin_family
    return rng.choice(
        (
            f"@{given}_{family}",
            f"@{given}.{rng.choice(_WORDS)}",
            f"@the{family}{digits(rng, 2)}",
            f"@{family}{given[0]}",
        )
    )


def nickname(who: Person, rng: Random) -> str:
    """A social account as one word."""
    return handle(who, rng).removeprefix("@")


def wechat(who: Person, rng: Random) -> str:
    """A WeChat id."""
    tail = "".join(rng.choices(string.ascii_lowercase + string.digits, k=14))
    name = f"{who.latin_given}{digits(rng, 4)}"
    return rng.choice(
        (
            f"wxid_{tail}",
            name,
            name,
            f"{who.latin_family}_{rng.choice(_WORDS)}{digits(rng, 2)}",
            f"{rng.choice(_WORDS)}-{digits(rng, 5)}",
        )
    )


def qq(_: Person, rng: Random) -> str:
    """A QQ number."""
    return rng.choice("123456789") + digits(rng, rng.choice((7, 8, 9)))


def ip(_: Person, rng: Random) -> str:
    """An IPv4 address of the example ranges."""
    return f"{rng.choice(('192.0.2', '198.51.100', '203.0.113'))}.{rng.randint(1, 254)}"


def ipv6(_: Person, rng: Random) -> str:
    """An IPv6 address of the example range."""
    return rng.choice(
        (
            f"2001:db8::{rng.randint(1, 0xFFFF):x}",
            f"2001:db8:{rng.randint(1, 0xFFFF):x}:{rng.randint(1, 0xFFFF):x}::{rng.randint(1, 99)}",
        )
    )


def password(_: Person, rng: Random) -> str:
    """A password as people choose them."""
    word = rng.choice(_WORDS)
    return rng.choice(
        (
            f"{word.capitalize()}{rng.randint(1970, 2024)}!",
            f"{word}{digits(rng, 4)}",
            f"{rng.choice(_WORDS)}-{word}-{digits(rng, 2)}",
            "".join(rng.choices(string.ascii_letters + string.digits + "#$%&*", k=12)),
            f"{word[0].upper()}{word[1:]}#{digits(rng, 3)}",
        )
    )


def api_key(_: Person, rng: Random) -> str:
    """A key of a service; no live one has these beginnings with TEST or EXAMPLE in it."""
    tail = "".join(rng.choices(string.ascii_letters + string.digits, k=28))
    return rng.choice(
        (
            f"sk_test_EXAMPLE{tail[:17]}",
            f"sk-EXAMPLE{tail}",
            f"ghp_EXAMPLE{tail}x",
            f"AKIAEXAMPLE{tail[:9].upper()}",
            f"xoxb-000000-EXAMPLE{tail[:14]}",
        )
    )


def one_time_code(_: Person, rng: Random) -> str:
    """A code from a text message."""
    return rng.choice((digits(rng, 6), digits(rng, 6), digits(rng, 4), f"{digits(rng, 3)} {digits(rng, 3)}"))


def born_en(_: Person, rng: Random) -> str:
    """A date of birth in English spellings."""
    year, month, day = rng.randint(1942, 2005), rng.randint(1, 12), rng.randint(1, 28)
    name = _MONTHS[month - 1]
    return rng.choice(
        (
            f"{day} {name} {year}",
            f"{name} {day}, {year}",
            f"{name[:3]} {day} {year}",
            f"{day:02d}/{month:02d}/{year}",
            f"{month}/{day}/{str(year)[2:]}",
            f"{year}-{month:02d}-{day:02d}",
            f"{day}.{month}.{year}",
        )
    )


def born_zh(_: Person, rng: Random) -> str:
    """A date of birth in Chinese spellings."""
    year, month, day = rng.randint(1942, 2005), rng.randint(1, 12), rng.randint(1, 28)
    return rng.choice(
        (
            f"{year}年{month}月{day}日",
            f"{year}-{month:02d}-{day:02d}",
            f"{year}.{month}.{day}",
            f"{year}{month:02d}{day:02d}",
            f"{str(year)[2:]}年{month}月{day}号",
            f"{year}/{month}/{day}",
        )
    )
