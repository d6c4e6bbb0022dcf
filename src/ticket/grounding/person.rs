//! Names of persons in a ticket: 王先生, 李某某, 联系人张伟.

use std::sync::LazyLock;

use super::{Ear, Item, Kind, add, heard::Heard};
use crate::words::{Letters, Words};

/// Common surnames that are rarely anything else in front of a title.
const SURNAMES: &str = "王李张刘陈杨黄赵周吴徐孙朱马胡郭林何高梁郑罗宋谢唐韩曹许邓萧冯曾程蔡彭潘袁于董余苏叶吕魏蒋田杜丁沈姜范江傅钟卢汪戴崔任陆廖姚方金邱夏谭韦贾邹石熊孟秦阎薛侯雷白龙段郝孔邵史毛常万顾赖武康贺严尹钱施牛洪龚俞";

/// What a surname belongs to when it ends another word: 对方经理, 基金经理, 工程师.
#[rustfmt::skip]
const OTHER_WORDS: &[&str] = &[
    "对方", "校方", "院方", "甲方", "乙方", "店方", "警方", "双方", "官方", "地方", "一方", "我方", "资方", "各方", "厂方", "多方",
    "基金", "资金", "现金", "由于", "对于", "关于", "至于", "属于", "处于", "鉴于", "位于", "在于", "等于", "工程", "过程", "课程",
    "流程", "允许", "也许", "或许", "设施", "措施", "实施", "责任", "主任", "担任", "负责任", "班主任", "路段", "时段", "阶段", "手段",
    "非常", "经常", "日常", "照常", "不曾", "未曾", "历史", "水田", "千万", "健康", "小康", "其余", "业余", "提高", "较高", "最高",
    "校史", "任何", "为何", "如何", "金钱", "价钱", "回顾", "照顾", "不顾", "树叶", "茶叶", "森林", "园林", "沿江", "长江", "明白",
    "江苏", "石灰", "岩石", "瓷砖石", "冬夏", "立夏", "春秦", "雷电", "水牛", "山洪", "陆续", "大陆", "道路", "水任", "沙洪", "依赖",
];

/// What follows a name.
#[rustfmt::skip]
const TITLES: &[&str] = &[
    "先生", "女士", "小姐", "师傅", "老师", "主任", "经理", "书记", "局长", "村长", "队长", "老板", "医生", "大爷", "大妈", "阿姨",
    "同志", "所长", "站长", "科长", "处长", "院长", "校长", "镇长", "律师", "某某", "某",
];

/// What stands in front of a full name.
#[rustfmt::skip]
const LEADS: &[&str] = &[
    "姓名为", "姓名是", "姓名：", "姓名:", "名叫", "名为", "联系人：", "联系人:", "联系人为", "联系人是", "负责人：", "负责人为", "联系人",
    "业主", "村民", "居民", "市民", "户主", "法人", "房东",
];

/// Who may be called by a full name in a sentence: 来电人孙晓梅反映.
#[rustfmt::skip]
const ROLES: &[&str] = &[
    "来电人", "反映人", "投诉人", "举报人", "当事人", "负责人", "联系人", "法定代表人", "法人代表", "包工头", "工头", "老板", "店主",
    "店长", "经理", "司机", "机主", "车主", "户主", "房主", "房东", "租客", "租户", "患者", "死者", "伤者", "邻居", "业主", "村民",
    "居民", "市民", "工人", "员工", "学生", "教练", "中介", "会计", "医生", "老师", "丈夫", "妻子", "儿子", "女儿", "父亲", "母亲",
];

/// What follows a full name in a sentence.
#[rustfmt::skip]
const VERBS: &[&str] = &[
    "反映", "称", "表示", "来电", "致电", "咨询", "投诉", "要求", "电话", "询问", "举报", "认为", "承诺", "答应", "于", "说", "拖欠", "失联", "告知", "拒绝",
];

/// What a name does not go on with: 王总, 李大爷, 张某, 陈的.
const NO_GIVEN: &str = "某先女小师老主经书总姐哥叔婶伯嫂爷奶工局处科所院校导董大氏姓家的了在是不已未被将把向与和及等为有无没要去到也又再还均都曾多其";

