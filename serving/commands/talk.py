"""``tactful chat``: talk to the assistant in the terminal, over a running server."""

import json
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import typer

_WELCOME = {
    "en": "You are talking to an AI assistant. An empty line ends the chat.",
    "zh": "您正在与 AI 助手对话。输入空行结束。",
}


def chat(lang: str = "en", url: str = "http://127.0.0.1:8080") -> None:
    """Talk in the terminal to a running server. 在终端里聊天。 Example: tactful chat --lang zh"""
    try:
        with httpx.Client(base_url=url, timeout=120) as http:
            _talk(http, "zh" if lang == "zh" else "en")
    except httpx.HTTPError as error:
        typer.echo(f"no server answers at {url} ({type(error).__name__}): start it with `tactful serve`", err=True)
        raise typer.Exit(1) from None


def _talk(http: httpx.Client, lang: str) -> None:
    opened = http.post("/api/v1/sessions", json={"lang": lang})
    opened.raise_for_status()
    session = opened.json()
    headers = {"Authorization": f"Bearer {session['token']}", "Accept": "text/event-stream"}
    typer.echo(_WELCOME[lang])
    while text := typer.prompt(">", default="", show_default=False, prompt_suffix=" ").strip():
        if not sys.stdin.isatty():
            typer.echo(text)  # piped in: what comes out reads as a dialogue
        path = f"/api/v1/sessions/{session['session_id']}/messages"
        with http.stream("POST", path, json={"text": text, "stream": True}, headers=headers) as answer:
            for event, data in _events(answer):
                _show(event, data)
        typer.echo()


def _events(answer: httpx.Response) -> Iterator[tuple[str, dict[str, Any]]]:
    event = ""
    for line in answer.iter_lines():
        if line.startswith("event:"):
            event = line[6:].strip()
        elif line.startswith("data:"):
            yield event, json.loads(line[5:])
        elif line.startswith("{"):  # a problem instead of a stream
            yield "error", json.loads(line)


def _show(event: str, data: dict[str, Any]) -> None:
    match event:
        case "message.delta":
            typer.echo(data["text"], nl=False)
        case "products":
            for card in data.get("items", data.get("cards", [])):
                typer.echo(f"\n  · {card['name']}  {card['price']}  {card['stock']}", nl=False)
        case "message.citation":
            typer.echo(f"\n  [{data['title']}]", nl=False)
        case "error":
            typer.echo(data.get("detail", data.get("title", "")), err=True)
