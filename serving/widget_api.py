"""``/api/v1``: sessions, messages (JSON or server-sent events), feedback, handoff, and the guard's try-out.

For widgets and shop pages: a session's token in ``Authorization: Bearer`` names the session, nothing else does.
Errors are RFC 9457 problems.
"""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import JSONResponse, Response
from sse_starlette import EventSourceResponse

from bot.session import Lang, Session, SessionId
from guardrails.errors import GuardError
from guardrails.findings import Concealed
from guardrails.redaction import marked, plain
from serving.http.conversation import Conversations, new_message_id, session_or_problem, whole
from serving.http.events import replayed, streamed
from serving.http.idempotency import Claim
from serving.http.limits import Limits
from serving.http.middleware import add_headers
from serving.http.notices import AI_MARK, NOTICE_VERSION, notice
from serving.http.parts import Parts
from serving.http.problems import PROBLEM_TYPE, Problem, language
from serving.http.schemas import (
    AnswerOut,
    DoneOut,
    FindingOut,
    MessageOut,
    MessagesOut,
    NewFeedback,
    NewHandoff,
    NewMessage,
    NewSession,
    ProblemOut,
    RedactOut,
    SessionOut,
    TryRedact,
)
from serving.http.sessions import StorageUnavailable, StoredMessage

PING_S = 15
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    "4XX": {"description": "Problem", "content": {PROBLEM_TYPE: {"schema": ProblemOut.model_json_schema()}}},
    "5XX": {"description": "Problem", "content": {PROBLEM_TYPE: {"schema": ProblemOut.model_json_schema()}}},
}
Bearer = Annotated[str | None, Header(alias="Authorization", description="Bearer <token of the session>")]


def router(parts: Parts, conversations: Conversations, limits: Limits) -> APIRouter:
    """The routes over ``parts``."""
    api = _Api(parts, conversations, limits)
    routes = APIRouter(prefix="/api/v1", tags=["widgets"], responses=_PROBLEMS)
    add = routes.add_api_route
    add("/sessions", api.open, methods=["POST"], status_code=201, response_model=SessionOut, operation_id="openSession")
    add("/sessions/{session_id}", api.close, methods=["DELETE"], response_model=DoneOut, operation_id="deleteSession")
    add(
        "/sessions/{session_id}/messages", api.send, methods=["POST"], response_model=AnswerOut,
        operation_id="sendMessage", responses={200: {"content": {"text/event-stream": {}}}},
    )  # fmt: skip
    add(
        "/sessions/{session_id}/messages",
        api.read,
        methods=["GET"],
        response_model=MessagesOut,
        operation_id="listMessages",
    )
    add(
        "/sessions/{session_id}/feedback",
        api.feedback,
        methods=["POST"],
        response_model=DoneOut,
        operation_id="giveFeedback",
    )
    add(
        "/sessions/{session_id}/handoff",
        api.handoff,
        methods=["POST"],
        response_model=DoneOut,
        operation_id="askForPerson",
    )
    add("/redact", api.redact, methods=["POST"], response_model=RedactOut, operation_id="tryRedact")
    return routes


