"""Identity numbers: China's 18 and 15 digits and its 18-character credit code, US, UK and other papers, passports, permits.

The checksum (GB 11643-1999, GB 32100-2015) raises the score and never gates: most wrong ones are typing slips.
Does not see other countries' numbers without a cue word, nor numbers that staff wear (工号, badge).
"""
# ruff: noqa: E501 - expressions and lists stay on one line, so that they can be searched

import re
from datetime import date

from stdnum.cn import uscc

from guardrails.recognizers.rule import ORDER_WORDS, Recognizer, Rule, words

_LINK = r"(?:['’]s|s)?(?:\s?(?:numbers?|nr\.?|no\.?|num|card|code|id|#|号码?|证号|证|代码|[后前末][三四五六]位(?:数字?)?)(?:['’]?s)?)?\s?(?:is|are|was|ends in|ending in|[:：是为=#])?\s?$"
_NOUN = r"(?:\s?(?:numbers?|nr\.?|no\.?|num|ids?|cards?|permit|identification|#))"
_PAPERS = (
    r"(?:social insurance|\bsin|social security|\bssn|last (?:four|4|3|5) (?:digits )?of (?:my |the )?(?:social|ssn|id)|national insurance|\bnino|\btfn|\bein|\babn|\bcpf|\bcnpj|aadh?aar|\bnhs|medicare|medicaid|"
    r"personalausweis(?:nummer)?|ausweis(?:nummer)?|steuer-?(?:id|nummer)|\bdni|\bnie|\bbsn|codice fiscale|\bmy id|national id|green card|work permit|driv(?:ing|er'?s?|ers) licen[sc]e|military id|"
    rf"(?:\btax|\bvat|\bpan|\bni|health(?: insurance)?|insurance (?:policy|member)|\bvisa|resident(?:ial|ence)?|residence|student|licen[sc]e|\bid|identity|identification){_NOUN}|"
    r"身份证|证件号?|驾驶证|驾照|居住证|永居证|永久居留证|军官证|士兵证|学生证|学号|社保卡?号|医保卡?号|社保卡|医保卡|参保号|税号|纳税人识别|统一社会信用|社会信用|信用代码|识别号)"
)
CUES = words("身份证", "证件", r"\bid\b", r"\bid card", r"resident id", "identity", "national id")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def has_checksum(value: str) -> bool:
    """Whether the 18th digit is the one GB 11643 asks for."""
    digits = re.sub(r"[\s-]", "", value).upper()
    if len(digits) != 18 or not digits[:17].isdigit():
        return False
    return "10X98765432"[sum(w * int(d) for w, d in zip(_WEIGHTS, digits, strict=False)) % 11] == digits[17]


def _has_birthday(value: str) -> bool:
    digits = re.sub(r"[\s-]", "", value)
    text = digits[6:14] if len(digits) == 18 else "19" + digits[6:12]
    try:
        return 1900 <= date(int(text[:4]), int(text[4:6]), int(text[6:8])).year <= 2030
    except ValueError:
        return False


