"""Reads an address as a customer types it into the fields of a record. Source for US states: USPS Publication 28.

445 Maple Drive, Suite 394, Fort Worth, Texas, 76165
浙江省杭州市西湖区文三路90号3幢201室
"""

import re
from typing import Final

from bot.shop.records import Address

_ZIP: Final = re.compile(
    r"\b\d{5}(?:-\d{4})?\b(?!.*\b\d{5}\b)|\b[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}\b|\b[A-Z]\d[\dW]\s?[A-Z0-9]{4}\b"
)
_UNIT: Final = re.compile(r"^(?:suite|ste\.?|apt\.?|apartment|unit|flat|floor|room|#)\s?\S+", re.IGNORECASE)
_COUNTRIES: Final = {
    "usa": "USA",
    "us": "USA",
    "united states": "USA",
    "uk": "United Kingdom",
    "united kingdom": "United Kingdom",
    "great britain": "United Kingdom",
    "united states of america": "USA",
    "ireland": "Ireland",
    "germany": "Germany",
    "deutschland": "Germany",
    "france": "France",
}
_STATES: Final = dict(
    pair.split("=")
    for pair in [
        "alabama=AL",
        "alaska=AK",
        "arizona=AZ",
        "arkansas=AR",
        "california=CA",
        "colorado=CO",
        "connecticut=CT",
        "delaware=DE",
        "florida=FL",
        "georgia=GA",
        "hawaii=HI",
        "idaho=ID",
        "illinois=IL",
        "indiana=IN",
        "iowa=IA",
        "kansas=KS",
        "kentucky=KY",
        "louisiana=LA",
        "maine=ME",
        "maryland=MD",
        "massachusetts=MA",
        "michigan=MI",
        "minnesota=MN",
        "mississippi=MS",
        "missouri=MO",
        "montana=MT",
        "nebraska=NE",
        "nevada=NV",
        "new hampshire=NH",
        "new jersey=NJ",
        "new mexico=NM",
        "new york=NY",
        "north carolina=NC",
        "north dakota=ND",
        "ohio=OH",
        "oklahoma=OK",
        "oregon=OR",
        "pennsylvania=PA",
        "rhode island=RI",
        "south carolina=SC",
        "south dakota=SD",
        "tennessee=TN",
        "texas=TX",
        "utah=UT",
        "vermont=VT",
        "virginia=VA",
        "washington=WA",
        "west virginia=WV",
        "wisconsin=WI",
        "wyoming=WY",
        "district of columbia=DC",
    ]
)
_END: Final = re.compile(r"(?<=[a-zA-Z]{4})[.!?;]\s+(?=\w)|(?<=[\d>])[.!?;]\s+(?=[A-Za-z]{3})")
_END_ZH: Final = re.compile(
    r"[，,\s]*邮(?:政)?编(?:码)?[:：]?\s*\d{6}|[，,\s]*(?<!\d)\d{6}(?!\d)|[。；;！!]|\.(?=\s|[A-Z\u4e00-\u9fff])|[，,](?=[A-Za-z]{1,2}\d{6,})"
)
_POLITE: Final = re.compile(r"[\s,]+(?:please|pls|thanks|thank\syou|cheers|instead|now)\W*$", re.IGNORECASE)
_STREET: Final = re.compile(
    r"[A-ZÄÖÜ][\wäöüß.'-]*(?:weg|straße|strasse|str\.|gasse|platz|allee|ring|damm|ufer)\s\d+\w?\b"
    r"|(?<![A-Za-z0-9#])\d+\s+[A-Z0-9][\w.'-]*(?:\s+[\w.'-]+)*|(?<![A-Za-z0-9#])\d+\s+[a-z]",
    re.IGNORECASE,
)
_ZH: Final = re.compile(
    r"(?P<region>[\u4e00-\u9fff]{2,8}?(?:省|自治区|特别行政区))?\s?(?P<city>[\u4e00-\u9fff]{2,7}?市)?\s?"
    r"(?P<line1>[\u4e00-\u9fff]{0,10}?(?:区|县|镇|路|街|道|巷|村|弄)[^，,。；;\n]{1,60})"
)


def read_address(text: str, near: Address | None = None) -> Address | None:
    """The address in ``text``, ``None`` where there is none that a parcel could find. ``near`` lends its country."""
    if re.search(r"[\u4e00-\u9fff]{3}", text):
        return _chinese(text, near)
    start = _STREET.search(text)
    if start is None:
        return None
    said = _POLITE.sub("", _END.split(text[start.start() :])[0])
    parts = [part.strip(" .;!") for part in said.split(",")]
    line1, rest = parts[0], parts[1:]
    line2 = ""
    if rest and _UNIT.match(rest[0]):
        line2, rest = rest[0], rest[1:]
    tail = ", ".join(rest)
    code = _ZIP.search(tail)
    postal = code.group() if code else ""
    words = [part.strip() for part in (tail[: code.start()] if code else tail).split(",") if part.strip()]
    after = [part.strip(" .") for part in tail[code.end() :].split(",") if part.strip(" .")] if code else []
    words = [word for word in (*words, *after) if word]
    country = near.country if near else ""
    if words and words[-1].lower() in _COUNTRIES:
        named = _COUNTRIES[words.pop().lower()]
        country = country if _COUNTRIES.get(country.lower(), country) == named else named
    if not words:
        return None
    city, region = words[0], _state(words[1]) if len(words) > 1 else ""
    if len(words) == 1 and (match := re.fullmatch(r"(.+?)\s+([A-Z]{2})", words[0])):
        city, region = match.groups()
    return Address(line1, line2, city, region, postal, country or ("USA" if region in _STATES.values() else ""))


def _state(text: str) -> str:
    return _STATES.get(text.lower(), text.upper() if len(text) == 2 else text)


def _chinese(text: str, near: Address | None) -> Address | None:
    body = re.sub(
        r"^.*(?:改成|改为|改到|换成|换到|改寄(?:[到往去至])?|寄[到往去至]|送到|新?地址(?:是|为)?[:：]?|是)(?=[\u4e00-\u9fff])",
        "",
        text,
    )
    match = _ZH.search(body)
    if match is None or not re.search(r"\d|号|室|栋|幢", match["line1"]):
        return None
    code = re.search(r"(?<!\d)\d{6}(?!\d)", text)
    city = match["city"] or ""
    region = match["region"] or (city if city in ("北京市", "上海市", "天津市", "重庆市") else "")
    line1 = _END_ZH.split(body[match.start("line1") :])[0].strip(" ，,。")
    line1, line2 = _parts_of(line1)
    return Address(line1, line2, city, region, code.group() if code else "", near.country if near else "")


def _parts_of(street: str) -> tuple[str, str]:
    """Street and number, and the house behind them: 桂雨路88号 | 枫林苑3幢2单元1201室."""
    match = re.match(r"(.+?\d+号)[，,\s]*(.*(?:幢|栋|单元|室|座|楼).*)$", street)
    return (match[1], match[2].replace("，", "").replace(" ", "")) if match else (street.split("，")[0], "")
