"""Personal values where a person would type them unasked: an introduction, an e-mail, a telephone number at the end.

Who one is and one's e-mail answer what the shop will ask, so they are ``give`` commands; a telephone number or the
name of a neighbour is no command.
"""

import random
from typing import Any, Final

from finetune.corpus.notation import Lang
from finetune.private.shoppers import Shopper

SHARE: Final = 0.08
"""Of requests about orders."""
STEMS: Final = frozenset({"track_order", "service", "list_orders"})
_MAX_COMMANDS: Final = 3
_Frames = dict[Lang, tuple[str, ...]]
_NAMES: Final[_Frames] = {
    "en": ("{name} here. {text}", "it's {name}, {text}", "I'm {name}. {text}", "Hi, {name} again – {text}"),
    "zh": ("我是{name}，{text}", "{name}，{text}", "我叫{name}。{text}"),
}
_EMAILS: Final[_Frames] = {
    "en": ("{text} – my email is {email}", "{text}. I'm on {email}", "{text} ({email})"),
    "zh": ("{text}，邮箱{email}", "{text}，我的邮箱是{email}"),
}
_PHONES: Final[_Frames] = {
    "en": ("{text}, ring me on {phone} if need be", "{text}. mobile {phone}", "{text}, you can text {phone}"),
    "zh": ("{text}，打我电话{phone}", "{text}，手机{phone}", "{text}，有事打{phone}"),
}
_OTHERS: Final[_Frames] = {
    "en": ("{text}, my neighbour {other} could take it in", "{text}. It was for {other} at {address}"),
    "zh": ("{text}，寄{address}的，收件人{other}", "{text}，邻居{other}可以代收"),
}


def add(rng: random.Random, shopper: Shopper, stem: str, message: dict[str, Any]) -> dict[str, Any]:
    """The message, now and then with a value of the customer's in it and the command that this means."""
    commands = message["commands"]
    answers = message["context"]["awaiting"] is not None
    if answers or stem not in STEMS or len(commands) >= _MAX_COMMANDS or rng.random() >= SHARE:
        return message
    person, lang = shopper.person, shopper.lang
    match rng.choices(("name", "email", "phone", "other"), (4, 2, 3, 2))[0]:
        case "name":
            frame = rng.choice(_NAMES[lang])
            commands = [{"name": "give", "slot": "name", "value": person.name}, *commands]
        case "email":
            frame = rng.choice(_EMAILS[lang])
            commands = [*commands, {"name": "give", "slot": "email", "value": person.email}]
        case "phone":
            frame = rng.choice(_PHONES[lang])
        case _:
            frame = rng.choice(_OTHERS[lang])
    content = frame.format(
        text=message["content"],
        name=person.name,
        email=person.email,
        phone=person.phone,
        other=person.other,
        address=person.address,
    )
    return {**message, "content": content, "commands": commands}
