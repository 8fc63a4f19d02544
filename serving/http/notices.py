"""What a customer is told before the first message: that a machine answers, what is hidden and what is kept.

The wording is versioned; change ``NOTICE_VERSION`` with it. Source: Regulation (EU) 2024/1689, article 50(1), and
the Chinese labelling measures of 2025 (the visible mark ``AI生成``).
"""

from typing import Final

from bot.session import Lang

NOTICE_VERSION: Final = 1
AI_MARK: Final[dict[Lang, str]] = {"en": "AI-generated", "zh": "AI生成"}

_NOTICE: Final[dict[Lang, str]] = {
    "en": "You are talking to an AI assistant of {shop}, not a person. Names, phone numbers, addresses and the like "
    "are hidden before the language model reads your message. The conversation is kept without them for {days}. "
    "You can ask for a person, or delete the chat, at any time.",
    "zh": "您正在与{shop}的 AI 助手对话，并非真人。您的姓名、电话、地址等信息会在语言模型读取消息之前被隐藏；"
    "对话（不含这些信息）保留{days}。您可以随时要求转接人工或删除对话。",
}

KIND_WORDS: Final[dict[str, dict[Lang, tuple[str, str]]]] = {
    "PERSON": {"en": ("name", "names"), "zh": ("个姓名", "")},
    "ADDRESS": {"en": ("address", "addresses"), "zh": ("个地址", "")},
    "PHONE_NUMBER": {"en": ("phone number", "phone numbers"), "zh": ("个电话号码", "")},
    "EMAIL_ADDRESS": {"en": ("e-mail address", "e-mail addresses"), "zh": ("个邮箱", "")},
    "CREDIT_CARD": {"en": ("card number", "card numbers"), "zh": ("个银行卡号", "")},
    "BANK_ACCOUNT": {"en": ("bank account", "bank accounts"), "zh": ("个银行账号", "")},
    "ID_CARD": {"en": ("ID number", "ID numbers"), "zh": ("个身份证号", "")},
    "PASSPORT": {"en": ("passport number", "passport numbers"), "zh": ("个护照号", "")},
    "IP_ADDRESS": {"en": ("IP address", "IP addresses"), "zh": ("个 IP 地址", "")},
    "SOCIAL_ACCOUNT": {"en": ("account name", "account names"), "zh": ("个社交账号", "")},
    "LICENCE_PLATE": {"en": ("licence plate", "licence plates"), "zh": ("个车牌号", "")},
    "POSTAL_CODE": {"en": ("postal code", "postal codes"), "zh": ("个邮政编码", "")},
    "DATE_OF_BIRTH": {"en": ("date of birth", "dates of birth"), "zh": ("个出生日期", "")},
    "SECRET": {"en": ("password or code", "passwords or codes"), "zh": ("个密码或验证码", "")},
    "URL_PERSONAL": {"en": ("personal link", "personal links"), "zh": ("个个人链接", "")},
}


def notice(lang: Lang, shop: str, days: int, *, kept: bool) -> str:
    """The notice in ``lang``. ``days``: how long the concealed dialogue is kept; ``kept``: whether at all."""
    if not kept:
        span = {"en": "this session only", "zh": "至会话结束"}[lang]
    else:
        span = {"en": f"{days} day{'s' if days != 1 else ''}", "zh": f" {days} 天"}[lang]
    return _NOTICE[lang].format(shop=shop, days=span)


def hidden_line(counts: dict[str, int], lang: Lang) -> str:
    """``Hid 1 phone number, 2 names`` / ``已隐藏 1 个电话号码、2 个姓名``; empty when nothing was hidden."""
    parts = []
    for kind, count in counts.items():
        if kind not in KIND_WORDS or count < 1:
            continue
        one, many = KIND_WORDS[kind][lang]
        parts.append(f"{count} {one if lang == 'zh' or count == 1 else many}")
    if not parts:
        return ""
    return f"已对模型隐藏 {'、'.join(parts)}" if lang == "zh" else f"Hidden from the model: {', '.join(parts)}"
