"""Every recognizer: what it must see and the near misses it must leave alone, glued to Chinese or not."""
# ruff: noqa: E501 - one case a line

import time

import pytest

from guardrails.analyzer import Analyzer
from guardrails.findings import KINDS
from guardrails.readable import Readable
from guardrails.recognizers import ALL
from guardrails.standard import analyzer_of
from tests.guardrails.marked_lines import LEFT_ALONE_EN, LEFT_ALONE_ZH, SEEN_EN, SEEN_ZH, lines, unmarked

ANALYZER = Analyzer(Readable())
GUARDED = analyzer_of()
"""With the trained recognizer, as it runs."""

# text, kind, value
SEEN = [
    ("手机13800138000收到了吗", "PHONE_NUMBER", "13800138000"),
    ("call 138-0013-8000", "PHONE_NUMBER", "138-0013-8000"),
    ("电话：１３８ ００１３ ８０００", "PHONE_NUMBER", "１３８ ００１３ ８０００"),
    ("+86 138 0013 8000", "PHONE_NUMBER", "+86 138 0013 8000"),
    ("138\u200b0013\u200b8000", "PHONE_NUMBER", "138\u200b0013\u200b8000"),
    ("我的号是幺三八零零幺三八零零零", "PHONE_NUMBER", "幺三八零零幺三八零零零"),
    ("电话是010-55550123。", "PHONE_NUMBER", "010-55550123"),
    ("座机(021)5555 0123转802", "PHONE_NUMBER", "(021)5555 0123转802"),
    ("电话是55550123,55550124", "PHONE_NUMBER", "55550124"),
    ("call me at (212) 555-0142", "PHONE_NUMBER", "(212) 555-0142"),
    ("my phone is 2125550142", "PHONE_NUMBER", "2125550142"),
    ("电话212-555-0142，谢谢", "PHONE_NUMBER", "212-555-0142"),
    ("我的是(212) 555-0142", "PHONE_NUMBER", "(212) 555-0142"),
    ("电话+44 20 7946 0958", "PHONE_NUMBER", "+44 20 7946 0958"),
    ("社保号536-22-1234谢谢", "ID_CARD", "536-22-1234"),
    ("寄到1234 Elm Street, Springfield", "ADDRESS", "1234 Elm Street, Springfield"),
    ("请加@mei_lin88吧", "SOCIAL_ACCOUNT", "@mei_lin88"),
    ("reach me on +44 20 7946 0958", "PHONE_NUMBER", "+44 20 7946 0958"),
    ("邮箱mei.lin@example.cn谢谢", "EMAIL_ADDRESS", "mei.lin@example.cn"),
    ("it's yusuf.rossi@email.com.", "EMAIL_ADDRESS", "yusuf.rossi@email.com"),
    ("ｍｅｉ＠ｅｘａｍｐｌｅ．ｃｏｍ", "EMAIL_ADDRESS", "ｍｅｉ＠ｅｘａｍｐｌｅ．ｃｏｍ"),
    ("mei dot lin at example dot com", "EMAIL_ADDRESS", "mei dot lin at example dot com"),
    ("身份证号11010519491231002X办理", "ID_CARD", "11010519491231002X"),
    ("身份证110105194912310021", "ID_CARD", "110105194912310021"),  # wrong checksum
    ("身份证130503670401001", "ID_CARD", "130503670401001"),
    ("my ssn is 536-90-4399", "ID_CARD", "536-90-4399"),
    ("护照E12345678", "PASSPORT", "E12345678"),
    ("卡号4111111111111111", "CREDIT_CARD", "4111111111111111"),
    ("卡号4095 2609 9393 4932", "CREDIT_CARD", "4095 2609 9393 4932"),  # fails Luhn
    ("银行卡6222020200112230", "CREDIT_CARD", "6222020200112230"),
    ("my IBAN: DE89370400440532013000", "BANK_ACCOUNT", "DE89370400440532013000"),
    ("IBAN glued为DE89370400440532013000吗", "BANK_ACCOUNT", "DE89370400440532013000"),
    ("汇到账号 1100220033004400", "BANK_ACCOUNT", "1100220033004400"),
    ("cvv 123", "SECRET", "123"),
    ("My name is Yusuf Rossi and my zip code is 19122", "PERSON", "Yusuf Rossi"),
    ("it's Yara Muller, zip 28236", "PERSON", "Yara Muller"),
    ("my name is john smith and i need help", "PERSON", "john smith"),
    ("Dear Ms. Okonkwo, thanks", "PERSON", "Ms. Okonkwo"),
    ("Please ship it to Wang Xiaoming", "PERSON", "Wang Xiaoming"),
    ("Recipient: Chidi Eze", "PERSON", "Chidi Eze"),
    ("yusuf rossi", "PERSON", "yusuf rossi"),
    ("the parcel was signed by Priya Sharma yesterday", "PERSON", "Priya Sharma"),
    ("我叫王小明，想查订单", "PERSON", "王小明"),
    ("收件人：欧阳修远", "PERSON", "欧阳修远"),
    ("我是李雷", "PERSON", "李雷"),
    ("张伟 13800138000", "PERSON", "张伟"),
    ("王女士在吗", "PERSON", "王"),
    ("1756 Carmel Drive", "ADDRESS", "1756 Carmel Drive"),
    ("ship to 1234 Elm St, Springfield, IL, 62701 please", "ADDRESS", "1234 Elm St, Springfield, IL, 62701"),
    ("they are at 1600 south harbor boulevard", "ADDRESS", "1600 south harbor boulevard"),
    ("101 Highway, New York, 10001", "ADDRESS", "101 Highway, New York, 10001"),
    ("I live in Phoenix, AZ 85025.", "ADDRESS", "Phoenix, AZ"),
    ("Hauptstraße 12, 10115 Berlin", "ADDRESS", "Hauptstraße 12, 10115 Berlin"),
    ("P.O. Box 552", "ADDRESS", "P.O. Box 552"),
    ("寄到北京市朝阳区建国路88号院3号楼2单元501室", "ADDRESS", "北京市朝阳区建国路88号院3号楼2单元501室"),
    ("麻烦送到幸福小区5栋302", "ADDRESS", "幸福小区5栋302"),
    ("我的地址是杭州市西湖区文三路黄龙花园，谢谢", "ADDRESS", "杭州市西湖区文三路黄龙花园"),
    ("my zip code is 19122", "POSTAL_CODE", "19122"),
    ("zip 28236", "POSTAL_CODE", "28236"),
    ("I live in Phoenix, AZ 85025.", "POSTAL_CODE", "85025"),
    ("邮编100022", "POSTAL_CODE", "100022"),
    ("postcode SW1A 1AA", "POSTAL_CODE", "SW1A 1AA"),
    ("我的IP是192.168.1.20吗", "IP_ADDRESS", "192.168.1.20"),
    ("from 2001:db8::ff00:42:8329", "IP_ADDRESS", "2001:db8::ff00:42:8329"),
    ("加我微信abc_12345", "SOCIAL_ACCOUNT", "abc_12345"),
    ("加我微信abc_12345发一下保修卡", "SOCIAL_ACCOUNT", "abc_12345"),
    ("Hi, this is Oreva Lindqvist, my parcel is late", "PERSON", "Oreva Lindqvist"),
    ("QQ号是123456789", "SOCIAL_ACCOUNT", "123456789"),
    ("车牌京A12345", "LICENCE_PLATE", "京A12345"),
    ("born on 3 May 1990", "DATE_OF_BIRTH", "3 May 1990"),
    ("我的生日是1990年5月3日", "DATE_OF_BIRTH", "1990年5月3日"),
    ("my password is hunter2x", "SECRET", "hunter2x"),
    ("密码：abc12345", "SECRET", "abc12345"),
    ("the verification code is 402913", "SECRET", "402913"),
    ("验证码402913", "SECRET", "402913"),
    ("key sk-abcdefghijklmnopqrstuvwx", "SECRET", "sk-abcdefghijklmnopqrstuvwx"),
    ("the code you just sent me is 482913", "SECRET", "482913"),
    ("收到的短信验证码是 482913", "SECRET", "482913"),
    ("my password for the account is hunter2x", "SECRET", "hunter2x"),
    ("my NI number is AB123456C", "ID_CARD", "AB123456C"),
    ("Aadhaar 2345 6789 0123 as you asked", "ID_CARD", "2345 6789 0123"),
    ("driving licence: MORGA657054SM9IJ", "ID_CARD", "MORGA657054SM9IJ"),
    ("the van with plates AB12 CDE", "LICENCE_PLATE", "AB12 CDE"),
    ("reg KX19 ABC blocked the drive", "LICENCE_PLATE", "KX19 ABC"),
    ("Vous pouvez appeler le 01 40 60 10 00", "PHONE_NUMBER", "01 40 60 10 00"),
    ("Visit is scheduled.408-265-4808 is the phone", "PHONE_NUMBER", "408-265-4808"),
    ("2125550142", "PHONE_NUMBER", "2125550142"),
]  # fmt: skip

