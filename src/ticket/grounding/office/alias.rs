//! Offices that go by several names: who says 市监, 食药监 or 工商 means the 市场监督管理局.

use super::super::{Ear, heard::Heard};

/// What one office is called.
struct Office {
    /// In short and in full, and what it was called before.
    names: &'static [&'static str],
    /// What it is concerned with: names it only where an office is spoken of, as in 搞水电的部门.
    topics: &'static [&'static str],
}

const fn office(names: &'static [&'static str], topics: &'static [&'static str]) -> Office {
    Office { names, topics }
}

#[rustfmt::skip]
const OFFICES: &[Office] = &[
    office(&["市监", "市场监", "市场局", "市场所", "工商", "食药", "食品药品", "质监", "药监", "消协", "消费者协会"], &["市场", "食品", "消费者权益"]),
    office(&["住建", "住房和城乡", "住房城乡", "建委", "建设局", "房管", "房产局", "物业科", "质监站", "住保", "住房保障"], &["房产", "住房", "建设"]),
    office(&["城管", "综合执法", "行政执法", "城市管理", "执法局", "执法大队", "执法队", "执法办", "执法中队", "城市综合", "综合行政"], &["市容"]),
    office(&["人社", "人力资源", "劳动局", "劳动部门", "劳动保障", "劳动监察", "社保", "社会保险", "社会保障"], &["劳动", "养老"]),
    office(&["公安", "派出所", "警察", "警官", "民警", "报警", "报了警", "报过警", "报的警", "出警", "交警", "特警", "警务", "110", "幺幺零", "一一零"], &[]),
    office(&["交警", "交管", "交通警察", "公安交通", "交通支队", "交通大队", "122", "幺二二"], &[]),
    office(&["环保", "生态环境", "环境局", "环境保护", "环境监察", "生环"], &["环境"]),
    office(&["交通局", "交通运输", "交委", "运管", "运输", "客管", "公路局", "道路运输"], &["交通"]),
    office(&["教育", "教体", "教委", "教科", "文教"], &["学校"]),
    office(&["卫健", "卫生", "疾控", "卫计", "计生"], &["健康"]),
    office(&["文旅", "旅游", "文体", "文广", "文化局", "文化和", "文化广", "文化市场"], &["文化", "景区"]),
    office(&["自然资源", "自规", "规划", "国土", "不动产", "资规"], &["土地"]),
    office(&["发改", "物价", "发展和改革", "发展改革", "价格"], &[]),
    office(&["农业", "农村局", "农牧", "农林", "畜牧", "农经", "农机"], &["农"]),
    office(&["水务", "水利", "水投", "供水", "自来水", "水厂", "水司", "水管站"], &["停水", "水费", "水表"]),
    office(&["排水", "市政", "污水"], &[]),
    office(&["园林", "绿化", "林业", "林草", "林场"], &["树"]),
    office(&["供电", "电力", "国网", "国家电网", "电网", "电业", "95598"], &["停电", "电费", "用电", "电表"]),
    office(&["燃气", "天然气", "煤气"], &[]),
    office(&["供热", "热力", "供暖", "热电"], &["暖气", "取暖"]),
    office(&["工信", "经信", "工业和信息", "通信管理", "通管"], &["宽带"]),
    office(&["金融", "银保监", "银监"], &[]),
    office(&["邮政", "邮局", "快递"], &[]),
    office(&["消防", "119", "幺幺九", "一一九"], &[]),
    office(&["公积金", "住房公积金"], &[]),
    office(&["医保", "医疗保障", "医疗保险"], &[]),
    office(&["税务", "国税", "地税"], &["税"]),
    office(&["街道", "街办", "办事处"], &[]),
    office(&["居委", "居民委员", "社区"], &[]),
    office(&["村委", "村民委员", "村里", "村上", "村部", "村干部", "村支书", "村长", "村主任", "大队", "生产队"], &[]),
    office(&["业委", "业主委员"], &[]),
    office(&["管委", "管理委员"], &[]),
    office(&["物业", "物管"], &[]),
    office(&["政府", "镇上", "镇里", "乡里", "乡上", "县里", "区里", "市里"], &["镇", "乡"]),
    office(&["法院", "起诉", "开庭", "判决", "打官司", "法庭", "法官"], &[]),
    office(&["工商银行", "工行"], &[]), office(&["农业银行", "农行"], &[]), office(&["中国银行", "中行"], &[]),
    office(&["建设银行", "建行"], &[]), office(&["交通银行", "交行"], &[]), office(&["招商银行", "招行"], &[]),
    office(&["邮政储蓄", "邮储"], &[]), office(&["浦发", "浦东发展"], &[]), office(&["农商", "信用社", "农信"], &[]),
    office(&["移动", "10086"], &[]), office(&["联通", "10010"], &[]), office(&["电信", "10000"], &[]),
    office(&["公交", "巴士"], &[]), office(&["地铁", "轨道"], &[]), office(&["妇幼", "妇保"], &[]),
    office(&["残联", "残疾人联合"], &[]), office(&["法援", "法律援助"], &[]), office(&["退役军人", "退伍"], &[]),
    office(&["民政", "殡葬", "救助站"], &[]), office(&["行政审批", "政务服务", "政务中心", "政务大厅", "审批局", "行政服务", "便民服务"], &[]),
    office(&["大数据", "数据局", "数据管理", "数据资源"], &[]), office(&["应急", "安监"], &[]), office(&["信访", "上访"], &[]),
    office(&["仲裁", "劳动仲裁"], &[]), office(&["劳动监察", "劳动保障监察", "监察大队", "劳监"], &[]),
    office(&["房屋征收", "征收办", "拆迁"], &[]), office(&["福彩", "彩票"], &[]), office(&["海事", "海警"], &[]),
    office(&["第一人民", "一院", "市一", "第一医院"], &[]), office(&["第二人民", "二院", "市二", "第二医院"], &[]),
    office(&["第三人民", "三院", "市三", "第三医院"], &[]), office(&["第四人民", "四院", "市四", "第四医院"], &[]),
];

