"""Names of goods in Chinese text that no fact knows: “月光记忆枕”, 清风净化器.

Chinese has no capitals that tell a name, so the last characters do: a list of the heads of common goods. A head with two
characters or more before it that the facts do not have there is a name of its own. Goods whose head is on no list are
not seen unless they stand in quotation marks; a head alone (这盏灯, 台灯) is no name.
"""

# ruff: noqa: E501, SIM905 - a list of words reads best as text

import re
from collections.abc import Collection, Iterator
from typing import Final

_QUOTED: Final = re.compile(r"[\"“「『《](?P<name>[^\"”」』》\n，。；：！？]{3,24})[\"”」』》]")
_HAN: Final = re.compile(r"[㐀-鿿]{3,}")
_HEADS: Final = (
    "电饭煲 高压锅 空气炸锅 净化器 加湿器 吹风机 料理机 豆浆机 咖啡机 榨汁机 破壁机 洗衣机 洗碗机 烘干机 吸尘器 扫地机 取暖器 热水器 热水壶 水壶 "
    "投影仪 按摩仪 充电器 充电宝 数据线 移动电源 耳机 音箱 音响 鼠标 键盘 显示器 摄像头 手表 手环 平板 电脑 台灯 夜灯 吊灯 落地灯 阅读灯 风扇 空调 冰箱 "
    "四件套 三件套 套装 套组 礼盒 床单 被套 被子 枕头 枕 被 毯 毛毯 床垫 坐垫 抱枕 靠垫 地毯 地垫 瑜伽垫 窗帘 毛巾 浴巾 沙滩巾 围巾 丝巾 浴袍 睡衣 "
    "沙发 书桌 餐桌 升降桌 桌 椅子 餐椅 椅 凳 书架 置物架 鞋架 架 衣柜 鞋柜 柜 收纳箱 收纳盒 行李箱 拉杆箱 背包 双肩包 手提包 钱包 腰包 帆布袋 "
    "冲锋衣 羽绒服 卫衣 毛衣 羊毛衫 针织衫 衬衫 衬衣 外套 大衣 风衣 夹克 马甲 连衣裙 半身裙 裙 牛仔裤 运动裤 裤 袜 帽 手套 皮带 "
    "徒步鞋 运动鞋 跑鞋 凉鞋 拖鞋 帆布鞋 靴 保温杯 马克杯 玻璃杯 水杯 焖烧壶 茶壶 茶具 茶杯 杯 壶 锅 煎锅 炒锅 砧板 菜刀 刀具 餐具 碗 盘 饭盒 "
    "香薰机 香薰 蜡烛 花瓶 挂钟 闹钟 镜子 挂画 滑板车 自行车 平衡车 玩偶 积木 拼图 帐篷 睡袋 野餐篮 登山杖 雨伞 牙刷 剃须刀 洗发水 沐浴露 面膜 面霜 "
    "精华液 口红 香水 茶叶 坚果 咖啡豆 巧克力"
).split()
_HEAD: Final = re.compile(
    f"(?:{'|'.join(sorted(_HEADS, key=len, reverse=True))})(?=$|[的是在也还很非会可有和与跟或、卖要只目最采现价预这那呢吗吧哦更都能就怎多为适]"
    "|推荐|搭配|比较|售|一起|同样|同款|因为|从|将|由|需|打|支持|正)"
)
# What stands before a name and is no part of it.
_BEFORE: Final = re.compile(
    ".*(?:[的了是在有和与跟或及把给这那哪看买选要配挑试用款件个条双张套只盏台把瓶盒份种您我们它他请让为对就也都还很更最将由从到放进用里没说能不者]"
    "|推荐|搭配|购买|喜欢|了解|查看|关于|下单|包含|包括|另外|以及|还是|比如|例如|订购|退回|退掉|收到|一起|咱家|本店|店里|目前|现在|新款|热卖|热销)"
)
_NOT_NAMES: Final = frozenset(
    ("快递柜", "自提柜", "丰巢柜", "收件箱", "购物车", "洗衣机", "洗碗机", "烘干机", "吹风机", "手提电脑")
)


def unknown_goods(text: str, facts: str, allowed: Collection[str]) -> Iterator[tuple[int, int]]:
    """Places in ``text`` of Chinese names of goods that ``facts`` (case-folded) and allowed names do not have."""
    known = "\n".join((facts, *(name.casefold() for name in allowed)))
    if not _HAN.search(known):
        return
    quoted = []
    for match in _QUOTED.finditer(text):
        if _HAN.search(match["name"]) and match["name"].casefold() not in known:
            quoted.append(match.span("name"))
            yield match.span("name")
    for run in _HAN.finditer(text):
        for head in _HEAD.finditer(run.group()):
            start = _name_start(run.group()[: head.end()])
            name, at = run.group()[start : head.end()], run.start() + start
            inside = any(begin <= at < end for begin, end in quoted)
            if not inside and name not in _NOT_NAMES and not _is_known(name, known):
                yield at, run.start() + head.end()


def _name_start(text: str) -> int:
    """Where the name that ends ``text`` begins: after the last word that cannot be part of one."""
    match = _BEFORE.match(text)
    return match.end() if match and match.end() < len(text) else 0


def _is_known(name: str, known: str) -> bool:
    """Whether the facts have the name, its end as a name of their own, or most of it with one character before."""
    if len(name) <= 3 and len(name) < 3:
        return True
    tail = next(name[at:] for at in range(len(name) + 1) if name[at:] in known)
    rest = name[: len(name) - len(tail)]
    if len(tail) >= 2 and re.search(rf"(?:^|[^㐀-鿿]){re.escape(tail)}", known):
        return True
    return len(rest) < 2
