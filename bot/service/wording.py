"""How customers say it: the few words, in both languages, by which code reads a request about an order.

Tables only. They name operations, scales and hedges, never a product or an option of a shop: those come from the
shop's own records.
"""

import re
from typing import Final, Literal

Op = Literal["return", "exchange", "cancel", "address", "payment", "account_address"]

COLOURS: Final = (
    "black|white|gr[ae]y|silver|gold|red|pink|orange|yellow|green|blue|navy|purple|brown|beige|lighter|darker"
)

OPS: Final[dict[Op, re.Pattern[str]]] = {
    "account_address": re.compile(
        r"\b(?:user|default|profile|account|home)\b(?:\s(?:shipping|delivery))?\saddress|address\s(?:in|on|for|of)\s(?:my|the)\s(?:profile|account)|\bon\smy\s(?:account|profile)\b"
        r"|\baddress\b[^.]{0,30}\b(?:for|of|in|on)\s(?:the|my)\s(?:account|profile)\b"
        r"|(?:默认|账户|账号|个人资料|资料)里?的?(?:收货)?(?:地址|住址)"
    ),
    "address": re.compile(
        r"\b(?:chang|updat|modif|correct|fix|edit|switch|redirect|us)\w*\b[^.]{0,90}\baddress(?:es)?\b"
        r"|\b(?:need|want|like)\b[^.]{0,20}\b(?:different|new|other|another)\b[^.]{0,20}\baddress\b"
        r"|\baddress(?:es)?\b[^.]{0,60}\b(?:chang|updat|modif|correct|wrong|fix)"
        r"|\b(?:ship|send|deliver|redirect)\b[^.]{0,40}\bto\b[^.]{0,60}(?:address|home|office|\d)"
        r"|\b(?:have|get|want|like|need|please)\b[^.]{0,60}\b(?:sent|shipped|delivered|redirected)\sto\b[^.]{0,40}(?:address|home|office|instead|\d)"
        r"|\b(?:goes|go|going)\sto\b[^.]{0,60}(?:<address|address|\s\d)"
        r"|(?:改|换|变更|更新|修改|填错|写错)[^。]{0,12}地址|地址[^。]{0,16}(?:改|换|变|错)|(?:改寄|寄[到往去至]|送到|发到)(?!了|哪)"
    ),
    "payment": re.compile(
        r"\b(?:change|switch|modify|update|use|pay)\w*\b[^.]{0,50}\bpay(?:ment|ing)?\b(?:\smethod)?"
        r"|\b(?:have|get|want|like)\b[^.]{0,25}\border\b[^.]{0,20}\b(?:charged|billed|paid)\b|\bpay\b[^.]{0,40}\b(?:differently|another\sway|a\sdifferent\sway)\b"
        r"|\bpay(?:ment)?\b[^.]{0,30}\b(?:with|to|instead)\b[^.]{0,30}\binstead\b"
        r"|\bchange\b[^.]{0,20}\bhow\si\s(?:paid|pay)\b|\bpay\b[^.]{0,40}\bwith\b[^.]{0,30}\bthan\b"
        r"|(?:换|改|更换|变更|修改)[^。]{0,12}(?:支付|付款)|(?:换|改|用)[^。，]{0,10}付(?:$|[，。！吧了,])|(?:支付|付款)方式[^。]{0,8}(?:换|改)"
    ),
    "cancel": re.compile(
        r"\bcanc(?:el|le|l)\w*|\bstop\b[^.]{0,20}\b(?:it|mine|my|order|that|shipping)\b|\b(?:remove|drop|take)\b[^.]{0,60}\b(?:from|off|out\sof)\b|\bcall\soff\b"
        r"|\b(?:do\snot|don'?t|no\slonger)\s(?:need|want)\b"
        r"|取消|去掉|拿掉|撤(?:单|销)|别(?:给我)?(?:寄|发)(?!错|[\u4e00-\u9fff]{1,3}色)|别发(?:货)?了|不想要了|不要了|拍错"
    ),
    "return": re.compile(
        r"\breturn(?:ing|s)?\b|\bgo(?:es|ing)?\sback\b|\bsend\b[^.]{0,40}\bback\b|\bmoney\sback\b|\b(?:send|give|ship)(?:ing)?\b[^.]{0,40}\bback\b|\b(?:get|want)\b[^.]{0,20}\bmoney\sback\b"
        r"|\b(?:it|them|these|those|all|both)\sback\b(?=\W*(?:$|please|and|now|then))"
        r"|\brefund\b(?!\s(?:it\s)?(?:to|status))|退(?!换|步|休|出|款政策|货政策|货规则)"
    ),
    "exchange": re.compile(
        r"\b(?:one|half\sa|a)\ssize\s(?:up|down)\b|\bcan\s(?:it|they)\sbecome\b|"
        r"\b(?:can|could|may|might)\s(?:the|my|this|that|it|they|these|those)\b[^.?]{0,40}\b(?:be|come|become)\b[^.?]{0,60}\b(?:instead|rather\sthan|not)\b|"
        r"\b(?:the|my|this|that|these|those)\s(?!(?:\w+\s)?(?:address|refund|order|parcel|package|payment|delivery|money|invoice))[^.,;]{2,40}?\bshould\s(?:have\sbeen|be)\s(?:an?\s|in\s|for\s|the\s)?(?!here|there|with|at\b|on\b|sent|cancel|return|refund|deliver|ship|possible|able|fine|done|used|arriv|charg|paid|updat|correct|chang|your|my)|"
        r"\brather\s(?:have|get|take)\s(?:it|them|the|my|one)\b[^.]{0,40}\bin\b|\bshould(?:'ve|\shave)\s(?:been|taken|got|ordered)\b"
        r"|\b(?:have|get|make|want|in)\b[^.]{0,60}\binstead\b|\bmake\b[^.]{0,40}\b(?:big|small|large|\d)|"
        rf"\binstead\sof\b|\bin\s[^.,]{{1,20}},\snot\b|\bmake\b[^.]{{0,40}}\b(?:{COLOURS}|size|x?[sml]|xx?l)\b"
        r"|\b(?:one|it|they|that|both|\w+\d+)\b[^.]{0,20}\bshould\sbe\s(?!here|with|at|in|cancel|return|deliver)|"
        r"\b(?:exchang|swap|replac|upgrad|modif)\w*|\btrad(?:e|ing)\s(?:it|them|that|this|my|the)\b|\bmake\s(?:it|that|them)\s(?:the|an?)\b|\bswitch(?:ed|ing)?\b(?!\stype)|\bchang(?:e|ed|ing)\b(?!\s(?:my|our)\smind)|\bdifferent\s(?:size|colou?r|one)\b"
        r"|\b(?:get|want)\sa\snew\s(?:pair|one)\b|换|改(?:成|为|一下)|改(?=[\u4e00-\u9fff]{0,2}[绿白黑灰红蓝紫黄粉棕青]|[男女smlxSMLX\d])|要[\u4e00-\u9fff]{1,4}色|要[绿白黑灰红蓝紫黄粉棕]的|应该是|调换"
    ),
}  # fmt: skip
"""In order of precedence: what speaks of an address is about an address, whatever verb it has."""