/// Surnames that are words of their own behind a role: 来电人曾致电.
const WORDS: &str = "于曾常任何余万";

/// Words that begin like a name: 来电人马上要求.
#[rustfmt::skip]
const NO_NAMES: &[&str] = &[
    "马上", "马路", "马桶", "高度", "高额", "高层", "高价", "高空", "高温", "高速", "高铁", "高中", "高考", "高校", "高压", "高血", "高龄",
    "方便", "方面", "方才", "方可", "方能", "方案", "方言", "白天", "白班", "白色", "白白", "周边", "周围", "周末", "周一", "周二", "周三",
    "周四", "周五", "周六", "周日", "周内", "周期", "周岁", "周转", "周年", "张贴", "张口", "陈述", "陈旧", "许可", "许多", "施工", "施救",
    "顾客", "顾虑", "严重", "严格", "严厉", "杜绝", "范围", "董事", "谢绝", "谢谢", "孙子", "孙女", "夏天", "夏季", "江边", "江苏", "江西",
    "江南", "金额", "金属", "金融", "金毛", "雷雨", "黄昏", "黄金", "黄色", "黄河", "龙头", "龙湖", "毛坯", "毛病", "毛巾", "洪水", "陆续",
    "段时", "程度", "钱款", "钱包", "钱财", "叶子", "石头", "石材", "史上", "康复", "贺卡", "赖账", "武断", "武装", "武汉", "唐突", "韩国",
    "沈阳", "丁字", "田间", "田地", "牛奶", "牛肉", "林场", "林木", "林地", "胡乱", "胡同", "钟头", "钟点", "苏州", "常年", "管理", "秦岭",
    "梁柱", "宋代", "汪洋", "戴着", "戴口", "邵阳", "萧条", "叶片",
];

/// What is said in front of a surname, which may then be written in any way; and what is said in
/// front of other things as well.
const SAID_BEFORE: [&str; 4] = ["姓", "叫", "我是", "名字是"];
const MAY_BE_BEFORE: [&str; 5] = ["名字", "小", "老", "这是", "找"];

/// Checks the names of a text.
pub(super) fn check<E: Ear>(text: &str, heard: &Heard<'_, E>, items: &mut Vec<Item>) {
    let chars: Vec<char> = text.chars().collect();
    for at in 0..chars.len() {
        let name = titled(&chars, at)
            .or_else(|| introduced(&chars, at, heard))
            .or_else(|| led(&chars, at))
            .or_else(|| called(&chars, at));
        if let Some(name) = name
            && !is_said(&name.chars, heard)
        {
            let text: String = chars[name.from..name.to].iter().collect();
            add(items, Kind::Name, &text);
        }
    }
}

/// A name and where it stands with its title.
struct Name {
    chars: Vec<char>,
    from: usize,
    to: usize,
}

fn is_said<E: Ear>(name: &[char], heard: &Heard<'_, E>) -> bool {
    match name {
        [surname] => heard.has_beside(*surname, &SAID_BEFORE, &MAY_BE_BEFORE, TITLES),
        _ => heard.has(name),
    }
}

fn is_surname(c: char) -> bool {
    static LETTERS: LazyLock<Letters> = LazyLock::new(|| Letters::new(SURNAMES));
    LETTERS.has(c)
}

/// The name in front of a title that stands at a place.
fn titled(chars: &[char], at: usize) -> Option<Name> {
    static BY_FIRST: LazyLock<Words> = LazyLock::new(|| Words::new(TITLES));
    let is_at =
        |title: &&&str| title.chars().enumerate().all(|(i, c)| chars.get(at + i) == Some(&c));
    let title = BY_FIRST.of(chars[at]).iter().find(is_at)?;
    let to = at + title.chars().count();
    // 李某先生: the name is in front of 某 and was found there.
    let last = *chars.get(at.checked_sub(1)?)?;
    if is_surname(last) {
        let other = OTHER_WORDS.iter().any(|word| ends(&chars[..at], word));
        let verb = *title == "经理" && last == '曾';
        return (!other && !verb).then(|| Name { chars: vec![last], from: at - 1, to });
    }
    // A full name, where a clause or a role begins it: 村民张伟先生.
    [2, 3].into_iter().find_map(|length| {
        let from = at.checked_sub(length).filter(|from| is_surname(chars[*from]))?;
        let name = &chars[from..at];
        let begins = from == 0
            || !chars[from - 1].is_alphanumeric()
            || LEADS.iter().any(|lead| ends(&chars[..from], lead));
        let plain = name.iter().all(|c| c.is_alphabetic() && *c != '某');
        (begins && plain).then(|| Name { chars: name.to_vec(), from, to })
    })
}

