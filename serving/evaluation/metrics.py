"""The metrics of a transcript: what each one counts, per turn or per dialogue. No judge, no model.

Each metric is a share in which more is better, so that ``--fail-under name=share`` reads the same for
all of them. A metric that finds nothing to go by (no feedback given, no note of the server) says
``None`` and that turn or dialogue is left out of its n. To add one: write a function, add a ``Metric``.

They count signs, not quality: a fluent wrong answer passes ``answered``; ``resolved`` means that
nothing at the end of the dialogue shows that it failed.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Final, Literal

from serving.evaluation.privacy import Checked
from serving.evaluation.transcripts import Dialogue
from serving.evaluation.turns import Turn

Unit = Literal["turn", "dialogue", "line"]
FIRST_WORD_LIMIT_S: Final = 2.5
TURN_LIMIT_S: Final = 4.0
SAME_REQUEST: Final = 0.9  # similarity from which two customer turns count as the same request
_CLOSING_INTENTS: Final = frozenset({"thanks", "goodbye", "affirm"})
_CLOSING: Final = re.compile(
    r"\b(thanks?|thank you|good ?bye|bye|have a (good|great|nice))\b|谢谢|多谢|再见|拜拜", re.I
)
MIN_REQUEST_CHARS: Final = 6  # shorter ones ("yes", "好的") may well come twice


@dataclass(frozen=True, slots=True)
class View:
    """What a metric sees: the dialogue, its turns, which of them is judged, and the privacy check of its texts."""

    dialogue: Dialogue
    turns: Sequence[Turn]
    checks: Sequence[Checked]
    at: int = 0

    @property
    def turn(self) -> Turn:
        """The turn that is judged."""
        return self.turns[self.at]


Judge = Callable[[View], bool | None]


@dataclass(frozen=True, slots=True)
class Metric:
    """One share. ``fault``: a dialogue in which it is false is listed among the failed ones."""

    name: str
    unit: Unit
    judge: Judge
    fault: bool
    en: str
    zh: str


def _normal(text: str) -> str:
    return re.sub(r"\W+", " ", unicodedata.normalize("NFKC", text).casefold()).strip()


def closes(view: View) -> bool:
    """The dialogue's last message is a thank-you or goodbye: it may stay without a reply."""
    last, intents = view.at == len(view.turns) - 1, set(view.turn.intents)
    return last and ((bool(intents) and intents <= _CLOSING_INTENTS) or bool(_CLOSING.search(view.turn.question)))


def answered(view: View) -> bool | None:
    """A reply came before the customer's next message, and it was not the safe message of a fault.

    ``None`` for a closing word that got no reply.
    """
    if "error" in view.turn.meta or view.turn.finish_reason == "error":
        return False
    return True if view.turn.reply.strip() else None if closes(view) else False


def language_match(view: View) -> bool | None:
    """The reply is in the customer's language."""
    turn = view.turn
    return None if turn.lang is None or turn.reply_lang is None else turn.lang == turn.reply_lang


def understood(view: View) -> bool | None:
    """A request could be read from the turn."""
    return "unclear" not in view.turn.intents if view.turn.intents else None


def direct(view: View) -> bool | None:
    """The reply does not end in a question to the customer."""
    reply = view.turn.reply.strip()
    return not reply.endswith(("?", "？")) if reply else None


def fresh(view: View) -> bool | None:
    """The reply does not repeat an earlier one of the same dialogue."""
    reply = _normal(view.turn.reply)
    earlier = {_normal(turn.reply) for turn in view.turns[: view.at]} - {""}
    return reply not in earlier if reply and earlier else None


def _noted(key: str) -> Callable[[View], bool | None]:
    def judge(view: View) -> bool | None:
        value = view.turn.meta.get(key)
        return value if isinstance(value, bool) else None

    return judge


def worded(view: View) -> bool | None:
    """The model's own wording passed the guards; no plain rendering of the facts was needed."""
    fallback = _noted("fallback")(view)
    return None if fallback is None else not fallback


def unblocked(view: View) -> bool | None:
    """No guard refused the turn."""
    reason = view.turn.finish_reason
    return None if reason is None else reason != "content_filter"


def first_word_in_time(view: View) -> bool | None:
    """The first word came within ``FIRST_WORD_LIMIT_S``."""
    return None if view.turn.first_word_s is None else view.turn.first_word_s <= FIRST_WORD_LIMIT_S


