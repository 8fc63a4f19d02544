"""Whether the classifier's reading of a message stands against what rules about single words make of it.

Rules know words; they see a request for an order in "cancel my gym". The classifier has seen thousands of whole
messages: where it is sure of one that is a single clause, it is right. It does not know what is the customer's own
(``ask_account``), nor what was said before, and takes a thing that is to be exchanged for a search.
"""

import re
from typing import Final

from bot.commands import Command
from bot.unaided import Guess

_POINTS: Final = re.compile(
    r"\b(?:my|the|this|that|these|those|it|them|both|one)\b|这|那|它|我的|我买的|[一两]件", re.IGNORECASE
)
"""Something that could be sent back."""


def stands(guess: Guess, ruled: tuple[Command, ...], text: str, order_pattern: str, *, known: bool) -> bool:
    """Whether ``guess`` is to be followed instead of ``ruled``, the same message as the rules leave it.

    ``known``: the customer is known, so that a question about money or a parcel is about his own.
    """
    if not guess.sure:
        return False
    label = guess.commands[0]
    named = re.search(order_pattern, text, re.IGNORECASE) is not None
    if label.name == "out_of_scope":
        return not (known or named)
    if any(command.name == "ask_account" for command in ruled):
        return False
    served = {command.kind for command in ruled if command.name == "service"}
    if label.name in ("find_product", "ask_product"):
        return not served
    if label.kind == "refund" and "return" in served:  # money back for a thing that can come back is a return
        return not (named or _POINTS.search(text))
    return True
