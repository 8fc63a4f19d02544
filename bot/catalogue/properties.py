"""The colours, materials and sizes that customers name, in both languages: tables of words, no catalogue.

A family holds for a product when one of its words stands in the right field of the product. What the shop calls
its own way ("Midnight", "云岩灰") needs no entry here: values of the catalogue are found by themselves.
"""

import re
from dataclasses import dataclass
from typing import Final

from bot.catalogue.words import normalise


@dataclass(frozen=True, slots=True)
class Family:
    """One property: its name in both languages, how customers ask for it, and how a product page says it.

    ``asked_*`` are found in a query; ``said_*`` in a field's value. English by whole words, Chinese by characters.
    """

    en: str
    zh: str
    asked_en: tuple[str, ...]
    asked_zh: tuple[str, ...]
    said_en: tuple[str, ...]
    said_zh: tuple[str, ...]

    def said_in(self, value: str) -> bool:
        """Whether a field's value says so. ``value`` is cleaned (see ``clean``)."""
        return _has(value, self.said_en, self.said_zh)

    def asked_in(self, text: str) -> bool:
        """Whether a text uses one of the unmistakable words. ``text`` is cleaned."""
        return _has(text, self.asked_en, self.asked_zh)


_IMITATION: Final = re.compile(
    r"(?:faux|vegan|pu|imitation|artificial|synthetic|mock)[\s-]+(?:leather|fur|suede|wool|silk)"
    r"|人造[革皮毛]|仿真?[皮丝毛羊]|pu皮|超纤皮"
)
_EN_WORD: Final = re.compile(r"[a-z0-9%]+")


def clean(value: str) -> str:
    """A field's value as families read it: words between single spaces, imitations taken out."""
    text = _IMITATION.sub(" ", normalise(value))
    return f" {' '.join(_EN_WORD.findall(text))} \n{text.replace(' ', '')}"


def _has(cleaned: str, english: tuple[str, ...], chinese: tuple[str, ...]) -> bool:
    words, _, characters = cleaned.partition("\n")
    return any(f" {word} " in words for word in english) or any(word in characters for word in chinese)


_SAFE_WITHOUT_SE: Final = "黑白灰红橙黄绿蓝紫棕银"  # "红的" is a colour, "米的" a length


def _colour(en: str, zh: str, said_en: str = "", said_zh: str = "", asked_en: str = "") -> Family:
    names = zh.split()
    asked = (en, *asked_en.split())
    asked_zh = (*(f"{name}色" for name in names), *(f"{name}的" for name in names if name in _SAFE_WITHOUT_SE))
    said_zh_all = (*names, *said_zh.split())
    return Family(en, f"{names[0]}色", asked, asked_zh, (*asked, *said_en.split()), said_zh_all)


COLOURS: Final[tuple[Family, ...]] = (
    _colour("black", "黑", "ebony jet onyx"),
    _colour("white", "白", "ivory", "象牙 奶油"),
    _colour("grey", "灰", "graphite charcoal slate", "", "gray"),
    _colour("red", "红", "crimson scarlet burgundy wine maroon", "酒红 枣红"),
    _colour("pink", "粉", "blush rose", "樱花"),
    _colour("orange", "橙 橘", "amber coral", "珊瑚"),
    _colour("yellow", "黄", "mustard lemon", "姜黄"),
    _colour("green", "绿", "olive sage mint emerald khaki", "橄榄 薄荷 墨绿"),
    _colour("blue", "蓝", "navy azure cobalt indigo sky denim", "藏青 靛"),
    _colour("navy", "藏青", "", "深蓝 藏蓝"),
    _colour("purple", "紫", "violet lilac lavender plum", "薰衣草", "violet"),
    _colour("brown", "棕 褐 咖啡", "walnut chocolate coffee tan camel mocha", "咖 驼 胡桃"),
    _colour("beige", "米 杏", "cream oat oatmeal sand ecru natural", "燕麦 沙"),
    _colour("gold", "金", "golden champagne", "香槟", "golden"),
    _colour("silver", "银", "", "", "silvery"),
)

# A colour word that is no colour.
NOT_COLOURS: Final = re.compile(
    r"\b(?:green|black|white|red) tea\b|\bwhite noise\b"
    r"|\borange juice\b|\b(?:red|white) wine\b|\bbrown (?:sugar|rice)\b"
    r"|\bblack (?:friday|sesame|pepper|coffee)\b|\bsilver (?:jewell?ery|spoon)\b|\bgold(?:en)? retriever\b|\bgreens\b"
)


def _material(en: str, zh: str, asked_zh: str, said_en: str = "", said_zh: str = "", asked_en: str = "") -> Family:
    asked = tuple(asked_en.replace("_", " ").split(",")) if asked_en else (en,)
    said = (en, *asked, *(word.replace("_", " ") for word in said_en.split()))
    asked_in_chinese = tuple(asked_zh.split())
    return Family(en, zh, asked, asked_in_chinese, said, (*asked_in_chinese, *said_zh.split()))


