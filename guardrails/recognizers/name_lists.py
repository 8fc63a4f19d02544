"""Lists that the name recognizers read: common given names, Chinese surnames, and words that only look like names.

Written for this project from general knowledge. They are far from complete: a name not listed is found by its cue.
"""
# ruff: noqa: E501, SIM905 - lists

from typing import Final

GIVEN: Final = frozenset(
    """
    aaliyah aarav aaron abby abdul abdullah abena abigail adam adaeze adele adeline adrian adriana adrienne agnes ahmad ahmed aidan aiden aiko aileen aisha
    akash akiko akira alan alana alba albert alberto alejandra alejandro aleksandr alessandra alessandro alex alexa alexander
    alexandra alexandre alexis alfonso alfred ali alice alicia alina alison alistair allan allison alma alonzo alvaro alvin alyssa amanda amara amelia
    amelie amina amir amira amit amy ana anders andre andrea andreas andreea andrei andres andrew andy anastasia angela angelica angelina angelo angie
    anil anita anjali anna annabel anne annette annie anthony antoine antonia antonio anya april ariana ariel arjun arnold arthur arturo asha ashley ashok astrid
    aubrey audrey aurora austin ava axel ayesha aylin babak barbara barry beatrice beatriz becky belinda ben benedict benjamin benny bernadette bernard bernice
    bertha beth bethany betty beverly bianca bilal blake bob bobby bonnie boris brad bradley brandon brenda brendan brett brian brianna bridget brigitte brittany
    bruce bruno bryan bryce bryna caitlin caleb calvin cameron camila camille candice carina carl carla carlos carmen carol carole caroline carolyn carrie
    carsten casey cassandra catherine cathy cecilia cecile cedric celeste celia celine cesar chad chandra chantal charlene charles charlie charlotte chelsea
    cheryl chiara chidi chinedu chloe chris christian christina christine christoph christophe christopher christy cindy claire clara clarence clark claude claudia
    claudio clayton clement clifford clinton clive cody colette colin colleen connie connor conrad constance cora corey cornelia courtney craig cristian cristina
    crystal curtis cynthia cyril daiki daisuke daisy dale damian damien dan dana daniel daniela daniele danielle danny dante daphne darius darlene darrell darren
    dave david davide dawn dean debbie deborah debra deepak deepika delia denise dennis derek desmond devin diana diane diego dieter dimitri dina dirk dmitri
    dolores dominic dominique don donald donna dora doreen doris dorothy doug douglas drew duncan dustin dwayne dwight dylan earl ebony eddie edgar edith eduardo
    edward edwin eileen elaine elena eleanor elias elijah elina eliot elisa elisabeth elise elizabeth ella ellen ellie elliot elliott eloise elsa elsie elvira emerson emil emilia
    emiliano emilie emilio emily emma emmanuel enrico enrique enzo eric erica erik erika erin ernest ernesto esteban estelle esther ethan eugene eunice eva evan
    evelyn fabian fabio fabrice faisal farah farid fatima faye federica federico felicia felipe felix fernanda fernando fiona flora florence florian francesca
    francesco francis francisco francois frank franklin franz fred freda frederic frederick freya frida friedrich gabriel gabriela gabriella gabrielle gail
    gareth garrett gary gavin gaurav gemma genevieve geoffrey george georgia georgina gerald geraldine gerard gerhard gianluca gilbert gillian gina giovanni
    giulia giuseppe gladys glen glenda glenn gloria gordon graham greg gregory greta guadalupe guillaume guillermo gunther gustav gustavo guy gwen gwendolyn hailey
    haley hamza hana hannah hans harold harper harriet harry haruka harvey hassan hector heidi helen helena helene helga henri henrietta henrik henry herbert
    herman hilda hiroshi holly horst howard hubert hugh hugo humberto hussein ian ibrahim ida ignacio igor ilona imani imran ines ingrid irena irene irina iris
    irma isaac isabel isabella isabelle isaiah isla ismael ivan ivana jack jackie jacob jacqueline jacques jaime jake jakub james jamie jan jana jane janet
    janice janine jared jasmin jasmine jason javier jay jean jeanette jeff jeffrey jelena jemima jenna jennifer jenny jeremiah jeremy jermaine jerome jerry jesse
    jessica jessie jesus jill jim jimmy jin jo joan joanna joanne joaquin jocelyn jodie joe joel johan johanna johannes john johnny jon jonas jonathan jordan jorge
    jose josef joseph josephine josh joshua josie joyce juan juana juanita judith judy juergen julia julian juliana julie juliet julio julius june justin justine kaito kamal
    karen karim karina karl karla kartik kate katharina katherine kathleen kathryn kathy katie katrina kavya kay kayla keith kelly kelsey ken kendra kenji kenneth
    kenny kent kerry kevin khadija khalid kim kimberly kiran kirsten klaus kofi kristen kristin kristina kumar kurt kwame kyle kylie lakshmi lance lara larissa
    larry lars latoya laura lauren laurence laurent laurie lawrence leah leila lena leo leon leona leonard leonardo leroy leslie lester leticia lewis liam lidia
    lila lillian lily linda lindsay lionel lisa liz lloyd logan lois lola loretta lorenzo lori lorraine louis louisa louise lourdes luc luca lucas lucia lucie
    lucille lucy luigi luis luisa lukas luke luna lydia lynn mabel mackenzie madeleine madeline mads magdalena maggie magnus mahmoud malcolm malik mallory manuel
    manuela mara marc marcel marcela marcella marcia marco marcos marcus margaret margarita margot maria mariam marianne maribel marie marilyn marina mario marion
    marisa marissa marjorie mark marlene marshall marta martha martin martina marvin mary maryam masako mateo mathilde matilda matteo matthew matthias maureen
    maurice mauro max maxim maxime maximilian maya megan mehmet mei melanie melinda melissa melody mercedes meredith mia michael michaela michal michel michele
    michelle miguel mikael mike mikhail mila mildred milena millie milton minh miranda miriam misaki mitchell mohamed mohammad mohammed moira molly mona monica
    monika monique morgan moses muhammad muriel mustafa myra nadia nadine nancy naomi natalia natalie nathalie nathan nathaniel neha neil nelson nguyen nia niamh
    nicholas nick nicola nicolas nicole nigel nikhil nikita niklas nikolai nina nisha noah noel noelle noemi nora noreen norma norman octavia odette olaf oleg olga
    oliver olivia olivier omar ophelia oscar oskar otto owen pablo padma paige pamela paola paolo pascal patricia patrick paul paula paulina pauline paulo pavel pedro
    peggy penelope penny percy perry pete peter petra phil philip philippa philippe phillip phoebe phyllis pierre piotr pooja prakash pranav preeti priscilla priya qiang
    quentin quincy rachel rafael raffaele raheem rahul rajesh raj ralph ramon ramona randall randy raphael raquel rasheed raul ravi raymond rebecca reed reginald
    regina reiko rene renee reuben rex rhonda ricardo richard rick ricky rishi rita robert roberta roberto robin robyn rocio roderick rodney rodrigo roger rohan roland
    rolf roman romeo ron ronald ronan ronnie rosa rosalie rosalind rosario rosemary rosie ross rowan roxanne roy ruben rudolf rudy rupert russell ruth ryan sabine sabrina sadie
    sakura sally salma salvador salvatore sam samantha samir samuel sandeep sandra sandy sanjay santiago sara sarah saskia satoshi savannah scott sean sebastian selena
    selma serena serge sergei sergio seth shane shannon shanti sharon shaun shauna sheila shelby shelley sherry shirley shreya sibylle sidney sienna sigrid silvia simon simona
    simone sinead siobhan sofia soledad sonia sonja sophia sophie soren spencer stacey stan stanley stefan stefania stefano stella stephan stephanie stephen steve steven
    stewart stuart sue sunil sunita susan susanna susanne suzanne suzuki sven svetlana sybil sylvia tabitha takashi takumi tamara tammy tanya tara tariq tasha tatiana
    ted teresa terence terrence terry tess tessa thea thelma theo theodore theresa thomas tiffany tim timothy tina tobias toby todd tom tomas tomasz tommy toni tony
    tracey tracy travis trevor tricia trisha tristan troy tyler tyrone ulrich ursula valentina valentin valeria valerie vanessa vera verena vernon veronica vicky victor
    victoria vijay vikram vincent vincenzo viola violet virginia vishal vivian viviana vladimir walter wanda warren wayne wendy werner wesley whitney wilfred wilhelm willem
    william willie wilma winifred winston wolfgang xander xavier ximena yael yan yana yang yara yasmin yasmine yolanda yosef youssef yuki yuko yuri yusuf yves yvette yvonne
    zachary zahra zainab zara zelda zoe zoey zoltan
    """.split()
)
"""Lower case. Words of the language that are more often something else are left out (will, grace, hope, bill, art)."""

