"""From facts to the customer's words: the model words them sentence by sentence, each checked before it leaves.

A sentence with a number, date, price, name or link that the facts do not hold ends the model's part:
the plain rendering of the facts is said instead. The same where the model is away. Lists of orders
and the shop's rules are never worded by the model: a rule that is put in other words is another rule
("we never send payment links" lost its "never" here). Everything said here is concealed text.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass, field
from typing import Final

from bot.facts import FactKind, Facts
from bot.model_client import Model, ModelError
from bot.prompts import Prompting, reply_messages
from bot.session import Lang
from guardrails.findings import Concealed, VaultOwner
from guardrails.guard import Guardrails

WORDED_KINDS: Final[frozenset[FactKind]] = frozenset({"order", "product", "products"})
MAX_OUTPUT_TOKENS: Final = 120
# "Nov. 29" and "approx. two" go on: what follows a full stop must be there, and be neither digit nor lower case.
_SENTENCE_END: Final = re.compile(r"[.!?](?=\s+[^\s\da-z])|[。！？]")
# "The catalogue doesn't say": a small model says so of what stands there. The customer sees the facts instead.
_DENIAL: Final = re.compile(
    r"(?i)(?:does|do|did)(?:n['’]t| not) (?:say|give|list|mention|tell|show|include)"
    r"|没有(?:说明|提到|写|给出)|资料里没有"
)
MIN_SENTENCE_CHARS: Final = 6
FREE_TEXT_CHARS: Final = 25  # a shorter line of facts is a number, a date, a name


@dataclass(slots=True)
class Spoken:
    """What became of one reply, for the transcript and the metrics."""

    worded_by_model: bool = False
    violations: int = 0
    model_failed: bool = False


@dataclass(frozen=True, slots=True)
class Replier:
    """Words facts for one shop."""

    model: Model
    guard: Guardrails
    prompting: Prompting
    product_names: Collection[str] = field(default=frozenset(), repr=False)
    allowed_names: Collection[str] = field(default=frozenset(), repr=False)
    domains: tuple[str, ...] = ()

    async def words(
        self,
        facts: Facts,
        question: Concealed,
        lang: Lang,
        owner: VaultOwner,
        spoken: Spoken,
        stopped: Callable[[], bool] = lambda: False,
        *,
        asked: bool = True,
    ) -> AsyncIterator[Concealed]:
        """The reply, sentence by sentence; ``spoken`` is filled in.

        Without a question in words (``asked``: a number from the list, an order number) there is nothing to word an
        answer to: the facts are shown plainly.

        Raises:
            GuardError: a check could not run.
        """
        said, text = 0, ""
        if asked and facts.kind in WORDED_KINDS and not await asyncio.to_thread(self._instructs, facts, spoken):
            try:
                async for sentence in self._sentences(facts, question, lang):
                    if stopped():
                        return
                    text += sentence
                    if await asyncio.to_thread(self._claims_more, text, facts):
                        spoken.violations += 1
                        break
                    said += 1
                    yield Concealed.fixed(await asyncio.to_thread(self.guard.reveal, owner, sentence, "log"))
                else:
                    spoken.worded_by_model = said > 0
                    for value, told in facts.needed if said else ():
                        if value not in text:
                            yield Concealed.join("", (Concealed.fixed(" " if lang == "en" else ""), told))
                    if said:
                        return
            except ModelError:
                spoken.model_failed = True
        if said:
            yield Concealed.fixed(" " if lang == "en" else "")
        yield facts.plain

    def _instructs(self, facts: Facts, spoken: Spoken) -> bool:
        """Whether free text of catalogue or records reads like an instruction to the model: it does not get it then."""
        long = [line.text for line in facts.lines if len(line.text) >= FREE_TEXT_CHARS]
        if not any(self.guard.inspect(text).action == "block" for text in long):
            return False
        spoken.violations += 1
        return True

    def _claims_more(self, text: str, facts: Facts) -> bool:
        """Whether the reply so far states what the facts do not hold, or denies that they hold an answer."""
        if facts.kind == "product" and _DENIAL.search(text):
            return True
        return bool(
            self.guard.check_reply(
                text,
                [line.text for line in facts.lines],
                self.allowed_names,
                product_names=self.product_names,
                domains=self.domains,
                apart=facts.kind == "products",
            )
        )

    async def _sentences(self, facts: Facts, question: Concealed, lang: Lang) -> AsyncIterator[str]:
        messages = reply_messages(question, facts.lines, lang, self.prompting)
        held = ""
        async for delta in self.model.stream(messages, max_tokens=MAX_OUTPUT_TOKENS):
            held += delta
            while cut := _sentence_end(held):
                yield held[:cut]
                held = held[cut:]
        if held.strip():
            yield held


def _sentence_end(text: str) -> int:
    """Where the first whole sentence of ``text`` ends; 0 while none is whole."""
    for match in _SENTENCE_END.finditer(text):
        if match.end() >= MIN_SENTENCE_CHARS:
            return match.end()
    return 0
