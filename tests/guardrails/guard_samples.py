"""One owner, one shop's readable patterns, and text strategies that hunt for trouble.

Arbitrary text is mixed with personal values, handles, near-handles and invisible characters.
"""
# ruff: noqa: E501 - samples

from hypothesis import strategies as st

from guardrails.findings import VaultOwner
from guardrails.guard import Readable

KEY = bytes(range(32))
OWNER = VaultOwner("visitor:one")
BOB = VaultOwner("bob")
READABLE = Readable(
    patterns=(r"#?W\d{7}", r"TF\d{8}", r"SF\d{13}", r"SKU[- ]?\d{4,8}", r"\d{10}"),
    names=frozenset({"Aurora Lamp", "云感蚕丝被", "Diego Backpack"}),
)

VALUES = (
    "13800138000", "138-0013-8000", "+86 138 0013 8000", "１３８００１３８０００", "mei.lin@example.com", "Yusuf Rossi", "my name is john smith",
    "我叫王小明", "北京市朝阳区建国路88号院3号楼2单元501室", "1234 Elm St, Springfield, IL, 62701", "zip 28236", "4095260993934932", "11010519491231002X",
    "192.168.1.20", "京A12345", "微信号abc_12345", "password is hunter2x", "born on 3 May 1990", "212-555-0142", "#W2378156", "TF10293847",
)  # fmt: skip
PIECES = (
    "<PHONE_1>", "<PERSON_2>", "< phone_1 >", "＜PHONE_1＞", "《EMAIL_1》", "<TEXT_1>", "<PHONE_", "1>", "<", ">", "<<", "<PHONE_1", "_1>", "\ufe00", "\ufe01", "\ufe0f\u20e3",
    "\u200b", "\u200d", "\u00ad", "\ufeff", "\u202e", "\u200f", "\u2067", "\u2069", "e\u0301", "\u0336", "\u0e33", "\u3000", "\x00", "\x1b[0m", "👨\u200d👩\u200d👧", "🇨🇳", "\r\n", "\n", " ", ", ", "。", "，", "：", "Dear ", "call ", "电话", "order ", "订单", "my zip code is ", "ſ", "İ", "ﬁ", "𝟏𝟑𝟖", "1️⃣",
)  # fmt: skip


INVISIBLE = (
    "\u200b",
    "\u200c",
    "\u200d",
    "\u2060",
    "\ufeff",
    "\u00ad",
    "\u200e",
    "\u200f",
    "\u202a",
    "\u2066",
    "\u180e",
    "\ufe0f",
)
_ZEROS = (0x30, 0xFF10, 0x0660, 0x06F0, 0x0966, 0x1D7CE, 0x1D7EC, 0x1D7F6)


@st.composite
def disguised(draw: st.DrawFn, value: str) -> str:
    """The value in other digits, full-width or mathematical letters, with invisible characters in between."""
    way, out = draw(st.sampled_from(("digits", "keycaps", "wide", "math", "gaps", "all"))), []
    for char in value:
        if char.isascii() and char.isdigit() and way in ("digits", "keycaps", "all"):
            char = char + "\ufe0f\u20e3" if way == "keycaps" else chr(draw(st.sampled_from(_ZEROS)) + int(char))
        elif way in ("wide", "all") and "!" <= char <= "~" and draw(st.booleans()):
            char = chr(ord(char) + 0xFEE0)
        elif way == "math" and char.isascii() and char.isalpha():
            char = chr((0x1D400 if char.isupper() else 0x1D41A) + ord(char.upper()) - 65)
        out.append(char)
        if way in ("gaps", "all"):
            out.append(draw(st.sampled_from(("", "", *INVISIBLE))))
    return "".join(out)


def messages(max_pieces: int = 8) -> st.SearchStrategy[str]:
    """Texts of up to ``max_pieces`` pieces."""
    piece = st.one_of(
        st.sampled_from(VALUES), st.sampled_from(PIECES), st.text(max_size=12),
        st.text(alphabet="0123456789-+ ().,", max_size=24), st.text(alphabet="<>_PHONE1 \ufe00", max_size=12),
        st.text(alphabet="０１２３４５６７８９٠١٢𝟎𝟏𝟐①⑨零一幺", max_size=14), st.text(alphabet="我的电话是订单号发给@.a1B", max_size=14),
        st.sampled_from(VALUES).flatmap(disguised),
    )  # fmt: skip
    return st.lists(piece, max_size=max_pieces).map("".join)
