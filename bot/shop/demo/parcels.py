"""A parcel's way through the carrier's scans, in both languages, up to the demo shop's today."""

import random
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import Any, Final

from bot.shop.demo.people import Person
from bot.shop.records import OrderStatus, TrackingEvent

CHINA: Final = timezone(timedelta(hours=8))
NOW: Final = datetime(2026, 11, 20, 18, 0, tzinfo=CHINA)
ARRIVED: Final = frozenset[OrderStatus](
    {"delivered", "return_requested", "returned", "exchanged", "exchange_requested"}
)


@dataclass(frozen=True, slots=True)
class Journey:
    """When a parcel left, when it is due, who carries it to whom."""

    status: OrderStatus
    dispatched_at: datetime
    due: date
    carrier: str
    person: Person


def moment(day: date, rng: random.Random, first_hour: int, last_hour: int) -> datetime:
    """A time of ``day``, Beijing, within the hours given."""
    clock = time(rng.randint(first_hour, last_hour), rng.randint(0, 59), rng.randint(0, 59))
    return datetime.combine(day, clock, CHINA)


def person_at_origin(person: Person) -> bool:
    """Whether the parcel stays in the warehouse's own city."""
    return person.city_en == "Hangzhou"


def events(journey: Journey, rng: random.Random, data: dict[str, Any]) -> tuple[TrackingEvent, ...]:
    """The scans so far, in time order; none before the parcel has left."""
    say = _Speaker(journey, rng, data)
    steps = list(data["abroad" if journey.person.abroad else "domestic"])
    if person_at_origin(journey.person):
        steps = [step for step in steps if "{hub_en}" not in step[0]]
    elif rng.random() < 0.07:
        steps.insert(len(steps) - 1, rng.choice(data["delay"]))
    morning = moment(journey.due, rng, 7, 9)
    span = (morning - timedelta(hours=2)) - journey.dispatched_at
    scans = [say(journey.dispatched_at + span * (n / len(steps)), step) for n, step in enumerate(steps)]
    if journey.status in ARRIVED or journey.status == "out_for_delivery":
        if rng.random() < 0.06 and (morning - scans[-1].at) > timedelta(days=1):
            scans.append(say(morning - timedelta(days=1, hours=-8), data["attempt"]))
        scans.append(say(morning, data["out_for_delivery"]))
    if journey.status in ARRIVED:
        scans.append(say(moment(journey.due, rng, 10, 17), rng.choice(data["delivered"])))
    scans.sort(key=lambda scan: scan.at)
    return tuple(scan for scan in scans if scan.at <= NOW) + tuple(_after(journey, rng, data, say))


def _after(journey: Journey, rng: random.Random, data: dict[str, Any], say: "_Speaker") -> list[TrackingEvent]:
    day, found = journey.due, []
    for step in data["after"].get(journey.status, ()):
        day = min(day + timedelta(days=rng.randint(1, 4)), NOW.date())
        found.append(say(moment(day, rng, 9, 17), step))
    return found


class _Speaker:
    """Fills a step's two sentences with this parcel's places."""

    def __init__(self, journey: Journey, rng: random.Random, data: dict[str, Any]) -> None:
        person = journey.person
        hub = (
            data["gateways"][person.country]
            if person.abroad
            else rng.choice([hub for hub in data["hubs"] if hub[0] != person.city_zh])
        )
        self._words = {
            "carrier_en": journey.carrier,
            "carrier_zh": data["carriers"][journey.carrier]["zh"],
            "hub_zh": hub[0],
            "hub_en": hub[1],
            "city_zh": person.city_zh,
            "city_en": person.city_en,
        }
        self._places = {"origin": "杭州 Hangzhou", "shanghai": "上海 Shanghai", "hub": " ".join(hub)}
        same = person.city_zh == person.city_en
        self._places["city"] = person.city_en if same else f"{person.city_zh} {person.city_en}"

    def __call__(self, at: datetime, step: list[str]) -> TrackingEvent:
        en, zh, where = step
        whole = at.replace(microsecond=0)
        return TrackingEvent(whole, en.format(**self._words), zh.format(**self._words), self._places[where])
