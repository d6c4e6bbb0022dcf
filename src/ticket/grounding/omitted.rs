//! What the citizen said and a ticket must not lose: telephones, amounts, doors.

use std::collections::{HashMap, HashSet};

use super::{
    Ear, Item, Kind, MOST_ITEMS, add, kind,
    spoken::{self, Spoken},
};
use crate::ticket::{
    Ticket,
    numerals::{self, Number},
};

/// What people say when they correct themselves.
#[rustfmt::skip]
const CORRECTIONS: &[&str] = &[
    "不对", "不是", "说错", "错了", "应该是", "哦不", "啊不", "更正", "记错", "搞错", "弄错", "纠正",
];

/// The most bytes between a number and the one that corrects it.
const MOST_BETWEEN: usize = 120;

/// How many characters behind a number a correction is one of it: 四幺二，啊不是.
const CORRECTED_WITHIN: usize = 6;

/// Units of doors.
const DOORS: [&str; 3] = ["栋", "单元", "室"];

/// What stands in front of a number that makes a door of its 号.
const STREETS: &str = "路街巷弄道村组院坊里庄湾";

/// What a ticket lacks, zone and all.
pub(super) fn of(spoken: &Spoken, ticket: &Ticket, ear: &impl Ear) -> Vec<Item> {
    let voice = &spoken.citizen;
    let mut items = Vec::new();
    let must = |number: &&Number| number.certain && must_keep(number, &voice.text).is_some();
    let numbers: Vec<&Number> = voice.numbers.iter().filter(must).collect();
    if numbers.is_empty() {
        return items;
    }
    let text = [&ticket.ticket_zone, &ticket.ticket_title, &ticket.ticket_content]
        .map(String::as_str)
        .join("\n");
    let kept = numerals::said(&text, &ear.names(&text));
    let kept = Kept::new(&kept);
    let withdrawn: HashSet<&str> = numbers
        .iter()
        .enumerate()
        .filter(|(index, number)| is_withdrawn(number, &numbers[index + 1..], &voice.text))
        .filter_map(|(_, number)| number.readings.first().map(String::as_str))
        .collect();
    for number in numbers {
        let Some(kind) = must_keep(number, &voice.text) else { continue };
        if items.len() >= MOST_ITEMS {
            break;
        }
        let is_withdrawn =
            number.readings.first().is_some_and(|first| withdrawn.contains(first.as_str()));
        if !is_withdrawn && !kept.has(number) && !is_dictated(number, &voice.text) {
            add(&mut items, kind, &voice.text[number.span.clone()]);
        }
    }
    items
}

/// The kind of a number that a ticket must keep.
fn must_keep(number: &Number, text: &str) -> Option<Kind> {
    let kind = kind(number);
    let unit = number.unit.map_or("", |unit| unit.name);
    let behind_street = || {
        let before = text[..number.span.start].chars().next_back();
        unit == "号" && before.is_some_and(|c| STREETS.contains(c))
    };
    let first = number.readings.first().map_or("", String::as_str);
    let words = &text[number.span.clone()];
    // 加一块 is no yuan, 住一栋楼 no first building.
    if words == "一块" || numerals::is_article(number, text) || is_some_house(words, number, text)
    {
        return None;
    }
    let must = match kind {
        Kind::Phone => numerals::is_phone(first) || (7..=8).contains(&first.len()),
        // 一个月五十 was perhaps no amount.
        Kind::Amount => {
            let whole = first.split('.').next().unwrap_or_default().len();
            whole > 3 || words.contains(['元', '块', '毛', '角', '分', '钱', '百'])
        }
        Kind::Address => DOORS.contains(&unit) || behind_street(),
        Kind::Date | Kind::Time | Kind::Percentage | Kind::Id | Kind::Number => false,
        Kind::Name | Kind::Office => false,
    };
    must.then_some(kind)
}

/// Whether 一栋 stands without a door behind it: 我们一栋三十户, but not 一栋二单元.
fn is_some_house(words: &str, number: &Number, text: &str) -> bool {
    let behind: String = text[number.span.end..].chars().take(5).collect();
    ["一栋", "一幢", "一座"].contains(&words)
        && !["单元", "门", "室", "零", "楼"].iter().any(|door| behind.contains(door))
}