def turn_in_time(view: View) -> bool | None:
    """The whole reply came within ``TURN_LIMIT_S``."""
    return None if view.turn.turn_s is None else view.turn.turn_s <= TURN_LIMIT_S


def concealed(view: View) -> bool | None:
    """The guard finds no personal value in any stored text; a text that it cannot read counts as not concealed."""
    return all(checked.findings == () for checked in view.checks) if view.checks else None


def contained(view: View) -> bool:
    """The dialogue ended without a person being called in."""
    events = any(str(event.get("type", event.get("name"))) == "handoff" for event in view.dialogue.events)
    return not events and not any(turn.handed_off for turn in view.turns)


def same_request(one: str, other: str) -> bool:
    """The customer said nearly the same again."""
    one, other = _normal(one), _normal(other)
    if min(len(one), len(other)) < MIN_REQUEST_CHARS:
        return False
    return SequenceMatcher(None, one, other, autojunk=False).ratio() >= SAME_REQUEST


def resolved(view: View) -> bool | None:
    """Nothing at the end shows that it failed: the last turn answered, not unclear, not given up, not said twice.

    ``None`` after a handoff: a person has it now.
    """
    if not contained(view):
        return None
    last = len(view.turns) - 1
    turn = view.turns[last]
    repeated = last > 0 and same_request(turn.question, view.turns[last - 1].question)
    end = View(view.dialogue, view.turns, view.checks, last)
    return answered(end) is not False and not {"unclear", "stop"} & set(turn.intents) and not repeated


def liked(view: View) -> bool | None:
    """The customer's feedback is positive (the last one given counts)."""
    given = [e for e in view.dialogue.events if str(e.get("type", e.get("name"))) == "feedback"]
    return _opinion(given[-1]) if given else _opinion({"feedback": view.dialogue.labels.get("feedback")})


def _opinion(event: Mapping[str, Any]) -> bool | None:
    for key in ("positive", "rating", "value", "score", "stars", "feedback"):
        value = event.get(key)
        if isinstance(value, bool):
            return value
        if isinstance(value, int | float):  # one to five stars, or −1 / 1
            return value >= 4 if key == "stars" or value > 1 else value > 0
        if isinstance(value, str):
            word = value.casefold()
            return True if word in _LIKE else False if word in _DISLIKE else None
    return None


_LIKE: Final = frozenset({"up", "like", "liked", "good", "positive", "yes", "thumbs_up"})
_DISLIKE: Final = frozenset({"down", "dislike", "disliked", "bad", "negative", "no", "thumbs_down"})


def _always(_view: View) -> bool:
    return True


METRICS: Final[tuple[Metric, ...]] = (
    Metric("concealed", "dialogue", concealed, True, "no personal value left in the text", "存储文本中没有个人信息"),
    Metric("answered", "turn", answered, True, "the customer got a reply", "顾客得到了回复"),
    Metric("resolved", "dialogue", resolved, True, "nothing at the end shows that it failed", "结尾没有失败的迹象"),
    Metric("contained", "dialogue", contained, False, "ended without a person", "无需转人工"),
    Metric("understood", "turn", understood, False, "a request could be read", "读懂了顾客的请求"),
    Metric("language_match", "turn", language_match, True, "reply in the customer's language", "回复语言与顾客一致"),
    Metric("grounded", "turn", _noted("grounded"), False, "model's wording kept to the facts", "模型措辞与事实一致"),
    Metric("worded", "turn", worded, False, "model's wording passed the guards", "模型措辞通过了检查"),
    Metric("unblocked", "turn", unblocked, False, "no guard refused the turn", "未被护栏拦截"),
    Metric("fresh", "turn", fresh, True, "reply not said before", "没有重复之前的回复"),
    Metric("direct", "turn", direct, False, "reply does not end in a question back", "回复没有反问顾客"),
    Metric("liked", "dialogue", liked, False, "feedback is positive", "反馈为好评"),
    Metric("first_word_in_time", "turn", first_word_in_time, False, "first word within 2.5 s", "2.5 秒内出现首字"),
    Metric("turn_in_time", "turn", turn_in_time, False, "whole reply within 4 s", "4 秒内完成回复"),
    Metric("readable", "line", _always, False, "transcript line could be read", "记录行可读取"),
)  # fmt: skip
NAMES: Final[tuple[str, ...]] = tuple(metric.name for metric in METRICS)
