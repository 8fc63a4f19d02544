"""Task files → tasks: the project's own scenarios, tau2's user scripts, and the tau-bench training tasks.

A file is a JSON list; each row says by its fields which of the three it is. A file is taken whole or refused whole,
with every broken row named; rows that the source itself marks as unusable are left out and counted. Reasons name
fields and rules, never values: rows hold what a customer says.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from bot.shop.folder import reason_of
from serving.scenarios.gold import BadGold
from serving.scenarios.rows import task_of
from serving.scenarios.tasks import Task, TaskFile, Wording

SHOWN_FAULTS: Final = 10


class BadTasks(ValueError):
    """A task file that cannot be played. The message names row, field and rule."""


def read_tasks(path: Path, wording: Wording = "full", only: Sequence[str] = ()) -> TaskFile:
    """The tasks of a file, in its order; with ``only`` those ids.

    Raises:
        BadTasks: no such file, no JSON list, a broken row, an id twice, an unknown id in ``only``.
    """
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadTasks(f"expected a task file at {path}: {type(error).__name__}") from None
    except json.JSONDecodeError as error:
        raise BadTasks(f"{path}: expected JSON, line {error.lineno}: {error.msg}") from None
    if not isinstance(rows, list) or not rows:
        raise BadTasks(f"{path}: expected a JSON list of tasks with at least one, got {type(rows).__name__}")
    tasks, skipped = _tasks(path, rows, wording)
    known = {task.id for task in tasks}
    if missing := [wanted for wanted in only if wanted not in known]:
        raise BadTasks(f"{path}: no usable task {', '.join(missing)}")
    return TaskFile(tuple(task for task in tasks if not only or task.id in only), skipped)


def _tasks(path: Path, rows: Sequence[Any], wording: Wording) -> tuple[list[Task], dict[str, int]]:
    tasks: list[Task] = []
    faults: list[str] = []
    skipped: dict[str, int] = {}
    seen: set[str] = set()
    for number, row in enumerate(rows, 1):
        try:
            task = task_of(row, wording)
        except ValidationError as error:
            faults.append(f"task {number}: {reason_of(error)}")
            continue
        except BadGold as error:
            faults.append(f"task {number}: {error}")
            continue
        if task is None:
            skipped["unusable"] = skipped.get("unusable", 0) + 1
        elif task.id in seen:
            faults.append(f"task {number}: its id is used by an earlier task")
        else:
            seen.add(task.id)
            tasks.append(task)
    if faults:
        more = f"\n… and {len(faults) - SHOWN_FAULTS} more" if len(faults) > SHOWN_FAULTS else ""
        raise BadTasks(f"{path}: {len(faults)} broken task(s)\n" + "\n".join(faults[:SHOWN_FAULTS]) + more)
    return tasks, skipped
