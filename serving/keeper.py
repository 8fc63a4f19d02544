"""Runs one command and ends it, with all it started, as soon as the program that asked for it is gone.

Run as a script in a session of its own, with a pipe as standard input: ``python keeper.py COMMAND…``. The pipe closes
when the other side ends, however it ends; then the process group gets SIGTERM and, after a grace, SIGKILL. When the
command ends first, the keeper exits with its code (128 + signal number for a signal). It knows nothing of vLLM.
"""

import os
import signal
import subprocess
import sys
import threading
from typing import Final

GRACE_S: Final = 8.0


def main(argv: list[str]) -> int:
    """Run ``argv`` until it ends or standard input does."""
    signal.signal(signal.SIGTERM, lambda *_: None)  # a handler, not SIG_IGN: the command must not inherit it
    child = subprocess.Popen(argv, stdin=subprocess.DEVNULL)
    deserted = threading.Event()
    threading.Thread(target=_end_when_deserted, args=(deserted,), daemon=True).start()
    code = child.wait()
    if deserted.is_set():
        os.killpg(0, signal.SIGKILL)  # nobody else is left to sweep up grandchildren; this ends the keeper as well
    return 128 - code if code < 0 else code


def _end_when_deserted(deserted: threading.Event) -> None:
    while sys.stdin.buffer.read(4096):
        pass
    deserted.set()
    os.killpg(0, signal.SIGTERM)
    threading.Timer(GRACE_S, os.killpg, (0, signal.SIGKILL)).start()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
