"""A child process that plays vLLM: answers ``/health`` on a port, or misbehaves as its plan file says.

``python fake_engine.py PORT PLAN PIDS``. PLAN holds one word a start: ``live``, ``die`` (exit 3 when healthy for a
moment), ``crash`` (exit 7 at once), ``hang`` (never healthy), ``memory`` (says so and exits). The last word repeats.
PIDS gets one line per start: its process id and that of a grandchild that sleeps.
"""

import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path


class _Health(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path in ("/health", "/v1/models") else 404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


def _word(plan: Path, starts: int) -> str:
    words = plan.read_text().split()
    return words[min(starts, len(words) - 1)]


def main(port: str, plan: str, pids: str) -> None:
    book = Path(pids)
    starts = len(book.read_text().splitlines()) if book.exists() else 0
    grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    with book.open("a") as lines:
        lines.write(f"{os.getpid()} {grandchild.pid}\n")
    word = _word(Path(plan), starts)
    if word == "crash":
        sys.exit(7)
    if word == "memory":
        sys.stdout.write("RuntimeError: out of memory\n")
        sys.exit(1)
    if word == "hang":
        time.sleep(60)
    if word == "die":
        threading.Timer(0.5, os._exit, (3,)).start()
    HTTPServer(("127.0.0.1", int(port)), _Health).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
