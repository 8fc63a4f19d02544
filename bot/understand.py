"""From a concealed turn to commands: certain words first, then the model, else the linear classifier.

The model decodes under the grammar's schema. Where it is away, breaks the grammar or is unsure, the
classifier decides (the degraded mode); where that is unsure too, the turn is ``unclear``.
"""

import asyncio
import re
from dataclasses import dataclass, replace
from typing import Final, Literal

from bot.certain import commands_for_certain
from bot.clauses import clauses
from bot.commands import MAX_COMMANDS, MAX_QUERY_CHARS, SCHEMA, Command, CommandError, parse
from bot.model_client import Model, ModelError
from bot.overruled import Reading, sees_more, stands
from bot.prompts import Context, Prompting, understand_messages
from bot.service.beside import RULE_TOPICS, asks_rule, asks_where, beside, rule_asked
from bot.service.case import Stage
from bot.service.questions import asked_about
from bot.service.requests import Request, read_requests
from bot.service.routing import KIND_OF, answer_to, command_for, wanted
from bot.session import Lang
from bot.slots import command_of, details_in, order_in, place_in, proves
from bot.unaided import Guess, Intents, commands_unaided
from guardrails.findings import Concealed

MIN_CONFIDENCE: Final = 0.05
"""Below this lowest token probability the model is taken to guess."""
MIN_PICK: Final = 0.6
"""Below it the model's pick of what was offered needs a word for it: a place, or part of a name."""
MAX_OUTPUT_TOKENS: Final = 96
_HOW_MANY: Final = re.compile(
    r"\bhow\smany\b[^.?]{0,50}\b(?:options?|kinds?|types?|versions?|variants?|colou?rs?|sizes?|styles?|models?)\b"
    r"[^.?]{0,60}\b(?:available|in\sstock|there|have|sell|offer|come)\b|有(?:几|多少)(?:种|款|个颜色|个尺码)",
    re.IGNORECASE,
)
"""How many versions there are of something: a question about goods, whatever the model takes it for."""
_LOOKS: Final = frozenset({"find_product", "ask_product"})
_OF_ONES_OWN: Final = frozenset({"service", "track_order", "list_orders", "ask_account"})

UnderstoodBy = Literal["rule", "llm", "classifier"]


@dataclass(frozen=True, slots=True)
class Understanding:
    """The commands of a turn, who found them, and how sure (``None``: certain or not known).

    ``in_scope``: how likely the turn is a shop's business, as the classifier sees it; ``None`` where it was not asked.
    """

    commands: tuple[Command, ...]
    by: UnderstoodBy
    confidence: float | None = None
    in_scope: float | None = None


