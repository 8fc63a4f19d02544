"""Commands without the language model: the linear classifier over the whole message and over its parts.

The degraded mode. A message that asks for several things gives several commands where each part is clear by
itself; otherwise the whole decides. Where the classifier is unsure the turn is ``unclear``, never a guess.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from bot.clauses import clauses
from bot.commands import MAX_COMMANDS, Command
from bot.intents import in_scope_of
from bot.prompts import Context
from bot.session import Lang
from bot.slots import command_of, details_in, proves

MIN_CLASSIFIER: Final = 0.3
"""Below this probability of the whole message the classifier is taken to guess."""
MIN_PART: Final = 0.5
"""A part is a request of its own only where the classifier is surer than it needs to be of a whole message."""

SURE: Final = 0.95
"""From here on the classifier needs nobody else's word for a message of one clause: it is right 98 times in 100."""
MIN_IN_SCOPE: Final = 0.6
"""Below it a message that nothing else is clear about is taken to be no business of a shop."""

MIN_SENTENCE: Final = 4
_NO_REQUEST: Final = frozenset(
    ("greet", "thanks", "goodbye", "affirm", "deny", "unclear", "out_of_scope", "choose", "give", "repeat", "stop")
)


class Intents(Protocol):
    """The degraded mode's classifier."""

    def predict(self, text: str, lang: Lang) -> Sequence[tuple[str, float]]:
        """Labels with probabilities, best first."""
        ...


@dataclass(frozen=True, slots=True)
class Guess:
    """Commands, how likely they are, and how likely the message is a shop's business at all."""

    commands: tuple[Command, ...]
    probability: float
    in_scope: float
    whole: bool = False
    """Whether it stands for the whole message: one request in one clause, or nothing for a shop."""
    request: bool = False
    """Whether it is one request, in however many clauses."""

    @property
    def sure(self) -> bool:
        """Whether nobody else's word is needed."""
        return self.whole and self.probability >= SURE


def commands_unaided(text: str, context: Context, lang: Lang, intents: Intents, order_pattern: str) -> Guess:
    """The commands of a concealed ``text``; one ``unclear`` where nothing is likely."""
    ranked = intents.predict(_without_names(text, context), lang)
    label, probability = _best(ranked, context, text)
    in_scope = in_scope_of(ranked)
    if several := _several(text, context, lang, intents, order_pattern):
        return Guess(*several, max(in_scope, several[1]))
    if in_scope < MIN_IN_SCOPE:
        return Guess((Command("out_of_scope"),), 1 - in_scope, in_scope, whole=True)
    if probability < MIN_CLASSIFIER:
        return Guess((Command("unclear"),), probability, in_scope)
    if label == "give" and (details := details_in(text)):
        return Guess(details[:MAX_COMMANDS], probability, in_scope)
    command = command_of(label, text, context, order_pattern)
    request = command.name not in _NO_REQUEST
    return Guess((command,), probability, in_scope, request and len(clauses(text)) == 1, request)


def _without_names(text: str, context: Context) -> str:
    """Where nobody was asked who he is, a name says nothing of what he wants; often it is a slip of the fingers."""
    if context.awaiting == "identity" or proves(text):
        return text
    return " ".join(re.sub(r"<PERSON_\d+>", " ", text).split())


def _best(ranked: Sequence[tuple[str, float]], context: Context, text: str) -> tuple[str, float]:
    """The likeliest label that the dialogue leaves possible.

    Nothing can be chosen where nothing was offered, and a name in a sentence is no answer where nothing was asked: a
    slip of the fingers may look like one.
    """
    answers = bool(context.awaiting) or proves(text) or len(text.split()) < MIN_SENTENCE
    possible = [
        (label, share)
        for label, share in ranked
        if (label != "choose" or context.offered) and (label != "give" or answers)
    ]
    return possible[0] if possible else ("unclear", 0.0)


def _several(
    text: str, context: Context, lang: Lang, intents: Intents, order_pattern: str
) -> tuple[tuple[Command, ...], float] | None:
    """Two or three different requests, each by a part that says it clearly; ``None`` where there is one at most."""
    parts = clauses(text)
    if len(parts) == 1:
        return None
    found: dict[str, tuple[Command, float]] = {}
    for part in parts:
        label, probability = _best(intents.predict(_without_names(part, context), lang), context, part)
        key = f"{label} {part}" if label in ("find_product", "ask_product") else label
        if probability >= MIN_PART and label.partition(":")[0] not in _NO_REQUEST and key not in found:
            found[key] = (command_of(label, part, context, order_pattern), probability)
    chosen = list(found.values())[:MAX_COMMANDS]
    if len(chosen) < 2:
        return None
    return tuple(command for command, _ in chosen), min(probability for _, probability in chosen)
