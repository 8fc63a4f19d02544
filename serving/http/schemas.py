"""The native API's requests and answers, as pydantic reads and writes them. Unknown fields are refused."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from bot.session import Lang

MAX_TEXT = 200_000  # above this the body's limit speaks; the message's own limit is a setting


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class NewSession(_In):
    """What a widget says when a customer writes for the first time."""

    lang: Lang | None = Field(None, description="language of fixed texts until the customer has written")
    widget_id: Annotated[str, Field(max_length=64)] | None = Field(None, description="the widget that opens it")


class NewMessage(_In):
    """A customer's message."""

    text: Annotated[str, Field(max_length=MAX_TEXT, examples=["Where is my order TF10293847?", "我的订单到哪了？"])]
    stream: bool = Field(False, description="answer as server-sent events; so does Accept: text/event-stream")


class NewFeedback(_In):
    """A thumb on a reply."""

    message_id: Annotated[str, Field(min_length=1, max_length=64)]
    value: Literal["up", "down"]
    reason: Literal["wrong", "unhelpful", "language", "privacy", "slow", "other"] | None = None
    comment: Annotated[str, Field(max_length=2000)] | None = Field(None, description="kept concealed")


class NewHandoff(_In):
    """A wish for a person."""

    reason: Literal["asked", "unhappy", "complaint", "other"] = "asked"
    note: Annotated[str, Field(max_length=2000)] | None = Field(None, description="kept concealed")


class TryRedact(_In):
    """A text to try the guard on. Nothing of it is kept."""

    text: Annotated[str, Field(max_length=MAX_TEXT)]
    lang: Lang | None = None


class SessionOut(BaseModel):
    """A fresh session. ``token`` goes into ``Authorization: Bearer``."""

    session_id: str
    token: str
    expires_in: int = Field(description="seconds the token lives; answers carry a fresh one in Session-Token")
    lang: Lang
    notice: str = Field(description="show it before the first message")
    notice_version: int
    ai_mark: str = Field(description="show it with every reply")


class CardOut(BaseModel):
    """A product under a reply."""

    product_id: str
    name: str
    price: str
    stock: str
    url: str


class SourceOut(BaseModel):
    """Where a policy answer comes from."""

    title: str
    path: str


class HandoffOut(BaseModel):
    """That a person was asked for."""

    state: Literal["requested"] = "requested"
    reason: str


class MessageOut(BaseModel):
    """A message of the dialogue, as its customer may read it."""

    id: str = Field(description="of a reply: the id that feedback takes")
    seq: int = Field(description="number in the dialogue; ?after= takes it")
    role: Literal["user", "assistant"]
    text: str
    at: str
    lang: Lang | None = None
    finish_reason: str | None = None
    hidden: dict[str, int] = Field(default_factory=dict)
    products: list[CardOut] = Field(default_factory=list)
    sources: list[SourceOut] = Field(default_factory=list)
    feedback: Literal["up", "down"] | None = None


class MessagesOut(BaseModel):
    """A page of messages, oldest first."""

    data: list[MessageOut]
    has_more: bool
    last_id: int | None = Field(description="pass it as ?after= for the next page")


class AnswerOut(BaseModel):
    """The answer to a message."""

    message_id: str
    text: str
    lang: Lang
    finish_reason: Literal["stop", "content_filter", "handoff", "error"]
    hidden: dict[str, int] = Field(description="values hidden from the model in the message, by kind")
    products: list[CardOut]
    sources: list[SourceOut]
    handoff: HandoffOut | None
    grounded: bool = Field(description="false: the model's wording was refused and the facts were given plainly")
    fallback: bool


class FindingOut(BaseModel):
    """One personal value: place in code points, end exclusive; never the value."""

    kind: str
    start: int
    end: int
    score: float
    rule: str


class RedactOut(BaseModel):
    """What the guard found, and how the text leaves it."""

    findings: list[FindingOut]
    redacted: str = Field(description="the text with a mark such as <PHONE_NUMBER> in place of each finding")
    handles: list[str] = Field(description="of each finding: what the language model reads in its place")
    concealed: str = Field(description="the text as the language model would read it, were it a first message")


class DoneOut(BaseModel):
    """Something was taken."""

    status: Literal["recorded", "deleted"]


class ProblemOut(BaseModel):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    request_id: str
    errors: list[dict[str, Any]] | None = None