@dataclass(frozen=True, slots=True)
class Understander:
    """Understands turns of one shop."""

    model: Model
    intents: Intents
    prompting: Prompting
    order_pattern: str

    async def understand(
        self, text: Concealed, context: Context, lang: Lang, stage: Stage | None = None, *, known: bool = False
    ) -> Understanding:
        """The commands of ``text``; never raises for what the customer or the model says.

        ``stage`` is what a service case waits for; ``known``: who the customer is needs no proof any more.
        """
        if certain := commands_for_certain(text, context, self.order_pattern):
            return Understanding(certain, "rule")
        if stage is not None and (answer := answer_to(stage, text.text, self.order_pattern)):
            return Understanding((answer,), "rule")
        guess = await asyncio.to_thread(commands_unaided, text.text, context, lang, self.intents, self.order_pattern)
        found = await self._asked(text, context, guess)
        large, first = self.prompting == "few_shot", stage is None and context.awaiting is None
        if first and not large and sees_more(guess, found.commands):
            found = _classified(guess)
        if context.awaiting == "identity" and not large and _groundless(found.commands, guess):
            found = _classified(guess)
        told = self._ruled(found.commands, text, context)
        other = Reading(told or found.commands, by_rule=told is not None, large=large, known=known)
        if first and stands(guess, other, text.text, self.order_pattern):
            found, other = _classified(guess), replace(other, commands=guess.commands)
        commands = self._with_details(other.commands, text, context, known)
        return replace(found, commands=commands, in_scope=guess.in_scope)

    def plainly(
        self, text: Concealed, context: Context, stage: Stage | None = None, *, known: bool = False
    ) -> tuple[Command, ...]:
        """What ``text`` plainly asks to be done to orders, told by its words alone; nothing where they do not."""
        if not (read_requests(text.text) if stage else wanted(text.text, self.order_pattern)):
            return ()
        answer = answer_to(stage, text.text, self.order_pattern) if stage else None
        return (answer,) if answer else self._with_details(self._ruled((), text, context) or (), text, context, known)

    def _with_details(
        self, commands: tuple[Command, ...], text: Concealed, context: Context, known: bool
    ) -> tuple[Command, ...]:
        """With the details that prove who asks, where that is not known."""
        needed = not known and (context.awaiting == "identity" or proves(text.text))
        details = tuple(c for c in details_in(text.text) if c not in commands) if needed else ()
        if any(c.name in _OF_ONES_OWN for c in commands) or context.awaiting == "identity":
            kept = tuple(c for c in commands if c.name != "unclear" or not details)
            commands = (*details, *kept)
        return tuple(dict.fromkeys(commands))[: MAX_COMMANDS + 1]

    def _ruled(self, commands: tuple[Command, ...], text: Concealed, context: Context) -> tuple[Command, ...] | None:
        """What rules make of ``commands``; ``None`` where no word of the text calls for one."""
        requests = wanted(text.text, self.order_pattern)
        # What is plainly asked for leaves no room for what else the model may see in it.
        wished = self._wished(commands, requests, text) if requests else None
        return wished or self._asked_for(commands, text, context)

    def _wished(
        self, commands: tuple[Command, ...], requests: tuple[Request, ...], text: Concealed
    ) -> tuple[Command, ...]:
        served = tuple(c for c in commands if c.name == "service" and c.kind in KIND_OF.values())
        named = {c.kind for c in served}
        wished = (command_for(request) for request in requests)
        more = (c for c in wished if not served or (len(requests) > 1 and c.kind not in named))
        return (*served, *more, *beside(text.text, commands, self.order_pattern))

    def _asked_for(
        self, commands: tuple[Command, ...], text: Concealed, context: Context
    ) -> tuple[Command, ...] | None:
        """Questions that the words tell better than a small model does, with what other clauses ask beside them."""
        told = self._told(commands, text, context)
        if told is None and asks_rule(text.text) and not any(c.name == "ask_policy" for c in commands):
            return tuple(_as_rule(command) for command in commands)
        if told is None or len(commands) == 1:
            return told
        names = {command.name for command in told}
        asked = any(read_requests(part) and not asks_where(part) for part in clauses(text.text))
        served = (c for c in commands if asked and c.name == "service" and c.kind in KIND_OF.values())
        others = (*served, *beside(text.text, commands, self.order_pattern))
        return (*told, *(c for c in others if c.name == "ask_policy" or c.name not in names))

    def _told(self, commands: tuple[Command, ...], text: Concealed, context: Context) -> tuple[Command, ...] | None:
        if rule := rule_asked(text.text):
            return (rule,)
        if _HOW_MANY.search(text.text):
            goods = tuple(c for c in commands if c.name in ("ask_product", "find_product"))
            return goods or (Command("ask_product", query=text.text[:MAX_QUERY_CHARS]),)
        of_order = bool(context.topic and re.fullmatch(self.order_pattern, context.topic, re.IGNORECASE))
        about = asked_about(text.text, of_order=of_order)
        if about and not (about == "tracking" and asks_where(text.text)):
            return (Command("ask_account", query=text.text[:MAX_QUERY_CHARS]),)
        if asks_where(text.text):
            kept = tuple(c for c in commands if c.name in ("track_order", "human"))
            return kept or (Command("track_order", order=self._order_in(text)),)
        return None

    async def _asked(self, text: Concealed, context: Context, guess: Guess) -> Understanding:
        """What the model reads, else the classifier."""
        try:
            messages = understand_messages(context, text, self.prompting)
            answer = await self.model.complete(messages, schema=SCHEMA, max_tokens=MAX_OUTPUT_TOKENS)
            worded = self._worded(parse(answer.text), text, context, guess)
            commands = self._checked(worded, text, context, answer.confidence)
        except (ModelError, CommandError):
            return _classified(guess)
        if answer.confidence is not None and answer.confidence < MIN_CONFIDENCE:
            second = _classified(guess)
            return second if second.commands[0].name != "unclear" else Understanding(commands, "llm", answer.confidence)
        return Understanding(commands, "llm", answer.confidence)

    def _worded(
        self, commands: tuple[Command, ...], text: Concealed, context: Context, guess: Guess
    ) -> tuple[Command, ...]:
        """With what is looked for: each thing once, in the words of the clauses that the classifier takes for it.

        Where it sees one request alone: the clause where every command has one, else the whole message.
        """
        parts = clauses(text.text)
        if len(parts) != len(commands):
            parts = (text.text,) * len(commands)
        worded: list[Command] = []
        for command, part in zip(commands, parts, strict=True):
            if command.name not in _LOOKS:
                worded.append(command)
            elif all(command.name != other.name for other in worded):
                seen = [c for c in guess.commands if c.name == command.name] if len(guess.commands) > 1 else []
                worded += seen or [command_of(command.name, part, context, self.order_pattern)]
        return tuple(worded)

    def _checked(
        self, commands: tuple[Command, ...], text: Concealed, context: Context, confidence: float | None
    ) -> tuple[Command, ...]:
        """Slots that the customer's words or the context do not hold are the model's invention: dropped."""
        unsure = confidence is not None and confidence < MIN_PICK
        if unsure and place_in(text.text, context.offered) is None:  # a pick that no word tells is none
            commands = tuple(command for command in commands if command.name != "choose")
        known = " ".join((text.text, context.topic or "", *context.offered))
        checked = dict.fromkeys(self._grounded(command, known, text, context) for command in commands)
        clear = tuple(command for command in checked if command.name != "unclear")
        return clear or (Command("unclear"),)

    def _grounded(self, command: Command, known: str, text: Concealed, context: Context) -> Command:
        if command.order and not _may_name(command.order, text, context):
            command = replace(command, order=self._order_in(text))
        if command.name in ("track_order", "service") and command.order is None:
            command = replace(command, order=self._order_in(text))
        if command.name == "give" and command.value and _squeezed(command.value) not in _squeezed(known):
            return Command("unclear")
        return command

    def _order_in(self, text: Concealed) -> str | None:
        return order_in(text.text, self.order_pattern)


