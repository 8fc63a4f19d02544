"""``tactful passport show|verify``: what is claimed of an adapter, and whether it holds."""

import json
import sys
import time
from pathlib import Path
from typing import Annotated, Any, Final

import typer

app = typer.Typer(no_args_is_help=True, help="The privacy claim of an adapter. 适配器的隐私护照。")

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="artifact folder with passport.json 适配器目录")]
Json = Annotated[bool, typer.Option("--json", help="Report as JSON. 输出 JSON")]
_STATES: Final = {
    "verified": ("Verified", "已验证"),
    "unsigned": ("Refused: nobody has signed it. Whoever made it does so with `tactful finetune sign`", "拒绝：未签名"),
    "refused": ("Refused", "拒绝"),
}


@app.command()
def verify(
    folder: Folder,
    trust: Annotated[
        list[Path] | None,
        typer.Option(help="file with a public key to trust besides the server's; may be repeated 另外信任的公钥文件"),
    ] = None,
    base: Annotated[
        Path | None, typer.Option(help="folder of the base model that the adapter must be of 基础模型目录")
    ] = None,
    prompts: Annotated[str | None, typer.Option(help="fingerprint of the prompts it must be of 提示词指纹")] = None,
    as_json: Json = False,
) -> None:
    """Recompute epsilon, compare files and signature; exit 0 verified, 1 refused. 重新计算 ε 并核对文件与签名。

    Needs neither the training code nor the data. Every fault is told, with what was expected and what came.
    不需要训练代码和数据。所有问题一并列出。退出码 0 表示已验证，1 表示拒绝。

    Example: tactful passport verify finetune/artifacts/default --base .tactful/models/gemma3-270m-pruned
    """
    from serving.model_folder import ModelError, ModelFolder
    from serving.passport.gate import trusted_keys
    from serving.passport.verify import verify as check

    started, settings = time.monotonic(), _settings()
    try:
        keys = trusted_keys(settings.data_dir, [*map(Path, settings.privacy.trusted_keys), *(trust or ())])
        base_hash = ModelFolder.open(base, verify=False).base_hash if base else None
    except ModelError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from None
    verdict = check(folder, keys, base=base_hash, prompts=prompts)
    seconds = round(time.monotonic() - started, 2)
    if as_json:
        told = {"verified": verdict.verified, "state": verdict.state, "signed_by": verdict.signer}
        print(json.dumps({**told, "faults": verdict.faults, "seconds": seconds}, ensure_ascii=False))
    else:
        english, chinese = _STATES[verdict.state]
        by = f", signed by {verdict.signer} ({chinese}，签名者 {verdict.signer})" if verdict.signer else f" ({chinese})"
        print("\n".join((f"{english}{by}: {folder}, {seconds} s", *(f"- {fault}" for fault in verdict.faults))))
    raise typer.Exit(0 if verdict.verified else 1)


@app.command()
def show(folder: Folder, as_json: Json = False) -> None:
    """Show what the passport claims; nothing is checked. 查看护照的声明（不作校验）。

    Example: tactful passport show finetune/artifacts/default
    """
    from serving.passport.form import PASSPORT, read

    try:
        document = read((folder / PASSPORT).read_bytes())
        text = json.dumps(document, ensure_ascii=False, indent=1) if as_json else "\n".join(_lines(document))
    except (OSError, ValueError) as error:
        reason = error if isinstance(error, ValueError) else type(error).__name__
        print(f"{folder / PASSPORT} cannot be shown: {reason}", file=sys.stderr)
        raise typer.Exit(1) from None
    print(text)


def _lines(document: dict[str, Any]) -> list[str]:
    signature = document.get("signature")
    signer = signature.get("public_key") if isinstance(signature, dict) else None
    lines = [
        f"base model 基础模型: {document.get('base_model')}",
        f"unit 保护单位: {document.get('unit')}",
        f"epsilon: {document.get('epsilon')}  delta: {document.get('delta')}  ({document.get('neighbouring')})",
        f"mechanism 机制: {document.get('mechanism')}",
        "ledger 台账:",
        *(f"  {number}. {_flat(entry)}" for number, entry in enumerate(_list(document.get("ledger")), 1)),
        f"hashes 哈希: {_flat(document.get('hashes'))}",
        f"utility 效果: {_flat(document.get('utility'))}",
        f"audit 审计: {_flat(document.get('audit'))}",
        "not covered 未涵盖:",
        *(f"  - {line}" for line in _list(document.get("not_covered"))),
        f"signed by 签名: {signer or 'nobody 无'}",
    ]
    return [*lines, "Not checked here: tactful passport verify. 此处未校验，请用 tactful passport verify。"]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_flat(inner)}" for key, inner in value.items() if key != "settings")
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list) else str(value)


def _settings() -> Any:
    from serving.settings_sources import SettingsError, load

    try:
        return load({}).settings
    except SettingsError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from None
