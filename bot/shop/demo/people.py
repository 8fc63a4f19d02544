"""Made-up customers: Chinese names and addresses for most, British, American, Irish, German and French for the rest.

E-mails are at the reserved example domains; phones come from ranges that belong to nobody or are
kept for fiction. Streets and estates are invented, cities and districts are real.
"""

import random
import string
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from bot.session import CustomerId
from bot.shop.demo.texts import load
from bot.shop.records import Address, Customer

CHINESE: Final = 280
ABROAD: Final = 120
_COUNTRY_WEIGHTS: Final = {"US": 45, "GB": 40, "IE": 10, "DE": 14, "FR": 11}


@dataclass(frozen=True, slots=True)
class Person:
    """A customer and what the generator needs besides: the country and the city in both languages."""

    customer: Customer
    country: str
    city_zh: str
    city_en: str

    @property
    def abroad(self) -> bool:
        """Whether parcels leave mainland China."""
        return self.country != "CN"


class Crowd:
    """Draws people; nobody has another's name, e-mail or phone."""

    def __init__(self, rng: random.Random, data: dict[str, Any]) -> None:
        self._rng = rng
        self._data = data
        self._taken: set[str] = {"13800138000"}  # a carrier's service number

    def take(self, value: str) -> None:
        """Keeps a name, e-mail or phone for somebody already there."""
        self._taken.add(value)

    def chinese(self, customer_id: str) -> Person:
        """Somebody in mainland China."""
        name, latin = self._new(self.chinese_name)
        zh, en, region, districts, postal = self._rng.choice(self._data["cities"])
        line1 = f"{self._rng.choice(districts)}{self._rng.choice(self._data['streets'])}{self._rng.randint(1, 398)}号"
        house, stairs, floor, door = (self._rng.randint(1, most) for most in (19, 4, 26, 6))
        line2 = f"{self._rng.choice(self._data['estates'])}{house}幢{stairs}单元{floor}0{door}室"
        code = postal + "".join(self._rng.choices(string.digits, k=6 - len(postal)))
        phone = self._new(lambda: (f"1380013{self._rng.randint(0, 9999):04d}",))[0]
        address = Address(line1, line2, region if region == f"{zh}市" else f"{zh}市", region, code, "中国")
        surname, given = latin.split(" ")
        email = self._email(surname, given, ("example.cn", "example.cn", "example.com", "example.org"))
        customer = Customer(CustomerId(customer_id), name, email, phone, address, "zh", "", latin)
        return Person(customer, "CN", zh, en)

    def abroad(self, customer_id: str) -> Person:
        """Somebody in a country the shop ships to."""
        country = self._rng.choices(list(_COUNTRY_WEIGHTS), list(_COUNTRY_WEIGHTS.values()))[0]
        (name,) = self._new(lambda: (self.english_name(),))
        city, region, postal, area = self._rng.choice(self._data["towns"][country])
        phone = self._new(lambda: (self._phone(country, area),))[0]
        flat = f"Flat {self._rng.randint(1, 30)}" if country == "GB" and self._rng.random() < 0.4 else ""
        flat = f"Apt {self._rng.randint(1, 40)}" if country == "US" and self._rng.random() < 0.4 else flat
        code = self._postal(country, postal)
        address = Address(self._road(country), flat, city, region, code, self._data["countries"][country])
        first, _, last = name.partition(" ")
        email = self._email(first, last, ("example.com", "example.com", "example.org"))
        return Person(Customer(CustomerId(customer_id), name, email, phone, address, "en"), country, city, city)

    def chinese_name(self) -> tuple[str, str]:
        """A name in characters and the same in Latin letters."""
        surname, latin = self._rng.choice(self._data["surnames"])
        given, given_latin = self._rng.choice(self._data["given"])
        return f"{surname}{given}", f"{latin} {given_latin}"

    def english_name(self) -> str:
        """First and last name."""
        return f"{self._rng.choice(self._data['first'])} {self._rng.choice(self._data['last'])}"

    def _new(self, draw: Callable[[], tuple[str, ...]]) -> tuple[str, ...]:
        while (drawn := draw())[0] in self._taken:
            pass
        self._taken.add(drawn[0])
        return drawn

    def _email(self, first: str, last: str, domains: tuple[str, ...]) -> str:
        a, b = _ascii(first), _ascii(last)

        def draw() -> tuple[str, ...]:
            local = self._rng.choice((f"{a}.{b}", f"{a}{b}", f"{b}.{a}", f"{a}_{b}{self._rng.randint(1, 99)}"))
            return (f"{local}@{self._rng.choice(domains)}",)

        return self._new(draw)[0]

    def _phone(self, country: str, area: str) -> str:
        n = self._rng.randint
        match country:
            case "US":
                return f"+1 {area} 555 01{n(0, 99):02d}"
            case "GB":
                return f"+44 7700 900{n(0, 999):03d}"
            case "IE":
                return f"+353 20 913 {n(0, 9999):04d}"
            case "DE":
                return f"+49 30 23125 {n(0, 999):03d}"
            case _:
                return f"+33 6 39 98 {n(0, 99):02d} {n(0, 99):02d}"

    def _postal(self, country: str, start: str) -> str:
        letters = self._rng.choices("ABDEFGHJLNPQRSTUWXYZ", k=2)
        digits = self._rng.choices(string.digits, k=3)
        match country:
            case "GB":
                return f"{start} {digits[0]}{''.join(letters)}"
            case "IE":
                return f"{start} {letters[0]}{digits[0]}{letters[1]}{digits[1]}"
            case _:
                return start + "".join(digits[: 5 - len(start)])

    def _road(self, country: str) -> str:
        number = self._rng.randint(1, 240)
        match country:
            case "DE":
                return f"{self._rng.choice(self._data['roads_de'])} {number}"
            case "FR":
                return f"{number} {self._rng.choice(self._data['roads_fr'])}"
            case _:
                kind = self._rng.choice(("Street", "Road", "Lane", "Avenue"))
                return f"{number} {self._rng.choice(self._data['roads'])} {kind}"


def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return "".join(c for c in plain.lower() if c.isalnum())


def people(crowd: Crowd, named: list[Person]) -> list[Person]:
    """The people of ``accounts.json`` first, then as many as make ``CHINESE + ABROAD``."""
    for person in named:
        for value in (person.customer.name, person.customer.email, person.customer.phone):
            crowd.take(value)
    kinds = [crowd.chinese] * (CHINESE - sum(not p.abroad for p in named))
    kinds += [crowd.abroad] * (ABROAD - sum(p.abroad for p in named))
    start = 10_001 + len(named)
    return named + [draw(f"C{number}") for number, draw in enumerate(kinds, start=start)]


def named_people() -> list[tuple[Person, list[dict[str, Any]]]]:
    """The people of the walk-through, with what they ordered."""
    found = []
    for account in load("accounts"):
        fields = dict(account["customer"])
        address = Address(**fields.pop("address"))
        customer = Customer(**fields, address=address)
        country = "CN" if customer.lang == "zh" else "GB"
        found.append((Person(customer, country, *account["city"]), account["orders"]))
    return found
