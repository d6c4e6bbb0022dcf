//! The type of a call, by what both sides say.
//!
//! One rule: the words decide by what the types mean. 咨询 asks for procedures, policies, progress and
//! numbers, and the operator answers instead of opening a case; 举报 tells of somebody's breach of the
//! law; 求助 is a need that the caller cannot meet alone; whatever else remains is 投诉.

mod answer;
mod words;

use self::words::{CUES, Words};
use super::digits;
use crate::ticket::{Speaker, Transcript, numerals};

/// Words of an operator who opens a case, rather than answers.
#[rustfmt::skip]
const OPENED: &[&str] = &[
    "给您登记", "您登记", "登记了", "已登记", "登记一下", "我登记", "已经登记", "登记好", "都登记", "诉求", "联系方式", "手机号", "留个电话", "留一个", "留一下", "电话留", "您电话", "您的电话", "您的号码", "电话畅通", "回访",
    "马上通知", "通知消防", "马上给", "我现在", "我们联系", "帮您联系", "反映给", "给您反映", "帮您反映", "马上安排", "派人", "查处", "督促", "马上联系", "我联系", "给您联系", "加急", "记录", "给您记", "您希望", "您想要", "您要求", "您的要求",
];

/// What an operator passes a call on to: 转 with one of these behind it.
#[rustfmt::skip]
const PASSED_TO: &[&str] = &["局", "部门", "政府", "街道", "社区", "派出所", "公安", "处理", "管理", "公司", "镇", "乡", "大队", "办"];

/// The most characters between 转 and what a call is passed on to.
const MOST_BETWEEN: usize = 16;

/// The most characters of a turn that only asks for the telephone.
const MOST_ASKED: usize = 8;

/// What the operator's answering without a case says for 咨询, and a case against it.
const ANSWERED: u32 = 20;
const A_CASE: u32 = 4;

/// What speaks for the rest where a case is opened and little else speaks.
const NO_OTHER: u32 = 3;

/// How much of what a caller says first counts once more.
const OPENING_CHARS: usize = 80;

/// How many characters of each side are listened to; a longer call has told its type before.
const MOST_HEARD: usize = 10_000;

/// Words that turn a cue into its opposite.
const NEGATIONS: [&str; 6] = ["不是", "不算", "不用", "没有", "不要", "没"];

/// The type that remains when nothing speaks for another one.
const REST: &str = "投诉";

/// The type that the words speak for most; among equals, and without any, the catch-all 投诉, else the
/// last of `types`. A type that is not known here speaks by its name.
pub(super) fn of(call: &Transcript, types: &[String]) -> String {
    let said = |speaker| {
        let words = call.said_by(speaker).flat_map(|words| words.chars().chain(['\n']));
        words.take(MOST_HEARD).collect::<String>()
    };
    let citizen = answer::without_fields(&said(Speaker::Citizen));
    let operator = said(Speaker::Operator);
    let opening: String = citizen.chars().take(OPENING_CHARS).collect();
    let opened = is_opened(call, &operator) || has_mobile(&citizen);
    let asks = answer::is_asked(&citizen);
    let answered = asks && operator.lines().any(|turn| answer::is_one(turn, &citizen));
    let score = |name: &str| {
        let known = CUES.iter().find(|cues| cues.name == name);
        let Some(cues) = known else { return 8 * (times(&citizen, name) + times(&opening, name)) };
        let mut said = weight(&citizen, cues.citizen) + weight(&opening, cues.citizen);
        // An operator's questions alone make no breach of the law.
        if name != "举报" || said > 0 {
            said += weight(&operator, cues.operator);
        }
        match (name, opened) {
            ("举报", _) => said + 6 * u32::from(lacks_permission(&citizen)),
            (REST, true) => said + NO_OTHER,
            ("咨询", true) => (said / 2).saturating_sub(A_CASE),
            ("咨询", false) if answered => said + ANSWERED,
            ("咨询", false) if !asks => said / 2,
            _ => said,
        }
    };
    let rest = types.iter().find(|name| *name == REST).or(types.last());
    let Some(rest) = rest else { return String::new() };
    let mut best = (rest, if rest == REST { score(rest) } else { 0 });
    for name in types {
        let score = score(name);
        if score > best.1 {
            best = (name, score);
        }
    }
    best.0.clone()
}

/// Whether the operator opens a case: passes the call on, or asks for the caller's telephone.
fn is_opened(call: &Transcript, operator: &str) -> bool {
    let passes = |turn: &str| {
        turn.match_indices('转').any(|(at, _)| {
            let behind: String = turn[at..].chars().take(MOST_BETWEEN).collect();
            PASSED_TO.iter().any(|word| behind.contains(word))
        })
    };
    let asks = |turn: &str| {
        let short = turn.chars().filter(|c| c.is_alphanumeric()).count() <= MOST_ASKED;
        short && ["电话", "号码"].iter().any(|word| turn.contains(word))
    };
    let mut turns = call.said_by(Speaker::Operator);
    OPENED.iter().any(|word| operator.contains(word))
        || turns.any(|turn| passes(turn) || asks(turn))
}

/// Whether a text has a mobile telephone number: who leaves his own wants more than an answer.
fn has_mobile(text: &str) -> bool {
    let text = digits::written(text, None);
    let mut runs = text.split(|c: char| !c.is_ascii_digit());
    runs.any(|run| run.len() == 11 && run.starts_with('1') && numerals::is_phone(run))
}

/// Whether somebody is said to lack what the law asks for: 没有营业执照, 没得证.
fn lacks_permission(text: &str) -> bool {
    let lacks = ["没", "无", "冇", "什么证"].iter().flat_map(|no| text.match_indices(no));
    let mut behind = lacks.map(|(at, _)| text[at..].chars().take(LACKING).collect::<String>());
    behind.any(|words| PERMISSIONS.iter().any(|word| words.contains(word)))
}

/// What the law asks for, and how many characters behind 没 it is looked for.
const PERMISSIONS: [&str; 9] =
    ["执照", "许可", "资质", "手续", "检疫", "证的", "生证", "得证", "证都"];
const LACKING: usize = 6;

/// How much a text of a caller speaks for any type, the types' own names apart: 我要投诉 names no
/// demand.
pub(super) fn any_weight(text: &str) -> u32 {
    let text = CUES.iter().fold(text.to_owned(), |text, cues| text.replace(cues.name, ""));
    CUES.iter().map(|cues| weight(&text, cues.citizen)).max().unwrap_or(0)
}

/// The weight of each cue in a text, counted twice at most.
fn weight(text: &str, cues: Words) -> u32 {
    cues.iter().map(|(cue, weight)| weight * times(text, cue)).sum()
}

/// How often a cue stands in a text without a negation, twice at most.
fn times(text: &str, cue: &str) -> u32 {
    let places = text.match_indices(cue);
    let meant = places.filter(|(at, _)| !NEGATIONS.iter().any(|no| text[..*at].ends_with(no)));
    u32::try_from(meant.take(2).count()).unwrap_or(2)
}

#[cfg(test)]
mod tests;