RULES = (
    Rule(
        "id.cn18", "ID_CARD",
        re.compile(r"(?<![\dA-Za-z_])[1-9]\d{5}[\s-]?(?:18|19|20)\d{2}[\s-]?(?:0[1-9]|1[0-2])[\s-]?(?:0[1-9]|[12]\d|3[01])[\s-]?\d{3}[\s-]?[\dXx](?![\dA-Za-z_])"),
        0.75, CUES, 0.95, check=has_checksum, check_score=1.0,
    ),
    Rule(
        "id.cn18_any", "ID_CARD",
        re.compile(r"(?<![\dA-Za-z_])[1-9]\d{5}[\s-]?\d{8}[\s-]?\d{3}[\dXx](?![\dA-Za-z_])"),
        0.0, CUES, 0.85, unless=ORDER_WORDS,
    ),
    Rule(
        "id.cn15", "ID_CARD",
        re.compile(r"(?<![\dA-Za-z_])[1-9]\d{14}(?![\dA-Za-z_])"),
        0.45, CUES, 0.9, unless=ORDER_WORDS, accept=_has_birthday,
    ),
    Rule(
        "id.us_ssn", "ID_CARD",
        re.compile(r"(?<![A-Za-z0-9_#-])(?!000|666|9)\d{3}([\s-])(?!00)\d\d\1(?!0000)\d{4}(?![A-Za-z0-9_-])"),
        0.5, words("ssn", "social security"), 0.95, unless=ORDER_WORDS,
    ),
    Rule(
        "id.uk_nino", "ID_CARD",
        re.compile(r"(?<![A-Za-z0-9])[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\s?\d{2}\s?\d{2}\s?\d{2}\s?[A-D](?![A-Za-z0-9])"),
        0.75, words("national insurance", r"\bni\b", "nino"), 0.95, unless=ORDER_WORDS,
    ),
    Rule(
        "id.in_aadhaar", "ID_CARD", re.compile(r"(?<![\dA-Za-z-])[2-9]\d{3}[\s-]?\d{4}[\s-]?\d{4}(?![\dA-Za-z]|[\s-]\d)"),
        0.0, words("aadh?aar", "uidai"), 0.9,
    ),
    Rule(
        "id.cn_credit_code", "ID_CARD",
        re.compile(r"(?<![A-Za-z0-9_])[0-9A-HJ-NPQRTUWXY]{2}\d{6}[0-9A-HJ-NPQRTUWXY]{10}(?![A-Za-z0-9_])"),
        0.0, words("税号", "信用代码", "识别号", "执照", "发票", "开票", "抬头", "公司", "tax", "credit code", "uscc"), 0.8, unless=ORDER_WORDS,
    ),
    Rule(
        "id.cn_credit_code_checked", "ID_CARD",
        re.compile(r"(?<![A-Za-z0-9_])[159Y][1239]\d{6}[0-9A-HJ-NPQRTUWXY]{10}(?![A-Za-z0-9_])"),
        0.85, unless=ORDER_WORDS, accept=lambda v: bool(uscc.is_valid(v)),
    ),
    Rule(
        "id.cn_papers", "ID_CARD",
        re.compile(r"(?<=[号:：是为\s])[\u4e00-\u9fff]{1,4}字?第\d{5,9}号"), 0.0, words("军官证", "士兵证", "警官证", "证件"), 0.8,
    ),
    Rule(
        "id.number_cued", "ID_CARD", re.compile(r"(?<![A-Za-z0-9_-])(?=[A-Za-z.-]{0,8}\d)[A-Za-z0-9]{2,20}(?:[\s./-](?=[A-Za-z]{0,4}\d|[A-Za-z](?![A-Za-z]))[A-Za-z0-9]{1,12}){0,4}(?![A-Za-z0-9_-])"),
        0.0, words(_PAPERS + _LINK), 0.8, unless=ORDER_WORDS,
        accept=lambda v: sum(c.isdigit() for c in v) >= 3 and not re.fullmatch(r"(?:19|20)\d\d", v),
    ),
    Rule(
        "id.us_ssn_cued", "ID_CARD", re.compile(r"(?<!\d)\d{9}(?!\d)"),
        0.0, words(r"\bssn\b", "social security"), 0.9,
    ),
    Rule(
        "id.passport", "PASSPORT",
        re.compile(r"(?<![A-Za-z0-9_])(?=[A-Za-z0-9]{0,4}\d)[A-Za-z0-9]{6,10}(?![A-Za-z0-9_])"),
        0.0, words("passport", "护照"), 0.85, accept=lambda v: sum(c.isdigit() for c in v) >= 2,
    ),
    Rule(
        "id.cn_permit", "PASSPORT",
        re.compile(r"(?<![A-Za-z0-9_])[A-Za-z]{0,2}\d{7,10}(?![A-Za-z0-9_])"),
        0.0, words("通行证", "回乡证", "台胞证", "permit"), 0.85,
    ),
)  # fmt: skip


def recognizer(language: str) -> Recognizer:
    """The recognizer for Presidio's registry."""
    return Recognizer("id_card", RULES, language)
