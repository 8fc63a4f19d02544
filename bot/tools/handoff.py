"""The tool that brings in a person: a readable, concealed summary. WRITE: asked for by the customer himself."""

from bot.session import Lang
from bot.state import DialogueState
from bot.tools.toolbox import Call, HandedOff, Outcome, ToolContext
from guardrails.findings import Concealed

_SUMMARY: dict[Lang, str] = {
    "en": "The customer asks for a person. Verified: {verified}. Doing: {doing}. About: {topic}. Last message: {text}",
    "zh": "客户要求人工服务。已验证身份：{verified}。正在办理：{doing}。涉及：{topic}。最后一条消息：{text}",
}
_NONE: dict[Lang, tuple[str, str]] = {"en": ("yes", "no"), "zh": ("是", "否")}
MAX_TEXT_CHARS = 300


def hand_off(context: ToolContext, call: Call) -> Outcome:
    """Hand the dialogue to a person."""
    return HandedOff(summarise(context.state, context.text, context.lang))


def summarise(state: DialogueState, text: Concealed, lang: Lang) -> Concealed:
    """What a colleague needs to take over, without personal values."""
    doing = ", ".join(command.name for command in state.doing) or "–"
    return Concealed.fixed(_SUMMARY[lang]).fill(
        verified=Concealed.fixed(_NONE[lang][0 if state.customer_id else 1]),
        doing=Concealed.fixed(doing),
        topic=Concealed.fixed(state.topic.name if state.topic else "–"),
        text=text.clip(MAX_TEXT_CHARS),
    )
