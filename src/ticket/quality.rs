//! How far a ticket can be trusted: the `quality` of the wire. Pure.

use serde::Serialize;

use super::{
    Ticket, Transcript,
    grounding::{self, Grounding, Item, Kind},
};
use crate::place::Corrector;

/// How far a ticket can be trusted; the names are those of the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Quality {
    /// Whether all that it says was said, as far as it was looked at.
    pub grounded: bool,
    /// What it says and nobody said.
    pub ungrounded: Vec<Item>,
    /// What was said and it lacks: telephones, amounts, doors.
    pub omitted: Vec<Item>,
    /// What was said vaguely, and stands there as certain.
    pub warnings: Vec<Item>,
    /// Whether the call was too long for the model's context, and was condensed before.
    pub condensed: bool,
}

impl Quality {
    /// Compares a ticket with its call.
    pub fn of(call: &Transcript, ticket: &Ticket, corrector: &Corrector) -> Self {
        let ear = |one: char, other: char| corrector.sounds_alike(one, other);
        let Grounding { mut ungrounded, omitted, unhedged: warnings } =
            grounding::check(call, ticket, &ear);
        if !super::zone::is_none(&ticket.ticket_zone) {
            let words: Vec<&str> = call.turns.iter().map(|turn| turn.words.as_str()).collect();
            let unsaid = corrector.unsaid(&ticket.ticket_zone, &words).into_iter();
            ungrounded.extend(unsaid.map(|text| Item { kind: Kind::Address, text }));
        }
        Self { grounded: ungrounded.is_empty(), ungrounded, omitted, warnings, condensed: false }
    }

    /// What the next attempt is told of the faults.
    pub(super) fn faults(&self) -> String {
        let list = |items: &[Item]| -> String {
            let texts: Vec<_> =
                items.iter().take(MOST_NAMED).map(|item| item.text.as_str()).collect();
            texts.join("、").replace(['\n', '<', '>'], " ")
        };
        let mut faults = format!("其中这些内容在通话中没有说过：{}", list(&self.ungrounded));
        if !self.omitted.is_empty() {
            faults += &format!("；并且遗漏了通话中说过的：{}", list(&self.omitted));
        }
        faults
    }
}

/// The most items of a kind that the next attempt is told.
const MOST_NAMED: usize = 12;
