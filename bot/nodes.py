"""The six steps of a turn. Each reads and fills the turn's ``Scratch``; only ``guard`` writes what is stored.

conceal      personal values → handles; injection and abuse end the turn here
understand   commands
dialogue     actions
tool         outcomes, and the actions that follow from them
reply        words, checked sentence by sentence
guard        the dialogue's state and the two messages, as they may be kept
"""

import asyncio
import re
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import structlog
from langgraph.runtime import Runtime

from bot.dialogue import Decision, Echo, Say, Tell, decide, follow
from bot.events import Handoff, Hidden, Products, Sources
from bot.facts import Facts
from bot.language import language_of
from bot.prompts import Context
from bot.reply import Replier
from bot.scratch import Scratch, messages_of
from bot.service.case import Stage
from bot.session import Lang
from bot.state import DialogueState
from bot.tools.toolbox import Act, Call, Found, HandedOff, Miss, Outcome, Served, Toolbox, ToolContext, Verified
from bot.understand import Understander
from bot.wording import Key, say
from guardrails.errors import Blocked, GuardError, TextTooLong
from guardrails.findings import Concealed, VaultOwner
from guardrails.guard import Guardrails

MAX_ACTIONS: Final = 8
_WHO: Final = re.compile(
    r"\W*(?:(?:i'?m|i\sam|my\sname\sis|name:?|it'?s|this\sis)\s|我是|我叫|姓名[:：]?|名字[:：]?)?"
    r"(?P<name>(?-i:[^\W\d_a-z](?:[^\W\d_]|['\u2019-])+(?:\s[^\W\d_a-z](?:[^\W\d_]|['\u2019.-])*){1,3})|[\u4e00-\u9fff]{2,4})"
    r"[\s,，;；]+(?:and\s|(?:zip|postcode|postal\scode):?\s|邮编[:：]?)*"
    r"(?P<code>[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}|[A-Z]\d[\dW]\s?[A-Z\d]{4}|\d{5,6}(?:-\d{4})?)\W*",
    re.IGNORECASE,
)
"""A name and a postal code and nothing else; codes of the US, China, Germany, France, the United Kingdom, Ireland."""
_POSTAL: Final = re.compile(r"(?<![\w<#])\d{5,6}(?:-\d{4})?(?![\w>])")
_log = structlog.get_logger("tactful.turn")


@dataclass(frozen=True, slots=True)
class BotParts:
    """What a bot is made of; put together in ``serving``."""

    guard: Guardrails
    understander: Understander
    toolbox: Toolbox
    replier: Replier
    words: Mapping[Lang, Mapping[str, str]]
    """Placeholders of ``bot.wording`` per language: shop, example, hours."""


