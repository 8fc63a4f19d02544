"""Plays the customer's side of stored dialogues through a running server, and stores what comes of it.

The customer's messages of each dialogue are sent in order, whatever the assistant answers. What is
written is what the server keeps: concealed text, fetched after each turn. A turn that fails is
written down as failed and the dialogue goes on. It does not judge: ``tactful evaluate`` does.
"""

import asyncio
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx

from bot.session import Lang
from serving.evaluation.client import Answer, Customer, SessionRefused, texts
from serving.evaluation.language import language_of
from serving.evaluation.transcripts import BadLine, Dialogue, NothingToEvaluate, read

NOT_KEPT: Final = ""
"""Content of a message that could not be fetched: the raw text is never written instead."""
_NOTED: Final = ("commands", "understood_by", "finish_reason", "grounded", "fallback", "hidden", "lang")


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """What was played. ``errors``: problem code → number of turns."""

    dialogues: int
    turns: int
    errors: dict[str, int]
    bad_lines: tuple[BadLine, ...]
    out: Path

    def to_json(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "dialogues": self.dialogues,
            "turns": self.turns,
            "errors": self.errors,
            "bad_lines": len(self.bad_lines),
            "out": str(self.out),
        }


@dataclass
class _Played:
    """One dialogue while it is played."""

    source: Dialogue
    lang: Lang | None
    messages: list[dict[str, Any]] = field(default_factory=list)
    kept: int = 0
    problems: list[str] = field(default_factory=list)
    turns: int = 0


def replay(
    dialogues: Path,
    base_url: str,
    out: Path,
    *,
    lang: Lang | None = None,
    concurrency: int = 1,
    timeout_s: float = 120.0,
    transport: httpx.AsyncBaseTransport | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ReplayReport:
    """Plays every dialogue in ``dialogues`` and writes transcripts (JSONL) to ``out``, in the order of the source.

    Args:
        dialogues: a transcript file or folder in any format that ``tactful evaluate`` reads.
        base_url: the running server.
        out: replaced when all dialogues are played.
        lang: of the sessions; ``None``: each dialogue's own.
        concurrency: dialogues played at once; the turns of one dialogue always wait for each other.
        timeout_s: of one turn.
        transport: for tests.
        progress: called with (dialogues played, all) after each.

    Raises:
        UsageError: the path does not exist.
        NothingToEvaluate: no dialogue could be read.
    """
    items = list(read([dialogues]))
    sources = [item for item in items if isinstance(item, Dialogue)]
    bad = tuple(item for item in items if isinstance(item, BadLine))
    if not sources:
        raise NothingToEvaluate(f"expected at least one dialogue to play, {len(bad)} line(s) could not be read")
    players = [_Played(source, lang or source.lang or _first_language(source)) for source in sources]
    asyncio.run(_play_all(players, base_url, concurrency, timeout_s, transport, progress))
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(out.name + ".partial")
    with partial.open("w", encoding="utf-8") as file:
        for played in players:
            file.write(json.dumps(_transcript(played), ensure_ascii=False) + "\n")
    os.replace(partial, out)
    errors: dict[str, int] = {}
    for problem in (problem for played in players for problem in played.problems):
        errors[problem] = errors.get(problem, 0) + 1
    return ReplayReport(len(players), sum(played.turns for played in players), errors, bad, out)


def _first_language(source: Dialogue) -> Lang | None:
    return next((found for m in source.messages if m.role == "user" and (found := language_of(m.content))), None)


async def _play_all(
    players: Sequence[_Played],
    base_url: str,
    concurrency: int,
    timeout_s: float,
    transport: httpx.AsyncBaseTransport | None,
    progress: Callable[[int, int], None] | None,
) -> None:
    room = asyncio.Semaphore(max(1, concurrency))
    finished = 0
    async with httpx.AsyncClient(base_url=base_url, timeout=timeout_s, transport=transport) as http:

        async def one(played: _Played) -> None:
            nonlocal finished
            async with room:
                await _play(played, http)
            finished += 1
            if progress:
                progress(finished, len(players))

        await asyncio.gather(*(one(played) for played in players))


async def _play(played: _Played, http: httpx.AsyncClient) -> None:
    asked = [message.content for message in played.source.messages if message.role == "user"]
    played.turns = len(asked)
    try:
        customer = await Customer.open(http, played.lang)
    except SessionRefused:
        for _ in asked:
            _note(played, [], Answer(problem="no_session"))
        return
    for text in asked:
        answer = await customer.say(text)
        try:
            kept = await customer.history()
        except (httpx.HTTPError, ValueError):
            kept = []
        _note(played, kept[played.kept :], answer)
        played.kept = max(played.kept, len(kept))


def _note(played: _Played, kept: Sequence[dict[str, Any]], answer: Answer) -> None:
    """Adds a turn: the messages that the server kept of it, with what was measured on the last one."""
    messages: list[dict[str, Any]] = [
        {"role": role, "content": content} for role, content in texts(list(kept)) if role in _ROLES
    ]
    if not any(message["role"] == "user" for message in messages):
        messages.insert(0, {"role": "user", "content": NOT_KEPT})
    server: dict[str, Any] = next((m["meta"] for m in reversed(kept) if isinstance(m.get("meta"), dict)), {})
    told = {**server, **answer.done}
    meta: dict[str, Any] = {key: told[key] for key in _NOTED if key in told}
    meta["timings"] = {
        **(told["timings"] if isinstance(told.get("timings"), dict) else {}),
        **({"first_word": round(answer.first_word_s, 4)} if answer.first_word_s is not None else {}),
        **({"turn": round(answer.turn_s, 4)} if answer.turn_s is not None else {}),
    }
    if answer.problem:
        meta["error"] = answer.problem
        played.problems.append(answer.problem)
    messages[-1]["meta"] = meta
    played.messages += messages


_ROLES: Final = ("user", "assistant", "tool")


def _transcript(played: _Played) -> dict[str, Any]:
    return {
        "id": played.source.id,
        "customer": f"replay:{played.source.id}",
        "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "lang": played.lang,
        "messages": played.messages,
        "labels": {"replayed_from": f"{played.source.source}:{played.source.line}"},
    }
