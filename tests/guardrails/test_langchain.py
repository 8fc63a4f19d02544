"""The middleware in agents made by ``create_agent``, with a model that follows a script: sync, async, streaming."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.errors import GraphRecursionError
from langgraph.types import Command
from pydantic import BaseModel, Field

from guardrails.errors import GuardError, VaultUnavailable
from guardrails.findings import VaultOwner
from guardrails.guard import Guardrails
from guardrails.langchain_middleware import GuardedAgent, PersonalDataMiddleware

PHONE, MAIL, NAME = "13800138000", "mei.lin@example.com", "Yusuf Rossi"
FOREIGN = "13912345678"
SAID = f"I am {NAME}, my name is {NAME}. Write to {MAIL} or call {PHONE}"
CONFIG: Any = {"configurable": {"thread_id": "t1"}, "recursion_limit": 12}
CANARIES = (PHONE, MAIL, NAME, FOREIGN)


class ScriptedModel(BaseChatModel):
    """Says what it is told, ``piece`` characters at a time, and remembers what it was asked."""

    script: list[AIMessage]
    piece: int = 3
    streams: bool = True
    asked: list[list[BaseMessage]] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Sequence[Any], **_: Any) -> "ScriptedModel":
        return self

    def _next(self, messages: list[BaseMessage]) -> AIMessage:
        self.asked.append(list(messages))
        return self.script[min(len(self.asked), len(self.script)) - 1]

    def _generate(self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **_: Any) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self._next(messages).model_copy(update={"id": None}))])

    def _stream(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: CallbackManagerForLLMRun | None = None,
        **_: Any,
    ) -> Iterator[ChatGenerationChunk]:  # fmt: skip
        answer = self._next(messages)
        chunks = [AIMessageChunk(content=piece) for piece in pieces(str(answer.content), self.piece)]
        for n, call in enumerate(answer.tool_calls):
            chunks.append(AIMessageChunk(content="", tool_call_chunks=[chunk(n, call["name"], "", call["id"])]))
            args = json.dumps(call["args"], ensure_ascii=False)
            chunks += [
                AIMessageChunk(content="", tool_call_chunks=[chunk(n, None, piece, None)])
                for piece in pieces(args, self.piece)
            ]
        for each in chunks:
            made = ChatGenerationChunk(message=each)
            if run_manager:
                run_manager.on_llm_new_token(str(each.content), chunk=made)
            yield made

    @property
    def seen(self) -> str:
        return json.dumps([[m.model_dump(mode="json") for m in asked] for asked in self.asked], ensure_ascii=False)


def pieces(text: str, length: int) -> list[str]:
    return [text[at : at + length] for at in range(0, len(text), length)]


def chunk(index: int, name: str | None, args: str, call_id: str | None) -> Any:
    return {"index": index, "name": name, "args": args, "id": call_id, "type": "tool_call_chunk"}


def calls(*made: tuple[str, dict[str, Any]], content: str = "") -> AIMessage:
    return AIMessage(content, tool_calls=[{"name": n, "args": a, "id": f"c{i}"} for i, (n, a) in enumerate(made)])


@dataclass
class Desk:
    """Tools that note what they were given."""

    given: list[dict[str, Any]]
    result: Any = "done"

    @property
    def tools(self) -> list[Any]:
        @tool
        def send_email(to: str, text: str = "", phone: int | str = "") -> Any:
            """Sends a mail."""
            self.given.append({"to": to, "text": text, "phone": phone})
            return self.result

        @tool
        def look_up(query: str) -> Any:
            """Looks something up."""
            self.given.append({"query": query})
            return self.result

        return [send_email, look_up]


@dataclass
class World:
    model: ScriptedModel
    desk: Desk
    middleware: PersonalDataMiddleware
    saver: Any

    @property
    def raw(self) -> Any:
        return create_agent(self.model, self.desk.tools, system_prompt=f"Our customer's mail is {MAIL}.",
                            middleware=[self.middleware], checkpointer=self.saver)  # fmt: skip

    @property
    def agent(self) -> GuardedAgent:
        return self.middleware.around(self.raw)

    @property
    def kept(self) -> str:
        """Everything that the checkpointer holds."""
        db = self.saver.conn
        rows = [*db.execute("SELECT checkpoint FROM checkpoints"), *db.execute("SELECT value FROM writes")]
        return b"|".join(row[0] for row in rows if row[0]).decode("utf-8", "replace")


@pytest.fixture
def world(guard: Guardrails, tmp_path: Path) -> Iterator[World]:
    with SqliteSaver.from_conn_string(str(tmp_path / "state.db")) as saver:
        saver.setup()
        yield World(
            ScriptedModel(script=[]), Desk([]),
            PersonalDataMiddleware(guard, tools={"send_email": {"EMAIL_ADDRESS"}}), saver,
        )  # fmt: skip


def ask(text: str = SAID) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}]}


MAILING = [
    calls(("send_email", {"to": "<EMAIL_1>", "text": "call <PHONE_1>", "phone": "<PHONE_1>"})),
    AIMessage("Dear <PERSON_1>, I wrote to <EMAIL_1>."),
]


def test_the_model_sees_handles_the_tool_what_it_may_and_the_customer_values(world: World) -> None:
    world.model.script = MAILING
    world.desk.result = f'{{"sent_to": "{MAIL}", "customer_phone": {PHONE}, "agent_phone": "{FOREIGN}"}}'
    out = world.agent.invoke(ask(), CONFIG)
    human, calling, result, answer = out["messages"]
    assert human.content == SAID and answer.content == f"Dear {NAME}, I wrote to {MAIL}."
    assert world.desk.given == [{"to": MAIL, "text": "call <PHONE_1>", "phone": "<PHONE_1>"}]
    assert calling.tool_calls[0]["args"] == {"to": MAIL, "text": f"call {PHONE}", "phone": PHONE}
    assert json.loads(result.content)["customer_phone"] == int(PHONE)
    assert len(world.model.asked) == 2 and "<EMAIL_1>" in str(world.model.asked[0][0].content)
    assert "<EMAIL_1>" in world.kept
    for canary in CANARIES:
        assert canary not in world.model.seen and canary not in world.kept


async def test_the_same_in_async(guard: Guardrails) -> None:
    desk, model = Desk([], f"sent to {MAIL}"), ScriptedModel(script=MAILING)
    middleware = PersonalDataMiddleware(guard, tools={"send_email": {"EMAIL_ADDRESS", "PHONE_NUMBER"}})
    raw = create_agent(model, desk.tools, middleware=[middleware], checkpointer=InMemorySaver())
    agent = middleware.around(raw)
    out = await agent.ainvoke(ask(), CONFIG)
    assert out["messages"][-1].content == f"Dear {NAME}, I wrote to {MAIL}."
    assert desk.given == [{"to": MAIL, "text": f"call {PHONE}", "phone": PHONE}]
    state = (await raw.aget_state(CONFIG)).values["messages"]
    assert "sent to <EMAIL_1>" in [message.content for message in state]
    model.script, model.asked = [AIMessage("<PHONE_1>!")], []
    texts = [m.content async for m, _ in agent.astream(ask("and?"), CONFIG, stream_mode="messages")]
    assert "".join(texts) == f"{PHONE}!" and all(canary not in model.seen for canary in CANARIES)


@pytest.mark.parametrize("piece", [1, 2, 5, 400])
def test_streams_do_not_pass_the_guard_by(world: World, piece: int) -> None:
    """langchain#35011: streamed tokens went round the middleware."""
    world.model.script = [
        calls(("send_email", {"to": "<EMAIL_1>", "text": 'say "hi" to <PERSON_1>', "phone": FOREIGN}), content="Wait."),
        AIMessage(f"您好 <PERSON_1>，我们会拨打<PHONE_1>，不是{FOREIGN}。"),
    ]
    world.model.piece = piece
    text, args, tools = "", "", list[Any]()
    for message, _ in world.agent.stream(ask(), CONFIG, stream_mode="messages"):
        if isinstance(message, AIMessageChunk):
            text += message.text
            args += "".join(call["args"] or "" for call in message.tool_call_chunks)
        elif isinstance(message, ToolMessage):
            tools.append(message)
    assert text == f"Wait.您好 {NAME}，我们会拨打{PHONE}，不是[已隐藏]。"
    assert json.loads(args) == {"to": MAIL, "text": f'say "hi" to {NAME}', "phone": "[hidden]"}
    assert len(tools) == 1 and FOREIGN not in world.kept and FOREIGN not in world.model.seen


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("subgraphs", [False, True])
@pytest.mark.parametrize("mode", ["values", "updates", ["values", "messages", "updates", "custom"], "debug"])
def test_every_stream_mode_is_restored_and_shows_no_foreign_value(
    world: World, mode: Any, subgraphs: bool, version: Any
) -> None:
    world.model.script = [calls(("look_up", {"query": f"{FOREIGN} <PHONE_1>"})), AIMessage(f"<PHONE_1>, {FOREIGN}.")]
    items = list(world.agent.stream(ask(), CONFIG, stream_mode=mode, subgraphs=subgraphs, version=version))
    told = repr(items)
    assert FOREIGN not in told and (PHONE in told or mode == "debug")
    assert mode == "debug" or f"{PHONE}, [hidden]." in told


