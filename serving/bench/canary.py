"""The canary check: 200 messages with planted personal values, none of which may be found anywhere after.

It starts a server of its own in an empty data folder, with a recording proxy between it and the model, plays
the messages over both ways in, sends broken requests that hold values too, ends the server, and searches
the model's requests, dialogue state, transcripts, logs, metrics, error bodies, the vault's file and
whatever else was written. One value found anywhere fails it. A place in which there was nothing to look at
fails it too, and so do too few answered messages: then too little was checked. Values that no recognizer
finds are leaks here: that is the point.
"""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

from serving.bench.finder import Finder, file_blobs, files, texts
from serving.bench.machine import report
from serving.bench.plants import PER_LANGUAGE, PlantedTurn, turns
from serving.bench.recorder import Recorder, in_thread
from serving.bench.serve import ServerNotReady, stop
from serving.engine import free_port
from serving.evaluation.client import Answer, Customer, SessionRefused

TURNS_PER_SESSION: Final = 10
OPENAI_EVERY: Final = 10  # every tenth message goes in by /v1/chat/completions
TOO_LONG: Final = 50_000
MIN_ANSWERED: Final = 0.95  # below this share of answered messages too little was tried to pass
SERVER_LOG: Final = "server.log"
_NOT_OURS: Final = ("shop", "models", "master.key")
PLACES: Final[Mapping[str, tuple[str, ...]]] = {
    "dialogue state": ("state.db*", "sessions.db*"),
    "transcripts": ("transcripts/**/*",),
    "logs": ("logs/**/*", SERVER_LOG),
    "vault file": ("vault.db*",),
}
"""Place → files in the data folder. What matches none of them is the place ``other files``."""
Command = Callable[[int, str], Sequence[str]]
"""(port, model URL) → the command line that starts the server."""


@dataclass(frozen=True, slots=True)
class PlaceResult:
    """What was looked through and which plants were found there."""

    searched_bytes: int
    leaked: frozenset[str]
    required: bool = True

    @property
    def passed(self) -> bool:
        """Something was looked through, and nothing found."""
        return not self.leaked and (self.searched_bytes > 0 or not self.required)


@dataclass
class Evidence:
    """What a run leaves behind outside of files."""

    requests: list[bytes] = field(default_factory=list)
    errors: list[bytes] = field(default_factory=list)
    metrics: bytes = b""
    answered: int = 0
    problems: Counter[str] = field(default_factory=Counter)


def tactful_command(port: int, model_url: str) -> Sequence[str]:
    """The project's own server."""
    start = "from serving.cli import main; main()"
    return sys.executable, "-c", start, "serve", "--port", str(port), "--model-url", model_url


