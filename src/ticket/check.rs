//! A ticket that somebody has corrected by hand, compared with its call: what is in doubt, and where each value
//! stands and was said. Pure.
//!
//! One rule: every place is one of the texts as they were sent, counted in characters (Unicode code points).

use std::{collections::HashMap, ops::Range};

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    BadTranscript, Quality, Ticket, Transcript,
    grounding::{self, Field, Found, Kind},
    quality::Evidence,
    transcript::{Json, Source},
};
use crate::place::Corrector;

/// The most characters of a title, a zone and a content; a model's have fewer.
pub const MOST_TITLE: usize = 200;
/// See [`MOST_TITLE`].
pub const MOST_ZONE: usize = 200;
/// See [`MOST_TITLE`].
pub const MOST_CONTENT: usize = 5000;

/// The most characters of title, zone and content times bytes of words in the call: names are looked for
/// everywhere. An hour's call has some 60 kB.
pub const MOST_WORK: usize = 750_000_000;

/// The most places that are told of a ticket.
const MOST_SPANS: usize = 1000;

/// A ticket and its call.
pub struct Check {
    call: Transcript,
    /// Where each turn of the call stood.
    sources: Vec<Source>,
    ticket: Ticket,
}

/// Why a body is nothing to compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadCheck {
    /// It is no JSON, or the call is none.
    Call(BadTranscript),
    /// It is no object with a call and a ticket.
    NotBoth,
    /// A field of the ticket is missing or no text.
    Field(&'static str),
    /// A field of the ticket has more characters than this.
    TooLong(&'static str, usize),
    /// Both together are too long.
    TooMuch,
}

/// What a comparison shows; the names are those of the wire.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CheckedTicket)]
pub struct Checked {
    /// How far the ticket can be trusted.
    pub quality: Quality,
    /// Every value of the ticket, in the order of title, content and zone: all numbers, and what else nobody
    /// said, as far as it stands there word for word. None overlaps another one; there are 1,000 at most.
    pub spans: Vec<Span>,
}

/// A value of a ticket. Places are counted in characters (Unicode code points).
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TicketSpan)]
pub struct Span {
    /// The field that has it.
    pub field: Field,
    /// Where it begins in the field.
    #[schema(examples(12))]
    pub start: usize,
    /// Where it ends: the character behind it.
    #[schema(examples(16))]
    pub end: usize,
    /// What it is.
    pub kind: Kind,
    /// Whether it was said.
    #[schema(examples(true))]
    pub grounded: bool,
    /// Where it was said, in the order of the call: the first ten places. None if it was not, or not as
    /// a number: 10月1日 for 国庆, 12345, 第2次来电.
    pub said: Vec<Said>,
}

/// A place in a call.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SaidAt)]
pub struct Said {
    /// The place of the session in the call, from 0.
    #[schema(examples(0))]
    pub session: usize,
    /// The place of the turn in the session, from 0.
    #[schema(examples(7))]
    pub turn: usize,
    /// Whose words of the turn: `citizen` or `hot-line`.
    #[schema(examples("citizen"))]
    pub speaker: &'static str,
    /// Where it begins in these words.
    #[schema(examples(6))]
    pub start: usize,
    /// Where it ends: the character behind it.
    #[schema(examples(14))]
    pub end: usize,
}

impl Check {
    /// Reads a request body.
    pub fn parse(body: &[u8]) -> Result<Self, BadCheck> {
        let Json::Object(pairs) = Json::read(body).map_err(BadCheck::Call)? else {
            return Err(BadCheck::NotBoth);
        };
        let (mut call, mut ticket) = (None, None);
        for (key, value) in pairs {
            match key.as_str() {
                "call" => call = Some(value),
                "ticket" => ticket = Some(value),
                _ => {}
            }
        }
        let (Some(call), Some(Json::Object(ticket))) = (call, ticket) else {
            return Err(BadCheck::NotBoth);
        };
        let ticket = read(ticket)?;
        let mut sources = Vec::new();
        let call = Transcript::of(call, |source| sources.push(source)).map_err(BadCheck::Call)?;
        let said: usize = call.turns.iter().map(|turn| turn.words.len()).sum();
        let written = [Field::Title, Field::Content, Field::Zone].map(|field| field.of(&ticket));
        let written: usize = written.into_iter().map(|text| text.chars().count()).sum();
        if said.saturating_mul(written) > MOST_WORK {
            return Err(BadCheck::TooMuch);
        }
        Ok(Self { call, sources, ticket })
    }

