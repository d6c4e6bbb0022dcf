//! The runs of place names in one turn: units of the gazetteer, and what endings show behind them.

use std::ops::Range;

use super::{ending, is_gap};
use crate::place::{Finder, Level, Mention};

/// The level of the first names that no gazetteer lists: roads, villages.
pub(super) const DETAIL: usize = 4;

/// How far a rank may stand behind the beginning of a name that was misheard.
const RANK_WITHIN: usize = 8;

/// How many characters behind known names are looked at.
const WINDOW: usize = 32;

/// How many places are tried for the name that follows another one.
const PLACES: usize = 6;

/// Words that may stand between two names of one address.
#[rustfmt::skip]
const BETWEEN: &[&str] = &["的", "那个", "这个", "嗯", "呃", "啊", "那边", "这边", "就是", "是"];

/// Words that end where a name may begin.
#[rustfmt::skip]
const LEADS: &[&str] = &[
    "住在", "位于", "地址是", "地址在", "就是", "这里是", "这边是", "我是", "我们是", "在", "是", "到",
    "去", "从", "来自", "反映", "投诉", "举报", "咨询", "一下", "我们", "你们", "他们", "我", "你", "您", "有",
    "问", "说", "叫", "嗯", "啊", "呃", "那个", "这个", "这边", "那边", "关于", "对", "的", "这儿", "那儿", "这里", "那里",
    "小区叫", "俺们", "俺", "住", "勒",
];

/// Words that no name begins in the middle of.
#[rustfmt::skip]
const WORDS: &[&str] = &[
    "上午", "中午", "下午", "今天", "昨天", "前天", "明天", "后天", "早上", "晚上", "夜里", "半夜", "凌晨", "去年", "今年", "前年", "上个月",
    "这个月", "星期", "礼拜", "现在", "刚才", "时候", "以前", "以后", "之前", "之后", "小时", "分钟", "一直", "已经", "因为", "所以",
    "我们", "你们", "他们", "大家", "孩子", "老人", "电话", "问题", "情况",
];

/// What may stand behind a name that stands for itself.
#[rustfmt::skip]
const ENDS: &[&str] = &[
    "的", "里", "那", "这", "呢", "啊", "呀", "嘛", "吧", "哦", "哈", "对吧", "对吗", "是吗", "是吧", "是不是", "格", "上有", "有",
    "电话", "咯", "啦", "第", "A", "B", "C", "北", "南", "东", "西",
];

/// One name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) level: usize,
    pub(super) text: String,
    /// Which unit of the gazetteer it is.
    pub(super) unit: Option<u32>,
    /// Whether it stands there letter by letter.
    pub(super) exact: bool,
    /// Whether it stands there without its rank.
    pub(super) short: bool,
}

impl Part {
    /// How good a spelling of its unit it is: as listed, and with its rank.
    pub(super) fn spelling(&self) -> (bool, bool) {
        (self.exact, !self.short)
    }
}

/// Names one after the other, each finer than the one before.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) parts: Vec<Part>,
    /// Where, in bytes.
    pub(super) span: Range<usize>,
}

/// All runs of a turn, from left to right.
pub(super) fn all(words: &str, finder: Option<&Finder<'_>>) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut at = 0;
    while let Some(first) = words[at..].chars().next() {
        match run(words, at, finder) {
            Some(run) => {
                at = run.span.end;
                runs.push(run);
            }
            None => at += first.len_utf8(),
        }
    }
    runs
}

/// The run of names at a place, without the words between them.
fn run(words: &str, start: usize, finder: Option<&Finder<'_>>) -> Option<Run> {
    let begins = may_begin(&words[..start]);
    if splits_word(&words[..start], &words[start..]) {
        return None;
    }
    let mut parts: Vec<Part> = Vec::new();
    let mut at = start;
    while let Some((next, end)) = places(words, at, parts.is_empty())
        .into_iter()
        .find_map(|from| next(words, from, at, &parts, begins, finder))
    {
        parts.extend(next);
        at = end;
    }
    (!parts.is_empty()).then_some(Run { parts, span: start..at })
}

/// Where the next name may begin: here, or behind what may stand between two names.
fn places(words: &str, at: usize, first: bool) -> Vec<usize> {
    let mut places = vec![at];
    let mut rest = if first { "" } else { &words[at..] };
    while let Some(length) = between(rest).filter(|_| places.len() < PLACES) {
        rest = &rest[length..];
        places.push(words.len() - rest.len());
    }
    places
}

/// The length of what may stand between two names at the start of a text.
fn between(text: &str) -> Option<usize> {
    let gap = text.chars().next().filter(|c| is_gap(*c)).map(char::len_utf8);
    let filler = BETWEEN.iter().find(|word| text.starts_with(**word)).map(|word| word.len());
    gap.or(filler)
}

