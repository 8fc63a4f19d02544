"""``/v1/chat/completions`` and ``/v1/models`` as OpenAI clients know them; the model ``tactful`` is the assistant.

Models ``guarded:<upstream model>`` are handed to ``guarded.proxy``. A client of the assistant sends the whole
conversation each time, so the dialogue behind it is found by what it shows:

* ``metadata.session_id``: the caller names the conversation; only the last message is read. The name is the
  caller's own: it is hashed with the API key and ``user``, and never reaches sessions of other ways in.
* otherwise each answer leaves its dialogue parked under a keyed hash of the conversation as shown so far. The next
  request that shows exactly that picks it up, once. Two strangers who begin alike each pick up one of two dialogues
  that hold the same, and none of them twice, so nobody is ever in another's dialogue or vault.
* a conversation that was not seen, or was picked up already (a retry, an edited message), is told anew: its last
  ``MAX_RETOLD`` customer messages are played into a fresh dialogue.

System and developer messages, sampling parameters and tools are accepted and ignored: the shop's rules are not the
caller's to set. Token counts are estimates. ``x_tactful`` holds what OpenAI's objects have no place for.
"""

import asyncio
import hashlib
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Header, Request
from fastapi.responses import JSONResponse, Response
from openai.types import CompletionUsage, Model
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from pydantic import BaseModel, ConfigDict, Field
from sse_starlette import EventSourceResponse, ServerSentEvent

from bot.events import Delta, Done, Hidden, TurnEvent
from bot.session import Session, SessionId
from guardrails.findings import VaultOwner
from serving.guarded.answers import PREFIX, not_set_up
from serving.guarded.answers import error as guarded_error
from serving.guarded.proxy import Guarded
from serving.http.conversation import Conversations, done_meta, new_message_id, shown_of, whole
from serving.http.limits import Limits
from serving.http.parts import Parts
from serving.http.problems import OpenAIError, Problem, language
from serving.http.sessions import StorageUnavailable

MODEL: Final = "tactful"
MAX_RETOLD: Final = 6
_CREATED: Final = 1_767_225_600  # 2026-01-01, when the model's contract was fixed
_FINISH: Final = {"stop": "stop", "handoff": "stop", "content_filter": "content_filter", "error": "stop"}


class Part(BaseModel):
    """A piece of a message's content."""

    model_config = ConfigDict(extra="allow", hide_input_in_errors=True)
    type: str
    text: str | None = None


class ChatMessage(BaseModel):
    """A message as OpenAI clients send it."""

    model_config = ConfigDict(extra="allow", hide_input_in_errors=True)
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None

    def words(self) -> str:
        """The text of the message."""
        if isinstance(self.content, list):
            return "".join(part.text or "" for part in self.content)
        return self.content or ""


class StreamOptions(BaseModel):
    """Options of a stream."""

    model_config = ConfigDict(extra="allow", hide_input_in_errors=True)
    include_usage: bool = False


class ChatRequest(BaseModel):
    """A request; fields that are not listed are accepted and ignored."""

    model_config = ConfigDict(extra="allow", hide_input_in_errors=True)
    model: str
    messages: Annotated[list[ChatMessage], Field(min_length=1)]
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    n: int | None = None
    user: str | None = None
    metadata: dict[str, str] | None = None


def router(parts: Parts, conversations: Conversations, limits: Limits) -> APIRouter:
    """The routes over ``parts``."""
    api = _Api(parts, conversations, limits)
    routes = APIRouter(prefix="/v1", tags=["OpenAI-compatible"])
    add = routes.add_api_route
    add("/chat/completions", api.complete, methods=["POST"], operation_id="createChatCompletion", response_model=None)
    add("/models", api.models, methods=["GET"], operation_id="listModels", response_model=None)
    add("/models/{name:path}", api.model, methods=["GET"], operation_id="retrieveModel", response_model=None)
    return routes


