//! The address that was said: the run of place names with the most levels.

/// The endings of place names by level, coarse to fine.
#[rustfmt::skip]
const LEVELS: [&[&str]; 6] = [
    &["自治区", "省"],
    &["自治州", "市", "盟"],
    &["自治县", "开发区", "新区", "区", "县", "旗"],
    &["街道办", "街道", "镇", "乡"],
    &["社区", "村", "大道", "路", "街", "巷"],
    &[
        "小区", "花园", "家园", "公寓", "大厦", "广场", "新城", "名城", "新村", "苑", "府", "城", "湾", "豪庭", "华庭",
        "山庄", "庄园", "佳园", "嘉园", "公馆", "雅居", "名邸", "学校", "小学", "中学", "医院", "公园", "市场", "超市",
        "车站", "工业园", "号院",
    ],
];

/// Provinces as people say them, without an ending.
#[rustfmt::skip]
const PROVINCES: [&str; 28] = [
    "河北", "山西", "辽宁", "吉林", "黑龙江", "江苏", "浙江", "安徽", "福建", "江西", "山东", "河南", "湖北", "湖南",
    "广东", "海南", "四川", "贵州", "云南", "陕西", "甘肃", "青海", "台湾", "内蒙古", "广西", "西藏", "宁夏", "新疆",
];

/// Words that may stand between two names of one address.
const BETWEEN: [&str; 7] = ["的", "那个", "这个", "嗯", "呃", "啊", "那边"];

/// How much a level says: where an address is certain, and where it is likely.
const WORTH: [u32; 6] = [2, 3, 3, 4, 3, 4];

/// The least worth of an address: anything below a province.
const LEAST_WORTH: u32 = 3;

/// Words that end where a name may begin.
#[rustfmt::skip]
const LEADS: &[&str] = &[
    "住在", "位于", "地址是", "地址在", "就是", "这里是", "这边是", "我是", "我们是", "在", "是", "到",
    "去", "从", "来自", "反映", "投诉", "举报", "咨询", "一下", "我们", "你们", "他们", "我", "你", "您", "有",
    "问", "说", "叫", "嗯", "啊", "呃", "那个", "这个", "这边", "那边", "关于", "对", "的",
];

/// Stems that make a common word of an ending, not a name: 小区, 我们县, 城市, 马路.
#[rustfmt::skip]
const NO_NAMES: &[&str] = &[
    "小", "大", "本", "该", "全", "城", "都", "超", "菜", "夜", "农贸", "批发", "哪个", "哪一个",
    "什么", "这个", "那个", "一个", "各个", "整个", "社", "郊", "市", "县", "镇", "乡", "农", "自然",
    "马", "公", "铁", "道", "修", "走", "一条", "这条", "那条", "条", "过", "上", "半", "老", "旧",
    "新", "政", "市政", "县政", "区政", "镇政", "乡政", "人民", "附近", "门口", "多少", "几", "哪",
    "每个", "别的", "其他", "所在", "市区", "上学", "住宅", "生活", "中心",
];

/// The most characters of a name in front of its ending.
const MOST_STEM: usize = 7;

/// An address: its text and the levels that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Found {
    text: String,
    coarsest: usize,
    finest: usize,
    worth: u32,
}

/// The best address in what was said. One that names only fine levels is completed by coarser ones
/// that were said apart from it.
pub(super) fn of<'a>(said: impl Iterator<Item = &'a str>) -> Option<String> {
    let clauses = said.flat_map(|words| words.split(super::is_stop));
    let found: Vec<Found> = clauses.filter_map(in_clause).collect();
    // The first among equals: the citizen's own words come before the operator's.
    let mut address = found.iter().rev().max_by_key(|found| found.worth)?.clone();
    while let Some(coarser) = found.iter().find(|other| {
        other.finest < address.coarsest && other.finest >= 1 && !address.text.contains(&other.text)
    }) {
        address.text.insert_str(0, &coarser.text);
        address.coarsest = coarser.coarsest;
        address.worth += coarser.worth;
    }
    while let Some(finer) = found
        .iter()
        .find(|other| other.coarsest > address.finest && !address.text.contains(&other.text))
    {
        address.text.push_str(&finer.text);
        address.finest = finer.finest;
        address.worth += finer.worth;
    }
    (address.worth >= LEAST_WORTH).then_some(address.text)
}

