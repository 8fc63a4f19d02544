"""``tactful privacy …``: what a data-protection officer asks of this installation. First of all: is the log whole?"""

import json
import re
import socket
import sys
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn

import typer

from guardrails.audit_chain import AuditKeys, Fault, Verified, files_of, verify

app = typer.Typer(no_args_is_help=True, help="Privacy: the audit log, the master key. 隐私：审计日志、主密钥。")
audit_app = typer.Typer(no_args_is_help=True, help="The audit log. 审计日志。")
app.add_typer(audit_app, name="audit")

KEY_BYTES: Final = 32
_WHAT: Final[dict[Fault, tuple[str, str]]] = {
    "unreadable": ("is no line of this log", "不是本日志写入的内容"),
    "out_of_order": (
        "does not follow from the line before: lines are missing, added or moved",
        "与上一行不衔接：有行缺失、多出或被移动",
    ),
    "changed": ("is not what was written, or the key is another one", "与写入时不一致，或者密钥不是当时的密钥"),
}
_NEXT: Final = (
    "Keep this file as it is, compare it with your last backup from that line on, and find out who could write it. "
    "Lines before it can be trusted.",
    "请保留此文件原样，从该行起与最近的备份比对，并查明谁有写入权限。该行之前的内容可信。",
)
_CUT: Final = (
    "The expected hash is not in the log: its end was cut off or it was written anew. Compare with your last backup.",
    "日志中没有预期的哈希：结尾被截断，或日志被重写。请与最近的备份比对。",
)


@audit_app.command("verify")
def audit_verify(
    file: Annotated[Path | None, typer.Option(help="current file of a log; default: this server's 日志文件")] = None,
    expect: Annotated[
        str | None, typer.Option(help="a hash noted earlier, to find a cut-off end 先前记下的哈希")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON. 输出 JSON")] = False,
) -> None:
    """Follow the audit log's chain; exit 0 whole, 1 broken. Note the last hash elsewhere. 校验审计日志是否完整。

    Example: tactful privacy audit verify --expect 4be1…
    """
    settings = _settings()
    path = file or settings.audit_file
    if expect is not None and not re.fullmatch(r"[0-9a-f]{64}", expect):
        _fail(
            2,
            "--expect takes 64 hexadecimal digits, as printed by this command.",
            "--expect 需要本命令输出的 64 位十六进制哈希。",
        )
    if file is not None and not files_of(file):
        _fail(2, f"There is no log at {file}.", f"{file} 没有日志文件。")
    result = verify(path, AuditKeys.of(_master_key(settings.master_key_file)), expect)
    print(json.dumps(_report(result), indent=1) if as_json else _told(result))
    raise typer.Exit(0 if result.whole else 1)


@app.command("rotate-key")
def rotate_key(as_json: Annotated[bool, typer.Option("--json", help="Report as JSON. 输出 JSON")] = False) -> None:
    """Put a new master key in the place of the vault's; stop the server first. 更换保险库主密钥（请先停止服务）。

    Values stay as they are; their keys are wrapped anew, the audit log goes on under the new key. What was interrupted
    goes on when the command is run again. Open chats end. Keep the new key file as safely as the old one, and destroy
    backups of the old one together with backups of the vault that it opens.
    数据本身不变；中断后重新运行即可继续。进行中的对话会结束。请妥善备份新密钥文件。

    Example: tactful privacy rotate-key
    """
    from guardrails.errors import GuardError
    from serving.rotation import KeyFileDamaged, rotate

    settings = _settings()
    _master_key(settings.master_key_file)
    if _answers(settings.host, settings.port):
        _fail(
            1,
            f"A server is running on port {settings.port}: stop it first, it holds the old key.",
            f"端口 {settings.port} 上有服务在运行：请先停止，它仍持有旧密钥。",
        )
    try:
        done = rotate(settings.master_key_file, settings.vault_url, settings.audit_file)
    except (GuardError, KeyFileDamaged, OSError) as error:
        _fail(
            1,
            f"Not finished: {error}. Nothing is lost; mend it and run the command again before the server starts.",
            "更换未完成，数据没有丢失；排除问题后请重新运行，完成前不要启动服务。",
        )
    if as_json:
        print(json.dumps({"owners": done.owners, "resumed": done.resumed}))
    else:
        print(f"New master key for {done.owners} customers' keys.\n已更换主密钥，涉及 {done.owners} 位顾客的密钥。")


def _answers(host: str, port: int) -> bool:
    """Whether something listens where the server would."""
    try:
        with socket.create_connection(("127.0.0.1" if host in ("0.0.0.0", "::") else host, port), timeout=1):  # noqa: S104
            return True
    except OSError:
        return False


def _report(result: Verified) -> dict[str, Any]:
    return {
        "whole": result.whole,
        "lines": result.lines,
        "last_hash": result.last_hash,
        "broken_file": result.broken_file,
        "broken_line": result.broken_line,
        "fault": result.fault,
        "expected": result.expected,
    }


def _told(result: Verified) -> str:
    if result.fault:
        where, (english, chinese) = f"{result.broken_file}:{result.broken_line}", _WHAT[result.fault]
        return "\n".join(
            (
                f"BROKEN: {where} {english}. {result.lines} lines before it are whole, up to {result.last_hash}.",
                _NEXT[0],
                f"日志已损坏：{where} {chinese}。此前 {result.lines} 行完整，哈希为 {result.last_hash}。",
                _NEXT[1],
            )
        )
    if result.expected is False:
        return "\n".join(("BROKEN: " + _CUT[0], "日志已损坏：" + _CUT[1], f"{result.lines}  {result.last_hash}"))
    return (
        f"Whole: {result.lines} lines, last hash {result.last_hash}. Note it elsewhere, for --expect.\n"
        f"完整：共 {result.lines} 行，最后的哈希见上。请另行保存，供 --expect 使用。"
    )


def _master_key(path: Path) -> bytes:
    """The vault's key; never made here, for a new key would call every log forged."""
    try:
        key = path.read_bytes()
    except OSError as error:
        _fail(1, f"The master key cannot be read ({type(error).__name__}): {path}", f"无法读取主密钥：{path}")
    if len(key) != KEY_BYTES:
        _fail(
            1,
            f"Expected {KEY_BYTES} bytes in {path}, got {len(key)}.",
            f"{path} 应为 {KEY_BYTES} 字节，实为 {len(key)} 字节。",
        )
    return key


def _settings() -> Any:
    from serving.settings_sources import SettingsError, load

    try:
        return load({}).settings
    except SettingsError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from None


def _fail(code: int, english: str, chinese: str) -> NoReturn:
    print(f"{english}\n{chinese}", file=sys.stderr)
    raise typer.Exit(code)
