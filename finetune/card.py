"""The model card of an adapter, in English and Chinese, from its passport alone: it states nothing else."""

from typing import Any, Final


def card(passport: dict[str, Any]) -> str:
    """The card as Markdown."""
    gemma = str(passport["base_model"]).startswith("gemma")
    private = [stage for stage in passport["ledger"] if stage["stage"] == "private"]
    rows = "\n".join(f"| {name} | {_shown(value)} |" for name, value in passport["utility"].items())
    return _CARD.format(
        base=passport["base_model"],
        stages="\n".join(_stage(stage, _STAGES_EN) for stage in passport["ledger"]),
        stages_zh="\n".join(_stage(stage, _STAGES_ZH) for stage in passport["ledger"]),
        privacy=(_PRIVACY_EN if private else _NONE_EN).format(**_privacy(passport)),
        privacy_zh=(_PRIVACY_ZH if private else _NONE_ZH).format(**_privacy(passport)),
        audit=_audit(passport, _AUDIT_EN, _NOT_AUDITED_EN),
        audit_zh=_audit(passport, _AUDIT_ZH, _NOT_AUDITED_ZH),
        not_covered="\n".join(f"- {line}" for line in passport["not_covered"]),
        signed=_signed(passport, "It is signed with the key `{}…`.", "It is **unsigned**."),
        signed_zh=_signed(passport, "签名密钥为 `{}…`。", "本护照**未签名**。"),
        notice=_GEMMA_EN if gemma else "The base model's licence applies to what is derived from it.",
        notice_zh=_GEMMA_ZH if gemma else "基础模型的许可同样适用于由其衍生的内容。",
        rows=rows,
    )


def _stage(stage: dict[str, Any], wording: dict[str, str]) -> str:
    shown = {"rank": stage.get("settings", {}).get("rank", "–")}
    if stage["stage"] == "private":
        layers = stage["trained"]["layers"]
        shown = {"rank": stage["trained"]["rank"], "layers": layers if isinstance(layers, int) else len(layers)}
        shown |= {"runs": sum(trial["count"] for trial in stage["trials"])}
        rehearsed = stage["settings"].get("rehearsed", 0)
        shown["beside"] = wording["rehearsed"].format(rehearsed=rehearsed) if rehearsed else ""
        shown["clipping"] = " ".join(f"{name} {value}" for name, value in stage["clipping"].items())
    return wording[stage["stage"]].format(**{**stage, **shown})


def _privacy(passport: dict[str, Any]) -> dict[str, str]:
    if passport["epsilon"] is None:
        return {}
    return {"epsilon": f"{passport['epsilon']:.3g}", "delta": f"{passport['delta']:.2g}"}


def _audit(passport: dict[str, Any], found: str, none: str) -> str:
    report = passport["audit"]
    if passport["epsilon"] is None:
        return ""
    if report is None:
        return none
    control = report.get("positive_control") or {}
    shown = {name: report.get(name, "–") for name in ("m", "by", "epsilon_lower")}
    return found.format(**shown, control=control.get("epsilon_lower", "–"))


def _signed(passport: dict[str, Any], yes: str, no: str) -> str:
    signature = passport["signature"]
    return yes.format(signature["public_key"][:12]) if signature else no


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4f}"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_shown(inner)}" for key, inner in value.items())
    return str(value)


