"""Made-up numbers of people: phones, cards, accounts, papers, plates.

Phones are from the ranges that regulators keep free for fiction where there are such (US, UK, France, Germany,
Australia); the rest is random digits. Check digits are right unless a function's name says otherwise.
"""

from functools import partial
from random import Random

_PROVINCES = ("110105", "310115", "440305", "330106", "510107", "420111", "320506", "610113", "370202", "350203")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def digits(rng: Random, count: int) -> str:
    """Random digits."""
    return "".join(rng.choices("0123456789", k=count))


def wide(text: str) -> str:
    """ASCII in its full-width form."""
    return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in text)


def phone_en(rng: Random) -> str:
    """A phone as people of several countries write it."""
    d = partial(digits, rng)
    area = rng.choice(("212", "415", "312", "617", "206", "503", "416", "604", "305", "702"))
    us: tuple[str, ...] = (
        f"({area}) 555-01{d(2)}",
        f"{area}-555-01{d(2)}",
        f"{area}.555.01{d(2)}",
        f"+1 {area} 555 01{d(2)}",
    )
    us += (f"{area}55501{d(2)}", f"1-{area}-555-01{d(2)}", f"{area} 555 01{d(2)}")
    uk: tuple[str, ...] = (
        f"07700 900{d(3)}",
        f"+44 7700 900{d(3)}",
        f"020 7946 0{d(3)}",
        f"0161 496 0{d(3)}",
        f"07700900{d(3)}",
    )
    uk += (f"+44 (0)20 7946 0{d(3)}", f"0117-496-0{d(3)}")
    other: tuple[str, ...] = (f"+33 6 39 98 {d(2)} {d(2)}", f"06 39 98 {d(2)} {d(2)}", f"01.99.00.{d(2)}.{d(2)}")
    other += (f"+49 30 23125 {d(3)}", f"030 23125{d(3)}", f"+49 (0)171 39200{d(2)}")
    other += (f"+34 600 000 {d(3)}", f"+91 90000 0{d(4)}", f"+91-90000{d(5)}", f"0491 570 {d(3)}")
    other += (f"+61 491 570 {d(3)}", f"(02) 5550 {d(4)}", f"+86 139 {d(4)} {d(4)}", f"+39 333 000 {d(4)}")
    return rng.choice(rng.choice((us, us, uk, other)))


def mobile_zh(rng: Random) -> str:
    """A Chinese mobile number without separators."""
    return rng.choice(
        ("134", "136", "138", "139", "150", "158", "166", "173", "177", "185", "187", "191", "198")
    ) + digits(rng, 8)


def phone_zh(rng: Random) -> str:
    """A Chinese mobile in one of its spellings; most are plain."""
    n = mobile_zh(rng)
    spaced = f"{n[:3]} {n[3:7]} {n[7:]}"
    spellings = (
        n,
        n,
        n,
        n,
        spaced,
        spaced.replace(" ", "-"),
        f"+86 {n}",
        f"+86{n}",
        f"86-{n}",
        wide(n),
        f"+86 {spaced}",
    )
    return rng.choice(spellings)


def phone_said_zh(rng: Random) -> str:
    """A Chinese mobile as it is spoken."""
    said = mobile_zh(rng).translate(
        str.maketrans("0123456789", rng.choice(("零幺二三四五六七八九", "零一二三四五六七八九")))
    )
    return rng.choice((said, f"{said[:3]} {said[3:7]} {said[7:]}", f"{said[:3]}，{said[3:7]}，{said[7:]}"))


def landline_zh(rng: Random) -> str:
    """A Chinese landline, some with an extension."""
    area, long = rng.choice((("010", 8), ("021", 8), ("0755", 8), ("0571", 8), ("028", 8), ("0398", 7), ("0771", 7)))
    number = rng.choice("2356789") + digits(rng, long - 1)
    joined = rng.choice(
        (f"{area}-{number}", f"{area}{number}", f"({area}){number}", f"（{area}）{number}", f"{area} {number}")
    )
    return joined + rng.choice(("", "", "", f"-{digits(rng, 4)}", f"转{digits(rng, 3)}"))


def luhn(body: str) -> str:
    """The number with its Luhn digit behind it."""
    total = 0
    for place, letter in enumerate(reversed(body)):
        value = int(letter) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return body + str(-total % 10)


def card(rng: Random) -> str:
    """A payment card in one of its spellings."""
    if rng.random() < 0.15:
        n = luhn(rng.choice(("34", "37")) + digits(rng, 12))
        return rng.choice((n, f"{n[:4]} {n[4:10]} {n[10:]}", f"{n[:4]}-{n[4:10]}-{n[10:]}"))
    n = luhn(rng.choice(("4", "4", "51", "55", "2221", "6011", "35", "62")).ljust(2, "5") + digits(rng, 13))[:17]
    n = n if len(n) == 16 else luhn(n[:15])
    parts = [n[at : at + 4] for at in range(0, 16, 4)]
    return rng.choice((n, " ".join(parts), " ".join(parts), "-".join(parts)))


def bank_card_zh(rng: Random) -> str:
    """A Chinese bank account: 19 digits of a debit card, plain or in fours."""
    n = luhn(rng.choice(("621700", "622202", "622848", "621661", "622588", "621226")) + digits(rng, 12))
    return rng.choice((n, n, " ".join(n[at : at + 4] for at in range(0, 19, 4))))


