"""The guard inside a LangChain agent: its model and its state see handles, tools what they may, the customer values.

    middleware = PersonalDataMiddleware(guard, tools={"send_email": {"EMAIL_ADDRESS"}})
    agent = middleware.around(create_agent(model, tools, middleware=[middleware], checkpointer=saver))
    agent.invoke({"messages": [{"role": "user", "content": "write to mei@example.com"}]}, config)

``around`` conceals before the graph begins and restores behind it, streams included, so that graph state, checkpoints
and traces hold handles only. Without it the middleware alone still keeps values from the model, the tools and the
state, but the checkpoint of the input holds it as it came, the agent answers with handles, and a stream of messages
shows values that the model made up. Whose values: ``owner``, by default the ``thread_id`` of the run.

| | sees |
|---|---|
| model | handles: messages of every role, tool calls, tool results, the system prompt |
| tool | handles; values of the kinds that ``tools`` names for it, but none that the model made up |
| state, checkpoint | handles; a tool's result is concealed first. Other keys of the state are left alone |
| customer | own values; ``[hidden]`` for values of nobody |

Fails closed: whatever goes wrong is a GuardError without text, and the model is not asked. Not covered: other keys of
the state, what tools send by themselves (custom streams, errors that they raise), tools' descriptions, and
``astream_events``, which shows what happens inside: handles.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from langchain.agents.middleware import AgentMiddleware
from langchain.agents.middleware.types import (
    AgentState,
    ExtendedModelResponse,
    ModelRequest,
    ModelResponse,
    ToolCallRequest,
)
from langchain_core.messages import AIMessage, BaseMessage, SystemMessage, ToolMessage, convert_to_messages
from langchain_core.runnables import RunnableConfig
from langgraph.config import get_config
from langgraph.types import Command

from guardrails.errors import GuardError
from guardrails.findings import KINDS, Audience, Kind, VaultOwner
from guardrails.guard import Guardrails
from guardrails.langchain_messages import Messages, is_concealed
from guardrails.langchain_stream import StreamRestorer, reveal_state

Owner: TypeAlias = str | Callable[[RunnableConfig], str]
ModelAnswer: TypeAlias = ModelResponse[Any] | AIMessage | ExtendedModelResponse[Any]
ToolAnswer: TypeAlias = ToolMessage | Command[Any]


class PersonalDataMiddleware(AgentMiddleware[Any, Any, Any]):
    """Keeps personal values from an agent's model. Thread-safe; one may serve many agents.

    Args:
        guard: the guard, with its vault.
        owner: whose values they are: a name, or what gives it from the run's configuration.
        tools: which kinds of values a tool may open; a tool that is not named gets handles.
        pass_media: let images, sound and files through unread instead of refusing them.

    Raises:
        ValueError: ``tools`` names a kind that there is not.
    """

    def __init__(
        self,
        guard: Guardrails,
        *,
        owner: Owner | None = None,
        tools: Mapping[str, Collection[Kind]] | None = None,
        pass_media: bool = False,
    ) -> None:
        super().__init__()
        self._guard = guard
        self._owner = owner
        self._tools = {name: frozenset(kinds) for name, kinds in (tools or {}).items()}
        self._pass_media = pass_media
        unknown = {kind for kinds in self._tools.values() for kind in kinds} - set(KINDS)
        if unknown:
            raise ValueError(f"expected kinds of {', '.join(KINDS)}, got {', '.join(sorted(unknown))}")

    def around(self, agent: Any) -> "GuardedAgent":
        """The agent as the customer may use it."""
        return GuardedAgent(agent, self)

    def messages(self, config: RunnableConfig) -> Messages:
        """The guard over messages of the run's owner.

        Raises:
            GuardError: the run does not say whose values it holds.
        """
        owner = self._owner(config) if callable(self._owner) else self._owner
        if self._owner is None and (thread := (config.get("configurable") or {}).get("thread_id")):
            owner = f"thread:{thread}"
        if not owner:
            raise GuardError("expected an owner or a thread_id in the run's configuration, got none")
        return Messages(self._guard, VaultOwner(owner), self._pass_media)

    def before_agent(self, state: AgentState[Any], runtime: Any) -> dict[str, Any] | None:
        """Conceals what came in and has not been concealed."""
        fresh = [message for message in state["messages"] if not is_concealed(message)]
        return {"messages": self.messages(get_config()).conceal(fresh)} if fresh else None

    async def abefore_agent(self, state: AgentState[Any], runtime: Any) -> dict[str, Any] | None:
        """Conceals what came in and has not been concealed."""
        return await asyncio.to_thread(self.before_agent, state, runtime)

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelAnswer:
        """Asks the model with handles; what it makes up is concealed before it is kept."""
        messages = self.messages(get_config())
        return _kept(messages, handler(_asked(messages, request)))

    async def awrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]]
    ) -> ModelAnswer:
        """Asks the model with handles; what it makes up is concealed before it is kept."""
        messages = self.messages(get_config())
        answer = await handler(await asyncio.to_thread(_asked, messages, request))
        return await asyncio.to_thread(_kept, messages, answer)

    def wrap_tool_call(self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], ToolAnswer]) -> ToolAnswer:
        """Runs the tool with the values it may know; what it returns is concealed."""
        messages = self.messages(get_config())
        answer: ToolAnswer = _result(messages, handler(self._opened(messages, request)))
        return answer

    async def awrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Awaitable[ToolAnswer]]
    ) -> ToolAnswer:
        """Runs the tool with the values it may know; what it returns is concealed."""
        messages = self.messages(get_config())
        answer = await handler(await asyncio.to_thread(self._opened, messages, request))
        return await asyncio.to_thread(_result, messages, answer)

    def _opened(self, messages: Messages, request: ToolCallRequest) -> ToolCallRequest:
        call = request.tool_call
        kinds = self._tools.get(call["name"], frozenset())
        return request.override(tool_call={**call, "args": messages.open_arguments(call["args"], kinds)})


@dataclass(frozen=True, slots=True)
class GuardedAgent:
    """An agent whose graph never sees a value: concealed before it, restored behind it. ``agent`` is the graph."""

    agent: Any
    middleware: PersonalDataMiddleware
    audience: Audience = "customer"

    def invoke(self, input: Any, config: RunnableConfig | None = None, **options: Any) -> Any:
        """As the agent's ``invoke``.

        Raises:
            GuardError: the input must not be passed on, or the answer not be shown.
        """
        messages = self.middleware.messages(config or {})
        answer = self.agent.invoke(_concealed(messages, input), config, **options)
        return reveal_state(messages, answer, self.audience)

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **options: Any) -> Any:
        """As the agent's ``ainvoke``.

        Raises:
            GuardError: the input must not be passed on, or the answer not be shown.
        """
        messages = self.middleware.messages(config or {})
        answer = await self.agent.ainvoke(await asyncio.to_thread(_concealed, messages, input), config, **options)
        return await asyncio.to_thread(reveal_state, messages, answer, self.audience)

    def stream(self, input: Any, config: RunnableConfig | None = None, **options: Any) -> Iterator[Any]:
        """As the agent's ``stream``: every mode, also several.

        Raises:
            GuardError: the input must not be passed on, or the rest not be shown.
        """
        messages = self.middleware.messages(config or {})
        restorer = self._restorer(messages, options)
        for item in self.agent.stream(_concealed(messages, input), config, **options):
            yield from restorer.push(item)
        yield from restorer.finish()

    async def astream(self, input: Any, config: RunnableConfig | None = None, **options: Any) -> AsyncIterator[Any]:
        """As the agent's ``astream``: every mode, also several.

        Raises:
            GuardError: the input must not be passed on, or the rest not be shown.
        """
        messages = self.middleware.messages(config or {})
        restorer = self._restorer(messages, options)
        concealed = await asyncio.to_thread(_concealed, messages, input)
        async for item in self.agent.astream(concealed, config, **options):
            for shown in await asyncio.to_thread(list, restorer.push(item)):
                yield shown
        for shown in await asyncio.to_thread(list, restorer.finish()):
            yield shown

    def _restorer(self, messages: Messages, options: Mapping[str, Any]) -> StreamRestorer:
        modes = options.get("stream_mode") or "updates"
        return StreamRestorer(messages, self.audience, modes, subgraphs=bool(options.get("subgraphs")))


def _concealed(messages: Messages, given: Any) -> Any:
    """An agent's input: a state with messages, a command, or nothing (a run that goes on)."""
    match given:
        case None:
            return None
        case Command():
            resume = messages.conceal_any(given.resume, "customer")
            return replace(given, resume=resume, update=_concealed(messages, given.update))
        case {"messages": found}:
            listed = found if isinstance(found, list) else [found]
            return {**given, "messages": messages.conceal(convert_to_messages(listed))}
        case dict():
            return given
        case _:
            raise GuardError(f"expected a state with messages or a command, got {type(given).__name__}")