/// The names at one place behind others, and where they end.
fn next(
    words: &str,
    from: usize,
    at: usize,
    parts: &[Part],
    begins: bool,
    finder: Option<&Finder<'_>>,
) -> Option<(Vec<Part>, usize)> {
    let rest = &words[from..];
    let least = parts.last().map_or(0, |part| part.level + 1);
    if let Some(finder) = finder.filter(|_| least < DETAIL) {
        let found = listed(finder, parts, rest, begins);
        if let Some(last) = found.last() {
            let end = from + last.span.end;
            let part = |mention: &Mention| part(mention, rest);
            return Some((found.iter().map(part).collect(), end));
        }
    }
    if parts.is_empty() && !begins {
        return None;
    }
    let name = ending::name(rest, least)?;
    let (text, behind) = rest.split_at(name.length);
    let apart = from != at || parts.is_empty();
    let detail = name.level >= DETAIL;
    if (name.public && apart)
        || (detail && !(is_end(behind) || ending::name(behind, name.level + 1).is_some()))
    {
        return None;
    }
    // 离敦煌市 is no name where 敦煌市 is one, heard right or not.
    let holds_listed = |finder: &Finder<'_>| {
        text.char_indices().skip(1).any(|(at, _)| {
            let found = finder.at_start(&text[at..], true);
            found.last().is_some_and(|last| at + last.span.end == text.len() && !last.short)
        })
    };
    if !detail && finder.is_some_and(holds_listed) {
        return None;
    }
    let part =
        Part { level: name.level, text: text.to_owned(), unit: None, exact: false, short: false };
    Some((vec![part], from + name.length))
}

fn part(mention: &Mention, text: &str) -> Part {
    let level = match mention.level {
        Level::Province => 0,
        Level::City => 1,
        Level::County => 2,
        Level::Town => 3,
    };
    Part {
        level,
        text: text[mention.span.clone()].to_owned(),
        unit: Some(mention.unit),
        exact: mention.exact,
        short: mention.short,
    }
}

/// The units of the gazetteer at the start of a text, behind those already named.
fn listed(finder: &Finder<'_>, parts: &[Part], text: &str, begins: bool) -> Vec<Mention> {
    let end = text.char_indices().nth(WINDOW).map_or(text.len(), |(end, _)| end);
    let mut context: String = parts.iter().map(|part| part.text.as_str()).collect();
    let length = context.len();
    context.push_str(&text[..end]);
    let behind = |near| {
        let mut found = finder.at_start(&context, near);
        found.retain(|mention| mention.span.start >= length);
        for mention in &mut found {
            mention.span = mention.span.start - length..mention.span.end - length;
        }
        while found.last().is_some_and(|last| last.short && (last.headed || !last.exact)) {
            found.pop();
        }
        if found.first().is_some_and(|first| first.span.start > 0) {
            found.clear();
        }
        found
    };
    let mut found = behind(false);
    if found.is_empty() && says_rank(text) && (begins || !parts.is_empty()) {
        found = behind(true);
    }
    let bare = parts.is_empty() && found.iter().all(|mention| mention.short);
    let alone = |found: &[Mention]| match found {
        [only] => begins && is_end(&text[only.span.end..]) && only.level > Level::Province,
        _ => true,
    };
    // 城区 and 郊区 are names only behind another one.
    let common = parts.is_empty()
        && found.first().is_some_and(|first| first.span.len() <= 6 && !first.short);
    if (bare && !alone(&found)) || (common && !begins) {
        found.clear();
    }
    found
}

/// Whether a rank follows soon.
fn says_rank(text: &str) -> bool {
    let characters: Vec<char> = text.chars().take(RANK_WITHIN + 1).collect();
    let name = characters.iter().take_while(|c| !is_gap(**c)).count();
    (1..name).any(|at| match (characters[at], characters.get(at + 1), characters[at - 1]) {
        ('市', Some('场' | '民' | '政'), _) | ('区', _, '小' | '社') => false,
        ('街', Some('道'), _) => true,
        (character, _, _) => "省市区县旗州镇乡".contains(character),
    })
}

/// Whether a name may begin behind these words.
fn may_begin(before: &str) -> bool {
    before.chars().next_back().is_none_or(is_gap) || LEADS.iter().any(|lead| before.ends_with(lead))
}

/// Whether a place is within a word that no name begins in.
fn splits_word(before: &str, behind: &str) -> bool {
    WORDS.iter().any(|word| {
        let mut cuts = word.char_indices().skip(1);
        cuts.any(|(at, _)| before.ends_with(&word[..at]) && behind.starts_with(&word[at..]))
    })
}

/// Whether a name that ends here stands for itself.
pub(super) fn is_end(behind: &str) -> bool {
    let numeral = |c: char| c.is_ascii_digit() || "零一二三四五六七八九十幺两".contains(c);
    behind.chars().next().is_none_or(|c| is_gap(c) || numeral(c))
        || ENDS.iter().any(|word| behind.starts_with(word))
}