/// The best run of names in a clause, wherever it starts; among equals the shortest.
fn in_clause(clause: &str) -> Option<Found> {
    let starts = clause.char_indices().map(|(at, _)| at).filter(|at| may_begin(&clause[..*at]));
    let runs = starts.filter_map(|start| run(&clause[start..]));
    runs.reduce(|best, other| if other.worth >= best.worth { other } else { best })
}

/// Whether a name may begin behind these words.
fn may_begin(before: &str) -> bool {
    before.is_empty() || LEADS.iter().any(|lead| before.ends_with(lead))
}

/// The run of names at the start of a text, each finer than the one before, without the words
/// between them.
fn run(text: &str) -> Option<Found> {
    let province = PROVINCES.iter().find(|name| {
        let rest = text.strip_prefix(**name);
        rest.is_some_and(|rest| {
            !["省", "自治区", "路", "街"].iter().any(|end| rest.starts_with(end))
        })
    });
    let mut found = Found { text: String::new(), coarsest: 0, finest: 0, worth: 0 };
    let mut rest = text;
    let mut next_level = 0;
    if let Some(province) = province {
        found.text.push_str(province);
        rest = &text[province.len()..];
        next_level = 1;
    }
    loop {
        let filler = BETWEEN.iter().find_map(|word| rest.strip_prefix(word));
        let candidates = [Some(rest), filler.filter(|_| !found.text.is_empty())];
        let next =
            candidates.into_iter().flatten().find_map(|rest| Some((rest, name(rest, next_level)?)));
        let Some((from, (length, level))) = next else { break };
        if found.text.is_empty() {
            found.coarsest = level;
        }
        found.text.push_str(&from[..length]);
        found.finest = level;
        found.worth += WORTH[level];
        rest = &from[length..];
        // A city lies in an autonomous prefecture, which is no finer than a city elsewhere.
        let same = ["自治州", "盟"].iter().any(|ending| found.text.ends_with(ending));
        next_level = if same { level } else { level + 1 };
    }
    (found.worth > 0).then_some(found)
}

/// The name at the start of a text, of this level or a finer one: its length in bytes and its level.
///
/// The nearest ending decides; among endings at one place the longest (小区 before 区).
fn name(text: &str, least_level: usize) -> Option<(usize, usize)> {
    for (stem_chars, (at, _)) in text.char_indices().enumerate().take(MOST_STEM + 1) {
        let endings = LEVELS
            .iter()
            .enumerate()
            .flat_map(|(level, endings)| endings.iter().map(move |ending| (level, *ending)));
        let here = endings.filter(|(_, ending)| text[at..].starts_with(ending));
        let Some((level, ending)) = here.max_by_key(|(_, ending)| ending.len()) else { continue };
        let stem = &text[..at];
        if stem_chars == 0 || is_within_longer(text, at, level, ending) {
            continue;
        }
        if stem_chars == 1 && level >= 4 && ending.chars().count() == 1 {
            // The name goes on: 望城坡街道, 马路村.
            continue;
        }
        if level < least_level || !is_name(stem, stem_chars, level, least_level) {
            return None;
        }
        return Some((at + ending.len(), level));
    }
    None
}

/// Whether an ending is only the start of a longer word that is an ending too: 城 in 城区, 市 in 市场.
fn is_within_longer(text: &str, at: usize, level: usize, ending: &str) -> bool {
    let rest = &text[at + ending.len()..];
    if level >= 3 && ["小区", "社区", "街道"].iter().any(|longer| rest.starts_with(longer)) {
        return true;
    }
    let next = rest.chars().next();
    match ending {
        "市" => next == Some('区') || next == Some('场') || next == Some('民'),
        "城" | "新城" => {
            matches!(next, Some('区' | '市' | '县' | '镇' | '乡' | '关' | '管' | '村'))
        }
        "村" | "镇" => matches!(next, Some('里' | '委') | None) && text.chars().count() < 3,
        "路" => at < 6 && matches!(next, Some('口' | '灯' | '面')),
        _ => false,
    }
}

