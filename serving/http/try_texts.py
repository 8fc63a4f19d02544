"""Words and examples of the data-protection officer's try-out page, in both languages. The people are made up."""

from typing import Any, Final

from bot.session import Lang
from serving.http.notices import KIND_WORDS

TRY: Final[dict[Lang, dict[str, str]]] = {
    "en": {
        "html": "en",
        "title": "What the language model gets to see",
        "intro": "Write what a customer might write. You see which personal data the guard finds, by which rule, and "
        "what is left for the language model to read.",
        "kept": "Your text is checked by this server and then forgotten: it is not stored, not logged, not part of "
        "any address, and no language model reads it.",
        "label": "A customer's message",
        "placeholder": "e.g. Hi, this is Ada Example. Please send order TF10293847 to …",
        "examples": "Or try an example (the people are made up):",
        "check": "Check",
        "checking": "Checking…",
        "empty": "Clear",
        "shortcut": "Ctrl + Enter checks too",
        "count": "{n} of {max} characters",
        "too_long": "{n} of {max} characters: too long by {over}",
        "too_long_alert": "The text is too long by {over} characters. Shorten it, or check it in parts.",
        "write_first": "Write something first, or choose an example.",
        "away": "The server cannot be reached. Your text is still in the box; try again in a moment.",
        "odd": "The server's answer could not be read. Try again in a moment.",
        "ready": "Nothing has been checked yet. The result will appear here.",
        "result": "Result",
        "none": "Nothing personal was found",
        "none_more": "The language model would read this text as it is. If it does hold something personal, the guard "
        "has missed it: please tell us which kind of wording it was, with made-up data.",
        "found_one": "1 piece of personal data found",
        "found": "{n} pieces of personal data found",
        "written": "As written",
        "read": "As the language model reads it",
        "extra": "Handles without a number in the text above were added by the second check, which reads what is left "
        "once more.",
        "list": "The findings one by one",
        "no": "No.",
        "kind": "Kind",
        "value": "In the text",
        "handle": "The model reads",
        "sure": "How sure",
        "rule": "Rule",
        "sure_high": "very sure",
        "sure_mid": "fairly sure",
        "sure_low": "unsure, so hidden to be safe",
        "explain": "How to read this",
        "explain_handle": "A handle such as <PHONE_1> stands in for a value. The value itself is kept encrypted in the "
        "customer's own vault and is put back only on the way to that customer, or opened by a tool of the shop that "
        "needs it; the model never gets it. The same value has the same handle throughout a conversation.",
        "explain_rule": "A rule is a written description of what one kind of personal data looks like, for example "
        "eleven digits that begin with 13 to 19 for a Chinese mobile number. Its name lets your engineers find the "
        "very line of the program that decided.",
        "explain_score": "The score says how sure the rule is, from 0 to 1. It is set by the rule's author or learned "
        "by a recognizer; it is not a probability in the legal or statistical sense. Everything from 0.4 up is hidden: "
        "when in doubt, the guard hides.",
        "limits": "What is not guaranteed",
        "limits_1": "No recognizer finds everything. Names without a cue such as “my name is”, nicknames and "
        "unusual spellings are missed most often; what is not found reaches the model as it was typed.",
        "limits_2": "The guard sometimes hides what is harmless. Then the model knows less, and nobody learns more.",
        "limits_3": "This page shows one message on its own. In a conversation the handles' numbers go on, and earlier "
        "messages do not change what is found.",
        "limits_4": "Order numbers and product names of this shop stay readable on purpose: without them no question "
        "about an order could be answered.",
        "measured": "How often it is right, measured on public messages, stands in the project's README.",
        "facts": "What is kept and for how long (JSON)",
        "api": "API",
        "other": "中文",
        "other_lang": "zh",
        "other_html": "zh-CN",
        "language": "Language",
        "skip": "Skip to the text box",
        "noscript": "This page needs JavaScript; it comes from this server alone. The same check is "
        "POST /api/v1/redact.",
        "sep": ", ",
    },
    "zh": {
        "html": "zh-CN",
        "title": "语言模型看到的是什么",
        "intro": "写一段顾客可能会发送的话，即可看到防护发现了哪些个人信息、依据哪条规则，以及最终留给语言模型的内容。",
        "kept": "您的文本由本服务器检查，随即丢弃：不保存、不写入日志、不出现在网址中，也不会交给任何语言模型。",
        "label": "顾客消息",
        "placeholder": "例如：你好，我叫王小明，订单 TF10293847 请改寄到……",
        "examples": "或者试试示例（人物均为虚构）：",
        "check": "检查",
        "checking": "正在检查…",
        "empty": "清空",
        "shortcut": "也可按 Ctrl + Enter 检查",
        "count": "{n} / {max} 个字符",
        "too_long": "{n} / {max} 个字符，超出 {over} 个",
        "too_long_alert": "文本超出 {over} 个字符。请缩短，或分几次检查。",
        "write_first": "请先输入内容，或选择一个示例。",
        "away": "暂时无法连接服务器。您的文本仍在输入框中，请稍后重试。",
        "odd": "无法读取服务器的回复，请稍后重试。",
        "ready": "尚未检查。结果会显示在这里。",
        "result": "结果",
        "none": "未发现个人信息",
        "none_more": "语言模型会原样读到这段文本。如果其中确有个人信息，说明防护漏掉了："
        "请用虚构的数据告诉我们是哪一类表述。",
        "found_one": "发现 1 处个人信息",
        "found": "发现 {n} 处个人信息",
        "written": "原文",
        "read": "语言模型读到的内容",
        "extra": "上面原文中没有编号的占位符，是第二遍检查对剩余文本再读一次时加上的。",
        "list": "逐项说明",
        "no": "编号",
        "kind": "类别",
        "value": "原文内容",
        "handle": "模型读到",
        "sure": "把握程度",
        "rule": "规则",
        "sure_high": "非常确定",
        "sure_mid": "比较确定",
        "sure_low": "不确定，为稳妥起见隐藏",
        "explain": "如何理解结果",
        "explain_handle": "占位符（例如 <PHONE_1>）代替真实内容。真实内容加密保存在该顾客自己的保险库中，"
        "只在回复该顾客时还原，或由确有需要的店铺工具读取，模型始终得不到。在同一位顾客的对话中，相同的内容总是对应相同的占位符。",
        "explain_rule": "规则是对某一类个人信息外形的书面描述，例如中国大陆手机号是以 13 至 19 开头的十一位数字。"
        "凭规则名称，贵方工程师可以找到作出判断的那一行程序。",
        "explain_score": "分数表示规则有多大把握，范围 0 到 1，由规则作者设定或由识别器学得，"
        "并非法律或统计意义上的概率。凡达到 0.4 的内容都会被隐藏：存疑时，宁可隐藏。",
        "limits": "不作保证的事项",
        "limits_1": "没有任何识别器能找出全部个人信息。没有提示语（如“我叫”）的姓名、昵称和不常见的写法最容易漏掉；"
        "未被发现的内容会原样到达模型。",
        "limits_2": "防护有时会隐藏无害的内容。这只会让模型知道得更少，不会让任何人知道得更多。",
        "limits_3": "本页只检查单独一条消息。在对话中，占位符的编号会接着往下排；此前的消息不影响能发现什么。",
        "limits_4": "本店的订单号和商品名有意保持可读，否则无法回答任何有关订单的问题。",
        "measured": "在公开消息上测得的准确程度见项目的 README。",
        "facts": "保留哪些数据、保留多久（JSON）",
        "api": "接口",
        "other": "English",
        "other_lang": "en",
        "other_html": "en",
        "language": "语言",
        "skip": "跳到输入框",
        "noscript": "本页需要 JavaScript，脚本只来自本服务器。也可以直接调用 POST /api/v1/redact。",
        "sep": "、",
    },
}

