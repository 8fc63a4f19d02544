"""What must hold for any text. `make fuzz` runs these with 10,000 examples each, the suite with a hundred."""
# ruff: noqa: E501 - one case a line

import json
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from guardrails import handles
from guardrails.errors import GuardError
from guardrails.findings import KINDS, VaultOwner
from guardrails.grounding import check
from guardrails.guard import Guardrails, GuardSettings, Readable, build
from guardrails.injection import inspect
from guardrails.normalise import normalise
from guardrails.segments import MAX_CHARS, pieces
from tests.guardrails.guard_samples import KEY, OWNER, disguised, messages

pytestmark = pytest.mark.fuzz

NIGHTLY = settings.get_profile("nightly").max_examples
PLANTED = ("13912345678", "212-555-0199", "lena.brook@example.net", "4485275742308327", "440306198702146016")
FOUND_DISGUISED = ("13912345678", "212-555-0199", "lena.brook@example.net", "4485275742308327")
LONGEST_HELD = MAX_CHARS + handles.MAX_CHARS + 6
_owners = (VaultOwner(f"fuzz-{n}") for n in count())


def dearer(examples: int) -> settings:
    """Fewer examples for a property whose examples are long; in the nightly profile too."""
    now = settings.default.max_examples if settings.default else 100
    return settings(max_examples=max(10, now * examples // NIGHTLY))


@given(text=messages())
@example("13800138000 or 138-0013-8000")
@example("<PHONE_13800138000>")
@example("13800138000\ufe00<PHONE_1>\ufe01")
@example("<" * 300 + "<PHONE_1>")
def test_what_is_concealed_comes_back_exactly_as_it_was_typed(shared_guard: Guardrails, text: str) -> None:
    concealed = shared_guard.conceal(OWNER, text).text.text
    assert shared_guard.reveal(OWNER, concealed) == text


@given(text=messages())
def test_text_of_the_program_is_concealed_once_and_then_stays(rules_guard: Guardrails, text: str) -> None:
    once = rules_guard.conceal(OWNER, text, origin="model").text.text
    assert rules_guard.conceal(OWNER, once, origin="model").text.text == once


@given(text=messages())
def test_findings_are_in_order_inside_the_text_and_apart(shared_guard: Guardrails, text: str) -> None:
    at = 0
    for finding in shared_guard.analyze(text):
        assert at <= finding.start < finding.end <= len(text)
        assert 0 < finding.score <= 1 and finding.kind in KINDS
        at = finding.end


@given(text=messages(), data=st.data())
def test_a_stream_gives_the_whole_text_result_for_every_cut(
    shared_guard: Guardrails, text: str, data: st.DataObject
) -> None:
    shared_guard.conceal(OWNER, "13800138000, Yusuf Rossi, mei.lin@example.com")
    whole = shared_guard.reveal(OWNER, text)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    stream = shared_guard.stream(OWNER)
    out = "".join(stream.feed(text[a:b]) for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True))
    assert out + stream.finish() == whole


@given(before=messages(3), planted=st.sampled_from(PLANTED), after=messages(3))
def test_a_value_of_unknown_origin_is_never_sent_in_parts_and_little_is_held_back(
    shared_guard: Guardrails, before: str, planted: str, after: str
) -> None:
    owner, text = next(_owners), f"{before} . {planted} . {after}"
    stream, out = shared_guard.stream(owner), ""
    for char in text:
        out += stream.feed(char)
        assert stream.held_chars <= LONGEST_HELD
    out += stream.finish()
    assert out == shared_guard.reveal(owner, text)
    assert planted not in out and (planted[:-2] not in out or planted[:-2] in before + after)


@given(text=messages(12))
def test_pieces_cover_the_text_without_gaps_and_are_bounded(text: str) -> None:
    cut = pieces(text)
    assert "".join(text[a:b] for a, b in cut) == text
    assert all(b - a <= LONGEST_HELD for a, b in cut)


@given(text=messages(), planted=st.sampled_from(PLANTED))
def test_nothing_of_one_owner_is_shown_to_another(shared_guard: Guardrails, text: str, planted: str) -> None:
    concealed = shared_guard.conceal(OWNER, f"{text}\n. {planted}").text.text  # "order" right before is another thing
    assert planted not in concealed
    shown = shared_guard.reveal(VaultOwner("nobody"), concealed)
    assert planted not in shown and not list(handles.find(shown))


@given(data=st.data(), value=st.sampled_from(FOUND_DISGUISED), before=st.sampled_from(("", "call ", "我的是", "x: ")))
def test_a_disguised_value_is_found(shared_guard: Guardrails, data: st.DataObject, value: str, before: str) -> None:
    text = before + data.draw(disguised(value))
    concealed = shared_guard.conceal(OWNER, text).text.text
    assert value not in normalise(concealed).text and list(handles.find(concealed))
    assert shared_guard.reveal(OWNER, concealed) == text


@given(
    text=st.text(st.characters(exclude_categories=()), max_size=40),
    value=st.sampled_from(("", "13800138000", "<PHONE_1>")),
)
@example("\ud800", "13800138000")
def test_half_characters_come_back_or_are_refused(shared_guard: Guardrails, text: str, value: str) -> None:
    try:
        concealed = shared_guard.conceal(OWNER, text + value).text.text
        assert shared_guard.reveal(OWNER, concealed) == text + value
    except GuardError:
        assert any("\ud800" <= char <= "\udfff" for char in text)


_JSON = st.recursive(
    st.one_of(messages(3), st.integers(), st.booleans(), st.none()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(("name", "phone", "note", "地址")), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@given(value=_JSON, spaced=st.booleans(), ascii_only=st.booleans())
def test_json_stays_json_and_comes_back(
    shared_guard: Guardrails, value: object, spaced: bool, ascii_only: bool
) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=1 if spaced else None)
    concealed = shared_guard.conceal(OWNER, text).text.text
    assert shared_guard.reveal(OWNER, concealed) == text


@given(text=st.text(st.characters(exclude_categories=()), max_size=60))
def test_offsets_of_normalised_text_lead_back_into_the_text(text: str) -> None:
    plain = normalise(text)
    spans = [plain.span(at, at + 1) for at in range(len(plain.text))]
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert spans == sorted(spans) and normalise(plain.text).text == plain.text


@given(reply=messages(4), facts=st.lists(messages(3), max_size=3), apart=st.booleans())
@example(reply="1380013800013800138000", facts=["13800138000", "13800138000"], apart=True)
@example(reply="The lamp, the lamp", facts=["1: lamp, 5 kg", "2: lamp, 6 kg"], apart=True)
def test_any_reply_can_be_checked_and_what_is_quoted_is_grounded(reply: str, facts: list[str], apart: bool) -> None:
    for violation in check(
        reply, facts, product_names=("Aurora Lamp", "云感蚕丝被"), domains=("example.com",), apart=apart
    ):
        assert 0 <= violation.start < violation.end <= len(reply)
    assert check(reply, [*facts, reply]) == ()


@given(text=messages(6))
def test_any_text_can_be_inspected(text: str) -> None:
    assert inspect(text).action in ("pass", "flag", "block")


@dearer(2000)
@given(piece=messages(2).filter(bool), other=messages(2))
@example("a", "")
@example("1-", "")
@example("省市区路号", "")
@example("Dear Mr. ", "@")
@example("a.", "@a")
@example("<PHONE_", "")
def test_no_text_of_full_length_takes_long(shared_guard: Guardrails, piece: str, other: str) -> None:
    text = ((piece * 4000)[: 4000 - len(other)] + other)[:4000]
    began = time.process_time()
    shared_guard.analyze(text)
    inspect(text)
    assert time.process_time() - began < 4  # 0.1 s as a rule: what is found here grows with the square of the length


@pytest.fixture(scope="module")
def busy_guard(tmp_path_factory: pytest.TempPathFactory) -> Guardrails:
    folder: Path = tmp_path_factory.mktemp("busy")
    return build(f"sqlite:///{folder}/vault.db", KEY, Readable(), GuardSettings(timeout_s=60))


_TOLD = st.tuples(
    st.integers(0, 1),
    st.sampled_from(("13800138000", "138-0013-8000", "mei.lin@example.com", "13900139000", "13700137000")),
)


@given(told=st.lists(_TOLD, min_size=2, max_size=8))
def test_one_value_one_handle_and_no_two_values_share_one_whoever_writes_at_once(
    busy_guard: Guardrails, told: list[tuple[int, str]]
) -> None:
    owners = (next(_owners), next(_owners))
    with ThreadPoolExecutor(4) as pool:
        got = list(pool.map(lambda one: busy_guard.conceal(owners[one[0]], one[1]).text.text, told))
    given_to: dict[tuple[int, str], set[str]] = {}
    for (who, value), handle in zip(told, got, strict=True):
        assert busy_guard.reveal(owners[who], handle) == value
        ((_, _, parsed),) = handles.find(handle)
        given_to.setdefault((who, f"{parsed.kind} {parsed.number}"), set()).add(value.replace("-", ""))
    assert all(len(values) == 1 for values in given_to.values())
    for who in (0, 1):
        numbers = [key for key in given_to if key[0] == who]
        assert len(numbers) == len({value.replace("-", "") for one, value in told if one == who})
