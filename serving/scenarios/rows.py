"""The three kinds of rows in task files, and the task that each becomes.

Own scenarios are closed: a field nobody knows is a fault. Rows of others hold more than is read here.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bot.session import CustomerId, Lang
from serving.scenarios.customer import FactKey, Facts, Script
from serving.scenarios.gold import own_write, tau2_write
from serving.scenarios.tasks import Difficulty, Identity, Task, Wording

FACT_KEYS: Final[tuple[FactKey, ...]] = tuple(key for key in get_args(FactKey) if key != "identity")
Said = Annotated[str, Field(min_length=1, max_length=10_000)]
Spoken = Said | tuple[Said, ...] | None


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class _Open(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class _OwnCustomer(_Closed):
    email: Said | None = None
    name: Said | None = None
    postal_code: Said | None = None
    signed_in: Said | None = None


class _OwnFacts(_Closed):
    order_id: Spoken = None
    items: Spoken = None
    options: Spoken = None
    payment: Spoken = None
    reason: Spoken = None
    address: Spoken = None
    email: Spoken = None
    name: Spoken = None
    zip: Spoken = None


class _OwnWrite(_Closed):
    write: str
    args: dict[str, Any]


class _Own(_Closed):
    id: Said
    lang: Lang
    title: str = ""
    shop: str = ""
    customer: _OwnCustomer | None = None
    signed_in: Said | None = None
    queue: Annotated[tuple[Said, ...], Field(min_length=1)]
    facts: _OwnFacts = _OwnFacts()
    on_confirm: tuple[Said, ...] = ()
    on_refusal: tuple[Said, ...] = ()
    gold_writes: tuple[_OwnWrite, ...] = ()
    must_say: tuple[Said, ...] = ()
    must_not_say: tuple[Said, ...] = ()
    difficulty: Difficulty
    kind: str = ""
    goals: list[Any] = []

    @model_validator(mode="after")
    def _whole(self) -> "_Own":
        customer = self.customer or _OwnCustomer()
        if bool(customer.name) != bool(customer.postal_code):
            raise ValueError("customer: expected name and postal_code together")
        if self.gold_writes and not (self.signed_in or customer.signed_in or customer.email or customer.name):
            raise ValueError("gold_writes: expected a customer or signed_in whose records are written")
        return self

    def task(self) -> Task:
        who = self.customer or _OwnCustomer()
        signed_in = CustomerId(found) if (found := self.signed_in or who.signed_in) else None
        given = self.facts.model_dump(exclude_unset=True)
        facts: dict[FactKey, tuple[str, ...]] = {key: _spoken(given[key]) for key in FACT_KEYS if key in given}
        named = [" ".join(_spoken(given[key])) for key in ("name", "zip") if given.get(key)]
        said = _spoken(given.get("email")) or ((" ".join(named),) if named else ())
        if said or (said := _introduction(self.lang, who.email, who.name, who.postal_code)):
            facts["identity"] = said
        return Task(
            self.id,
            self.lang,
            self.difficulty,
            self.kind,
            Identity(signed_in, who.email, who.name, who.postal_code),
            Script(self.lang, self.queue, (facts,), self.on_confirm, self.on_refusal),
            tuple(own_write(write.write, write.args) for write in self.gold_writes),
            signed_in,
            self.must_say,
            self.must_not_say,
        )


class _Identity(_Open):
    email: str | None = None
    name: str = ""
    zip: str = ""


class _Call(_Open):
    tool: str
    args: dict[str, Any]


class _Source(_Open):
    id: Said
    user_id: Said
    difficulty: Difficulty
    intents: tuple[str, ...] = ()
    gold_writes: tuple[_Call, ...] = ()
    gold_errors: list[Any] = []
    must_say: tuple[Said, ...] = ()

    def with_script(self, identity: _Identity, script: Script) -> Task:
        return Task(
            self.id,
            "en",
            self.difficulty,
            "+".join(sorted(set(self.intents))) or "lookup",
            Identity(CustomerId(self.user_id), identity.email, identity.name or None, identity.zip or None),
            script,
            tuple(tau2_write(call.tool, call.args) for call in self.gold_writes),
            must_say=self.must_say,
            may_fail=bool(self.gold_errors),
        )


class _UserScript(_Open):
    identity: _Identity
    queue: Annotated[tuple[Said, ...], Field(min_length=1)]
    facts: dict[str, Spoken] = {}
    on_confirm: tuple[Said, ...] = ()
    on_refusal: tuple[Said, ...] = ()
    on_options: Spoken = None


class _Tau2(_Source):
    user_script: _UserScript

    def task(self) -> Task:
        script = self.user_script
        facts: dict[FactKey, tuple[str, ...]] = {
            key: _spoken(script.facts[key]) for key in FACT_KEYS if key in script.facts
        }
        if script.on_options:
            facts["options"] = _spoken(script.on_options)
        email = " ".join(_spoken(script.facts.get("email"))) or script.identity.email
        postal = " ".join(_spoken(script.facts.get("zip"))) or script.identity.zip
        facts["identity"] = _introduction("en", email, script.identity.name, postal)
        spoken = Script("en", script.queue, (facts,), script.on_confirm, script.on_refusal)
        return self.with_script(script.identity, spoken)


class _Training(_Source):
    usable: bool
    identity: _Identity
    queue: dict[Wording, tuple[Said, ...]]
    answers: tuple[dict[str, Said], ...]

    def task(self, wording: Wording) -> Task:
        who = self.identity
        known = _introduction("en", who.email, who.name, who.zip)
        facts = tuple(self._facts(known, answer) for answer in self.answers)
        return self.with_script(who, Script("en", self.queue[wording], facts))

    @staticmethod
    def _facts(known: tuple[str, ...], answer: Mapping[str, str]) -> Facts:
        told: dict[FactKey, tuple[str, ...]] = {key: (answer[key],) for key in FACT_KEYS if key in answer}
        return {**told, "identity": known}


def _spoken(value: Spoken) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def _introduction(lang: Lang, email: str | None, name: str | None, postal_code: str | None) -> tuple[str, ...]:
    if email:
        return (f"我的邮箱是 {email}" if lang == "zh" else f"My email is {email}.",)
    if name and postal_code:
        return (
            f"我叫{name}，邮编 {postal_code}"
            if lang == "zh"
            else f"My name is {name} and my zip code is {postal_code}.",
        )
    return ()


def task_of(row: Any, wording: Wording) -> Task | None:
    """The task of a row; ``None`` for one that its source marks as unusable.

    Raises:
        pydantic.ValidationError: the row is none of the three.
        BadGold: a gold write is none.
    """
    fields = row if isinstance(row, dict) else {}
    if "user_script" in fields:
        return _Tau2.model_validate(row).task()
    if "usable" in fields:
        training = _Training.model_validate(row)
        return training.task(wording) if training.usable else None
    return _Own.model_validate(row).task()