def _asked(messages: Messages, request: ModelRequest[Any]) -> ModelRequest[Any]:
    concealed = messages.conceal(request.messages)
    if request.system_message is None:
        return request.override(messages=concealed)
    system: SystemMessage = messages.conceal([request.system_message])[0]
    return request.override(messages=concealed, system_message=system)


def _kept(messages: Messages, answer: ModelAnswer) -> ModelAnswer:
    match answer:
        case AIMessage():
            return messages.conceal([answer], ai="model")[0]
        case ModelResponse():
            structured = messages.conceal_any(answer.structured_response, "model")
            return replace(answer, result=messages.conceal(answer.result, ai="model"), structured_response=structured)
        case _:
            inner = _kept(messages, answer.model_response)
            if not isinstance(inner, ModelResponse):
                raise GuardError(f"expected a model's response, got {type(inner).__name__}")
            return replace(answer, model_response=inner, command=_result(messages, answer.command))


def _result(messages: Messages, answer: Any) -> Any:
    """What a tool returned: a message, or a command whose update may hold some."""
    match answer:
        case BaseMessage():
            return messages.conceal([answer])[0]
        case Command():
            return replace(answer, update=_result(messages, answer.update))
        case {"messages": found}:
            listed = found if isinstance(found, list) else [found]
            return {**answer, "messages": messages.conceal(convert_to_messages(listed))}
        case list():
            return [_result(messages, each) for each in answer]
        case _:
            return answer
