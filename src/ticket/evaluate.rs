//! How well tickets are made over a test set. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Quality, Summary, Ticket, Transcript,
    grounding::{Item, Kind},
    numerals, validate,
};
use crate::place::Corrector;

/// A call with what a good ticket of it says: a line of a test set.
#[derive(Clone, Debug, Deserialize)]
pub struct Case {
    /// What the case is called; its place in the file if it is not called anything.
    #[serde(default)]
    pub id: Value,
    /// What kind of case it is.
    #[serde(default)]
    pub kind: String,
    /// The city whose hotline took the call, if that is known.
    #[serde(default)]
    pub home: String,
    /// The transcript as a request has it.
    pub call: Value,
    /// The right type.
    #[serde(rename = "type")]
    pub ticket_type: String,
    /// Types that are right too: people who know the rules would not agree.
    #[serde(default)]
    pub type_alt: Vec<String>,
    /// The right zone.
    pub zone: String,
    /// Facts that a ticket must hold, each in one of several spellings.
    #[serde(default)]
    pub must: Vec<Spellings>,
    /// What it must not hold.
    #[serde(default)]
    pub must_not: Vec<String>,
}

/// One fact as it may be written.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "expected a text, or a list of texts that mean the same")]
pub enum Spellings {
    /// In one way.
    One(String),
    /// In several ways.
    Several(Vec<String>),
}

impl Spellings {
    /// All ways.
    pub fn all(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Several(texts) => texts,
        }
    }
}

/// A text that facts are looked for in: blanks, hyphens and the commas of thousands do not count.
struct Plain(String);

impl Plain {
    fn new(text: &str) -> Self {
        let mut plain = String::new();
        let mut letters = text.chars().peekable();
        while let Some(letter) = letters.next() {
            let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
            let groups =
                letter == ',' && digit(plain.chars().next_back()) && digit(letters.peek().copied());
            if !groups && !letter.is_whitespace() && !matches!(letter, '-' | '－') {
                plain.push(letter);
            }
        }
        Self(plain)
    }

    /// Whether it holds a fact; `2栋` does not stand in `12栋`, nor `300` in `3000`.
    fn holds(&self, fact: &str) -> bool {
        let Self(fact) = Self::new(fact);
        let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        let (first, last) = (digit(fact.chars().next()), digit(fact.chars().next_back()));
        self.0.match_indices(&fact).any(|(at, _)| {
            let before = first && digit(self.0[..at].chars().next_back());
            let behind = last && digit(self.0[at + fact.len()..].chars().next());
            !before && !behind
        })
    }
}

/// The answer to a call as a service gives it, with what is known of how it came about.
#[derive(Clone, Debug, Deserialize)]
pub struct Made {
    /// The ticket.
    #[serde(flatten)]
    pub ticket: Ticket,
    /// Whether it is a rule-made draft.
    #[serde(default)]
    pub degraded: bool,
    /// What it went through; a service that does not tell has made one attempt.
    #[serde(default)]
    trace: Option<Attempts>,
}

#[derive(Clone, Debug, Deserialize)]
struct Attempts {
    attempts: Vec<Attempt>,
}

#[derive(Clone, Debug, Deserialize)]
struct Attempt {
    outcome: String,
}

impl From<Summary> for Made {
    fn from(Summary { ticket, degraded, .. }: Summary) -> Self {
        Self { ticket, degraded, trace: None }
    }
}

/// What the tickets of a test set are like. The shares are of 1.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TicketFigures {
    /// How many calls there are.
    pub cases: u64,
    /// How many brought no ticket.
    pub failed: u64,
    /// How many brought a rule-made draft.
    pub degraded: u64,
    /// How many tickets break the rules of the contract for title and content.
    pub malformed: u64,
    /// The share of right types.
    pub types: f64,
    /// The share of zones that are right to the letter.
    pub zones: f64,
    /// The share of the facts that the tickets hold.
    pub recall: f64,
    /// How many facts they hold that they must not.
    pub forbidden: u64,
    /// How many of their numbers nobody said.
    pub invented: u64,
    /// How many attempts a ticket took, on average.
    pub attempts: f64,
    /// How many attempts brought an answer that was no ticket, or one that had to be made again.
    pub bad_answers: u64,
}

/// What is counted of the cases of one kind, or of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TicketTally {
    /// The calls.
    pub cases: u64,
    /// Those without a ticket.
    pub failed: u64,
    /// Rule-made drafts.
    pub degraded: u64,
    /// Tickets that break the rules of the contract.
    pub malformed: u64,
    /// Right types.
    pub types: u64,
    /// Right zones.
    pub zones: u64,
    /// Facts that tickets must hold.
    pub facts: u64,
    /// Those that they hold.
    pub held: u64,
    /// Facts that they hold and must not.
    pub forbidden: u64,
    /// Numbers that nobody said.
    pub invented: u64,
    /// Attempts.
    pub attempts: u64,
    /// Attempts whose answer was of no use.
    pub bad_answers: u64,
}