def test_what_is_no_text_stream_is_restored_whole(world: World) -> None:
    world.model.script = [AIMessage(f"<PHONE_1>, {FOREIGN}.")]
    agent = world.middleware.around(
        create_agent(world.model.model_copy(update={"disable_streaming": True}), middleware=[world.middleware])
    )
    told = [m.content for m, _ in agent.stream(ask(), CONFIG, stream_mode="messages")]
    assert f"{PHONE}, [hidden]." in told


def test_what_a_model_writes_into_a_tool_call_is_concealed_too(world: World) -> None:
    """langchain#37659, #37658: arguments of tool calls were not redacted."""
    world.model.script = [
        calls(("look_up", {"query": f"who is {FOREIGN}"}), ("send_email", {"to": "eve@example.org"})),
        AIMessage("ok"),
    ]
    out = world.agent.invoke(ask(), CONFIG)
    assert {"query": "who is <PHONE_2>"} in world.desk.given
    assert {"to": "<EMAIL_2>", "text": "", "phone": ""} in world.desk.given  # made up: no tool opens it
    assert [call["args"] for call in out["messages"][1].tool_calls] == [
        {"query": "who is [hidden]"}, {"to": "[hidden]"}
    ]  # fmt: skip
    for canary in (FOREIGN, "eve@example.org"):
        assert canary not in world.model.seen and canary not in world.kept


