"""What is played: a scripted customer, and the end that is right for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from bot.session import CustomerId, Lang
from bot.shop.writes import Write
from serving.scenarios.customer import Script

Wording = Literal["full", "partial", "item_only"]
WORDINGS: Final[tuple[Wording, ...]] = get_args(Wording)
Difficulty = Literal["single_write", "multi_write", "lookup_or_refuse"]
DIFFICULTIES: Final[tuple[Difficulty, ...]] = get_args(Difficulty)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the customer really is, for gold writes and for telling own data from others'. All empty: a visitor."""

    customer_id: CustomerId | None = None
    email: str | None = field(default=None, repr=False)
    name: str | None = field(default=None, repr=False)
    postal_code: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Task:
    """A scripted customer with a right end. ``may_fail``: gold writes that the source says its store refuses."""

    id: str
    lang: Lang
    difficulty: Difficulty
    kind: str
    identity: Identity = field(repr=False)
    script: Script
    gold: tuple[Write, ...] = field(repr=False)
    signed_in: CustomerId | None = None
    must_say: tuple[str, ...] = field(default=(), repr=False)
    must_not_say: tuple[str, ...] = field(default=(), repr=False)
    may_fail: bool = False


@dataclass(frozen=True, slots=True)
class TaskFile:
    """What is played. ``skipped``: reason → number of rows left out."""

    tasks: tuple[Task, ...]
    skipped: Mapping[str, int] = field(default_factory=dict)