WHOLE: Final = re.compile(
    r"\b(?:everything|all\s(?:of\s)?(?:the\s|my\s|these\s|those\s)?(?:items?|things|products|it|them)|every\sitem"
    r"|whole\sorder|entire\sorder|all\sof\s(?:it|them)|both\sitems?)\b|全部|所有(?:商品|东西)?|整单|整个订单|都(?:退|换|不要)"
)
EVERY_ORDER: Final = re.compile(
    r"\b(?:all|both|every|each|any)\b(?:\sof)?(?:\smy|\sthe|\sthese)?(?:\s(?:pending|open|possible|delivered|two|unshipped))*\s(?:orders?|ones)\b"
    r"|(?:所有|全部|两个|每个|都是)的?(?:未发货的?)?订单"
)
EVERY_ADDRESS: Final = re.compile(
    r"\b(?:all|both|every|each)\b[^.]{0,20}\border|\baddresses\b|(?:所有|全部|两个)[^。]{0,6}(?:订单|地址)"
)
EXPLICIT: Final = re.compile(
    r"^(?:(?:and|also|then|so|next|finally|please|actually|first|second|hmm|wait|no|ok|well|now|in\saddition|one\smore\sthing|i\schanged\smy\smind"
    r"|that\ssaid|by\sthe\sway)[,:\s]+)*"
    r"(?:(?:i|we)(?:'d|\sam|'m)?\s(?:also\s|just\s|really\s|actually\s|still\s)*(?:want|need|wish|would|like|have\sto|prefer)"
    r"|(?:can|could|would|will)\s(?:you|i|we)|please|just\s(?:return|cancel|change|exchange)"
    r"|(?:cancel|return|exchange|swap|replace|change|modify|update|remove|send|refund|correct|get|give|make|ship|deliver|switch|upgrade)\b)"
    r"|\b(?:i|we)\s(?:want|need|wish|would\slike|'d\slike)\b|\b(?:can|could)\s(?:you|i|we)\b|\bplease\b|(?:帮|请|想|要|麻烦|能不能|可以|把|给我)"
)
"""A clause that asks for something by itself, rather than telling more of what was asked before."""
REST: Final = re.compile(
    r"\b(?:the\srest|the\sothers?|everything\selse|remove|take\b[^.]{1,60}?\s(?:out|off))\b|去掉|拿掉|别的|其他|其余"
)
"""Words by which a part of an order is meant, also where its number is named."""
KEPT: Final = re.compile(
    r"\b(?:keep(?:ing)?|not|without|except|besides)\s(?:the\s|my\s|that\s)?$|(?:保留|留着|不要动|除了)$"
)
KEPT_AFTER: Final = re.compile(
    r"^[^.;!?]{0,40}\b(?:stay(?:ing|s)?|(?:is|are)\s(?:fine|great|good|ok(?:ay)?)|i'?m\skeeping|i'?ll\skeep|can\sstay)\b"
    r"|^[^。；！？，,]{0,12}(?:留着|不退|不换|不动|保留|留下|没问题)"
)
SAME_AS: Final = re.compile(
    r"\bsame\b[^.]{0,40}\bas\b|\b(?:type|kind|one|version|model|size|colou?r)\s(?:that\s(?:is|was)\s)?in\s(?:my|the)\b[^.]{0,20}\border"
    r"|(?:跟|和|与)[^。]{0,16}(?:一样|同款|相同)"
)
OR_ABOVE: Final = re.compile(
    r"^\s?(?:or|and)\s(?:above|higher|better|more|up|larger|bigger)\b|^\s?(?:以上|或以上|及以上)"
)
ELSE: Final = re.compile(r"\b(?:else|otherwise|or\selse|failing\sthat)\b|否则|不然|其次")
EXCEPT: Final = re.compile(r"\b(?:except|but\snot|other\sthan|apart\sfrom|besides)\b|除了|以外|之外")
ONLY: Final = re.compile(r"\b(?:only|just|instead|rather|nothing\selse|changed\smy\smind)\b|只(?!是)|仅|改成只|还是")
ALSO: Final = re.compile(
    r"\b(?:also|too|as\swell|one\smore|another\sthing|in\saddition|add)\b|也|还有|另外|顺便|再(?:把|加)"
)
RECEIVED: Final = re.compile(r"\b(?:received|delivered|arrived|got|came|seem)\b|收到|到了|签收")
OPEN: Final = re.compile(
    r"\b(?:pending|unshipped|not\s(?:yet\s)?shipped|hasn'?t\s(?:yet\s)?(?:been\s)?(?:shipped|left|gone\sout|sent)|upcoming)\b|未发货|没发货|还没发|待发货|刚下"
)
TARGET: Final = re.compile(
    r"\bmake\s(?:it|them|that)\b|\b(?:for|to|into|with|by|become)\b(?!\s(?:the\s|my\s|an?\s)?(?:order|pay\s?pal|credit|debit|gift\s?card|card|visa|master\s?card|amex|american\sexpress|alipay|wechat|unionpay)\b)(?<!\b(?:want|need|like|wish|able)\sto)(?<!\bhave\sto)|换(?:成|为|个|一|(?=[smlx\d]))|改(?:成|为|(?=[smlx\d]))|要(?!求)|→|->"
)
CHEAPEST: Final = re.compile(r"\b(?:cheapest|least\sexpensive|lowest[-\s]priced?)\b|最便宜|最低价")
DEAREST: Final = re.compile(r"\b(?:most\sexpensive|priciest|dearest|highest[-\s]priced?)\b|最贵")
MORE_EXPENSIVE: Final = re.compile(r"\b(?:more\sexpensive|pricier|dearer)\b|(?:更|比较)?贵的?(?:那|一)")
LESS_EXPENSIVE: Final = re.compile(r"\b(?:less\sexpensive|cheaper)\b|(?:更|比较)?便宜的?(?:那|一)")
FREE: Final = re.compile(
    r"(?:do\snot|don'?t|doesn'?t|does\snot)\s(?:care|matter|mind)|\bno\smatter\b|\bany\s(?:other\s)?(?:colou?r|size|material|one|kind)\b"
    r"|\bwhatever\b|\bis\sfine\b|无所谓|都行|都可以|随便|不限"
)
SAME_THING: Final = re.compile(
    r"\bsame\s(?:item|one|product|model|specs?|specifications?|thing|kind|options?)\b|\bidentical\b|\bnew\sone\b"
    r"|\bnew\spair\b|同款|一模一样|一样的|新的"
)
PREFER: Final = re.compile(r"\bprefer\w*|\bideally\b|\bif\spossible\b|最好|优先|尽量")
OVER: Final = re.compile(r"\s(?:over|then|to|rather\sthan|>)\s|优先于|其次|，")
NOT: Final = re.compile(r"\b(?:not|no|non|without|isn'?t|un)[\s-]?(?:\w+\s)?$|(?:不|无|没有?|非|不要|别发?|不是)$")
INSTEAD_OF: Final = re.compile(r"\b(?:instead\sof|rather\sthan|not)\s|而不是")
_NEGATIVE = r"(?:not|no|n't|isn'?t|can'?t|cannot|unavailable|impossible|only)"
_THEN = r"(?:then|please|just|i|i'd|i'll|let's|do|leave|forget|cancel|return|exchange|change|transfer|keep|that|get)\b"
IF_NOT: Final = re.compile(
    rf"\bif\b(?P<when>[^.]{{0,120}}?\b{_NEGATIVE}\b[^.]{{0,120}}?)(?:[,;]\s+(?={_THEN})|\s(?=(?:cancel|return|exchange|change)\b))(?P<then>.+)"
    r"|\bif\s(?:that|this|it)\swould\b[^,;.]{0,80}[,;]\s+(?P<would>.+)"
    rf"|\bif\s(?:so|not|you\s(?:can't|cannot))\b[^,;]{{0,40}}[,;]\s+(?P<else>.+)"
    r"|(?:如果|要是|万一|实在)(?P<zh_when>[^，,。]{0,30}(?:不|没|无)[^，,。]{0,20})[，,]\s?(?:就|那就|那)?(?P<zh_then>.+)",
    re.DOTALL | re.IGNORECASE,
)
IF_SO: Final = re.compile(r"^if\sso[,;]?\s+", re.IGNORECASE)
QUESTION: Final = re.compile(
    r"^(?:hi[,!]?\s|hello[,!]?\s|one\ssec[,:.]?\s|wait[,:]?\s|sorry[,:]?\s|quick\squestion[,:]?\s|btw[,:]?\s|ok(?:ay)?[,.]?\s|all\sright[,.]?\s|hmm+[,.]?\s|but\s|actually[,]?\s|also[,\s]+|and\s|finally[,\s]+|so\s)*(?:what|which|how|when|where|why|who|whose|is|are|was|were|did|does|do(?!\snot|n't)|has|have\syou)\b"
    r"|(?:什么|多少|多久|多长|哪|(?<![前这好])几|吗|呢|怎么|如何|何时|是不是|有没有)[^。]*[?？]?$"
)
ASKED_FOR: Final = re.compile(
    r"\b(?:can|could|would|will)\s(?:you|i|we)\b|\b(?:want|need|would\slike|i'd\slike|please)\b|(?:帮|想|我要|(?<!申)请(?!问)|麻烦|给我|能不能|把)"
)
SOURCE: Final = re.compile(
    r"\b(?:to|as|is|with|at|use|using)\s(?:be\s)?(?:the\s)?(?:same\sas\s)?(?:my|the|her|his|our)?\s?(?:\w+\s){0,4}?(?:default|profile|home|user|account)\b|(?:成|为|到|用)(?:我的)?(?:默认|账户|资料)"
)
GREATER: Final = re.compile(
    r"\b(?:bigger|larger|longer|taller|brighter|higher|heavier|thicker|wider|stronger|more|greater|upgrade[d]?|faster)\b|\b(?:sizes?|one|half|step|number)\sup\b|\bnext\s(?:size|one)\sup\b"
    r"|(?:大|长|高|亮|厚|宽|重|多)(?:一?[点些码号]|的|\d)|更(?:大|长|高|亮|厚|宽|重|多)"
)
SMALLER: Final = re.compile(
    r"\b(?:smaller|shorter|lower|lighter|thinner|narrower|dimmer|less|fewer|weaker)\b|\b(?:sizes?|one|half|step|number)\sdown\b"
    r"|(?:小|短|低|暗|薄|窄|轻|少)(?:一?[点些码号]|的|\d)|更(?:小|短|低|暗|薄|窄|轻|少)"
)
STEP: Final = re.compile(r"\b(?:one|a|1)\ssize\b|\bslightly\b|\ba\s(?:bit|little)\b|[一1](?:码|号)|稍微|略")
SCALES: Final[tuple[tuple[str, ...], ...]] = (
    ("xxs", "xs", "s", "m", "l", "xl", "xxl", "xxxl"),
    ("mini", "small", "medium", "large", "extra large"),
    ("portable", "medium", "large"),
    ("low", "medium", "high"),
    ("standard", "high-back"),
    ("basic", "professional"),
    ("beginner", "intermediate", "expert"),
    ("480p", "720p", "1080p", "2k", "4k", "5k", "8k"),
    ("小", "中", "大"),
    ("小号", "中号", "大号", "加大号"),
    ("低", "中", "高"),
)
TOO: Final = re.compile(
    r"^(?:色|的)?\s?(?:(?:is|are|was|were|looks?|feels?|seems?)\s)?(?:(?:a\sbit|much|way|far)\s)?too\b|^(?:色|的)?太"
)
"""After a value: it is what the thing is, and why another one is wanted."""
OPENED: Final = re.compile(
    r"(?<!un)(?<!not\s)(?<!never\s)(?<!n't\s)\b(?:opened|unsealed|brewed|drank|ate)\b|\bbroke\sthe\sseal\b|\bused\s(?:it|them|some|once|twice)\b|\btried\s(?:it|them|some|one)\b"
    r"|(?<!没)(?<!未)(?<!没有)(?:拆(?:开|封)了?|开封了?|[拆喝吃]了|[喝吃用]过)"
)
FAULTY: Final = re.compile(
    r"\b(?:faulty|defective|damaged|broken|leak\w*|cracked|spoil\w*|expired|mould\w*|wrong\s(?:item|one|thing|product)|not\swhat\si\sordered)\b"
    r"|坏|破损|碎|漏|发霉|变质|过期|质量问题|发错|寄错"
)
SIZES: Final = {
    "extra small": "xs", "extra large": "xl", "double extra large": "xxl", "small": "s", "medium": "m", "large": "l",
    "小号": "s", "中号": "m", "大号": "l", "加大号": "xl",
}  # fmt: skip
HINTS: Final[tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]] = (
    (re.compile(r"bigger|larger|smaller|\bsize\b|大一?[点号码些]|小一?[点号码些]|更[大小]"),
     re.compile(r"size|capacity|frame|diameter|height|volume|尺|码|容量|大小|规格")),
    (re.compile(r"bright|dim|亮|暗"), re.compile(r"bright|亮度|流明")),
    (re.compile(r"long|short|长|短"), re.compile(r"length|battery|hours|长")),
    (re.compile(r"tall|高"), re.compile(r"height|高")),
    (re.compile(r"heav|light(?:er)\b|重|轻"), re.compile(r"weight|重")),
    (re.compile(r"thick|thin|厚|薄"), re.compile(r"thick|厚")),
    (re.compile(r"wid|narrow|宽|窄"), re.compile(r"width|宽")),
)  # fmt: skip
"""Which word of comparison speaks of which option, by the option's name."""
METHODS: Final[dict[str, re.Pattern[str]]] = {
    "gift_card": re.compile(r"\bgift\s?cards?\b|礼品卡|储值卡|购物卡"),
    "card": re.compile(
        r"(?<!\bsd\s)(?<!\bcf\s)(?<!\bsd)(?<!\bcf)(?<!\bmemory)(?<!\bsim)(?<!\bmemory\s)(?<!\bsim\s)\b(?:credit|debit|bank)?\s?cards?\b|\bvisa\b|\bmaster\s?card\b|信用卡|银行卡|借记卡"
    ),
    "wallet": re.compile(r"\bpay\s?pal\b|\balipay\b|\bwechat\b|\bwallet\b|支付宝|微信|钱包"),
}
ORIGINAL: Final = re.compile(
    r"\boriginal\b|\bsame\s(?:card|method|way|payment)\b|\b(?:as|what|how)\si\spaid\b|原(?:路|支付|付款|来的?支付)|退回原"
)
UNKNOWN: Final = re.compile(
    r"\b(?:do\snot|don'?t|can'?t|cannot)\s(?:remember|recall|know|have|find)\b|\bno\sidea\b|\bforgot\b|\bnot\ssure\b"
    r"|不记得|忘了|不知道|想不起来|没有订单号"
)
REASONS: Final[tuple[re.Pattern[str], ...]] = (
    re.compile(
        r"\bno\slonger\b|\b(?:do\snot|don'?t)\s(?:need|want)\b|\bnot\sneeded\b|不(?:需要|想要|要)了?|用不上|用不着"
    ),
    re.compile(
        r"\bmistake\w*|\baccident\w*|\bwrong\s(?:order|item|one|thing|size|colou?r)\b|拍错|买错|下错|误(?:拍|下|买)|重复下单"
    ),
)
