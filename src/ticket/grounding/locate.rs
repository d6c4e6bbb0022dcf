//! Where a ticket says its values, and where in the call each was said. What is judged is what
//! [`check`](Basis::check) judges.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Basis, Ear, Grounding, Item, Kind, kind,
    number::{self, Origin},
    spoken::{Spoken, Voice},
};
use crate::ticket::{Speaker, Ticket, Transcript, numerals::Number};

/// A field of a ticket that is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, ToSchema)]
#[schema(as = TicketField, examples("ticket_content"))]
pub enum Field {
    /// The title.
    #[serde(rename = "ticket_title")]
    Title,
    /// The content.
    #[serde(rename = "ticket_content")]
    Content,
    /// The zone.
    #[serde(rename = "ticket_zone")]
    Zone,
}

impl Field {
    /// Its text.
    pub fn of(self, ticket: &Ticket) -> &str {
        match self {
            Self::Title => &ticket.ticket_title,
            Self::Content => &ticket.ticket_content,
            Self::Zone => &ticket.ticket_zone,
        }
    }
}

/// A value of a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where it stands.
    pub field: Field,
    /// Where in that, in bytes.
    pub span: Range<usize>,
    /// What it is.
    pub kind: Kind,
    /// Whether it was said.
    pub grounded: bool,
    /// Where it was said, in the order of the call.
    pub said: Vec<Place>,
}

/// A place in a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which turn of the transcript.
    pub turn: usize,
    /// Where in its words, in bytes.
    pub span: Range<usize>,
}

/// The most places that are told of one value.
const MOST_PLACES: usize = 10;

impl<E: Ear> Basis<'_, E> {
    /// Compares a ticket with the call and tells where its values stand: all numbers of its fields, and what
    /// else nobody said. They come in no order, and may overlap.
    pub fn locate(&self, ticket: &Ticket) -> (Grounding, Vec<Found>) {
        let spoken = &self.spoken;
        let turns = Turns::new(self.transcript);
        let mut parts: HashMap<Vec<String>, Vec<Place>> = HashMap::new();
        let (mut found, mut invented) = (Vec::new(), HashSet::new());
        let grounding = self.compare(ticket, |field, number, origin| {
            let said = match origin {
                Origin::Nothing | Origin::Own => Vec::new(),
                Origin::Said { numbers, .. } if numbers.is_empty() => parts
                    .entry(number.readings.clone())
                    .or_insert_with(|| turns.places(&number::parts(number, spoken), spoken))
                    .clone(),
                Origin::Said { numbers, .. } => turns.places(numbers, spoken),
            };
            let (span, kind) = (number.span.clone(), kind(number));
            let grounded = !matches!(origin, Origin::Nothing);
            if !grounded {
                invented.insert((kind, field.of(ticket)[span.clone()].trim().to_owned()));
            }
            found.push(Found { field, span, kind, grounded, said });
        });
        for item in &grounding.ungrounded {
            if !invented.contains(&(item.kind, item.text.clone())) {
                let at = [Field::Title, Field::Content];
                found.extend(at.map(|at| spans(item, at, ticket)).concat());
            }
        }
        (grounding, found)
    }
}

/// Where a field has something that nobody said.
pub fn spans(item: &Item, field: Field, ticket: &Ticket) -> Vec<Found> {
    let kind = item.kind;
    let here = |(from, text): (usize, &str)| {
        let span = from..from + text.len();
        Found { field, span, kind, grounded: false, said: Vec::new() }
    };
    let is_named = !item.text.is_empty();
    let all = field.of(ticket).match_indices(&item.text).filter(|_| is_named);
    all.take(MOST_SPANS).map(here).collect()
}

/// The most places of one thing that nobody said.
const MOST_SPANS: usize = 100;

/// The turns of both speakers.
struct Turns<'a> {
    transcript: &'a Transcript,
    citizen: Vec<usize>,
    operator: Vec<usize>,
}

impl<'a> Turns<'a> {
    fn new(transcript: &'a Transcript) -> Self {
        let of = |speaker| {
            let turns = transcript.turns.iter().enumerate();
            turns.filter(|(_, turn)| turn.speaker == speaker).map(|(index, _)| index).collect()
        };
        Self { transcript, citizen: of(Speaker::Citizen), operator: of(Speaker::Operator) }
    }

    /// Where numbers were said: the first places, none of which overlaps another one.
    fn places(&self, numbers: &[(&Voice, &Number)], spoken: &Spoken) -> Vec<Place> {
        let mut places = Vec::new();
        for (voice, number) in numbers {
            self.add(voice, number, spoken, &mut places);
        }
        // At one place the longest comes first.
        places.sort_by_key(|place| (place.turn, place.span.start, usize::MAX - place.span.end));
        places.dedup_by(|later, kept| later.turn == kept.turn && later.span.start < kept.span.end);
        places.truncate(MOST_PLACES);
        places
    }

    /// Adds where a number was said: a place in each of the speaker's turns that it goes over.
    fn add(&self, voice: &Voice, number: &Number, spoken: &Spoken, places: &mut Vec<Place>) {
        let is_citizen = std::ptr::eq(voice, &spoken.citizen);
        let turns = if is_citizen { &self.citizen } else { &self.operator };
        let mut from = number.span.start;
        while from < number.span.end
            && let Some((own, start)) = voice.turn_at(from)
            && let Some(&turn) = turns.get(own)
        {
            let words = &self.transcript.turns[turn].words;
            let span = from - start..(number.span.end - start).min(words.len());
            let said = &words[span.clone()];
            // A pause at the end of a turn is no part of the number.
            let ends = |c: char| !c.is_alphanumeric() && !"%‰‱℃".contains(c);
            let (left, right) = (said.trim_start_matches(ends), said.trim_end_matches(ends));
            let span = span.end - left.len()..span.start + right.len();
            if !span.is_empty() {
                places.push(Place { turn, span });
            }
            from = start + words.len() + 1;
        }
    }
}
