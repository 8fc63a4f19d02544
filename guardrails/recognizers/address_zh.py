"""Chinese addresses: 省市区县 街道路巷 号 小区 楼栋单元室, parcel stations, and what follows 地址 or 寄到.

Words before the address (我住在, 麻烦寄到) are cut off at the last verb before the first place word.
Does not see a single place name, a district alone, or an address without a number and without a cue.
"""
# ruff: noqa: E501 - expressions and lists stay on one line, so that they can be searched

import re
from collections.abc import Iterator

from guardrails.recognizers.rule import Hit, Recognizer, Rule

_HAN = r"\u4e00-\u9fff"
PROVINCES = "北京|上海|天津|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南|陕西|甘肃|青海|台湾|内蒙古|广西|西藏|宁夏|新疆|香港|澳门"
_CITIES = (
    "广州|深圳|杭州|南京|苏州|无锡|常州|宁波|温州|嘉兴|绍兴|金华|武汉|成都|西安|长沙|郑州|青岛|济南|烟台|大连|沈阳|哈尔滨|长春|石家庄|太原|合肥|南昌|福州|厦门|泉州|昆明|贵阳|南宁|海口|三亚|兰州|西宁|银川|乌鲁木齐|呼和浩特|拉萨|佛山|东莞|珠海|中山|惠州|汕头|潍坊|洛阳|徐州|南通|扬州|盐城|台州|义乌|唐山|保定|"
    "朝阳区|海淀区|东城区|西城区|丰台区|石景山区|通州区|昌平区|大兴区|顺义区|房山区|浦东|徐汇|静安|黄浦|长宁|普陀|虹口|杨浦|闵行|宝山|嘉定|松江|天河|越秀|海珠|白云区|番禺|南山区|福田|罗湖|宝安|龙岗|西湖区|余杭|滨江区|武侯|锦江|青羊|雁塔|江宁|鼓楼区|玄武|建邺"
)
_CHAR = rf"[{_HAN}A-Za-z0-9]"
_AREA = r"(?:省|市|自治区|自治州|州|盟|区|县|旗|镇|乡|街道|村|开发区|新区)"
_ROAD = r"(?:路|街|大道|道|巷|弄|胡同|里|条|大街|公路|高速|桥|庄|园|苑|小区|家园|花园|花苑|新村|公寓|广场|大厦|中心|城|府|庭|湾|居|寓|坊|屯|楼)"
_NUM = r"[甲乙丙丁东西南北附临]?(?:\d{1,5}|[A-Za-z]\d{0,4}|[一二三四五六七八九十百]{1,4})(?:[-—之、]\d{1,5}){0,3}"
_UNIT = rf"(?:(?:[东西南北][塔座楼区])?{_NUM}(?:号院|号楼|号门|号|斋|栋|幢|座|单元|楼|层|室|房|床|户|弄|队|组|区|米|门|期|[Ff](?![a-z]))(?:内|旁|附近|对面|院内|院|底商)?)"
_TAIL_ROOM = r"(?:[A-Za-z]?\d{1,4}(?:-\d{1,5}){0,2}室?(?!\d|[元块年月日个件天折%]))"
_PAREN = r"(?:\([^()\n]{1,30}\))"
_LAST = rf"(?:(?:[{_HAN}]{{1,12}}?(?:大厦|广场|中心|公寓|小区|楼|馆|酒店|店|院|门|站|口|侧|面|旁|驿站|超市|附近|交界处|交汇处|路口|前台|附楼|底商|商场|城|村|园|苑)){{0,3}})"
_AWAY = r"(?:[往向][东南西北]\d{1,4}米(?:路[东南西北])?)?"
_NUMBERED = re.compile(
    rf"(?P<lead>[{_HAN}A-Za-z]{{1,24}}?)(?P<road>{_ROAD}|{_AREA})(?:{_CHAR}{{0,10}}?(?:{_ROAD}))?[,\s]?(?P<units>{_UNIT}(?:[,\s]?(?:{_LAST}|[{_HAN}]{{2,6}}?)[,\s]?(?:{_UNIT}))*)(?:{_TAIL_ROOM})?{_LAST}(?:{_UNIT}{_TAIL_ROOM}?{_LAST})?{_AWAY}{_PAREN}?"
)
_CHAIN = re.compile(
    rf"(?:{PROVINCES}|{_CITIES})(?:省|市|自治区|特别行政区)?[,\s]?(?:[{_HAN}]{{1,8}}?(?:省|市|州|盟|区|县|旗|镇|乡|街道)[,\s]?){{1,4}}"
    rf"(?:[{_HAN}A-Za-z0-9]{{1,14}}?(?:路|街|大道|巷|弄|胡同|镇|乡|村|街道|小区|花园|大厦|公寓|家园|新村))(?:[{_HAN}]{{1,8}}?(?:交叉口|路口|对面|旁|附近|东侧|西侧|南侧|北侧|村))?{_AWAY}"
)
_CUED = re.compile(
    r"(?:(?:收货|收件|寄件|送货|家庭|公司|详细|通讯|联系|新的?|我的?|配送|退货|居住)?(?:地址|住址)(?:[就改换变]?[是为在成到]{1,2}|[:，,])[\s:]?|(?:我|家|现在|本人)?(?:就|都)?住在|(?:寄|送|发|邮|派|改|换)(?:到|至|往|成)[\s:]?|位于|坐落于?)"
    r"(?P<v>[^,，。!?！？;；\n:：]{4,48}(?:,(?!\s?(?:邮编|邮政编码|电话|手机|收件|联系|姓名))(?=[^,。!?;\n]{0,12}\d)[^,。!?;\n:]{2,30}){0,2})"
)
_ESTATE = re.compile(
    rf"(?P<lead>[{_HAN}A-Za-z0-9]{{2,16}}?)(?P<units>(?:[{_HAN}A-Za-z](?:花园|家园|小区|公寓|嘉园|苑|城|府|里|湾|庭|园|院|座|期|塔|村|区|寓)|(?:公寓|小区|花园|家园))\s?"
    rf"(?:\d{{1,3}}(?:[-—#]\d{{1,4}}){{1,3}}室?|[A-Za-z]?\d{{0,2}}(?:座|塔|栋|幢|号楼|楼)\s?\d{{3,4}}[室房号]?|\d{{1,2}}(?:公寓|号楼|栋|幢)\d{{3,4}}[室房号]?|\d{{3,4}}[室房号]|\d{{1,2}}\s\d{{1,2}}[层楼]|\d{{1,3}}(?:栋|幢|座|号楼)[A-Za-z](?:座|栋|单元)\d{{3,4}}|\d{{1,3}}[幢斋](?:\d单元)?(?:\d{{3,4}}室?)?)|(?<=[{_HAN}]{{3}})\d{{1,3}}(?:幢|栋|号楼)(?:[一二三四\d]单元)?(?:\d{{3,4}}室?)?|(?:医院|住院部|大楼|宿舍楼?|大学|学院|校区|酒店|宾馆)\s?\d{{0,2}}[楼层]?\s?\d{{1,4}}[床室房])(?![\d元块月日年个件])"
)
"""An estate with a bare chain of numbers: 翠湖花园8-2-301, 三期B座2807."""
_STATION = re.compile(rf"[{_HAN}A-Za-z0-9]{{2,16}}?(?:菜鸟驿站|丰巢柜?|快递柜|自提点|代收点|快递驿站|妈妈驿站)")
_PLACE = re.compile(rf"{PROVINCES}|{_CITIES}|{_AREA}|{_ROAD}|号|栋|单元|室|桥|站|口|侧|门|旁|院|山|湖|岛|场")
_QUESTION = re.compile(
    r"哪|什么|吗|呢|么|多少|怎|几|谁|是不是|能不能|可以|没有|不对|错|写|填|改一下|修改|告诉|信息|需要|一下|快递|仓库|客服|酒店的|景点"
)
_LEAD = re.compile(
    r"^.*(?:地址|住址|住在|位于|坐落|寄到|送到|发到|寄往|寄至|送至|派到|邮到|改成|改到|换成|换到|变成|发往|收货|现在|家在|公司在|搬到|搬去|就是|应该是|是在|就在|麻烦|帮我|请|去|到|在|是|为|给|住(?!院)|我家?|从)"
)
_NAMED = re.compile(rf"(?:{PROVINCES}|{_CITIES})")
_NOT_LEAD = re.compile(
    r"订单|快递|商品|型号|尺码|积木|模型|[这那哪某一]款|电话|手机|价格|评分|房间|这个|那个|你们|我们|他们|一共|大概|大约|怎么|什么|第"
)


