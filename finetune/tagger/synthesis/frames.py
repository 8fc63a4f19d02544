"""Sentences composed word by word and machine text of random keys: the breadth that written templates lack.

The same frames are filled with people, with things that are called like people, and with plain words for people
(my brother, the courier), so that neither the frame nor the capital letter alone tells.
"""
# ruff: noqa: E501, SIM905 - lists and frames stay on one line, so that they can be searched

import random
from collections.abc import Callable
from typing import Final

_PAST: Final = "called sent told gave sold promised answered charged cancelled helped left liked visited recommended forgot booked met saw lost ordered returned paid signed wrote emailed texted picked bought made found opened refused fixed checked delivered wants needs likes knows says has owns runs uses".split()  # fmt: skip
_VERBS: Final = "call text email phone message ask tell invite meet visit find help thank pay remind book see choose contact pick add remove block follow notify bring take show give send check try want prefer need include replace drop".split()
_OBJECTS: Final = "it|me|us|the parcel|the order|my order|the lamp|the invoice|a refund|the tickets|the money|two of them|the wrong size|the key|the address|a message|my mail|the table|the room|dinner|nothing|everything|the receipt|a blue one|the box|the driver|an appointment|the details|a voucher|the form|the car|my bag|the photos|some flowers|the chair|the website|a discount".split("|")  # fmt: skip
_WHEN: Final = "today|tomorrow|yesterday|last week|this morning|tonight|on {date}|on {weekday}|at {time}|later|again|right now|next month|in {city}|before noon|for free|please|by mistake|as well|too|instead|by phone|in person|twice".split("|")  # fmt: skip
_PREPOSITIONS: Final = "for|with|from|to|by|about|at|near|like|without|via|through|and|or|as|not|than|under|before|after|besides|including|except".split(
    "|"
)
_NOUNS: Final = "reservation|order|call|message|parcel|gift|card|appointment|payment|ticket|meeting|ride|letter|question|complaint|receipt|account|room|table|seat|photo|package|invoice|note|mail|refund|flight|lesson|interview|check-up|party|trip|delivery|visit|discount|invitation|reply|lunch|transfer".split("|")  # fmt: skip
_ADJECTIVES: Final = "nice|great|late|happy|sure|free|busy|away|here|fine|right|wrong|expensive|friendly|new|rude|ready|on holiday|available|missing|perfect|in town|the best|next|okay|correct|closed|open|better|too far|very helpful|not there".split("|")  # fmt: skip
_OPENERS: Final = "|||||ok, |yes, |no, |well, |sorry, |actually |great, |so |and |please, |hi, |hmm |sure, |wait, |also |but |oh, |alright, |thanks, |I think |I guess |maybe |just |fyi ".split(
    "|"
)
_PLAIN: Final = "she|he|they|someone|everyone|nobody|you|we|my brother|my sister|my wife|my husband|my mom|mum|dad|the manager|the courier|the driver|the doctor|your colleague|a friend|the seller|my boss|the shop|your team|customer service|the bank|the hotel|the waiter|our neighbour|a dentist|the stylist|my son|the kids|my friends|the owner|the agent|reception".split("|")  # fmt: skip
_THINGS: Final = ("restaurant", "restaurant", "restaurant", "hotel", "business", "business", "city", "city", "brand", "movie", "movie", "song", "band", "attraction", "airline", "team", "line", "venue", "station", "company", "product", "property", "food", "weekday", "month", "country", "cinema")  # fmt: skip
_PEOPLE: Final = ("person", "person", "person", "full", "first", "doctor")
_KEYS_PERSON: Final = "name full_name customer recipient contact contact_name guest passenger driver attendee owner holder to from sender receiver payee buyer user patient client cardholder assignee author_of_ticket signed_by consignee ship_to reserved_by member employee agent host traveller".split()  # fmt: skip
_KEYS_ADDRESS: Final = "address street street_address line1 address1 shipping_address billing_address location ship_to addr home_address delivery_address where pickup dropoff".split()
_KEYS_THING: Final = "name title product item brand city place restaurant hotel event movie artist director venue song album location to from destination origin category colour merchant seller company airline team author type model".split()  # fmt: skip
_KEYS_PLAIN: Final = (("id", "{order}"), ("order_id", "{order}"), ("total", "{number}"), ("date", "{date}"), ("status", "shipped"), ("ok", "true"), ("time", "{time}"), ("phone", "{phone}"), ("email", "{email}"), ("price", "{price}"), ("currency", "USD"), ("qty", "{number}"), ("rating", "4.{digit}"))  # fmt: skip
_KEYS_ZH: Final = {"personal": "姓名 收货人 联系人 name recipient guest 客户 收件人 乘客 预订人 passenger to".split(), "address": "地址 收货地址 address 详细地址 location".split(), "thing": "名称 商品 品牌 城市 酒店 餐馆 景点 name product title city hotel 店铺 商家".split()}  # fmt: skip
_THINGS_ZH: Final = (
    "restaurant",
    "hotel",
    "attraction",
    "brand",
    "line",
    "business",
    "city",
    "station",
    "product",
    "food",
    "title",
)