def bench_canary(
    model_url: str,
    data_dir: Path,
    *,
    command: Command = tactful_command,
    seed: int = 1,
    per_language: int = PER_LANGUAGE,
    concurrency: int = 4,
    timeout_s: float = 300.0,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Runs the whole check. ``result["passed"]`` is the verdict, ``result["exit_code"]`` 0 or 100.

    Args:
        model_url: an OpenAI-compatible endpoint that is up, with ``/v1``.
        data_dir: an empty or missing folder for the server of this check; it is left for inspection.
        command: how to start the server; its data folder is in the variable TACTFUL_DATA_DIR.
        seed: of the planted values.
        per_language: messages in each of the two languages.
        concurrency: dialogues at once.
        timeout_s: until the server is ready, and of one turn.
        progress: called with (messages answered, all).

    Raises:
        ValueError: ``data_dir`` holds something.
        ServerNotReady: the server did not start.
    """
    if data_dir.exists() and any(data_dir.iterdir()):
        raise ValueError(f"expected an empty folder for the check, {data_dir} holds files: name another")
    data_dir.mkdir(parents=True, exist_ok=True)
    planted = turns(seed, per_language)
    recorder, evidence = Recorder(model_url, timeout_s), Evidence()
    with in_thread(recorder.app) as proxy:
        path = httpx.URL(model_url).path.rstrip("/")
        port = free_port()
        with running_server(command(port, proxy + path), data_dir, f"http://127.0.0.1:{port}", timeout_s) as base_url:
            asyncio.run(_play(planted, base_url, concurrency, timeout_s, evidence, progress))
            evidence.metrics = httpx.get(f"{base_url}/metrics", timeout=30).content
    evidence.requests = recorder.bodies
    return summarize(planted, search(planted, evidence, data_dir), evidence)


def search(planted: Sequence[PlantedTurn], evidence: Evidence, data_dir: Path) -> dict[str, PlaceResult]:
    """Looks for every planted value in every place."""
    finder = Finder(plant for turn in planted for plant in turn.plants)
    posts = [body for body in evidence.requests if body.startswith(b"POST")]
    places = {
        "model requests": PlaceResult(
            sum(map(len, posts)),
            _found(finder, (blob for body in evidence.requests for blob in (body, *texts(body.partition(b"\n")[2])))),
        ),
        "error bodies": _look(finder, [blob for body in evidence.errors for blob in texts(body)]),
        "metrics": _look(finder, [evidence.metrics]),
    }
    taken: set[Path] = set()
    for place, patterns in PLACES.items():
        found = files(data_dir, patterns)
        taken.update(found)
        places[place] = _look(finder, [blob for path in found for blob in file_blobs(path)])
    ours = [path for path in files(data_dir, ("**/*",)) if path.relative_to(data_dir).parts[0] not in _NOT_OURS]
    rest = [blob for path in ours if path not in taken for blob in file_blobs(path)]
    places["other files"] = _look(finder, rest, required=False)
    return places


def _look(finder: Finder, blobs: Sequence[bytes], *, required: bool = True) -> PlaceResult:
    return PlaceResult(sum(map(len, blobs)), _found(finder, blobs), required)


def _found(finder: Finder, blobs: Iterable[bytes]) -> frozenset[str]:
    # joined, so that many small bodies cost one search; a line break keeps them apart
    return frozenset(finder.search(b"\n\x00\n".join(blobs)))


def summarize(planted: Sequence[PlantedTurn], places: Mapping[str, PlaceResult], evidence: Evidence) -> dict[str, Any]:
    """The result as JSON: counts and ids of plants, never a value. The same seed gives the same ids."""
    enough = evidence.answered >= MIN_ANSWERED * len(planted)
    passed = enough and all(place.passed for place in places.values())
    return report(
        1,
        {},
        {},
        turns=len(planted),
        answered=evidence.answered,
        problems=dict(evidence.problems),
        planted=sum(len(turn.plants) for turn in planted),
        planted_kinds=dict(Counter(plant.kind for turn in planted for plant in turn.plants)),
        model_requests=len(evidence.requests),
        places={
            name: {
                "searched_bytes": place.searched_bytes,
                "leaked": len(place.leaked),
                "kinds": dict(Counter(plant_id.split("-", 2)[2] for plant_id in sorted(place.leaked))),
                "plants": sorted(place.leaked),
                "passed": place.passed,
            }
            for name, place in places.items()
        },
        passed=passed,
        exit_code=0 if passed else 100,
    )


def table(result: Mapping[str, Any]) -> str:
    """The places as a Markdown table."""
    rows = [
        f"| {name} | {place['searched_bytes']:,} | {place['leaked']} | {'yes' if place['passed'] else '**no**'} |"
        for name, place in result["places"].items()
    ]
    head = f"{result['turns']} messages, {result['planted']} planted values, {result['model_requests']} model requests:"
    return "\n".join([head, "", "| place | bytes searched | values found | passed |", "|---|---|---|---|", *rows])


@contextlib.contextmanager
def running_server(command: Sequence[str], data_dir: Path, base_url: str, timeout_s: float) -> Iterator[str]:
    """A server in ``data_dir`` while the block lasts, from ready to ended."""
    env = {**os.environ, "TACTFUL_DATA_DIR": str(data_dir), "TACTFUL_SERVER__REQUESTS_PER_MINUTE": "100000"}
    with (data_dir / SERVER_LOG).open("ab") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env=env, start_new_session=True)
    try:
        until = time.monotonic() + timeout_s
        while True:
            if server.poll() is not None:
                raise ServerNotReady(
                    f"expected a server, it ended with {server.returncode}: see {data_dir / SERVER_LOG}"
                )
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{base_url}/readyz", timeout=5).status_code == 200:
                    break
            if time.monotonic() > until:
                raise ServerNotReady(f"expected {base_url}/readyz to say 200 within {timeout_s:.0f} s")
            time.sleep(0.2)
        yield base_url
    finally:
        stop(server)  # transcripts are written at the latest now


async def _play(
    planted: Sequence[PlantedTurn],
    base_url: str,
    concurrency: int,
    timeout_s: float,
    evidence: Evidence,
    progress: Callable[[int, int], None] | None,
) -> None:
    room, said = asyncio.Semaphore(concurrency), 0
    async with httpx.AsyncClient(base_url=base_url, timeout=timeout_s) as http:

        async def one(dialogue: Sequence[PlantedTurn]) -> None:
            nonlocal said
            async with room:
                customer = await _open(http, dialogue[0], evidence)
                for i, turn in enumerate(dialogue):
                    if i % OPENAI_EVERY == OPENAI_EVERY - 1 or customer is None:
                        _note(evidence, await _say_openai(http, turn.text))
                    else:
                        _note(evidence, await customer.say(turn.text, stream=i % 2 == 0))
                    said += 1
                    if progress:
                        progress(said, len(planted))

        groups = [planted[i : i + TURNS_PER_SESSION] for i in range(0, len(planted), TURNS_PER_SESSION)]
        await asyncio.gather(*map(one, groups))
        await _send_broken(http, planted, evidence)


async def _open(http: httpx.AsyncClient, turn: PlantedTurn, evidence: Evidence) -> Customer | None:
    try:
        return await Customer.open(http, turn.lang)
    except SessionRefused:
        evidence.problems["no_session"] += 1
        return None


def _note(evidence: Evidence, answer: Answer) -> None:
    if answer.complete:
        evidence.answered += 1
    else:
        evidence.problems[answer.problem or ("turn_failed" if answer.text else "empty")] += 1
    if answer.body:
        evidence.errors.append(answer.body)


async def _say_openai(http: httpx.AsyncClient, text: str) -> Answer:
    body = {"model": "tactful", "messages": [{"role": "user", "content": text}]}
    try:
        response = await http.post("/v1/chat/completions", json=body)
    except httpx.HTTPError as error:
        return Answer(problem=type(error).__name__)
    if response.status_code >= 300:
        return Answer(status=response.status_code, problem=str(response.status_code), body=response.content)
    try:
        said = response.json()["choices"][0]["message"]["content"]
    except (ValueError, KeyError, IndexError):
        return Answer(status=response.status_code, problem="shape")
    return Answer(str(said), response.status_code)


async def _send_broken(http: httpx.AsyncClient, planted: Sequence[PlantedTurn], evidence: Evidence) -> None:
    """Requests that must be refused, with values in them: the refusal must not repeat them."""
    for turn in (*planted[:5], *planted[-5:]):
        customer = await _open(http, turn, evidence)
        if customer is None:
            continue
        headers = {**customer.headers, "Content-Type": "application/json"}
        plain = json.dumps({"text": turn.text}, ensure_ascii=False)
        bodies = (
            json.dumps({"text": turn.text * (TOO_LONG // len(turn.text) + 1)}, ensure_ascii=False).encode(),
            plain[:-2].encode(),  # JSON cut off
            json.dumps({"text": "Hello", turn.text: turn.text}).encode(),  # an unknown field
            json.dumps({"text": [turn.text]}).encode(),  # a wrong type
            plain.encode().replace(b'"}', b'\xff\xfe"}'),  # not UTF-8
            json.dumps({"message": turn.text}).encode(),  # the field is missing
        )
        for path in (customer.path, "/v1/chat/completions", "/api/v1/sessions", "/api/v1/redact"):
            for body in bodies:
                await _send(http, path, body, headers, evidence)
        wrong = {"Authorization": f"Bearer x{turn.plants[0].value.encode('ascii', 'ignore').decode()}"}
        await _send(http, customer.path, plain.encode(), {**headers, **wrong}, evidence)


async def _send(
    http: httpx.AsyncClient, path: str, body: bytes, headers: Mapping[str, str], evidence: Evidence
) -> None:
    try:
        response = await http.post(path, content=body, headers=dict(headers))
    except httpx.HTTPError as error:
        evidence.problems[f"broken request: {type(error).__name__}"] += 1
        return
    if response.status_code >= 400:
        evidence.errors.append(f"{response.status_code} {dict(response.headers)}\n".encode() + response.content)