def _trim(text: str, start: int, end: int) -> int:
    """Where the address begins in ``text[start:end]``: at a known place, else behind the last verb of the lead."""
    named = _NAMED.search(text, start, end)
    if named:
        return named.start()
    lead = _LEAD.match(text[start : min(end, start + 24)])
    if lead and lead.end() < end - start - 2 and _PLACE.search(text, start + lead.end(), end):
        return start + lead.end()
    return start


class AddressZh(Recognizer):
    """Chinese addresses."""

    def find(self, text: str) -> Iterator[Hit]:
        """Values in normalised text."""
        for match in _NUMBERED.finditer(text):
            start = _trim(text, match.start(), match.start("units"))
            if not _NOT_LEAD.search(text[start : match.start("units")]):
                yield Hit("ADDRESS", start, match.end(), 0.7, "address_zh.numbered")
        for match in _ESTATE.finditer(text):
            start = _trim(text, match.start(), match.end("units"))
            if not _NOT_LEAD.search(text[start : match.start("units")]):
                yield Hit("ADDRESS", start, match.end(), 0.65, "address_zh.estate")
        for match in _CHAIN.finditer(text):
            yield Hit("ADDRESS", *match.span(), 0.45, "address_zh.chain")
        for match in _CUED.finditer(text):
            value = match.group("v")
            if _PLACE.search(value) and not _QUESTION.search(value):
                yield Hit("ADDRESS", *match.span("v"), 0.7, "address_zh.cued")
        for match in _STATION.finditer(text):
            start = _trim(text, *match.span())
            if match.end() - start > 5:
                yield Hit("ADDRESS", start, match.end(), 0.6, "address_zh.station")


def recognizer(language: str) -> Recognizer:
    """The recognizer for Presidio's registry."""
    marker = Rule("address_zh", "ADDRESS", re.compile(r"(?!)"), 0.0)  # tells Presidio the kind
    return AddressZh("address_zh", (marker,), language)
