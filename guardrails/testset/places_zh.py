"""Made-up Chinese addresses: city and street, housing estate, pick-up station, village, campus, Hong Kong, Taiwan.

Districts are real, roads, estates and villages are invented or common, numbers are random.
"""

from random import Random

from guardrails.testset.numbers import digits

_DISTRICTS: tuple[str, ...] = (
    "北京市朝阳区",
    "上海市浦东新区",
    "广东省深圳市南山区",
    "浙江省杭州市西湖区",
    "四川省成都市武侯区",
    "江苏省南京市鼓楼区",
)
_DISTRICTS += (
    "湖北省武汉市洪山区",
    "陕西省西安市雁塔区",
    "山东省青岛市市南区",
    "福建省厦门市思明区",
    "重庆市渝北区",
    "天津市和平区",
)
_DISTRICTS += (
    "湖南长沙岳麓区",
    "河南郑州金水区",
    "广州市天河区",
    "辽宁大连沙河口区",
    "苏州工业园区",
    "云南省昆明市五华区",
    "合肥市蜀山区",
)
_ROADS: tuple[str, ...] = (
    "望月路",
    "青年路",
    "松柏大道",
    "文昌街",
    "临江东路",
    "建设二路",
    "学府路",
    "梅园街",
    "北辰西路",
    "滨湖南路",
    "石板巷",
    "芙蓉中路",
)
_ROADS += ("兴业大道", "百花四路", "中山东一路", "向阳街", "和平里西街", "翠竹路", "龙泉南路", "工农路")
_ESTATES: tuple[str, ...] = (
    "金桂花园",
    "碧水云天",
    "阳光里小区",
    "锦绣江南",
    "枫林雅苑",
    "御景湾",
    "幸福家园",
    "万和城",
    "保利心语",
    "翡翠公馆",
    "东湖名邸",
)
_ESTATES += ("水木清华苑", "丽景苑", "和谐家园", "梧桐墅", "书香门第", "时代天街", "春风里")
_TOWNS: tuple[str, ...] = (
    "河北省保定市清苑县大柳镇",
    "安徽省阜阳市颍上县江口镇",
    "广西玉林市博白县沙河镇",
    "贵州省遵义市湄潭县永兴镇",
    "江西省赣州市于都县岭背镇",
)
_TOWNS += ("河南省周口市太康县马头镇", "甘肃省天水市秦安县王窑乡", "湖南省邵阳市隆回县六都寨镇")
_VILLAGES = ("石桥村", "杨家湾村", "下坪村", "东岭村", "红旗村", "双井村", "柳林村", "上塘村")
_OFFICES = ("创智大厦", "星河中心", "国际金融广场", "云谷科技园", "腾飞大厦", "软件园二期")
_SCHOOLS = ("理工大学南校区", "师范大学东校区", "财经学院新校区", "农业大学")


def _home(rng: Random) -> str:
    building, unit, room = rng.randint(1, 38), rng.randint(1, 4), f"{rng.randint(1, 32)}0{rng.randint(1, 4)}"
    return rng.choice(
        (
            f"{building}号楼{unit}单元{room}室",
            f"{building}栋{room}",
            f"{building}幢{unit}单元{room}",
            f"{building}-{unit}-{room}",
            f"{building}座{room}室",
            f"{rng.choice('ABC')}栋{room}房",
        )
    )


def _street(rng: Random) -> str:
    return f"{rng.choice(_DISTRICTS)}{rng.choice(_ROADS)}{rng.randint(1, 999)}号"


def address(rng: Random) -> str:
    """A whole address of one of the usual forms."""
    return rng.choice((_city, _city, _city, _spaced, locker, village, office, campus, hong_kong, taiwan))(rng)


def _city(rng: Random) -> str:
    return rng.choice(
        (
            f"{_street(rng)}{rng.choice(_ESTATES)}{_home(rng)}",
            _street(rng),
            f"{rng.choice(_DISTRICTS)}{rng.choice(_ESTATES)}{_home(rng)}",
        )
    )


