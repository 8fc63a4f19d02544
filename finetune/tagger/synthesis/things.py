"""What fills the slots of templates: people, addresses, and things that look like people and addresses but are not.

Public people (who act, sing, direct, write) are made of the same names as private ones: only where a name stands
tells whose it is. Restaurants, films, songs and companies are composed, many of them around names.
"""
# ruff: noqa: E501, SIM905 - lists and frames stay on one line, so that they can be searched

import random
import string
from typing import Final

from finetune.tagger.synthesis.people import Half, People
from finetune.tagger.synthesis.words import Words

MARKED: Final = {
    "person": "PERSON", "first": "PERSON", "full": "PERSON", "last": "PERSON", "doctor": "PERSON",
    "surname_title": "PERSON", "kin": "PERSON", "address": "ADDRESS", "place_address": "ADDRESS",
}  # fmt: skip
"""Slots whose value is personal, and its kind; a title before a name stays outside."""
_MONTHS: Final = "January February March April May June July August September October November December".split()
_DAYS: Final = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_NUMBERS: Final = ("one", "two", "three", "four", "five", "six", "2", "3", "4", "5", "7", "10", "12")
_DEGREES: Final = (
    ", MD",
    " MD",
    ", DDS",
    " DDS",
    ", PhD",
    ", LCSW",
    ", Lcsw",
    " M.D.",
    ", DMD",
    ", M.D.",
    ", PT",
    ", Ms",
    ", NP",
    ", Mft",
    ", Psychologist",
    ", RN",
    ", Esq.",
)
_ZH_SHOPS: Final = "餐厅 商行 诊所 律师事务所 工作室 书店 烤鸭店 牛肉面 集团 火锅 面馆 茶楼 珠宝 药房 公司 纪念馆 故居 包子铺 酒楼 饭店 私房菜".split()
_UNITS: Final = (
    "Apt {}",
    "Apt. {}",
    "Suite {}",
    "Unit {}",
    "#{}",
    "# {}",
    "Ste {}",
    "Floor {}",
    "Apartment {}",
    "Building {}",
    "Ste. {}",
)
_EU: Final = ("{name}straße", "{name}str.", "{name}weg", "{name}gatan", "Rue {name}", "Rue de {name}", "Via {name}", "Calle {name}", "Avenida {name}", "Rua {name}", "{name}laan", "{name}straat", "Plaza {name}", "ul. {name}")  # fmt: skip


_MOODS: Final = "cool|nice|very good|awesome|lovely|brilliant|amazing|wonderful|excellent|splendid|gotcha|understood|noted|absolutely|definitely|certainly|indeed|totally|super|fantastic|sweet|neat|wow|oops|hmm|ugh|anyway|actually|also|additionally|however|meanwhile|alternatively|finally|hopefully|luckily|sadly|unfortunately|wait|listen|look|honestly|basically|thankfully|alright then|fair enough|good idea|good choice|my bad|no worries|not bad|no way|of course|by the way|one more thing|first of all|too bad|never mind|what a pity|all right|agreed|done|confirmed|cleaning|shopping|grocery run|yoga class|dentist|pick up kids|book club|game night|team lunch|haircut|rent|groceries|laundry|parking|breakfast|wifi|gym|pool|outdoor seating|live music|vegan options|delivery|takeout|sedan|hatchback|minivan|economy|business class|premium economy|direct flight|aisle seat|checked bag|hot tub|balcony|pets|laundry service|izakaya|tapas|sushi|brunch|ramen|dim sum|gelato|bakery|burgers".split("|")  # fmt: skip


