"""Lines as customers type them, personal values in double brackets; and lines that only look as if they held one.

Made up for the tests; the rules were mended until these were seen.
"""

SEEN_EN = """
my appointment with [[Harrow Vale Dental]] is at noon, can the courier come later
I have a session at 5:30 pm on Friday with [[Quillfeather Mbeki]]
the consultation on March 3rd at [[Brightwater Family Practice]] runs late
leave it with my dentist [[Orla Quistgaard]] next door
[[Thandeka Wrobel]] is a family counsellor and takes my parcels
the psychologist, [[Ilse Vanterpool]], will sign for it
I keep typing [[Kx9#mmPl]] as my password and nothing
the new pw I set was [[harbor-blue77]] but it says invalid
login: emma, pass: [[Q1w2e3r4t5]]
temp password you emailed me ([[aB7-kk2-99Z]]) doesn't work
username dfoster / [[sunny-Day-44]] not accepted
PIN [[4821]] is what I use at the pickup locker
the locker code is [[GX4471]]
it texted me [[118 402]] but then said expired
your sms says [[902144]] is my code
2FA keeps rejecting [[771204]]
the 6 digit number on my phone is [[440912]]
My security answer is [[Biscuit the dog]]
backup codes: [[7f3k-99ab]] [[k2m4-77qe]]
our webhook secret [[whsec_3kd9s0dkf93kd02lf]]
the wifi password on the doorbell cam is [[barkbark2020]]
the three digits on the back are [[604]]
memorable word is [[lighthouse]]
my recovery phrase starts with [[crater ocean velvet moon]]
passport [[X4RTBPFW4]] expires soon
CPF [[111.444.777-35]]
EIN [[12-3456789]]
VAT id [[DE123456789]] for the invoice
green card number [[SRC0000000773]]
my id is [[880512-1234567]]
my NHS number [[943 476 5919]]
vehicle reg is [[CN 18 RKD]]
my plate's [[8ABC123]]
reg: [[WX69 TYU]]
zip code on the account should be [[30309]]
the zip I have on file might be [[48226]] or the old one [[48201]]
my eircode is [[D02 X285]]
I'm in [[V6B 1A1]], Vancouver
my birthday is the [[4th of July 1990]]
DOB [[7 Nov 84]]
insta handle [[jo.bakes.bread]]
discord [[frosty#4471]]
venmo [[@Kate-Miller-4]]
linkedin.com/in/[[oscar-petersen]]
sort code [[20-11-44]] account [[73920114]]
acct no. [[4471 0029 118]]
send it to [[The Old Forge, Church Lane, Ditcheat, Somerset BA4 6PL]]
my flat is [[Flat 2/1, 88 Byres Road, Glasgow G12 8TB]]
wrong house, I'm at number [[48 Cedar Hollow]]
drop it at the corner, [[13th and Pine street]]
"""

SEEN_ZH = """
我的登录密码[[lin2019abc]]，一直说错误
支付密码[[730216]]输了三次都不对
丰巢的码[[50821937]]
短信发来的是[[402918]]，输进去没用
手机收到六位数[[118290]]，提示失败
我的密保答案是[[外婆家的小院]]
卡背面三位数[[527]]
卡密 [[J8D2-K9F3-QQ01]]
门禁密码[[#2580]]
激活码[[XK3D-99FA-20DK]]用不了
身份证后四位[[4415]]
台胞证号[[12345678]]
军官证号[[南字第01234567号]]
社保卡号[[A12345678]]
学号[[20190834217]]
统一社会信用代码[[91310115MA1K3XYZ0P]]
税号[[91440300708461136T]]
港牌[[粤Z1234港]]
邮政编码：[[100 084]]
邮编写错了，不是210000是[[210016]]
我V信 [[xiaolin-520]]
加我微：[[linxy8866]]
淘宝会员名[[tb88213_2019]]
旺旺[[小雨点_99]]
生日[[0813]]
出生年月[[1988.06]]
我家[[翠湖花园8-2-301]]
公司在[[国贸三期B座2807]]
我在[[北大畅春园3公寓215]]
[[望京SOHO塔3 18层]]
我家在[[滨江凤起潮鸣3幢]]
地址[[重庆渝北区龙溪街道松牌路521号附12号]]
[[深圳龙华民治街道梅龙路锦绣江南三期7栋A座1502]]
[[郑州市金水区农业路与文化路交叉口向北50米路东]]
电话是010-55550112 [[55550113]]
"""

LEFT_ALONE_EN = """
I have an appointment at Carrington Apartments to see the flat
the appointment is on Tuesday at 4 pm, with the plumber
a session at The Gym is all I can do
the doctor said Vitamin D3, do you sell it
is there a tutor for Spanish among your courses
two tickets for Marlow Quince on March 9th, please
I forgot my password and the reset link expired
password must be at least 8 characters it says
my password is wrong apparently
the pin on the back of the brooch is bent, 2 of them
where do I find the pin for the gift card
promo code SAVE20 doesn't work
error code 5023 when paying
your text said my order 10293847 would arrive Tuesday
you texted me that delivery is between 14 and 16
the six digit order number is TF10293847
is there 2fa for accounts since 2025?
security question: do you store cards?
zip hoodie size 12, and the zip is stuck
zip lock bags 10000 pieces
the product id is 4829105
item id: 88231-4421
vat 20% on 150 pounds
visa payment of 24.99 failed
passport holder in tan, ref 88120
plates 27 cm, set of 6
common size 1001
2 Rose Gold rings and 1 Silver Chase necklace
5 Copper Ridge mugs
the number on the back of the box: 4829105
user manual / EN-2044
my insta is down again
is the steam 3000 model in stock
paypal payment 24.99 failed
born to run shoes size 42
routing table oak 120
unit price 12, room spray 200 ml
tax was 119.99 on top
the frying pan 1250g with lid
vat 1250 on the whole lot
my confirmation number AB12345 please
user id 88213 can't check out
student desk 1200 x 600
health scale 2400 in stock?
"""

LEFT_ALONE_ZH = """
密码忘了怎么重置
密码错误提示第3次了
密码箱20寸多少钱
验证码要等60秒吗
优惠码SAVE20用不了
条码6901234567892
手机收到短信说2026年1月1日发货
身份证要传吗
开票要税号吗，金额2399元
学生价8折
邮编填错影响吗
公寓用的床1.5米
花园水管20米
花园椅2-3把
酒店同款毛巾6条装
区别是什么，8-10岁能用吗
二期优惠100元
三室两厅用哪款
这款积木16幢房子
微信付款失败code51
淘宝88会员能用吗
生日礼物1000元以内
生日蛋糕叉10只
往北京寄要3天
"""


def unmarked(line: str) -> tuple[str, list[tuple[int, int]]]:
    """The line without brackets, and where its values stand."""
    text, spans = "", []
    for place, part in enumerate(line.replace("]]", "[[").split("[[")):
        if place % 2:
            spans.append((len(text), len(text) + len(part)))
        text += part
    return text, spans


def lines(block: str) -> list[str]:
    """The lines of a table."""
    return block.strip().splitlines()