def _spaced(rng: Random) -> str:
    district = rng.choice(
        ("浙江省 宁波市 鄞州区", "广东省 东莞市 长安镇", "江苏省 无锡市 滨湖区", "山东省 济南市 历下区")
    )
    return f"{district} {rng.choice(_ROADS)}{rng.randint(1, 400)}号{rng.choice(_ESTATES)}{_home(rng)}"


def estate(rng: Random) -> str:
    """Estate, building and room without a city."""
    return rng.choice(_ESTATES) + rng.choice(("", "", "二期", "东区")) + _home(rng)


def locker(rng: Random) -> str:
    """A pick-up station."""
    kind = rng.choice(("菜鸟驿站", "丰巢快递柜", "妈妈驿站", "京东快递自提点", "菜鸟驿站（东门店）"))
    return rng.choice(
        (
            f"{_street(rng)}{rng.choice(_ESTATES)}{kind}",
            f"{rng.choice(_ESTATES)}{rng.choice(('南门', '北门', '3号楼下'))}{kind}",
        )
    )


def village(rng: Random) -> str:
    """A rural address."""
    group = rng.choice(("", f"{rng.randint(1, 12)}组", f"第{rng.choice('一二三四五六')}村民小组"))
    door = rng.choice(("", f"{rng.randint(1, 120)}号"))
    return f"{rng.choice(_TOWNS)}{rng.choice(_VILLAGES)}{group}{door}"


def office(rng: Random) -> str:
    """A desk in an office building."""
    floor = f"{rng.randint(2, 40)}{rng.choice(('层', '楼', 'F'))}"
    place = rng.choice(("", "前台", f"{rng.randint(1, 40):02d}室"))
    return f"{_street(rng)}{rng.choice(_OFFICES)}{rng.choice(('', 'A座', '3号楼'))}{floor}{place}"


def campus(rng: Random) -> str:
    """A room on a campus."""
    house = f"{rng.randint(1, 20)}{rng.choice(('舍', '号宿舍楼', '公寓'))}"
    return f"{rng.choice(_DISTRICTS)}{rng.choice(_SCHOOLS)}{house}{rng.randint(1, 7)}{digits(rng, 2)}"


def hong_kong(rng: Random) -> str:
    """An address in Hong Kong."""
    place = rng.choice(("香港九龍旺角", "香港铜锣湾", "新界沙田", "九龙观塘", "香港中環"))
    road = rng.choice(("豉油街", "駱克道", "沙田正街", "鸿图道", "弥敦道", "砵甸乍街"))
    house = rng.choice(("興發大廈", "海景中心", "富贵阁", "恒丰工业大厦"))
    return f"{place}{road}{rng.randint(1, 300)}号{house}{rng.randint(1, 35)}楼{rng.choice('ABCDEFG')}室"


def taiwan(rng: Random) -> str:
    """An address in Taiwan."""
    place = rng.choice(
        ("台北市大安區和平東路一段", "新北市板橋區文化路二段", "台中市西屯區福星路", "高雄市三民區建工路")
    )
    door = rng.choice(("號", f"巷{rng.randint(1, 30)}號"))
    return f"{place}{rng.randint(1, 400)}{door}{rng.randint(2, 12)}樓{rng.choice(('', '之1', '之3'))}"


def address_block(rng: Random) -> str:
    """An address over several lines."""
    return f"{rng.choice(_DISTRICTS)}\n{rng.choice(_ROADS)}{rng.randint(1, 999)}号\n{rng.choice(_ESTATES)}{_home(rng)}"


def postcode(rng: Random) -> str:
    """A Chinese postal code."""
    return rng.choice(("100", "200", "518", "310", "610", "430", "710", "266", "361", "225")) + digits(rng, 2) + "0"
