"""Addresses in Latin letters.

Number and street with its unit, town, state and country; post-office boxes; streets of continental Europe; town with
US state; and what follows ``my address is`` or ``ship to``.

Does not see a street without a number unless a cue announces it, nor a town alone.
Postal codes inside a street address belong to it; after a bare town they are POSTAL_CODE (postal.py).
"""
# ruff: noqa: E501 - expressions and lists stay on one line, so that they can be searched

import re

from guardrails.recognizers.postal import STATES
from guardrails.recognizers.rule import Recognizer, Rule, words

_L = "A-Za-zÀ-ÖØ-öø-ÿ"
_SUFFIX = (
    r"(?:street|st|avenue|ave|av|road|rd|boulevard|blvd|lane|ln|drive|dr|court|ct|place|pl|square|sq|terrace|ter|parkway|pkwy|highway|hwy|freeway|way|circle|cir|"
    r"trail|trl|alley|plaza|crescent|cres|close|gardens|grove|mews|row|walk|wharf|hill|expressway|turnpike|loop|alameda|embarcadero|broadway|center|centre|embankment|mall|real|esplanade)"
)
_STOP = (
    r"(?:minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?|stars?|miles?|km|inch(?:es)?|feet|foot|bed(?:room)?s?|bath(?:room)?s?|way|seconds?|pounds?|dollars?|bucks?|quid|usd|yuan|start|seater|way|ways|steps?|hundred|thousand|percent|cups?|bottles?|percent|people|persons?|"
    r"guests?|rooms?|tickets?|items?|pieces?|orders?|and|or|the|is|are|was|in|for|with|my|your|our|to|on|at|from|per|a|an|of|am|pm|st|nd|rd|th|x|units?|times?|nights?|seats?|pairs?|results?|options?|others?|movies?|songs?|events?|restaurants?|hotels?|apartments?|properties)"
)
_NUMBER = r"(?<![A-Za-z0-9_$€£#.,:/])(?<!\d[-:])\d{1,6}(?:-\d{1,5})?[A-Za-z]?(?:\s?1/2)?"
_DOOR = r"(?:(?<![A-Za-z])(?:flat|apt|apartment|unit|suite|ste|level|room)\.?\s#?[A-Za-z]?\d{0,4}[A-Za-z]?(?:[/-]\d{1,4})?,\s?)?"
_NAME = rf"(?:\s(?!{_STOP}\s)(?:[{_L}][{_L}'.’-]{{0,20}}|\d{{1,3}}(?:st|nd|rd|th)))"
_DIRECTION = r"(?:,?\s(?:north|south|east|west|northwest|northeast|southwest|southeast|n|s|e|w|ne|nw|se|sw|n\.?e\.?|n\.?w\.?|s\.?e\.?|s\.?w\.?)\.?(?![A-Za-z]))?"
_UNIT = r"(?:,?\s?(?:(?:apt|apartment|suite|ste|unit|room|rm|floor|fl|bldg|building|lot|flat)\.?\s?#?\s?[A-Za-z]?\d{0,5}[A-Za-z]?(?:-\d{1,4})?(?![A-Za-z])|#\s?[A-Za-z]?\d{1,5}[A-Za-z]?|\s(?-i:[A-Z])\d{1,4}(?!\w)|\d{1,2}(?:st|nd|rd|th)\s(?:floor|fl)))?"
_COUNTRY = r"(?:,\s(?:usa|u\.s\.a?\.?|united states|us|uk|united kingdom|england|canada|germany|france|australia|ireland|spain|italy)(?![A-Za-z]))?"
_UK = r"[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}"
_TOWN = rf"(?:,\s(?-i:[A-ZÀ-Ý])[{_L}.'’-]{{1,20}}(?:\s(?-i:[A-ZÀ-Ý])[{_L}.'’-]{{1,20}}){{0,3}})"
_STATE = rf"(?:,?\s(?-i:{STATES})(?![A-Za-z])|,\s(?:california|new york|texas|florida|illinois|washington|arizona|nevada|colorado|ohio|georgia|oregon|virginia|massachusetts|pennsylvania)(?![A-Za-z]))"
_ZIP = rf"(?:,?\s(?:\d{{5}}(?:-\d{{4}})?(?!\w)|(?-i:{_UK})))"
_REST = rf"{_DIRECTION}{_UNIT}(?:{_TOWN}{{1,2}}?(?={_STATE}|{_ZIP}|\s?[.;!?\n]|$|,))?(?:{_STATE})?{_ZIP}?{_COUNTRY}"
_RARE = rf"(?:\s[A-Z][{_L}'’-]{{1,20}}){{1,3}}\s(?:[Cc]ommons?|Hollow|Rise|Vale|Quay|Ridge|Crossing|Landing|Glen|Chase|Fields|Heights|Meadows?|Mount|Pike|Croft|Paddock|Parade|Strand|Wynd)"
"""Endings that are as well the names of goods: a street only beside a word that says so, or with a long number."""
_END = r"(?![A-Za-z])"
RULES = (
    Rule(
        "address_en.street", "ADDRESS",
        re.compile(rf"(?i){_DOOR}{_NUMBER}{_DIRECTION}{_NAME}{{1,5}}?\s{_SUFFIX}{_END}\.?{_REST}"),
        0.75,
    ),
    Rule("address_en.short", "ADDRESS", re.compile(rf"{_NUMBER}\s(?:Broadway|Embarcadero|Highway|The\s[A-Z][a-z]+|Avenue\s[A-Z]|El\sCamino\sReal|[A-Z][a-z]+\sBroadway)(?i:{_END}{_REST})"), 0.7),
    Rule(
        "address_en.highway", "ADDRESS",
        re.compile(rf"(?i){_NUMBER}\s(?:(?:state|us|county|old|north|south|east|west|n|s|e|w)\.?\s){{0,2}}(?:highway|hwy|route|rt|interstate|avenida|avenue|ave|rue|via|calle|camino)\.?\s(?:[A-Z]\w*\s){{0,3}}(?:\d{{1,4}}|[{_L}'’-]{{1,20}}(?:\s(?-i:[A-ZÀ-Ý])[{_L}'’-]{{1,20}}){{0,2}}){_REST}"),
        0.7,
    ),
    Rule(
        "address_en.number_town", "ADDRESS",
        re.compile(rf"(?i){_NUMBER}(?-i:\s[A-Z][A-Za-z'.-]{{1,20}}){{1,4}}{_UNIT}{_TOWN}(?:{_STATE}{_ZIP}?|{_ZIP}){_COUNTRY}"),
        0.75,
    ),
    Rule("address_en.po_box", "ADDRESS", re.compile(rf"(?i)(?<![a-z])p\.?\s?o\.?\s?box\s\d{{1,6}}(?:{_TOWN})?(?:{_STATE})?{_ZIP}?"), 0.85),
    Rule(
        "address_en.rare_street", "ADDRESS",
        re.compile(rf"{_NUMBER}{_RARE}(?=\s?(?:$|[.,;!?\n]|(?:in|has|and|is|please|for|with|at)(?![a-z])))(?i:{_REST})"),
        0.0, words(r"(?:\bat|\bto|\bnumber|\bno\.|address(?: is)?|\blive|located|house|home|street)[\s:,]{0,3}$"), 0.65,
    ),
    Rule("address_en.rare_street_long", "ADDRESS", re.compile(rf"(?=\d{{3}}){_NUMBER}{_RARE}{_END}(?=\s?(?:$|[.,;!?\n]|(?:in|has|and|is)(?![a-z])))(?i:{_REST})"), 0.6),
    Rule(
        "address_en.corner", "ADDRESS",
        re.compile(rf"(?i)(?<![A-Za-z0-9])(?:\d{{1,3}}(?:st|nd|rd|th)|[a-z]{{1,14}}\s{_SUFFIX})\s(?:and|&)\s(?:\d{{1,3}}(?:st|nd|rd|th)|[a-z]{{1,14}})\s(?:street|st|avenue|ave|road|rd|boulevard|blvd|lane|drive)(?![a-z])"),
        0.6,
    ),
    Rule(
        "address_en.sent_to", "ADDRESS",
        re.compile(
            rf"(?i)(?:(?:ship|deliver|send|post|mail|forward|redirect)(?:ed|ing)?(?:\s(?:it|this|that|them|everything|the\s[a-z]{{2,14}}|my\s[a-z]{{2,14}}))?\s(?:to|at):?|address(?:\sis|\sto|:))\s"
            rf"(?P<v>(?-i:[A-Z])[^\n?!;@$\d]{{6,100}}?(?-i:(?:{_UK}|(?:{STATES}),?\s\d{{5}}(?:-\d{{4}})?)))(?![A-Za-z0-9])"
        ),
        0.7,
    ),
    Rule(
        "address_en.europe_street", "ADDRESS",
        re.compile(rf"(?<![{_L}])[A-ZÄÖÜ][{_L}-]{{2,24}}(?:straße|strasse|str\.|gasse|platz|allee|weg|laan|straat|gatan|vej)\s\d{{1,4}}[a-z]?(?:,\s\d{{4,5}}\s[A-ZÄÖÜ][{_L}-]{{2,20}})?"),
        0.8,
    ),
    Rule(
        "address_en.romance_street", "ADDRESS",
        re.compile(rf"(?i)(?<![{_L}])(?-i:[A-Z])(?:ua|ue|ia|alle|venida|iazza|laza|aseo|orso|iale)\s(?:(?:de|del|della|di|da|la|las|los|du|des)\s){{0,2}}(?-i:[A-ZÀ-Ý])[{_L}'’-]{{1,20}}(?:\s(?:(?:de|del|della|di|da|la|las|los|du|des|e|y)|(?-i:[A-ZÀ-Ý])[{_L}'’-]{{1,20}})){{0,3}}?,?\s(?:n[º°.]?\s?)?\d{{1,4}}(?!\d)(?:,\s\d{{4,5}}\s(?-i:[A-ZÀ-Ý])[{_L}-]{{2,20}})?"),
        0.75,
    ),
    Rule(
        "address_en.town_state", "ADDRESS",
        re.compile(rf"(?<![A-Za-z])(?P<v>[A-Z][a-z]{{2,20}}(?:\s[A-Z][a-z]{{2,20}}){{0,2}},\s(?:{STATES}))(?=,?\s\d{{5}})"),
        0.7,
    ),
    Rule(
        "address_en.live_in", "ADDRESS",
        re.compile(rf"(?i)(?:i live (?:in|at)|my (?:home|house|place) is (?:in|at)|living (?:in|at))\s(?P<v>(?-i:[A-Z])[{_L}.'-]{{1,20}}(?:\s(?-i:[A-Z])[{_L}.'-]{{1,20}}){{0,3}}(?:,\s(?-i:[A-Z])[{_L}.'-]{{1,20}}(?:\s(?-i:[A-Z])[{_L}.'-]{{1,20}}){{0,2}}){{0,3}})"),
        0.6,
    ),
    Rule(
        "address_en.cued", "ADDRESS",
        re.compile(
            r"(?i)(?<![a-z])(?<!e-mail )(?<!email )(?<!ip )(?:address(?: is|:| to| changed to| would be| will be| should be)|ship(?: it| this| that| them)? to:?|deliver(?: it| this| that| them)? to:?|send(?: it| this| that| them)? to:?|mail(?: it)? to:?|change it to)\s"
            r"(?P<v>(?=[^\n.?!]{0,40}\d)(?=[^\n.?!]{0,60}[A-Za-z])\d{1,6}[A-Za-z]?\s[^\n?!;@$]{4,90}?)(?=\s*(?:[.?!;\n](?:\s|$)|$|,?\s(?:and|please|thanks?|instead|with|for)\s?))"
        ),
        0.65,
    ),
)  # fmt: skip


def recognizer(language: str) -> Recognizer:
    """The recognizer for Presidio's registry."""
    return Recognizer("address_en", RULES, language)