EXAMPLES: Final[tuple[dict[str, str], ...]] = (
    {
        "lang": "en",
        "name_en": "New address",
        "name_zh": "改地址（英文）",
        "text": "Hi, my name is Ada Example. Could order TF10293847 go to 12 Quarry Lane, Springfield, IL 62701 "
        "instead? You can reach me at +1 212 555 0142 or ada@example.com.",
    },
    {
        "lang": "en",
        "name_en": "Payment trouble",
        "name_zh": "付款问题（英文）",
        "text": "The payment for the reading lamp failed twice. The card is 4111 1111 1111 1111, and the verification "
        "code is 482913. I was born on 3 May 1990, if you have to verify me.\nThanks, Tom Sample",
    },
    {
        "lang": "en",
        "name_en": "Nothing personal",
        "name_zh": "没有个人信息（英文）",
        "text": "Does the 40 cm desk lamp come in green, and how many days does delivery take? My budget is $80.",
    },
    {
        "lang": "zh",
        "name_en": "New address (Chinese)",
        "name_zh": "改地址",
        "text": "你好，我叫王小明，手机13800138000。订单TF10293847请改寄到"
        "北京市朝阳区建国路88号院3号楼2单元501室，邮编100022。",
    },
    {
        "lang": "zh",
        "name_en": "Account check (Chinese)",
        "name_zh": "核对账户",
        "text": "收件人李小红，身份证号11010519491231002X，微信号xiaohong_demo，"
        "邮箱xiaohong@example.cn。电话是一三八零零一三八零零零，麻烦核对一下。",
    },
    {
        "lang": "zh",
        "name_en": "Nothing personal (Chinese)",
        "name_zh": "没有个人信息",
        "text": "这款蚕丝被有2米乘2.3米的吗？满500元减50的活动到几号结束？",
    },
)


def page_data(lang: Lang, max_chars: int) -> dict[str, Any]:
    """What the page's script needs."""
    kinds = {kind: words[lang][0].removeprefix("个").strip() for kind, words in KIND_WORDS.items()}
    return {
        "lang": TRY[lang]["html"],
        "max": max_chars,
        "texts": TRY[lang],
        "kinds": kinds,
        "examples": [example["text"] for example in EXAMPLES],
    }
