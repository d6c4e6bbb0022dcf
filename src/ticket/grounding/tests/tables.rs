//! Each rule and each trap by itself.

use super::check;
use crate::ticket::{
    Speaker, Ticket, Transcript, Turn,
    grounding::{Grounding, Item},
};

fn transcript(turns: &[(Speaker, &str)]) -> Transcript {
    let turn =
        |(speaker, words): &(Speaker, &str)| Turn { speaker: *speaker, words: (*words).to_owned() };
    Transcript { turns: turns.iter().map(turn).collect(), unknown_turns: 0 }
}

fn ticket(content: &str) -> Ticket {
    Ticket {
        ticket_type: "投诉".to_owned(),
        ticket_zone: "未提及".to_owned(),
        ticket_title: "来电人投诉事项".to_owned(),
        ticket_content: content.to_owned(),
    }
}

pub(super) fn of(said: &str, content: &str) -> Grounding {
    check(&transcript(&[(Speaker::Citizen, said)]), &ticket(content), &super::sounds)
}

pub(super) fn texts(items: &[Item]) -> Vec<&str> {
    items.iter().map(|item| item.text.as_str()).collect()
}

/// The line of a table that came out otherwise.
pub(super) fn differ<A, B>(found: A, expected: B, said: &str, content: &str) -> Option<String>
where
    A: PartialEq<B> + std::fmt::Debug,
    B: std::fmt::Debug,
{
    let line = || format!("{said} → {content}: {found:?}, not {expected:?}");
    (found != expected).then(line)
}