def frame(lang: str, rng: random.Random, *, personal: bool) -> str:
    """A template with slots, to be filled like a written one."""
    if lang == "zh" or rng.random() < 0.12:
        return _machine(lang, rng, personal=personal)
    if personal and rng.random() < 0.12:
        return _with_address(rng)
    return (
        rng.choice(_OPENERS)
        + _sentence(rng, lambda: _subject(rng, personal=personal))
        + rng.choice((".", ".", "", "", "!", "?"))
    )


def _subject(rng: random.Random, *, personal: bool) -> str:
    if not personal:
        return rng.choice(_PLAIN) if rng.random() < 0.3 else "{" + rng.choice(_THINGS) + "}"
    one = "{" + rng.choice(_PEOPLE) + "}"
    kind = rng.random()
    if kind < 0.12:
        return one + rng.choice((" and ", " or ", ", ", " & ", " and not ")) + "{" + rng.choice(_PEOPLE) + "}"
    if kind < 0.16:
        return rng.choice(_PLAIN[8:]) + rng.choice((" ", ", ")) + one
    return one


def _sentence(rng: random.Random, draw: Callable[[], str]) -> str:
    past, verb, thing, when = (rng.choice(words) for words in (_PAST, _VERBS, _OBJECTS, _WHEN))
    noun, adjective, preposition = rng.choice(_NOUNS), rng.choice(_ADJECTIVES), rng.choice(_PREPOSITIONS)
    x = draw()
    return rng.choice(
        (
            f"{x} {past} {thing}", f"{x} {past} {thing} {when}", f"{x} is {adjective}", f"is {x} {adjective}", f"{verb} {x}",
            f"{verb} {x} {when}", f"I {past} {x} {when}", f"can you {verb} {x} {when}", f"I want to {verb} {x}",
            f"the {noun} {preposition} {x} is {adjective}", f"my {noun} {preposition} {x}", f"a {noun} {preposition} {x} {when}",
            f"{preposition} {x}", f"{preposition} {x} {when}", f"{x} will {verb} {thing} {when}", f"did {x} {verb} {thing}",
            f"has {x} {past} {thing} yet", f"{x}'s {noun} is {adjective}", f"where is {x}'s {noun}", f"it was {x} who {past} {thing}",
            f"we {past} {x} and {thing}", f"{verb} {thing} {preposition} {x}", f"{verb} {thing} {preposition} {x} {when}",
            f"I'd like to {verb} {thing} {preposition} {x}", f"{x}", f"{x} {when}", f"{x}, {when}", f"{x} please", f"not {x}",
            f"{x} or {rng.choice(_PLAIN)}", f"{rng.choice(_PLAIN)} and {x}", f"what about {x}", f"{x} could {verb} {thing}",
            f"{rng.choice(_PLAIN)} {past} {x} {when}", f"{noun} {preposition} {x}", f"we need {x} {when}", f"{thing}, {x}, {when}",
            f"{verb} {x}'s {noun}", f"I have a {noun} {preposition} {x} {when}", f"{x} {past} my {noun}", f"{past} {x} {when}",
        )
    )  # fmt: skip


def _with_address(rng: random.Random) -> str:
    where = rng.choice(("{address}", "{place_address}"))
    verb, noun, when, past = rng.choice(_VERBS), rng.choice(_NOUNS), rng.choice(_WHEN), rng.choice(_PAST)
    return rng.choice(_OPENERS) + rng.choice(
        (
            f"{where}", f"{verb} it to {where}", f"the {noun} is at {where}", f"{verb} me at {where} {when}", f"{when} at {where}",
            f"{rng.choice(_PLAIN)} {past} it at {where}", f"from {where} to {where}", f"not {where}", f"is it {where}?",
            f"the {noun} goes to {where}, phone {{phone}}", f"{{business}}, {where}", f"{{restaurant}} is at {where}",
            f"it's on {where} and the phone is {{phone}}", f"{{full}}, {where}", f"{{phone}}, {where}", f"address {where}",
            f"{{hotel}} {where}", f"{where} is {rng.choice(_ADJECTIVES)}", f"the {noun} for {{person}} at {where}",
        )
    )  # fmt: skip


def _machine(lang: str, rng: random.Random, *, personal: bool) -> str:
    """JSON, or keys and values, of a few random fields."""
    pairs = [
        rng.choice(_KEYS_PLAIN if lang == "en" else _KEYS_PLAIN[:3])
        for _ in range(rng.randrange(0 if personal else 1, 3))
    ]
    things = _THINGS_ZH if lang == "zh" else _THINGS
    keys = _KEYS_ZH["thing"] if lang == "zh" else _KEYS_THING
    pairs += [(rng.choice(keys), "{" + rng.choice(things) + "}") for _ in range(rng.randrange(0, 3))]
    if personal:
        names, places = (_KEYS_ZH["personal"], _KEYS_ZH["address"]) if lang == "zh" else (_KEYS_PERSON, _KEYS_ADDRESS)
        pairs += [(rng.choice(names), rng.choice(("{full}", "{full}", "{person}")))]
        pairs += [(rng.choice(places), "{address}")] if rng.random() < 0.4 else []
    rng.shuffle(pairs)
    if rng.random() < 0.6:
        return "{{" + ", ".join(f'"{key}": "{value}"' for key, value in pairs) + "}}"
    between, after = rng.choice(((": ", "\\n"), ("=", ";"), (": ", ", "), ("：", "，"), ("\t", "\n")))
    return after.replace("\\n", "\n").join(f"{key.replace('_', ' ')}{between}{value}" for key, value in pairs)
