"""The zoo shown: every bug with the checks that catch it, and clean runs with the alarms they raise."""

import time
from collections.abc import Callable
from typing import Any

from finetune.audit.checks import CHECKS, FALSE_ALARM
from finetune.audit.pipeline import Evidence, Pipeline, workplace
from finetune.audit.zoo import BUGS


def alarms(pipeline: Pipeline) -> dict[str, list[str]]:
    """The checks that find fault with ``pipeline``, and what they say."""
    with workplace() as work:
        evidence = Evidence(pipeline, work)
        return {check.name: faults for check in CHECKS if (faults := check.faults(evidence))}


def survey(clean_runs: int, progress: Callable[[int, int], None] = lambda done, of: None) -> dict[str, Any]:
    """All bugs and ``clean_runs`` runs of the real pipeline."""
    began, whole = time.monotonic(), len(BUGS) + clean_runs
    rows, false = [], list[dict[str, Any]]()
    for done, bug in enumerate(BUGS, 1):
        found = alarms(bug.pipeline)
        row = {"bug": bug.name, "wrong": bug.wrong, "made_for": bug.caught_by, "caught_by": list(found)}
        rows.append(row)
        progress(done, whole)
    for done in range(1, clean_runs + 1):
        false += [{"run": done, "check": name, "faults": faults} for name, faults in alarms(Pipeline()).items()]
        progress(len(BUGS) + done, whole)
    return {
        "bugs": rows,
        "caught": sum(bool(row["caught_by"]) for row in rows),
        "of": len(rows),
        "clean_runs": clean_runs,
        "false_alarms": false,
        "false_alarm_probability": FALSE_ALARM * clean_runs,
        "seconds": round(time.monotonic() - began, 1),
    }