#[test]
fn what_was_said_is_grounded_however_it_is_written() {
    let table = [
        ("下午三点半", "15:30到场"),
        ("下午三点半", "下午3点30分，下午3:30"),
        ("下午三点", "15:00"),
        ("十五点半", "下午3点半"),
        ("晚上十二点", "24:00，0点，晚上12点"),
        ("凌晨两点", "半夜2点"),
        ("二四年买的", "2024年"),
        ("二零二四年", "24年"),
        ("九八年", "1998年"),
        ("欠我两万五", "2.5万元、25000元、25,000.00元、两万五"),
        ("欠我两万五千块", "2.5万"),
        ("幺三八零零幺三八零零零", "138-0013-8000，138 0013 8000，138****8000"),
        ("138****8000", "13800138000"),
        ("区号零五六四，三三幺二三四五", "0564-3312345"),
        ("零五六四三三幺二三四五", "3312345"),
        ("十二栋十二零三", "12栋1203室"),
        ("十二栋三单元幺二零三", "12-3-1203"),
        ("三到五天", "3至5天，3-5天，3~5天，三到五天"),
        ("三到五个工作日", "3-5个工作日"),
        ("等了两三天", "2-3天，2至3天，两三天"),
        ("七八百块", "700-800元"),
        ("两到三万", "2-3万元，20000-30000元"),
        ("上个月跟去年都报过", "上月、去年"),
        ("昨晚", "昨日夜间"),
        ("三天之内", "3日内"),
        ("三月五号", "3月5日，03-05"),
        ("二零二四年三月五号", "2024-03-05，2024.3.5，2024/3/5"),
        ("百分之二十", "20%"),
        ("两成", "20%"),
        ("八五折", "8.5折，85折"),
        ("三分之二", "2/3，三分之二"),
        ("一个半月", "1.5个月，一个半月"),
        ("歇了个把半月", "约1个半月"),
        ("半小时，半年", "30分钟，6个月，0.5小时"),
        ("四五百平", "400至500平方米"),
        ("一百二十多户", "120余户"),
        ("三十铺镇", "30铺镇，三十铺镇"),
        ("八一路", "八一路，81路"),
        ("二十六路公交", "26路公交车"),
        ("周三八点", "星期三8点"),
        ("周一到周五", "星期一至星期五，周1至周5"),
        ("三个人", "3名，3人，3位"),
        ("俩孩子", "2个孩子，两个孩子"),
        ("反映了三四次", "3-4次"),
        ("负一楼", "-1楼，负1楼"),
        ("地下一层", "负1层，地下1层"),
        ("身份证三四二四零幺一九八零零五幺二三四幺叉", "34240119800512341X"),
        ("皖N幺二三四五", "皖N12345"),
        ("停水", "1.停水；2.请处理。（3）尽快。来电人反映3个问题；拨打12345"),
        ("停水三天，十五天前报的", "1、停水3天；2、15天前报修；3.15天未修"),
        ("三十多万", "30多万元，30余万元"),
        ("一米七五", "1.75米"),
        ("五毛钱一度", "0.5元/度"),
        ("十点", "10点左右"),
        ("上个礼拜五，每个星期三", "上周五，每周三"),
        ("六月十七到六月十九", "6月17日至6月19日"),
        ("前儿晚上", "前天晚上"),
        ("宅基地三分六，超了零点七分，一亩三分地", "3.6分，0.7分，1.3亩"),
        ("首付两成五", "2.5成，25%"),
        ("一针三百二，加起来三千一百多", "320元，3100多元"),
        ("首套利率二点六，税一个点五", "2.6%，1.5%"),
        ("四点十分放学", "下午4点10分"),
        ("买了四 四盒，涨了百分之十 一个平方十二块", "4盒，10%，12元"),
        ("问工信局", "工业和信息化局"),
        ("停水", "一、停水；二、停电。第2次来电补充。租住一栋居民楼"),
        ("家里三个老人，一个八十一，一个七十九", "81岁，79岁"),
        ("每秒零点三方", "0.3方"),
        ("编号CD03 117", "CD03117"),
        ("他们要我八十五，补领四十元，换领二十", "85元，40元，20元"),
        ("我叫荆建国，五十三", "53岁"),
        ("七点过十分，打了三道", "7:10，3次"),
        ("有个婆婆，坏了一个", "1名老人"),
        ("一平三块二一分不少，一度电八毛五", "3.2元，0.85元"),
        ("万把块，百十米", "约1万元，约100米"),
        ("老两口一个七十三一个七十一", "73岁，71岁"),
        ("四月初三一次，五一三晚", "4月初三，3晚"),
        ("四百二一节扣，按三百一节", "420元，300元"),
        ("八几年盖的，单号一三五七九", "80年代，1、3、5、7、9栋"),
        ("七十有三，一天拉四五车", "73岁，4-5车"),
        ("礼拜五礼拜六更晚", "周五、周六"),
        ("G一四八一下来的，后四位是零幺二叉", "G1481次，012X"),
        ("上午十点四十排队，加二十高速费", "10:40，20元"),
        ("转市监局", "转区市场监管局，并同步市场监管局"),
        ("五一开始的，国庆也吵，元旦", "5月1日开始，10月1日、1月1日"),
        ("十一那天", "10月1日"),
        ("十一月中旬，腊月底", "11月中旬，腊月下旬"),
        ("三年级五班，第三小学", "3年级5班，第三小学，第3小学"),
        ("我说了", "一名男子一直不满，两侧统一处理，十分着急"),
    ];
    let mut wrong: Vec<String> = Vec::new();
    for (said, content) in table {
        wrong.extend(differ(texts(&of(said, content).ungrounded), [""; 0], said, content));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_nobody_said_is_named_with_its_kind() {
    let table = [
        ("五千块钱", "5000平方米", "number 5000平方米"),
        ("五千块钱", "500元", "amount 500元"),
        ("五千块钱", "50000元", "amount 50000元"),
        ("三个月", "3天", "number 3天"),
        ("三个月", "3月", "date 3月"),
        ("三个工作日", "3天", "number 3天"),
        ("下午三点半", "上午3点半", "time 3点 time 上午"),
        ("下午三点半", "3:20", "time 20"),
        ("早上八点", "20:00", "time 20"),
        ("打八折", "80%", "percentage 80%"),
        ("打八折", "8%", "percentage 8%"),
        ("百分之八", "8折", "number 8折"),
        ("幺三八零零幺三八零零零", "13800138001", "phone 13800138001"),
        ("幺三八零零幺三八零零零", "139****8000", "phone 139****8000"),
        (
            "停水",
            "联系电话0564-1234567，金额5000元，3个工作日",
            "phone 0564-1234567 amount 5000元 number 3个工作日",
        ),
        ("三三幺二三四五", "0564-3312345", "phone 0564-3312345"),
        ("零五六四三三幺二三四五", "0594-3312345", "phone 0594-3312345"),
        ("零五六四三三幺二三四五", "0546-3312345", "phone 0546-3312345"),
        ("交了六十", "060元", "amount 060元"),
        ("三到五百块", "四百平方米", "number 四百平方米"),
        ("三斤一两", "12号摊", "address 12号"),
        ("一亩保两千", "2000平方米", "number 2000平方米"),
        ("我爸六十七", "67个月", "number 67个月"),
        ("一个月三百五", "350平方米", "number 350平方米"),
        ("自己交四十", "40平方米", "number 40平方米"),
        ("涨了百分之十", "10折", "number 10折"),
        ("一百二十一栋", "112栋", "address 112栋"),
        ("一百二十一栋", "121单元", "address 121单元"),
        ("去年五月", "2025年5月", "date 2025年"),
        ("去年五月", "前年5月", "date 前年"),
        ("今天上午", "昨天下午", "time 下午 date 昨天"),
        ("一月两千，二月三千", "共5000元", "amount 5000元"),
        (
            "身份证三四二四零幺一九八零零五幺二三四幺叉",
            "34240119800512342X",
            "id 34240119800512342X",
        ),
        ("停水", "1.停水；2.停电；反映3个问题", "number 3个"),
        ("停水三天", "12345元", "amount 12345元"),
        ("三公里", "3米", "number 3米"),
        ("三十户", "30人", "number 30人"),
        ("十五万", "05万元", "amount 05万元"),
        ("平时五十五", "55平方米", "number 55平方米"),
        ("一个小时四十分", "40小时", "number 40小时"),
        ("三楼", "3岁", "number 3岁"),
        ("五一开始的", "6月1日", "date 6月 date 1日"),
        ("晚上十一点", "10月1日", "date 10月 date 1日"),
        ("十一月中旬", "11月下旬", "date 下旬"),
        ("三年级五班", "5年级3班", "number 5年级 number 3班"),
        ("第三小学三年级五班", "第5小学", "number 5"),
        ("从二楼跌下来，三十铺镇", "3楼", "address 3楼"),
    ];
    let mut wrong: Vec<String> = Vec::new();
    for (said, content, expected) in table {
        let items = of(said, content).ungrounded;
        let shown: Vec<String> = items
            .iter()
            .map(|item| {
                let kind = serde_json::to_value(item.kind).unwrap();
                format!("{} {}", kind.as_str().unwrap(), item.text)
            })
            .collect();
        wrong.extend(differ(shown.join(" "), expected, said, content));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn digits_said_over_several_turns_are_one_number() {
    use Speaker::{Citizen as C, Operator as O};
    let call = transcript(&[
        (C, "你记一下，幺三八"),
        (O, "嗯，138"),
        (C, "零零幺三"),
        (O, "0013，您说"),
        (C, "八零零零"),
    ]);
    let content = "来电人电话13800138000";
    assert_eq!(check(&call, &ticket(content), &super::sounds), Grounding::default());
    let content = "来电人电话13800138001";
    let grounding = check(&call, &ticket(content), &super::sounds);
    assert_eq!(texts(&grounding.ungrounded), ["13800138001"]);
}

#[test]
fn a_number_that_was_corrected_is_the_later_one() {
    use Speaker::{Citizen as C, Operator as O};
    let call = transcript(&[
        (C, "电话一三零八九七五，四三二一"),
        (O, "13089754321，对吧"),
        (C, "不对不对，最后是四三一二"),
        (O, "好的"),
    ]);
    let of = |content: &str| check(&call, &ticket(content), &super::sounds);
    assert_eq!(of("电话13089754312"), Grounding::default());
    let call = transcript(&[
        (C, "一三零八九七五，四三二一，哎呀说错了，是四三一二，一三零八九七五四三一二"),
        (O, "13089754312"),
    ]);
    let of = |content: &str| check(&call, &ticket(content), &super::sounds);
    assert_eq!(of("电话13089754312"), Grounding::default());
    assert_eq!(texts(&of("电话13089754321").ungrounded), ["13089754321"]);
}

#[test]
fn a_hedge_that_was_dropped_is_a_warning() {
    let table = [
        ("三千多块钱", "3000元", vec!["3000元"]),
        ("三千多块钱", "3000多元", vec![]),
        ("三千多块钱", "约3000元", vec![]),
        ("三千多块钱", "3000元左右", vec![]),
        ("大概三千块", "3000元", vec!["3000元"]),
        ("大概三千块，就是三千块", "3000元", vec![]),
        ("将近三十户", "30户", vec!["30户"]),
        ("二十来个人", "20人", vec!["20人"]),
        ("二十来个人", "20余人", vec![]),
        ("三千块", "3000元", vec![]),
    ];
    let mut wrong: Vec<String> = Vec::new();
    for (said, content, expected) in table {
        let grounding = of(said, content);
        wrong.extend(differ(texts(&grounding.unhedged), expected, said, content));
        wrong.extend(differ(texts(&grounding.ungrounded), [""; 0], said, content));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn names_and_offices_must_sound_like_something_said() {
    let table = [
        ("我姓王", "王先生反映", vec![]),
        ("我姓王", "李先生反映", vec!["李先生"]),
        ("免贵姓章", "张女士反映", vec![]),
        ("我叫张伟", "来电人姓名：张伟，张先生", vec![]),
        ("我叫张伟", "联系人张强，来电", vec!["张强"]),
        ("他们老板姓李", "老板李某、李某某", vec![]),
        ("那个经理不管", "物业刘经理、对方经理、基金经理", vec!["刘经理"]),
        ("住建局来过", "住房和城乡建设局来过", vec![]),
        ("住房和城乡建设局来过", "住建局来过", vec![]),
        ("城管来过", "六安市城管局已到场", vec![]),
        ("城管来过", "环保局已到场", vec!["环保局"]),
        ("环保剧说了", "环保局", vec![]),
        ("我找过物业", "物业、小区物业、相关部门、有关部门、社区、开发商公司未处理", vec![]),
        ("绿羊物业不管", "绿阳物业服务有限公司未处理", vec![]),
        ("绿阳物业不管", "万嘉物业未处理", vec!["万嘉物业"]),
        ("供电公司停电", "供电局、当局、格局、局部、物业费", vec![]),
        ("人民医院", "市人民医院", vec![]),
        ("中医院", "第二人民医院、中医院", vec!["第二人民医院"]),
        ("三里桥派出所", "三里桥派出所", vec![]),
        ("三里桥派出所", "由望城派出所处理", vec!["望城派出所"]),
        ("工行", "来电人反映建设银行", vec![]),
        ("工行", "来电人反映徽商银行", vec!["徽商银行"]),
        ("村委会不管", "村民委员会、村委会", vec![]),
        ("幸福社区", "幸福社区居委会", vec![]),
    ];
    let mut wrong: Vec<String> = Vec::new();
    for (said, content, expected) in table {
        wrong.extend(differ(texts(&of(said, content).ungrounded), expected, said, content));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_the_citizen_said_and_no_field_has_is_omitted() {
    let table = [
        ("电话幺三八零零幺三八零零零", "停水", vec!["幺三八零零幺三八零零零"]),
        ("电话幺三八零零幺三八零零零", "13800138000", vec![]),
        ("电话幺三八零零幺三八零零零", "138****8000", vec![]),
        ("座机零五六四三三幺二三四五", "3312345", vec![]),
        ("欠我两万五", "欠薪", vec!["两万五"]),
        ("欠我两万五", "欠薪2.5万", vec![]),
        ("七八百块", "700至800元", vec![]),
        ("七八百块", "七八百元", vec![]),
        ("三栋二单元五零幺", "3栋2单元", vec!["五零幺"]),
        ("三栋二单元五零幺", "3栋2单元501室，3-2-501", vec![]),
        ("解放路二百五十六号", "解放路", vec!["二百五十六号"]),
        ("五月二十六号", "五月", vec![]),
        ("十二栋，不对，是一百二十一栋", "121栋", vec![]),
        ("是三栋，不是二栋", "3栋", vec![]),
        ("十二栋。哦，一百二十一栋", "121栋", vec!["十二栋"]),
        ("幺三八零零幺三八零零零，说错了，是幺三九零零幺三八零零零", "13900138000", vec![]),
        ("等了三天，来了五个人", "停水", vec![]),
    ];
    let mut wrong: Vec<String> = Vec::new();
    for (said, content, expected) in table {
        wrong.extend(differ(texts(&of(said, content).omitted), expected, said, content));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let call = transcript(&[(Speaker::Citizen, "水韵东方十二栋"), (Speaker::Operator, "五百元")]);
    let zoned = Ticket { ticket_zone: "水韵东方12栋".to_owned(), ..ticket("停水") };
    assert_eq!(check(&call, &zoned, &super::sounds).omitted, []);
}
