"""An OpenAI-compatible endpoint on this machine that records what it is asked and answers as its plan says."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

USAGE = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12, "prompt_tokens_details": {"cached_tokens": 3}}


@dataclass
class Plan:
    """What the next answers are: ``content`` and the arguments of ``calls`` go out ``piece`` characters a chunk."""

    content: str | None = None
    calls: list[tuple[str, str]] = field(default_factory=list)
    choices: int = 1
    piece: int = 3
    bytes_a_time: int = 0
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    stall: bool = False
    end: str = "done"
    """``done``, ``cut`` (no ``[DONE]``), ``error`` (an error in the stream), ``quiet`` (no finish reason)."""
    extra: dict[str, Any] = field(default_factory=dict)


class FakeUpstream:
    """Holds what was asked."""

    def __init__(self) -> None:
        self.plan = Plan("hello")
        self.bodies: list[dict[str, Any]] = []
        self.raw = b""
        self.keys: list[str | None] = []
        self.left = 0
        self.models = ["small", "large"]
        routes = [Route("/v1/chat/completions", self._complete, methods=["POST"]), Route("/v1/models", self._models)]
        self.app = Starlette(routes=routes)

    @property
    def asked(self) -> str:
        """Everything that was received, escapes read."""
        return json.dumps(self.bodies, ensure_ascii=False) + self.raw.decode()

    async def _models(self, _: Request) -> Response:
        return JSONResponse({"object": "list", "data": [{"id": name, "object": "model"} for name in self.models]})

    async def _complete(self, request: Request) -> Response:
        raw = await request.body()
        self.raw += raw
        self.bodies.append(json.loads(raw))
        self.keys.append(request.headers.get("authorization"))
        plan = self.plan
        if plan.status != 200 or plan.body is not None:
            return Response(plan.body or "", plan.status, plan.headers, media_type="application/json")
        if plan.stall and not self.bodies[-1].get("stream"):
            await self._until_left(request)
        if self.bodies[-1].get("stream"):
            return StreamingResponse(self._stream(plan), media_type="text/event-stream")
        return JSONResponse(self._whole(plan))

    async def _until_left(self, request: Request) -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        self.left += 1

    def _whole(self, plan: Plan) -> dict[str, Any]:
        calls = [
            {"id": f"up_{n}", "type": "function", "function": {"name": name, "arguments": arguments}}
            for n, (name, arguments) in enumerate(plan.calls)
        ]
        message = {"role": "assistant", "content": plan.content, **({"tool_calls": calls} if calls else {})}
        finish = "tool_calls" if calls else "stop"
        logprobs = {"content": [{"token": plan.content, "logprob": -0.1, "top_logprobs": []}]}
        choices = [
            {"index": n, "message": message, "finish_reason": finish, "logprobs": logprobs} for n in range(plan.choices)
        ]
        return {
            "id": "chatcmpl-up", "object": "chat.completion", "created": 5, "model": "small", "choices": choices,
            "usage": USAGE, **plan.extra,
        }  # fmt: skip

    async def _stream(self, plan: Plan) -> AsyncIterator[bytes]:
        try:
            async for event in self._events(plan):
                data = event.encode()
                for at in range(0, len(data), plan.bytes_a_time or len(data)):
                    yield data[at : at + (plan.bytes_a_time or len(data))]
                    if plan.bytes_a_time:
                        await asyncio.sleep(0)
        except (asyncio.CancelledError, GeneratorExit):
            self.left += 1
            raise

    async def _events(self, plan: Plan) -> AsyncIterator[str]:
        yield ": a comment\n\n"
        for n in range(plan.choices):
            yield _event({"role": "assistant", "content": "" if plan.content is not None else None}, n)
        for piece in _pieces(plan.content or "", plan.piece):
            for n in range(plan.choices):
                yield _event({"content": piece}, n)
        if plan.stall:
            await asyncio.sleep(60)
        for delta in _calls(plan):
            yield _event(delta)
        if plan.end == "cut":
            return
        if plan.end == "error":
            yield f'data: {{"error": {{"message": "cannot handle {plan.body or "13800138000"}"}}}}\n\n'
            return
        for n in range(plan.choices if plan.end == "done" else 0):
            yield _event({}, n, "tool_calls" if plan.calls else "stop")
        yield f"data: {json.dumps({**_base(), 'choices': [], 'usage': USAGE})}\n\n"
        yield "data: [DONE]\n\n"


def _calls(plan: Plan) -> list[dict[str, Any]]:
    """Deltas of all calls, their pieces in turn."""
    deltas = []
    for n, (name, _) in enumerate(plan.calls):
        head = {"index": n, "id": f"up_{n}", "type": "function", "function": {"name": name, "arguments": ""}}
        deltas.append({"tool_calls": [head]})
    pieces = [_pieces(arguments, plan.piece) for _, arguments in plan.calls]
    for at in range(max(map(len, pieces), default=0)):
        calls = [{"index": n, "function": {"arguments": p[at]}} for n, p in enumerate(pieces) if at < len(p)]
        deltas.append({"tool_calls": calls})
    return deltas


def _pieces(text: str, length: int) -> list[str]:
    return [text[at : at + length] for at in range(0, len(text), length)]


def _base() -> dict[str, Any]:
    return {"id": "chatcmpl-up", "object": "chat.completion.chunk", "created": 5, "model": "small"}


def _event(delta: dict[str, Any], choice: int = 0, finish: str | None = None) -> str:
    logprobs = {"content": [{"token": "13912345678", "logprob": -0.5}]}
    choices = [{"index": choice, "delta": delta, "finish_reason": finish, "logprobs": logprobs}]
    return f"data: {json.dumps({**_base(), 'choices': choices}, ensure_ascii=False)}\r\n\r\n"