MATERIALS: Final[tuple[Family, ...]] = (
    _material("pure cotton", "纯棉", "纯棉 全棉", "", "100%棉 棉100% 100%新疆", "pure_cotton,100%_cotton"),
    _material("cotton", "棉", "棉质 棉布 棉的", "", "棉"),
    _material("linen", "亚麻", "亚麻 麻布", "flax", "麻"),
    _material("wool", "羊毛", "羊毛", "merino lambswool", "", "wool,merino"),
    _material("cashmere", "羊绒", "羊绒 山羊绒"),
    _material("silk", "真丝", "真丝 蚕丝 丝绸 桑蚕丝", "mulberry"),
    _material(
        "down", "羽绒", "羽绒 鹅绒 鸭绒", "", "", "goose_down,duck_down,down_jacket,down_duvet,down_pillow,down_filled"
    ),
    _material("leather", "真皮", "真皮 牛皮 皮质 皮革 皮的 皮面", "cowhide calfskin", "羊皮"),
    _material("bamboo", "竹", "竹制 竹子 竹纤维 竹的 竹质", "", "竹"),
    _material(
        "wooden", "木", "木质 木制 实木 木头", "oak walnut beech pine acacia ash rubberwood", "木", "wooden,wood"
    ),
    _material("stainless steel", "不锈钢", "不锈钢"),
    _material("cast iron", "铸铁", "铸铁 生铁"),
    _material("aluminium", "铝", "铝合金 铝制 铝的", "", "铝", "aluminium,aluminum"),
    _material("titanium", "钛", "钛合金 纯钛 钛的", "", "钛"),
    _material("ceramic", "陶瓷", "陶瓷 瓷器 瓷的", "stoneware porcelain", "瓷 陶", "ceramic,porcelain"),
    _material("glass", "玻璃", "玻璃"),
    _material("silicone", "硅胶", "硅胶"),
    _material("canvas", "帆布", "帆布"),
    _material("nylon", "尼龙", "尼龙 锦纶"),
    _material("polyester", "聚酯纤维", "聚酯 涤纶"),
    _material("latex", "乳胶", "乳胶"),
    _material("memory foam", "记忆棉", "记忆棉 记忆绵"),
    _material("velvet", "丝绒", "丝绒 天鹅绒"),
    _material("denim", "牛仔布", "牛仔"),
    _material("rattan", "藤", "藤编 藤制", "", "藤", "rattan,wicker"),
)

COLOUR_KEYS: Final = frozenset({"color", "colour", "colors", "colours", "颜色", "色彩", "花色"})
MATERIAL_KEYS: Final = frozenset(
    {"material", "materials", "fabric", "filling", "fill", "shell", "outer", "upper", "frame", "body", "surface"}
    | {"材质", "材料", "面料", "填充物", "填充", "主材", "鞋面", "外壳", "里料", "帮面材质", "表层材质"}
)
SIZE_KEYS: Final = frozenset({"size", "sizes", "尺码", "尺寸", "鞋码", "规格", "大小"})

_LETTER: Final = "xxxs|xxs|xs|s|m|l|xl|xxl|xxxl|[2-5]xl"
SIZE_ASKED: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\bsize\s+(?:an? |eu |uk |us )?({_LETTER}|small|medium|large|\d{{2}}(?:\.5)?)(?![a-z0-9])",
        rf"\bin (?:an? )?({_LETTER}|small|medium|large)(?![a-z0-9])",
        rf"(?<![a-z0-9])({_LETTER}|\d{{2}}(?:\.5)?)\s*[码号](?!线)",
        r"(?<![a-z0-9])(xxxs|xxs|xs|xl|xxl|xxxl|[2-5]xl)(?![a-z0-9])",
    )
)
_SIZE_NAMES: Final = {"small": "s", "medium": "m", "large": "l", "2xl": "xxl", "3xl": "xxxl"}
_SIZE_WORD: Final = re.compile(rf"(?<![a-z0-9.])({_LETTER}|small|medium|large|\d{{2}}(?:\.5)?)(?![a-z0-9.])")


def size_name(text: str) -> str:
    """One spelling per size: ``"Large"`` and ``"L"`` are ``"l"``."""
    plain = normalise(text)
    return _SIZE_NAMES.get(plain, plain)


def sizes_said(value: str) -> frozenset[str]:
    """The sizes that a size field's value names: ``"EU 42"`` names ``"42"``, ``"L (175/92A)"`` names ``"l"``."""
    head = re.split(r"[(（/,，]", normalise(value), maxsplit=1)[0].removesuffix("码").removesuffix("号")
    return frozenset(size_name(word) for word in _SIZE_WORD.findall(head)) | {size_name(head.strip())}