class Things:
    """Draws values for the slots of one language."""

    def __init__(self, lang: str, half: Half) -> None:
        self.lang = lang
        self.words, zh = Words(lang), Words("zh")
        self.people = People(Words("en"), zh, half)

    def after(self, slot: str, rng: random.Random) -> str:
        """What may stand behind a value without belonging to it: a doctor's degree."""
        return rng.choice(_DEGREES) if slot == "doctor" and rng.random() < 0.15 else ""

    def draw(self, slot: str, rng: random.Random) -> tuple[str, str]:
        """What stands before the value without belonging to it, and the value."""
        if self.lang == "zh" and slot in ("restaurant", "business") and rng.random() < 0.4:
            name = (
                self.people.chinese(rng)
                if rng.random() < 0.6
                else self.words.draw("surnamecn", rng) + rng.choice("记氏家")
            )
            return "", name + rng.choice(_ZH_SHOPS)
        if self.lang == "zh" and slot in ("person", "full"):
            latin = rng.random() < 0.06
            return "", self.people.full(rng) if latin else self.people.chinese(rng)
        if slot in ("person", "doctor"):
            return self._titled(rng, doctor=slot == "doctor")
        if slot == "surname_title":
            return "", self.words.draw("surnamecn", rng) + rng.choice(("先生", "女士", "小姐", "老师"))
        if slot in self.words:
            return "", self.words.draw(slot, rng)
        return "", str(getattr(self, f"_{slot}")(rng))

    def _titled(self, rng: random.Random, *, doctor: bool) -> tuple[str, str]:
        if rng.random() < (0.35 if doctor else 0.04):
            title = (
                rng.choice(("Dr. ", "Dr "))
                if doctor
                else rng.choice(("Mr. ", "Mrs. ", "Ms. ", "Mr ", "Mrs ", "Ms ", "Miss "))
            )
            return title, self.people.family(rng) if rng.random() < 0.4 else self.people.full(rng)
        if doctor:
            return "", self.people.full(rng) if rng.random() < 0.9 else self.people.given(rng)
        return "", self.people.full(rng) if rng.random() < 0.55 else self.people.given(rng)

    def _kin(self, rng: random.Random) -> str:
        """What a payee is called in somebody's list of contacts."""
        word = rng.choice(("mom", "dad", "mum", "grandma", "grandpa", "auntie", "mommy", "granny"))
        return word if rng.random() < 0.4 else word.capitalize()

    def _first(self, rng: random.Random) -> str:
        return self.people.given(rng)

    def _last(self, rng: random.Random) -> str:
        return self.people.family(rng)

    def _full(self, rng: random.Random) -> str:
        return self.people.full(rng)

    def _public(self, rng: random.Random) -> str:
        if self.lang == "zh":
            return self.people.chinese(rng)
        return self.people.full(rng) if rng.random() < 0.75 else self.people.given(rng)

    def _band(self, rng: random.Random) -> str:
        draw = self.words.draw
        match rng.randrange(6):
            case 0:
                return f"The {draw('noun', rng)}s"
            case 1:
                return f"{draw('adjective', rng)} {draw('noun', rng)}"
            case 2:
                return f"{self.people.given(rng)} and the {draw('noun', rng)}s"
            case 3:
                return f"{self.people.full(rng)} Band"
            case 4:
                return draw("noun", rng) + rng.choice(("", " Boys", " Club", " Collective", " 5"))
            case _:
                return f"{self.people.given(rng)} & {self.people.given(rng)}"

    def _like_address(self, rng: random.Random) -> str:
        draw = self.words.draw
        name = rng.choice((draw("street", rng), draw("noun", rng), self.people.given(rng), draw("city", rng)))
        return f"{rng.randrange(1, 2000)} {name}" + rng.choice(("", "", f" {draw('dish', rng)}", " & Co"))

    def _restaurant(self, rng: random.Random) -> str:
        return self._like_address(rng) if rng.random() < 0.08 else self._eatery(rng)

    def _eatery(self, rng: random.Random) -> str:
        draw, person = self.words.draw, self.people
        match rng.randrange(12):
            case 0 | 1:
                return f"{person.given(rng)}'s" + rng.choice(("", f" {draw('dish', rng)}"))
            case 2:
                return f"{person.family(rng)}'s {draw('dish', rng)}"
            case 3 | 4:
                return f"{draw('foreign', rng)} {draw('foreignword', rng)}" + rng.choice(("", f" {draw('dish', rng)}"))
            case 5:
                return f"{draw('adjective', rng)} {draw('noun', rng)} {draw('dish', rng)}"
            case 6:
                return f"{draw('food', rng).title()} {draw('dish', rng)}"
            case 7:
                return f"The {draw('noun', rng)}" + rng.choice(("", f" {draw('dish', rng)}", f" & {draw('noun', rng)}"))
            case 8:
                return f"{draw('foreign', rng)} {person.given(rng)}"
            case 9:
                return f"{person.given(rng)} {draw('dish', rng)}"
            case 10:
                return draw("foreignword", rng)
            case _:
                return (
                    f"{person.full(rng)} {draw('dish', rng)}"
                    if rng.random() < 0.5
                    else f"{draw('city', rng)} {draw('dish', rng)}"
                )

    def _movie(self, rng: random.Random) -> str:
        draw = self.words.draw
        adjective, noun = draw("adjective", rng), draw("noun", rng)
        match rng.randrange(10):
            case 0 | 1:
                return f"The {adjective} {noun}"
            case 2:
                return f"The {noun}"
            case 3:
                return f"{noun} of the {draw('noun', rng)}"
            case 4:
                return f"{adjective} {noun}"
            case 5:
                return noun + rng.choice(("", "s", " 2", " II", ": The Return", ": Part Two"))
            case 6:
                return self.people.given(rng) + rng.choice(("", f" and the {noun}", " Goes Home", f": {noun} Queen"))
            case 7:
                return f"{rng.choice(('Captain', 'Doctor', 'Mister', 'King', 'Saint', 'Mrs.', 'Finding', 'Being', 'Saving', 'Long Live'))} {self.people.given(rng)}"
            case 8:
                return f"A {adjective} {noun} in {draw('city', rng)}"
            case _:
                return f"{draw('city', rng)} {noun}" if rng.random() < 0.7 else self.people.full(rng)

    def _song(self, rng: random.Random) -> str:
        return self._movie(rng)

    def _book(self, rng: random.Random) -> str:
        return self._movie(rng)

    def _hotel(self, rng: random.Random) -> str:
        draw = self.words.draw
        match rng.randrange(5):
            case 0:
                return draw("hotelchain", rng)
            case 1:
                return f"{draw('hotelchain', rng)} {draw('city', rng)}" + rng.choice(
                    ("", " Downtown", " Airport", " Center")
                )
            case 2:
                return f"{draw('adjective', rng)} {draw('noun', rng)} " + rng.choice(
                    ("Hotel", "Inn", "Lodge", "B&B", "Suites")
                )
            case 3:
                return f"Hotel {self.people.family(rng) if rng.random() < 0.5 else draw('foreignword', rng)}"
            case _:
                return f"The {self.people.family(rng)}" + rng.choice((" Hotel", " House", ""))

    def _cinema(self, rng: random.Random) -> str:
        return rng.choice((f"{self.words.draw('company', rng)} {self.words.draw('city', rng)}", f"{self.words.draw('noun', rng)} Theater", f"the {self.people.family(rng)} Theatre", f"Cinema {self.words.draw('foreignword', rng)}", f"{self.words.draw('city', rng)} Cinemas"))  # fmt: skip

    def _business(self, rng: random.Random) -> str:
        draw, kind = self.words.draw, rng.random()
        if kind < 0.25:
            return draw("company", rng)
        if kind < 0.45:
            return f"{self.people.family(rng)} {draw('service', rng)}"
        if kind < 0.55:
            return f"{self.people.family(rng)} & {self.people.family(rng)}" + rng.choice(("", " LLP", " Ltd"))
        if kind < 0.7:
            return f"{draw('city', rng)} {draw('service', rng)}"
        if kind < 0.8:
            return f"{self.people.given(rng)}'s {draw('service', rng)}"
        return f"{draw('adjective', rng)} {draw('noun', rng)} {draw('service', rng)}"

    def _property(self, rng: random.Random) -> str:
        word = rng.choice(
            (
                self.people.family(rng),
                self.words.draw("street", rng),
                self.words.draw("noun", rng),
                self.words.draw("city", rng),
            )
        )
        return f"{word} {rng.choice(('Apartments', 'Gardens', 'Manor', 'Place', 'Terrace', 'Villas', 'Park', 'Towers', 'Court Apartments', 'Homes'))}"

    def _address(self, rng: random.Random) -> str:
        return _zh_address(self.words, rng, door=True) if self.lang == "zh" else self._en_address(rng, home=True)

    def _place_address(self, rng: random.Random) -> str:
        return _zh_address(self.words, rng, door=False) if self.lang == "zh" else self._en_address(rng, home=False)

    def _en_address(self, rng: random.Random, *, home: bool) -> str:
        draw, kind = self.words.draw, rng.random()
        number = str(
            rng.choice(
                (rng.randrange(1, 99), rng.randrange(100, 999), rng.randrange(1000, 9999), rng.randrange(1, 39999))
            )
        )
        name = rng.choice(
            (
                draw("street", rng),
                draw("street", rng),
                draw("street", rng),
                self.people.family(rng),
                draw("city", rng).split(",")[0],
            )
        )
        if kind < 0.14:
            street = rng.choice(_EU).format(name=name)
            line = f"{street} {number[:3]}" if rng.random() < 0.7 else f"{number[:3]} {street}"
            return line + (f", {rng.randrange(10000, 99999)} {draw('city', rng)}" if rng.random() < 0.7 else "")
        if kind < 0.2:
            line = f"{number} " + rng.choice((f"El Camino {name}", "Broadway", f"Avenue {rng.choice('ABCDE')}", f"Highway {rng.randrange(1, 99)}", f"Via {name}", f"Camino {name}", f"Avenue of the {name}", f"Paseo {name}", f"Route {rng.randrange(2, 99)}", f"County Road {rng.randrange(2, 99)}", f"{name} Mall", f"The {name}", "The Alameda", "The Embarcadero", f"Calle {name}"))  # fmt: skip
        else:
            way = rng.choice(
                ("", "", "", "N ", "S ", "E ", "W ", "North ", "South ", "East ", "West ", "N. ", "S. ", "SW ")
            )
            line = f"{number}{rng.choice(('', '', '', '', '', 'A', 'b', '-12'))} {way}{name} {draw('suffix', rng)}"
        if rng.random() < (0.35 if home else 0.3):
            unit = rng.choice(
                (
                    str(rng.randrange(1, 999)),
                    rng.choice(string.ascii_uppercase),
                    f"{rng.randrange(1, 40)}{rng.choice('ABCD')}",
                )
            )
            line += rng.choice((", ", " ", ", ")) + rng.choice(_UNITS).format(unit)
        if rng.random() < (0.6 if home else 0.25):
            line += f", {draw('city', rng)}"
            if rng.random() < 0.7:
                line += rng.choice((f", {draw('state', rng)} {rng.randrange(10000, 99999)}", f", {draw('state', rng)}", f" {rng.choice(('SW1A 1AA', 'M1 4BT', 'EH3 9QN', 'LS6 2AB', 'BS8 1TH', 'K1A 0B1', 'V6B 1A1'))}", f" {rng.randrange(10000, 99999)}"))  # fmt: skip
        return line

    def _phone(self, rng: random.Random) -> str:
        if self.lang == "zh":
            return rng.choice(("1{}{}", "010-{}{}", "0571-{}{}")).format(
                rng.randrange(30, 99), rng.randrange(10**7, 10**8)
            )[:12]
        digits = [rng.randrange(200, 999), rng.randrange(200, 999), rng.randrange(1000, 9999)]
        return rng.choice(("{}-{}-{}", "({}) {}-{}", "{}{}{}", "+1 {} {} {}", "{} {} {}", "{}.{}.{}")).format(*digits)

    def _email(self, rng: random.Random) -> str:
        return f"{self.people.given(rng)}.{self.people.family(rng)}@example.com".lower().replace(" ", "")

    def _order(self, rng: random.Random) -> str:
        return rng.choice((f"#W{rng.randrange(10**6, 10**7)}", f"{rng.randrange(10**8, 10**9)}", f"AB-{rng.randrange(1000, 9999)}-{rng.randrange(10, 99)}", f"#{rng.randrange(1000, 99999)}", f"TR{rng.randrange(10**9, 10**10)}CN", f"SKU {rng.randrange(10000, 99999)}"))  # fmt: skip

    def _flight(self, rng: random.Random) -> str:
        return f"{rng.choice(('AA', 'UA', 'LH', 'BA', 'DL'))}{rng.randrange(10, 9999)}"

    def _degrees(self, rng: random.Random) -> str:
        return rng.choice(("{} F", "{} degrees", "{}°C", "{} C", "{} F degrees", "{} % humidity", "{} mph")).format(
            rng.randrange(-10, 104)
        )

    def _mood(self, rng: random.Random) -> str:
        word = rng.choice(_MOODS)
        return word.capitalize() if rng.random() < 0.7 else word

    def _town_state(self, rng: random.Random) -> str:
        return f"{self.words.draw('city', rng).split(',')[0]}, {self.words.draw('state', rng)}"

    def _price(self, rng: random.Random) -> str:
        return rng.choice(("${}", "${}", "{} dollars", "£{}", "{} euros", "${}.50", "{} bucks")).format(
            rng.randrange(5, 1800)
        )

    def _number(self, rng: random.Random) -> str:
        return str(rng.randrange(1, 500)) if self.lang == "zh" else rng.choice(_NUMBERS)

    def _digit(self, rng: random.Random) -> str:
        return rng.choice("一二三四五六") if self.lang == "zh" else rng.choice(string.digits)

    def _year(self, rng: random.Random) -> str:
        return str(rng.randrange(1960, 2027))

    def _month(self, rng: random.Random) -> str:
        return rng.choice(_MONTHS)

    def _weekday(self, rng: random.Random) -> str:
        return rng.choice(_DAYS)

    def _date(self, rng: random.Random) -> str:
        day, month = rng.randrange(1, 29), rng.choice(_MONTHS)
        ending = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd"}.get(day, "th")
        return rng.choice((f"{month} {day}{ending}", f"{month} {day}", f"the {day}{ending}", f"{day} {month[:3]}", f"{month[:3]} {day}", f"{rng.choice(_DAYS)} next week", f"{rng.randrange(1, 12)}/{day}", f"the {day}{ending} of {month}", f"2026-0{rng.randrange(1, 9)}-{day:02}"))  # fmt: skip

    def _time(self, rng: random.Random) -> str:
        if self.lang == "zh":
            return rng.choice(("明天", "后天", "今晚", "周六", "下周一", "晚上7点", "中午12点", "下午3点半"))
        hour, minute = rng.randrange(1, 12), rng.choice(("00", "15", "30", "45"))
        return rng.choice((f"{hour} pm", f"{hour}:{minute} pm", f"{hour}:{minute}", f"half past {hour}", f"{hour} in the evening", f"{hour} am", f"{hour} o'clock", "noon", f"quarter to {hour}"))  # fmt: skip


def _zh_address(words: Words, rng: random.Random, *, door: bool) -> str:
    city = words.draw("city", rng)
    place = rng.choice((f"{city}市", city, "", f"{words.draw('province', rng)}{city}市"))
    place += words.draw("district", rng) if rng.random() < 0.85 or not place else ""
    place += words.draw("road", rng) + rng.choice(
        (
            f"{rng.randrange(1, 999)}号",
            f"甲{rng.randrange(1, 99)}号",
            f"{rng.randrange(1, 99)}弄{rng.randrange(1, 30)}号",
        )
    )
    if door and rng.random() < 0.75:
        place += rng.choice((words.draw("estate", rng), "")) + rng.choice((f"{rng.randrange(1, 30)}号楼{rng.randrange(1, 6)}单元{rng.randrange(101, 2804)}室", f"{rng.randrange(1, 30)}栋{rng.randrange(101, 2804)}", f"{rng.randrange(101, 2804)}室", f"{rng.choice('ABC')}座{rng.randrange(1, 30)}层"))  # fmt: skip
    elif rng.random() < 0.3:
        place += rng.choice(
            (f"{words.draw('station', rng)}大厦{rng.randrange(1, 9)}层", f"(近{words.draw('station', rng)})", "院内")
        )
    return place
