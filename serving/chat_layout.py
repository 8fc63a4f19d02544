"""The chat page's components and what is wired to what. All doing is in ``chat_page.ChatDesk``."""

from collections.abc import AsyncIterator
from typing import Any

import gradio as gr

from bot.session import Lang
from serving import chat_render as render
from serving.chat_page import ChatDesk, Message, client_address, content_of, notices
from serving.http.parts import Parts

CONCURRENT = 64
_FONTS = ["system-ui", "-apple-system", "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "sans-serif"]
_LANGS = [("English", "en"), ("中文", "zh")]
_READ = "() => [sessionStorage.getItem('tactful-chat') || '', window.tactfulLang()]"
_KEEP = (
    "(token) => { token ? sessionStorage.setItem('tactful-chat', token) : sessionStorage.removeItem('tactful-chat') }"
)
_HIDDEN: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}


def theme() -> gr.themes.Base:
    """System fonts only: the library's own themes fetch theirs."""
    return gr.themes.Base(
        primary_hue=gr.themes.colors.orange,
        neutral_hue=gr.themes.colors.stone,
        font=_FONTS,
        font_mono=["ui-monospace", "monospace"],
    )


def build(parts: Parts, desk: ChatDesk) -> gr.Blocks:
    """The page."""
    info = parts.shop.info
    first: Lang = "en" if info.name_en else "zh"
    page = gr.Blocks(title=info.name(first), analytics_enabled=False, fill_height=True)
    with page:
        with gr.Row(elem_classes="t-top"):
            head = gr.HTML(render.header(info.name(first), first), elem_classes="t-header")
            lang = gr.Radio(_LANGS, value=first, show_label=False, container=False, elem_id="lang", min_width=150)
        note = gr.HTML(notices(parts, first))
        chat = gr.Chatbot(elem_id="chat", **_chat(first), **_CHAT)
        box = gr.Textbox(elem_id="box", stop_btn=False, **_BOX, **_box(first))
        with gr.Row(elem_classes="t-tools"):
            new = gr.Button(render.TEXTS[first]["new"], size="sm", elem_id="new")
            delete = gr.Button(render.TEXTS[first]["delete"], size="sm", elem_id="delete")
        token = gr.Textbox(visible="hidden", elem_id="token")
        _wire(parts, desk, page, lang, [head, note, chat, box, new, delete], token)
    return page


_BUSY: dict[str, Any] = {"submit_btn": False, "stop_btn": True}
_IDLE: dict[str, Any] = {"submit_btn": True, "stop_btn": False}
_CHAT: dict[str, Any] = {
    "scale": 1, "show_label": False, "buttons": [], "latex_delimiters": [], "allow_tags": False, "layout": "bubble",
    "feedback_options": ("Like", "Dislike"), "container": False, "height": "100%", "min_height": 280,
}  # fmt: skip
_BOX: dict[str, Any] = {
    "lines": 1, "max_lines": 6, "submit_btn": True, "container": False, "autofocus": True, "show_label": False
}  # fmt: skip


def _chat(lang: Lang) -> dict[str, Any]:
    examples = [{"text": text} for text in render.EXAMPLES[lang]]
    return {"placeholder": render.welcome(lang), "examples": examples, "label": render.TEXTS[lang]["log"]}


def _box(lang: Lang) -> dict[str, Any]:
    return {"placeholder": render.TEXTS[lang]["placeholder"], "label": render.TEXTS[lang]["label"]}


