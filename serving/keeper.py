"""Runs one command and ends it, with all it started, as soon as the program that asked for it is gone.

Run as a script in a session of its own, with a pipe as standard input: ``python keeper.py GRACE_S COMMAND…``. The pipe
closes when the other side ends, however it ends; then the process group gets SIGTERM and, GRACE_S seconds later,
SIGKILL. When the command ends first, the keeper exits with its code (128 + signal number for a signal).
It knows nothing of vLLM.
"""

import os
import signal
import subprocess
import sys
import threading


def main(grace_s: float, argv: list[str]) -> int:
    """Run ``argv`` until it ends or standard input does."""
    signal.signal(signal.SIGTERM, lambda *_: None)  # a handler, not SIG_IGN: the command must not inherit it
    child = subprocess.Popen(argv, stdin=subprocess.DEVNULL)
    deserted = threading.Event()
    threading.Thread(target=_end_when_deserted, args=(deserted, grace_s), daemon=True).start()
    code = child.wait()
    if deserted.is_set():
        os.killpg(0, signal.SIGKILL)  # nobody else is left to sweep up grandchildren; this ends the keeper as well
    return 128 - code if code < 0 else code


def _end_when_deserted(deserted: threading.Event, grace_s: float) -> None:
    while os.read(0, 4096):  # not sys.stdin: its lock, held here, would abort the interpreter's exit
        pass
    deserted.set()
    os.killpg(0, signal.SIGTERM)
    threading.Timer(grace_s, os.killpg, (0, signal.SIGKILL)).start()


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), sys.argv[2:]))
