"""What callers of ``guarded:`` models are told, in both languages. No text of a request or of the upstream is in it."""

from dataclasses import dataclass
from typing import Final

from bot.session import Lang


@dataclass(frozen=True, slots=True)
class Words:
    """Status, OpenAI's type of error, and the message per language."""

    status: int
    kind: str
    en: str
    zh: str

    def of(self, lang: Lang) -> str:
        """The message."""
        return self.zh if lang == "zh" else self.en


ERRORS: Final[dict[str, Words]] = {
    "not_set_up": Words(
        404, "invalid_request_error",
        "guarded: models are not set up here. Set guarded.upstream_url to an OpenAI-compatible endpoint, "
        "or use the model tactful.",
        "此服务未配置 guarded: 模型。请将 guarded.upstream_url 设为 OpenAI 兼容的接口地址，或使用模型 tactful。",
    ),
    "model_not_found": Words(
        404, "invalid_request_error",
        "There is no such model behind the guard; GET /v1/models lists what there is.",
        "没有这个模型；GET /v1/models 会列出可用的模型。",
    ),
    "unreadable": Words(
        400, "invalid_request_error",
        "Images, sound and files cannot be checked for personal data and are not passed on. Send text, "
        "or let the server pass them with guarded.pass_media.",
        "无法检查图片、音频和文件中的个人信息，因此不会转发。请发送文字；如需放行，请在服务端设置 guarded.pass_media。",
    ),
    "message_too_long": Words(
        400, "invalid_request_error",
        "The messages are longer than the guard reads ({max_chars} characters). Send fewer or shorter ones.",
        "消息总长度超过检查上限（{max_chars} 个字符）。请减少或缩短消息。",
    ),
    "context_length_exceeded": Words(
        400, "invalid_request_error",
        "The messages are longer than the model reads. Send fewer or shorter ones.",
        "消息长度超过模型的上限。请减少或缩短消息。",
    ),
    "upstream_refused": Words(
        400, "invalid_request_error",
        "The upstream refused the request as it is. Check its parameters, tools and response_format.",
        "上游服务拒绝了该请求。请检查请求参数、工具定义和 response_format。",
    ),
    "upstream_unauthorized": Words(
        502, "api_error",
        "The upstream refuses this server's key. Set guarded.api_key.",
        "上游服务拒绝了本服务器的密钥。请设置 guarded.api_key。",
    ),
    "upstream_rate_limited": Words(
        429, "rate_limit_error",
        "The upstream takes no more requests for now. Try again later.",
        "上游服务暂时不接受更多请求，请稍后再试。",
    ),
    "upstream_unreachable": Words(
        503, "api_error",
        "The upstream cannot be reached. Try again later, or check guarded.upstream_url.",
        "无法连接上游服务。请稍后再试，或检查 guarded.upstream_url。",
    ),
    "upstream_timeout": Words(
        504, "api_error",
        "The upstream did not answer in time. Try again later.",
        "上游服务响应超时，请稍后再试。",
    ),
    "upstream_failed": Words(
        502, "api_error",
        "The upstream gave no usable answer. Try again later.",
        "上游服务没有给出可用的回答，请稍后再试。",
    ),
}  # fmt: skip
BLOCKED: Final[dict[Lang, str]] = {
    "en": "This message was not passed on: it reads like an attempt to change the rules of the assistant. "
    "Please put it another way.",
    "zh": "这条消息没有转发：它看起来像是要改变助手的规则。请换一种说法再试。",
}
UNCHECKED: Final[dict[Lang, str]] = {
    "en": "The check for personal data did not succeed, so nothing more is passed on. Please try again.",
    "zh": "个人信息检查未能完成，因此不再转发任何内容。请稍后再试。",
}
