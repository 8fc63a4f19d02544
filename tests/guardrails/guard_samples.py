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
    "\u200b", "\ufeff", "\u202e", "\r\n", "\n", " ", ", ", "。", "，", "：", "Dear ", "call ", "电话", "order ", "订单", "my zip code is ", "ſ", "İ", "ﬁ", "𝟏𝟑𝟖", "1️⃣",
)  # fmt: skip


def messages(max_pieces: int = 8) -> st.SearchStrategy[str]:
    """Texts of up to ``max_pieces`` pieces."""
    piece = st.one_of(
        st.sampled_from(VALUES), st.sampled_from(PIECES), st.text(max_size=12),
        st.text(alphabet="0123456789-+ ().,", max_size=24), st.text(alphabet="<>_PHONE1 \ufe00", max_size=12),
    )  # fmt: skip
    return st.lists(piece, max_size=max_pieces).map("".join)
