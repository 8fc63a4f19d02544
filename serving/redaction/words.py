"""What ``tactful redact`` says, in both languages: reasons, faults and the summary. Counts and codes, never a text."""

from typing import Final

from serving.redaction.run import Summary

REASONS: Final[dict[str, tuple[str, str]]] = {
    "not_utf8": ("not UTF-8", "不是 UTF-8 编码"),
    "not_json": ("not JSON", "不是 JSON"),
    "not_an_object": ("JSON, but not an object", "是 JSON，但不是对象"),
    "field_missing": ("the field is missing", "缺少该字段"),
    "not_text": ("the field is not text", "该字段不是文本"),
    "too_long": ("the text is too long", "文本过长"),
    "line_too_long": ("the line is too long", "该行过长"),
    "guard_failed": ("the guard could not vouch for the text", "防护无法确认该文本"),
}
FAULTS: Final[dict[str, tuple[str, str]]] = {
    "field_invalid": (
        "--field: expected a name, or names with dots between them, such as message.text or messages.*.content",
        "--field：应为字段名，或用点连接的字段名，例如 message.text、messages.*.content",
    ),
    "field_reserved": (
        "--field: findings and redacted are what this command writes; name another field",
        "--field：findings 和 redacted 由本命令写入，请指定其他字段",
    ),
    "no_input": ("the input file cannot be read", "无法读取输入文件"),
    "no_output": ("the output must be a file in a folder that is there", "输出应为已存在目录中的文件"),
    "same_file": ("input and output are the same file; name another output", "输入与输出是同一个文件，请指定其他输出"),
    "shop": ("--shop: no usable shop folder", "--shop：不是可用的店铺目录"),
    "busy": ("another run is writing this output; wait for it to end", "另一个任务正在写入该输出，请等待其结束"),
    "input_changed": (
        "the input is not the one that was begun with; what was begun is thrown away, run the command again",
        "输入与上次开始时不同；未完成的部分已丢弃，请重新运行命令",
    ),
    "worker_died": (
        "a worker process died (out of memory?); run the command again to go on, with fewer --workers",
        "工作进程意外结束（内存不足？）；请减少 --workers 后重新运行以继续",
    ),
    "stopped": ("stopped; the same command goes on from here", "已停止；重新运行同一命令即可继续"),
    "stopped_stream": ("stopped; the output is not whole", "已停止；输出不完整"),
    "pipe_closed": ("the reader of the output went away", "输出的读取方已关闭"),
    "broke": ("something failed inside; nothing unredacted was written", "内部出错；未写出任何未脱敏的内容"),
    "io": ("reading or writing failed", "读写失败"),
}


def fault(code: str, detail: str = "") -> str:
    """A sentence per language; ``detail`` is a system's word for it, such as ``No space left on device``."""
    en, zh = FAULTS[code]
    return f"{en} ({detail})\n{zh}（{detail}）" if detail else f"{en}\n{zh}"


def stopped_at(line: int, code: str) -> str:
    """With ``--strict``."""
    en, zh = REASONS[code]
    return f"line {line}: {en}. Nothing was written; mend it and run the command again to go on." + (
        f"\n第 {line} 行：{zh}。未写入输出；修正后重新运行命令即可继续。"
    )


def summary(result: Summary) -> str:
    """What came of it, in both languages, with the reasons of lines that were left out."""
    en = [f"{result.lines} lines, {sum(result.findings.values())} findings in {result.seconds:.1f} s"]
    zh = [f"共 {result.lines} 行，发现 {sum(result.findings.values())} 处，用时 {result.seconds:.1f} 秒"]
    if result.findings:
        counts = ", ".join(f"{kind} {count}" for kind, count in sorted(result.findings.items()))
        en.append(f"found: {counts}")
        zh.append(f"各类数量：{counts}")
    if result.began_anew:
        en.append("an unfinished output of another input, other options or other rules was begun anew")
        zh.append("此前未完成的输出与当前输入、选项或规则不符，已重新开始")
    elif result.resumed_at:
        en.append(f"went on after line {result.resumed_at} of an interrupted run")
        zh.append(f"接续上次中断的任务，从第 {result.resumed_at} 行之后继续")
    if result.errors:
        total = sum(result.errors.values())
        en.append(f"{total} lines could not be redacted and were replaced by their number and reason:")
        zh.append(f"{total} 行无法脱敏，已替换为行号和原因：")
        for code, count in sorted(result.errors.items()):
            en.append(f"  {count} × {code}: {REASONS[code][0]}")
            zh.append(f"  {count} × {code}：{REASONS[code][1]}")
    return "\n".join(en + zh)
