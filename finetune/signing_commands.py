"""``tactful finetune sign``: the statement of a person that an adapter's training went as its passport tells."""

from pathlib import Path
from typing import Annotated

import typer

from finetune.errors import FinetuneError
from finetune.signing import KEY_FILE


def register(app: typer.Typer) -> None:
    """Adds the command to ``tactful finetune``."""
    app.command()(sign)


def sign(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="artifact folder 适配器目录")],
    key: Annotated[Path, typer.Option(help="private key; made on first use 私钥，首次使用时生成")] = KEY_FILE,
) -> None:
    """Sign an adapter's passport with this shop's key, after its files were compared with it. 为适配器护照签名。

    Only a signed adapter is served. Your own server trusts this key; for others, give them the .pub file beside it.
    Sign what you trained yourself, or have checked: the signature says that the training went as told.

    只有已签名的适配器才会被加载。本机服务器信任该密钥；如需他人信任，请把旁边的 .pub 文件交给对方。

    Example: tactful finetune sign finetune/artifacts/default
    """
    from finetune.passport import sign_folder
    from finetune.signing import make_or_load, public_file

    try:
        passport = sign_folder(folder, make_or_load(key))
    except (FinetuneError, OSError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"signed: {folder}\npublic key: {passport['signature']['public_key']} ({public_file(key)})")
