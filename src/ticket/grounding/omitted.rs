//! What the citizen said and a ticket must not lose: telephones, amounts, doors.

use std::collections::HashMap;

use super::{
    Ear, Item, Kind, add, kind,
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

/// Units of doors.
const DOORS: [&str; 3] = ["栋", "单元", "室"];

/// What stands in front of a number that makes a door of its 号.
const STREETS: &str = "路街巷弄道村组院坊里庄湾";

/// What a ticket lacks, zone and all.
pub(super) fn of(spoken: &Spoken, ticket: &Ticket, ear: &impl Ear) -> Vec<Item> {
    let text = [&ticket.ticket_zone, &ticket.ticket_title, &ticket.ticket_content]
        .map(String::as_str)
        .join("\n");
    let kept = numerals::said(&text, &ear.names(&text));
    let kept = Kept::new(&kept);
    let voice = &spoken.citizen;
    let mut items = Vec::new();
    let must = |number: &&Number| number.certain && must_keep(number, &voice.text).is_some();
    let numbers: Vec<&Number> = voice.numbers.iter().filter(must).collect();
    for (index, number) in numbers.iter().enumerate() {
        let Some(kind) = must_keep(number, &voice.text) else { continue };
        let later = &numbers[index + 1..];
        if !kept.has(number) && !is_withdrawn(number, later, &voice.text) {
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
    let must = match kind {
        Kind::Phone => numerals::is_phone(first) || (7..=8).contains(&first.len()),
        Kind::Amount => true,
        Kind::Address => DOORS.contains(&unit) || behind_street(),
        Kind::Date | Kind::Time | Kind::Percentage | Kind::Id | Kind::Number => false,
        Kind::Name | Kind::Office => false,
    };
    must.then_some(kind)
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
            || (is_string && self.strings.iter().any(|other| spoken::same_string(first, other)))
    }
}

/// Whether the citizen took a number back: 十二栋，不对，是一百二十一栋; 是三栋，不是二栋.
fn is_withdrawn(number: &Number, later: &[&Number], text: &str) -> bool {
    let before = &text[..number.span.start];
    if before.ends_with("不是") || before.ends_with("不在") {
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
