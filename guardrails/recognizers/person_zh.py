"""Chinese names: after a cue (我叫, 收件人, 姓名…), beside a mobile number, with a form of address, or alone.

A name is a listed surname and one or two characters; what follows must not read on as a word.
Does not see names without any of these, nor nicknames; 王先生 counts as a name.
Source: the surnames are the four hundred most frequent of China's 2020 census report and common compound ones.
"""
# ruff: noqa: E501, SIM905 - expressions and lists stay on one line, so that they can be searched

import re
from collections.abc import Iterator

from guardrails.recognizers.name_lists import SURNAMES
from guardrails.recognizers.rule import Hit, Recognizer, Rule

_HAN = r"\u4e00-\u9fff"
# characters that end a name because they begin what follows
_NOT_GIVEN = "的是了吗呢吧啊呀哦地在住想要我你他她它和与跟及也有号买订退换查收寄送到从给被把让请问先这那哪没不就都还说叫可能会去来过着手机电话邮微身份证码女士男"
_GIVEN = rf"(?:[{_HAN}](?<![{_NOT_GIVEN}])){{1,2}}"
_DOT_NAME = rf"[{_HAN}]{{2,6}}(?:·[{_HAN}]{{2,8}}){{1,3}}"
_NAME = rf"(?:{_DOT_NAME}|(?:{SURNAMES}){_GIVEN})"
_END = rf"(?=$|[^{_HAN}]|[{_NOT_GIVEN}]|先生|女士|小姐|同学|老师|本人|地址|联系|订单|麻烦|帮|查|谢谢|住址|收货|快递|编号|注册)"
_STRONG = re.compile(
    rf"(?:我叫做?|本人叫?|名字[叫是为]?|姓名[是为叫]?|全名[是为叫]?|真名[是叫]?|(?:收件|收货|联系|签收|寄件|取件|购买|下单|持卡|开户|申请|投保|受益|紧急联系|代收)人(?:姓名|名字)?(?:[是为叫改成换]{{1,3}})?|抬头[是为]?|户名[是为]?|叫我|称呼我)"
    rf"[\s:,是]{{0,3}}(?P<v>{_NAME})(?:{_END}|)"
)
_WEAK = re.compile(
    rf"(?:我是|这是|这里是|您好我是|我姓名|他叫|她叫|叫做|名叫|寄给|送给|[爸妈弟妹哥姐友妻夫朋]叫)(?P<v>(?:{SURNAMES}){_GIVEN})(?={_END[3:-1]})"
)
_TITLED = re.compile(
    rf"(?<![老小{_HAN}])(?P<v>(?:{SURNAMES})(?:{_GIVEN})?)(?:先生|女士|小姐|太太|老师|同学|师傅|阿姨|经理)|(?:我姓|免贵姓|本人姓|姓)(?P<w>{SURNAMES})(?=[,。!?\s叫]|$)"
)
_BESIDE_PHONE = re.compile(
    rf"(?:(?<![{_HAN}])(?P<v>{_NAME})[\s,:;、/|]{{0,3}}(?=(?:电话|手机)?[\s:]{{0,2}}(?:\+?86[\s-]?)?1[3-9]\d[\s-]?\d{{4}})|(?<=\d{{4}})[\s,;、/|]{{1,3}}(?P<w>{_NAME})(?![{_HAN}]))"
)
_ALONE = re.compile(rf"^\s*(?P<v>(?:{SURNAMES})[{_HAN}]{{1,2}})\s*(?:$|[,。.]?\s*(?:邮编|\d{{6}}))")
_NOT_NAMES = frozenset(
    """
    谢谢 谢谢你 谢谢您 谢谢啊 谢谢了 黄金 黄色 黄金会员 白色 白金 白金会员 高级 高级会员 金牌 金色 马上 马上到 于是 方便 成功 安全 安装 安排 安心 安徽 成都 江苏 江西 常用 常见
    常州 时间 时候 明天 明白 明白了 明年 和平 和你 向你 万一 全部 全新 温馨 温度 温州 康复 文件 文具 牛奶 牛仔裤 牛肉 包邮 包装 包裹 包包 毛衣 毛巾 水杯 石家庄 石头 单独
    单号 单价 管理 管用 查询 查看 查一下 查订单 查快递 连接 连衣裙 解决 解释 解约 时尚 路由器 路上 游戏 游戏机 宁波 宁夏 尚未 符合 项目 项链 车载 应该 应用 边框 商品 商家
    商城 商务 席位 费用 费劲 冷静 冷藏 全额 全棉 安卓 金额 金属 雷达 雷锋 白天 高兴 高温 高低 高清 高端 方案 方法 方式 方向 余额 余下 何时 何必 任何 任意 唐山 广东 夏天
    夏季 夏凉被 秦皇岛 江南 沙发 沙滩 华为 农行 司机 师傅 荣耀 明细 池州 查收 麻烦 麻烦你 古代 吉林 艾滋 简单 简约 车子 车厘子 游客 管家 童装 童鞋 米色 米饭 成人 成品 卫衣
    卫生 卫生间 宗旨 应急 应付 关于 关闭 关注 左右 左边 兰州 温水 易碎 易用 施工 常温 汤锅 向导 武汉 孔雀 贺卡 陶瓷 龙虾 史上 江边 尹氏 段落 郝然 顾客 钱包 严重 万达 程序
    金卡 银卡 钟表 石材 夏装 方形 孟加拉 白酒 红包 高跟鞋 马桶 胡椒 林业 何种 郑州 宋体 许多 许可 曾经 田园 董事 叶子 蒋介 苏州 魏晋 沈阳 任务 范围 陆续 贾湖 夏日 侯门 熊猫
    白糖 江湖 雷电 龙井 毛毯 万元 钱款 武术 莫非 常规 文字 牛排 葛根 安静 齐全 乔迁 颜色 章节 申请 申诉 欧洲 耿直 焦虑 俞氏 柳州 甘肃 祝你 祝您 梅花 凌晨 毕竟 单人 季节
    季度 成交 苗条 谷物 盛大 曲线 路线 房间 房子 屈服 穆斯林 卓越 连续 麦片 景点 景色 党员 宫廷 冷水 和田
    """.split()
)


def _plausible(name: str) -> bool:
    return name not in _NOT_NAMES and name[:2] not in _NOT_NAMES


class PersonZh(Recognizer):
    """Chinese names."""

    def find(self, text: str) -> Iterator[Hit]:
        """Values in normalised text."""
        for pattern, score, rule in (
            (_STRONG, 0.85, "person_zh.cue"),
            (_WEAK, 0.7, "person_zh.weak_cue"),
            (_TITLED, 0.6, "person_zh.title"),
            (_BESIDE_PHONE, 0.8, "person_zh.beside_phone"),
            (_ALONE, 0.6, "person_zh.alone"),
        ):
            for match in pattern.finditer(text):
                group = "v" if match.group("v") else "w"
                if _plausible(match.group(group)):
                    yield Hit("PERSON", *match.span(group), score, rule)


def recognizer(language: str) -> Recognizer:
    """The recognizer for Presidio's registry."""
    marker = Rule("person_zh", "PERSON", re.compile(r"(?!)"), 0.0)  # tells Presidio the kind
    return PersonZh("person_zh", (marker,), language)