class _Api:
    """The handlers. Each checks who calls before it reads anything else."""

    def __init__(self, parts: Parts, conversations: Conversations, limits: Limits) -> None:
        self._parts = parts
        self._conversations = conversations
        self._limits = limits

    async def open(self, request: Request, body: NewSession) -> SessionOut:
        """Open a session. Do so with the first message, not before: until then nothing need be kept of a visitor."""
        self._limits.check_address(request)
        if body.widget_id is not None and body.widget_id not in self._parts.settings.widgets:
            raise Problem("widget_not_found", param="widget_id")
        try:
            session = await asyncio.to_thread(self._parts.sessions.create, "widget", body.lang)
        except StorageUnavailable:
            raise Problem("storage_unavailable") from None
        lang = body.lang or language(request)
        settings = self._parts.settings
        return SessionOut(
            session_id=session.id,
            token=self._parts.tokens.issue(session.id),
            expires_in=settings.session_minutes * 60,
            lang=lang,
            notice=notice(lang, self._parts.shop.info.name(lang), settings.transcript_days, kept=settings.transcripts),
            notice_version=NOTICE_VERSION,
            ai_mark=AI_MARK[lang],
        )

    async def close(self, request: Request, session_id: str, authorization: Bearer = None) -> DoneOut:
        """Delete the chat: its messages, its state, and the key of its values."""
        session = await self._session(request, session_id, authorization)
        try:
            await self._conversations.end(session)
        except (StorageUnavailable, GuardError):
            raise Problem("storage_unavailable") from None
        return DoneOut(status="deleted")

    async def send(
        self,
        request: Request,
        session_id: str,
        body: NewMessage,
        authorization: Bearer = None,
        idempotency_key: Annotated[str | None, Header()] = None,
    ) -> Response:
        """Send a message and get its answer. A turn once begun is finished and kept, also when the caller leaves."""
        session = await self._session(request, session_id, authorization)
        text = self._conversations.check(body.text)
        claim = await Claim.of(self._parts, session, idempotency_key, text)
        as_events = body.stream or "text/event-stream" in request.headers.get("accept", "")
        if claim and claim.answered:
            return await self._replay(session, claim.answered, as_events)
        message_id = new_message_id()
        settle = claim.settle if claim else None
        events = self._conversations.say(session, text, way="widget", message_id=message_id, finish=True, settle=settle)
        if as_events:
            frames = streamed(events, session.id, message_id, language(request))
            return EventSourceResponse(frames, ping=PING_S)
        return JSONResponse(_answer(await whole(events)), headers={"Cache-Control": "no-store"})

    async def _replay(self, session: Session, message_id: str, as_events: bool) -> Response:
        answer = await self._conversations.again(session, message_id)
        if answer is None:
            raise Problem("message_not_found")
        headers = {"Idempotency-Replayed": "true", "Cache-Control": "no-store"}
        if as_events:
            return EventSourceResponse(replayed(answer, session.id), ping=PING_S, headers=headers)
        return JSONResponse(_answer(answer), headers=headers)

    async def read(
        self,
        request: Request,
        session_id: str,
        authorization: Bearer = None,
        after: Annotated[int, Query(ge=0, description="number of the last message that is known")] = 0,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> MessagesOut:
        """The dialogue so far, oldest first."""
        session = await self._session(request, session_id, authorization)
        try:
            rows = await asyncio.to_thread(self._parts.sessions.messages, session.id, after, limit + 1)
            thumbs = await asyncio.to_thread(self._parts.sessions.thumbs, session.id)
        except StorageUnavailable:
            raise Problem("storage_unavailable") from None
        page = [await self._shown(session, row, thumbs) for row in rows[:limit] if row.role != "tool"]
        return MessagesOut(data=page, has_more=len(rows) > limit, last_id=page[-1].seq if page else None)

    async def feedback(
        self, request: Request, session_id: str, body: NewFeedback, authorization: Bearer = None
    ) -> DoneOut:
        """A thumb up or down on a reply."""
        session = await self._session(request, session_id, authorization)
        data: dict[str, str | int | Concealed] = {"value": body.value}
        if body.reason:
            data["reason"] = body.reason
        if body.comment:
            data["comment"] = await self._concealed(session, body.comment)
        if await asyncio.to_thread(self._parts.sessions.reply, session.id, body.message_id) is None:
            raise Problem("message_not_found", param="message_id")
        await self._event(session, "feedback", body.message_id, data)
        self._parts.metrics.feedback(body.value)
        return DoneOut(status="recorded")

    async def handoff(
        self, request: Request, session_id: str, body: NewHandoff, authorization: Bearer = None
    ) -> DoneOut:
        """Ask for a person without a message."""
        session = await self._session(request, session_id, authorization)
        data: dict[str, str | int | Concealed] = {"reason": body.reason}
        if body.note:
            data["note"] = await self._concealed(session, body.note)
        await self._event(session, "handoff", None, data)
        self._parts.metrics.handoff(body.reason)
        await asyncio.to_thread(self._parts.audit.handoff, session, body.reason)
        return DoneOut(status="recorded")

    async def redact(self, request: Request, response: Response, body: TryRedact) -> RedactOut:
        """Try the guard: what it finds, by which rule, how sure. Nothing is kept; a text without words has nothing."""
        self._limits.check_address(request)
        limit = self._parts.settings.max_chars
        if len(body.text) > limit:
            raise Problem("message_too_long", values={"max_chars": limit, "chars": len(body.text)}, param="text")
        try:
            seen = await asyncio.to_thread(self._parts.guardrails.preview, body.text, body.lang)
        except GuardError:
            raise Problem("guard_unavailable") from None
        response.headers["Cache-Control"] = "no-store"
        return RedactOut(
            findings=[FindingOut(**plain(finding)) for finding in seen.findings],
            redacted=marked(body.text, seen.findings),
            handles=list(seen.handles),
            concealed=seen.text.text,
        )

    async def _session(self, request: Request, session_id: str, authorization: str | None) -> Session:
        """The session that the token names, if it is the one of the address.

        Raises:
            Problem: no token, a bad one, another session's, or too many requests.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Problem("token_missing")
        named, ageing = self._parts.tokens.read(token.strip())
        if named != session_id:
            raise Problem("session_not_found")
        self._limits.check(request, f"session:{named}")
        session = await asyncio.to_thread(session_or_problem, self._parts, SessionId(named))
        if ageing:
            add_headers(request.scope, {"Session-Token": self._parts.tokens.issue(session.id)})
        return session

    async def _concealed(self, session: Session, text: str) -> Concealed:
        try:
            return (await asyncio.to_thread(self._parts.guardrails.conceal, session.owner, text)).text
        except GuardError:
            raise Problem("guard_unavailable") from None

    async def _event(
        self, session: Session, kind: str, message_id: str | None, data: dict[str, str | int | Concealed]
    ) -> None:
        try:
            await asyncio.to_thread(self._parts.sessions.add_event, session.id, kind, message_id, data)
        except StorageUnavailable:
            raise Problem("storage_unavailable") from None

    async def _shown(self, session: Session, row: StoredMessage, thumbs: dict[str, str]) -> MessageOut:
        meta = row.extras.get("meta", {})
        lang: Lang | None = meta.get("lang")
        return MessageOut(
            id=row.message_id,
            seq=row.seq,
            role="user" if row.role == "user" else "assistant",
            text=await self._conversations.shown(session, row),
            at=datetime.fromtimestamp(row.at, UTC).isoformat(timespec="seconds"),
            lang=lang,
            finish_reason=meta.get("finish_reason"),
            hidden=meta.get("hidden", {}),
            products=row.extras.get("cards", []),
            sources=row.extras.get("links", []),
            feedback=thumbs.get(row.message_id),  # type: ignore[arg-type]
        )


def _answer(answer: Any) -> dict[str, Any]:
    out = AnswerOut(
        message_id=answer.message_id,
        text=answer.text,
        hidden=answer.hidden,
        products=answer.products,
        sources=answer.sources,
        handoff=answer.handoff,
        **{key: answer.done[key] for key in ("lang", "finish_reason", "grounded", "fallback")},
    )
    return out.model_dump(mode="json")