LEFT_ALONE = [
    "Order ID: 3348917502", "order #W2378156", "SKU 88231-4421", "订单TF10293847", "订单号：13800138000123", "快递单号SF1234567890123", "purchase 00004587345",
    "It costs $1,299.00 or ¥1299", "between 500-1000元", "09:00-22:00", "2026-11-28", "11月28日送到", "28 November 2026", "size 42, 2 items, 15 inch", "version 10.0.0.1 firmware",
    "I want 2 blue shirts and 1 lamp", "I am interested in a lamp", "This is urgent", "It's broken", "I'm sorry to hear that", "Hi there", "Dear customer service", "My order is late",
    "the product name is Aurora", "a 5 minute drive", "2 bedrooms on the drive", "1 way street", "I'd like to go to San Francisco", "the Green Crystal Earring", "Thanks, that is all", "To confirm: yes", "Just wondering",
    "你好，在吗", "谢谢你", "我是会员", "我想退货", "白色的有吗", "高级会员有什么优惠", "马上发货吗", "包邮吗", "成都可以送吗", "地址在哪里", "我的地址怎么改", "电话是多少", "订单什么时候到", "安全吗",
    "北京有仓库吗", "推荐您去北京银泉大厦", "我是想问一下", "买了3件，第2件坏了", "一共是1299元", "2楼有吗", "尺码175/92A", "密码忘记了怎么办", "I forgot my password", "my password is wrong", "my pin is confidential",
    "the code is wrong", "zip file", "a zip hoodie", "mail it soon", "@ 5pm", "E-Reader 32GB", "USB-C 3.0", "iPhone 15 Pro", "QQ怎么登录", "微信支付可以吗", "born to run", "生日礼物推荐", "ISO 9001:2015",
    "<PHONE_1> and <PERSON_2>", "", " ", "。",
    "orders 3348917502 and 3348917511 please", "退货单号 3348917502 和 3348917511", "流水 620000000000000018", "it reads 334891750200000018",
    "what about 3348917502?", "the code is SAVE20", "Airtel Plaza Hotel is a 3 star hotel", "5 60 70 80 90 100", "my car is red", "part AB12CDE of the kit",
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "value"), SEEN)
def test_it_is_seen(text: str, kind: str, value: str) -> None:
    found = [(f.kind, text[f.start : f.end]) for f in ANALYZER.analyze(text)]
    assert (kind, value) in found


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_it_is_left_alone(text: str) -> None:
    assert [(f.kind, f.rule) for f in ANALYZER.analyze(text)] == []


