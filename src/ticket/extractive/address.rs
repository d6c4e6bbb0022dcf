//! The address that was said: the run of place names that says most, completed by what was said
//! apart from it.
//!
//! One rule: every name in it was said as it stands there, by the caller or by the operator who
//! repeats it; no level is added.

mod ending;
mod run;

use self::run::{DETAIL, Part, Run};
use super::cues;
use crate::{
    place::Finder,
    ticket::{Speaker, Transcript, Turn},
};

/// How much a level says: where an address is certain, and where it is likely.
const WORTH: [u32; 6] = [2, 3, 3, 4, 3, 4];

/// The least worth of an address: anything below a province.
const LEAST_WORTH: u32 = 3;

/// The most characters of an address.
const MOST_CHARS: usize = 60;

/// How many characters of a call are searched for names; a longer one has said its address before.
const MOST_SEARCHED: usize = 20_000;

/// What an operator asks with who wants to know where.
#[rustfmt::skip]
const QUESTIONS: &[&str] = &[
    "哪里", "哪儿", "哪个区", "哪个小区", "哪个街道", "哪个镇", "哪个县", "哪个村", "哪个社区", "哪个乡", "哪条路", "哪一个", "哪边", "位置",
    "地址", "地方", "地点", "住哪", "在哪", "哪个路",
];

/// What stands behind the place of an office.
#[rustfmt::skip]
const OFFICES: &[&str] = &[
    "政府", "人民政府", "公安", "派出所", "市场监", "住建", "住房", "城管", "城市管理", "综合执法", "局", "法院", "交警", "民政", "人社", "人力",
    "教育", "卫健", "卫生", "生态环境", "自然资源", "农业", "水务", "水利", "发改", "文旅", "文化", "司法", "劳动", "消防", "行政", "政务", "管理",
    "热线", "12345", "一二三四五", "市民", "有关", "相关", "社保", "医保", "交通", "应急", "税务", "供电", "燃气", "热力", "公交", "自来水", "信访",
    "商务", "财政", "审计", "金融", "街道办", "办事处", "社区", "居委", "村委", "和",
];

/// What stands before a place that a call is passed on to.
const PASSED_ON: &[&str] =
    &["转", "转给", "转到", "转交", "转交给", "联系", "派", "由", "通知", "反馈给", "反馈到"];

/// What people say when they correct themselves.
const CORRECTIONS: &[&str] = &["不对", "说错", "搞错", "弄错", "记错", "错了", "不是不是", "更正"];

/// What people say by itself when they correct themselves.
const CORRECTIONS_ALONE: &[&str] = &["不是", "错"];

/// The most characters between two places of which the second corrects the first without more words.
const MOST_CORRECTING: usize = 12;

/// The names of hotlines: whoever says one speaks of himself, not of a place.
const HOTLINES: &[&str] = &["热线", "12345", "一二三四五"];

/// An address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// All of it.
    pub(super) text: String,
    /// Its last name, for a title.
    pub(super) last: String,
}

/// A run of names with who said it.
struct Found {
    run: Run,
    turn: usize,
    operator: bool,
    /// Whether it is the answer to a question for the place.
    asked: bool,
    /// Whether it only says which office is meant.
    office: bool,
}

impl Found {
    fn parts(&self) -> &[Part] {
        &self.run.parts
    }

    fn worth(&self) -> u32 {
        worth(self.parts())
    }

    /// Whether it names something, rather than only what a call takes place in.
    fn is_address(&self) -> bool {
        self.parts().iter().any(|part| part.level >= 2 || (part.level == 1 && !part.short))
    }

    /// Whether all of it is finer than a town.
    fn is_detail(&self) -> bool {
        self.parts().iter().all(|part| part.level >= DETAIL)
    }
}

fn worth(parts: &[Part]) -> u32 {
    parts.iter().map(|part| if part.short { 2 } else { WORTH[part.level] }).sum()
}

/// Whether a character may part two names.
fn is_gap(character: char) -> bool {
    super::is_stop(character)
}

/// Whether a text names a place, as far as its words show.
pub(super) fn is_likely(words: &str) -> bool {
    run::all(words, None).iter().any(|run| worth(&run.parts) >= LEAST_WORTH)
}

/// The address of a call.
pub(super) fn of(call: &Transcript, finder: &Finder<'_>) -> Option<Address> {
    let mut founds = found(&call.turns, finder);
    withdraw(&mut founds, &call.turns);
    let main = founds
        .iter()
        .filter(|found| !found.office && found.is_address())
        // The first among equals; what is only a detail must be an answer.
        .filter(|found| !found.is_detail() || found.asked || !found.operator)
        .rev()
        .max_by_key(|found| found.worth() * 2 + u32::from(!found.operator))?;
    let mut parts = main.parts().to_vec();
    complete(&mut parts, &founds, finder);
    detail(&mut parts, main, &founds);
    if worth(&parts) < LEAST_WORTH {
        return None;
    }
    let texts: Vec<String> = parts.iter().map(|part| spelling(part, &founds)).collect();
    let text: String = texts.concat().chars().take(MOST_CHARS).collect();
    Some(Address { text, last: texts.last().cloned().unwrap_or_default() })
}

/// All runs of names of a call.
fn found(turns: &[Turn], finder: &Finder<'_>) -> Vec<Found> {
    let mut founds = Vec::new();
    let mut asked = false;
    let mut left = MOST_SEARCHED;
    for (turn, Turn { speaker, words }) in turns.iter().enumerate() {
        let end = words.char_indices().nth(left).map_or(words.len(), |(end, _)| end);
        let words = &words[..end];
        left -= words.chars().count();
        let operator = *speaker == Speaker::Operator;
        for run in run::all(words, Some(finder)) {
            let office = is_office(words, &run, operator);
            founds.push(Found { run, turn, operator, asked: asked && !operator, office });
        }
        if operator {
            asked = QUESTIONS.iter().any(|question| words.contains(question));
        }
    }
    founds
}

