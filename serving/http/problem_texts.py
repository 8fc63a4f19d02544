"""Every problem that the HTTP side can report: its code, status and wording in both languages.

Codes are stable, wording is not. Texts may name limits and counts (``{max_chars}``), never what the customer sent.
"""

from dataclasses import dataclass
from typing import Final, Literal, get_args

Code = Literal[
    "invalid_json",
    "invalid_encoding",
    "unsupported_media_type",
    "invalid_field",
    "empty_message",
    "message_too_long",
    "body_too_large",
    "token_missing",
    "token_invalid",
    "token_expired",
    "session_not_found",
    "message_not_found",
    "widget_not_found",
    "idempotency_key_invalid",
    "idempotency_running",
    "idempotency_mismatch",
    "rate_limited",
    "not_found",
    "method_not_allowed",
    "guard_unavailable",
    "storage_unavailable",
    "internal_error",
]
CODES: Final[tuple[Code, ...]] = get_args(Code)


@dataclass(frozen=True, slots=True)
class ProblemText:
    """Status, and title and detail per language."""

    status: int
    title_en: str
    title_zh: str
    detail_en: str
    detail_zh: str

    def title(self, lang: str) -> str:
        """The short name of the problem."""
        return self.title_zh if lang == "zh" else self.title_en

    def detail(self, lang: str) -> str:
        """What was expected, what came and what to do; with ``{placeholders}`` for limits and counts."""
        return self.detail_zh if lang == "zh" else self.detail_en


TEXTS: Final[dict[Code, ProblemText]] = {
    "invalid_json": ProblemText(
        400, "The body is not JSON", "请求正文不是 JSON",
        "Expected a JSON object, got {bytes} bytes that do not parse. Send e.g. {{\"text\": \"Where is my order?\"}}.",
        "应为 JSON 对象，但收到的 {bytes} 字节无法解析。示例：{{\"text\": \"我的订单到哪了？\"}}。",
    ),
    "invalid_encoding": ProblemText(
        400, "The body is not UTF-8", "请求正文不是 UTF-8 编码",
        "Expected UTF-8, got a byte that is not at offset {offset}. Encode the body as UTF-8 and send it again.",
        "应为 UTF-8 编码，但偏移 {offset} 处的字节不合法。请改用 UTF-8 编码后重发。",
    ),
    "unsupported_media_type": ProblemText(
        415, "The body must be JSON", "请求正文必须为 JSON",
        "Send the body with the header Content-Type: application/json.",
        "请使用请求头 Content-Type: application/json 发送正文。",
    ),
    "invalid_field": ProblemText(
        422, "A field is missing, unknown or of the wrong kind", "字段缺失、未知或类型不符",
        "Mend the fields listed in errors and send the request again.",
        "请按 errors 中所列修改字段后重发。",
    ),
    "empty_message": ProblemText(
        422, "The message is empty", "消息为空",
        "Expected text to answer, got only white space. Write something and send it again.",
        "应有文字内容，但只收到空白字符。请输入内容后重新发送。",
    ),
    "message_too_long": ProblemText(
        422, "The message is too long", "消息过长",
        "A message may have up to {max_chars} characters, this one has {chars}. Shorten it or send it in parts.",
        "每条消息最多 {max_chars} 个字符，这条有 {chars} 个。请缩短或分几条发送。",
    ),
    "body_too_large": ProblemText(
        413, "The request is too large", "请求过大",
        "A request body may have up to {max_bytes} bytes. Send less at once.",
        "请求正文最多 {max_bytes} 字节。请减少单次发送的内容。",
    ),
    "token_missing": ProblemText(
        401, "The session's token is missing", "缺少会话令牌",
        "Send the token that POST /api/v1/sessions returned as Authorization: Bearer <token>.",
        "请用 Authorization: Bearer <token> 带上 POST /api/v1/sessions 返回的令牌。",
    ),
    "token_invalid": ProblemText(
        401, "The token is not one of ours", "令牌无效",
        "The token is not valid here. Start a new session with POST /api/v1/sessions.",
        "令牌在此无效。请用 POST /api/v1/sessions 开始新的会话。",
    ),
    "token_expired": ProblemText(
        401, "The session has expired", "会话已过期",
        "The token has expired. Start a new session with POST /api/v1/sessions and send the message there.",
        "令牌已过期。请用 POST /api/v1/sessions 开始新的会话，并在其中重新发送消息。",
    ),
    "session_not_found": ProblemText(
        404, "There is no such session", "会话不存在",
        "The session is unknown, ended or deleted. Start a new one with POST /api/v1/sessions.",
        "会话不存在、已结束或已删除。请用 POST /api/v1/sessions 开始新的会话。",
    ),
    "message_not_found": ProblemText(
        404, "There is no such message", "消息不存在",
        "This session has no message with that id. GET …/messages lists them.",
        "该会话中没有此编号的消息。可用 GET …/messages 查看。",
    ),
    "widget_not_found": ProblemText(
        404, "The widget is not available", "客服组件不可用",
        "No widget with that id may open sessions. Check data-widget-id against the setting server.widget_ids.",
        "没有可用的该编号组件。请核对 data-widget-id 与设置 server.widget_ids。",
    ),
    "idempotency_key_invalid": ProblemText(
        400, "The Idempotency-Key is not usable", "Idempotency-Key 不可用",
        "Expected 1 to 128 printable ASCII characters. A random UUID is a good key.",
        "应为 1 至 128 个可打印 ASCII 字符。建议使用随机 UUID。",
    ),
    "idempotency_running": ProblemText(
        409, "This message is still being answered", "该消息仍在处理中",
        "A request with the same Idempotency-Key is running. Wait a moment and repeat it to get its answer.",
        "相同 Idempotency-Key 的请求正在处理。请稍候重试以取得回复。",
    ),
    "idempotency_mismatch": ProblemText(
        422, "The Idempotency-Key belongs to another message", "Idempotency-Key 已用于其他消息",
        "The key was used with a different body. Use a new key for a new message.",
        "该键已用于不同内容。新消息请使用新的键。",
    ),
    "rate_limited": ProblemText(
        429, "Too many requests", "请求过于频繁",
        "The limit is {limit} a minute. Try again in {seconds} seconds.",
        "每分钟最多 {limit} 次。请在 {seconds} 秒后重试。",
    ),
    "not_found": ProblemText(
        404, "There is nothing here", "此处没有内容",
        "No such address. /docs lists what there is.",
        "地址不存在。可在 /docs 查看全部接口。",
    ),
    "method_not_allowed": ProblemText(
        405, "This address does not take that method", "该地址不支持此方法",
        "Use one of the methods in the Allow header. /docs lists them.",
        "请使用 Allow 响应头中列出的方法。可在 /docs 查看。",
    ),
    "guard_unavailable": ProblemText(
        503, "The guard cannot check the text now", "暂时无法检查文本",
        "Nothing was passed on or kept. Try again in a moment.",
        "未转发也未保存任何内容。请稍后再试。",
    ),
    "storage_unavailable": ProblemText(
        503, "Nothing can be stored at the moment", "暂时无法保存数据",
        "The server cannot write (disk full or read-only). Keep your text and try again in a moment.",
        "服务器暂时无法写入（磁盘已满或只读）。请保留您的内容，稍后再试。",
    ),
    "internal_error": ProblemText(
        500, "Something went wrong on our side", "服务器出现错误",
        "Try again in a moment. If it stays, tell the shop the request id.",
        "请稍后再试。若问题持续，请把请求编号告知商家。",
    ),
}  # fmt: skip
