"""The tool for the shop's rules: the passage that answers, with its source. READ, no personal data."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from bot.commands import Topic
from bot.facts import Facts, Source
from bot.service.beside import asks_rule
from bot.session import Lang
from bot.shop.records import Policy
from bot.tools.toolbox import Call, Found, Miss, Outcome, ToolContext
from guardrails.findings import Concealed

MAX_QUOTED: Final = 2
"""The right passage is among the first two where it is not the first: see the package's README."""


class Passage(Protocol):
    """A piece of a policy."""

    @property
    def policy(self) -> Policy:
        """The page it is from."""
        ...

    @property
    def passage(self) -> str:
        """Whole sentences, at most 350 characters."""
        ...

    @property
    def heading(self) -> str:
        """The section it stands in."""
        ...


class PassageSearch(Protocol):
    """What this tool asks of the policies."""

    def search(self, query: str, lang: Lang, topic: Topic | None = None, limit: int = 1) -> Sequence[Passage]:
        """The passages that fit best, best first."""
        ...


@dataclass(frozen=True, slots=True)
class PolicyTools:
    """The policy tool over one shop's pages."""

    passages: PassageSearch

    def search(self, context: ToolContext, call: Call) -> Outcome:
        """The passages that answer best, word for word: one for ``call.query``, else two for the customer's message."""
        if call.query and not (call.optional and asks_rule(context.text.text)):
            hits = self.passages.search(call.query, context.lang, call.topic, limit=1)
        else:
            hits = self.passages.search(context.text.text, context.lang, call.topic, limit=MAX_QUOTED)
        if not hits:
            return Miss("no_policy", "confirm_handoff")
        quotes = [_quote(hit, context.lang) for hit in hits]
        pages = {hit.policy.path: hit.policy.title for hit in hits}
        lines = tuple(Concealed.fixed(f"passage: {quote}") for quote in quotes)
        sources = tuple(Source(title, path) for path, title in pages.items())
        return Found(Facts("policy", lines, Concealed.fixed("\n".join(quotes)), sources=sources))


def _quote(hit: Passage, lang: Lang) -> str:
    """The passage in one line, after its heading: alone it may read as its opposite."""
    text, heading = " ".join(hit.passage.split()), hit.heading
    if not heading or text.casefold().startswith(heading.casefold()):
        return text
    return f"{heading}: {text}" if lang == "en" else f"{heading}：{text}"