fn is_name(stem: &str, stem_chars: usize, level: usize, least_level: usize) -> bool {
    // A name of one character (寿县) is told from common words by the name in front of it.
    let long_enough = stem_chars >= 2 || (level == 2 && least_level > 0);
    let has_lead = [
        "我", "你", "您", "他", "这", "那", "哪", "什么", "没", "不", "了", "在", "的", "吗", "个",
        "们", "楼下", "楼上", "对面", "旁边", "门口", "当街", "逛", "有人", "可以", "到", "上小",
        "上中",
    ]
    .iter()
    .any(|word| stem.contains(word));
    let administrative = level <= 2 && stem_chars > 5;
    let verb = level >= 4 && stem.ends_with(['当', '上', '沿', '逛', '过']);
    // 二十六路 is a bus.
    let verb = verb
        || (level == 4 && stem.chars().all(|c| "零一二三四五六七八九十百0123456789".contains(c)));
    long_enough && !has_lead && !verb && !administrative && !NO_NAMES.contains(&stem)
}

/// The last name of an address, for a title.
pub(super) fn last_name(address: &str) -> &str {
    let mut at = 0;
    let mut level = 0;
    let mut last = 0;
    if let Some(province) = PROVINCES.iter().find(|name| address.starts_with(**name)) {
        at = province.len();
    }
    while let Some((length, found)) = name(&address[at..], level) {
        last = at;
        at += length;
        level = found + 1;
    }
    &address[last..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_run_with_the_most_levels_is_the_address() {
        let table: [(&[&str], Option<&str>); 28] = [
            (
                &["六安市三十铺镇水韵东方小区。", "靠近进门一百二十一栋。"],
                Some("六安市三十铺镇水韵东方小区"),
            ),
            (&["停车库太吵了", "您是哪个小区啊？"], None),
            (&["我住在合肥市庐阳区大杨镇王墩村"], Some("合肥市庐阳区大杨镇王墩村")),
            (
                &["嗯，在金安区。", "皖西路街道。", "我们小区叫阳光花园"],
                Some("金安区皖西路街道阳光花园"),
            ),
            (&["我想问一下医保怎么报销"], None),
            (&["我要投诉舒城县城关镇幸福小区的物业"], Some("舒城县城关镇幸福小区")),
            (&["整个城市都这样", "马路上都是垃圾"], None),
            (&["霍邱县彭塔乡的路坏了"], Some("霍邱县彭塔乡")),
            (&["是裕安区解放路那边"], Some("裕安区解放路")),
            (&["我们村里没有水"], None),
            (&["地址是杭州市西湖区北山街道"], Some("杭州市西湖区北山街道")),
            (&["菜市场很脏"], None),
            (&["超市多收了我十块钱"], None),
            (&["市政府不管"], None),
            (&["在深圳市宝安区西乡街道固戍社区"], Some("深圳市宝安区西乡街道固戍社区")),
            (&["我是新疆乌鲁木齐市天山区的"], Some("新疆乌鲁木齐市天山区")),
            (&["请问一下北京市朝阳区政务服务中心电话多少"], Some("北京市朝阳区")),
            (&["湖南省长沙市岳麓区望城坡街道这边"], Some("湖南省长沙市岳麓区望城坡街道")),
            (
                &["就是成都市武侯区那个簇桥街道锦城花园三期工地"],
                Some("成都市武侯区簇桥街道锦城花园"),
            ),
            (&["武汉市洪山区关山街道光谷软件园附近", "有人当街打人"], Some("武汉市洪山区关山街道")),
            (&["浦东新区周浦镇瑞阳路五百六十弄", "楼下广场舞太吵"], Some("浦东新区周浦镇瑞阳路")),
            (&["呼和浩特市赛罕区政务大厅"], Some("呼和浩特市赛罕区")),
            (&["延边朝鲜族自治州延吉市河南街道"], Some("延边朝鲜族自治州延吉市河南街道")),
            (&["一百零二路", "在太原市迎泽区"], Some("太原市迎泽区")),
            (&["孩子在杭州上小学需要什么材料"], None),
            (
                &["青岛市市南区", "香港中路街道", "海信小区三号楼"],
                Some("青岛市市南区香港中路街道海信小区"),
            ),
            (&["淮南市寿县寿春镇"], Some("淮南市寿县寿春镇")),
            (&["住在金安区梅山路金和苑小区"], Some("金安区梅山路金和苑小区")),
        ];
        for (said, expected) in table {
            assert_eq!(of(said.iter().copied()).as_deref(), expected, "{said:?}");
        }
    }

    #[test]
    fn a_title_takes_the_last_name() {
        assert_eq!(last_name("六安市三十铺镇水韵东方小区"), "水韵东方小区");
        assert_eq!(last_name("霍邱县彭塔乡"), "彭塔乡");
    }
}