WORD_NAMES: Final = frozenset(
    """
    amber angel apollo april aurora austin bella bob brad calvin cameron carmen charlotte chad chelsea clay crystal daisy dale dallas dean drew dustin earl felix florence frank georgia glen
    guadalupe guy hazel holly hugo iris ivy jack jade jan jasmine jay jean jordan june kate kent lance lauren leo levi lily logan louis luna madison mark max mercedes milan molly nova olive oscar
    paris penny pearl ralph ray robin rosemary ruby sage sally santiago savannah sienna skip stella sydney tiffany tommy victoria violet virginia grace hope rose will bill
    """.split()
)
"""Given names that shops use for colours, lines and models: alone they are no name."""

FAMILY: Final = frozenset(
    """
    adams adeyemi ahmed alvarez anderson andersson bailey baker barnes becker bennett bianchi brooks brown bryant butler campbell carter castillo chen choi clark coleman collins
    cooper costa cox cruz davies davis diaz dubois edwards evans fernandez ferrari fischer fisher flores foster garcia gomez gonzales gonzalez gray griffin gupta
    gutierrez hall hansen harris hernandez hoffmann howard huang hughes ito jackson jenkins jensen johansson johnson johnston jones kaur kelly khan kim kovacs kowalski kumar
    larsen lee lewis li lin lopez martin martinez mendoza meyer miller mitchell moore morales morgan morris mueller muller murphy murray myers nakamura nguyen nielsen novak
    okafor okonkwo olsen ortiz osei owens parker patel perez peterson phillips powell price quinn ramirez ramos reed reyes reynolds richardson rivera roberts robinson rodriguez
    rogers romano ross rossi ruiz russo russell ryan sanchez sanders santos sato schmidt schneider schulz schwarz scott sharma silva simmons singh smith sousa stewart sullivan suzuki
    takahashi tanaka taylor thomas thompson torres tran turner wagner walker wang ward watanabe watson weber williams wilson wong wood wright wu yamamoto yang yilmaz zhang zhao
    """.split()
)