    /// Compares both.
    pub fn compare(&self, corrector: &Corrector) -> Checked {
        let (quality, found) = Evidence::new(&self.call, corrector).locate(&self.ticket);
        Checked { spans: self.spans(apart(found, &self.ticket)), quality }
    }

    /// What was found, in characters.
    fn spans(&self, found: Vec<Found>) -> Vec<Span> {
        let [title, content, zone] = [Field::Title, Field::Content, Field::Zone]
            .map(|field| field.of(&self.ticket).char_indices().map(|(at, _)| at).collect());
        let mut turns = Turns { check: self, places: HashMap::new(), last: HashMap::new() };
        for (index, (source, turn)) in self.sources.iter().zip(&self.call.turns).enumerate() {
            turns.last.insert((source.session, source.turn, turn.speaker.key()), index);
        }
        let span = |found: Found| {
            let places: &Vec<usize> = match found.field {
                Field::Title => &title,
                Field::Content => &content,
                Field::Zone => &zone,
            };
            let character = |byte: usize| places.partition_point(|at| *at < byte);
            Span {
                field: found.field,
                start: character(found.span.start),
                end: character(found.span.end),
                kind: found.kind,
                grounded: found.grounded,
                said: found.said.iter().filter_map(|place| turns.said(place)).collect(),
            }
        };
        found.into_iter().map(span).collect()
    }
}

/// The fields of a ticket; what else an answer of `/summarize` has is left out.
fn read(pairs: Vec<(String, Json)>) -> Result<Ticket, BadCheck> {
    let mut pairs: HashMap<String, Json> = pairs.into_iter().collect();
    let mut text = |field: &'static str, most: usize| match pairs.remove(field) {
        Some(Json::Text(text)) if text.chars().nth(most).is_some() => {
            Err(BadCheck::TooLong(field, most))
        }
        Some(Json::Text(text)) => Ok(text),
        _ => Err(BadCheck::Field(field)),
    };
    Ok(Ticket {
        ticket_type: text("ticket_type", MOST_TITLE)?,
        ticket_zone: text("ticket_zone", MOST_ZONE)?,
        ticket_title: text("ticket_title", MOST_TITLE)?,
        ticket_content: text("ticket_content", MOST_CONTENT)?,
    })
}

/// Takes out what overlaps something else, and brings the rest into the order of the ticket. What nobody said stays,
/// the longest of it first.
fn apart(mut found: Vec<Found>, ticket: &Ticket) -> Vec<Found> {
    found.sort_by_key(|one| (one.grounded, one.field, usize::MAX - one.span.len(), one.span.start));
    let mut taken = [Field::Title, Field::Content, Field::Zone]
        .map(|field| (field, vec![false; field.of(ticket).len()]));
    found.retain(|one| {
        let taken = taken.iter_mut().find(|(field, _)| *field == one.field);
        let bytes = taken.and_then(|(_, taken)| taken.get_mut(one.span.clone()));
        let free = bytes.filter(|bytes| !bytes.is_empty() && !bytes.contains(&true));
        free.map(|bytes| bytes.fill(true)).is_some()
    });
    found.truncate(MOST_SPANS);
    found.sort_by_key(|one| (one.field, one.span.start));
    found
}

/// Finds places of turns in the words as they were sent.
struct Turns<'a> {
    check: &'a Check,
    /// Those of the turns that were asked for.
    places: HashMap<usize, Vec<(usize, usize)>>,
    /// The last turn with the words of a speaker at a place: a turn may have the same key twice.
    last: HashMap<(usize, usize, &'static str), usize>,
}

impl Turns<'_> {
    fn said(&mut self, place: &grounding::Place) -> Option<Said> {
        let source = self.check.sources.get(place.turn)?;
        let speaker = self.check.call.turns.get(place.turn)?.speaker.key();
        let (session, turn) = (source.session, source.turn);
        if self.last.get(&(session, turn, speaker)) != Some(&place.turn) {
            return None;
        }
        let places = self.places.entry(place.turn).or_insert_with(|| source.places());
        let Range { start, end } = place.span;
        let first = places.partition_point(|(at, _)| *at < start);
        let last = places.partition_point(|(at, _)| *at < end).checked_sub(1)?;
        let (start, end) = (places.get(first)?.1, places.get(last)?.1 + 1);
        Some(Said { session, turn, speaker, start, end })
    }
}

#[cfg(test)]
mod tests;