class Nodes:
    """The steps, over the parts of one bot. ``state`` is the graph's: a plain dictionary."""

    def __init__(self, parts: BotParts) -> None:
        self._parts = parts

    async def conceal(self, state: dict[str, Any], runtime: Runtime[Scratch]) -> dict[str, Any]:
        """Replace personal values by handles, or end the turn with a safe sentence: a guard fails closed."""
        scratch, began = runtime.context, time.perf_counter()
        session = scratch.turn.session
        known = DialogueState.from_json(state.get("dialogue"))
        start = replace(known, lang=session.lang or known.lang) if not state.get("dialogue") else known
        scratch.state = replace(start, lang=language_of(scratch.turn.text, start.lang))
        try:
            if not scratch.turn.text.strip():
                scratch.pieces.append(Say("empty"))
                return {}
            verdict = await asyncio.to_thread(self._parts.guard.inspect, scratch.turn.text)
            result = await asyncio.to_thread(self._parts.guard.conceal, session.owner, scratch.turn.text)
            scratch.text, scratch.hidden = result.text, {str(kind): n for kind, n in result.hidden.items()}
            if start.awaiting == "identity":
                told = await asyncio.to_thread(self._who, session.owner, scratch.turn.text)
                with_code = await asyncio.to_thread(self._with_postal_code, session.owner, scratch.text)
                scratch.text = told or with_code
            if result.hidden:
                scratch.emit(Hidden(scratch.hidden))
            if verdict.action == "block" and not (verdict.trained and self._plainly(scratch)):
                raise Blocked(verdict.reason or "injection")
        except GuardError as error:
            self._refuse(scratch, error)
        finally:
            scratch.clock("guard", began)
        return {}

    def _plainly(self, scratch: Scratch) -> bool:
        """What a suspected message plainly asks to be done to orders is done by rule: the model never reads it."""
        commands = self._parts.understander.plainly(
            scratch.text, Context.of(scratch.state), _stage_of(scratch.state), known=_is_known(scratch)
        )
        scratch.commands, scratch.by = commands, "rule" if commands else None
        return bool(commands)

    def _with_postal_code(self, owner: VaultOwner, text: Concealed) -> Concealed:
        """A bare number of five or six digits is a postal code where one was asked for."""
        match = _POSTAL.search(text.text)
        if match is None:
            return text
        handle = self._parts.guard.conceal_value(owner, "POSTAL_CODE", match.group())
        around = (Concealed.fixed(text.text[: match.start()]), Concealed.fixed(text.text[match.end() :]))
        return Concealed.join("", (around[0], handle, around[1]))

    def _who(self, owner: VaultOwner, text: str) -> Concealed | None:
        """A name and a postal code where both were asked for, also a name that no recognizer knows."""
        match = _WHO.fullmatch(text)
        if match is None:
            return None
        name = self._parts.guard.conceal_value(owner, "PERSON", match["name"])
        return Concealed.join(" ", (name, self._parts.guard.conceal_value(owner, "POSTAL_CODE", match["code"])))

    def _refuse(self, scratch: Scratch, error: GuardError) -> None:
        _log.warning("turn_refused", reason=error.reason, session=scratch.turn.session.id)
        scratch.refused = error.reason
        key: Key = "guard_failed"
        if isinstance(error, TextTooLong):
            key = "too_long"
        elif isinstance(error, Blocked):
            key = "abuse" if error.reason == "abuse" else "injection"
        scratch.finish = "content_filter" if isinstance(error, Blocked | TextTooLong) else "error"
        if key in ("guard_failed", "abuse"):
            scratch.state = replace(scratch.state, awaiting="confirm_handoff")
        scratch.pieces.append(Say(key))

    async def understand(self, state: dict[str, Any], runtime: Runtime[Scratch]) -> dict[str, Any]:
        """Commands of the concealed turn."""
        scratch, began = runtime.context, time.perf_counter()
        if scratch.commands:  # of a suspected message, by rule
            return {}
        context, stage = Context.of(scratch.state), _stage_of(scratch.state)
        found = await self._parts.understander.understand(
            scratch.text, context, scratch.state.lang, stage, known=_is_known(scratch)
        )
        scratch.commands, scratch.by = found.commands, found.by
        scratch.clock("understand", began)
        return {}

    async def dialogue(self, state: dict[str, Any], runtime: Runtime[Scratch]) -> dict[str, Any]:
        """Actions for the commands. Who the customer is comes from the session."""
        scratch = runtime.context
        decision = decide(scratch.state, scratch.commands, scratch.turn.session.customer_id)
        now = decision.state
        if now.awaiting == "identity" and scratch.state.awaiting != "identity" and not now.held:
            now = replace(now, held=scratch.text.text)  # read again when it is known who asks
        scratch.state, scratch.actions = now, deque(decision.actions)
        scratch.act = _act_of(decision)
        return {}

    async def tool(self, state: dict[str, Any], runtime: Runtime[Scratch]) -> dict[str, Any]:
        """Carry out the actions; what a tool brings back may add more."""
        scratch, began = runtime.context, time.perf_counter()
        for _ in range(MAX_ACTIONS):
            if not scratch.actions:
                break
            action = scratch.actions.popleft()
            if isinstance(action, Call):
                await self._call(scratch, action)
            else:
                scratch.pieces.append(action)
        scratch.act = _act_after(scratch.act, scratch.state)
        scratch.clock("tools", began)
        return {}

    async def _call(self, scratch: Scratch, call: Call) -> None:
        context = ToolContext(
            scratch.turn.session.owner,
            scratch.state.customer_id,
            scratch.state.lang,
            scratch.text,
            scratch.state,
            self._parts.guard,
        )
        try:
            outcome = await asyncio.to_thread(self._parts.toolbox.run, call, context)
        except Exception as error:  # a tool that fails must not take the turn with it
            _log.error("tool_failed", tool=call.tool, error=type(error).__name__)
            scratch.pieces.append(Say("tool_failed"))
            scratch.state = replace(scratch.state, awaiting="confirm_handoff")
            return
        if call.optional and isinstance(outcome, Miss):
            return
        await self._take(scratch, outcome)

    async def _take(self, scratch: Scratch, outcome: Outcome) -> None:
        if isinstance(outcome, Found):
            scratch.pieces.append(outcome.facts)
            scratch.cards += outcome.facts.products
            scratch.sources += outcome.facts.sources
        elif isinstance(outcome, Served):
            scratch.act = outcome.act
        elif isinstance(outcome, HandedOff):
            scratch.finish = "handoff"
            scratch.emit(Handoff("asked", outcome.summary))
        elif isinstance(outcome, Verified):
            await asyncio.to_thread(self._adopt, scratch, outcome)
        decision = follow(scratch.state, outcome)
        scratch.state = decision.state
        scratch.actions.extendleft(reversed(decision.actions))

    def _adopt(self, scratch: Scratch, outcome: Verified) -> None:
        """From now on, erasing this customer erases what he typed before he was known, too."""
        self._parts.guard.adopt(scratch.turn.session.owner, VaultOwner(outcome.customer_id))

    async def reply(self, state: dict[str, Any], runtime: Runtime[Scratch]) -> dict[str, Any]:
        """Say the pieces in order: fixed sentences at once, facts as the model words them."""
        scratch, began = runtime.context, time.perf_counter()
        for piece in scratch.pieces:
            self._space(scratch)
            match piece:
                case Say(key):
                    scratch.say(self._fixed(key, scratch.state.lang))
                case Tell(text):
                    scratch.say(text)
                case Echo():
                    scratch.say(Concealed.fixed(scratch.state.last_reply))
                case Facts():
                    await self._word(scratch, piece)
        if scratch.cards:
            scratch.emit(Products(tuple(scratch.cards)))
        if scratch.sources:
            scratch.emit(Sources(tuple(scratch.sources)))
        scratch.clock("reply", began)
        return {}

    async def _word(self, scratch: Scratch, facts: Facts) -> None:
        sentences = self._parts.replier.words(
            facts,
            scratch.text,
            scratch.state.lang,
            scratch.turn.session.owner,
            scratch.spoken,
            stopped=lambda: scratch.stopped,
            asked=scratch.by != "rule",
        )
        async for sentence in sentences:
            scratch.say(sentence)

    def _space(self, scratch: Scratch) -> None:
        if not scratch.said:
            return
        if "\n" in scratch.said[-1].text:
            scratch.say(Concealed.fixed("\n"))
        elif scratch.state.lang == "en":
            scratch.say(Concealed.fixed(" "))

    def _fixed(self, key: Key, lang: Lang) -> Concealed:
        return Concealed.fixed(say(key, lang, **self._parts.words[lang]))

    async def guard(self, state: dict[str, Any], runtime: Runtime[Scratch]) -> dict[str, Any]:
        """What is kept of the turn."""
        scratch = runtime.context
        reply = "".join(text.text for text in scratch.said)
        scratch.timings["turn"] = time.perf_counter() - scratch.began
        scratch.state = replace(scratch.state, last_reply=reply)
        return {"dialogue": scratch.state.to_json(), "messages": messages_of(scratch)}


def _stage_of(state: DialogueState) -> Stage | None:
    """What a service case waits for."""
    return state.case.stage if state.case and state.awaiting == "service" else None


def _is_known(scratch: Scratch) -> bool:
    return bool(scratch.turn.session.customer_id or scratch.state.customer_id)


def _act_after(act: Act, state: DialogueState) -> Act:
    """What the tools made of it: who asks may be known by now, or there may be several orders to choose from."""
    if act == "ask_identity" and state.awaiting != "identity":
        act = "done"
    return "ask_order" if act == "done" and state.awaiting == "choice" else act


def _act_of(decision: Decision) -> Act:
    """What a decision without a service case does: most turns end what was asked, some ask for something."""
    if decision.state.awaiting == "identity":
        return "ask_identity"
    if any(action == Call("hand_off") for action in decision.actions):
        return "handoff"
    if decision.state.awaiting == "confirm_handoff":
        return "refuse"
    said = {action.key for action in decision.actions if isinstance(action, Say)}
    if said & {"unclear", "unclear_again"}:
        return "other"
    return "done"