_STAGES_EN: Final = {
    "public": "- Public stage: {examples} examples that the project made itself (`finetune/corpus`), nobody's "
    "messages, orders or names; {steps} steps, {tokens} tokens, LoRA of rank {rank}; no noise.",
    "private": "- Private stage: dialogues of customers, concealed before; {steps} steps, each customer drawn with "
    "probability {rate:.4g} in each of them{beside}; noise multiplier {noise_multiplier:g}; clipping {clipping}; LoRA "
    "of rank {rank} in {layers} layers; {runs} other runs on the same customers are declared and counted.",
    "rehearsed": ", with {rehearsed} public examples beside them",
}
_STAGES_ZH: Final = {
    "public": "- 公开阶段：本项目自行生成的 {examples} 条样本（`finetune/corpus`），不含任何人的对话、订单或姓名；"
    "{steps} 步，{tokens} 个词元，LoRA 秩 {rank}；未加噪声。",
    "private": "- 私有阶段：顾客对话（事先已隐去个人信息）；{steps} 步，每步以概率 {rate:.4g} 抽取每位顾客{beside}；"
    "噪声倍数 {noise_multiplier:g}；裁剪 {clipping}；{layers} 层上的 LoRA，秩 {rank}；"
    "同一批顾客上另外申报并计入 {runs} 次运行。",
    "rehearsed": "，另加 {rehearsed} 条公开样本",
}
_PRIVACY_EN: Final = (
    "Differentially private, the unit is the customer: ε = {epsilon}, δ = {delta}, for adding or removing one customer "
    "with all their dialogues. Check it: `tactful passport verify` computes ε again from the ledger."
)
_PRIVACY_ZH: Final = (
    "满足差分隐私，以顾客为单位：ε = {epsilon}，δ = {delta}（增加或移除一位顾客及其全部对话）。"
    "可自行核对：`tactful passport verify` 会根据台账重新计算 ε。"
)
_AUDIT_EN: Final = (
    " An audit of a run with the same claim, with {m} canaries by {by}, showed an epsilon of {epsilon_lower} or more "
    "(95 %); the same run without noise showed {control}. An audit can refute a claim, never prove it."
)
_AUDIT_ZH: Final = (
    "以同样声明的一次运行接受了审计（{m} 个金丝雀，方式 {by}）：ε 不低于 {epsilon_lower}（95 %）；"
    "不加噪声的同一运行为 {control}。审计只能推翻声明，不能证明声明。"
)
_NOT_AUDITED_EN: Final = " No audit of it is recorded."
_NOT_AUDITED_ZH: Final = "没有审计记录。"
_NONE_EN: Final = "No customer's data was used. Therefore no privacy noise was added and no epsilon is claimed."
_NONE_ZH: Final = "没有使用任何顾客的数据，因此没有加入隐私噪声，也不声称任何 ε 值。"
_GEMMA_EN: Final = (
    "Gemma is provided under and subject to the Gemma Terms of Use found at ai.google.dev/gemma/terms. The terms and "
    "the Gemma Prohibited Use Policy bind this adapter too, and must be passed on with it. This is a modification of "
    "Gemma: weights trained on top of it."
)
_GEMMA_ZH: Final = (
    "Gemma 的提供受 ai.google.dev/gemma/terms 所载《Gemma 使用条款》约束。"
    "该条款及《Gemma 禁止使用政策》同样约束本适配器，"
    "转交时须一并转交。本文件是对 Gemma 的修改：在其之上训练的权重。"
)
_CARD: Final = """\
# Adapter for {base}

## English

Teaches the base model two tasks of a shop's assistant, in English and Chinese: to turn a customer's message into
commands of the project's grammar, and to word a reply from given facts. It is of no use for anything else.

**Training.**

{stages}

**Privacy.** {privacy}{audit}
Every setting is in `passport.json`. {signed}

**Limits.** What the bot does is decided by code, not by this model; its replies are checked against the facts before a
customer sees them. Wording that is far from what it was trained on is understood worse than these figures say.
The passport does not cover:

{not_covered}

**Terms.** {notice}

## 中文

让基础模型学会网店客服助手的两项任务（中英双语）：把顾客的话转成本项目语法中的命令；依据给定的事实组织回复。除此之外没有用处。

**训练。**

{stages_zh}

**隐私。** {privacy_zh}{audit_zh}
全部设置见 `passport.json`。{signed_zh}

**局限。** 助手做什么由代码决定，不由本模型决定；
回复在顾客看到之前会与事实核对。与训练语料差别较大的说法，理解效果低于下表。护照未涵盖的内容见上方英文列表。

**条款。** {notice_zh}

## Measured · 实测

| measure | value |
|---|---|
{rows}
"""