def _groundless(commands: tuple[Command, ...], guess: Guess) -> bool:
    """A small model's search where the classifier sees none: whatever does not answer a question looks like one."""
    return guess.commands[0].name in ("unclear", "out_of_scope") and all(c.name in _LOOKS for c in commands)


def _classified(guess: Guess) -> Understanding:
    return Understanding(guess.commands, "classifier", guess.probability, guess.in_scope)


def _as_rule(command: Command) -> Command:
    """The question what the rule is, where the model takes it for the wish itself."""
    topic = RULE_TOPICS.get(command.kind) if command.kind in KIND_OF.values() and command.kind else None
    return Command("ask_policy", topic=topic) if topic else command


def _may_name(order: str, text: Concealed, context: Context) -> bool:
    """Whether the customer wrote it or talks of it. One of several on a list must be told by digits of its own."""
    squeezed = _squeezed(order)
    if squeezed in _squeezed(text.text) or squeezed == _squeezed(context.topic or ""):
        return True
    on_list = [_squeezed(name) for name in context.offered]
    digits = re.findall(r"\d{2,}", text.text)
    return squeezed in on_list and (len(on_list) == 1 or any(run in squeezed for run in digits))


def _squeezed(text: str) -> str:
    return re.sub(r"[\s#\-]", "", text).casefold()