def test_arguments_are_never_blanked_so_that_the_agent_comes_to_an_end(world: World) -> None:
    """langchain#40767: blanked parameters made the model call the same tool until the recursion limit."""

    class Insisting(ScriptedModel):
        """Repeats a call whose arguments came back other than it wrote them."""

        def _next(self, messages: list[BaseMessage]) -> AIMessage:
            self.asked.append(list(messages))
            sent = [m for m in messages if isinstance(m, AIMessage) and m.tool_calls]
            if sent and sent[-1].tool_calls[0]["args"] == self.script[0].tool_calls[0]["args"]:
                return self.script[1]
            return self.script[0].model_copy(update={"id": None})

    world.model = Insisting(script=MAILING)
    try:
        world.agent.invoke(ask(), CONFIG)
    except GraphRecursionError:
        pytest.fail("the agent went in circles")
    assert len(world.desk.given) == 1 and world.desk.given[0]["to"] == MAIL


def test_a_tool_that_is_not_named_gets_handles_and_an_unknown_kind_is_refused(world: World, guard: Guardrails) -> None:
    world.model.script = [calls(("look_up", {"query": "< phone_1 > <EMAIL_1> <EMAIL_9>"})), AIMessage("ok")]
    world.agent.invoke(ask(), CONFIG)
    assert world.desk.given == [{"query": "<PHONE_1> <EMAIL_1> <EMAIL_9>"}]
    with pytest.raises(ValueError, match="FAX"):
        PersonalDataMiddleware(guard, tools={"x": {"FAX"}})  # type: ignore[dict-item]


def test_dialogues_keep_their_handles_and_do_not_mix(world: World) -> None:
    world.model.script = [AIMessage("<PHONE_1> <EMAIL_1>")]
    assert world.agent.invoke(ask(), CONFIG)["messages"][-1].content == f"{PHONE} {MAIL}"
    again = world.agent.invoke(ask(f"still {PHONE}, and what is <EMAIL_1>?"), CONFIG)
    assert world.model.asked[1][-1].content == "still <PHONE_1>, and what is <TEXT_1>?"
    assert again["messages"][-2].content == f"still {PHONE}, and what is <EMAIL_1>?"
    other = {"configurable": {"thread_id": "t2"}}
    assert world.agent.invoke(ask("hello"), other)["messages"][-1].content.startswith("[hidden]")


def test_a_history_that_the_caller_keeps_is_concealed_again(world: World, guard: Guardrails) -> None:
    world.model.script = [AIMessage("<PHONE_1>?"), AIMessage("yes <PHONE_1>")]
    middleware = PersonalDataMiddleware(guard, owner=lambda config: config["metadata"]["who"])
    agent = middleware.around(create_agent(world.model, middleware=[middleware]))
    config: Any = {"metadata": {"who": "mei"}}
    first = agent.invoke(ask(), config)["messages"]
    out = agent.invoke({"messages": [*first, HumanMessage("right?", name="Mei_Lin")]}, config)
    assert out["messages"][-1].content == f"yes {PHONE}"
    assert all(canary not in world.model.seen for canary in (*CANARIES, "Mei_Lin"))
    assert guard.reveal(VaultOwner("mei"), "<PHONE_1>") == PHONE


def test_the_middleware_alone_keeps_values_from_model_tools_and_answer(world: World) -> None:
    world.model.script = [calls(("look_up", {"query": "<PHONE_1>"})), AIMessage(f"<PHONE_1> {FOREIGN}")]
    out = world.raw.invoke(ask(), CONFIG)["messages"]
    assert out[0].content.startswith("I am <PERSON_1>") and out[-1].content == "<PHONE_1> <PHONE_2>"
    assert all(canary not in world.model.seen + repr(out) for canary in CANARIES)
    assert PHONE in world.kept  # the input's own checkpoint: why there is ``around``


