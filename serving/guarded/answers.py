"""One request to a ``guarded:`` model, and what its caller gets where there is no reply: blocks and errors."""

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from sse_starlette import ServerSentEvent

from bot.session import Lang
from serving.guarded.owned import Owned, Restorer
from serving.guarded.reply import Reply
from serving.guarded.request import tool_names
from serving.guarded.wording import ERRORS
from serving.http.problems import OpenAIError

PREFIX: Final = "guarded:"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request on its way. ``asked_in`` is the client's language, ``lang`` that of the last message."""

    body: Mapping[str, Any]
    model: str
    owned: Owned
    asked_in: Lang
    lang: Lang

    @property
    def shown_model(self) -> str:
        """The model as the caller named it."""
        return PREFIX + self.model

    def reply(self) -> Reply:
        """What makes the upstream's reply the caller's."""
        form = self.body.get("response_format")
        as_json = isinstance(form, dict) and str(form.get("type", "")).startswith("json")
        return Reply(Restorer(self.owned), self.shown_model, tool_names(self.body), json_content=as_json)

    def error(self, code: str, **more: Any) -> OpenAIError:
        """An error in the caller's language."""
        return error(code, self.asked_in, **more)


def error(
    code: str, lang: Lang, *, param: str | None = None, headers: Mapping[str, str] | None = None, **values: Any
) -> OpenAIError:
    """An error of this way in, in words."""
    words = ERRORS[code]
    param = param or ("model" if code in ("model_not_found", "not_set_up") else None)
    name = "model_not_found" if code == "not_set_up" else code
    return OpenAIError(words.status, words.of(lang).format(**values), name, param, words.kind, headers)


def not_set_up(lang: Lang) -> NoReturn:
    """Raise what callers get where no upstream is known."""
    raise error("not_set_up", lang)


def _head(exchange: Exchange, kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{secrets.token_hex(12)}",
        "object": kind,
        "created": int(time.time()),
        "model": exchange.shown_model,
    }


def blocked(exchange: Exchange, words: str) -> dict[str, Any]:
    """A guard's block as a completion."""
    message = {"role": "assistant", "content": words, "refusal": words}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "content_filter"}
    usage = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
    return {**_head(exchange, "chat.completion"), "choices": [choice], "usage": usage}


def blocked_chunks(exchange: Exchange, words: str) -> list[dict[str, Any]]:
    """A guard's block as a stream."""
    head = _head(exchange, "chat.completion.chunk")
    deltas = (({"role": "assistant", "content": words}, None), ({"refusal": words}, "content_filter"))
    return [
        {**head, "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]}
        for delta, finish in deltas
    ]


def frame(value: Mapping[str, Any]) -> ServerSentEvent:
    """A value as it is sent."""
    return ServerSentEvent(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