/// Whether a run only says which office is meant: 转裕安区城管局.
fn is_office(words: &str, run: &Run, operator: bool) -> bool {
    let (before, behind) = (&words[..run.span.start], &words[run.span.end..]);
    let own = ["街道办", "办事处", "社区", "居委", "村委", "政务", "和"];
    let office = OFFICES
        .iter()
        .any(|office| behind.starts_with(office) && (operator || !own.contains(office)));
    let clause = behind.split(is_gap).next().unwrap_or_default();
    let greeting = operator && HOTLINES.iter().any(|name| clause.contains(name));
    // 武汉市民热线: 市 of 市民.
    let citizens = behind.starts_with('民') && words[run.span.clone()].ends_with('市');
    office
        || greeting
        || citizens
        || (operator && PASSED_ON.iter().any(|word| before.ends_with(word)))
}

/// Whether a speaker takes back what he said before.
fn corrects(words: &str) -> bool {
    let alone = |clause| CORRECTIONS_ALONE.contains(&cues::without_fillers(clause));
    let near = words.chars().count() <= MOST_CORRECTING;
    CORRECTIONS.iter().any(|cue| words.contains(cue)) || (near && words.split(is_gap).any(alone))
}

/// Takes out what the caller took back: the place in front of 说错了 where another one follows.
fn withdraw(founds: &mut Vec<Found>, turns: &[Turn]) {
    let mut withdrawn: Vec<Part> = Vec::new();
    let citizen: Vec<&Found> = founds.iter().filter(|found| !found.operator).collect();
    for pair in citizen.windows(2) {
        let (one, other) = (pair[0], pair[1]);
        let rest = &turns[one.turn].words[one.run.span.end..];
        let between = match one.turn == other.turn {
            true => rest[..other.run.span.start - one.run.span.end].to_owned(),
            false => rest.to_owned() + &turns[other.turn].words[..other.run.span.start],
        };
        if !corrects(&between) {
            continue;
        }
        let (Some(last), Some(new)) = (one.parts().last(), other.parts().last()) else { continue };
        let same = last.text == new.text || (last.unit.is_some() && last.unit == new.unit);
        if !same && last.level <= new.level {
            withdrawn.push(last.clone());
        }
    }
    let is_old = |part: &Part| {
        let mut withdrawn = withdrawn.iter();
        withdrawn.any(|old| old.text == part.text || (old.unit.is_some() && old.unit == part.unit))
    };
    // What holds the wrong place was said as well: 金安区三里桥街道，不对，是东市街道 is in 金安区.
    for found in &mut *founds {
        let right = found.parts().iter().take_while(|part| !is_old(part)).count();
        found.run.parts.truncate(right);
    }
    founds.retain(|found| !found.parts().is_empty());
}

/// Adds the city, the county and the town that were said apart from the rest and fit it.
fn complete(parts: &mut Vec<Part>, founds: &[Found], finder: &Finder<'_>) {
    for level in 0..DETAIL {
        if parts.iter().any(|part| part.level == level) {
            continue;
        }
        let fits = |other: &&Part| {
            // A province need not be named, a city that is one is like any other.
            (other.level == level && (level > 0 || other.text.ends_with('市')))
                && parts.iter().filter(|part| part.level < DETAIL).all(|part| {
                    match (part.unit, other.unit) {
                        (Some(part), Some(other)) => {
                            finder.holds(part, other) || finder.holds(other, part)
                        }
                        // What no list has may lie anywhere.
                        _ => part.level != other.level,
                    }
                })
        };
        let usable = founds.iter().filter(|found| !found.office);
        let citizen = usable.clone().filter(|found| !found.operator);
        let operator = usable.filter(|found| found.operator);
        let mut others = citizen.chain(operator).flat_map(|found| found.parts());
        if let Some(other) = others.find(fits) {
            let at = parts.partition_point(|part| part.level < level);
            parts.insert(at, other.clone());
        }
    }
}

/// Adds the village, the road and the estate: from another run with the same unit, or from an answer.
fn detail(parts: &mut Vec<Part>, main: &Found, founds: &[Found]) {
    let shares = |found: &Found, parts: &[Part]| {
        let units =
            |other: &Part| other.unit.is_some() && parts.iter().any(|p| p.unit == other.unit);
        found.parts().iter().any(units)
    };
    let mut others: Vec<&Found> = founds.iter().filter(|found| !found.office).collect();
    others.sort_by_key(|found| (found.operator, found.turn.abs_diff(main.turn)));
    for found in others {
        let near = found.asked || found.turn == main.turn;
        if !(shares(found, parts) || (found.is_detail() && near && !found.operator)) {
            continue;
        }
        for part in found.parts().iter().filter(|part| part.level >= DETAIL) {
            let finest = parts.last().map_or(0, |part| part.level);
            if part.level > finest && !parts.iter().any(|p| p.text.contains(&part.text)) {
                parts.push(part.clone());
            }
        }
    }
}

/// The best spelling of a unit that was said.
fn spelling(part: &Part, founds: &[Found]) -> String {
    let parts = founds.iter().flat_map(|found| found.parts());
    let same = parts.filter(|other| part.unit.is_some() && other.unit == part.unit);
    let best = same.chain([part]).max_by_key(|other| other.spelling());
    best.map_or_else(String::new, |best| best.text.clone())
}

#[cfg(test)]
mod tests;
