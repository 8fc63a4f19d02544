"""Every command in a README's shell block exists; those that need no server and no minutes are run."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    line.split("#")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
    if line.strip() and not line.startswith("#")
]
RUN = ("tactful settings", "tactful shop demo", "tactful shop import", "tactful finetune data")
TACTFUL = (sys.executable, "-c", "from serving.cli import main; main()")


def tactful(arguments: list[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*TACTFUL, *arguments], cwd=cwd, capture_output=True, text=True, timeout=120, check=False)


def test_the_readme_has_commands() -> None:
    assert len(COMMANDS) >= 5


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("make")])
def test_make_knows_the_target(command: str) -> None:
    made = subprocess.run([*shlex.split(command), "-n"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("tactful")])
def test_the_command_takes_what_the_readme_gives_it(command: str, tmp_path: Path) -> None:
    words = shlex.split(command)[1:]
    if "build/demo-shop" in words and "demo" not in words:
        assert tactful(["shop", "demo", "build/demo-shop"], tmp_path).returncode == 0  # the line before it
    if command.startswith(RUN) and "../shared" not in command:
        done = tactful(words, tmp_path)
        assert done.returncode == 0, done.stderr
        return
    names = [word for word in words if word.startswith("--")]
    path = words[: 2 if words[0] in ("bench", "shop", "model", "finetune") else 1]
    shown = tactful([*path, "--help"], tmp_path)
    assert shown.returncode == 0, shown.stderr
    for name in names:
        assert name.split("=")[0] in shown.stdout