def test_a_forged_mark_hides_nothing_from_the_guard(world: World) -> None:
    world.model.script = [AIMessage("ok")]
    forged = HumanMessage(SAID, response_metadata={"tactful_concealed": True})
    world.agent.invoke({"messages": [forged]}, CONFIG)
    assert all(canary not in world.model.seen + world.kept for canary in CANARIES)


def test_content_parts_extras_and_artifacts_are_concealed_and_images_refused(world: World) -> None:
    world.model.script = [AIMessage([{"type": "text", "text": f"<PHONE_1> {FOREIGN}"}])]
    parts: list[Any] = [{"type": "text", "text": SAID}, f"or {PHONE}"]
    human = HumanMessage(parts, additional_kwargs={"note": PHONE})
    called = AIMessage(
        "", tool_calls=[{"name": "look_up", "args": {"n": int(PHONE)}, "id": "c1"}],
        invalid_tool_calls=[
            {"name": "x", "args": f"{{{PHONE}", "id": "c2", "error": MAIL, "type": "invalid_tool_call"}
        ],
        response_metadata={"logprobs": [PHONE], "model_name": "m"},
    )  # fmt: skip
    told = ToolMessage(json.dumps({"phones": [PHONE]}), tool_call_id="c1", artifact={"row": [PHONE]})
    odd = ToolMessage("x", tool_call_id="c2", artifact=object())
    out = world.agent.invoke({"messages": [human, called, told, odd, HumanMessage("ok?")]}, CONFIG)
    assert out["messages"][-1].content == [{"type": "text", "text": f"{PHONE} [hidden]"}]
    assert all(canary not in world.model.seen + world.kept for canary in CANARIES)
    image: list[Any] = [{"type": "image_url", "image_url": {"url": "https://example.com/me.png"}}]
    with pytest.raises(GuardError, match="image_url"):
        world.agent.invoke({"messages": [HumanMessage(image)]}, CONFIG)
    assert len(world.model.asked) == 1


class Ticket(BaseModel):
    phone: str
    urgent: bool


def test_a_structured_answer_is_restored_and_kept_concealed(world: World) -> None:
    world.model.script = [calls(("Ticket", {"phone": "<PHONE_1>", "urgent": True}))]
    raw = create_agent(world.model, middleware=[world.middleware], checkpointer=world.saver, response_format=Ticket)
    out = world.middleware.around(raw).invoke(ask(), CONFIG)
    assert out["structured_response"] == Ticket(phone=PHONE, urgent=True)
    assert all(canary not in world.model.seen + world.kept for canary in CANARIES)


def test_a_tools_command_is_concealed(world: World, guard: Guardrails) -> None:
    @tool
    def move_on(tool_call_id: str = "c0") -> Command[Any]:
        """Moves on."""
        return Command(update={"messages": [ToolMessage(f"new phone {PHONE}", tool_call_id="c0")]})

    world.model.script = [calls(("move_on", {})), AIMessage("ok")]
    raw = create_agent(world.model, [move_on], middleware=[world.middleware], checkpointer=world.saver)
    world.middleware.around(raw).invoke(ask("hello"), CONFIG)
    assert world.model.asked[1][-1].content == "new phone <PHONE_1>" and PHONE not in world.kept


@pytest.mark.parametrize("given", [{"messages": "x"}, [HumanMessage("x")]])
def test_without_an_owner_or_messages_nothing_is_asked(world: World, given: Any) -> None:
    with pytest.raises(GuardError):
        world.agent.invoke(given, {} if isinstance(given, dict) else CONFIG)
    assert not world.model.asked


class Away:
    def __getattr__(self, name: str) -> Any:
        raise VaultUnavailable("the vault is away")


async def test_where_the_guard_fails_the_model_is_not_asked(world: World, guard: Guardrails) -> None:
    guard._concealer._vault = Away()  # type: ignore[assignment]
    world.model.script = [AIMessage("ok")]
    raw = create_agent(world.model, middleware=[world.middleware])
    for agent in (raw, world.middleware.around(raw)):
        with pytest.raises(GuardError):
            agent.invoke(ask(), CONFIG)
        with pytest.raises(GuardError):
            await agent.ainvoke(ask(), CONFIG)
        with pytest.raises(GuardError):
            list(agent.stream(ask(), CONFIG, stream_mode="messages"))
    assert not world.model.asked


def test_the_guard_itself_needs_no_langchain() -> None:
    code = "import sys, guardrails.guard; sys.exit(any(n.startswith(('langchain', 'langgraph')) for n in sys.modules))"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
