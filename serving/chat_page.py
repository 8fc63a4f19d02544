"""The chat at ``/``: Gradio in front of the same conversations as every other way in.

The browser keeps what it shows and the session's token, for as long as the tab lives; the server keeps what is
concealed. Gradio's analytics, run history, flagging and API page are off, and nothing comes from another host.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI

from bot.events import Delta, Done, Handoff, Hidden, TurnEvent
from bot.session import Lang, Session
from guardrails.errors import GuardError
from serving import chat_render as render
from serving.http.adapter import adapter_line
from serving.http.conversation import Conversations, new_message_id, session_or_problem, shown_of
from serving.http.limits import Limits, is_local
from serving.http.notices import notice
from serving.http.pages import FOLDER
from serving.http.parts import Parts
from serving.http.problems import Problem
from serving.http.sessions import StorageUnavailable

if TYPE_CHECKING:
    import gradio as gr

Message = dict[str, Any]
HEAD = '<link rel="icon" href="/widget/v1/mark.svg"><script defer src="/widget/v1/chat.js"></script>'


@dataclass(slots=True)
class _Shown:
    """A turn as it appears: the customer's message and the reply so far."""

    text: str
    lang: Lang
    message_id: str = field(default_factory=new_message_id)
    said: str = ""
    hidden: dict[str, int] = field(default_factory=dict)
    seen: list[TurnEvent] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    done: bool = False

    def take(self, event: TurnEvent) -> None:
        """Add what the event brings."""
        match event:
            case Delta(text):
                self.said += text
            case Hidden(counts):
                self.hidden = dict(counts)
            case Done():
                self.lang, self.done = event.lang, True
            case Handoff():
                self.seen.append(event)
                self.notes.append(render.TEXTS[self.lang]["handoff"])
            case _:
                self.seen.append(event)

    def messages(self) -> list[Message]:
        """Both messages, as the page's library takes them."""
        shown = shown_of(self.seen)
        reply = render.reply(
            self.said, self.message_id, self.lang, cards=shown["cards"], links=shown["links"],
            notes=self.notes, done=self.done,
        )  # fmt: skip
        return [
            {"role": "user", "content": render.asked(self.text, self.hidden, self.lang)},
            {"role": "assistant", "content": reply},
        ]


class ChatDesk:
    """What the page's buttons do, without the page's library: testable as it is."""

    def __init__(self, parts: Parts, conversations: Conversations, limits: Limits) -> None:
        self._parts = parts
        self._conversations = conversations
        self._limits = limits

    async def ask(
        self, text: str, history: list[Message], token: str, lang: Lang, address: str
    ) -> AsyncIterator[tuple[list[Message], str]]:
        """The history with the growing answer, and the session's token. A refused message is said in its place."""
        turn = _Shown(text, lang)
        try:
            session, token = await self._session(token, lang, address)
            self._conversations.check(text)
            events = self._conversations.say(session, text, way="chat", message_id=turn.message_id)
            yield [*history, *turn.messages()], token
            async with aclosing(events):
                async for event in events:
                    turn.take(event)
                    yield [*history, *turn.messages()], token
        except Problem as problem:
            turn.notes.append(problem.detail(lang))
            yield [*history, *turn.messages()], token
        except Exception:
            turn.notes.append(render.TEXTS[lang]["broken"])
            yield [*history, *turn.messages()], token

    async def restore(self, token: str) -> tuple[list[Message], str]:
        """The dialogue of a token that the tab still has; empty when it has expired."""
        try:
            session = await self._known(token)
            rows = await asyncio.to_thread(self._parts.sessions.messages, session.id)
            return [await self._shown(session, rows, place) for place in range(len(rows))], token
        except (Problem, StorageUnavailable):
            return [], ""

    async def delete(self, token: str) -> bool:
        """Delete the dialogue; ``False`` when it could not be."""
        try:
            await self._conversations.end(await self._known(token))
        except Problem:
            return True  # there is none any more
        except (StorageUnavailable, GuardError):
            return False
        return True

    async def thumb(self, token: str, html: str, liked: bool | str) -> bool:
        """A thumb on a reply, to our own store."""
        message_id = render.message_id(html)
        if message_id is None:
            return False
        value = "up" if liked is True or liked == "Like" else "down"
        try:
            session = await self._known(token)
            data: dict[str, Any] = {"value": value}
            await asyncio.to_thread(self._parts.sessions.add_event, session.id, "feedback", message_id, data)
        except (Problem, StorageUnavailable):
            return False
        self._parts.metrics.feedback(value)
        return True

    async def _session(self, token: str, lang: Lang, address: str) -> tuple[Session, str]:
        try:
            session = await self._known(token)
            token = self._parts.tokens.issue(session.id)
        except Problem:
            self._take(f"address:{address}", not is_local(address))
            try:
                session = await asyncio.to_thread(self._parts.sessions.create, "chat", lang)
            except StorageUnavailable:
                raise Problem("storage_unavailable") from None
            token = self._parts.tokens.issue(session.id)
        self._take(f"session:{session.id}", True)
        return session, token

    def _take(self, key: str, counted: bool) -> None:
        if not counted:
            return
        allowed, _, seconds = self._limits.take(key)
        if not allowed:
            raise Problem("rate_limited", values={"limit": self._limits.per_minute, "seconds": seconds})

    async def _known(self, token: str) -> Session:
        if not token:
            raise Problem("token_missing")
        session_id, _ = self._parts.tokens.read(token)
        return await asyncio.to_thread(session_or_problem, self._parts, session_id)

    async def _shown(self, session: Session, rows: list[Any], place: int) -> Message:
        row = rows[place]
        text = await self._conversations.shown(session, row)
        if row.role == "user":
            answer = rows[place + 1] if place + 1 < len(rows) else row
            meta = answer.extras.get("meta", {})
            return {"role": "user", "content": render.asked(text, meta.get("hidden", {}), meta.get("lang", "en"))}
        lang: Lang = row.extras.get("meta", {}).get("lang", "en")
        cards, links = row.extras.get("cards", []), row.extras.get("links", [])
        content = render.reply(text, row.message_id, lang, cards=cards, links=links, done=True)
        return {"role": "assistant", "content": content}


def content_of(message: Message) -> str:
    """The HTML of a message as the page's library hands it back: a string, or a list of text parts."""
    content = message.get("content", "")
    if isinstance(content, str):
        return content
    return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))


def mount(app: FastAPI, parts: Parts, conversations: Conversations, limits: Limits) -> None:
    """Put the chat page at ``/`` of ``app``; every other route stays in front of it."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    import gradio as gr

    from serving.chat_layout import build, theme

    page = build(parts, ChatDesk(parts, conversations, limits))
    gr.mount_gradio_app(
        app,
        page,
        path="/",
        footer_links=[],
        run_history=False,
        show_error=False,
        max_file_size="1kb",
        enable_monitoring=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        theme=theme(),
        css=(FOLDER / "chat.css").read_text("utf-8"),
        head=HEAD,
    )


def notices(parts: Parts, lang: Lang) -> str:
    """The notice above the conversation."""
    settings = parts.settings
    text = notice(lang, parts.shop.info.name(lang), settings.transcript_days, kept=settings.transcripts)
    about = adapter_line(settings, lang)
    return f'<p class="t-notice" lang="{"zh-CN" if lang == "zh" else "en"}">{text} {about}</p>'


def client_address(request: "gr.Request | None") -> str:
    """The browser's address, or nothing."""
    client = getattr(request, "client", None)
    return str(getattr(client, "host", "") or "")
