"""The chat at ``/``: Gradio in front of the same conversations as every other way in.

The page holds no history of its own: the browser keeps what it shows, the server what is concealed.
Gradio's analytics, run history, flagging and API page are off.
"""

import os
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI

from bot.events import Delta, Done, Hidden, Products, Sources, TurnEvent
from bot.session import Lang, Session, SessionId
from serving.http.conversation import Conversations
from serving.http.limits import Limits
from serving.http.notices import AI_MARK, KIND_WORDS
from serving.http.parts import Parts
from serving.http.problems import Problem

_CSS = """
footer {display: none !important}
.gradio-container {max-width: 860px !important; margin: 0 auto !important}
.notice {font-size: 0.85rem; opacity: 0.8; padding: 0 0.25rem}
"""
_EXAMPLES = (
    "Where is my order?",
    "I'm looking for a gift for a tea lover, under ¥200",
    "我的快递到哪儿了？",
    "想买一条蚕丝被，预算一千以内",
)
_NOTICE = (
    "**{en}** · You are talking to an AI assistant ({mark_en}). Names, phone numbers, addresses and the like are hidden "
    "before the language model reads your message.  \n"
    "**{zh}** · 您正在与 AI 助手对话（{mark_zh}）。姓名、电话、地址等信息会在语言模型读取之前被隐藏。"
)


def hidden_line(counts: dict[str, int], lang: Lang) -> str:
    """``Hidden from the model: 1 phone number`` – kinds and numbers, never values.

    >>> hidden_line({"PHONE_NUMBER": 1}, "zh")
    '🔒 已对模型隐藏：1个电话号码'
    """
    parts = []
    for kind, count in counts.items():
        one, many = KIND_WORDS[kind][lang]
        parts.append(f"{count}{one}" if lang == "zh" else f"{count} {one if count == 1 else many}")
    head = "🔒 已对模型隐藏：" if lang == "zh" else "🔒 Hidden from the model: "
    return head + ("、" if lang == "zh" else ", ").join(parts)


def after_reply(events: list[TurnEvent], lang: Lang) -> str:
    """What is shown under a reply: products, sources, what was hidden."""
    lines: list[str] = []
    for event in events:
        if isinstance(event, Products):
            lines += [f"- **{card.name}** · {card.price} · {card.stock}" for card in event.cards]
        elif isinstance(event, Sources):
            label = "来源" if lang == "zh" else "Source"
            lines += [f"*{label}: {source.title}*" for source in event.sources]
        elif isinstance(event, Hidden):
            lines.append(f"<small>{hidden_line(dict(event.counts), lang)}</small>")
    return "\n\n" + "\n\n".join(lines) if lines else ""


def mount(app: FastAPI, parts: Parts, conversations: Conversations, limits: Limits) -> None:
    """Put the chat page at ``/`` of ``app``; every other route stays in front of it."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    import gradio as gr

    async def answer(message: str, _history: list[Any], session_id: str | None) -> AsyncIterator[tuple[str, str]]:
        session = parts.sessions.get(SessionId(session_id)) if session_id else None
        session = session or parts.sessions.create("chat")
        text, events, lang = "", list[TurnEvent](), session.lang or "en"
        try:
            async for event in conversations.say(session, conversations.check(message), way="chat", finish=False):
                if isinstance(event, Delta):
                    text += event.text
                    yield text, session.id
                elif isinstance(event, Done):
                    lang = event.lang
                else:
                    events.append(event)
        except Problem as problem:
            yield problem_line(problem), session.id
            return
        yield text + after_reply(events, lang), session.id

    info = parts.shop.info
    with gr.Blocks(title=info.name_en or info.name_zh, analytics_enabled=False) as page:
        session = gr.State(None)
        notice = _NOTICE.format(
            en=info.name_en or info.name_zh, zh=info.name_zh or info.name_en, mark_en=AI_MARK["en"], mark_zh=AI_MARK["zh"]
        )
        gr.Markdown(notice, elem_classes="notice")
        gr.ChatInterface(
            answer,
            additional_inputs=[session],
            additional_outputs=[session],
            chatbot=gr.Chatbot(height="68vh", show_label=False),
            textbox=gr.Textbox(placeholder="Ask about an order, a product, a return …  问订单、商品、退换货……", lines=1),
            examples=[[example, None] for example in _EXAMPLES],
            cache_examples=False,
            flagging_mode="never",
            concurrency_limit=32,
            api_name=None,
        )
    gr.mount_gradio_app(app, page, path="/", footer_links=[], run_history=False, css=_CSS)


def problem_line(problem: Problem) -> str:
    """A problem as a sentence in both languages."""
    return f"{problem.detail('zh')}\n\n{problem.detail('en')}"