class _Api:
    def __init__(self, parts: Parts, conversations: Conversations, limits: Limits) -> None:
        self._parts = parts
        self._conversations = conversations
        self._limits = limits

    async def models(self, authorization: Annotated[str | None, Header()] = None) -> dict[str, Any]:
        """The models that can be named."""
        self._caller(authorization)
        guarded = await self._parts.guarded.models() if self._parts.guarded else ()
        return {"object": "list", "data": [_model(name).model_dump() for name in (MODEL, *guarded)]}

    async def model(
        self, request: Request, name: str, authorization: Annotated[str | None, Header()] = None
    ) -> dict[str, Any]:
        """One model."""
        self._caller(authorization)
        if name.startswith(PREFIX):
            if name not in await self._guarded(request).models():
                raise guarded_error("model_not_found", language(request))
        else:
            _check_model(name)
        return _model(name).model_dump()

    async def complete(
        self, request: Request, body: ChatRequest, authorization: Annotated[str | None, Header()] = None
    ) -> Response:
        """Answer the last message of a conversation."""
        caller = self._caller(authorization)
        self._limits.check_address(request)
        if body.model.startswith(PREFIX):
            owner = self._guarded_owner(body, caller)
            return await self._guarded(request).answer(request, await request.json(), owner)
        _check_model(body.model)
        text = self._conversations.check(_last(body))
        scope = (caller, body.user or "")
        try:
            session = await self._session(body, scope)
        except StorageUnavailable:
            raise Problem("storage_unavailable") from None
        message_id = new_message_id()
        events = self._conversations.say(session, text, way="openai", message_id=message_id)
        prompt = sum(_tokens(message.words()) for message in body.messages)
        if body.stream:
            usage = body.stream_options is not None and body.stream_options.include_usage
            frames = self._chunks(events, session, body, scope, message_id, prompt if usage else None)
            return EventSourceResponse(frames, ping=15, sep="\n")
        answer = await whole(events)
        await self._park(session, body, scope, answer.text)
        vendor = {"session_id": session.id, "hidden": answer.hidden, "products": answer.products,
                  "citations": answer.sources, "handoff": answer.handoff, **answer.done}  # fmt: skip
        refused = answer.done["finish_reason"] == "content_filter"
        message = {"role": "assistant", "content": answer.text, "refusal": answer.text if refused else None}
        choice = {
            "index": 0,
            "message": message,
            "logprobs": None,
            "finish_reason": _FINISH[answer.done["finish_reason"]],
        }
        reply = ChatCompletion.model_validate(
            {"id": _chat_id(message_id), "object": "chat.completion", "created": int(time.time()), "model": MODEL,
             "choices": [choice], "usage": _usage(prompt, _tokens(answer.text)).model_dump()}
        )  # fmt: skip
        return JSONResponse({**reply.model_dump(mode="json", exclude_unset=True), "x_tactful": vendor})

    def _guarded(self, request: Request) -> Guarded:
        if self._parts.guarded is None:
            not_set_up(language(request))
        return self._parts.guarded

    def _guarded_owner(self, body: ChatRequest, caller: str) -> VaultOwner | None:
        """Whose vault a guarded request's values go to; ``None`` where it names no session."""
        named = (body.metadata or {}).get("session_id") or ""
        if not (named or body.user):
            return None
        return VaultOwner("guarded:" + self._parts.tokens.digest("guarded", caller, body.user or "", named))

    async def _chunks(
        self,
        events: AsyncGenerator[TurnEvent, None],
        session: Session,
        body: ChatRequest,
        scope: tuple[str, str],
        message_id: str,
        prompt_tokens: int | None,
    ) -> AsyncIterator[ServerSentEvent]:
        """The turn as chunks; a failure in the middle as an error object; ``[DONE]`` last."""
        base = {
            "id": _chat_id(message_id),
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": MODEL,
        }
        said, seen = "", list[TurnEvent]()
        yield _chunk(base, {"role": "assistant", "content": ""})
        try:
            async with aclosing(events):
                async for event in events:
                    match event:
                        case Delta(text):
                            said += text
                            yield _chunk(base, {"content": text})
                        case Done():
                            await self._park(session, body, scope, said)
                            yield _last_chunk(base, event, said, {"session_id": session.id, **_vendor(seen)})
                        case _:
                            seen.append(event)
            if prompt_tokens is not None:
                yield _usage_chunk(base, _usage(prompt_tokens, _tokens(said)))
        except Exception as error:
            problem = error if isinstance(error, Problem) else Problem("internal_error")
            failure = OpenAIError(problem.status, problem.detail("en"), problem.code, kind="api_error")
            yield ServerSentEvent(_json(failure.body()))
        yield ServerSentEvent("[DONE]")

    async def _session(self, body: ChatRequest, scope: tuple[str, str]) -> Session:
        """The dialogue that this conversation belongs to."""
        sessions, tokens = self._parts.sessions, self._parts.tokens
        named = (body.metadata or {}).get("session_id")
        if named:
            derived = SessionId("oai_" + tokens.digest("named session", *scope, named))
            return await asyncio.to_thread(sessions.ensure, derived, "openai")
        earlier = _spoken(body.messages[:-1])
        if earlier:
            parked = await asyncio.to_thread(sessions.pick_up, self._prefix(scope, earlier))
            session = await asyncio.to_thread(sessions.get, parked) if parked else None
            if session:
                return session
        session = await asyncio.to_thread(sessions.create, "openai")
        asked = [text for role, text in earlier if role == "user" and text.strip()]
        for text in asked[-MAX_RETOLD:]:
            if len(text) <= self._parts.settings.max_chars:
                await whole(self._conversations.say(session, text, way="retold"))
        return session

    async def _park(self, session: Session, body: ChatRequest, scope: tuple[str, str], reply: str) -> None:
        if (body.metadata or {}).get("session_id"):
            return
        shown = [*_spoken(body.messages), ("assistant", reply.strip())]
        try:
            await asyncio.to_thread(self._parts.sessions.park, self._prefix(scope, shown), session.id)
        except StorageUnavailable:
            self._parts.metrics.storage_failure("sessions")

    def _prefix(self, scope: tuple[str, str], spoken: Sequence[tuple[str, str]]) -> str:
        flat = [part for message in spoken for part in message]
        return self._parts.tokens.digest("conversation", *scope, *flat)

    def _caller(self, authorization: str | None) -> str:
        """A digest of the API key; where keys are set, one of them is needed."""
        scheme, _, key = (authorization or "").partition(" ")
        digest = hashlib.sha256(key.strip().encode()).hexdigest() if scheme.lower() == "bearer" else ""
        allowed = self._parts.settings.api_keys_sha256
        if allowed and digest not in allowed:
            message = "Incorrect API key. Send a key of this server as Authorization: Bearer <key>."
            raise OpenAIError(401, message, "invalid_api_key", kind="authentication_error")
        return digest