def iban(rng: Random) -> str:
    """An IBAN with right check digits, plain or in fours."""
    country, body = rng.choice(
        (
            ("DE", digits(rng, 18)),
            ("FR", digits(rng, 23)),
            ("ES", digits(rng, 20)),
            ("GB", "TEST" + digits(rng, 14)),
            ("NL", "TEST" + digits(rng, 10)),
            ("IE", "TEST" + digits(rng, 14)),
            ("AT", digits(rng, 16)),
        )
    )
    number = int("".join(str(int(letter, 36)) for letter in f"{body}{country}00"))
    n = f"{country}{98 - number % 97:02d}{body}"
    return rng.choice((n, " ".join(n[at : at + 4] for at in range(0, len(n), 4))))


def account_en(rng: Random) -> str:
    """A bank account without an IBAN."""
    sort = "-".join((digits(rng, 2), digits(rng, 2), digits(rng, 2)))
    return rng.choice((f"{sort} {digits(rng, 8)}", digits(rng, 8), digits(rng, 10), digits(rng, 12)))


def resident_id(rng: Random) -> str:
    """A Chinese resident id of 18 places with its right check character. Source: GB 11643-1999."""
    body = rng.choice(_PROVINCES) + _birthday(rng, 1950, 2006) + digits(rng, 3)
    return body + check_character(body)


def check_character(body: str) -> str:
    """The 18th place of a resident id."""
    total = sum(int(letter) * weight for letter, weight in zip(body, _WEIGHTS, strict=True))
    return "10X98765432"[total % 11]


def resident_id_wrong(rng: Random) -> str:
    """A resident id of 18 places whose last one is mistyped."""
    right = resident_id(rng)
    return right[:17] + rng.choice([letter for letter in "0123456789X" if letter != right[17]])


def resident_id_15(rng: Random) -> str:
    """A resident id of the first generation."""
    return rng.choice(_PROVINCES) + _birthday(rng, 1950, 1985)[2:] + digits(rng, 3)


def ssn(rng: Random) -> str:
    """A US social security number of the range kept for advertisements."""
    return (
        f"987-65-432{digits(rng, 1)}"
        if rng.random() < 0.3
        else f"9{digits(rng, 2)}-{rng.randint(10, 49)}-{digits(rng, 4)}"
    )


def nino(rng: Random) -> str:
    """A UK national insurance number with a prefix that is never given out."""
    d = digits(rng, 6)
    return rng.choice((f"QQ{d}C", f"QQ {d[:2]} {d[2:4]} {d[4:]} B"))


def dni(rng: Random) -> str:
    """A Spanish DNI with its right letter."""
    number = digits(rng, 8)
    return number + rng.choice(("", "-")) + "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23]


def aadhaar(rng: Random) -> str:
    """Twelve digits as on an Indian card (the check digit is random)."""
    return f"{rng.randint(2000, 9999)} {digits(rng, 4)} {digits(rng, 4)}"


def passport(rng: Random) -> str:
    """A passport number of several countries."""
    return rng.choice(
        (
            f"E{digits(rng, 8)}",
            f"EJ{digits(rng, 7)}",
            f"G{digits(rng, 8)}",
            digits(rng, 9),
            f"X{digits(rng, 8)}",
            f"C{digits(rng, 2)}X{digits(rng, 2)}T{digits(rng, 2)}",
            f"{rng.choice('ABCPZ')}{digits(rng, 7)}",
            f"{digits(rng, 2)}AB{digits(rng, 5)}",
        )
    )


def _letters(rng: Random, count: int) -> str:
    return "".join(rng.choices("ABCDEFGHJKLMNPRSTVWXYZ", k=count))


def plate_en(rng: Random) -> str:
    """A number plate of several countries."""
    return rng.choice(
        (
            f"{_letters(rng, 2)}{rng.choice(('19', '21', '68', '72', '05'))} {_letters(rng, 3)}",
            f"{_letters(rng, 2)}{rng.choice(('19', '21', '68', '72', '05'))}{_letters(rng, 3)}",
            f"{rng.randint(2, 9)}{_letters(rng, 3)}{digits(rng, 3)}",
            f"{_letters(rng, 3)}-{digits(rng, 4)}",
            f"{rng.choice(('B', 'HH', 'M', 'KA'))}-{_letters(rng, 2)} {rng.randint(100, 9999)}",
            f"{_letters(rng, 2)}-{digits(rng, 3)}-{_letters(rng, 2)}",
        )
    )


def plate_zh(rng: Random) -> str:
    """A Chinese number plate, some of electric cars."""
    head = rng.choice("京沪粤浙苏川鄂鲁闽陕豫湘") + rng.choice("ABCDE")
    plain = f"{rng.choice('ABCDEFGH')}{digits(rng, 4)}"
    return rng.choice(
        (head + plain, f"{head}·{plain}", f"{head}{rng.choice('DF')}{digits(rng, 5)}", f"{head} {digits(rng, 5)}")
    )


def _birthday(rng: Random, first: int, last: int) -> str:
    return f"{rng.randint(first, last)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}"