/// What follows the concern of an office where the office is meant.
const MARKS: &str = "局部委厅所站处办科司队团投边";

/// How far behind it.
const REACH: usize = 3;

/// Where the kind of office was named that a name begins with, in these words or others; nothing if
/// it begins with none that goes by several names.
pub(super) fn places<E: Ear>(name: &[char], heard: &Heard<'_, E>) -> Option<Vec<usize>> {
    let is_here = |at: usize, word: &str| {
        word.chars().enumerate().all(|(index, c)| name.get(at + index) == Some(&c))
    };
    // What a name begins with is a guess: a verb may stand in front.
    let longest = |at: usize| {
        let lengths = OFFICES.iter().map(|office| {
            let words = office.names.iter().chain(office.topics);
            words.filter(|word| is_here(at, word)).map(|word| word.chars().count()).max()
        });
        lengths.collect::<Vec<_>>()
    };
    let here = (0..name.len()).map(longest).find(|found| found.iter().any(Option::is_some))?;
    let most = here.iter().max().copied().flatten();
    let same = OFFICES.iter().zip(here).filter(|(_, length)| *length == most);
    let mut places = Vec::new();
    for (office, _) in same {
        places.extend(office.names.iter().flat_map(|name| heard.places_exactly(name)));
        for topic in office.topics {
            let length = topic.chars().count();
            let is_office = |at: &usize| heard.has_near(at + length, REACH, MARKS);
            places.extend(heard.places_exactly(topic).filter(is_office));
        }
    }
    Some(places)
}

/// Whether a name begins with a word for an office.
pub(super) fn begins(name: &[char]) -> bool {
    let is_first =
        |word: &&str| word.chars().enumerate().all(|(index, c)| name.get(index) == Some(&c));
    OFFICES.iter().any(|office| office.names.iter().any(is_first))
}