@pytest.mark.parametrize("line", [*lines(SEEN_EN), *lines(SEEN_ZH)])
def test_every_marked_value_is_covered(line: str) -> None:
    text, spans = unmarked(line)
    found = {place for f in GUARDED.analyze(text) for place in range(f.start, f.end)}
    assert [text[start:end] for start, end in spans if not found.issuperset(range(start, end))] == []


@pytest.mark.parametrize("line", [*lines(LEFT_ALONE_EN), *lines(LEFT_ALONE_ZH)])
def test_what_only_looks_like_a_value_stays(line: str) -> None:
    assert [(f.kind, f.rule) for f in ANALYZER.analyze(line)] == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Maria Lopez, 33139", "33139"),
        ("I'm Daniel Foster and 10013-1234", "10013-1234"),
        ("林晓雨 310013", "310013"),
        ("陈建国，200031。", "200031"),
    ],
)
def test_a_postal_code_behind_a_name_is_seen(text: str, value: str) -> None:
    found = [(f.kind, text[f.start : f.end]) for f in GUARDED.analyze(text)]
    assert ("POSTAL_CODE", value) in found


@pytest.mark.parametrize("text", ["Maria Lopez, 33139 steps", "张伟，123456分钟", "Daniel Foster 33139.50"])
def test_another_number_behind_a_name_is_none(text: str) -> None:
    assert all(f.kind != "POSTAL_CODE" for f in GUARDED.analyze(text))


def test_every_kind_but_personal_links_has_an_example() -> None:
    assert {kind for _, kind, _ in SEEN} == set(KINDS) - {"URL_PERSONAL"}


@pytest.mark.parametrize("make", ALL)
def test_every_recognizer_says_what_it_is_and_what_it_does_not_see(make: object) -> None:
    import sys

    text = sys.modules[make.__module__].__doc__ or ""  # type: ignore[attr-defined]
    assert "Does not see" in text or "does not see" in text


@pytest.mark.parametrize(
    "text",
    ["1 " * 2000, "1-" * 2000, "a" * 4000, "a." * 2000, "a@" * 2000, "A " * 2000, "Aa " * 1300, "路" * 4000, "1号" * 2000, "王小" * 2000, "name is " * 500, "(" * 4000, "<PHONE_" * 570, "0" * 4000,
     "1 A street " * 360, "address is 1 " * 300, "地址是" * 1300, "北京市" * 1300, "at dot " * 570, "::" * 2000, "我叫" * 2000, "Aa, " * 1000, "12 Aa Bb, " * 400],
)  # fmt: skip
def test_no_text_makes_it_slow(text: str) -> None:
    started = time.process_time()
    ANALYZER.analyze(text[:4000])
    assert time.process_time() - started < 1.5
