"""A step's memory is there for the next step."""

import subprocess
import sys

from finetune.memory import keep_freed_memory

STEPS = """
import resource, sys
import torch
from finetune.memory import keep_freed_memory
told = keep_freed_memory() if sys.argv[1] == "kept" else True
for step in range(3):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.ones(16 * 2**20) * 2.0  # 64 MiB twice
faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
print(int(told), faults)
"""


def faults(how: str) -> tuple[int, int]:
    done = subprocess.run([sys.executable, "-c", STEPS, how], capture_output=True, text=True, check=True)
    told, count = done.stdout.split()
    return int(told), int(count)


def test_a_step_finds_the_memory_of_the_last_one() -> None:
    told, kept = faults("kept")
    _, given_back = faults("given back")
    assert bool(told) == keep_freed_memory()
    assert kept < given_back / 10 if told else kept > 0
