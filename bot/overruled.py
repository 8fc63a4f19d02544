"""Whether the classifier's reading of a message stands against what rules and a small language model make of it.

Rules know words; they see a request for an order in "cancel my gym". A small model reads what it was taught, and takes
every question for a shop's. The classifier has seen thousands of whole messages: where it is sure of one that is a
single clause, it is right. It does not know what is the customer's own (``ask_account``), nor what was said before, and
takes a thing that is to be exchanged for a search.
"""

import re
from dataclasses import dataclass
from typing import Final

from bot.commands import Command
from bot.unaided import Guess

LIKELIER: Final = 0.5
"""From here on the classifier knows better than a language model of this size, where no rule speaks.

Chosen on the sets of ``tactful bench understand --model-url``, whose figures say what it is worth.
"""
SEVERAL: Final = 0.85
"""How sure the classifier must be of each clause to see more requests than the language model; chosen like that."""
_POINTS: Final = re.compile(
    r"\b(?:my|the|this|that|these|those|it|them|both|one)\b|这|那|它|我的|我买的|[一两]件", re.IGNORECASE
)
"""Something that could be sent back."""

_OF_A_SHOP: Final = re.compile(
    r"\b(?:refund|return|order|parcel|package|deliver)\w*|退款|退货|订单|包裹|快递", re.IGNORECASE
)
"""What makes a rule's reading of a message a shop's business."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The other reading of a message."""

    commands: tuple[Command, ...]
    by_rule: bool
    """Whether words of the message called for a rule; else they are a model's alone."""
    large: bool = False
    """A larger model read it, one that is told by examples what to do: it is overruled like a rule."""
    known: bool = False
    """The customer is known, so that a question about money or a parcel is about his own."""


def stands(guess: Guess, other: Reading, text: str, order_pattern: str) -> bool:
    """Whether ``guess`` is to be followed instead of ``other``; one that begins alike is kept, with all it holds."""
    label = guess.commands[0]
    likely = guess.probability >= LIKELIER or label.name == "out_of_scope"  # a small model hardly ever says that
    alone = guess.whole or (guess.request and len(other.commands) == 1)  # "…, how do I do it?" asks for nothing more
    enough = guess.sure if other.by_rule or other.large else alone and likely
    if not enough or _same(label, other.commands[0]):
        return False
    named = re.search(order_pattern, text, re.IGNORECASE) is not None
    if label.name == "out_of_scope":
        return not (other.known or named or (other.by_rule and _OF_A_SHOP.search(text)))
    if any(command.name == "ask_account" for command in other.commands):
        return False
    served = {command.kind for command in other.commands if command.name == "service"}
    if label.name in ("find_product", "ask_product"):
        return not (served and other.by_rule)
    if label.kind == "refund" and "return" in served:  # money back for a thing that can come back is a return
        return not (named or _POINTS.search(text))
    return True


def sees_more(guess: Guess, commands: tuple[Command, ...]) -> bool:
    """Whether clauses make several requests plain of which the language model saw one."""
    return len(guess.commands) > len(commands) == 1 and guess.probability >= SEVERAL


def _same(one: Command, other: Command) -> bool:
    return (one.name, one.kind, one.topic) == (other.name, other.kind, other.topic)
