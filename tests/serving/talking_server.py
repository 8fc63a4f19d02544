"""A small server that speaks /api/v1 as Tactful does, for tests of replay and benchmarks.

It conceals digits and e-mails crudely, asks a model endpoint, and keeps files where the real one does. It can be made
to leak one thing at a time: ``python -m tests.serving.talking_server PORT MODEL_URL LEAK``.
"""

import asyncio
import json
import os
import re
import sqlite3
import sys
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any, Final

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from serving.bench.plants import turns

LEAKS: Final = ("model", "state", "transcripts", "logs", "metrics", "errors", "vault", "other")


class TalkingServer:
    """Answers every message with the same words; fails where told to.

    ``fail_on``: a word in a message → what happens (``500``, ``cut``, ``429``, ``problem``).
    ``secrets``: what its guard knows.
    """

    def __init__(
        self,
        data_dir: Path | None = None,
        model_url: str | None = None,
        leak: str = "",
        fail_on: dict[str, str] | None = None,
        secrets: Iterable[str] = (),
        ready: bool = True,
    ) -> None:
        self.data_dir, self.model_url, self.leak, self.fail_on = data_dir, model_url, leak, fail_on or {}
        self.secrets = sorted(secrets, key=len, reverse=True)
        self.ready = ready
        self.heard: list[tuple[str, str]] = []
        self.dialogues: dict[str, list[dict[str, Any]]] = {}
        self.refused = 0
        message = "/api/v1/sessions/{id}/messages"
        self.app = Starlette(
            routes=[
                Route("/livez", self.live),
                Route("/readyz", self.readyz),
                Route("/metrics", self.metrics),
                Route("/api/v1/sessions", self.open, methods=["POST"]),
                Route(message, self.say, methods=["POST"]),
                Route(message, self.history, methods=["GET"]),
                Route("/v1/chat/completions", self.openai, methods=["POST"]),
            ]
        )

    async def live(self, _: Request) -> Response:
        return JSONResponse({})

    async def readyz(self, _: Request) -> Response:
        return JSONResponse({}, 200 if self.ready else 503)

    async def metrics(self, _: Request) -> Response:
        count = len(self.heard)
        leaked = self.heard[-1][1] if self.leak == "metrics" and self.heard else ""
        return Response(
            f"tactful_guard_seconds_sum {count * 0.004}\ntactful_guard_seconds_count {count}.0\n# {leaked}\n"
        )

    async def open(self, request: Request) -> Response:
        body = await self._object(request, {"lang", "widget_id"})
        if isinstance(body, Response):
            return body
        session_id = f"ses_{len(self.dialogues)}"
        self.dialogues[session_id] = []
        return JSONResponse({"session_id": session_id, "token": f"token-{session_id}"}, 201)

    async def say(self, request: Request) -> Response:
        session_id = request.path_params["id"]
        if request.headers.get("authorization") != f"Bearer token-{session_id}":
            return JSONResponse({"code": "token_missing"}, 401)
        body = await self._object(request, {"text"})
        if isinstance(body, Response):
            return body
        text = body["text"]
        failure = next((how for word, how in self.fail_on.items() if word in text), "")
        if failure == "429" and not self.refused:
            self.refused += 1
            return JSONResponse({"code": "rate_limited"}, 429, {"Retry-After": "0.1"})
        if failure == "500":
            return JSONResponse({"code": "internal_error"}, 500)
        message_id, reply = await self._turn(session_id, text)
        if "text/event-stream" in request.headers.get("accept", ""):
            return StreamingResponse(_events(message_id, reply, failure), media_type="text/event-stream")
        return JSONResponse({"message_id": message_id, "text": reply, "fallback": False, "grounded": True})

    async def history(self, request: Request) -> Response:
        rows = self.dialogues[request.path_params["id"]]
        after, limit = int(request.query_params.get("after", 0)), 3  # small pages: paging is tested on the way
        page = rows[after : after + limit]
        more = len(rows) > after + limit
        shown = [{"id": m["id"], "role": m["role"], "text": m["raw"], "seq": m["seq"]} for m in page]
        return JSONResponse({"data": shown, "has_more": more, "last_id": page[-1]["seq"] if page else None})

    async def openai(self, request: Request) -> Response:
        body = await self._object(request, {"model", "messages"})
        if isinstance(body, Response):
            return body
        session_id = f"ses_{len(self.dialogues)}"
        self.dialogues[session_id] = []
        _, reply = await self._turn(session_id, body["messages"][-1]["content"])
        return JSONResponse({"choices": [{"message": {"content": reply}}]})

    async def _object(self, request: Request, known: set[str]) -> "dict[str, Any] | Response":
        raw = await request.body()
        leaked = raw.decode(errors="replace") if self.leak == "errors" else ""
        try:
            body = json.loads(raw)
        except ValueError:
            return JSONResponse({"code": "invalid_json", "detail": leaked}, 400)
        text = body.get("text", "") if isinstance(body, dict) else None
        if not isinstance(text, str) or not set(body) <= known or ("text" in known) > ("text" in body):
            return JSONResponse({"code": "invalid", "detail": leaked}, 422)
        if "messages" in known and "messages" not in body:
            return JSONResponse({"error": {"message": "messages missing" + leaked}}, 400)
        return JSONResponse({"code": "message_too_long"}, 422) if len(text) > 4000 else body

    async def _turn(self, session_id: str, text: str) -> tuple[str, str]:
        self.heard.append((session_id, text))
        concealed = self._conceal(text)
        rows = self.dialogues[session_id]
        message_id, reply = (
            f"{session_id}-{len(rows)}",
            "We will look into it." if text.isascii() else "好的，马上为您查询。",
        )
        for name, role, raw, kept in (
            (f"{message_id}:user", "user", text, concealed),
            (message_id, "assistant", reply, reply),
        ):
            meta = (
                {} if role == "user" else {"meta": {"commands": [{"name": "track_order"}], "timings": {"guard": 0.004}}}
            )
            rows.append({"id": name, "role": role, "raw": raw, "content": kept, "seq": len(rows) + 1, **meta})
        if self.model_url:
            await self._ask_model(text if self.leak == "model" else concealed)
        self._keep(session_id, text, concealed)
        return message_id, reply

    def _conceal(self, text: str) -> str:
        for secret in self.secrets:
            text = text.replace(secret, "<PHONE_1>")
        return re.sub(r"\d{5,}", "<PHONE_1>", text)

    async def _ask_model(self, text: str) -> None:
        body = {"model": "tactful", "stream": True, "messages": [{"role": "user", "content": text}]}
        async with httpx.AsyncClient() as http:
            await http.post(f"{self.model_url}/chat/completions", content=json.dumps(body))

    def _keep(self, session_id: str, text: str, concealed: str) -> None:
        if self.data_dir is None:
            return

        def kept(place: str) -> str:
            return text if self.leak == place else concealed

        for folder in ("transcripts", "logs"):
            (self.data_dir / folder).mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(self.data_dir / "state.db")
        db.execute("CREATE TABLE IF NOT EXISTS checkpoint (thread TEXT, blob BLOB)")
        db.execute("INSERT INTO checkpoint VALUES (?, ?)", (session_id, kept("state").encode()))
        db.commit()
        db.close()
        with (self.data_dir / "vault.db").open("a") as vault:
            vault.write(text if self.leak == "vault" else "sealed\n")
        print(json.dumps({"event": "turn", "text": text if self.leak == "logs" else ""}), file=sys.stderr, flush=True)  # noqa: T201
        if self.leak == "other":
            (self.data_dir / "crash.dump").write_text(json.dumps(text))
        rows = [
            {"id": name, "messages": [{k: v for k, v in m.items() if k not in ("raw", "seq")} for m in messages]}
            for name, messages in self.dialogues.items()
        ]
        lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
        if self.leak == "transcripts":
            lines.append(json.dumps({"note": text}) + "\n")  # as \\u escapes: the finder must read those
        (self.data_dir / "transcripts" / "2026-03-01.jsonl").write_text("".join(lines), encoding="utf-8")


