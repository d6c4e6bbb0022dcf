//! Whether a ticket says only what was said, and all that must not be lost. Pure.
//!
//! One rule: a doubt is named, never removed. A number of the ticket is grounded if it was said with
//! the same value and a unit that fits; a name if something that sounds like it was said. The items
//! hold words of the call: they belong in an answer, never in a log.

mod corrected;
mod cue;
mod day;
mod exempt;
mod heard;
mod locate;
mod number;
mod office;
mod omitted;
mod person;
mod spoken;

use std::ops::Range;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::locate::{Field, Found, Place, spans};
use self::{heard::Heard, number::Origin, spoken::Spoken};
use super::{
    Ticket, Transcript,
    numerals::{self, Family, Number},
};

/// What kind of thing an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ItemKind, examples("address"))]
pub enum Kind {
    /// A telephone number.
    Phone,
    /// An amount of money.
    Amount,
    /// A date or a part of one.
    Date,
    /// A time of the day.
    Time,
    /// A percentage.
    Percentage,
    /// A door, a building, an entrance, a floor.
    Address,
    /// An identity number.
    Id,
    /// Any other number.
    Number,
    /// A person's name.
    Name,
    /// An office, a company or another organisation.
    Office,
}

/// Something that a ticket says, or that it lacks.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub struct Item {
    /// What it is.
    pub kind: Kind,
    /// The words: of the ticket, or of the call if the ticket lacks it.
    #[schema(examples("一百二十一栋"))]
    pub text: String,
}

/// What a ticket has over its call, and what it lacks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grounding {
    /// What title and content say and nobody said.
    pub ungrounded: Vec<Item>,
    /// What the citizen said and no field of the ticket has: telephones, amounts, doors.
    pub omitted: Vec<Item>,
    /// What was said vaguely (三千多) and stands in the ticket as certain. A warning only.
    pub unhedged: Vec<Item>,
}

/// What is known about sounds and names.
pub trait Ear {
    /// Whether speech recognition may write one character for the other. Equal ones need not be
    /// asked about.
    fn same_sound(&self, one: char, other: char) -> bool;

    /// Where a text has names, in bytes, whose numerals count nothing: 三十铺.
    fn names(&self, _text: &str) -> Vec<Range<usize>> {
        Vec::new()
    }
}

impl<F: Fn(char, char) -> bool> Ear for F {
    fn same_sound(&self, one: char, other: char) -> bool {
        self(one, other)
    }
}

/// What a call says, read once for all tickets that are compared with it.
pub struct Basis<'a, E> {
    transcript: &'a Transcript,
    spoken: Spoken,
    heard: Heard<'a, E>,
    days: day::Heard,
    ear: &'a E,
}

impl<'a, E: Ear> Basis<'a, E> {
    /// Reads a call.
    pub fn new(transcript: &'a Transcript, ear: &'a E) -> Self {
        let (spoken, heard) = (Spoken::new(transcript, ear), Heard::new(transcript, ear));
        let days = day::Heard::new(&spoken);
        Self { transcript, spoken, heard, days, ear }
    }

    /// Compares a ticket with the call.
    ///
    /// Promised: a title or a content that quotes a turn of the call word for word is grounded, unless
    /// it has a telephone number that another turn took back.
    /// What is computed (sums, 2025年 for 去年) is not grounded. The ticket's type is not looked at, and
    /// of its zone the numbers only.
    pub fn check(&self, ticket: &Ticket) -> Grounding {
        self.compare(ticket, |_, _, _| {})
    }

    /// Compares both; `tell` gets every number of the ticket with where it comes from.
    fn compare(
        &self,
        ticket: &Ticket,
        mut tell: impl FnMut(Field, &Number, &Origin<'_>),
    ) -> Grounding {
        let Self { spoken, days, ear, .. } = self;
        let heard = self.heard.with(&ticket.ticket_zone);
        let mut grounding = Grounding::default();
        for field in [Field::Title, Field::Content] {
            let text = field.of(ticket);
            let tell = |number: &Number, from: &Origin<'_>| tell(field, number, from);
            number::check(text, spoken, *ear, &mut grounding, tell);
            day::check(text, spoken, days, &mut grounding.ungrounded);
            person::check(text, &heard, &mut grounding.ungrounded);
            office::check(text, &heard, &mut grounding.ungrounded);
        }
        let zone = Field::Zone;
        let tell = |number: &Number, from: &Origin<'_>| tell(zone, number, from);
        number::check(zone.of(ticket), spoken, *ear, &mut grounding, tell);
        grounding.omitted = omitted::of(spoken, ticket, *ear);
        grounding
    }
}

/// The most items of a kind of doubt; a ticket with more is wrong as a whole.
const MOST_ITEMS: usize = 100;

/// Adds an item unless it is there.
fn add(items: &mut Vec<Item>, kind: Kind, text: &str) {
    let text = text.trim();
    if items.len() < MOST_ITEMS && !items.iter().any(|item| item.kind == kind && item.text == text)
    {
        items.push(Item { kind, text: text.to_owned() });
    }
}

/// What kind of thing a number is.
fn kind(number: &Number) -> Kind {
    let first = number.readings.first().map_or("", String::as_str);
    let is_string = first.bytes().all(|byte| byte.is_ascii_digit());
    match number.unit.map(|unit| unit.family) {
        _ if first.ends_with(['%', '‰', '‱']) => Kind::Percentage,
        Some(Family::Money) => Kind::Amount,
        _ if numerals::is_identity(first) || first.ends_with('X') => Kind::Id,
        _ if first.contains('*') || numerals::is_phone(first) => Kind::Phone,
        Some(Family::Date) => Kind::Date,
        Some(Family::Clock) => Kind::Time,
        Some(Family::Door) => Kind::Address,
        None if is_string && number.spelled && (7..=12).contains(&first.len()) => Kind::Phone,
        Some(
            Family::Measure
            | Family::Duration
            | Family::Age
            | Family::Ratio
            | Family::Count
            | Family::Name,
        )
        | None => Kind::Number,
    }
}

#[cfg(test)]
mod tests;
