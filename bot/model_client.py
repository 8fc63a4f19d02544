"""The one way to the language model: an OpenAI-compatible endpoint, through LangChain's client.

Accepts ``Concealed`` text only. Knows nothing of tasks, prompts or dialogue.

ModelError                     the model gave no usable answer; the turn goes on without it
├── ModelUnavailable           not reachable, restarting, timed out (retryable)
└── ModelRefused               the endpoint refused the request: wrong name, key or schema (a setting to mend)
"""

import math
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from bot.prompts import Message
from guardrails import handles

__all__ = ["ChatModel", "Completion", "Model", "ModelError", "ModelRefused", "ModelUnavailable"]

# A chat format's own marks (<end_of_turn>, <|im_end|>, <｜User｜>), typed by a customer, would end his turn and begin
# the model's. What looks like one and is no handle gets a space in it.
_MARK: Final = re.compile(r"[<\uff1c\u2039](?=[/|\uff5c]{0,2}[^\W\d][^<>\s]{0,40}[>\uff1e\u203a])")


def _defused(text: str) -> str:
    return _MARK.sub(lambda at: at[0] if handles.PATTERN.match(text, at.start()) else f"{at[0]} ", text)


class ModelError(Exception):
    """The model gave no usable answer."""


class ModelUnavailable(ModelError):
    """Not reachable, restarting or too slow: may work a moment later."""


class ModelRefused(ModelError):
    """The endpoint refused the request: a setting must be mended."""


@dataclass(frozen=True, slots=True)
class Completion:
    """A whole answer. ``confidence``: lowest token probability, in [0, 1]; ``None`` where the endpoint gives none."""

    text: str
    confidence: float | None


class Model(Protocol):
    """What the bot asks of a language model."""

    async def complete(self, messages: Sequence[Message], *, schema: dict[str, Any], max_tokens: int) -> Completion:
        """A whole answer decoded under a JSON schema."""
        ...

    def stream(self, messages: Sequence[Message], *, max_tokens: int) -> AsyncIterator[str]:
        """An answer of one line, piece by piece."""
        ...


@dataclass(frozen=True, slots=True)
class ChatModel:
    """A chat model behind an OpenAI-compatible endpoint."""

    client: Any
    """A ``langchain_openai.ChatOpenAI``."""

    @classmethod
    def connect(cls, base_url: str, name: str, api_key: str, timeout_s: float) -> "ChatModel":
        """A client; nothing is sent yet. ``timeout_s`` bounds each request."""
        from langchain_openai import ChatOpenAI  # local: 1 s of imports

        client = ChatOpenAI(
            base_url=base_url,
            model=name,
            api_key=lambda: api_key,
            timeout=timeout_s,
            max_retries=0,
            temperature=0,
            use_responses_api=False,
            stream_usage=False,
        )
        return cls(client)

    async def complete(self, messages: Sequence[Message], *, schema: dict[str, Any], max_tokens: int) -> Completion:
        """A whole answer decoded under ``schema``; greedy.

        Raises:
            ModelUnavailable: no answer in time.
            ModelRefused: the endpoint does not take the request.
        """
        form = {"type": "json_schema", "json_schema": {"name": "commands", "schema": schema}}
        bound = self.client.bind(response_format=form, max_tokens=max_tokens, logprobs=True)
        with _translated():
            answer = await bound.ainvoke(_plain(messages))
        return Completion(str(answer.content), _confidence(answer.response_metadata))

    async def stream(self, messages: Sequence[Message], *, max_tokens: int) -> AsyncIterator[str]:
        """The first line of the answer, piece by piece; greedy.

        Raises:
            ModelUnavailable: the endpoint went away or was too slow, perhaps in the middle.
            ModelRefused: the endpoint does not take the request.
        """
        bound = self.client.bind(max_tokens=max_tokens, stop=["\n"])
        with _translated():
            async for chunk in bound.astream(_plain(messages)):
                if chunk.content:
                    yield str(chunk.content)


def _plain(messages: Sequence[Message]) -> list[tuple[str, str]]:
    return [(role, _defused(content.text)) for role, content in messages]


def _confidence(metadata: dict[str, Any]) -> float | None:
    tokens = (metadata.get("logprobs") or {}).get("content") or []
    return math.exp(min(token["logprob"] for token in tokens)) if tokens else None


class _translated:
    """The client's errors as ours. Their texts are dropped: they may quote the request."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        import openai

        if isinstance(error, openai.APIStatusError) and error.status_code < 500 and error.status_code not in (408, 429):
            raise ModelRefused(f"the model endpoint answered {error.status_code}") from None
        # ValueError: the client's word for a stream that ended before it began.
        if isinstance(error, openai.OpenAIError | OSError | ValueError):
            raise ModelUnavailable(f"the model endpoint gave no answer: {type(error).__name__}") from None
