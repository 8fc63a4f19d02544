"""A chat request as the upstream may see it: every message concealed, nothing that names the caller.

Pure. Messages of every role: text and text parts, names, tool calls (JSON stays JSON) and tool results. Passed on as
they are: sampling parameters, ``response_format``, and ``tools`` with their descriptions, which are the developer's.
Left out: ``user``, ``metadata`` and other fields about the person, and log probabilities, which tell tokens.
Fields that are not known here are passed on concealed. Ids of tool calls are replaced by numbers.
Images, sound and files cannot be read by the guard: refused, unless ``pass_media`` says otherwise.
"""

from collections.abc import Mapping
from typing import Any, Final, Protocol

PASSED: Final = frozenset(
    {"tools", "functions", "tool_choice", "function_call", "parallel_tool_calls", "response_format", "modalities"}
    | {"temperature", "top_p", "top_k", "min_p", "n", "max_tokens", "max_completion_tokens", "seed", "logit_bias"}
    | {"presence_penalty", "frequency_penalty", "repetition_penalty", "reasoning_effort", "verbosity", "service_tier"}
    | {"stream", "stream_options", "ignore_eos", "min_tokens", "skip_special_tokens"}
)
DROPPED: Final = frozenset(
    {"model", "messages", "user", "metadata", "safety_identifier", "prompt_cache_key", "store", "web_search_options"}
    | {"logprobs", "top_logprobs", "prompt_logprobs", "return_token_ids", "audio", "echo"}
)
MEDIA: Final = frozenset(
    {"image_url", "input_image", "input_audio", "audio_url", "video_url", "input_file", "file", "image"}
)
_EXAMPLES: Final = frozenset({"example_user", "example_assistant"})


class Unreadable(Exception):
    """Something that the guard cannot read stands at ``param``."""

    def __init__(self, param: str) -> None:
        super().__init__(param)
        self.param = param


class Concealer(Protocol):
    """What hides values of one owner."""

    def text(self, text: str) -> str:
        """A text of any length; JSON stays JSON."""

    def json(self, value: Any) -> Any:
        """A JSON value."""

    def name(self, name: str) -> str:
        """The name of somebody."""


def conceal_request(body: Mapping[str, Any], model: str, conceal: Concealer, *, pass_media: bool) -> dict[str, Any]:
    """The request for the upstream's ``model``.

    Raises:
        Unreadable: an image, sound or a file, or a part of an unknown type.
        GuardError: the request must not be passed on.
    """
    if "audio" in (body.get("modalities") or ()):
        raise Unreadable("modalities")
    messages = _Messages(conceal, tool_names(body), pass_media)
    out: dict[str, Any] = {"model": model}
    for key, value in body.items():
        if key in PASSED:
            out[key] = value
        elif key not in DROPPED:
            out |= conceal.json({key: value})
    out["messages"] = [messages.conceal(message, f"messages.{at}") for at, message in enumerate(body["messages"])]
    return out


def tool_names(body: Mapping[str, Any]) -> frozenset[str]:
    """Names of the tools that the request defines."""
    tools = [tool.get(tool.get("type", "")) for tool in body.get("tools") or () if isinstance(tool, dict)]
    defined = [*tools, *(body.get("functions") or ())]
    return frozenset(str(each["name"]) for each in defined if isinstance(each, dict) and "name" in each)


def last_said(body: Mapping[str, Any]) -> str:
    """The text of the last user message."""
    said = [message.get("content") for message in body["messages"] if message.get("role") == "user"]
    content = said[-1] if said else ""
    if isinstance(content, list):
        return "".join(part.get("text") or "" for part in content if isinstance(part, dict))
    return content or ""


class _Messages:
    """Conceals the messages of one request, in order."""

    def __init__(self, conceal: Concealer, tools: frozenset[str], pass_media: bool) -> None:
        self._conceal = conceal
        self._tools = tools
        self._pass_media = pass_media
        self._ids: dict[str, str] = {}

    def conceal(self, message: Mapping[str, Any], at: str) -> dict[str, Any]:
        """The message, with the same fields."""
        return {key: self._field(key, value, message, at) for key, value in message.items()}

    def _field(self, key: str, value: Any, message: Mapping[str, Any], at: str) -> Any:
        match key, value:
            case "role", _:
                return value
            case "content", _:
                return self._content(value, f"{at}.content")
            case "name", str():
                return self._name(value, message["role"])
            case "tool_call_id", str():
                return self._id(value)
            case "tool_calls", list():
                return [self._call(call) for call in value]
            case "function_call", dict():
                return self._function(value)
            case "audio", dict():
                raise Unreadable(f"{at}.audio")
            case _:
                return self._any(value)

    def _content(self, content: Any, at: str) -> Any:
        if not isinstance(content, list):
            return self._any(content)
        return [self._part(part, f"{at}.{place}") for place, part in enumerate(content)]

    def _part(self, part: Mapping[str, Any], at: str) -> dict[str, Any]:
        kind = part.get("type")
        if kind in MEDIA and self._pass_media:
            return dict(part)
        if kind not in ("text", "refusal"):
            raise Unreadable(at)
        return {"type": kind, **{key: self._any(value) for key, value in part.items() if key != "type"}}

    def _name(self, name: str, role: str) -> str:
        """A name without the brackets of a handle, which OpenAI's rules for names do not allow."""
        if name in _EXAMPLES or (role in ("tool", "function") and name in self._tools):
            return name
        return self._conceal.name(name).strip("<>")

    def _id(self, call_id: str) -> str:
        return self._ids.setdefault(call_id, f"call{len(self._ids) + 1:05d}")

    def _call(self, call: Mapping[str, Any]) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for key, value in call.items():
            match key, value:
                case "id", str():
                    out[key] = self._id(value)
                case (("function" | "custom"), dict()):
                    out[key] = self._function(value)
                case (("type" | "index"), ("function" | "custom" | int())):
                    out[key] = value
                case _:
                    out[key] = self._conceal.json(value)
        return out

    def _function(self, function: Mapping[str, Any]) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for key, value in function.items():
            if key == "name" and value in self._tools:
                out[key] = value
            else:
                out[key] = self._any(value)
        return out

    def _any(self, value: Any) -> Any:
        return self._conceal.text(value) if isinstance(value, str) else self._conceal.json(value)