def _check_model(name: str) -> None:
    if name == MODEL:
        return
    message = f"This server has no such model. Use the model {MODEL}; GET /v1/models lists what there is."
    raise OpenAIError(404, message, "model_not_found", "model")


def _last(body: ChatRequest) -> str:
    if body.n not in (None, 1):
        raise OpenAIError(
            400, "Only one choice can be asked for: leave n out or set it to 1.", "unsupported_value", "n"
        )
    last = body.messages[-1]
    if last.role != "user":
        raise OpenAIError(400, "The last message must have the role user.", "invalid_value", "messages")
    if isinstance(last.content, list) and any(part.type != "text" for part in last.content):
        raise OpenAIError(
            400, "Only text content can be read: send parts of type text.", "unsupported_value", "messages"
        )
    return last.words()


def _spoken(messages: Sequence[ChatMessage]) -> list[tuple[str, str]]:
    return [(m.role, m.words().strip()) for m in messages if m.role in ("user", "assistant")]


def _model(name: str) -> Model:
    return Model(id=name, created=_CREATED, object="model", owned_by="shop" if name == MODEL else "upstream")


def _tokens(text: str) -> int:
    """An estimate: a token for each wide character and for each four others."""
    wide = sum(ord(char) >= 0x2E80 for char in text)
    return wide + -(-(len(text) - wide) // 4)


def _usage(prompt: int, completion: int) -> CompletionUsage:
    return CompletionUsage(prompt_tokens=prompt, completion_tokens=completion, total_tokens=prompt + completion)


def _chat_id(message_id: str) -> str:
    return "chatcmpl-" + message_id.removeprefix("msg_")


def _vendor(seen: list[TurnEvent]) -> dict[str, Any]:
    shown = shown_of(seen)
    hidden = next((dict(event.counts) for event in seen if isinstance(event, Hidden)), {})
    return {"hidden": hidden, "products": shown["cards"], "citations": shown["links"], "handoff": shown["handoff"]}


def _chunk(base: dict[str, Any], delta: dict[str, Any], finish: str | None = None, **extra: Any) -> ServerSentEvent:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    chunk = ChatCompletionChunk.model_validate({**base, "choices": [choice]})
    return ServerSentEvent(_json({**chunk.model_dump(mode="json", exclude_unset=True), **extra}))


def _last_chunk(base: dict[str, Any], done: Done, said: str, vendor: dict[str, Any]) -> ServerSentEvent:
    delta = {"refusal": said} if done.finish_reason == "content_filter" else {}
    return _chunk(base, delta, _FINISH[done.finish_reason], x_tactful={**vendor, **done_meta(done)})


def _usage_chunk(base: dict[str, Any], usage: CompletionUsage) -> ServerSentEvent:
    chunk = ChatCompletionChunk.model_validate({**base, "choices": [], "usage": usage.model_dump()})
    return ServerSentEvent(_json(chunk.model_dump(mode="json", exclude_unset=True)))


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
