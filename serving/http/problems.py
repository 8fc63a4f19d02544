"""Errors as answers: RFC 9457 problem details, and OpenAI's error object under ``/v1/``.

Titles and details follow ``Accept-Language``; ``code`` never changes. What the customer sent is in no answer:
of a validation error only the place and the kind are told, and a name the caller made up is not even placed.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from asgi_correlation_id import correlation_id
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from bot.session import Lang
from serving.http.problem_texts import TEXTS, Code

PROBLEM_TYPE: Final = "application/problem+json"
TYPE_BASE: Final = "urn:tactful:problem:"

_OPENAI_TYPES: Final = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
_FIELD_TEXTS: Final[dict[str, tuple[str, str]]] = {
    "missing": ("is required", "必填"),
    "extra_forbidden": ("holds a field that is not known here", "含有未知字段"),
    "string_type": ("must be a string", "应为字符串"),
    "string_too_long": ("is too long", "过长"),
    "string_too_short": ("is too short", "过短"),
    "string_unicode": ("is not valid Unicode", "不是合法的 Unicode 文本"),
    "bool_type": ("must be true or false", "应为 true 或 false"),
    "bool_parsing": ("must be true or false", "应为 true 或 false"),
    "int_parsing": ("must be a whole number", "应为整数"),
    "int_type": ("must be a whole number", "应为整数"),
    "model_attributes_type": ("must be an object", "应为对象"),
    "dict_type": ("must be an object", "应为对象"),
    "list_type": ("must be a list", "应为列表"),
    "greater_than_equal": ("is too small", "过小"),
    "less_than_equal": ("is too large", "过大"),
}


class Problem(Exception):
    """A request that cannot be served. ``values`` fill the wording and hold limits and counts only."""

    def __init__(
        self,
        code: Code,
        *,
        values: dict[str, int] | None = None,
        errors: Sequence[dict[str, str]] = (),
        headers: dict[str, str] | None = None,
        param: str | None = None,
    ) -> None:
        super().__init__(code)
        self.code: Code = code
        self.values = values or {}
        self.errors = tuple(errors)
        self.headers = headers or {}
        self.param = param

    @property
    def status(self) -> int:
        """The HTTP status."""
        return TEXTS[self.code].status

    def title(self, lang: Lang) -> str:
        """The short name."""
        return TEXTS[self.code].title(lang)

    def detail(self, lang: Lang) -> str:
        """What was expected, what came, what to do."""
        return TEXTS[self.code].detail(lang).format(**self.values)

    def body(self, lang: Lang) -> dict[str, Any]:
        """The problem as RFC 9457 writes it."""
        request_id = correlation_id.get() or ""
        body: dict[str, Any] = {
            "type": TYPE_BASE + self.code.replace("_", "-"),
            "title": self.title(lang),
            "status": self.status,
            "detail": self.detail(lang),
            "instance": f"urn:request:{request_id}",
            "code": self.code,
            "request_id": request_id,
        }
        if self.errors:
            body["errors"] = list(self.errors)
        return body


class OpenAIError(Exception):
    """An error that only the OpenAI-compatible API has; other problems are translated."""

    def __init__(
        self,
        status: int,
        message: str,
        code: str | None = None,
        param: str | None = None,
        kind: str = "invalid_request_error",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.headers = dict(headers or {})
        self.status = status
        self.message = message
        self.code = code
        self.param = param
        self.kind = kind

    def body(self) -> dict[str, Any]:
        """The object as OpenAI writes it."""
        return {"error": {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}}


def language(request: Request) -> Lang:
    """``en`` or ``zh`` by ``Accept-Language``: the first of the two that is named, else ``en``."""
    ranked: list[tuple[float, int, Lang]] = []
    for place, item in enumerate(request.headers.get("accept-language", "").split(",")):
        tag, _, rest = item.strip().partition(";")
        quality = rest.strip().removeprefix("q=")
        weight = float(quality) if quality.replace(".", "", 1).isdigit() and quality.isascii() else 1.0
        primary = tag.strip().lower().split("-")[0]
        if primary in ("en", "zh") and weight > 0:
            ranked.append((-weight, place, "zh" if primary == "zh" else "en"))
    return min(ranked)[2] if ranked else "en"


def answer(request: Request, problem: Problem) -> Response:
    """The problem in the dialect of the address."""
    lang = language(request)
    headers = {**problem.headers, "Cache-Control": "no-store", "Content-Language": "zh-CN" if lang == "zh" else "en"}
    if problem.status == 401:
        headers.setdefault("WWW-Authenticate", "Bearer")
    if _speaks_openai(request):
        kind = "api_error" if problem.status >= 500 else _OPENAI_TYPES.get(problem.status, "invalid_request_error")
        status = 400 if problem.status == 422 else problem.status
        param = problem.param or (problem.errors[0]["pointer"].strip("/").replace("/", ".") if problem.errors else None)
        message = problem.detail(lang)
        if problem.errors:
            message = f"{message} {param}: {problem.errors[0]['detail']}"
        error = OpenAIError(status, message, problem.code, param or None, kind)
        return JSONResponse(error.body(), status, headers)
    return JSONResponse(problem.body(lang), problem.status, headers, media_type=PROBLEM_TYPE)


def install(app: FastAPI) -> None:
    """Answer every error of ``app`` as a problem."""

    async def on_problem(request: Request, error: Exception) -> Response:
        if not isinstance(error, Problem):
            raise error
        return answer(request, error)

    async def on_openai(request: Request, error: Exception) -> Response:
        if not isinstance(error, OpenAIError):
            raise error
        return JSONResponse(error.body(), error.status, {**error.headers, "Cache-Control": "no-store"})

    async def on_invalid(request: Request, error: Exception) -> Response:
        if not isinstance(error, RequestValidationError):
            raise error
        return answer(request, _from_validation(request, error))

    async def on_http(request: Request, error: Exception) -> Response:
        if not isinstance(error, HTTPException):
            raise error
        code: Code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "internal_error")  # type: ignore[assignment]
        return answer(request, Problem(code, headers=dict(error.headers or {})))

    async def on_crash(request: Request, error: Exception) -> Response:
        return answer(request, Problem("internal_error"))

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(OpenAIError, on_openai)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(Exception, on_crash)


def _speaks_openai(request: Request) -> bool:
    return request.url.path.startswith(("/v1/chat/", "/v1/models"))


def _from_validation(request: Request, error: RequestValidationError) -> Problem:
    lang = language(request)
    details = error.errors()
    if any(item["type"] == "json_invalid" for item in details):
        return Problem("invalid_json", values={"bytes": int(request.headers.get("content-length") or 0)})
    return Problem("invalid_field", errors=[_field(item, lang) for item in details])


def _field(item: dict[str, Any], lang: Lang) -> dict[str, str]:
    """Place and kind of one fault. The name of an unknown field is the caller's text: its parent is told instead."""
    kind = str(item["type"])
    place = tuple(item["loc"])[1:]
    if kind in ("extra_forbidden", "dict_type", "string_unicode") or len(place) > 3:
        place = place[: -1 if kind == "extra_forbidden" else 3]
    if len(place) > 1 and place[0] == "metadata":  # its keys are the caller's
        place = place[:1]
    en, zh = _FIELD_TEXTS.get(kind, ("is not valid", "不合法"))
    allowed = item.get("ctx", {}).get("expected") if kind in ("literal_error", "enum") else None
    if allowed:
        en, zh = f"must be one of {allowed}", f"应为以下之一：{allowed}"
    limit = item.get("ctx", {}).get("max_length")
    if kind == "string_too_long" and limit is not None:
        en, zh = f"may have up to {limit} characters", f"最多 {limit} 个字符"
    return {"pointer": "/" + "/".join(str(part) for part in place), "detail": zh if lang == "zh" else en}