NOT_NAMES: Final = frozenset(
    """
    a about account actually address afraid after again all already also although always am amazing an and another any anyone anything apartment app are around as ask asking at avenue
    available aware away back bad bank because been before being best better black blue book booked both bought brand but buy buying by calling can cancel card certainly chat check checking
    clear cold color come coming confused confirm confirmed considering contact correct could curious currently customer daily date day dear decided delivered delivery did different disappointed
    do does doing done down due easy eligible either else email enough entitled even ever every everything excited exchange exchanging expecting fine first following for free friday from full
    fully getting gift give glad going good got great green guest had happy hard has hate have having he hello help her here hey hi him his hoping hotel hours how however i if impossible in
    inside interested into is issue it item its january february march july august september october november december just keen know large last late later least leaving left less let like
    live living located logged long looking loving lost lot made making many may maybe me member missing monday month more morning most much must my name need needed never new next nice no
    nobody none not nothing now number of off offer often ok okay old on once one only open or order ordered ordering other our out over own package paid pay paying perfect phone planning
    please pleased pm possible prefer pretty price problem product quite ready really receive received red refund refunded regarding return returned returning right running sad same saturday
    say saying searching see seeing seller send sending service she ship shipped shipping shop should showing since size small so some someone something soon sorry speaking standing still stop
    store stuck such sunday supposed support sure surprised taking talking team tell texting than thank thanks that the their them then there these they thing thinking this those three thursday time
    tired to today tomorrow too total tracking transfer tried trying tuesday two uncertain under unable unhappy until unsure up upset urgent us use used using very waiting want wanting was we wednesday
    week well went were what when where whether which while white who whose why will willing wish with within without wondering working worried would writing wrong yellow yes yesterday yet you
    your zip afternoon evening everybody everyone folks guys sir madam ma'am mr mrs ms miss dr misspelled spelled mistyped listed registered changed confidential incorrect customer-service assistant bot agent manager friend tactful siri alexa google amazon paypal apple
    street road lane drive court place square park hotel inn restaurant cafe airport university college school hospital museum theater theatre center centre city county state north south
    east west american english chinese french german spanish indian british canadian
    """.split()
)
"""Lower case: what follows a cue without being a name (``I am interested``, ``this is the``)."""

PINYIN_FAMILY: Final = frozenset(
    """
    wang li zhang liu chen yang zhao huang zhou wu xu sun hu zhu gao lin he guo luo zheng liang xie song tang deng han feng cao peng zeng xiao tian dong yuan pan yu jiang cai du ye cheng su wei lv
    lu ding ren shen yao cui zhong tan fan jin shi liao jia xia fu fang bai zou meng xiong qin qiu hou yin xue yan lei duan long tao hao gu gong shao wan qian kong mao ouyang sima zhuge shangguan
    """.split()
)

SURNAMES: Final = (
    "欧阳|司马|上官|诸葛|东方|皇甫|尉迟|公孙|慕容|令狐|夏侯|司徒|端木|南宫|"
    "[王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任姚卢傅钟姜崔谭廖范汪陆金石戴贾韦夏邱方侯邹熊孟秦白江阎薛尹段雷黎史龙陶贺顾毛郝龚邵万钱严"
    "覃武戴莫孔向汤常温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项"
    "连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝]"
)
"""Expression for one Chinese surname; compound ones first."""

NOT_PEOPLE: Final = frozenset(
    """
    短信 微信 微博 支付宝 淘宝 天猫 京东 拼多多 抖音 快手 小红书 闲鱼 顺丰 圆通 中通 申通 韵达 极兔 菜鸟 丰巢 德邦 花呗 白条
    """.split()
)
"""Words of every shop's customers that the trained recognizer may take for a Chinese name."""