/// The full name behind a word that introduces one: 联系人：张伟.
fn introduced<E: Ear>(chars: &[char], at: usize, heard: &Heard<'_, E>) -> Option<Name> {
    let surname = chars.get(at).copied().filter(|c| is_surname(*c))?;
    let lead = LEADS.iter().find(|lead| ends(&chars[..at], lead))?;
    let given =
        *chars.get(at + 1).filter(|c| c.is_alphabetic() && !"某先女小师老主经书".contains(**c))?;
    let third = chars.get(at + 2).copied();
    let stops = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    // 业主方便时 is no name: behind a mere role the name must end its clause.
    let role = lead.chars().count() == 2 && *lead != "名叫" && *lead != "名为";
    let fourth = chars.get(at + 3).copied();
    if role && !stops(third) && !stops(fourth) {
        return None;
    }
    let short = vec![surname, given];
    match third.filter(|c| c.is_alphabetic()) {
        Some(third) if stops(fourth) && heard.has(&short) => {
            Some(Name { chars: vec![surname, given, third], from: at, to: at + 3 })
        }
        _ => Some(Name { chars: short, from: at, to: at + 2 }),
    }
}

/// The full name of a role in a sentence: 来电人孙晓梅反映.
fn led(chars: &[char], at: usize) -> Option<Name> {
    let surname = chars.get(at).filter(|c| is_surname(**c) && !WORDS.contains(**c))?;
    let rest = &chars[at..];
    let before = chars[..at].strip_suffix(&['（']).unwrap_or(&chars[..at]);
    if !ROLES.iter().any(|role| ends(before, role))
        || NO_NAMES.iter().any(|word| starts(rest, word))
    {
        return None;
    }
    [3, 2].into_iter().find_map(|length| {
        let (name, behind) = rest.split_at_checked(length)?;
        let given = &name[1..];
        let is_given = given.iter().all(|c| c.is_alphabetic() && !NO_GIVEN.contains(*c))
            && !given.iter().enumerate().any(|(at, _)| says(&given[at..], VERBS));
        let stops = behind.first().is_none_or(|c| !c.is_alphanumeric()) || says(behind, VERBS);
        // 张反映 is a surname with what its bearer does.
        let is_verb = says(&rest[1..], VERBS) || says(&rest[1..], TITLES);
        let is_name = is_given && stops && !is_verb && *surname != given[0];
        is_name.then(|| Name { chars: name.to_vec(), from: at, to: at + length })
    })
}

/// 姓张.
fn called(chars: &[char], at: usize) -> Option<Name> {
    let surname = chars.get(at).copied().filter(|c| is_surname(*c))?;
    let before = at.checked_sub(1).and_then(|at| chars.get(at));
    let other =
        at.checked_sub(2).and_then(|at| chars.get(at)).is_some_and(|c| "百同老".contains(*c));
    (before == Some(&'姓') && !other).then(|| Name {
        chars: vec![surname],
        from: at - 1,
        to: at + 1,
    })
}

fn says(chars: &[char], words: &[&str]) -> bool {
    words.iter().any(|word| starts(chars, word))
}

fn starts(chars: &[char], word: &str) -> bool {
    word.chars().enumerate().all(|(index, c)| chars.get(index) == Some(&c))
}

fn ends(chars: &[char], word: &str) -> bool {
    let mut before = chars.iter().rev();
    word.chars().rev().all(|c| before.next() == Some(&c))
}
