"""The proxy's sans-IO parts: events from bytes, and replies for every cut."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from serving.guarded.events import EventReader
from serving.guarded.reply import Reply

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\ufeff"), max_size=20)


@given(texts=st.lists(TEXTS, max_size=5), end=st.sampled_from(["\n", "\r\n", "\r"]), data=st.data())
def test_events_are_the_same_for_every_cut_of_the_bytes(texts: list[str], end: str, data: st.DataObject) -> None:
    raw = (":x" + end + "".join(f"event: e{end}data: {text}{end}{end}" for text in texts)).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=6)))
    reader = EventReader()
    events = [e for a, b in zip([0, *cuts], [*cuts, len(raw)], strict=True) for e in reader.feed(raw[a:b])]
    assert events == texts


class Upper:
    """A stream that holds everything back until a space comes."""

    def __init__(self) -> None:
        self.held = ""

    def feed(self, delta: str) -> str:
        head, space, tail = (self.held + delta).rpartition(" ")
        self.held = tail
        return (head + space).upper()

    def finish(self) -> str:
        return self.held.upper()


class Restorer:
    def text(self) -> Upper:
        return Upper()

    def json(self) -> Upper:
        return Upper()


def reply() -> Reply:
    return Reply(Restorer(), "guarded:m", frozenset({"known"}), json_content=False)


@given(
    content=TEXTS, refusal=TEXTS, calls=st.lists(st.tuples(st.sampled_from(["known", "made up"]), TEXTS), max_size=3),
    piece=st.integers(1, 9),
)  # fmt: skip
def test_chunks_joined_are_the_whole(content: str, refusal: str, calls: list[tuple[str, str]], piece: int) -> None:
    made: list[Any] = [{"id": f"c{n}", "function": {"name": name, "arguments": a}} for n, (name, a) in enumerate(calls)]
    message = {"content": content, "refusal": refusal, "tool_calls": made}
    whole = reply().whole({"id": "i", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})
    chunks: list[dict[str, Any]] = [
        {"index": n, "id": call["id"], "function": {"name": call["function"]["name"], "arguments": ""}}
        for n, call in enumerate(made)
    ]
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}, *({"tool_calls": [c]} for c in chunks)]
    for field, text in (("content", content), ("refusal", refusal)):
        deltas += [{field: text[at : at + piece]} for at in range(0, len(text), piece)]
    for n, (_, text) in enumerate(calls):
        deltas += [
            {"tool_calls": [{"index": n, "function": {"arguments": text[at : at + piece]}}]}
            for at in range(0, len(text), piece)
        ]
    stream = reply()
    got = [stream.chunk({"choices": [{"index": 0, "delta": delta}]}) for delta in deltas]
    got += [stream.chunk({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}), stream.ended()]
    text, refused, arguments, names = "", "", [""] * len(calls), [""] * len(calls)
    for chunk in filter(None, got):
        delta = chunk["choices"][0]["delta"]
        text += delta.get("content", "")
        refused += delta.get("refusal", "")
        for call in delta.get("tool_calls", ()):
            arguments[call["index"]] += call.get("function", {}).get("arguments", "")
            names[call["index"]] += call.get("function", {}).get("name", "")
    shown = whole["choices"][0]["message"]
    assert text == shown["content"] == content.upper() and refused == shown["refusal"] == refusal.upper()
    assert arguments == [call["function"].get("arguments", "") for call in shown.get("tool_calls", ())]
    assert names == [name if name == "known" else "MADE UP" for name, _ in calls]
    assert json.loads(json.dumps(whole)) == whole