async def _events(message_id: str, reply: str, failure: str) -> AsyncIterator[str]:
    yield f'event: message.start\ndata: {{"message_id": "{message_id}"}}\n\n: a comment\n\n'
    for piece in (reply[:3], reply[3:]):
        await asyncio.sleep(0.005)
        yield f"event: message.delta\ndata: {json.dumps({'text': piece})}\n\n"
        if failure == "cut":
            return
        if failure == "problem":
            yield 'event: error\ndata: {"code": "engine_gone"}\n\n'
            return
    done = {"message_id": message_id, "finish_reason": "stop", "understood_by": "rule", "fallback": False}
    yield f"event: message.done\ndata: {json.dumps(done)}\n\n"


def model_app() -> Starlette:
    """A model endpoint that streams one word."""

    async def complete(_: Request) -> Response:
        async def chunks() -> AsyncIterator[str]:
            for word in ("yes", "[DONE]"):
                yield f"data: {word}\n\n"

        return StreamingResponse(chunks(), media_type="text/event-stream")

    return Starlette(routes=[Route("/v1/chat/completions", complete, methods=["POST"])])


def main(port: int, model_url: str, leak: str) -> None:
    """Serves until interrupted. Its guard knows what the canary check plants; ``leak`` names where it fails."""
    secrets = {plant.value for turn in turns(1, 10) for plant in turn.plants} if leak != "dead" else ()
    server = TalkingServer(Path(os.environ["TACTFUL_DATA_DIR"]), model_url, leak, secrets=secrets)
    uvicorn.run(server.app, host="127.0.0.1", port=port, log_config=None, access_log=False)


if __name__ == "__main__":
    if sys.argv[3] == "dead":
        sys.exit(3)
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
