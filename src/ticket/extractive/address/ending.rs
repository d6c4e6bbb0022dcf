//! Names of places by their endings: what the gazetteer does not list, such as roads, villages and
//! estates.

/// The endings of place names by level, coarse to fine.
#[rustfmt::skip]
const LEVELS: [&[&str]; 6] = [
    &["自治区", "省"],
    &["自治州", "市", "盟"],
    &["自治县", "开发区", "新区", "区", "县", "旗"],
    &["街道办", "街道", "镇", "乡"],
    &["社区", "村", "大道", "胡同", "路", "街", "巷"],
    &[
        "小区", "花园", "家园", "公寓", "大厦", "广场", "新城", "名城", "新村", "苑", "府", "城", "湾", "豪庭", "华庭",
        "山庄", "庄园", "佳园", "嘉园", "公馆", "雅居", "名邸", "学校", "小学", "中学", "医院", "公园", "市场", "超市",
        "车站", "工业园", "号院", "组",
    ],
];

/// Endings of what many people go to: they say where somebody was as often as where something is.
#[rustfmt::skip]
const PUBLIC: &[&str] = &["学校", "小学", "中学", "医院", "市场", "超市", "车站"];

/// Stems that make a common word of an ending, not a name: 小区, 我们县, 城市, 马路.
#[rustfmt::skip]
const NO_NAMES: &[&str] = &[
    "小", "大", "本", "该", "全", "城", "都", "超", "菜", "夜", "农贸", "批发", "哪个", "哪一个",
    "什么", "这个", "那个", "一个", "各个", "整个", "社", "郊", "市", "县", "镇", "乡", "农", "自然",
    "马", "公", "铁", "道", "修", "走", "一条", "这条", "那条", "条", "过", "上", "半", "老", "旧",
    "新", "政", "市政", "县政", "区政", "镇政", "乡政", "人民", "附近", "门口", "多少", "几", "哪",
    "每个", "别的", "其他", "所在", "市区", "上学", "住宅", "生活", "中心", "本人", "步行", "商业",
    "一线", "高速公", "回家", "隔壁", "楼下", "辖区", "户籍", "高新", "经济", "经济技术", "街道", "政府",
];

/// What no name holds.
#[rustfmt::skip]
const NO_PARTS: &[&str] = &[
    "我", "你", "您", "他", "这", "那", "哪", "什么", "没", "不", "了", "在", "的", "吗", "个", "们", "楼下",
    "楼上", "对面", "旁边", "门口", "当街", "逛", "有人", "可以", "到", "上小", "上中", "条", "去", "找", "打",
    "就", "是", "转", "说", "问", "联系", "马上", "是不", "给", "把", "被", "从", "电话", "一下", "举报", "投诉", "反映",
];

/// What stands behind a road that something is near to, not on.
#[rustfmt::skip]
const BESIDE: &[&str] = &[
    "边上", "旁边", "附近", "对面", "上面", "下面", "后面", "前面", "后头", "前头", "门口", "路口", "交叉", "交汇",
    "不远", "和", "与", "口", "边", "跟前", "过去", "离",
];

/// The most characters of a name in front of its ending.
const MOST_STEM: usize = 7;

/// A name by its ending.
pub(super) struct Name {
    /// Its length in bytes.
    pub(super) length: usize,
    /// Its level.
    pub(super) level: usize,
    /// Whether many people go there.
    pub(super) public: bool,
}

/// The name at the start of a text, of this level or a finer one.
///
/// The nearest ending decides; among endings at one place the longest (小区 before 区).
pub(super) fn name(text: &str, least_level: usize) -> Option<Name> {
    for (stem_chars, (at, character)) in text.char_indices().enumerate().take(MOST_STEM + 1) {
        if super::is_gap(character) {
            return None;
        }
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
        let rest = &text[at + ending.len()..];
        // 八一路四十二号 is a door; 二十六路 alone is a bus.
        let counted = level >= 4 && stem.chars().all(is_numeral);
        let counted = counted && !(level == 4 && rest.starts_with(is_numeral));
        let named =
            level >= least_level && !counted && is_name(stem, stem_chars, level, least_level);
        if !named || (level >= 4 && BESIDE.iter().any(|word| rest.starts_with(word))) {
            return None;
        }
        return Some(Name { length: at + ending.len(), level, public: PUBLIC.contains(&ending) });
    }
    None
}

/// Whether an ending is only the start of a longer word that is an ending too: 城 in 城区, 市 in 市场.
fn is_within_longer(text: &str, at: usize, level: usize, ending: &str) -> bool {
    let rest = &text[at + ending.len()..];
    let longer: &[&str] = if level >= 3 { &["小区", "社区", "街道"] } else { &["街道"] };
    if longer.iter().any(|longer| rest.starts_with(longer)) {
        return true;
    }
    let next = rest.chars().next();
    match ending {
        "市" => matches!(next, Some('区' | '场' | '民')),
        "城" | "新城" => {
            matches!(next, Some('区' | '市' | '县' | '镇' | '乡' | '关' | '管' | '村'))
        }
        "村" | "镇" => matches!(next, Some('里' | '委') | None) && text.chars().count() < 3,
        "路" => at < 6 && matches!(next, Some('灯' | '面')),
        "组" => matches!(next, Some('织' | '成' | '长')),
        _ => false,
    }
}

fn is_name(stem: &str, stem_chars: usize, level: usize, least_level: usize) -> bool {
    // A name of one character (寿县) is told from common words by the name in front of it.
    let long_enough = stem_chars >= 2 || (level == 2 && least_level > 0);
    let has_other = NO_PARTS.iter().any(|word| stem.contains(word));
    let administrative = level <= 2 && stem_chars > 5;
    let verb = level >= 4 && stem.ends_with(['当', '上', '沿', '逛', '过']);
    long_enough && !has_other && !verb && !administrative && !NO_NAMES.contains(&stem)
}

fn is_numeral(character: char) -> bool {
    "零一二三四五六七八九十百两几0123456789".contains(character)
}