class _Handlers:
    """What each event of the page calls."""

    def __init__(self, parts: Parts, desk: ChatDesk) -> None:
        self._parts = parts
        self._desk = desk

    async def answer(
        self, text: str, history: list[Message], held: str, at: Lang, request: gr.Request
    ) -> AsyncIterator[tuple[Any, ...]]:
        """The growing answer; the box offers to stop until it is there."""
        if not text.strip():
            yield history, held, gr.Textbox(**_IDLE)
            return
        messages, fresh = history, held
        async for messages, fresh in self._desk.ask(text, history, held, at, client_address(request)):
            yield messages, fresh, gr.Textbox(**_BUSY)
        yield messages, fresh, gr.Textbox(**_IDLE)

    async def send(
        self, text: str, history: list[Message], held: str, at: Lang, request: gr.Request
    ) -> AsyncIterator[tuple[Any, ...]]:
        """What was typed; the box is emptied once, so that the next message can be begun meanwhile."""
        emptied = False
        async for messages, fresh, box in self.answer(text, history, held, at, request):
            state: dict[str, Any] = {"submit_btn": box.submit_btn, "stop_btn": box.stop_btn}
            yield messages, fresh, box if emptied else gr.Textbox(value="", **state)
            emptied = True

    async def pick(
        self, choice: gr.SelectData, history: list[Message], held: str, at: Lang, request: gr.Request
    ) -> AsyncIterator[tuple[Any, ...]]:
        """An example."""
        async for row in self.answer(str(choice.value["text"]), history, held, at, request):
            yield row

    async def again(
        self, which: gr.RetryData, history: list[Message], held: str, at: Lang, request: gr.Request
    ) -> AsyncIterator[tuple[Any, ...]]:
        """The same message once more."""
        place = _place(which.index)
        async for row in self.answer(render.plain(content_of(history[place])), history[:place], held, at, request):
            yield row

    async def thumb(self, data: gr.LikeData, history: list[Message], held: str, at: Lang) -> None:
        """A thumb on a reply."""
        if await self._desk.thumb(held, content_of(history[_place(data.index)]), data.liked):
            gr.Info(render.TEXTS[at]["thanks"], duration=2)

    async def remove(self, history: list[Message], held: str, at: Lang) -> tuple[list[Message], str]:
        """Delete the chat."""
        if not await self._desk.delete(held):
            return history, held
        gr.Info(render.TEXTS[at]["deleted"], duration=3)
        return [], ""

    def speak(self, at: Lang) -> tuple[Any, ...]:
        """Every text of the page in the language."""
        text, shop = render.TEXTS[at], self._parts.shop.info.name(at)
        texts = (render.header(shop, at), notices(self._parts, at), gr.Chatbot(**_chat(at)), gr.Textbox(**_box(at)))
        return (*texts, gr.Button(text["new"]), gr.Button(text["delete"]))

    async def load(self, held: str, at: Lang) -> tuple[list[Message], str, Lang]:
        """What the tab still has."""
        messages, kept = await self._desk.restore(held)
        return messages, kept, at


def _wire(parts: Parts, desk: ChatDesk, page: gr.Blocks, lang: Any, shown: list[Any], token: Any) -> None:
    chat, box, new, delete = shown[2:]
    does = _Handlers(parts, desk)
    turn: dict[str, Any] = {"outputs": [chat, token, box], "concurrency_limit": CONCURRENT, **_HIDDEN}
    seen = [chat, token, lang]
    runs = [
        box.submit(does.send, [box, *seen], **turn),
        chat.example_select(does.pick, seen, **turn),
        chat.retry(does.again, seen, **turn),
    ]
    box.stop(lambda: gr.Textbox(**_IDLE), None, box, cancels=runs, queue=False, **_HIDDEN)
    chat.like(does.thumb, seen, None, **_HIDDEN)
    fresh = [chat, token, box]
    new.click(lambda: ([], "", gr.Textbox(**_IDLE)), None, fresh, cancels=runs, queue=False, **_HIDDEN)
    delete.click(does.remove, seen, [chat, token], cancels=runs, **_HIDDEN)
    token.change(None, token, None, js=_KEEP)
    lang.change(does.speak, lang, shown, **_HIDDEN)
    lang.change(None, lang, None, js="(lang) => window.tactfulSpeak(lang)")
    page.load(does.load, [token, lang], [chat, token, lang], js=_READ, **_HIDDEN)


def _place(index: Any) -> int:
    return int(index if isinstance(index, int) else index[0])
