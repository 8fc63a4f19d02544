"""The adapter's passport in short, for ``/v1/privacy`` and for the chat page's notice.

What a passport says is shown as it says it; ``verified`` tells whether it may be believed, ``in_use`` whether the model
that answers is this adapter at all. The notice for customers repeats no claim that is not both.
"""

import json
from typing import Any, Final

from bot.session import Lang
from serving.http.parts import WebSettings
from serving.passport.gate import verdict_on

_KEYS: Final = ("unit", "neighbouring", "epsilon", "delta", "mechanism", "not_covered")
_PRIVATE: Final[dict[Lang, str]] = {
    "en": "The language model learned from past dialogues under differential privacy: unit customer, "
    "ε = {epsilon:.3g}, δ = {delta:.2g}, verified.",
    "zh": "语言模型在差分隐私保护下学习过以往对话：以顾客为单位，ε = {epsilon:.3g}，δ = {delta:.2g}，已验证。",
}
_PUBLIC: Final[dict[Lang, str]] = {
    "en": "The language model learned from made-up dialogues only, from no customer's (verified).",
    "zh": "语言模型仅从虚构对话中学习，未使用任何顾客的对话（已验证）。",
}
_DOUBTFUL: Final[dict[Lang, str]] = {
    "en": "What the language model learned from could not be verified.",
    "zh": "语言模型的训练来源未能验证。",
}
_LINK: Final[dict[Lang, str]] = {"en": "Privacy facts", "zh": "隐私详情"}


def adapter_facts(settings: WebSettings) -> dict[str, Any] | None:
    """The passport in short, ``None`` where there is none. Seconds for a passport that was not yet verified."""
    file = settings.passport_file
    try:
        passport = json.loads(file.read_text("utf-8")) if file else None
    except (OSError, ValueError):
        return None
    if file is None or not isinstance(passport, dict):
        return None
    hashes = passport.get("hashes")
    verdict = verdict_on(file.parent, settings.trusted_keys)
    return {
        **{key: passport.get(key) for key in _KEYS},
        "data_hash": hashes.get("data") if isinstance(hashes, dict) else None,
        "verified": verdict.verified,
        "signed_by": verdict.signer,
        "in_use": settings.adapter_in_use,
    }


def adapter_line(settings: WebSettings, lang: Lang) -> str:
    """One sentence for customers and a link to the rest, as HTML; the link alone where another model answers."""
    link = f'<a href="/v1/privacy" target="_blank" rel="noopener">{_LINK[lang]}</a>'
    facts = adapter_facts(settings) if settings.adapter_in_use else None
    if facts is None:
        return link
    if not facts["verified"]:
        said = _DOUBTFUL[lang]
    else:
        said = _PUBLIC[lang] if facts["epsilon"] is None else _PRIVATE[lang].format(**facts)
    return f"{said}{' ' if lang == 'en' else ''}{link}"
