//! Words with numerals in them that count nothing: 统一, 万一, 十分, 四川 (rule 10).

use std::{collections::HashMap, sync::LazyLock};

use super::glyph::{self, Text};

/// Words whose numerals count nothing, whatever stands around them.
#[rustfmt::skip]
const WORDS: &[&str] = &[
    "一直", "统一", "一样", "一般", "一定", "一些", "一旦", "一致", "一律", "一切", "一共", "一味", "一再", "一向",
    "一会", "一并", "唯一", "同一", "进一步", "下一步", "第一步", "一方面", "一边", "一下", "一贯", "一系列", "一带",
    "一概", "一经", "一旁", "一路上", "一家人", "一家子", "一番", "一阵", "一帮", "一伙", "一群", "一批", "一堆", "一片",
    "一面", "一如", "一口咬定", "一清二楚", "一心一意", "一干二净", "一来二去", "一五一十", "一模一样", "一言不发",
    "一年到头", "一天到晚", "一到晚上", "一到下雨", "一塌糊涂", "一窝蜂", "一刀切", "一条龙", "一站式", "一网通", "一卡通",
    "一体化", "一次性", "一手房", "一把手", "一门心思", "一声不吭", "一点点", "一点儿", "有一点", "不一样", "一个劲", "一分钱",
    "一辈子", "一句话", "一分不", "一分没", "一分也", "一分都", "一毛不", "一个都不", "一个都没", "一个也", "一口气", "一股", "万一的", "挨家挨户", "说一不二", "独一无二", "不一定", "十有八九",
    "十分钟热度", "三番五次", "三番两次", "三天两头", "五花八门", "四面八方", "千方百计", "三更半夜", "不三不四",
    "接二连三", "半斤八两", "乱七八糟", "七上八下", "七嘴八舌", "丢三落四", "颠三倒四", "朝三暮四", "四通八达", "五颜六色",
    "五湖四海", "千家万户", "千千万万", "成千上万", "千辛万苦", "万事", "两码事", "两回事", "三言两语", "三心二意",
    "不管三七二十一", "十万火急", "万不得已", "千真万确", "百思不得其解", "一视同仁", "一碗水", "推三阻四", "低三下四",
    "四川", "四季", "四肢", "四合院", "五金", "五官", "五险一金", "六安", "七夕", "八卦", "九寨沟", "二手",
    "二维码", "二胎", "二婚", "二审", "一审", "二奶", "二流子", "三轮", "三无", "三峡", "三亚", "三农", "三包", "三甲", "三伏",
    "三方", "十字", "十堰", "百姓", "百货", "百度", "百合", "百般", "百科", "千金", "千瓦", "千克", "千米",
    "千斤顶", "千万要", "千万不", "千万别", "千万注意", "千万小心", "千万记", "万达", "万科", "万象", "万能", "两岸", "两会",
    "两侧", "两边", "两旁", "两者", "两头", "五保", "低保户一", "九年义务", "九年制", "八宝", "三明治", "三明市", "四平市",
    "五台山", "九江", "九龙", "万州", "万宁", "三沙", "三门峡", "双一流", "一中全会", "一带一路", "两不愁三保障", "三保",
    "零下", "零星", "收拾", "拾荒", "拾到", "拾金", "亿达", "三聚氰胺", "大陆", "陆续", "着陆", "登陆", "队伍", "落伍", "三更",
];

/// Words that count nothing unless a numeral stands in front of them: 二十一起 counts, 一起 does not.
#[rustfmt::skip]
const ALONE: &[&str] = &[
    "万一", "四周", "四处", "七七八八", "十分", "一起", "一点用", "一点都", "一点也", "一点不", "一点没", "一点事", "一点问题", "一点声音", "一点办法", "一点隔音",
    "一点水", "一点反应", "一块儿", "一块去", "一块来", "一块过", "一道去", "一路", "一楼盘", "一副", "一份子", "一分子", "一刻", "一半", "一小部分", "一部分", "一种", "一类", "一条心", "一遍又一遍", "一次又一次", "一天天", "一年年", "一时间", "一段时间",
];

/// Words by the first numeral in them, with the number of characters in front of it.
type Words = HashMap<char, Vec<(usize, Vec<char>)>>;

static BY_NUMERAL: LazyLock<Words> = LazyLock::new(|| by_numeral(WORDS));
static ALONE_BY_NUMERAL: LazyLock<Words> = LazyLock::new(|| by_numeral(ALONE));

fn by_numeral(words: &[&str]) -> Words {
    let mut found = Words::new();
    for word in words {
        let word: Vec<char> = word.chars().collect();
        if let Some(before) = word.iter().position(|c| glyph::is_numeral(*c)) {
            found.entry(word[before]).or_default().push((before, word));
        }
    }
    found
}

/// Masks the numerals of such words.
pub(super) fn mask(text: &mut Text) {
    let mut at = 0;
    while at < text.len() {
        match of_key(text, at) {
            Some((from, length)) => {
                text.mask(from..from + length);
                at = at.max(from + length - 1) + 1;
            }
            None => at += 1,
        }
    }
}

/// The word around the numeral at a place, where it starts and its length.
fn of_key(text: &Text, at: usize) -> Option<(usize, usize)> {
    let key = text.get(at).filter(|_| text.is_numeral(at))?;
    let found = |words: &Words| {
        words.get(&key)?.iter().find_map(|(before, word)| {
            let from = at.checked_sub(*before)?;
            let is_here = text.chars[from..].starts_with(word);
            is_here.then_some((from, word.len()))
        })
    };
    let numeral_before = |from: usize| from > 0 && text.is_numeral(from - 1);
    // 周一下午 is a day, 三千米 a length, 两千万 one number.
    let is_weekday = |from: usize| matches!(text.previous(from), Some('周' | '期' | '拜'));
    let is_unit = |from: usize| {
        let units = ["千米", "千克", "千瓦", "千万", "百合", "万能", "万事"];
        numeral_before(from) && text.word_at(from, &units).is_some()
    };
    // 零点三方 of water are no 三方.
    let is_fraction =
        |from: usize| text.previous(from) == Some('点') && from >= 2 && text.is_numeral(from - 2);
    // G一四八一下来 has four digits.
    let is_digit = |at: Option<usize>| {
        at.is_some_and(|at| text.digit(at).is_some() && !text.chars[at].is_ascii_digit())
    };
    let is_spelled = |from: usize| is_digit(from.checked_sub(1)) && is_digit(from.checked_sub(2));
    // 十分钟 is a time, 十分之一 a part, 三点十分 a minute.
    let counts = |from: usize, length: usize| {
        let is_minutes = text.ends_at(from + length, "十分")
            && text.word_at(from + length, &["钟", "之"]).is_some();
        let is_quarter = text.ends_at(from + length, "一刻") && text.is_at(from + length, "钟");
        let is_past = text.word_before(from, &["点过", "点过了"]).is_some();
        let goes_on = |c: char| c.is_ascii_digit() || matches!(c, '第' | '点' | '差');
        is_minutes
            || is_quarter
            || is_past
            || numeral_before(from)
            || text.previous(from).is_some_and(goes_on)
    };
    found(&BY_NUMERAL)
        .filter(|(from, _)| !is_unit(*from) && !is_fraction(*from) && !is_spelled(*from))
        .or_else(|| found(&ALONE_BY_NUMERAL).filter(|(from, length)| !counts(*from, *length)))
        .filter(|(from, _)| !is_weekday(*from))
}