/// What is wrong with one ticket. The texts are those of the test set, and of the ticket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wrong {
    /// Its type, if that is wrong.
    pub kind: Option<String>,
    /// Its zone, if that is wrong.
    pub zone: Option<String>,
    /// The facts that it lacks, each in its first spelling.
    pub missing: Vec<String>,
    /// The facts that must not be there.
    pub forbidden: Vec<String>,
    /// The numbers that nobody said.
    pub invented: Vec<String>,
    /// Why it is no ticket.
    pub malformed: Option<&'static str>,
}

/// How the tickets of a test set did.
#[derive(Clone, Debug, Default)]
pub struct TicketEvaluation(BTreeMap<String, TicketTally>);

impl TicketEvaluation {
    /// Counts a call that brought no ticket.
    pub fn failed(&mut self, case: &Case) {
        let tally = self.0.entry(case.kind.clone()).or_default();
        tally.cases += 1;
        tally.failed += 1;
        tally.facts += case.must.len() as u64;
    }

    /// Counts an answer, and tells what is wrong with its ticket.
    pub fn add(&mut self, case: &Case, call: &Transcript, made: &Made, ear: &Corrector) -> Wrong {
        let Made { ticket, degraded, trace } = made;
        let wrong = wrong(case, call, ticket, ear);
        let attempts = trace.as_ref().map_or(&[][..], |trace| &trace.attempts);
        let is_bad = |attempt: &&Attempt| attempt.outcome == "bad_answer";
        let tally = self.0.entry(case.kind.clone()).or_default();
        tally.cases += 1;
        tally.degraded += u64::from(*degraded);
        tally.malformed += u64::from(wrong.malformed.is_some());
        tally.types += u64::from(wrong.kind.is_none());
        tally.zones += u64::from(wrong.zone.is_none());
        tally.facts += case.must.len() as u64;
        tally.held += (case.must.len() - wrong.missing.len()) as u64;
        tally.forbidden += wrong.forbidden.len() as u64;
        tally.invented += wrong.invented.len() as u64;
        tally.attempts += attempts.len().max(1) as u64;
        tally.bad_answers += attempts.iter().filter(is_bad).count() as u64;
        wrong
    }

    /// What was counted, kind by kind.
    pub fn kinds(&self) -> impl Iterator<Item = (&str, TicketTally)> {
        self.0.iter().map(|(kind, tally)| (kind.as_str(), *tally))
    }

    /// What was counted of all.
    pub fn total(&self) -> TicketTally {
        self.0.values().fold(TicketTally::default(), |sum, kind| TicketTally {
            cases: sum.cases + kind.cases,
            failed: sum.failed + kind.failed,
            degraded: sum.degraded + kind.degraded,
            malformed: sum.malformed + kind.malformed,
            types: sum.types + kind.types,
            zones: sum.zones + kind.zones,
            facts: sum.facts + kind.facts,
            held: sum.held + kind.held,
            forbidden: sum.forbidden + kind.forbidden,
            invented: sum.invented + kind.invented,
            attempts: sum.attempts + kind.attempts,
            bad_answers: sum.bad_answers + kind.bad_answers,
        })
    }

    /// The figures of all.
    pub fn figures(&self) -> TicketFigures {
        let all = self.total();
        TicketFigures {
            cases: all.cases,
            failed: all.failed,
            degraded: all.degraded,
            malformed: all.malformed,
            types: share(all.types, all.cases),
            zones: share(all.zones, all.cases),
            recall: share(all.held, all.facts),
            forbidden: all.forbidden,
            invented: all.invented,
            attempts: share(all.attempts, all.cases - all.failed),
            bad_answers: all.bad_answers,
        }
    }
}

fn wrong(case: &Case, call: &Transcript, ticket: &Ticket, ear: &Corrector) -> Wrong {
    let Ticket { ticket_type, ticket_zone, ticket_title, ticket_content } = ticket;
    let text = Plain::new(&[ticket_zone.as_str(), ticket_title, ticket_content].join("\n"));
    let is_held = |fact: &&Spellings| fact.all().iter().any(|spelling| text.holds(spelling));
    let missing = case.must.iter().filter(|fact| !is_held(fact));
    let right = *ticket_type == case.ticket_type || case.type_alt.contains(ticket_type);
    let answer = serde_json::to_string(ticket).unwrap_or_default();
    let malformed = validate::ticket(&answer, std::slice::from_ref(ticket_type)).err();
    let is_number = |item: &Item| {
        let is_name = matches!(item.kind, Kind::Name | Kind::Office);
        !is_name && !numerals::written(&item.text, &[]).is_empty()
    };
    let unsaid = Quality::of(call, ticket, ear).ungrounded.into_iter();
    Wrong {
        kind: (!right).then(|| ticket_type.clone()),
        zone: (*ticket_zone != case.zone).then(|| ticket_zone.clone()),
        missing: missing.map(|fact| fact.all().first().cloned().unwrap_or_default()).collect(),
        forbidden: case.must_not.iter().filter(|fact| text.holds(fact)).cloned().collect(),
        invented: unsaid.filter(is_number).map(|item| item.text).collect(),
        malformed: malformed.map(validate::Fault::reason),
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of calls are small")]
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod drafts;
#[cfg(test)]
mod tests;
