"""The tool for the shop's rules: the passage that answers, with its source. READ, no personal data."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.commands import Topic
from bot.facts import Facts, Source
from bot.session import Lang
from bot.shop.records import Policy
from bot.tools.toolbox import Call, Found, Miss, Outcome, ToolContext
from guardrails.findings import Concealed


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
        """The passage that answers the customer's message best."""
        hits = self.passages.search(context.text.text, context.lang, call.topic, limit=1)
        if not hits:
            return Miss("no_policy", "confirm_handoff")
        hit = hits[0]
        lines = (Concealed.fixed(f"title: {hit.policy.title}"), Concealed.fixed(f"passage: {_one_line(hit.passage)}"))
        plain = Concealed.fixed(_one_line(hit.passage))
        return Found(Facts("policy", lines, plain, sources=(Source(hit.policy.title, hit.policy.path),)))


def _one_line(text: str) -> str:
    return " ".join(text.split())
