"""A run of the redaction in a process of its own, to be killed: ``redact_driver IN OUT WORKERS``.

Saves after every chunk and says ``saved`` once there is something to go on with; then it works slowly.
"""

import sys
import time
from pathlib import Path

from guardrails.readable import Readable
from serving.redaction.fields import parse
from serving.redaction.lines import Options
from serving.redaction.run import Job, to_file


def tell(done: int, lines: int) -> None:
    sys.stdout.write(f"saved {lines}\n")
    sys.stdout.flush()
    time.sleep(0.5)


if __name__ == "__main__":
    source, target, workers = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    job = Job(Options((parse("text"),)), Readable(), workers, progress=tell, save_every_s=0)
    with source.open("rb") as stream:
        to_file(stream, target, job)