/// The numbers of all fields of a ticket.
struct Kept<'a> {
    by_reading: HashMap<&'a str, Vec<&'a Number>>,
    /// The readings with many digits.
    strings: Vec<&'a str>,
}

impl<'a> Kept<'a> {
    fn new(numbers: &'a [Number]) -> Self {
        let mut by_reading: HashMap<&str, Vec<&Number>> = HashMap::new();
        let mut strings = Vec::new();
        for number in numbers {
            for reading in &number.readings {
                by_reading.entry(reading).or_default().push(number);
                strings.extend((reading.len() >= 7).then_some(reading.as_str()));
            }
        }
        Self { by_reading, strings }
    }

    fn has(&self, number: &Number) -> bool {
        let same_unit = |other: &&&Number| match (number.unit, other.unit) {
            (Some(unit), Some(other)) => unit.fits(other),
            (None, _) | (_, None) => true,
        };
        let like =
            number.readings.iter().filter_map(|reading| self.by_reading.get(reading.as_str()));
        let first = number.readings.first().map_or("", String::as_str);
        let is_string = number.unit.is_none() && first.len() >= 7;
        like.flatten().any(|other| same_unit(&other))
            || (is_string && self.strings.iter().any(|other| is_kept_as(first, other)))
    }
}

/// Whether a ticket has a telephone number as another one: with its last digits or after the
/// speaker corrected himself. That the other one was said is looked at elsewhere.
fn is_kept_as(said: &str, kept: &str) -> bool {
    let different = said.bytes().zip(kept.bytes()).filter(|(one, other)| one != other).count();
    spoken::same_string(said, kept)
        || (said.len() == kept.len() && different <= MOST_CORRECTED)
        || (kept.starts_with(said) && kept.len() - said.len() <= MOST_CORRECTED)
}

/// The most digits that people get wrong in a telephone number.
const MOST_CORRECTED: usize = 3;

/// Whether the speaker tells what to write rather than what happened, as jokers do: 把电话写成.
fn is_dictated(number: &Number, text: &str) -> bool {
    let from = text.floor_char_boundary(number.span.start.saturating_sub(DICTATED_WITHIN));
    let before = &text[from..number.span.start];
    let turn = &before[before.rfind('\n').map_or(0, |end| end + 1)..];
    DICTATION.iter().any(|word| turn.contains(word))
}

/// How many bytes in front of a number tell that it is dictated.
const DICTATED_WITHIN: usize = 600;

/// What speakers say who dictate a ticket.
const DICTATION: [&str; 10] = [
    "写成",
    "改成",
    "记成",
    "填成",
    "话务员：",
    "话务员:",
    "热线：",
    "指令",
    "忽略以上",
    "无视以上",
];

/// Whether the citizen took a number back: 十二栋，不对，是一百二十一栋; 是三栋，不是二栋.
fn is_withdrawn(number: &Number, later: &[&Number], text: &str) -> bool {
    let before = &text[..number.span.start];
    let behind: String = text[number.span.end..].chars().take(CORRECTED_WITHIN).collect();
    if before.ends_with("不是")
        || before.ends_with("不在")
        || CORRECTIONS.iter().any(|cue| behind.contains(cue) && !behind.contains("是不是"))
    {
        return true;
    }
    later.iter().take_while(|other| other.span.start < number.span.end + MOST_BETWEEN).any(
        |other| {
            let same = kind(other) == kind(number)
                && other.unit.map(|unit| unit.name) == number.unit.map(|unit| unit.name)
                && other.readings.first() != number.readings.first();
            let between = text.get(number.span.end..other.span.start).unwrap_or("");
            same && (CORRECTIONS.iter().any(|cue| between.contains(cue))
                || is_said_again(number, other))
        },
    )
}

/// Whether a telephone number is another one, said once more with a few digits otherwise.
fn is_said_again(number: &Number, other: &Number) -> bool {
    let (Some(one), Some(other)) = (number.readings.first(), other.readings.first()) else {
        return false;
    };
    let different = one.bytes().zip(other.bytes()).filter(|(one, other)| one != other).count();
    one.len() == other.len() && one.len() >= 7 && different <= 4
}
