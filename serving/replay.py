"""Plays the customer's side of stored dialogues through a running server, and stores what comes of it.

The customer's messages of each dialogue are sent in order, whatever the assistant answers. What is
written is concealed: the server's own transcripts where their folder is at hand, else what the server
shows the customer with every value masked that the guard finds. A turn that fails is written down as
failed and the dialogue goes on. It does not judge: ``tactful evaluate`` does.
"""

import asyncio
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx

from bot.session import Lang
from serving.evaluation.client import Answer, Customer, SessionRefused
from serving.evaluation.language import language_of
from serving.evaluation.privacy import Analyze, check
from serving.evaluation.transcripts import BadLine, Dialogue, NothingToEvaluate, read

PATIENCE_S: Final = 120.0
"""How long to wait for the server to write its transcripts."""
_ROLES: Final = ("user", "assistant", "tool")
_TOLD: Final = ("understood_by", "finish_reason", "grounded", "fallback", "hidden", "lang")


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
    """One dialogue while it is played. ``kept``: message id → message as it may be stored."""

    source: Dialogue
    lang: Lang | None
    session_id: str = ""
    answers: list[Answer] = field(default_factory=list)
    kept: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def asked(self) -> list[str]:
        return [message.content for message in self.source.messages if message.role == "user"]

    @property
    def complete(self) -> bool:
        return all(str(answer.done.get("message_id")) in self.kept for answer in self.answers if answer.complete)


def replay(
    dialogues: Path,
    base_url: str,
    out: Path,
    *,
    transcripts: Path | None = None,
    analyze: Analyze | None = None,
    lang: Lang | None = None,
    concurrency: int = 1,
    timeout_s: float = 120.0,
    patience_s: float = PATIENCE_S,
    transport: httpx.AsyncBaseTransport | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ReplayReport:
    """Plays every dialogue in ``dialogues`` and writes transcripts (JSONL) to ``out``, in the order of the source.

    Args:
        dialogues: a transcript file or folder in any format that ``tactful evaluate`` reads.
        base_url: the running server.
        out: replaced when all dialogues are played.
        transcripts: the server's transcript folder, for its own notes and handles.
        analyze: ``Guardrails.analyze``; masks what is not in ``transcripts``. Without either no text is written.
        lang: of the sessions; ``None``: each dialogue's own.
        concurrency: dialogues played at once; the turns of one dialogue always wait for each other.
        timeout_s: of one turn.
        patience_s: how long to wait for the server to write its transcripts.
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
    asyncio.run(_play_all(players, base_url, concurrency, timeout_s, analyze, transport, progress))
    if transcripts:
        _take_over(players, transcripts, patience_s)
    _write(out, (_transcript(played) for played in players))
    errors = Counter(answer.problem for played in players for answer in played.answers if answer.problem)
    return ReplayReport(len(players), sum(len(played.answers) for played in players), dict(errors), bad, out)


def _first_language(source: Dialogue) -> Lang | None:
    return next((found for m in source.messages if m.role == "user" and (found := language_of(m.content))), None)


async def _play_all(
    players: Sequence[_Played],
    base_url: str,
    concurrency: int,
    timeout_s: float,
    analyze: Analyze | None,
    transport: httpx.AsyncBaseTransport | None,
    progress: Callable[[int, int], None] | None,
) -> None:
    room = asyncio.Semaphore(max(1, concurrency))
    finished = 0
    async with httpx.AsyncClient(base_url=base_url, timeout=timeout_s, transport=transport) as http:

        async def one(played: _Played) -> None:
            nonlocal finished
            async with room:
                await _play(played, http, analyze)
            finished += 1
            if progress:
                progress(finished, len(players))

        await asyncio.gather(*(one(played) for played in players))


async def _play(played: _Played, http: httpx.AsyncClient, analyze: Analyze | None) -> None:
    try:
        customer = await Customer.open(http, played.lang)
    except SessionRefused:
        played.answers = [Answer(problem="no_session") for _ in played.asked]
        return
    played.session_id = customer.session_id
    for text in played.asked:
        played.answers.append(await customer.say(text))
    try:
        shown = await customer.history()
    except (httpx.HTTPError, ValueError):
        return
    for message in shown:
        content = check(str(message.get("text", "")), analyze).shown
        kept = {"role": message.get("role"), "content": content}
        if kept["role"] in _ROLES and isinstance(message.get("id"), str):
            played.kept[message["id"]] = kept


def _take_over(players: Sequence[_Played], folder: Path, patience_s: float) -> None:
    """Replaces what was shown by what the server stored, as soon as it has stored it."""
    by_session = {played.session_id: played for played in players if played.session_id}
    for played in by_session.values():
        played.kept.clear()
    until = time.monotonic() + patience_s
    while True:
        for path in sorted(folder.glob("*.jsonl")):
            for line in path.read_text(encoding="utf-8").splitlines():
                data = json.loads(line)
                if found := by_session.get(data.get("id", "")):
                    found.kept = {m["id"]: m for m in data["messages"] if m.get("role") in _ROLES and "id" in m}
        if all(played.complete for played in by_session.values()) or time.monotonic() > until:
            return
        time.sleep(0.5)


def _transcript(played: _Played) -> dict[str, Any]:
    messages: list[dict[str, Any]] = []
    for answer in played.answers:
        messages += _turn(played.kept, answer)
    return {
        "id": played.source.id,
        "customer": f"replay:{played.source.id}",
        "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "lang": played.lang,
        "messages": messages,
        "labels": {"replayed_from": f"{played.source.source}:{played.source.line}"},
    }


def _turn(kept: Mapping[str, dict[str, Any]], answer: Answer) -> list[dict[str, Any]]:
    """The customer's message and the reply, with what was measured here on the last of them."""
    name = str(answer.done.get("message_id", ""))
    question = kept.get(f"{name}:user", {"role": "user", "content": ""})
    reply = [kept[name]] if name in kept else []
    messages: list[dict[str, Any]] = [
        {key: m[key] for key in ("role", "content", "name", "tool_calls", "meta") if key in m}
        for m in (question, *reply)
    ]
    noted = dict(messages[-1].get("meta", {}))
    meta = {**{key: answer.done[key] for key in _TOLD if key in answer.done}, **noted}
    measured = {"first_word": answer.first_word_s, "turn": answer.turn_s}
    meta["timings"] = {
        **noted.get("timings", {}),
        **{key: round(value, 4) for key, value in measured.items() if value is not None},
    }
    if answer.problem:
        meta["error"] = answer.problem
    messages[-1]["meta"] = meta
    return messages


def _write(out: Path, transcripts: Iterable[Mapping[str, Any]]) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(out.name + ".partial")
    with partial.open("w", encoding="utf-8") as file:
        for transcript in transcripts:
            file.write(json.dumps(transcript, ensure_ascii=False) + "\n")
    os.replace(partial, out)
